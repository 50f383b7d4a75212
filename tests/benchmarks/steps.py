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
from core.model.build import build
from core.training.control import Control
from core.training.events import EpochEnded, Event
from core.training.job import Job
from core.training.loop import train
from core.training.session import Session, open_session
from tests.benchmarks.table import Row
from tests.training.building import chain, data, digits, inputs, linear, output, settings_with, with_params

ROUNDS = 8
EPOCHS = 4


def _tiny() -> Project:
    """An MLP of 2-32-32-2 on 12,800 points, batches of 64: what a loop costs shows most."""
    hidden = (linear("hidden1", 32), Node("relu1", "ReLU"), linear("hidden2", 32), Node("relu2", "ReLU"))
    graph = chain(inputs("x", "y"), *hidden, linear("head", 2), output("class"))
    settings = settings_with(epochs=EPOCHS, batch_size=64)
    return Project("tiny MLP", data=data("moons", samples=12_800), graph=graph, training=settings)


def _ours(project: Project) -> list[float]:
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
    assert validation is not None
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


def _medians(*runs: Callable[[], list[float]]) -> list[float]:
    """Run each in turns, and return the median epoch of each; the first epochs warm up."""
    found: list[list[float]] = [[] for _ in runs]
    for _round in range(ROUNDS):
        for seconds, run in zip(found, runs, strict=True):
            seconds += run()[1:]
    return [statistics.median(each) for each in found]


@contextmanager
def _one_thread_less() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before - 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def measure() -> list[Row]:
    """Return ratios of a step of ours to one of a loop written by hand."""
    rows = []
    with _one_thread_less():
        for project in (_tiny(), digits(epochs=EPOCHS)):
            session = open_session(project, None, "cpu")
            without = replace(with_params(project, "out", metrics=()), name=project.name)
            ours, plain, same, bare = _medians(
                lambda project=project: _ours(project),
                lambda project=project, session=session: _by_hand(project, session),
                lambda project=project, session=session: _by_hand(project, session, fused=True),
                lambda project=without: _ours(project),
            )
            steps = session.order().steps
            rows += [
                Row(f"step, {project.name}", ours / steps * 1e6, "µs"),
                Row(f"step / by hand, {project.name}", ours / plain, "×", 1.05),
                Row(f"step / by hand with a fused optimizer, {project.name}", ours / same, "×", 1.05),
                Row(f"metrics on / off, {project.name}", ours / bare, "×", 1.05),
            ]
    return rows
