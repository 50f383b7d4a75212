"""Every command of the table, in a fresh window, inside a group, beside another tab and view: by menu and by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu
from pytestqt.qtbot import QtBot

from core.graph.edits import Rename
from core.graph.project import Bookmark, End, Frame, Graph, Group, Node, Note, Project
from designer.actions import COMMANDS, menus_of
from designer.command import Command
from designer.keys.keymap import keymap
from designer.window import Window
from tests.designer.shell.conftest import discard, graph, iris, saved, wait_for_check

_ELSEWHERE = {
    "alone": {"leave_group", "close_view", "next_view", "take_over"},
    "in a group": {"close_view", "next_view", "take_over"},
    "beside others": {"leave_group", "take_over"},
}
"""Commands that have nothing to do in a place."""
_SELECTIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("hidden",), ()),
    (("stage",), ()),
    (("hidden", "third", "relu1"), ()),
    (("hidden", "third"), ()),
    (("twin",), ()),
    ((), ("frame1",)),
)
"""Nodes, frames and notes that are selected before a command; the first with which it is enabled is used."""
_AFTER = {
    "pause": "running",
    "resume": "paused",
    "stop": "running",
    "find_rate": "finished",
    "adjust_run": "running",
}
"""What the runner must have come to before a command."""
_WAIT = 60_000


def everything() -> Project:
    """Return a classifier with all that a command can act on, and the same again inside its group."""
    flowers = iris()
    before, after = flowers.graph.nodes["flower"], flowers.graph.nodes["species"]
    logits = Node("logits", "Linear", {"out_features": 3}, position=(0, 700))
    inner = graph(Node("x", "Input", {"shape": (4,)}), Node("act", "ReLU"), Node("y", "Output"))
    return replace(
        flowers,
        graph=_chain((before,), "Block", (logits, replace(after, position=(0, 820)))),
        groups={
            "Block": Group("Block", _chain((Node("x", "Input", {"shape": (4,)}),), "Small", (Node("y", "Output"),))),
            "Small": Group("Small", inner),
        },
        training=replace(flowers.training, epochs=100_000),
        bookmarks={digit: Bookmark() for digit in "123456789"},
    )


def _chain(before: tuple[Node, ...], group: str, after: tuple[Node, ...]) -> Graph:
    """Return layers in a row, two of which share their weights, then a group; a frame and a note beside them."""
    plain = graph(
        *before,
        Node("hidden", "Linear", {"out_features": 4}, position=(0, 100)),
        Node("relu1", "ReLU", position=(0, 220)),
        Node("twin", "Linear", shares="hidden", position=(0, 340)),
        Node("third", "Linear", {"out_features": 4}, position=(0, 460)),
        Node("stage", f"group:{group}", position=(0, 580)),
        *after,
    )
    links = {
        End("stage", "x") if target.node == "stage" else target: End("stage", "y") if source.node == "stage" else source
        for target, source in plain.links.items()
    }
    drawn = Frame("frame1", position=(-40, 80)), Note("note1", "Look here", position=(300, 0))
    return replace(plain, links=links, frames={"frame1": drawn[0]}, notes={"note1": drawn[1]})


class Answers(QObject):
    """Withdraws from every dialog and menu that opens, and keeps what other programs would be asked to open."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self._timer = QTimer(self)
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._withdraw)
        self._timer.start()
        QDesktopServices.setUrlHandler("file", self, "open")

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        """Take a file instead of the system's viewer."""
        self.opened.append(url.toLocalFile())

    def _withdraw(self) -> None:
        popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is not None:
            popup.close()
        elif isinstance(modal, QDialog):
            modal.reject()

    def close(self) -> None:
        """Let dialogs and files be opened again."""
        self._timer.stop()
        QDesktopServices.unsetUrlHandler("file")


@pytest.fixture
def answers() -> Iterator[Answers]:
    made = Answers()
    yield made
    made.close()


