"""How a running training is steered from another thread or process: a queue of commands that the loop takes."""

from __future__ import annotations

import json
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from core.errors import TrainingError

What = Literal[
    "learning-rate", "epochs", "freeze", "unfreeze", "checkpoint", "pin", "sample", "pause", "resume", "stop"
]
"""What a command does; "freeze" and "unfreeze" name a layer, "learning-rate" and "epochs" give a number, "pin" and
"sample" a list in JSON: paths of nodes, or a number and the part of the data."""
_WHATS = get_args(What)


@dataclass(frozen=True)
class Command:
    """One thing that is asked of a running training. It survives JSON, so that it can go to another process."""

    what: What
    value: float | str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the command as what JSON can hold."""
        return {"what": self.what, "value": self.value}


def command_from_json(value: Mapping[str, Any]) -> Command:
    """Return the command that ``to_json`` described.

    Raises:
        ValueError: it describes none.
    """
    if value.get("what") not in _WHATS:
        raise ValueError(f"there is no command '{value.get('what')}'")
    return Command(value["what"], value.get("value"))


class Control:
    """Shared by the training loop, which looks at it at every step, and whoever steers it. All of it is thread-safe.

    Commands wait in the order in which they were given. ``pause``, ``resume`` and ``stop`` take effect at once: a
    paused loop wakes for whatever is asked of it, does it, and goes on waiting until ``resume`` or ``stop``.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._commands: deque[Command] = deque()
        self._send: Callable[[Command], None] | None = None
        self._paused = False
        self._stopping = False
        self.wanted = False
        """True while there is something for the loop to look at; all that an undisturbed step reads."""

    @property
    def paused(self) -> bool:
        """True from ``pause`` to ``resume`` or ``stop``."""
        return self._paused

    @property
    def stopping(self) -> bool:
        """True once ``stop`` was called."""
        return self._stopping

    # --- for whoever steers -------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Make the loop wait before its next step; it uses no processor time meanwhile."""
        self.give(Command("pause"))

    def resume(self) -> None:
        """Let a paused loop go on."""
        self.give(Command("resume"))

    def stop(self) -> None:
        """End training before its next step, paused or not. Weights are kept, and the run can be resumed."""
        self.give(Command("stop"))

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the learning rate from the next step on; a schedule goes on from there in proportion.

        Raises:
            TrainingError: it is not a finite number above 0.
        """
        self.give(Command("learning-rate", learning_rate))

    def set_epochs(self, epochs: int) -> None:
        """Change after how many epochs training ends; fewer than are done end it after the present one.

        Raises:
            TrainingError: it is not a whole number above 0.
        """
        self.give(Command("epochs", epochs))

    def freeze(self, layer: str) -> None:
        """Keep the weights and running statistics of a layer as they are; a name inside a group is ``group.layer``."""
        self.give(Command("freeze", layer))

    def unfreeze(self, layer: str) -> None:
        """Let a frozen layer learn."""
        self.give(Command("unfreeze", layer))

    def checkpoint(self) -> None:
        """Write a checkpoint before the next step."""
        self.give(Command("checkpoint"))

    def pin(self, paths: Iterable[str]) -> None:
        """Make pictures of these nodes, at most 16, from the next step on; see ``core.training.diagnostics``."""
        self.give(Command("pin", json.dumps(list(paths))))

    def show_sample(self, index: int, part: Literal["training", "validation"] = "validation") -> None:
        """Make the pictures of this sample, counted from 0 in its part of the data."""
        self.give(Command("sample", json.dumps([index, part])))

    def give(self, command: Command) -> None:
        """Put a command into the queue.

        Raises:
            TrainingError: its value is impossible.
        """
        _require_possible(command)
        with self._changed:
            if self._send is not None:
                self._send(command)
            self._take_in(command)

    def _take_in(self, command: Command) -> None:
        if command.what == "pause":
            self._paused = not self._stopping
        elif command.what == "resume":
            self._paused = False
        elif command.what == "stop":
            self._stopping, self._paused = True, False
        else:
            self._commands.append(command)
        self.wanted = self._paused or self._stopping or bool(self._commands)
        self._changed.notify_all()

    # --- for the loop -------------------------------------------------------------------------------------------------

    def take(self) -> tuple[Command, ...]:
        """Return what was asked for since the last call, in order (pause, resume and stop are states, not in it)."""
        with self._changed:
            commands = tuple(self._commands)
            self._commands.clear()
            self.wanted = self._paused or self._stopping
            return commands

    def wait(self, seconds: float | None = None) -> None:
        """Return once a paused loop may go on, has to stop, or has a command to carry out; or after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._paused or bool(self._commands), seconds)

    def forward(self, send: Callable[[Command], None] | None) -> None:
        """Hand every command on as it is given, to a loop in another process; what was asked before goes first.

        ``None`` ends it.
        """
        with self._changed:
            self._send = send
            if send is None:
                return
            for command in self._commands:
                send(command)
            self._commands.clear()
            if self._stopping or self._paused:
                send(Command("stop" if self._stopping else "pause"))


def _require_possible(command: Command) -> None:
    value = command.value
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    if command.what == "learning-rate" and not number:
        raise TrainingError(f"The learning rate must be a number above 0, not {value}.")
    if command.what == "epochs" and not (number and isinstance(value, int)):
        raise TrainingError(f"The number of epochs must be a whole number above 0, not {value}.")
    if command.what in ("freeze", "unfreeze") and not (isinstance(value, str) and value):
        raise TrainingError(f"Name the layer to {command.what}.")
