"""Work on data in a job: what it reports from deep within reaches the job's lane, and cancelling the job ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from core.progress import watching
from designer.jobs import Progress

T = TypeVar("T")
UNKNOWN = -1.0
"""Reported where nobody knows how much there is to do."""
_EVERY = 0.05
"""Seconds between two reports: nobody sees more, and every one wakes the window."""


def watched(work: Callable[[], T]) -> Callable[[Progress], T]:
    """Return the work as a lane takes it; what it tells through ``core.progress`` is passed on."""

    def run(progress: Progress) -> T:
        last = 0.0

        def told(done: int, total: int, what: str) -> bool:
            nonlocal last
            now = time.monotonic()
            if now - last >= _EVERY:
                last = now
                progress.report(done / total if total else UNKNOWN, what)
            return not progress.cancelled

        with watching(told):
            return work()

    return run
