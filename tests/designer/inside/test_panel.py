"""The panel Inside over real trainings: figures, selection, distributions, pictures, samples, old runs, files."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.edits import SetTraining
from core.graph.project import End, Graph, Group, Node, Project, TrainingSettings
from core.training.diagnostics.pictures import Picture
from core.training.runs import Run
from designer.inside.detail import DISTRIBUTION, FINDINGS, PICTURE, TIME
from designer.inside.figures import FIGURES
from designer.inside.images import sheet_of
from designer.inside.large import LargePicture
from designer.inside.model import LAYER, SERIES
from designer.inside.panel import InsidePanel
from designer.inside.watcher import InsideWatcher
from designer.window import Window
from tests.designer.inside.conftest import WAIT, Open, images, train, workspace_of
from tests.designer.shell.conftest import graph

COLUMN = {figure.key: number for number, figure in enumerate(FIGURES, 1)}


def rows_of(panel: InsidePanel) -> dict[str, list[str]]:
    model = panel.model
    columns = range(model.columnCount())
    return {
        model.node_at(row): [str(model.index(row, column).data()) for column in columns]
        for row in range(model.rowCount())
    }


def choose(panel: InsidePanel, node: str) -> None:
    """Click on a layer's row."""
    (row,) = [row for row in range(panel.model.rowCount()) if panel.model.node_at(row) == node]
    panel.table.selectRow(panel.table.shown.mapFromSource(panel.model.index(row, LAYER)).row())


def test_before_training_it_says_what_will_be_there(digits: Window) -> None:
    panel = workspace_of(digits).inside
    assert panel.empty.isVisible()
    assert "while training" in panel.empty.text()
    assert not panel.turn_on.isVisible()
    assert not panel.export_button.isEnabled()


def test_turned_off_one_button_turns_it_on_as_one_step(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(images(diagnostics=False))
    window.show_inside()
    workspace = workspace_of(window)
    panel, session = workspace.inside, workspace.session
    before = session.project
    button = panel.findChild(QPushButton, "inside_turn_on")
    assert button is not None
    assert button.isVisible()
    assert "turned off" in panel.empty.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert session.project.training.diagnostics
    assert not button.isVisible()
    session.document.undo()
    assert session.project == before
    assert button.isVisible()


def test_every_layer_has_its_row_with_what_applies_to_it(trained: InsidePanel) -> None:
    rows = rows_of(trained)
    assert list(rows) == ["conv1", "relu1", "flatten1", "logits"]
    assert float(rows["conv1"][COLUMN["gradient_norm"]].lstrip("▼▲ ")) > 0
    assert rows["relu1"][COLUMN["gradient_norm"]] == ""
    assert rows["relu1"][COLUMN["dead"]].endswith("%")
    assert rows["conv1"][COLUMN["dead"]] == ""
    assert trained.table.isColumnHidden(COLUMN["saturated"])
    assert not trained.table.isColumnHidden(COLUMN["dead"])


def test_columns_sort_by_number_and_the_third_click_takes_the_order_back(trained: InsidePanel) -> None:
    column = COLUMN["gradient_norm"]
    trained.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    shown = trained.table.shown
    values = [shown.index(row, column).data(Qt.ItemDataRole.UserRole) for row in range(shown.rowCount())]
    assert values == sorted(values, reverse=True)
    trained.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert [shown.index(row, LAYER).data() for row in range(4)][-1].endswith("logits")


def test_a_row_selects_the_node_and_a_node_selects_the_row(digits: Window, trained: InsidePanel) -> None:
    session = workspace_of(digits).session
    choose(trained, "logits")
    assert session.selection == {"logits"}
    session.select(["relu1"])
    assert trained.table.node == "relu1"
    assert trained.detail.node == "relu1"
    session.select(["image"])
    assert trained.detail.node == "relu1"


def test_distributions_are_those_of_the_run_folder_and_follow_the_slider(qtbot: QtBot, trained: InsidePanel) -> None:
    watcher = trained._watcher
    choose(trained, "conv1")
    trained.detail.tabs.setCurrentIndex(DISTRIBUTION)
    record = watcher.record
    qtbot.waitUntil(lambda: len(record.histograms.get(("conv1", "weights"), {})) == len(record.looks), timeout=WAIT)
    trained.detail.refresh()
    kinds = [trained.detail.kind.itemData(row) for row in range(trained.detail.kind.count())]
    assert kinds == ["activations", "gradients", "weights"]
    shown = trained.detail.distribution
    assert shown.steps == tuple(look.step for look in record.looks)
    assert shown.shares.sum(axis=1) == pytest.approx(1.0)
    trained.detail.slider.setValue(0)
    assert shown.position == 0
    assert "Step 1:" in shown.accessibleDescription()


def test_pictures_have_tiles_that_tell_their_values(qtbot: QtBot, trained: InsidePanel) -> None:
    choose(trained, "conv1")
    trained.detail.tabs.setCurrentIndex(PICTURE)
    qtbot.waitUntil(lambda: trained.detail.large.picture is not None, timeout=WAIT)
    large = trained.detail.large
    assert large.sheet is not None
    assert large.sheet.count == 4
    place = large.place()
    inside = place.topLeft() + QPointF(2, 2)
    assert large.said_at(inside).startswith("channel 1, row 1, column 1: ")
    qtbot.mouseClick(large, Qt.MouseButton.LeftButton, pos=inside.toPoint())
    assert large.tile == 0
    image = large.shown_image()
    assert image is not None
    assert (image.width(), image.height()) == (large.sheet.width, large.sheet.height)
    qtbot.mouseClick(large, Qt.MouseButton.LeftButton, pos=large.place().center().toPoint())
    assert large.tile is None


def test_times_are_bars_whose_click_chooses_the_layer(qtbot: QtBot, digits: Window, trained: InsidePanel) -> None:
    trained.detail.tabs.setCurrentIndex(TIME)
    bars = trained.detail.bars
    assert [path for path, _forward, _backward in bars.rows] == ["conv1", "relu1", "flatten1", "logits"]
    assert all(forward > 0 for _path, forward, _backward in bars.rows)
    assert "memory" in trained.detail.speed.text()
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPointF(5, 4 * 20 + 10).toPoint())
    assert workspace_of(digits).session.selection == {"logits"}