class Scene:
    """A window at one of the places, which is put back to how it was before each command."""

    def __init__(self, window: Window, place: str, folder: Path) -> None:
        self.window, self.place = window, place
        self._files = [saved(everything(), folder / "first.layerwright")]
        if place == "beside others":
            self._files.append(saved(iris(), folder / "second.layerwright"))
        self.prepare()

    def prepare(self, *, undone: bool = False) -> None:
        """Show the project at the place after two steps, one of them undone where that is wanted."""
        self._only_its_tabs()
        workspace = self.window.workspace
        assert workspace is not None
        several = self.place == "beside others"
        while len(workspace.panes.panes) > 1 + several:
            self.window.close_view()
        if several and len(workspace.panes.panes) == 1:
            assert workspace.panes.split(Qt.Orientation.Horizontal) is not None
        workspace.session.document.go_to(0)
        session = self.window.canvas.session
        path = ("stage",) if self.place == "in a group" else ()
        assert session.go_to(path)
        assert session.apply_here(Rename("relu1", "relu2"))
        if undone:
            session.document.undo()
        else:
            assert session.apply_here(Rename("relu2", "relu1"))
        self.window.canvas.setFocus()

    def _only_its_tabs(self) -> None:
        for each in self.window.projects.open_ones:
            if each.session.document.path not in self._files:
                each.session.document.mark_saved(Path("discarded.layerwright"))
                assert self.window.projects.close(each)
        for file in reversed(self._files):
            assert self.window.open_path(file)

    def enable(self, command: Command) -> QAction | None:
        """Prepare the window so that a command can be run; None where it never can."""
        action = self.window.actions_by_id[command.id]
        for each in self.window.projects.open_ones if command.id == "quit" else ():
            each.runner.close()  # a run that goes on would be asked about
        self.prepare(undone=command.id == "redo")
        for nodes, drawn in _SELECTIONS:
            self.window.canvas.session.select(nodes, drawn)
            if action.isEnabled():
                return action
        return None

    def tidy(self) -> None:
        """Close what a command has opened to be worked in."""
        for each in QApplication.topLevelWidgets():
            if isinstance(each, QDialog) and each.isVisible():
                each.reject()
        if self.window.tour is not None:
            self.window.tour.finish()
        self.window.command_palette.hide()
        self.window.keys_overlay.hide()
        QApplication.processEvents()


def press_key(qtbot: QtBot, window: Window, action: QAction) -> None:
    """Press the first key of a command on the canvas."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    done: list[bool] = []
    name = action.objectName().removeprefix("action_")
    connection = action.triggered.connect(lambda _checked=False: done.append(True))
    QTest.keySequence(window.canvas, QKeySequence(action.shortcut()))
    QObject.disconnect(connection)
    assert done or name in window.canvas.keys.known, f"{action.shortcut().toString()} does not trigger {name}"


@pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen platform, at every popup
@pytest.mark.parametrize(
    ("place", "by_key"),
    [
        ("alone", True),
        pytest.param("in a group", False, marks=pytest.mark.long),
        pytest.param("beside others", False, marks=pytest.mark.long),
    ],
)
def test_every_command_works(
    qtbot: QtBot, window: Window, answers: Answers, tmp_path: Path, place: str, *, by_key: bool
) -> None:
    scene = Scene(window, place, tmp_path)
    wait_for_check(qtbot, window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    idle = set()
    for command in sorted(COMMANDS, key=lambda each: each.id == "quit"):
        if command.id in _AFTER:
            runner = scene.window.runner
            qtbot.waitUntil(lambda runner=runner, to=_AFTER[command.id]: runner.state == to, timeout=_WAIT)
        action = scene.enable(command)
        if action is None:
            idle.add(command.id)
            continue
        with qtbot.captureExceptions() as exceptions:
            if by_key and action.shortcuts():
                press_key(qtbot, window, action)
            else:
                action.trigger()
            QApplication.processEvents()
        assert not exceptions, (command.id, exceptions)
        qtbot.waitUntil(lambda: not (QApplication.activeModalWidget() or QApplication.activePopupWidget()))
        scene.tidy()
        assert window.isVisible() is (command.id != "quit"), command.id
    assert idle == _ELSEWHERE[place]
    assert [Path(each).name for each in answers.opened] == ["layerwright.log"]
    discard(window)


def test_every_command_is_in_the_menu_that_its_help_names(window: Window, tmp_path: Path) -> None:
    assert window.open_path(saved(everything(), tmp_path / "everything.layerwright"))
    shown: dict[str, str] = {}

    def walk(menu: QMenu, way: str) -> None:
        menu.aboutToShow.emit()
        for action in menu.actions():
            inner = action.menu()
            if isinstance(inner, QMenu):
                walk(inner, f"{way} \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} {inner.title()}")
            elif not action.isSeparator():
                shown[action.objectName()] = way.replace("&", "")

    for action in window.menuBar().actions():
        menu = action.menu()
        assert isinstance(menu, QMenu)
        walk(menu, menu.title())
    assert shown == {f"action_{command.id}": menus_of(command) for command in COMMANDS}
    keys = {command.id: list(keymap.sequences(command.id)) for command in COMMANDS}
    assert keys == {name: action.shortcuts() for name, action in window.actions_by_id.items()}
