"""Trains with an observer that looks at every step, and small networks of many kinds to look into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.graph.project import End, Graph, Group, Node, Project
from core.training.batches import Batch
from core.training.course import Course
from core.training.diagnostics.observer import Diagnostics
from core.training.diagnostics.pictures import Picture, picture_of
from core.training.events import Diagnosed, Event, Pictured
from core.training.session import Session, open_session
from tests.training.building import chain, data, inputs, linear, output, settings_with

ATTENTIVE = Node("attention", "MultiheadAttention", {"num_heads": 2})
ROWS = Node("rows", "Squeeze", {"dim": 1})


@dataclass
class Watched:
    """A run over some steps: what it told, where it is, its last batch and the weights before its last step."""

    session: Session
    course: Course
    events: list[Event]
    observer: Diagnostics | None
    batch: Batch | None = None
    before: dict[str, Tensor] | None = None

    @property
    def diagnosed(self) -> Diagnosed:
        """The last figures."""
        return [each for each in self.events if isinstance(each, Diagnosed)][-1]

    def pictures(self) -> dict[tuple[str, str], Picture]:
        """The last pictures, by node and kind."""
        found = [picture_of(each) for each in self.events if isinstance(each, Pictured)]
        return {(each.node, each.kind): each for each in found}


def watched(
    project: Project,
    steps: int = 3,
    *,
    look: bool = True,
    folder: Path | None = None,
    pinned: tuple[str, ...] | None = None,
    prepare: Callable[[Session], None] = lambda _session: None,
) -> Watched:
    """Take some steps with one thread, and look at each of them, or at none."""
    torch.set_num_threads(1)
    session = open_session(project, None, "cpu")
    prepare(session)
    events: list[Event] = []
    observer = Diagnostics(session, events.append, folder, share=1.0, shortest=0.0) if look else None
    if observer is not None and pinned is not None:
        observer.set_pinned(pinned)
    course = Course(replace(session, observer=observer), 1)
    found = Watched(session, course, events, observer)
    torch.manual_seed(project.training.seed)
    np.random.seed(project.training.seed)
    course.begin_epoch()
    session.network.train()
    for window in course.windows():
        found.before = {name: each.detach().clone() for name, each in session.network.module.state_dict().items()}
        course.advance(window)
        found.batch = window[-1]
        if course.step == steps:
            break
    return found


def sequence(*middle: Node, **settings: Any) -> Project:
    """Digits as sequences of 8 rows of 8 values."""
    tail = (Node("flatten", "Flatten"), linear("head", 10), output("digit"))
    graph = chain(inputs("image"), ROWS, *middle, *tail)
    return Project("rows", data=data("digits"), graph=graph, training=settings_with(**settings))


def attentive() -> Project:
    """Self-attention over the rows of digits."""
    nodes = {
        each.name: each
        for each in (
            inputs("image"),
            ROWS,
            ATTENTIVE,
            Node("flatten", "Flatten"),
            linear("head", 10),
            output("digit"),
        )
    }
    links = {
        End("rows", "input"): End("x", "output"),
        End("attention", "query"): End("rows", "output"),
        End("flatten", "input"): End("attention", "output"),
        End("head", "input"): End("flatten", "output"),
        End("out", "input"): End("head", "output"),
    }
    return Project("attentive", data=data("digits"), graph=Graph(nodes, links), training=settings_with())


def encoder() -> Project:
    """A transformer's encoder layer, with dropout, over the rows of digits."""
    project = attentive()
    nodes = {**project.graph.nodes}
    nodes["attention"] = Node("attention", "TransformerEncoderLayer", {"nhead": 2, "dim_feedforward": 16})
    links = {target: source for target, source in project.graph.links.items() if target.node != "attention"}
    links[End("attention", "src")] = End("rows", "output")
    return replace(project, graph=Graph(nodes, links))


def grouped(repeat: int = 3) -> Project:
    """A residual block, repeated, between two layers: a sum has no module."""
    block = Graph(
        {
            each.name: each
            for each in (
                Node("x", "Input"),
                linear("fc", 16),
                Node("bend", "ReLU"),
                Node("sum", "Add"),
                Node("y", "Output"),
            )
        },
        {
            End("fc", "input"): End("x", "output"),
            End("bend", "input"): End("fc", "output"),
            End("sum", "inputs.0"): End("bend", "output"),
            End("sum", "inputs.1"): End("x", "output"),
            End("y", "input"): End("sum", "output"),
        },
    )
    graph = Graph(
        {
            each.name: each
            for each in (
                inputs("x", "y"),
                Node("first", "Linear", {"out_features": 16, "activation": "relu"}),
                Node("block", "group:Block", repeat=repeat),
                linear("head", 2),
                output("class"),
            )
        },
        {
            End("first", "input"): End("x", "output"),
            End("block", "x"): End("first", "output"),
            End("head", "input"): End("block", "y"),
            End("out", "input"): End("head", "output"),
        },
    )
    groups = {"Block": Group("Block", block)}
    return Project("grouped", data=data("moons"), graph=graph, training=settings_with(), groups=groups)
