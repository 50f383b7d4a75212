"""Carries out what is asked of a running training, and says what changed in a line."""

from __future__ import annotations

from core.errors import TrainingError
from core.training.control import Command
from core.training.course import Course
from core.training.events import Changed, Message


def obey(course: Course, command: Command) -> Changed | Message | None:
    """Do what a command asks for, but for pausing, stopping and checkpoints; return what is to be told of it, if any.

    What cannot be done changes nothing, and is said.
    """
    try:
        if command.what in ("pin", "sample"):
            _look_at(course, command)
            return None
        value, text = _carry_out(course, command)
    except TrainingError as error:
        return Message(error.message, "warning", command.what)
    return Changed(command.what, value, text, course.epoch + 1, course.step)


def _look_at(course: Course, command: Command) -> None:
    """Let the observer look at something else, which changes nothing that is learned."""
    if course.steps.observer is None:
        raise TrainingError("The training setting diagnostics is off, so that no node can be looked at.")
    course.steps.observer.obey(command.what, str(command.value))


def _carry_out(course: Course, command: Command) -> tuple[float | str | None, str]:
    if command.what == "learning-rate":
        rate = float(command.value or 0.0)
        course.schedule.set_rate(rate)
        return rate, f"learning rate {rate:g}"
    if command.what == "epochs":
        epochs = max(int(command.value or 0), course.epoch + course.in_epoch)
        course.set_epochs(epochs)
        return epochs, f"{epochs} epochs"
    layer = str(command.value)
    frozen = command.what == "freeze"
    course.hold(layer, frozen=frozen)
    return layer, f"{layer} {'frozen' if frozen else 'learns again'}"
