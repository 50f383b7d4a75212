"""Trying a network out before a long run: one batch through everything, or one batch learned by heart.

Both leave weights, buffers, optimizer, averages and random state to the bit as they were.
"""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from core.graph.project import Project
from core.training.batches import Batch
from core.training.course import Course
from core.training.failures import explain, first_not_finite
from core.training.randomness import random_state, set_random_state
from core.training.reachable import Ends, ends
from core.training.session import open_session
from core.training.watch import NotFiniteError

_LEARNED = 0.9
"""A batch is learned by heart once the loss went this share of the way to the least that is possible."""
_IN_PART = 0.25
"""From this share of the way on, the network has begun to tell the samples of a batch apart."""
_TIMED_STEPS = 3


def course_for_trial(project: Project, base: Path | None = None, device: str | None = None) -> Course:
    """Return a course of a project at its start, to be tried out; nothing is written anywhere.

    Raises:
        TrainingError, DataError, ModelError: the project cannot be trained; the message says why.
    """
    with _same_randomness():
        return Course(open_session(project, base, device), project.training.epochs)


@contextmanager
def _same_randomness() -> Iterator[None]:
    before = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(before)


@contextmanager
def undisturbed(course: Course) -> Iterator[None]:
    """Let everything that moves in training move inside the block, and put it back afterwards."""
    module, steps = course.network.module, course.steps
    tensors = [*module.parameters(), *module.buffers()]
    before = [each.detach().clone() for each in tensors]
    gradients = [None if each.grad is None else each.grad.clone() for each in module.parameters()]
    optimizer = copy.deepcopy(course.optimizer.state_dict())
    average = None if course.average is None else copy.deepcopy(course.average.state())
    scaler = None if steps.scaler is None else copy.deepcopy(steps.scaler.state_dict())
    modes = {each: each.training for each in module.modules()}
    random, observer = random_state(course.network.device), steps.observer
    steps.observer = None
    try:
        yield
    finally:
        steps.observer = observer
        set_random_state(random)
        with torch.no_grad():
            for tensor, kept in zip(tensors, before, strict=True):
                tensor.copy_(kept)
        for weight, gradient in zip(module.parameters(), gradients, strict=True):
            weight.grad = gradient
        for each, training in modes.items():
            each.training = training
        course.optimizer.load_state_dict(optimizer)
        if course.average is not None and average is not None:
            course.average.load_state(average)
        if steps.scaler is not None and scaler:
            steps.scaler.load_state_dict(scaler)
        steps.watch.reset()


# --- one batch through everything -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DryRun:
    """What one step and one validation batch showed. ``message`` is empty where all went well.

    ``seconds`` are those of a step once all is warm, ``epoch_seconds`` what follows for an epoch's training. ``memory``
    is what the step needed at most, in bytes (0: the system does not say). ``loss`` is that of the first step, before
    anything was learned.
    """

    message: str = ""
    node: str = ""
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    memory: int = 0
    loss: float = 0.0

    @property
    def ok(self) -> bool:
        """True where training can begin."""
        return not self.message


def dry_run(course: Course) -> DryRun:
    """Take a few steps with the first batches, measure a batch of the validation part, and tell how that went."""
    with undisturbed(course):
        window = _first_window(course)
        try:
            return _measured(course, window)
        except NotFiniteError as error:
            what, node = first_not_finite(course.network, window[0])
            where = f": {what} of '{node}'" if node else ""
            return DryRun(f"The {error.what} of the first batches is infinite or not a number{where}.", node)
        # Whatever a layer of the user's own raises is what the dry run is for.
        except Exception as error:
            found = explain(error, course.network.built, course.settings)
            return DryRun(found.message, found.node)


