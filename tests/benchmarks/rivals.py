"""Our training loop against what people use instead: Keras on PyTorch, and the usual loop over a ``DataLoader``.

The same tiny network, points, batches and optimizer; all of them in turns in one process.
"""

from __future__ import annotations

import logging
import os
import time

import torch
from torch import nn

from core.graph.project import Project
from core.model.build import build
from core.training.session import Session, open_session
from tests.benchmarks.steps import EPOCHS, medians, one_thread_less, ours, tiny
from tests.benchmarks.table import Row


def _keras(project: Project, session: Session) -> list[float]:
    """Return the seconds of each epoch of ``Model.fit`` with accuracy and a validation set."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    logging.getLogger("keras").setLevel(logging.ERROR)
    training, validation = session.training.part(0, 10**9), session.validation
    assert validation is not None
    held = validation.part(0, 10**9)
    layers = [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(32, activation="relu")]
    model = keras.Sequential([keras.layers.Input((2,)), *layers, keras.layers.Dense(2)])
    model.compile(
        optimizer=keras.optimizers.Adam(project.training.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    clock = _Clock()
    model.fit(
        training.inputs[0].numpy(),
        training.targets[0].numpy(),
        batch_size=project.training.batch_size,
        epochs=EPOCHS,
        validation_data=(held.inputs[0].numpy(), held.targets[0].numpy()),
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=clock.begin, on_epoch_end=clock.end)],
    )
    return clock.seconds


class _Clock:
    """Takes the time of epochs."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._began = 0.0

    def begin(self, _epoch: int, _logs: object = None) -> None:
        self._began = time.perf_counter()

    def end(self, _epoch: int, _logs: object = None) -> None:
        self.seconds.append(time.perf_counter() - self._began)


def _loader(project: Project, session: Session) -> list[float]:
    """Return the seconds of each epoch of a loop over a ``DataLoader``, as tutorials write it."""
    whole = session.training.part(0, 10**9)
    points = torch.utils.data.TensorDataset(whole.inputs[0], whole.targets[0])
    loader = torch.utils.data.DataLoader(points, batch_size=project.training.batch_size, shuffle=True)
    module = build(project).module
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(module.parameters(), lr=project.training.learning_rate)
    seconds = []
    for _epoch in range(EPOCHS):
        began = time.perf_counter()
        total, right = 0.0, 0
        for inputs, wanted in loader:
            optimizer.zero_grad()
            scores = module(inputs)
            loss = loss_function(scores, wanted)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(wanted)
            right += int((scores.argmax(1) == wanted).sum())
        seconds.append(time.perf_counter() - began)
    return seconds


def measure() -> list[Row]:
    """Return how a step of ours compares."""
    project = tiny()
    with one_thread_less():
        session = open_session(project, None, "cpu")
        own, keras, loader = medians(
            lambda: ours(project),
            lambda: _keras(project, session),
            lambda: _loader(project, session),
            rounds=3,
        )
    return [
        Row(f"step / Keras 3 on PyTorch, {project.name}", own / keras, "×", 1 / 3),
        Row(f"step / loop over a DataLoader, {project.name}", own / loader, "×", 1.0),
    ]
