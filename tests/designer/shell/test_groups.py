"""Groups in the whole window: menus, the way back above the canvas, problems, properties, and one's own blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.graph.blocks import blocks
from core.graph.edits import AddNodes, GroupNodes, RemoveNodes, SetParameters, SetRepeat, Within
from core.graph.files import load_project
from core.graph.project import Node
from designer.problems.row import ProblemRow
from designer.window import Window
from tests.designer.shell.conftest import Hands, iris, wait_for_check

Open = Callable[..., Window]


@pytest.fixture
def grouped(open_project: Open, qtbot: QtBot) -> Window:
    """The classifier of flowers with hidden and relu1 in the group Hidden, stacked three times."""
    window = open_project(iris(hidden=4))
    session = window.workspace.session  # type: ignore[union-attr]
    session.apply(GroupNodes(frozenset({"hidden", "relu1"}), "Hidden", "stage1"))
    session.apply(SetRepeat("stage1", 3))
    wait_for_check(qtbot, window)
    return window


def texts(window: Window) -> list[str]:
    assert window.workspace is not None
    return window.workspace.breadcrumbs.texts


def trigger(window: Window, name: str) -> None:
    window.actions_by_id[name].trigger()


def test_the_menu_groups_what_is_selected(open_project: Open, qtbot: QtBot) -> None:
    window = open_project(iris())
    assert window.workspace is not None
    session = window.workspace.session
    assert not window.actions_by_id["group"].isEnabled()
    session.select(["hidden", "relu1"])
    trigger(window, "group")
    question = window.canvas.structure.name_question
    question.field.selectAll()
    qtbot.keyClicks(question.field, "Hidden")
    qtbot.keyClick(question.field, Qt.Key.Key_Return)
    assert set(session.project.groups) == {"Hidden"}
    assert window.actions_by_id["open_group"].isEnabled()
    trigger(window, "undo")
    assert session.project.groups == {}


def test_the_way_back_is_shown_inside_a_group_only(grouped: Window, qtbot: QtBot) -> None:
    workspace = grouped.workspace
    assert workspace is not None
    assert not workspace.breadcrumbs.isVisible()
    assert not grouped.actions_by_id["leave_group"].isEnabled()
    workspace.session.select(["stage1"])
    trigger(grouped, "open_group")
    assert workspace.breadcrumbs.isVisible()
    assert texts(grouped)[0] == "Flowers"
    assert "stage1 ×3" in texts(grouped)
    assert texts(grouped)[-1] == "Group Hidden"
    trigger(grouped, "leave_group")
    assert not workspace.breadcrumbs.isVisible()
    assert workspace.session.selection == {"stage1"}


def test_a_press_on_a_crumb_goes_there(grouped: Window, qtbot: QtBot) -> None:
    assert grouped.workspace is not None
    session = grouped.workspace.session
    session.open_group("stage1")
    session.apply_here(GroupNodes(frozenset({"relu1"}), "Gate", "gate1"))
    session.open_group("gate1")
    assert [text for text in texts(grouped) if "1" in text] == ["stage1 ×3", "gate1"]
    crumb = grouped.workspace.breadcrumbs.findChild(QToolButton, "crumb_1")
    assert crumb is not None
    qtbot.mouseClick(crumb, Qt.MouseButton.LeftButton)
    assert session.path == ("stage1",)
    first = grouped.workspace.breadcrumbs.findChild(QToolButton, "crumb_0")
    assert first is not None
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert session.path == ()


def test_who_works_inside_is_told_how_many_uses_change(grouped: Window) -> None:
    assert grouped.workspace is not None
    session = grouped.workspace.session
    session.apply(AddNodes((Node("stage2", "group:Hidden"),)))
    session.open_group("stage1")
    assert "used in 2 places" in texts(grouped)[-1]
    session.apply(RemoveNodes(frozenset({"stage2"})))
    assert "places" not in texts(grouped)[-1]


def test_a_click_on_a_problem_inside_a_group_goes_there(grouped: Window, qtbot: QtBot) -> None:
    workspace = grouped.workspace
    assert workspace is not None
    workspace.session.apply(Within("Hidden", SetParameters({"hidden": {"out_features": 0}})))
    wait_for_check(qtbot, grouped)
    row = next(each for each in workspace.problems.findChildren(ProblemRow) if each.problem.node == "hidden")
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert workspace.session.path == ("stage1",)
    assert workspace.session.selection == {"hidden"}
    assert texts(grouped)[0] == "Flowers"


def test_keys_of_the_menus_act_inside_a_group(grouped: Window, qtbot: QtBot) -> None:
    workspace = grouped.workspace
    assert workspace is not None
    workspace.session.open_group("stage1")
    trigger(grouped, "select_all")
    assert workspace.session.selection == set(workspace.session.project.groups["Hidden"].graph.nodes)
    workspace.session.select(["relu1"])
    trigger(grouped, "bypass")
    assert workspace.session.project.groups["Hidden"].graph.nodes["relu1"].mode == "bypass"
    trigger(grouped, "delete")
    assert "relu1" not in workspace.session.project.groups["Hidden"].graph.nodes
    assert "stage1" in workspace.session.project.graph.nodes
    trigger(grouped, "undo")
    trigger(grouped, "undo")
    assert workspace.session.project.groups["Hidden"].graph.nodes["relu1"].mode == ""


def test_deleting_the_opened_node_shows_the_network(grouped: Window) -> None:
    workspace = grouped.workspace
    assert workspace is not None
    workspace.session.open_group("stage1")
    workspace.session.apply(RemoveNodes(frozenset({"stage1"})))
    assert not workspace.breadcrumbs.isVisible()
    assert set(workspace.canvas.canvas.nodes) == {"flower", "logits", "species"}


def test_training_and_saving_mean_the_whole_network_also_from_inside(grouped: Window) -> None:
    workspace = grouped.workspace
    assert workspace is not None
    workspace.session.open_group("stage1")
    assert grouped.actions_by_id["train"].isEnabled()
    assert grouped.save()
    path = workspace.session.document.path
    assert path is not None
    assert load_project(path) == workspace.session.project


def test_a_group_is_saved_as_a_block_and_replaces_one_only_when_asked(grouped: Window, hands: Hands) -> None:
    workspace = grouped.workspace
    assert workspace is not None
    workspace.session.select(["stage1"])
    trigger(grouped, "save_block")
    assert [block.name for block in blocks(grouped.settings.blocks)] == ["Hidden"]
    assert "Hidden" in grouped.statusBar().currentMessage()
    workspace.session.apply(Within("Hidden", SetParameters({"hidden": {"out_features": 9}})))
    for answer, saved in (("Cancel", 4), ("Replace", 9)):
        hands.press(answer)
        trigger(grouped, "save_block")
        (block,) = blocks(grouped.settings.blocks)
        assert load_project(block.path).groups["Hidden"].graph.nodes["hidden"].params == {"out_features": saved}
    assert "“Hidden”" in hands.seen[0]


def test_a_block_that_cannot_be_saved_says_why(grouped: Window, qtbot: QtBot) -> None:
    assert grouped.workspace is not None
    session = grouped.workspace.session
    grouped.settings.blocks.parent.mkdir(parents=True, exist_ok=True)
    grouped.settings.blocks.write_text("in the way")
    session.select(["stage1"])
    with qtbot.waitSignal(session.refused) as refused:
        trigger(grouped, "save_block")
    assert "not saved" in refused.args[0]


def test_the_questions_stay_inside_the_window(grouped: Window) -> None:
    assert grouped.workspace is not None
    grouped.workspace.session.select(["stage1"])
    trigger(grouped, "repeat")
    question: QWidget = grouped.canvas.structure.repeat_question
    assert grouped.canvas.rect().contains(question.geometry())
    grouped.canvas.structure.repeat_question.withdraw()


def test_a_project_that_was_saved_inside_a_group_opens_at_its_network(grouped: Window, qtbot: QtBot) -> None:
    assert grouped.workspace is not None
    session = grouped.workspace.session
    session.open_group("stage1")
    assert grouped.save()
    path = session.document.path
    assert path is not None
    grouped.close_tab()
    assert grouped.open_path(path)
    wait_for_check(qtbot, grouped)
    assert grouped.workspace.session.path == ()
    assert grouped.workspace.session.project == replace(session.project)
