"""The Cost tab in the real window: what it lists, how it sorts, what it says of training, and what it saves."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHeaderView, QLabel
from pytestqt.qtbot import QtBot

from core import units
from core.graph.edits import Disconnect, MoveNodes, SetParameters, SetTraining
from core.graph.project import Device, End, Project, TrainingSettings
from core.model.cost import cost
from core.model.cost_table import FORMATS, cost_rows
from core.model.memory import training_memory
from core.model.shapes import check
from designer.costs.model import EXACT, SORT, CostColumn
from designer.costs.panel import CostPanel
from designer.costs.view import CostView
from designer.window import Window
from tests.designer.costs.conftest import Hands, wait_for_cost
from tests.model import grouping

Open = Callable[[Project], Window]

_TOP = ["image", "stem", "layer1", "down", "layer2", "pool", "flat", "head", "kind"]


def panel_of(window: Window) -> CostPanel:
    assert window.workspace is not None
    return window.workspace.costs


def below(view: CostView, *path: str) -> list[QModelIndex]:
    """Return the rows shown inside of a group, by default the uppermost ones."""
    parent = view.shown.mapFromSource(view.costs.index_of(path)) if path else QModelIndex()
    return [view.shown.index(row, 0, parent) for row in range(view.shown.rowCount(parent))]


def names(view: CostView, *path: str) -> list[str]:
    return [str(index.data()) for index in below(view, *path)]


def cell(view: CostView, column: CostColumn, *path: str) -> QModelIndex:
    return view.shown.mapFromSource(view.costs.index_of(path)).siblingAtColumn(column)


def click_header(qtbot: QtBot, view: CostView, column: CostColumn) -> None:
    header: QHeaderView = view.header()
    place = header.viewport().rect().topLeft()
    place.setX(header.sectionViewportPosition(column) + header.sectionSize(column) // 2)
    place.setY(header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_the_table_lists_all_nodes_and_the_totals_of_the_core(stages: Window) -> None:
    view = panel_of(stages).view
    project = grouping.residual_stages()
    shapes = check(project)
    costs = cost(project, shapes)
    assert names(view) == _TOP
    assert names(view, "layer2")[:3] == ["x", "conv1", "norm1"]
    assert cell(view, CostColumn.KIND, "layer2").data() == "BasicBlock ×3"
    assert cell(view, CostColumn.OUTPUT, "layer2").data() == "N × 16 × 8 × 8"
    memory = training_memory(project, shapes, costs, 2)
    assert panel_of(stages).totals.texts == {
        CostColumn.NAME: "Total",
        CostColumn.PARAMETERS: units.count(costs.parameters),
        CostColumn.TRAINABLE: units.count(costs.trainable),
        CostColumn.MULTIPLY_ADDS: units.count(costs.flops // 2),
        CostColumn.MEMORY: units.size(memory.per_sample),
    }
    assert panel_of(stages).totals.isVisible()


@pytest.mark.parametrize("column", [column for column in CostColumn if column >= CostColumn.PARAMETERS])
def test_a_click_on_a_title_sorts_numbers_from_the_largest_on(qtbot: QtBot, stages: Window, column: CostColumn) -> None:
    view = panel_of(stages).view
    click_header(qtbot, view, column)
    figures = [index.siblingAtColumn(column).data(SORT) for index in below(view)]
    assert figures == sorted(figures, reverse=True)
    assert sorted(names(view)) == sorted(_TOP)
    assert sorted(names(view, "layer1")) == sorted(names(view, "layer2"))
    click_header(qtbot, view, column)
    figures = [index.siblingAtColumn(column).data(SORT) for index in below(view)]
    assert figures == sorted(figures)
    click_header(qtbot, view, column)
    assert names(view) == _TOP


def test_what_is_searched_is_found_inside_of_groups(qtbot: QtBot, stages: Window) -> None:
    panel = panel_of(stages)
    qtbot.keyClicks(panel.search, "shortcut")
    assert names(panel.view) == ["layer1", "down", "layer2"]
    assert names(panel.view, "down") == ["shortcut"]
    assert panel.view.isExpanded(cell(panel.view, CostColumn.NAME, "down"))
    panel.search.clear()
    assert names(panel.view) == _TOP


def test_groups_that_were_open_stay_open_after_an_edit(qtbot: QtBot, stages: Window) -> None:
    view = panel_of(stages).view
    view.expand(cell(view, CostColumn.NAME, "layer1"))
    workspace = stages.workspace
    assert workspace is not None
    before = cell(view, CostColumn.PARAMETERS, "head").data(EXACT)
    workspace.session.apply(SetParameters({"head": {"out_features": 7}}))
    wait_for_cost(qtbot, stages)
    assert (before, cell(view, CostColumn.PARAMETERS, "head").data(EXACT)) == (str(4 * 17), str(7 * 17))
    assert view.isExpanded(cell(view, CostColumn.NAME, "layer1"))
    assert not view.isExpanded(cell(view, CostColumn.NAME, "layer2"))


def test_a_click_shows_the_node_on_the_canvas_and_inside_of_its_group(qtbot: QtBot, stages: Window) -> None:
    view, workspace = panel_of(stages).view, stages.workspace
    assert workspace is not None
    view.expandAll()
    index = cell(view, CostColumn.NAME, "down", "conv2")
    view.scrollTo(index)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())
    assert workspace.session.path == ("down",)
    assert workspace.session.selection == {"conv2"}
    assert view.selected_paths() == [("down", "conv2")]


def test_enter_shows_the_node_of_the_current_row(qtbot: QtBot, stages: Window) -> None:
    view, workspace = panel_of(stages).view, stages.workspace
    assert workspace is not None
    view.setFocus()
    view.setCurrentIndex(cell(view, CostColumn.NAME, "pool"))
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert workspace.session.selection == {"pool"}


def test_the_selection_of_the_canvas_is_that_of_the_table(stages: Window) -> None:
    view, workspace = panel_of(stages).view, stages.workspace
    assert workspace is not None
    workspace.session.select(["stem", "head"])
    assert view.selected_paths() == [("stem",), ("head",)]
    workspace.session.open_group("layer2")
    workspace.session.select(["norm1"])
    assert view.selected_paths() == [("layer2", "norm1")]
    assert view.isExpanded(cell(view, CostColumn.NAME, "layer2"))
    workspace.session.select([])
    assert view.selected_paths() == []


def test_control_c_copies_the_selected_rows_with_tabs(qtbot: QtBot, stages: Window) -> None:
    view, workspace = panel_of(stages).view, stages.workspace
    assert workspace is not None
    workspace.session.select(["stem", "head"])
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert [line[:2] for line in lines] == [["stem", "Conv2d"], ["head", "Linear"]]
    assert lines[0][CostColumn.PARAMETERS] == str(8 * (27 + 1))
    assert lines[0][CostColumn.MULTIPLY_ADDS] == str(8 * 27 * 16 * 16)


# --- what training takes ----------------------------------------------------------------------------------------------


def test_the_headline_says_what_training_takes_and_what_would_fit(stages: Window) -> None:
    panel, workspace = panel_of(stages), stages.workspace
    assert workspace is not None
    budget = workspace.properties.cost.budget
    assert budget is not None
    assert f"32 samples on CPU: {units.size(budget.needed)} of {units.size(budget.capacity)}" in panel.headline.text()
    assert f"{budget.largest_batch:,}" in panel.headline.text()
    assert f"Adam {units.size(2 * budget.memory.gradients)}" in panel.detail.text()
    assert panel.sign.isHidden()
    assert panel.use.isHidden()
    assert units.size(budget.needed) in stages.status.size_label.text()


def test_a_batch_that_does_not_fit_is_warned_of_and_one_that_does_is_offered(qtbot: QtBot, stages: Window) -> None:
    panel, workspace = panel_of(stages), stages.workspace
    assert workspace is not None
    usual = panel.headline.palette().windowText().color()
    workspace.session.apply(SetTraining(replace(workspace.session.project.training, batch_size=10**9)))
    wait_for_cost(qtbot, stages)
    assert panel.headline.text().startswith("Does not fit")
    assert panel.sign.isVisible()
    assert panel.headline.palette().windowText().color() != usual
    assert "does not fit" in stages.status.size_label.text()
    qtbot.mouseClick(panel.use, Qt.MouseButton.LeftButton)
    wait_for_cost(qtbot, stages)
    budget = workspace.properties.cost.budget
    assert budget is not None
    assert budget.fits
    assert budget.largest_batch is not None
    assert budget.batch <= budget.largest_batch < 2 * budget.batch
    assert panel.use.isHidden()
    assert panel.headline.palette().windowText().color() == usual
    workspace.session.document.undo()
    assert workspace.session.project.training.batch_size == 10**9


def test_the_optimizer_counts(qtbot: QtBot, stages: Window) -> None:
    panel, workspace = panel_of(stages), stages.workspace
    assert workspace is not None
    workspace.session.apply(SetTraining(TrainingSettings("SGD", device="cpu")))
    wait_for_cost(qtbot, stages)
    assert "SGD 0 B" in panel.detail.text()


def test_a_device_that_is_not_there_is_told_and_the_table_stays(qtbot: QtBot, stages: Window) -> None:
    panel, workspace = panel_of(stages), stages.workspace
    assert workspace is not None
    missing: Device = "cuda" if sys.platform == "darwin" else "mps"
    workspace.session.apply(SetTraining(TrainingSettings(device=missing)))
    wait_for_cost(qtbot, stages)
    assert missing in panel.headline.text().lower()
    assert panel.sign.isVisible()
    assert panel.use.isHidden()
    assert names(panel.view) == _TOP
    assert cell(panel.view, CostColumn.MEMORY, "stem").data(SORT) > 0


def test_the_form_of_the_project_tells_the_memory_of_training(stages: Window) -> None:
    workspace = stages.workspace
    assert workspace is not None
    budget = workspace.properties.cost.budget
    label = workspace.properties.findChild(QLabel, "training_memory")
    assert budget is not None
    assert label is not None
    assert label.text() == f"{units.size(budget.needed)} with 32 samples on CPU"


# --- up to date, or not -----------------------------------------------------------------------------------------------


def test_figures_turn_grey_while_they_are_out_of_date(qtbot: QtBot, stages: Window) -> None:
    panel, workspace = panel_of(stages), stages.workspace
    assert workspace is not None
    assert not panel.view.is_stale
    workspace.properties.cost.close()  # nobody counts any more
    workspace.session.apply(SetParameters({"stem": {"out_channels": 16}}))
    assert not workspace.properties.cost.is_current
    qtbot.waitUntil(lambda: panel.view.is_stale)
    form = workspace.properties.findChild(QLabel, "training_memory")
    assert form is not None
    assert not any(each.isEnabled() for each in (panel.headline, stages.status.size_label, form))
    assert names(panel.view) == _TOP


def test_moving_a_node_makes_nothing_out_of_date(stages: Window) -> None:
    workspace = stages.workspace
    assert workspace is not None
    workspace.session.apply(MoveNodes({"stem": (500.0, 40.0)}))
    assert workspace.properties.cost.is_current


def test_errors_empty_the_table_and_mending_them_fills_it(qtbot: QtBot, stages: Window) -> None:
    panel, workspace = panel_of(stages), stages.workspace
    assert workspace is not None
    workspace.session.apply(Disconnect(frozenset({End("pool", "input")})))
    wait_for_cost(qtbot, stages)
    assert panel.empty.isVisible()
    assert "errors" in panel.empty.text()
    assert not panel.view.isVisible()
    workspace.session.document.undo()
    wait_for_cost(qtbot, stages)
    assert panel.view.isVisible()
    assert names(panel.view) == _TOP


def test_an_empty_canvas_says_so(qtbot: QtBot, open_project: Open) -> None:
    panel = wait_for_cost(qtbot, open_project(Project()))
    assert panel.empty.isVisible()
    assert "empty" in panel.empty.text()


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "name", "suffix"), [(0, "csv", ".csv"), (1, "markdown", ".md"), (2, "latex", ".tex")]
)
def test_the_table_is_saved_as_the_core_writes_it(
    stages: Window, hands: Hands, tmp_path: Path, number: int, name: str, suffix: str
) -> None:
    panel, project = panel_of(stages), grouping.residual_stages()
    hands.choose(tmp_path / "table")
    panel.export_button.menu().actions()[number].trigger()
    shapes = check(project)
    costs = cost(project, shapes)
    memory = training_memory(project, shapes, costs, 2)
    written = (tmp_path / f"table{suffix}").read_text(encoding="utf-8")
    assert written == FORMATS[name](cost_rows(project, shapes, costs, memory), costs, memory)
    if name == "csv":
        assert list(csv.DictReader(io.StringIO(written)))[-1]["parameters"] == str(costs.parameters)


def test_a_table_that_cannot_be_written_is_told(qtbot: QtBot, stages: Window, tmp_path: Path) -> None:
    workspace = stages.workspace
    assert workspace is not None
    with qtbot.waitSignal(workspace.session.refused) as told:
        panel_of(stages).save(tmp_path / "missing" / "table.csv", "csv")
    assert "table.csv" in told.args[0] or "missing" in told.args[0]
