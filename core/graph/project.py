"""What a project is made of. Everything here is frozen: only edits, applied by the document, make the next project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.kinds import Value

Meaning = Literal["number", "category", "flag", "image", "text", "identifier", "date"]
UNUSABLE: tuple[Meaning, ...] = ("text", "identifier", "date")
"""Meanings that have no way to become numbers, so that they can be neither input nor target."""
Role = Literal["input", "target", "ignore"]
Encoding = Literal["standardise", "min-max", "none", "one-hot", "index"]
Missing = Literal["mean", "median", "most frequent", "drop row"]
SplitMethod = Literal["stratified", "random"]
Device = Literal["auto", "cpu", "cuda", "mps"]

INPUT = "Input"
OUTPUT = "Output"


@dataclass(frozen=True, order=True)
class End:
    """One end of a link: a node and one of its ports (slot ``inputs.1`` of a variadic port)."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


@dataclass(frozen=True)
class Node:
    """A layer on the canvas. ``params`` holds only what was set; everything else is the kind's default.

    ``name`` is a unique Python identifier: the attribute in the source and the prefix in the state dict.
    ``extra`` keeps what a newer version or a missing plug-in wrote, so that saving loses nothing.
    """

    name: str
    kind: str
    params: Mapping[str, Value] = field(default_factory=dict)
    label: str = ""
    position: tuple[float, float] = (0.0, 0.0)
    extra: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Nodes by name, and links from the input end (which takes at most one) to the output end that feeds it."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    links: Mapping[End, End] = field(default_factory=dict)

    def of_kind(self, kind: str) -> tuple[Node, ...]:
        """Return the nodes of one kind, in order of their names."""
        return tuple(sorted((node for node in self.nodes.values() if node.kind == kind), key=lambda node: node.name))


@dataclass(frozen=True)
class Field:
    """A column of a table, or the images of a set: what it means and how it becomes numbers.

    ``shape`` is one sample's shape as read (``()`` for a table's cell, ``(channels, height, width)`` for an image).
    ``categories`` lists the values of a category or flag in the order of their indices. ``reason`` says why the
    meaning was inferred.
    """

    name: str
    meaning: Meaning
    role: Role = "input"
    shape: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    encoding: Encoding = "none"
    missing: Missing = "mean"
    reason: str = ""


@dataclass(frozen=True)
class Split:
    """How samples are divided: shares of the whole, drawn with ``seed``; the rest is for training."""

    method: SplitMethod = "stratified"
    validation: float = 0.2
    test: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class DataBinding:
    """Where the samples come from. An empty ``source`` means that no data is bound yet."""

    source: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    split: Split = Split()

    def field(self, name: str) -> Field | None:
        """Return the field of that name."""
        return next((each for each in self.fields if each.name == name), None)

    def with_role(self, role: Role) -> tuple[Field, ...]:
        """Return the fields of one role, in their order."""
        return tuple(each for each in self.fields if each.role == role)


@dataclass(frozen=True)
class TrainingSettings:
    """How the network is trained. ``optimizer_options`` holds only what differs from the optimizer's defaults."""

    optimizer: str = "Adam"
    learning_rate: float = 1e-3
    optimizer_options: Mapping[str, Value] = field(default_factory=dict)
    batch_size: int = 32
    epochs: int = 20
    device: Device = "auto"
    seed: int = 0


@dataclass(frozen=True)
class Project:
    """All that a project file holds. ``variables`` are numbers that parameters may use in expressions."""

    name: str = "Untitled"
    notes: str = ""
    variables: Mapping[str, int | float] = field(default_factory=dict)
    data: DataBinding = DataBinding()
    graph: Graph = Graph()
    training: TrainingSettings = TrainingSettings()
    extra: Mapping[str, Value] = field(default_factory=dict)
