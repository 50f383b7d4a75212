"""The panel of sweeps: what is searched, the table, the lines, what mattered; a sweep that is run, stopped, gone on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from core.search.study import Trials
from core.search.table import best_of
from designer.session import Session
from designer.sweep.panel import SweepPanel
from tests.designer.sweep.conftest import WAIT, Answer, panel_of
from tests.search.conftest import RATE


def shown(panel: SweepPanel, column: int) -> list[str]:
    """Return what stands in a column, from the top."""
    model = panel.model
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


def test_the_newest_sweep_is_listed_with_the_reasons_of_what_went_wrong(panel: SweepPanel) -> None:
    assert shown(panel, 0) == [str(number) for number in range(8, -1, -1)]
    states = dict(zip(shown(panel, 0), shown(panel, 1), strict=True))
    assert {states[str(number)] for number in (2, 5, 8)} == {"impossible"}
    assert sum(state == "completed" for state in states.values()) == 6
    last = panel.model.columnCount() - 1
    reasons = [text for text in shown(panel, last) if text]
    assert len(reasons) == 3
    assert all("Conv2d" in text for text in reasons)
    assert "9 of 9" in panel.told.text()
    best = best_of(panel.runner.sweep, panel.runner.rows)  # type: ignore[arg-type]
    assert best is not None
    assert f"best is trial {best.number}" in panel.told.text()


def test_what_another_process_adds_to_the_sweep_is_shown(qtbot: QtBot, panel: SweepPanel, session: Session) -> None:
    sweep = panel.runner.sweep
    assert sweep is not None
    trials = Trials(sweep.with_trials(10))
    trials.study.enqueue_trial({RATE.place: 0.01, "node/act/kind": "ReLU"})
    assert trials.study.ask() is not None
    qtbot.waitUntil(lambda: len(panel.model.rows) == 10, timeout=WAIT)
    assert shown(panel, 1)[0] == "running"
    assert "workers" not in panel.told.text()
    trials.bury("It died.", died=True)
    qtbot.waitUntil(lambda: "workers that died: 1" in panel.told.text(), timeout=WAIT)
    assert shown(panel, 1)[0] == "interrupted"
    assert shown(panel, panel.model.columnCount() - 1)[0].startswith("It died. It goes on with the sweep")


def test_sorting_puts_what_has_no_value_last_and_keeps_what_is_selected(panel: SweepPanel) -> None:
    panel.view.choose(4)
    panel.view.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    values = [each.value for each in panel.model.rows]
    assert values[-3:] == [None] * 3
    assert values[:6] == sorted(values[:6])  # type: ignore[type-var]
    assert panel.view.chosen is not None
    assert panel.view.chosen.number == 4
    panel.view.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert [each.value for each in panel.model.rows][-3:] == [None] * 3
    panel.view.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert shown(panel, 4) == ["Conv2d"] * 3 + ["ReLU"] * 3 + ["Tanh"] * 3


def test_a_trial_opens_its_run_and_its_project(qtbot: QtBot, panel: SweepPanel, session: Session) -> None:
    panel.view.choose(4)
    with qtbot.waitSignal(panel.run_requested) as asked:
        panel.actions_by_name["run"].trigger()
    row = panel.view.chosen
    assert row is not None
    assert asked.args == [row.run]
    with qtbot.waitSignal(panel.project_requested) as opened:
        panel.actions_by_name["project"].trigger()
    (project,) = opened.args
    assert isinstance(project, Project)
    assert project.name == "Flowers, trial 4"
    assert project.training.learning_rate == row.values[RATE.place]
    assert project.graph.nodes["act"].kind == row.values["node/act/kind"]
    panel.view.choose(2)
    assert not panel.actions_by_name["run"].isEnabled()
    told: list[str] = []
    session.told.connect(told.append)
    panel.view.opened.emit(panel.view.chosen)
    assert "Conv2d" in told[0]
    with qtbot.waitSignal(panel.project_requested):
        panel.open_best.click()


def test_ranges_on_the_axes_keep_the_trials_within_them(qtbot: QtBot, panel: SweepPanel) -> None:
    panel.tabs.setCurrentIndex(1)
    plot = panel.parallel
    assert panel.pages.currentWidget() is plot
    assert set(plot.lines) == {0, 1, 3, 4, 6, 7}
    assert [axis.title for axis in plot.axes] == ["learning_rate (log)", "act · kind", "validation/loss"]
    x = round(plot.place(1, 0).x())
    top, bottom = (round(plot.place(1, share).y()) for share in (0.62, 0.38))
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPoint(x, bottom))
    qtbot.mouseMove(plot, QPoint(x, top))
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=QPoint(x, top))
    assert plot.kept == {1, 4, 7}  # those with Tanh, which stands in the middle
    assert sorted(each.number for each in panel.model.rows) == [1, 4, 7]
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert plot.kept is None
    assert len(panel.model.rows) == 9


def test_ranges_are_set_by_the_keyboard_alone(qtbot: QtBot, panel: SweepPanel) -> None:
    panel.tabs.setCurrentIndex(1)
    plot, shift = panel.parallel, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(plot, Qt.Key.Key_Left)  # there is nothing before the first
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert "act · kind: everything; 6 of 6" in plot.accessibleDescription()
    for _ in range(4):  # ReLU is at the bottom, then Tanh, then Conv2d; one always stays
        qtbot.keyClick(plot, Qt.Key.Key_Up, shift)
    assert "act · kind: Conv2d; 0 of 6" in plot.accessibleDescription()
    qtbot.keyClick(plot, Qt.Key.Key_Down, shift)
    qtbot.keyClick(plot, Qt.Key.Key_Down, shift | Qt.KeyboardModifier.ControlModifier)
    assert "act · kind: Tanh; 3 of 6" in plot.accessibleDescription()
    assert plot.kept == {1, 4, 7}
    assert sorted(each.number for each in panel.model.rows) == [1, 4, 7]
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    qtbot.keyClick(plot, Qt.Key.Key_Up, shift)
    assert set(plot.ranges) == {0, 1}
    qtbot.keyClick(plot, Qt.Key.Key_Down, shift)
    assert set(plot.ranges) == {1}
    assert "3 within the ranges" in panel.told.text()
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    qtbot.keyClick(plot, Qt.Key.Key_Delete)
    assert plot.kept is None
    qtbot.keyClick(plot, Qt.Key.Key_Up, shift)
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert len(panel.model.rows) == 9
    qtbot.keyClick(plot, Qt.Key.Key_Up, shift)
    panel.tabs.setCurrentIndex(0)
    assert len(panel.model.rows) == 3
    panel.actions_by_name["all"].trigger()
    assert len(panel.model.rows) == 9
    assert not plot.ranges
    assert "within" not in panel.told.text()


def test_a_click_on_a_line_chooses_its_trial(qtbot: QtBot, panel: SweepPanel) -> None:
    panel.tabs.setCurrentIndex(1)
    plot = panel.parallel
    shares = plot.lines[7]
    middle = (plot.place(0, shares[0]) + plot.place(1, shares[1])) / 2
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert panel.view.chosen is not None
    assert panel.view.chosen.values == panel.runner.rows[7].values


def test_what_mattered_is_shown_as_bars(panel: SweepPanel) -> None:
    panel.tabs.setCurrentIndex(2)
    assert set(panel.importance.shares) == {"learning_rate", "act · kind"}
    assert "%" in panel.importance.accessibleDescription()


def test_before_the_first_sweep_the_panel_says_what_one_is(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    panel = panel_of(qtbot, session, tmp_path)
    assert panel.pages.currentWidget() is panel.empty
    assert "No sweep yet" in panel.empty.text()
    assert not panel.go_on.isVisible()
    panel.close_jobs()


def test_the_form_edits_the_search_in_steps_that_can_be_undone(qtbot: QtBot, panel: SweepPanel) -> None:
    form, session = panel.form, panel._session
    form.trials.setValue(77)
    session.document.end_merge()
    form.sampler.setCurrentIndex(form.sampler.findData("random"))
    form.sampler.activated.emit(form.sampler.currentIndex())
    form.curve.setCurrentIndex(form.curve.findData("validation/answer/accuracy"))
    form.curve.activated.emit(form.curve.currentIndex())
    search = session.project.search
    assert (search.trials, search.sampler, search.metric) == (77, "random", "validation/answer/accuracy")
    form.places.topLevelItem(0).setSelected(True)
    answer = Answer("0.01", "0.5")
    form.edit.click()
    assert answer.asked
    assert session.project.search.dimensions[0].high == 0.5
    assert form.places.topLevelItem(0).text(1) == "0.01 … 0.5, log"
    form.remove.click()
    assert len(session.project.search.dimensions) == 1
    for _ in range(5):
        session.document.undo()
    assert session.project.search.dimensions[0] == RATE
    assert (form.trials.value(), form.sampler.currentData()) == (3, "tpe")


def test_a_place_that_is_gone_is_shown_as_wrong(panel: SweepPanel) -> None:
    from core.graph.edits import RemoveNodes

    session = panel._session
    session.apply(RemoveNodes(frozenset({"act"}), bridge=True))
    assert "no node 'act'" in panel.form.message.text()


def test_more_can_be_searched_by_the_menu(qtbot: QtBot, panel: SweepPanel) -> None:
    panel._session.select(frozenset({"linear1"}))
    menu = panel.form.add_menu()
    entries = {entry.objectName(): entry for part in menu.actions() for entry in part.menu().actions()}  # type: ignore[attr-defined]
    assert {"add_variable/width", "add_training/batch_size", "add_node/linear1/out_features"} <= entries.keys()
    answer = Answer("4", "16")
    entries["add_variable/width"].trigger()
    assert answer.asked
    assert panel._session.project.search.dimensions[-1].place == "variable/width"


@pytest.mark.slow
def test_a_sweep_is_started_stopped_and_gone_on_with(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    panel = panel_of(qtbot, session, tmp_path / "runs")
    panel.form.workers.setValue(1)
    panel.start.click()
    qtbot.waitUntil(lambda: any(each.outcome != "running" for each in panel.model.rows), timeout=WAIT)
    panel.stop.click()
    qtbot.waitUntil(lambda: panel.runner.state == "idle", timeout=WAIT)
    panel.form.trials.setValue(5)
    assert panel.go_on.isEnabled()
    panel.go_on.click()
    qtbot.waitUntil(lambda: panel.runner.state == "running", timeout=WAIT)
    qtbot.waitUntil(lambda: panel.runner.state == "idle", timeout=WAIT)
    qtbot.waitUntil(lambda: panel.runner.done == 5, timeout=WAIT)
    assert not panel.go_on.isEnabled()
    assert session.texts == []  # type: ignore[attr-defined]
    panel.close_jobs()
    panel.runner.deleteLater()


def test_trials_are_gone_through_by_key_from_the_best(qtbot: QtBot, panel: SweepPanel) -> None:
    panel.tabs.setCurrentIndex(1)
    plot, runner = panel.parallel, panel.runner
    best = best_of(runner.sweep, runner.rows)  # type: ignore[arg-type]
    assert best is not None
    qtbot.keyClick(plot, Qt.Key.Key_Up)
    assert plot.marked == best.number
    assert panel.view.chosen is not None
    assert panel.view.chosen.number == best.number
    values = []
    for _ in range(6):
        qtbot.keyClick(plot, Qt.Key.Key_Down)
        values.append(next(each.value for each in runner.rows if each.number == plot.marked))
    assert values[-1] == max(each.value for each in runner.rows if each.value is not None)


def test_the_structure_of_the_selected_layer_is_in_the_menu_too(panel: SweepPanel) -> None:
    panel._session.select(frozenset({"act"}))
    menu = panel.form.add_menu()
    names = {entry.objectName() for part in menu.actions() for entry in part.menu().actions()}  # type: ignore[attr-defined]
    assert {"add_node/act/kind", "add_node/act/mode"} <= names
    assert "add_node/act/repeat" not in names


def test_without_optuna_the_panel_says_what_to_install(
    qtbot: QtBot, session: Session, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    panel = panel_of(qtbot, session, root)
    assert panel.empty.isVisible()
    assert 'pip install "layerwright[sweep]"' in panel.empty.text()
    assert not panel.start.isEnabled()
    assert session.texts == []  # type: ignore[attr-defined]
    panel.close_jobs()
