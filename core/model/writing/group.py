"""A class as it is written: what others need in order to construct and call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.graph.project import End
from core.model.writing.expressions import renamed


@dataclass(frozen=True)
class Argument:
    """An argument of a class's constructor.

    It is the ``parameter`` of the group of that name, or the size of ``axis`` of what arrives at ``port``; neither
    where it is a number that the group's uses differ in without a reason that could be named.
    """

    name: str
    hint: str
    parameter: str = ""
    port: str = ""
    axis: int = 0


@dataclass(frozen=True)
class Line:
    """A line of a class with the node it belongs to ("" for none)."""

    text: str
    node: str = ""


@dataclass(eq=False)
class WrittenClass:
    """A class with its lines. ``penalised`` and ``constrained`` say whether it has the methods of that purpose."""

    name: str
    group: str
    arguments: tuple[Argument, ...]
    lines: tuple[Line, ...]
    size: Callable[[End, int], str]
    """Writes the size of an axis of an output end inside; empty where nothing explains it."""
    origins: Mapping[str, End]
    """What each output port gives, by port."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The arguments by the placeholders that stood for them."""
    reads: frozenset[str] = frozenset()
    """The names that its lines read: modules, constants, classes."""
    penalised: bool = False
    constrained: bool = False

    def trace(self, port: str, axis: int) -> str:
        """Return the size of an axis of an output as an expression of the class's arguments; empty where none is."""
        origin = self.origins.get(port)
        text = self.size(origin, axis) if origin else ""
        return renamed(text, lambda name: self.names.get(name, name))
