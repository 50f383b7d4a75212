"""Windows that nobody reaches any more are destroyed by the window's thread, whoever made the garbage."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from designer.garbage import Collector


class _Looped(QWidget):
    """A widget that is part of a cycle, so that only a collection can end it."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


def _litter() -> None:
    """Make so much garbage that Python would collect in this thread."""
    for _ in range(50):
        for _ in range(gc.get_threshold()[0] + 1):
            loop: list[object] = []
            loop.append(loop)


def test_a_thread_that_allocates_destroys_no_window(qtbot: QtBot) -> None:
    ended_in: list[threading.Thread] = []
    collector = Collector()
    try:
        weakref.finalize(_Looped(), lambda: ended_in.append(threading.current_thread()))
        other = threading.Thread(target=_litter)
        other.start()
        other.join()
        assert ended_in == []
        qtbot.waitUntil(lambda: ended_in == [threading.main_thread()])
    finally:
        collector.stop()
    assert gc.isenabled()
