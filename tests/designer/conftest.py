"""Patience: on a machine that is busy with other work, a window takes its time and is right all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pytestqt.qtbot import QtBot

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

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
