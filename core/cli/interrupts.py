"""Ctrl-C while training: the first one ends the run in good order, a second one ends it at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from core.training.control import Control

_Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None
_MESSAGE = b"\nstopping (once more to leave at once) ...\n"


class Interrupts:
    """While entered, Ctrl-C and a request to terminate stop the training; ``received`` is then the signal's number.

    Only the main thread can take signals; in any other this does nothing. Of several processes all are told, and all
    but one are ``quiet``.
    """

    def __init__(self, control: Control, *, quiet: bool = False) -> None:
        self._control = control
        self._quiet = quiet
        self._before: dict[int, _Handler] = {}
        self.received = 0

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.received:
            raise KeyboardInterrupt
        self.received = number
        self._control.stop()
        if self._quiet:
            return
        # Not through sys.stderr, in the midst of whose writing this may have come. Its reader may be what has gone.
        with suppress(BrokenPipeError):
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _MESSAGE)
