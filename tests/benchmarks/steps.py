"""Our training loop against one written by hand: the same network, batches, optimizer, losses and validation.

Both run in turns in one process, and the medians of their epochs are compared, so that what else the machine does
falls on both alike.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.graph.project import Node, Project
from core.graph.templates import template
from core.model.build import build
from core.training.batches import Held
from core.training.control import Control
from core.training.events import EpochEnded, Event, RunStarted
from core.training.job import Job
from core.training.loop import train
from core.training.session import Session, open_session
from tests.benchmarks.table import Row
from tests.training.building import (
    chain,
    data,
    digits,
    inputs,
    linear,
    output,
    settings_with,
    with_params,
    with_training,
)

ROUNDS = 8
EPOCHS = 4
LONG_ROUNDS = 5
LONG_EPOCHS = 40
"""Enough for several looks into the network, of which there are at most four a second."""


def tiny() -> Project:
    """An MLP of 2-32-32-2 on 12,800 points, batches of 64: what a loop costs shows most."""
    hidden = (linear("hidden1", 32), Node("relu1", "ReLU"), linear("hidden2", 32), Node("relu2", "ReLU"))
    graph = chain(inputs("x", "y"), *hidden, linear("head", 2), output("class"))
    settings = settings_with(epochs=EPOCHS, batch_size=64)
    return Project("tiny MLP", data=data("moons", samples=12_800), graph=graph, training=settings)


def _sequence() -> Project:
    """An LSTM that reads digits row by row."""
    project = template("rows-as-sequence").load()
    return replace(project, name="LSTM", training=settings_with(epochs=EPOCHS, batch_size=64))


def ours(project: Project) -> list[float]:
    """Return the seconds of each epoch."""
    seconds: list[float] = []

    def emit(event: Event) -> None:
        if isinstance(event, EpochEnded):
            seconds.append(event.seconds)

    with tempfile.TemporaryDirectory() as folder:
        train(Job(project, Path(folder) / "run", threads=torch.get_num_threads()), emit, Control())
    return seconds


def _by_hand(project: Project, session: Session, **options: Any) -> list[float]:
    """Return the seconds of each epoch of a plain loop over tensors: loss and accuracy, no ``item`` per step."""
    training, validation, size = session.training, session.validation, project.training.batch_size
    assert isinstance(training, Held)
    assert isinstance(validation, Held)
    (inputs,), (targets,) = training.inputs, training.targets
    module = build(project).module
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(module.parameters(), lr=project.training.learning_rate, **options)
    seconds = []
    for _epoch in range(EPOCHS):
        began = time.perf_counter()
        module.train()
        total, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for rows in torch.randperm(len(targets)).split(size):
            wanted = targets[rows]
            optimizer.zero_grad()
            scores = module(inputs[rows])
            loss = loss_function(scores, wanted)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
            right += (scores.detach().argmax(1) == wanted).sum()
        _validate(module, loss_function, validation.inputs[0], validation.targets[0])
        (total.item(), right.item())
        seconds.append(time.perf_counter() - began)
    return seconds


def _validate(module: nn.Module, loss_function: nn.Module, inputs: Tensor, targets: Tensor) -> tuple[float, float]:
    module.eval()
    total, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
    with torch.inference_mode():
        for start in range(0, len(targets), 256):
            scores, wanted = module(inputs[start : start + 256]), targets[start : start + 256]
            total += loss_function(scores, wanted) * len(wanted)
            right += (scores.argmax(1) == wanted).sum()
    return total.item(), right.item()


def medians(*runs: Callable[[], list[float]], rounds: int = ROUNDS) -> list[float]:
    """Run each in turns, and return the median epoch of each; the first epochs warm up."""
    found: list[list[float]] = [[] for _ in runs]
    for _round in range(rounds):
        for seconds, run in zip(found, runs, strict=True):
            seconds += run()[1:]
    return [statistics.median(each) for each in found]


@contextmanager
def one_thread_less() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before - 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _head(project: Project) -> str:
    return project.graph.of_kind("Output")[0].name


def _processor_seconds(project: Project) -> float:
    """Return what a run takes of the processor from its start to the end of its last epoch."""
    marks: list[float] = []

    def emit(event: Event) -> None:
        if isinstance(event, RunStarted | EpochEnded):
            marks.append(time.process_time())

    with tempfile.TemporaryDirectory() as folder:
        train(Job(project, Path(folder) / "run", threads=torch.get_num_threads()), emit, Control())
    return marks[-1] - marks[0]


def _looking(project: Project) -> Row:
    """Return how much more processor time whole runs take with diagnostics than without: the median over rounds."""
    runs = [with_training(project, epochs=LONG_EPOCHS, diagnostics=each) for each in (True, False)]
    ratios = []
    for _round in range(LONG_ROUNDS):
        watched, unwatched = (_processor_seconds(each) for each in runs)
        ratios.append(watched / unwatched)
    return Row(f"diagnostics on / off, {project.name}", statistics.median(ratios), "×", 1.05)


def measure() -> list[Row]:
    """Return ratios of a step of ours to one of a loop written by hand."""
    rows = []
    with one_thread_less():
        for project in (tiny(), digits(epochs=EPOCHS), _sequence()):
            session = open_session(project, None, "cpu")
            without = replace(with_params(project, _head(project), metrics=()), name=project.name)
            own, plain, same, bare = medians(
                lambda project=project: ours(project),
                lambda project=project, session=session: _by_hand(project, session),
                lambda project=project, session=session: _by_hand(project, session, fused=True),
                lambda project=without: ours(project),
            )
            steps = session.order().steps
            rows += [
                Row(f"step, {project.name}", own / steps * 1e6, "µs"),
                Row(f"step / by hand, {project.name}", own / plain, "×", 1.05),
                Row(f"step / by hand with a fused optimizer, {project.name}", own / same, "×", 1.05),
                Row(f"metrics on / off, {project.name}", own / bare, "×", 1.05),
                _looking(project),
            ]
    return rows
