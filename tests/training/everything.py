"""A project in which all that has a state takes part, for what must survive a kill to the bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.graph.project import End, Graph, Node, Project
from tests.training.building import data, inputs, linear, settings_with


def augmented(project: Project, **augment: dict[str, Any]) -> Project:
    """Return the project with its images changed anew in every epoch."""
    fields = tuple(replace(each, augment=augment) if each.meaning == "image" else each for each in project.data.fields)
    return replace(project, data=replace(project.data, fields=fields))


def everything(**settings: Any) -> Project:
    """Convolution, batch normalisation, dropout, an LSTM and two outputs on digits of 8 by 8; 3 batches to a step."""
    nodes = (
        replace(inputs("image"), name="x"),
        Node("conv1", "Conv2d", {"out_channels": 8, "kernel_size": 3, "padding": 1}),
        Node("norm", "BatchNorm2d"),
        Node("relu1", "ReLU"),
        Node("dropout", "Dropout", {"p": 0.2}),
        Node("rows", "Flatten", {"start_dim": 2}),
        Node("lstm", "LSTM", {"hidden_size": 12}),
        Node("flatten", "Flatten"),
        linear("hidden", 24),
        Node("relu2", "ReLU"),
        linear("head", 10),
        linear("second", 10),
        Node("digit", "Output", {"target": "digit"}),
        Node("again", "Output", {"target": "digit", "loss_weight": 0.3, "class_weights": "balanced"}),
    )
    links = {
        "conv1": "x",
        "norm": "conv1",
        "relu1": "norm",
        "dropout": "relu1",
        "rows": "dropout",
        "lstm": "rows",
        "flatten": "lstm",
        "hidden": "flatten",
        "relu2": "hidden",
        "head": "relu2",
        "second": "relu2",
        "digit": "head",
        "again": "second",
    }
    graph = Graph(
        {node.name: node for node in nodes},
        {End(after, "input"): End(before, "output") for after, before in links.items()},
    )
    training = settings_with(
        **{"epochs": 6, "accumulate": 3, "average": "ema", "average_decay": 0.95, "clip": "norm", **settings}
    )
    return Project("everything", data=data("digits"), graph=graph, training=training)
