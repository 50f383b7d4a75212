"""How far a long job is, told from deep within it without handing a callback through every function on the way.

Whoever starts the job wraps it in ``watching``; whoever works calls ``report`` now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.errors import Cancelled

Told = Callable[[int, int, str], bool]
"""Takes how much is done, of how much (0: not known), and of what; returns False where the job shall end."""

_watcher: ContextVar[Told | None] = ContextVar("watcher", default=None)


@contextmanager
def watching(told: Told) -> Iterator[None]:
    """Call ``told`` for every report from inside the block, on this thread."""
    token = _watcher.set(told)
    try:
        yield
    finally:
        _watcher.reset(token)


def report(done: int, total: int, what: str = "") -> None:
    """Say how far the work is.

    Raises:
        Cancelled: whoever watches wants it to end.
    """
    told = _watcher.get()
    if told is not None and not told(done, total, what):
        raise Cancelled("The work was cancelled.")
