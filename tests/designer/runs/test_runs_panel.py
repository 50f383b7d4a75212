"""The list of runs: found, sorted, searched, described, shown in the curves, gone on with, deleted."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QInputDialog, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from core.graph.files import save_project
from core.graph.project import TrainingSettings
from core.training.run_labels import read_labels
from designer.runs import columns as col
from designer.runs.panel import RunsPanel
from designer.session import Session

from .conftest import SETTINGS, WAIT, MakePanel, choose, flowers, names


def cell(panel: RunsPanel, run: str, column: str) -> str:
    row = names(panel).index(run)
    return str(panel.model.index(row, panel.model.columns.index(column)).data())


def press(panel: RunsPanel, name: str) -> None:
    action = panel.actions_by_name[name]
    assert action.isEnabled()
    action.trigger()


def answer(button: str) -> None:
    """Press a button of the message box that comes."""

    def look() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            next(each for each in box.buttons() if button in each.text()).click()
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)


def test_every_run_has_its_line(panel: RunsPanel) -> None:
    assert sorted(names(panel)) == ["one", "three", "two"]
    assert cell(panel, "three", "optimizer") == "SGD"
    assert cell(panel, "three", "status") == "completed"
    assert cell(panel, "one", "epochs") == "3"
    assert cell(panel, "one", "answer/accuracy").endswith("%")


def test_a_click_on_a_heading_sorts_and_numbers_are_sorted_as_numbers(panel: RunsPanel) -> None:
    panel.view.sortByColumn(panel.model.columns.index("learning_rate"), Qt.SortOrder.AscendingOrder)
    assert names(panel) == ["two", "one", "three"]
    panel.view.sortByColumn(panel.model.columns.index("learning_rate"), Qt.SortOrder.DescendingOrder)
    assert names(panel) == ["three", "one", "two"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("sgd", ["three"]), ("-sgd", ["one", "two"]), ("is:completed t", ["one", "three", "two"]), ("nothing", [])],
)
def test_the_search_field_keeps_what_fits(panel: RunsPanel, text: str, found: list[str]) -> None:
    panel.search.setText(text)
    assert sorted(names(panel)) == found
    assert (panel.empty.isVisible() and text in panel.empty.text()) == (not found)


def test_tags_and_notes_are_typed_in_place_and_kept_in_the_run(qtbot: QtBot, panel: RunsPanel, runs: Path) -> None:
    choose(panel, "two")
    for action, typed in (("tags", "good, to keep , good"), ("note", "a small rate")):
        press(panel, action)
        (editor,) = (each for each in panel.view.findChildren(QLineEdit) if each.isVisible())
        editor.setText(typed)
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: not panel.view.is_editing)
    qtbot.waitUntil(lambda: read_labels(runs / "two").note == "a small rate", timeout=WAIT)
    assert read_labels(runs / "two").tags == ("good", "to keep")
    panel.search.setText("tag:keep")
    assert names(panel) == ["two"]


def test_a_click_on_the_star_column_stars_a_run(qtbot: QtBot, panel: RunsPanel, runs: Path) -> None:
    row = names(panel).index("one")
    index = panel.model.index(row, panel.model.columns.index(col.STARRED))
    place = panel.view.visualRect(index).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))
    assert read_labels(runs / "one").starred
    panel.search.setText("is:starred")
    assert names(panel) == ["one"]


def test_a_tick_shows_the_curves_in_the_colour_of_the_swatch(qtbot: QtBot, panel: RunsPanel) -> None:
    row = names(panel).index("one")
    index = panel.model.index(row, 0)
    assert index.data(Qt.ItemDataRole.DecorationRole) is None
    panel.model.setData(index, Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    path = panel.model.rows[row].path
    qtbot.waitUntil(lambda: panel.curves.colour_of(path) is not None, timeout=WAIT)
    [run] = panel.curves.runs
    assert run.name == "one"
    assert panel.model.index(row, 0).data(Qt.ItemDataRole.DecorationRole) is not None
    drawn = next(iter(panel.curves.plots["loss"].drawn.values()))
    assert drawn.pen.color().name() == panel.curves.colour_of(path).name()  # type: ignore[union-attr]
    panel.model.setData(index, Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert panel.curves.runs == []


def test_space_shows_all_selected_runs_and_they_keep_their_colours(qtbot: QtBot, panel: RunsPanel) -> None:
    choose(panel, "one", "two", "three")
    with qtbot.waitSignal(panel.curves_requested):
        press(panel, "curves")
    paths = {run.name: run.path for run in panel.model.rows}
    qtbot.waitUntil(lambda: len(panel.curves.runs) == 3, timeout=WAIT)
    colours = {name: panel.curves.colour_of(path) for name, path in paths.items()}
    assert len({each.name() for each in colours.values() if each}) == 3
    choose(panel, "two")
    press(panel, "curves")
    assert len(panel.curves.runs) == 2
    press(panel, "curves")
    qtbot.waitUntil(lambda: len(panel.curves.runs) == 3, timeout=WAIT)
    assert {name: panel.curves.colour_of(path) for name, path in paths.items()} == colours


def test_a_run_that_appears_or_goes_is_noticed(qtbot: QtBot, panel: RunsPanel, runs: Path) -> None:
    choose(panel, "two")
    shutil.copytree(runs / "one", runs / "four")
    panel.refresh()
    qtbot.waitUntil(lambda: len(names(panel)) == 4, timeout=WAIT)
    assert [run.name for run in panel.view.chosen] == ["two"]
    shutil.rmtree(runs / "four")
    panel.refresh()
    qtbot.waitUntil(lambda: len(names(panel)) == 3, timeout=WAIT)


def test_a_damaged_run_is_listed_with_the_reason(qtbot: QtBot, panel: RunsPanel, runs: Path) -> None:
    (runs / "one" / "summary.json").write_text("{")
    panel.refresh()
    qtbot.waitUntil(lambda: cell(panel, "one", "status") == "damaged", timeout=WAIT)
    index = panel.model.index(names(panel).index("one"), 0)
    assert "summary.json" in str(index.data(Qt.ItemDataRole.ToolTipRole))
    choose(panel, "one")
    assert not panel.actions_by_name["use"].isEnabled()
    assert panel.actions_by_name["delete"].isEnabled()


def test_a_run_that_trains_here_is_followed(qtbot: QtBot, panel: RunsPanel, session: Session) -> None:
    runner = panel._runner
    qtbot.waitUntil(lambda: session.report_is_current, timeout=WAIT)
    assert runner.start()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    qtbot.waitUntil(lambda: len(names(panel)) == 4, timeout=WAIT)
    qtbot.waitUntil(lambda: cell(panel, names(panel)[0], "status") == "completed", timeout=WAIT)
    qtbot.waitUntil(
        lambda: panel.model.index(0, 0).data(Qt.ItemDataRole.CheckStateRole) is Qt.CheckState.Checked, timeout=WAIT
    )


def test_the_settings_of_a_run_are_taken_in_one_step(qtbot: QtBot, panel: RunsPanel, session: Session) -> None:
    before = session.project.training
    choose(panel, "three")
    press(panel, "use")
    qtbot.waitUntil(lambda: session.project.training == SETTINGS["three"], timeout=WAIT)
    session.document.undo()
    assert session.project.training == before


def test_its_project_is_opened_as_a_copy(qtbot: QtBot, panel: RunsPanel) -> None:
    choose(panel, "three")
    with qtbot.waitSignal(panel.project_requested, timeout=WAIT) as opened:
        press(panel, "open")
    assert opened.args is not None
    assert opened.args[0].graph.nodes["linear1"].params["out_features"] == 12


def test_more_epochs_and_resuming_are_asked_of_who_trains(qtbot: QtBot, panel: RunsPanel, runs: Path) -> None:
    choose(panel, "one")
    assert not panel.actions_by_name["resume"].isEnabled()

    def accept() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QInputDialog)
        dialog.setIntValue(7)
        dialog.accept()

    QTimer.singleShot(50, accept)
    with qtbot.waitSignal(panel.train_more_requested) as asked:
        press(panel, "more")
    assert asked.args == [runs / "one", 7]
    summary = runs / "two" / "summary.json"
    summary.write_text(summary.read_text().replace('"completed"', '"stopped"'))
    panel.refresh()
    qtbot.waitUntil(lambda: cell(panel, "two", "status") == "stopped", timeout=WAIT)
    choose(panel, "two")
    with qtbot.waitSignal(panel.resume_requested) as resumed:
        press(panel, "resume")
    assert resumed.args == [runs / "two"]


def test_paths_are_copied(panel: RunsPanel, runs: Path) -> None:
    choose(panel, "one", "two")
    press(panel, "copy")
    assert sorted(QGuiApplication.clipboard().text().splitlines()) == [str(runs / "one"), str(runs / "two")]


def test_the_list_is_saved_as_it_is_shown(panel: RunsPanel, tmp_path: Path) -> None:
    panel.search.setText("-sgd")
    panel.deeds.save_list(panel.model.rows, panel.view.shown_columns(), tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["name"] for row in rows) == ["one", "two"]
    assert {float(row["learning_rate"]) for row in rows} == {0.01, 0.001}
    assert set(rows[0]) == {*panel.view.shown_columns(), "path"}


def test_a_list_that_cannot_be_saved_is_told(panel: RunsPanel, session: Session, tmp_path: Path) -> None:
    panel.deeds.save_list(panel.model.rows, ["name"], tmp_path / "nowhere" / "runs.csv")
    assert session.texts  # type: ignore[attr-defined]


def test_runs_are_deleted_together_after_a_question(qtbot: QtBot, panel: RunsPanel, runs: Path) -> None:
    choose(panel, "one", "three")
    answer("Cancel")
    press(panel, "delete")
    assert (runs / "one").is_dir()
    answer("Delete")
    press(panel, "delete")
    qtbot.waitUntil(lambda: names(panel) == ["two"], timeout=WAIT)
    assert sorted(each.name for each in runs.iterdir()) == ["two"]


def test_the_choice_of_columns_and_the_order_are_remembered(panel: RunsPanel, make_panel: MakePanel) -> None:
    assert "optimizer" in panel.view.shown_columns()
    assert "seed" not in panel.view.shown_columns()
    menu = panel.view.columns_menu()
    for action in menu.actions():
        if action.text() in ("Optimizer", "Seed"):
            action.trigger()
    menu.deleteLater()
    panel.view.sortByColumn(panel.model.columns.index("learning_rate"), Qt.SortOrder.DescendingOrder)
    panel.view.horizontalHeader().moveSection(
        panel.view.horizontalHeader().visualIndex(panel.model.columns.index("note")), 1
    )
    again = make_panel()
    assert "optimizer" not in again.view.shown_columns()
    assert "seed" in again.view.shown_columns()
    assert again.view.shown_columns()[:2] == ["name", "note"]
    assert names(again) == ["three", "one", "two"]


def test_a_thousand_runs_are_listed_and_searched(qtbot: QtBot, panel: RunsPanel, runs: Path) -> None:
    for number in range(1000):
        (runs / f"copy-{number}").mkdir()
        for name in ("run.json", "summary.json"):
            shutil.copy(runs / "two" / name, runs / f"copy-{number}" / name)
    panel.refresh()
    qtbot.waitUntil(lambda: len(names(panel)) == 1003, timeout=WAIT)
    panel.search.setText("copy-99")
    assert len(names(panel)) == 11


@pytest.mark.long
def test_a_run_that_another_process_trains_is_followed_and_can_be_neither_deleted_nor_resumed(
    qtbot: QtBot, panel: RunsPanel, runs: Path
) -> None:
    file = runs.parent / "flowers.layerwright"
    save_project(flowers(settings=TrainingSettings(epochs=100_000)), file)
    program = "import sys; from core.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "train", str(file), "--run", str(runs / "outside")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        qtbot.waitUntil(lambda: "outside" in names(panel), timeout=WAIT)
        qtbot.waitUntil(lambda: cell(panel, "outside", "status") == "running", timeout=WAIT)
        panel.curves.load_run(runs / "outside")
        qtbot.waitUntil(lambda: bool(panel.curves.runs) and bool(panel.curves.runs[0].series), timeout=WAIT)
        before = sum(map(len, panel.curves.runs[0].series.values()))
        qtbot.waitUntil(lambda: sum(map(len, panel.curves.runs[0].series.values())) > before, timeout=WAIT)
        choose(panel, "outside")
        assert not panel.actions_by_name["delete"].isEnabled()
        assert not panel.actions_by_name["resume"].isEnabled()
    finally:
        process.kill()
        process.wait()
    qtbot.waitUntil(lambda: cell(panel, "outside", "status") == "interrupted", timeout=WAIT)
    assert panel.actions_by_name["resume"].isEnabled()
