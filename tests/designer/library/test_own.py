"""What the library shows of the project's own layers and of the user's blocks, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from core.graph.blocks import SUFFIX, save_block
from core.graph.edits import AddCode, AddNodes, DescribeGroup, GroupNodes, RemoveNodes, RenameGroup, SetGroupWeights
from core.graph.files import load_project
from core.graph.project import End, Node, Project
from designer.library.model import BLOCKS, FAMILY, HELP, KIND
from designer.library.panel import LibraryPanel
from designer.session import Session
from designer.window import Window
from tests.designer.shell.conftest import Hands, hands, iris, open_project, settings, window

__all__ = ["Hands", "hands", "open_project", "settings", "window"]

Open = Callable[[Project], Window]
LAYER = "from torch import nn\n\n\nclass Scale(nn.Module):\n    def forward(self, x):\n        return x\n"


class Shelf:
    """The library of a window, its rows found by what they are."""

    def __init__(self, bot: QtBot, window: Window) -> None:
        assert window.workspace is not None
        self.bot, self.window = bot, window
        self.panel: LibraryPanel = window.workspace.library
        self.session: Session = window.workspace.session

    def ids(self, family: str = "") -> list[str]:
        rows = self.panel.shown.matches()
        return [str(row.data(KIND)) for row in rows if not family or row.data(FAMILY) == family]

    def row(self, kind: str) -> QModelIndex:
        return next(row for row in self.panel.shown.matches() if row.data(KIND) == kind)

    def family(self, name: str) -> QModelIndex:
        rows = (self.panel.shown.index(row, 0) for row in range(self.panel.shown.rowCount()))
        return next(row for row in rows if row.data(FAMILY) == name)

    def menu(self, kind: str) -> QMenu:
        menu = self.panel.menu_of(self.row(kind))
        assert menu is not None
        return menu

    def choose(self, kind: str, text: str) -> None:
        next(action for action in self.menu(kind).actions() if action.text() == text).trigger()

    def double_click(self, index: QModelIndex) -> None:
        self.panel.view.scrollTo(index)
        place = self.panel.view.visualRect(index).center()
        viewport = self.panel.view.viewport()
        self.bot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
        self.bot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)

    @property
    def groups(self) -> set[str]:
        return set(self.session.project.groups)

    @property
    def folder(self) -> Path:
        return self.window.settings.blocks

    def block(self, name: str) -> str:
        """Return the id of a block's row."""
        return f"block:{self.folder / (name + SUFFIX)}"


@pytest.fixture
def shelf(qtbot: QtBot, open_project: Open) -> Shelf:
    """A project with the group Hidden, and a folder with the block Hidden and a damaged one."""
    shelf = Shelf(qtbot, open_project(iris(hidden=4)))
    shelf.session.apply(GroupNodes(frozenset({"hidden", "relu1"}), "Hidden", "stage1"))
    shelf.session.apply(DescribeGroup("Hidden", "Learns features"))
    shelf.folder.mkdir(parents=True)
    save_block(shelf.session.project, "Hidden", shelf.folder)
    (shelf.folder / f"Broken{SUFFIX}").write_text("{ this is not JSON")
    shelf.panel.refresh()
    return shelf


def test_groups_and_python_layers_come_and_go_with_the_project(shelf: Shelf) -> None:
    assert shelf.ids("Groups") == ["group:Hidden"]
    assert shelf.ids("Python") == []
    shelf.session.apply(AddCode("Scale", LAYER))
    assert shelf.ids("Python") == ["python:Scale"]
    shelf.session.apply(RenameGroup("Hidden", "Gate"))
    assert shelf.ids("Groups") == ["group:Gate"]
    shelf.window.actions_by_id["undo"].trigger()
    shelf.window.actions_by_id["undo"].trigger()
    assert shelf.ids("Groups") == ["group:Hidden"]
    assert shelf.ids("Python") == []


def test_the_explanation_of_a_group_is_that_of_now(shelf: Shelf) -> None:
    shelf.session.apply(DescribeGroup("Hidden", "Something else"))
    assert shelf.row("group:Hidden").data(HELP) == "Something else"
    assert "Something else" in shelf.row("group:Hidden").data(Qt.ItemDataRole.ToolTipRole)


