"""Tells loggers of a run in threads of their own: whatever happens to one, no step waits and training goes on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import LayerwrightError
from core.graph.project import Project
from core.training.events import (
    CheckpointSaved,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Message,
    RunStarted,
    StepEnded,
)
from core.training.loggers import loggers
from core.training.loggers._kind import Logger, LoggerKind, Opened

Emit = Callable[[Event], None]
_TOLD = (RunStarted, StepEnded, EpochEnded, CheckpointSaved, Finished, Failed)
"""The events that loggers are told."""
_MOST_WAITING = 10_000
LAST_WORDS = 15.0
"""Seconds that all loggers together have for what is pending when a run is over."""


class _Telling:
    """One logger at work. ``problem`` says why it gave up, once."""

    def __init__(self, kind: LoggerKind, opened: Opened, patience: float) -> None:
        self.kind = kind
        self._opened = opened
        self._patience = patience
        self._events: queue.Queue[Event | None] = queue.Queue(_MOST_WAITING)
        self._problem = ""
        self._gave_up = False
        self._thread = threading.Thread(target=self._work, name=f"layerwright-log-{kind.id}", daemon=True)
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Let the logger know of an event, when it comes to it."""
        self._hand(event)

    def news(self) -> Message | None:
        """Return why the logger gave up, the first time that it is asked after it did."""
        why, self._problem = self._problem, ""
        if not why:
            return None
        text = f"{self.kind.title} is told no more of this run: {why}. Training goes on."
        return Message(text, "warning", self.kind.id)

    def end(self) -> None:
        """Let the logger finish once it has been told all."""
        self._hand(None)

    def wait(self, until: float) -> None:
        """Wait for it to finish, up to a time of the monotonic clock."""
        if not self._gave_up:
            self._thread.join(max(0.0, until - time.monotonic()))
            if self._thread.is_alive():
                self._give_up(f"it did not finish within {self._patience:g} seconds")

    def _hand(self, event: Event | None) -> None:
        if self._gave_up:
            return
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self._give_up("it is too slow")

    def _give_up(self, why: str) -> None:
        if not self._gave_up:
            self._gave_up, self._problem = True, why.rstrip(".")

    def _work(self) -> None:
        logger: Logger | None = None
        # The libraries of loggers fail in as many ways as there are servers, disks and versions of them.
        try:
            logger = self.kind.open(self._opened)
            while (event := self._events.get()) is not None and not self._gave_up:
                logger.log(event)
            closing, logger = logger, None
            closing.close()
        except ImportError as error:
            missing = f"the package is not installed: pip install layerwright[{self.kind.extra}]"
            self._give_up(missing if isinstance(error, ModuleNotFoundError) else str(error))
        except BaseException as error:  # some leave by sys.exit
            self._give_up(_reason(error))
        finally:
            if logger is not None:
                _close_quietly(logger)


def _close_quietly(logger: Logger) -> None:
    """Close a logger that has failed already, which was told."""
    with suppress(BaseException):
        logger.close()


def _reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "it has asked for the end of the program"
    if isinstance(error, LayerwrightError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


@contextmanager
def logged(project: Project, run: Path, emit: Emit, patience: float | None = None) -> Iterator[Emit]:
    """Give what events are to be told to: ``emit``, and beside it the loggers that the project asks for.

    A logger that fails is told of in one ``Message``, from the thread that emits, and then nothing more of it.
    ``patience`` is how many seconds all of them have at the end (None: ``LAST_WORDS``).
    """
    patience = LAST_WORDS if patience is None else patience
    wanted = project.training.loggers
    if not wanted:
        yield emit
        return
    telling = _opened(wanted, project, run, emit, patience)

    def tell(event: Event) -> None:
        emit(event)
        for each in telling:
            if isinstance(event, _TOLD):
                each.tell(event)
            if (news := each.news()) is not None:
                emit(news)

    try:
        yield tell
    except Exception as error:
        for each in telling:
            each.tell(Failed(str(error)))
        raise
    finally:
        until = time.monotonic() + patience
        for each in telling:
            each.end()
        for each in telling:
            each.wait(until)
            if (news := each.news()) is not None:
                emit(news)


def _opened(wanted: Sequence[str], project: Project, run: Path, emit: Emit, patience: float) -> list[_Telling]:
    found = []
    for name in dict.fromkeys(wanted):
        kind = loggers.find(name)
        if kind is None:
            emit(Message(f"There is no logger '{name}'. Training goes on without it.", "warning", name))
            continue
        options = kind.options(project.training.logger_options.get(name, {}))
        found.append(_Telling(kind, Opened(run, project, options), patience))
    return found
