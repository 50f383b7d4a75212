"""Saving into another folder: data and weights are still found, whatever is undone afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from safetensors.torch import save_file

from core.data.bind import bind
from core.graph.edits import BindData, SetGroupWeights, SetParameters
from core.graph.files import load_project
from core.graph.project import End, Graph, Group, Node, Project
from designer.window import Window
from tests.designer.shell.conftest import Hands, iris, saved

Open = Callable[[Project], Window]


def _block() -> Group:
    nodes = {each.name: each for each in (Node("x", "Input"), Node("fc", "Linear", {"out_features": 5}))}
    nodes["y"] = Node("y", "Output")
    links = {End("fc", "input"): End("x", "output"), End("y", "input"): End("fc", "output")}
    return Group("Block", Graph(nodes, links))


def _with_block(weights: str) -> Project:
    """The flowers, whose hidden layer is a group."""
    project = iris()
    graph, old = project.graph, project.graph.nodes["hidden"]
    nodes = {**graph.nodes, "hidden": replace(old, kind="group:Block", params={})}
    swap = {End("hidden", "input"): End("hidden", "x"), End("hidden", "output"): End("hidden", "y")}
    links = {swap.get(target, target): swap.get(source, source) for target, source in graph.links.items()}
    groups = {"Block": replace(_block(), weights=weights)}
    return replace(project, graph=replace(graph, nodes=nodes, links=links), groups=groups)


def test_data_and_weights_are_found_from_the_new_folder_and_after_undo(
    window: Window, hands: Hands, qtbot: QtBot, tmp_path: Path
) -> None:
    home, new = tmp_path / "old", tmp_path / "new"
    for folder in (home, new):
        folder.mkdir()
    for name in ("first.safetensors", "second.safetensors"):
        save_file({"fc.weight": torch.zeros(5, 4), "fc.bias": torch.zeros(5)}, home / name)
    (home / "table.csv").write_text("a,b\n" + "1,2\n3,4\n" * 10)
    window.open_path(saved(_with_block("first.safetensors"), home / "flowers.layerwright"))
    assert window.workspace is not None
    session, document = window.workspace.session, window.workspace.session.document
    session.apply(SetGroupWeights("Block", "second.safetensors"))
    session.apply(BindData(bind("csv", {"path": "table.csv"}, home)))
    session.apply(SetParameters({"logits": {"out_features": 4}}))
    document.undo()
    hands.choose(new / "flowers.layerwright")
    window.actions_by_id["save_as"].trigger()

    written = load_project(new / "flowers.layerwright")
    assert written == session.project
    assert not document.is_modified
    assert document.position == 2
    assert document.step_count == 3
    assert written.groups["Block"].weights == "../old/second.safetensors"
    assert written.data.options["path"] == "../old/table.csv"
    qtbot.waitUntil(lambda: session.report_is_current, timeout=60_000)
    assert session.report is not None
    assert not [each for each in session.report.problems if "starts from the weights" in each.message]
    document.undo()
    document.undo()
    assert session.project.groups["Block"].weights == "../old/first.safetensors"
    assert document.is_modified
    document.go_to(3)
    assert session.project.groups == written.groups
    assert session.project.data == written.data
    assert load_project(home / "flowers.layerwright").groups["Block"].weights == "first.safetensors"


def test_saving_in_the_same_folder_changes_no_path(open_project: Open, hands: Hands, tmp_path: Path) -> None:
    window = open_project(_with_block("nowhere.safetensors"))
    assert window.workspace is not None
    before = window.workspace.session.project
    hands.choose(tmp_path / "copy.layerwright")
    window.actions_by_id["save_as"].trigger()
    assert window.workspace.session.project is before
    assert load_project(tmp_path / "copy.layerwright") == before


def test_what_cannot_be_written_leaves_the_paths(window: Window, hands: Hands, tmp_path: Path) -> None:
    home = tmp_path / "old"
    home.mkdir()
    window.open_path(saved(_with_block("first.safetensors"), home / "flowers.layerwright"))
    assert window.workspace is not None
    (tmp_path / "a file").write_text("no folder")
    hands.choose(tmp_path / "a file" / "flowers.layerwright")
    hands.press(QMessageBox.StandardButton.Ok)
    window.actions_by_id["save_as"].trigger()
    assert window.workspace.session.project.groups["Block"].weights == "first.safetensors"
    assert window.workspace.session.document.path == home / "flowers.layerwright"
