"""Patience: on a machine that is busy with other work, a window takes its time and is right all the same.

And a fresh start: whatever a test before has chosen or left pressed, each begins with what a new user has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer import motion, theme
from designer.keys.keymap import keymap
from designer.properties.section import Fold
from tests.conftest import shows_windows

_PATIENCE = 240_000
"""Milliseconds that a test waits at least before it gives up; it goes on as soon as what it waits for is there."""


class PatientBot(QtBot):
    """Waits long for what must come. No test may fail because a machine is slow."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = _PATIENCE) -> None:
        """Wait until the callback gives True, or None without an AssertionError."""
        super().waitUntil(callback, timeout=max(timeout, _PATIENCE))


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """The bot of pytest-qt, with patience."""
    return PatientBot(request)


@pytest.fixture(autouse=True)
def _choices_end_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take back the theme, the motion, the keys and the folds that a test has chosen, and let go of Ctrl and Shift."""
    yield
    if not shows_windows(request):
        return
    motion.switch.apply("full")
    keymap.use(None)
    Fold.use(None)
    application = QApplication.instance()
    if theme.current() is not theme.LIGHT and isinstance(application, QApplication):
        theme.switch.apply(application, "light")
    if QGuiApplication.keyboardModifiers():
        QTest.keyRelease(QWindow(), Qt.Key.Key_Control)  # a click with a key held leaves it pressed
