"""Ends the user's code where it does not come to an end by itself, so that a check never waits for ever.

Python can end a thread's work only between two of its own instructions: a loop in Python is stopped, a single call into
a library that never returns is not.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONGEST = 10.0
"""Seconds that the code of one layer may run in a check."""


class _Stop(BaseException):
    """Raised in the middle of the code; no ``except Exception`` of the user's stands in its way."""


class TooLong(Exception):
    """The code was stopped. ``cause`` says where it was then."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"The code was still running after {LONGEST:g} seconds.")
        self.cause = cause


def at_most(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work`` comes to, which is done in this thread.

    Raises:
        TooLong: it took longer and was stopped; where it goes on in spite of that, it is stopped again and again.
    """
    watch = _Watch(seconds)
    try:
        try:
            return work()
        finally:
            watch.end()
    except _Stop as stop:
        raise TooLong(stop) from stop


class _Watch:
    """Waits beside the thread that made it, and raises ``_Stop`` there when the time is over."""

    def __init__(self, seconds: float) -> None:
        self._watched = threading.get_ident()
        self._over = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._wait, args=(seconds,), name="layerwright-patience", daemon=True).start()

    def _wait(self, seconds: float) -> None:
        while not self._over.wait(seconds):
            with self._lock:
                if not self._over.is_set():
                    _raise_in(self._watched, ctypes.py_object(_Stop))

    def end(self) -> None:
        """Stop waiting; nothing is raised from now on."""
        with self._lock:
            self._over.set()
            _raise_in(self._watched, None)


def _raise_in(thread: int, error: ctypes.py_object[type[_Stop]] | None) -> None:
    """Raise an exception in a thread at its next instruction; None takes back one that was not raised yet."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)
