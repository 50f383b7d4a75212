"""What happens in the thread of a training: the loop itself or a process that runs it, told through a queue."""

from __future__ import annotations

import queue
import threading
import traceback
from dataclasses import dataclass

from core.errors import LayerwrightError
from core.loading import imports
from core.training.control import Control
from core.training.events import Event, Failed, RunStarted
from core.training.job import Job
from designer.training.live import held


class Ended:
    """The last thing in the queue: the thread has nothing more to say."""


@dataclass(frozen=True)
class Held:
    """What a run that goes on was told to keep from learning, or to let learn, before it ended."""

    frozen: frozenset[str]


Told = Event | Held | Ended


class TrainingThread:
    """Trains a job in a thread (``isolated``: in a process that the thread follows). ``events`` ends with Ended."""

    def __init__(self, job: Job, *, isolated: bool, frozen: frozenset[str]) -> None:
        self.job = job
        self.isolated = isolated
        self.events: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self.control = Control()
        self._frozen = frozen
        self._has_failed = False
        self._thread = threading.Thread(target=self._train, name="layerwright-training", daemon=True)

    @property
    def is_alive(self) -> bool:
        """True until all has been told."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _train(self) -> None:
        """Run the loop. However it ends, the queue tells it: nothing escapes into the thread's own hook."""
        try:
            with imports:
                from core.training.loop import train
                from core.training.process import train_isolated
            (train_isolated if self.isolated else train)(self.job, self._emit, self.control)
        # The loop has told of its own failures; what comes before it starts (a library that is missing) is told here.
        except Exception as error:
            if not self._has_failed:
                self.events.put(_failure(error))
        finally:
            self.events.put(Ended())

    def _emit(self, event: Event) -> None:
        self._has_failed = self._has_failed or isinstance(event, Failed)
        self.events.put(event)
        if isinstance(event, RunStarted) and self.job.resume:
            from core.training.runs import read_events

            # By now the log is cut back to the checkpoint from which the run goes on.
            self.events.put(Held(held(self._frozen, read_events(self.job.run / "metrics.jsonl"))))


def _failure(error: Exception) -> Failed:
    if isinstance(error, LayerwrightError):
        return Failed(str(error), error.node or "")
    return Failed(f"{type(error).__name__}: {error}", details="".join(traceback.format_exception(error)))
