"""How long the check takes: with nothing known yet, after an edit of a large graph, and of recurrent layers."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

from core.graph.document import Document
from core.graph.edits import SetParameters
from core.graph.project import Node, Project
from core.model.shapes import check, forget
from core.training.check import check_project
from tests.benchmarks.table import Row
from tests.model.building import chain as row_of
from tests.model.building import given, layer
from tests.training.building import chain, data, inputs, linear, output

EDITS = 200


def _deep(pairs: int) -> Project:
    """Return a chain of about twice as many nodes in which no two layers are the same."""
    nodes = [inputs("x", "y")]
    for number in range(pairs):
        nodes += [linear(f"linear{number}", 16 + number), Node(f"relu{number}", "LeakyReLU")]
    return Project("deep", data=data("spirals"), graph=chain(*nodes, output("class")))


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _edited(document: Document, pairs: int) -> list[float]:
    """Return the milliseconds that the check takes after each of many edits."""
    found = []
    for number in range(EDITS):
        name, width = f"linear{number % pairs}", 10_000 + number
        document.apply(SetParameters({name: {"out_features": width}}))
        found.append(_seconds(lambda: check_project(document.project)) * 1000)
    return found


def _one_of_a_kind(kind: str, shape: tuple[int | str, ...], sizes: str) -> float:
    """Return the milliseconds that one new layer costs."""
    found = []
    for number in range(40):
        project = row_of(given(*shape), layer("new", kind, **{sizes: 10 + number}))
        found.append(_seconds(lambda project=project: check(project)) * 1000)
    return statistics.median(found)


def measure() -> list[Row]:
    """Return the times of a cold check, of one after each of many edits, and of one where nothing changed."""
    document, large = Document(_deep(499)), Document(_deep(2499))
    check_project(document.project)
    gc.freeze()  # as the designer does once PyTorch is loaded
    cold = []
    for _ in range(3):
        forget()
        cold.append(_seconds(lambda: check_project(document.project)))
    edited = _edited(document, 499)
    again = [_seconds(lambda: check_project(document.project)) * 1000 for _ in range(20)]
    check_project(large.project)
    recurrent = _one_of_a_kind("LSTM", ("T", 16), "hidden_size") / _one_of_a_kind("Conv2d", (3, 16, 16), "out_channels")
    return [
        Row("check of 1,000 nodes, nothing known yet", statistics.median(cold), "s", 1.0),
        Row("check of 1,000 nodes after an edit, median", statistics.median(edited), "ms", 16.0),
        Row("check of 1,000 nodes after an edit, 99 %", statistics.quantiles(edited, n=100)[-1], "ms", 33.0),
        Row("check of 1,000 nodes, nothing changed", statistics.median(again), "ms"),
        Row("check of 5,000 nodes after an edit, median", statistics.median(_edited(large, 2499)), "ms", 50.0),
        Row("a new LSTM / a new Conv2d", recurrent, "×", 3.0),
    ]
