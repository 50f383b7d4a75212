"""How long the check of a graph of 1,000 nodes takes: with nothing known yet, and after an edit."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from core.graph.document import Document
from core.graph.edits import SetParameters
from core.graph.project import Node, Project
from core.model.shapes import forget
from core.training.check import check_project
from tests.benchmarks.table import Row
from tests.training.building import chain, data, inputs, linear, output

PAIRS = 499
EDITS = 200


def _deep() -> Project:
    """Return a chain of 1,000 nodes in which no two layers are the same."""
    nodes = [inputs("x", "y")]
    for number in range(PAIRS):
        nodes += [linear(f"linear{number}", 16 + number), Node(f"relu{number}", "LeakyReLU")]
    return Project("deep", data=data("spirals"), graph=chain(*nodes, output("class")))


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def measure() -> list[Row]:
    """Return the times of a cold check, of one after each of many edits, and of one where nothing changed."""
    document = Document(_deep())
    check_project(document.project)
    cold = []
    for _ in range(3):
        forget()
        cold.append(_seconds(lambda: check_project(document.project)))
    edited = []
    for number in range(EDITS):
        name, width = f"linear{number % PAIRS}", 1000 + number
        document.apply(SetParameters({name: {"out_features": width}}))
        edited.append(_seconds(lambda: check_project(document.project)) * 1000)
    again = [_seconds(lambda: check_project(document.project)) * 1000 for _ in range(20)]
    return [
        Row("check of 1,000 nodes, nothing known yet", statistics.median(cold), "s", 1.0),
        Row("check of 1,000 nodes after an edit, median", statistics.median(edited), "ms", 16.0),
        Row("check of 1,000 nodes after an edit, 99 %", statistics.quantiles(edited, n=100)[-1], "ms", 33.0),
        Row("check of 1,000 nodes, nothing changed", statistics.median(again), "ms"),
    ]
