"""A network built, wired, mended, bound to data and trained without a mouse: every key goes to where the focus is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.graph.project import End
from designer.settings import Settings
from designer.window import Window
from tests.designer.shell.conftest import discard, wait_for_check

KEY = Qt.Key
NONE, CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
WAIT = 120_000


class Keyboard:
    """Ten fingers, no mouse."""

    def __init__(self, bot: QtBot, window: Window) -> None:
        self._bot = bot
        self._window = window

    @property
    def focus(self) -> QWidget:
        """Where a key goes."""
        return QApplication.focusWidget() or self._window

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press one key."""
        self._bot.keyClick(self.focus, key, modifiers)

    def type(self, text: str) -> None:
        """Type a text and Enter."""
        self._bot.keyClicks(self.focus, text)
        self.press(KEY.Key_Return)

    def command(self, text: str) -> None:
        """Run a command by its name."""
        self.press(KEY.Key_K, CONTROL)
        self.type(text)

    def wait(self, until: Callable[[], bool]) -> None:
        """Keep the hands still until something has happened."""
        self._bot.waitUntil(until, timeout=WAIT)
        QApplication.processEvents()

    def tab_to(self, name: str) -> QWidget:
        """Press Tab until a widget of that object name has the keyboard."""
        trail: list[str] = []
        for _step in range(60):
            trail.append(self.focus.objectName() or type(self.focus).__name__)
            if self.focus.objectName() == name:
                return self.focus
            self.press(KEY.Key_Tab)
        raise AssertionError(f"Tab does not lead to {name}: {trail}")


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Window]:
    made = Window(Settings(tmp_path / "designer.ini"))
    made.resize(1366, 768)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    discard(made)
    made.close()
    made.deleteLater()


def test_a_network_is_built_and_trained_by_keyboard_alone(qtbot: QtBot, window: Window) -> None:
    keyboard = Keyboard(qtbot, window)
    keyboard.press(KEY.Key_N, CONTROL)
    assert window.workspace is not None
    session, runner = window.workspace.session, window.workspace.runner
    source = build_with_a_skip(keyboard, window)
    bind_iris(keyboard, window)
    mend(keyboard, window)
    keyboard.press(KEY.Key_K, CONTROL)
    keyboard.type(f"@{source}")
    assert session.selection == {source}
    keyboard.press(KEY.Key_F2)
    keyboard.press(KEY.Key_A, CONTROL)
    keyboard.type("flower")
    assert "flower" in session.project.graph.nodes
    wait_for_check(qtbot, window)
    keyboard.command("train")
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)


def build_with_a_skip(keyboard: Keyboard, window: Window) -> str:
    """Three layers in a row, a sum that skips the middle one, and what follows; return the first."""
    assert window.workspace is not None
    session = window.workspace.session
    for text in ("input", "linear", "relu"):
        keyboard.press(KEY.Key_Tab)
        keyboard.type(text)
    source, hidden, relu = session.project.graph.nodes
    keyboard.press(KEY.Key_Tab)
    keyboard.type("add")
    (total,) = session.selection
    keyboard.press(KEY.Key_Up)
    keyboard.press(KEY.Key_Up)
    assert session.selection == {hidden}
    keyboard.press(KEY.Key_L, CONTROL | SHIFT)
    keyboard.press(KEY.Key_Return)
    for _step in range(9):
        if window.canvas.keys.link.chosen == End(total, "inputs.1"):
            break
        keyboard.press(KEY.Key_Down)
    keyboard.press(KEY.Key_Return)
    links = session.project.graph.links
    assert links[End(total, "inputs.0")] == End(relu, "output")
    assert links[End(total, "inputs.1")] == End(hidden, "output")
    assert session.selection == {total}
    for text in ("linear", "output"):
        keyboard.press(KEY.Key_Tab)
        keyboard.type(text)
    return source


def bind_iris(keyboard: Keyboard, window: Window) -> None:
    """Go to the data panel by its key, and to the source by Tab and Space."""
    assert window.workspace is not None
    session = window.workspace.session
    keyboard.press(KEY.Key_5, ALT)
    keyboard.tab_to("source_iris")
    keyboard.press(KEY.Key_Space)
    keyboard.wait(lambda: session.project.data.source == "iris")
    keyboard.wait(lambda: session.report_is_current)


def mend(keyboard: Keyboard, window: Window) -> None:
    """Resolve the problem that is left by its fix."""
    assert window.workspace is not None
    session = window.workspace.session
    assert session.report is not None
    assert session.report.problems
    keyboard.press(KEY.Key_F8)
    assert isinstance(keyboard.tab_to("fix_button"), QPushButton)
    keyboard.press(KEY.Key_Space)
    keyboard.wait(lambda: session.report_is_current)
    assert not session.report.problems
