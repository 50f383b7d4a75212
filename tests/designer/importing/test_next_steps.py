"""After an import: a canvas with straight wires, and above it what one does next, data and what may learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.graph.edits import BindData
from core.graph.project import Project
from core.importers._draft import Draft
from core.importers._reading import write_weights
from designer.importing.commands import open_imported
from designer.window import Window
from designer.workspace import Workspace
from tests.designer.importing.conftest import wait_for
from tests.designer.shell.conftest import iris

FIRST = "a_rather_long_name_for_a_layer"


def two_layers(folder: Path) -> Project:
    """Return what an import of two layers one after the other comes to; the name of the first is long."""
    draft = Draft("Two")
    end = draft.input("x", (3,))
    tensors = {"weight": torch.zeros(4, 3), "bias": torch.zeros(4)}
    end = draft.add("Linear", {"out_features": 4}, (end,), name=FIRST, tensors=tensors)
    end = draft.add("ReLU", {}, (end,), name="act")
    tensors = {"weight": torch.zeros(2, 4), "bias": torch.zeros(2)}
    draft.output("y", draft.add("Linear", {"out_features": 2}, (end,), name="head", tensors=tensors))
    imported = draft.finished()
    write_weights(imported, folder / "two.safetensors")
    return replace(imported.project, weights=str(folder / "two.safetensors"))


@pytest.fixture
def imported(window: Window, tmp_path: Path) -> Workspace:
    """Two layers, opened as an import is."""
    open_imported(window, two_layers(tmp_path))
    assert window.workspace is not None
    return window.workspace


def buttons(workspace: Workspace) -> dict[str, QPushButton]:
    return {each.text(): each for each in workspace.notice.buttons}


def test_the_wires_of_an_import_run_straight_whatever_its_nodes_are_called(imported: Workspace) -> None:
    boxes = imported.canvas.canvas.boxes()
    assert len({box.width for box in boxes.values()}) > 1
    assert len({box.x + box.width / 2 for box in boxes.values()}) == 1


def test_data_is_asked_for_until_there_is_some(imported: Workspace) -> None:
    assert "choose data for 'x' 3" in imported.notice.text.text().replace("\u200b", "")
    assert not imported.data.isVisible()
    buttons(imported)["Choose data…"].click()
    assert imported.data.isVisible()
    assert buttons(imported)["Choose data…"].isEnabled()
    imported.session.apply(BindData(iris().data))
    assert "Choose data…" not in buttons(imported)
    assert "Only the last layer learns" in buttons(imported)


def test_fine_tuning_keeps_all_but_the_last_layer_and_can_be_undone(qtbot: QtBot, imported: Workspace) -> None:
    before = imported.session.project
    buttons(imported)["Only the last layer learns"].click()
    wait_for(qtbot, lambda: imported.session.project is not before)
    nodes = imported.session.project.graph.nodes
    assert nodes[FIRST].params["frozen"] is True
    assert not nodes["head"].params.get("frozen", False)
    assert "Only “head” learns now" in imported.notice.text.text()
    frozen = imported.session.project
    buttons(imported)["Earlier layers learn slowly"].click()
    wait_for(qtbot, lambda: imported.session.project is not frozen)
    params = imported.session.project.graph.nodes[FIRST].params
    assert not params.get("frozen", False)
    assert params["learning_rate_factor"] == 0.1
    imported.session.document.undo()
    imported.session.document.undo()
    assert imported.session.project.graph == before.graph