def test_a_double_click_adds_a_group_after_the_selection(shelf: Shelf) -> None:
    shelf.session.select(["stage1"])
    shelf.double_click(shelf.row("group:Hidden"))
    added = set(shelf.session.project.graph.nodes) - {"flower", "stage1", "logits", "species"}
    assert len(added) == 1
    assert shelf.session.project.graph.nodes[added.pop()].kind == "group:Hidden"


def test_blocks_are_listed_and_a_damaged_one_says_why_it_cannot_be_used(shelf: Shelf) -> None:
    assert shelf.ids(BLOCKS) == [shelf.block("Broken"), shelf.block("Hidden")]
    assert shelf.row(shelf.block("Hidden")).data(HELP) == "Learns features"
    broken = shelf.row(shelf.block("Broken"))
    assert not broken.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "Broken" in broken.data(Qt.ItemDataRole.ToolTipRole)
    assert broken.data(HELP)


def test_the_search_finds_blocks(shelf: Shelf) -> None:
    shelf.bot.keyClicks(shelf.panel.search_field, "blocks hidden")
    assert shelf.ids() == [shelf.block("Hidden")]


def test_a_block_is_added_after_the_selection_as_one_step(qtbot: QtBot, shelf: Shelf) -> None:
    session = shelf.session
    session.apply(RenameGroup("Hidden", "Own"))
    session.select(["stage1"])
    before = session.project
    shelf.double_click(shelf.row(shelf.block("Hidden")))
    assert shelf.groups == {"Own", "Hidden"}
    (added,) = session.project.graph.nodes.keys() - before.graph.nodes.keys()
    assert session.project.graph.nodes[added].kind == "group:Hidden"
    assert any(end.node == added and source.node == "stage1" for end, source in session.project.graph.links.items())
    assert session.selection == {added}
    assert session.document.undo_label == "Add Hidden"
    shelf.window.actions_by_id["undo"].trigger()
    assert session.project == before


def test_a_saved_block_finds_the_weights_of_its_group_again(shelf: Shelf, hands: Hands) -> None:
    shelf.session.apply(SetGroupWeights("Hidden", "trained.safetensors"))
    shelf.session.select(["stage1"])
    hands.press("Replace")
    shelf.window.actions_by_id["save_block"].trigger()
    assert shelf.session.base is not None
    block = load_project(shelf.folder / f"Hidden{SUFFIX}")
    assert block.groups["Hidden"].weights == str(shelf.session.base / "trained.safetensors")


def test_a_block_that_is_in_the_project_already_is_used_again(shelf: Shelf) -> None:
    shelf.double_click(shelf.row(shelf.block("Hidden")))
    assert shelf.groups == {"Hidden"}
    assert len(shelf.session.project.graph.of_kind("group:Hidden")) == 2


def drop(shelf: Shelf, kind: str, place: QPointF) -> None:
    """Drop a row of the library on the canvas, as Qt does."""
    canvas = shelf.window.canvas
    data: QMimeData = shelf.panel.shown.mimeData([shelf.row(kind)])
    buttons, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    canvas.dropEvent(QDropEvent(place, Qt.DropAction.CopyAction, data, buttons, none))


@pytest.mark.parametrize("what", ["group:Hidden", "block"])
def test_a_group_and_a_block_are_dropped_where_the_pointer_is(shelf: Shelf, what: str) -> None:
    shelf.session.select(["stage1"])
    shelf.window.canvas.set_zoom(1.0)
    before = set(shelf.session.project.graph.nodes)
    drop(shelf, what if ":" in what else shelf.block("Hidden"), QPointF(40, 60))
    (added,) = shelf.session.project.graph.nodes.keys() - before
    assert not any(added in (end.node, source.node) for end, source in shelf.session.project.graph.links.items())
    card = shelf.window.canvas.canvas.cards([added])
    assert card.adjusted(-20, -20, 20, 20).contains(shelf.window.canvas.mapToScene(QPoint(40, 60)))


def test_a_damaged_block_cannot_be_dragged(shelf: Shelf) -> None:
    assert not shelf.row(shelf.block("Broken")).flags() & Qt.ItemFlag.ItemIsEnabled


def test_a_block_is_deleted_once_that_was_confirmed(shelf: Shelf, hands: Hands) -> None:
    file = shelf.folder / f"Hidden{SUFFIX}"
    for answer, there in (("Cancel", True), ("Delete", False)):
        hands.press(answer)
        shelf.choose(shelf.block("Hidden"), "Delete block…")
        assert file.exists() is there
    assert "“Hidden”" in hands.seen[0]
    assert shelf.ids(BLOCKS) == [shelf.block("Broken")]
    assert shelf.groups == {"Hidden"}


