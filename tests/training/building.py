"""Small trainable projects, and a short way to train them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.data.bind import bind
from core.graph.project import DataBinding, End, Graph, Node, Project, TrainingSettings
from core.training.control import Control
from core.training.events import Event
from core.training.job import Job
from core.training.loop import train
from core.training.summary import Summary

PENGUINS = Path(__file__).parents[1] / "data" / "penguins_small.csv"


@lru_cache
def data(source: str, **options: Any) -> DataBinding:
    """Bind a source once."""
    return bind(source, options)


def chain(*nodes: Node) -> Graph:
    """Link nodes of one input each in a row."""
    links = {End(after.name, "input"): End(before.name, "output") for before, after in pairwise(nodes)}
    return Graph({node.name: node for node in nodes}, links)


def linear(name: str, width: int) -> Node:
    """Return a Linear of that many outputs."""
    return Node(name, "Linear", {"out_features": width})


def inputs(*fields: str) -> Node:
    """Return an Input bound to these fields."""
    return Node("x", "Input", {"fields": fields})


def output(target: str, **params: Any) -> Node:
    """Return an Output that predicts this field."""
    return Node("out", "Output", {"target": target, **params})


def moons(width: int = 1, **settings: Any) -> Project:
    """Two classes of 400 points, a hidden layer of 16 and ``width`` outputs."""
    graph = chain(inputs("x", "y"), linear("hidden", 16), Node("tanh", "Tanh"), linear("head", width), output("class"))
    return Project("moons", data=data("moons"), graph=graph, training=settings_with(learning_rate=0.02, **settings))


def spirals(*middle: Node, width: int = 3, **params: Any) -> Project:
    """Three classes; ``middle`` stands between the head and the output."""
    graph = chain(
        inputs("x", "y"),
        linear("hidden", 16),
        Node("relu", "ReLU"),
        linear("head", width),
        *middle,
        output("class", **params),
    )
    return Project("spirals", data=data("spirals"), graph=graph, training=settings_with())


def diabetes(width: int = 1, **params: Any) -> Project:
    """A number from ten columns."""
    binding = data("diabetes")
    columns = [field.name for field in binding.with_role("input")]
    target = binding.with_role("target")[0].name
    graph = chain(
        inputs(*columns), linear("hidden", 16), Node("relu", "ReLU"), linear("head", width), output(target, **params)
    )
    return Project("diabetes", data=binding, graph=graph, training=settings_with())


def digits(*, head: tuple[Node, ...] = (), **settings: Any) -> Project:
    """A small convolutional network with batch normalisation and dropout on images of 8 by 8."""
    head = head or (Node("flatten", "Flatten"), Node("dropout", "Dropout", {"p": 0.25}), linear("head", 10))
    graph = chain(
        inputs("image"),
        Node("conv1", "Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1}),
        Node("norm", "BatchNorm2d"),
        Node("relu1", "ReLU"),
        Node("pool1", "MaxPool2d", {"kernel_size": 2}),
        Node("conv2", "Conv2d", {"out_channels": 32, "kernel_size": 3, "padding": 1}),
        Node("relu2", "ReLU"),
        *head,
        output("digit"),
    )
    return Project("digits", data=data("digits"), graph=graph, training=settings_with(**settings))


def settings_with(**settings: Any) -> TrainingSettings:
    """Return settings for a quick training on the CPU."""
    return TrainingSettings(**{"epochs": 3, "device": "cpu", **settings})


def with_training(project: Project, **settings: Any) -> Project:
    """Return the project with some training settings changed."""
    return replace(project, training=replace(project.training, **settings))


def with_params(project: Project, name: str, **params: Any) -> Project:
    """Return the project with parameters of one node changed."""
    node = project.graph.nodes[name]
    changed = replace(node, params={**node.params, **params})
    return replace(project, graph=replace(project.graph, nodes={**project.graph.nodes, name: changed}))


class StopsAfter(Control):
    """Stops before a step: the loop looks at ``wanted`` before each."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._left = steps

    @property
    def wanted(self) -> bool:
        """True when so many steps were taken."""
        self._left -= 1
        if self._left == 0:
            self.stop()
        return self.stopping

    @wanted.setter
    def wanted(self, value: bool) -> None:
        pass


def trained(project: Project, run: Path, **job: Any) -> tuple[Summary, list[Event]]:
    """Train to the end; return the summary and all events."""
    events: list[Event] = []
    summary = train(Job(project, run, **{"threads": 1, **job}), events.append, Control())
    return summary, events
