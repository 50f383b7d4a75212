"""How a running training is steered from another thread: pause, go on, stop, another learning rate."""

from __future__ import annotations

import math
import threading

from core.errors import TrainingError


class Control:
    """Shared by the training loop, which looks at it at every step, and whoever steers it. All of it is thread-safe."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._running.set()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._learning_rate: float | None = None
        self.wanted = False
        """True while there is something for the loop to look at; all that an undisturbed step reads."""

    @property
    def paused(self) -> bool:
        """True from ``pause`` to ``resume`` or ``stop``."""
        return not self._running.is_set()

    @property
    def stopping(self) -> bool:
        """True once ``stop`` was called."""
        return self._stop.is_set()

    def pause(self) -> None:
        """Make the loop wait before its next step; it uses no processor time meanwhile."""
        with self._lock:
            if not self._stop.is_set():
                self._running.clear()
                self.wanted = True

    def resume(self) -> None:
        """Let a paused loop go on."""
        self._running.set()

    def stop(self) -> None:
        """End training before its next step, paused or not. Weights are kept, and the run can be resumed."""
        with self._lock:
            self._stop.set()
            self.wanted = True
            self._running.set()

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the learning rate from the next step on.

        Raises:
            TrainingError: it is not a finite number above 0.
        """
        if not (math.isfinite(learning_rate) and learning_rate > 0):
            raise TrainingError(f"The learning rate must be a number above 0, not {learning_rate}.")
        with self._lock:
            self._learning_rate = learning_rate
            self.wanted = True

    def take_learning_rate(self) -> float | None:
        """For the loop: return the learning rate asked for since the last call, or None."""
        with self._lock:
            learning_rate, self._learning_rate = self._learning_rate, None
            self.wanted = self._stop.is_set() or not self._running.is_set()
            return learning_rate

    def wait(self) -> None:
        """For the loop: return once it may go on, or has to stop."""
        self._running.wait()