def test_a_damaged_block_can_be_deleted_but_not_added(shelf: Shelf, hands: Hands) -> None:
    add = shelf.menu(shelf.block("Broken")).actions()[0]
    assert not add.isEnabled()
    hands.press("Delete")
    shelf.choose(shelf.block("Broken"), "Delete block…")
    assert shelf.ids(BLOCKS) == [shelf.block("Hidden")]


def test_a_group_is_deleted_unless_it_is_used(qtbot: QtBot, shelf: Shelf) -> None:
    with qtbot.waitSignal(shelf.session.refused) as refused:
        shelf.choose("group:Hidden", "Delete group")
    assert "'stage1'" in refused.args[0]
    shelf.session.apply(RemoveNodes(frozenset({"stage1"})))
    shelf.choose("group:Hidden", "Delete group")
    assert shelf.ids("Groups") == []


def test_a_python_layer_that_nothing_uses_is_deleted(shelf: Shelf) -> None:
    shelf.session.apply(AddCode("Scale", LAYER))
    shelf.choose("python:Scale", "Delete Python layer")
    assert shelf.session.project.code == {}


def test_what_was_folded_stays_folded_and_what_is_marked_stays_marked(shelf: Shelf) -> None:
    view = shelf.panel.view
    view.setFocus()
    view.setCurrentIndex(shelf.family("Core"))
    shelf.bot.keyClick(view, Qt.Key.Key_Left)
    assert not view.isExpanded(shelf.family("Core"))
    view.setCurrentIndex(shelf.row("ReLU"))
    shelf.session.apply(AddCode("Scale", LAYER))
    assert not view.isExpanded(shelf.family("Core"))
    assert view.isExpanded(shelf.family("Activation"))
    assert view.currentIndex().data(KIND) == "ReLU"
    view.setCurrentIndex(shelf.family("Core"))
    shelf.bot.keyClick(view, Qt.Key.Key_Right)
    shelf.panel.refresh()
    assert view.isExpanded(shelf.family("Core"))


def test_a_search_unfolds_everything_and_forgets_nothing(shelf: Shelf) -> None:
    view = shelf.panel.view
    view.setExpanded(shelf.family("Core"), False)
    shelf.bot.keyClicks(shelf.panel.search_field, "linear")
    assert view.isExpanded(shelf.family("Core"))
    shelf.panel.search_field.clear()
    assert not view.isExpanded(shelf.family("Core"))
    assert view.isExpanded(shelf.family("Activation"))


def test_the_library_works_from_the_keyboard(shelf: Shelf) -> None:
    view = shelf.panel.view
    shelf.session.select(["stage1"])
    before = set(shelf.session.project.graph.nodes)
    view.setCurrentIndex(shelf.family("Groups"))
    view.setFocus()
    shelf.bot.keyClick(view, Qt.Key.Key_Return)
    assert not view.isExpanded(shelf.family("Groups"))
    shelf.bot.keyClick(view, Qt.Key.Key_Return)
    shelf.bot.keyClick(view, Qt.Key.Key_Down)
    assert view.currentIndex().data(KIND) == "group:Hidden"
    shelf.bot.keyClick(view, Qt.Key.Key_Return)
    (added,) = shelf.session.project.graph.nodes.keys() - before
    assert (
        shelf.session.project.graph.links[
            End(added, shelf.session.project.groups["Hidden"].graph.of_kind("Input")[0].name)
        ].node
        == "stage1"
    )


def test_a_group_cannot_be_put_into_itself(qtbot: QtBot, shelf: Shelf) -> None:
    shelf.session.open_group("stage1")
    with qtbot.waitSignal(shelf.session.refused) as refused:
        shelf.choose("group:Hidden", "Add after the selection")
    assert "inside itself" in refused.args[0]


def test_a_long_name_leaves_the_width_of_the_library_as_it_is(shelf: Shelf) -> None:
    width = shelf.panel.minimumSizeHint().width()
    shelf.session.apply(RenameGroup("Hidden", "ConvolutionWithLeakyActivation"))
    shelf.session.apply(AddNodes((Node("more", "group:ConvolutionWithLeakyActivation"),)))
    assert shelf.panel.minimumSizeHint().width() == width
