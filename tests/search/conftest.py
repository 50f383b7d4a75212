"""A small classifier of flowers to be searched, and sweeps of it that were really run."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.data.bind import bind
from core.graph.project import DataBinding, Dimension, End, Graph, Group, Node, Project, Search, TrainingSettings
from core.search.folder import Sweep, make_sweep

RATE = Dimension("training/learning_rate", 1e-3, 1e-1, log=True)
WIDTH = Dimension("node/linear1/out_features", 2, 16, 2)
KIND = Dimension("node/act/kind", choices=("ReLU", "Tanh"))


def written(folder: Path) -> DataBinding:
    """Return flowers in a file: for processes that are started, which scikit-learn would keep waiting."""
    rows = [
        f"{kind + row % 7 / 9},{kind + row % 5 / 4},{row % 3},{'abc'[kind]}" for row in range(20) for kind in range(3)
    ]
    (folder / "flowers.csv").write_text("\n".join(("length,width,noise,species", *rows)) + "\n")
    return bind("csv", {"path": str(folder / "flowers.csv")})


def flowers(search: Search | None = None, data: DataBinding | None = None) -> Project:
    """Return a classifier with a variable, an activation and a group of two layers in its middle."""
    data = data or bind("iris", {})
    fields = tuple(field.name for field in data.with_role("input"))
    nodes = (
        Node("features", "Input", {"fields": fields}),
        Node("linear1", "Linear", {"out_features": "width"}),
        Node("act", "ReLU"),
        Node("block", "group:Block"),
        Node("linear2", "Linear", {"out_features": 3}),
        Node("answer", "Output", {"target": data.with_role("target")[0].name}),
    )
    ends = (("features", "output"), ("linear1", "output"), ("act", "output"), ("block", "y"), ("linear2", "output"))
    links = {
        End(after.name, "x" if after.name == "block" else "input"): End(*before)
        for before, after in zip(ends, nodes[1:], strict=True)
    }
    inner = (
        Node("x", "Input", {"shape": (8,)}),
        Node("inner", "Linear", {"out_features": "width"}),
        Node("drop", "Dropout"),
        Node("y", "Output"),
    )
    inside = {End(two.name, "input"): End(one.name, "output") for one, two in itertools.pairwise(inner)}
    block = Group("Block", Graph({node.name: node for node in inner}, inside))
    return Project(
        "Flowers",
        variables={"width": 8, "rate": 0.5},
        data=data,
        graph=Graph({node.name: node for node in nodes}, links),
        groups={"Block": block},
        training=TrainingSettings(epochs=2, diagnostics=False),
        search=search or Search(),
    )


def searching(*dimensions: Dimension, data: DataBinding | None = None, **more: object) -> Project:
    """Return the classifier with a search of these places."""
    search = Search(dimensions or (RATE, KIND), trials=4)
    return flowers(replace(search, **more), data)  # type: ignore[arg-type]


MakeSweep = Callable[..., Sweep]


@pytest.fixture
def sweep_of(tmp_path: Path) -> MakeSweep:
    """Make sweeps, each in a folder of its own."""
    made: list[Sweep] = []

    def make(*dimensions: Dimension, **more: object) -> Sweep:
        made.append(make_sweep(tmp_path / f"sweep{len(made)}", searching(*dimensions, **more)))
        return made[-1]

    return make