def test_another_sample_of_an_ended_run_gets_new_pictures_and_its_answer(qtbot: QtBot, trained: InsidePanel) -> None:
    watcher = trained._watcher
    choose(trained, "conv1")
    qtbot.waitUntil(lambda: watcher.shown_sample is not None and bool(trained.sample.answers()), timeout=WAIT)
    first = watcher.record.pictures["conv1", "map"][1]
    assert watcher.sample == ("validation", 0)
    assert not trained.sample.previous.isEnabled()
    qtbot.mouseClick(trained.sample.next, Qt.MouseButton.LeftButton)
    assert watcher.sample == ("validation", 1)
    qtbot.waitUntil(lambda: watcher.record.pictures["conv1", "map"][1] is not first, timeout=WAIT)
    qtbot.waitUntil(
        lambda: watcher.shown_sample is not None and watcher.shown_sample.index == 1 and bool(trained.sample.answers()),
        timeout=WAIT,
    )
    (answer,) = trained.sample.answers()
    assert answer.startswith("digit: ")
    assert trained.sample.thumbnail.isVisible() or answer in trained.sample.words.text()


def test_the_answer_is_that_of_the_trained_network(qtbot: QtBot, trained: InsidePanel) -> None:
    from core.training.results.trained import open_measured

    watcher = trained._watcher
    qtbot.waitUntil(lambda: watcher.shown_sample is not None and bool(trained.sample.answers()), timeout=WAIT)
    assert watcher.record.path is not None
    watcher.show_sample("validation", 5)
    qtbot.waitUntil(lambda: watcher.shown_sample is not None and watcher.shown_sample.index == 5, timeout=WAIT)
    qtbot.waitUntil(lambda: watcher._told_sample == ("validation", 5), timeout=WAIT)
    session = open_measured(Run.open(watcher.record.path), "last")
    assert session.validation is not None
    session.network.module.eval()
    scores = session.network.forward(session.validation.part(5, 6).inputs)[0]
    (answer,) = trained.sample.answers()
    assert answer.startswith(f"digit: {int(scores.argmax())} (")


