"""Garbage is collected by the window's thread and between events only.

Python collects wherever it happens to allocate: in a thread that trains or checks shapes, or amid the handling of an
event. Windows and canvas items that are part of a reference cycle would be destroyed there, which Qt allows in its own
thread alone and never under the feet of who handles an event.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 200


class Collector(QObject):
    """Collects at the thresholds of ``gc``, looked at a few times a second; ``stop`` gives the task back to Python."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(collect)
        self._timer.start()

    def stop(self) -> None:
        """Let Python collect by itself again."""
        self._timer.stop()
        gc.enable()


def collect() -> int:
    """Collect the oldest generation that is due; return how many objects that nobody reaches were found."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    due = [age for age in (2, 1, 0) if counts[age] > thresholds[age]]
    return gc.collect(due[0]) if due else 0