def _measured(course: Course, window: list[Batch]) -> DryRun:
    device = course.network.device
    course.network.train()
    before = _memory(device)
    seconds: list[float] = []
    losses: list[float] = []
    for _ in range(_TIMED_STEPS):
        meter = course.session.meter()
        began = time.perf_counter()
        course.steps.take(window, meter, 0)
        course.steps.watch.verify()
        seconds.append(time.perf_counter() - began)
        losses.append(meter.values()["loss"])
    memory = max(0, _memory(device) - before) if device.type == "cpu" else _memory(device)
    validation = course.session.validation
    if validation is not None:
        batch = validation.part(0, min(course.settings.batch_size, validation.count))
        course.network.module.eval()
        with torch.inference_mode():
            found = course.network.losses(course.network.forward(batch.inputs), batch)
            seen = course.session.meter()
            course.network.show(seen, batch, found)
            seen.values()
    step = min(seconds)
    return DryRun("", "", step, step * course.steps_per_epoch, memory, losses[0])


def _memory(device: torch.device) -> int:
    """Return the most memory that was in use so far: of the GPU, or of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if device.type == "xpu":
        return int(torch.xpu.max_memory_allocated(device))
    if device.type == "mps":
        return int(torch.mps.driver_allocated_memory())
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _first_window(course: Course) -> list[Batch]:
    order = course.session.order()
    order.shuffle()
    rows = [order.next() for _ in range(min(course.accumulate, order.steps))]
    return list(course.session.training.batches(rows, 0))


# --- one batch by heart -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overfit:
    """The loss over one batch, step by step.

    ``learned``: it went nine tenths of the way from what one answer for all samples gives to the least that is
    possible, as it should for a network that works. Where neither can be told, it fell to a tenth of what it was.
    """

    losses: tuple[float, ...]
    learned: bool
    message: str


def overfit_batch(
    course: Course,
    steps: int = 200,
    go_on: Callable[[], bool] = lambda: True,
    tell: Callable[[float], None] = lambda _loss: None,
) -> Overfit:
    """Learn one batch by heart: a network that cannot do that has a mistake in it, or cannot express the task.

    ``go_on`` is asked before every step, ``tell`` told each loss; the schedule of the learning rate is left out.
    """
    with undisturbed(course):
        batch = _first_window(course)[:1]
        course.network.train()
        losses: list[float] = []
        try:
            while len(losses) < steps and go_on():
                losses.append(one_loss(course, batch))
                tell(losses[-1])
        except NotFiniteError as error:
            return Overfit(tuple(losses), False, f"The {error.what} became infinite: try a lower learning rate.")
        if not losses:
            return Overfit((), False, "Nothing was tried.")
        penalty = course.network.penalty()
        return Overfit(
            tuple(losses), *_judged(losses, ends(course.network, batch[0]), 0.0 if penalty is None else float(penalty))
        )


def one_loss(course: Course, window: list[Batch]) -> float:
    """Take a step and return its loss, penalties included."""
    meter = course.session.meter()
    course.steps.take(window, meter, 0)
    course.steps.watch.verify()
    return meter.values()["loss"]


def _judged(losses: list[float], found: Ends | None, penalty: float) -> tuple[bool, str]:
    """Return whether a batch was learned, and what to say; ``penalty`` is what the layers add to each loss."""
    least = min(losses[-max(1, len(losses) // 10) :])
    fell = f"fell from {losses[0]:.3g} to {least:.3g}"
    if found is None:
        share, compared = 1 - least / losses[0] if losses[0] > 0 else 0.0, ""
    else:
        share = found.share(least - penalty)
        compared = f" One answer for all samples gives {found.blind + penalty:.3g} at best, the right one for each "
        compared += f"{found.least + penalty:.3g}."
    if share >= _LEARNED:
        return True, f"The batch was learned: the loss {fell}.{compared}"
    if found is not None and share >= _IN_PART:
        return False, (
            f"The batch is learned in part: the loss {fell} in {len(losses)} steps.{compared} Try another "
            "learning rate, less dropout or a larger network, and see whether it then goes all the way."
        )
    return False, (
        f"The loss only {fell} in {len(losses)} steps.{compared} A network without mistakes learns a single batch by "
        "heart: look for a wrong target or loss, a missing link, strong dropout, or a learning rate that is far too "
        "low or high."
    )