def test_an_old_run_is_shown_as_it_was(qtbot: QtBot, digits: Window, trained: InsidePanel) -> None:
    workspace = workspace_of(digits)
    watcher = workspace.watcher
    first = watcher.record.path
    assert first is not None
    before = {node: dict(figures) for node, figures in watcher.record.figures.items()}
    train(qtbot, digits)
    assert watcher.record.path != first
    trained.run_choice.refresh()
    names = [trained.run_choice.itemText(row) for row in range(trained.run_choice.count())]
    assert first.name in names
    trained.run_choice.run_chosen.emit(first)
    qtbot.waitUntil(lambda: watcher.record.path == first, timeout=WAIT)
    assert {node: dict(figures) for node, figures in watcher.record.figures.items()} == before
    assert trained.run_choice.currentText() == first.name


def test_a_run_without_looks_says_so(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(images(diagnostics=False))
    window.show_inside()
    workspace = train(qtbot, window)
    session = workspace.session
    assert session.apply(SetTraining(replace(session.project.training, diagnostics=True)))
    assert workspace.inside.empty.text() == "Nothing was looked at in this run."


def test_figures_and_pictures_are_saved(qtbot: QtBot, trained: InsidePanel, tmp_path: Path) -> None:
    trained.save(tmp_path / "figures.csv")
    with (tmp_path / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    newest = trained._watcher.record.figures["conv1"]["gradient_norm"]
    values = [row["value"] for row in rows if (row["layer"], row["figure"]) == ("conv1", "gradient_norm")]
    assert float(values[-1]) == newest
    choose(trained, "conv1")
    trained.detail.tabs.setCurrentIndex(PICTURE)
    qtbot.waitUntil(lambda: trained.detail.large.shown_image() is not None, timeout=WAIT)
    trained.save(tmp_path / "picture.png")
    image, shown = QImage(str(tmp_path / "picture.png")), trained.detail.large.shown_image()
    assert shown is not None
    assert image.width() % shown.width() == 0
    assert image.width() > 500
    trained.detail.tabs.setCurrentIndex(DISTRIBUTION)
    trained.save(tmp_path / "strip.png")
    assert not QImage(str(tmp_path / "strip.png")).isNull()


def test_a_file_that_cannot_be_written_is_told(trained: InsidePanel, tmp_path: Path) -> None:
    told: list[str] = []
    trained._session.refused.connect(told.append)
    trained.save(tmp_path / "nowhere" / "figures.csv")
    assert len(told) == 1


def test_while_training_the_chosen_layer_is_watched_and_paused_pictures_come_at_once(
    qtbot: QtBot, digits: Window, watched: InsideWatcher
) -> None:
    workspace = workspace_of(digits)
    assert workspace.session.apply(SetTraining(replace(workspace.session.project.training, epochs=100_000)))
    qtbot.waitUntil(lambda: workspace.session.report_is_current, timeout=WAIT)
    workspace.session.select(["relu1"])
    assert workspace.runner.start()
    qtbot.waitUntil(lambda: ("relu1", "map") in watched.record.pictures, timeout=WAIT)
    qtbot.waitUntil(lambda: len(watched.record.looks) > 2, timeout=WAIT)
    assert watched.is_live
    series = workspace.inside.model.index(0, COLUMN["gradient_norm"]).data(SERIES)
    assert len(series.values) > 1
    workspace.runner.pause()
    qtbot.waitUntil(lambda: workspace.runner.state == "paused", timeout=WAIT)
    watched.refresh()
    choose(workspace.inside, "flatten1")
    qtbot.waitUntil(lambda: ("flatten1", "map") in watched.record.pictures, timeout=WAIT)
    before = watched.record.pictures["flatten1", "map"][1]
    watched.show_sample("training", 3)
    qtbot.waitUntil(lambda: watched.record.pictures["flatten1", "map"][1] is not before, timeout=WAIT)


def test_hidden_and_with_nothing_pinned_nothing_is_asked_for(qtbot: QtBot, digits: Window) -> None:
    workspace = workspace_of(digits)
    workspace.show_panel(workspace.curves)
    train(qtbot, digits)
    record = workspace.watcher.record
    assert workspace.watcher._told == ()
    assert record.looks
    assert not record.series
    workspace.show_panel(workspace.inside)
    assert record.series
    assert workspace.inside.model.rowCount() == 4


def nested() -> Project:
    """Return flowers told apart by a group that is stacked twice, with units that die."""
    data = bind("iris", {})
    inner = graph(
        Node("x", "Input", {"shape": (8,)}),
        Node("inner1", "Linear", {"out_features": 8}),
        Node("act", "ReLU"),
        Node("y", "Output"),
    )
    nodes = {
        "features": Node("features", "Input", {"fields": tuple(each.name for each in data.with_role("input"))}),
        "first": Node("first", "Linear", {"out_features": 8}, position=(0, 100)),
        "block": Node("block", "group:Block", repeat=2, position=(0, 200)),
        "logits": Node("logits", "Linear", {"out_features": 3}, position=(0, 300)),
        "species": Node("species", "Output", {"target": data.with_role("target")[0].name}, position=(0, 400)),
    }
    links = {
        End("first", "input"): End("features", "output"),
        End("block", "x"): End("first", "output"),
        End("logits", "input"): End("block", "y"),
        End("species", "input"): End("logits", "output"),
    }
    training = TrainingSettings(epochs=3, device="cpu", seed=1, learning_rate=2.0, optimizer="SGD")
    return Project(
        "Nested", data=data, graph=Graph(nodes, links), groups={"Block": Group("Block", inner)}, training=training
    )


def test_selection_goes_into_groups_and_out_again(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(nested())
    window.show_inside()
    workspace = train(qtbot, window)
    panel, session = workspace.inside, workspace.session
    choose(panel, "block/1/inner1")
    assert session.path == ("block",)
    assert session.selection == {"inner1"}
    assert panel.table.node == "block/1/inner1"
    session.leave_group()
    session.select(["block"])
    assert panel.table.node == "block"
    session.open_group("block")
    session.select(["act"])
    assert panel.table.node == "block/0/act"


def test_advice_is_listed_and_leads_to_its_node(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(nested())
    window.show_inside()
    workspace = train(qtbot, window)
    panel = workspace.inside
    panel.detail.tabs.setCurrentIndex(FINDINGS)
    found = workspace.watcher.findings()
    assert found
    assert f"({len(found)})" in panel.detail.tabs.tabText(FINDINGS)
    listed = panel.detail.findings
    assert [listed.item(row).text() for row in range(listed.count())] == [each.text for each in found]
    place = listed.visualItemRect(listed.item(0)).center()
    qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.table.node == found[0].node
    assert not any(each.text in problem.message for each in found for problem in workspace.session.report.problems)  # type: ignore[union-attr]


def test_a_run_that_goes_on_keeps_its_history(qtbot: QtBot, digits: Window, trained: InsidePanel) -> None:
    workspace, watcher = workspace_of(digits), trained._watcher
    before = [look.step for look in watcher.record.looks]
    assert workspace.runner.train_more(2)
    qtbot.waitUntil(lambda: workspace.runner.state == "finished", timeout=WAIT)
    steps = [look.step for look in watcher.record.looks]
    assert steps[: len(before)] == before
    assert len(steps) > len(before)
    assert steps == sorted(set(steps))


@pytest.mark.long
def test_in_a_process_of_its_own_a_run_is_watched_too(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(images(epochs=100_000, process=True))
    window.show_inside()
    workspace = workspace_of(window)
    workspace.session.select(["relu1"])
    assert workspace.runner.start()
    qtbot.waitUntil(lambda: ("relu1", "map") in workspace.watcher.record.pictures, timeout=2 * WAIT)
    qtbot.waitUntil(lambda: bool(workspace.inside.sample.answers()), timeout=WAIT)
    workspace.runner.stop()
    qtbot.waitUntil(lambda: workspace.runner.state == "finished", timeout=WAIT)


def test_attention_is_shown_by_head_with_the_tokens_at_its_sides(qtbot: QtBot) -> None:
    values = np.arange(81, dtype=np.uint8).reshape(9, 9)
    picture = Picture("attention1", "attention", values, 0.0, 255.0)
    large = LargePicture()
    qtbot.addWidget(large)
    large.resize(500, 400)
    large.show()
    large.show_picture(picture, sheet_of(picture, 4), ("the", "ship", "is", "old"))
    corner = large.place().topLeft() + QPointF(2, 2)
    assert large.said_at(corner) == "head 1: query 1 “the” takes 0 of key 1 “the”"
    plain = large.grab().toImage()
    qtbot.mouseClick(large, Qt.MouseButton.LeftButton, pos=(large.place().bottomRight() - QPointF(4, 4)).toPoint())
    assert large.tile == 3
    assert large.grab().toImage() != plain
    last = large.place().bottomRight() - QPointF(4, 4)
    assert large.said_at(last) == "head 4: query 4 “old” takes 80 of key 4 “old”"
    assert large.place().left() > 50  # there is room for the tokens
