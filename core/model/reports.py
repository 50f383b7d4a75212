"""What the shape check says: of every node what arrives and what it gives, and of the whole what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.graph.project import End, Graph
from core.kinds import Value
from core.model.problems import Problem
from core.model.specs import TensorSpec


@dataclass(frozen=True)
class NodeReport:
    """What is known of one node: specs at its input slots and output slots, and the values of its parameters.

    ``arguments`` hold every value, ``derived`` those filled in from what arrives. Where ``ok`` is false the node, or
    one that feeds it, has an error, and ``outputs`` is empty. Of a group ``inner`` holds what is inside, one report for
    each of its ``repeat`` repetitions (fewer where one has an error). A node that is ``off`` is bypassed or muted, or
    left out because what it needs is.
    """

    inputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    outputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    arguments: Mapping[str, Value] = field(default_factory=dict)
    derived: Mapping[str, Value] = field(default_factory=dict)
    ok: bool = False
    inner: tuple[ShapeReport, ...] = ()
    repeat: int = 1
    off: bool = False


@dataclass(frozen=True)
class ShapeReport:
    """The nodes by name, all problems in the order of the nodes, and the order in which nodes run.

    ``graph`` is the graph as it runs, without nodes that are switched off. ``layers`` counts its nodes, those inside
    groups for every use and repetition.
    """

    nodes: Mapping[str, NodeReport]
    problems: tuple[Problem, ...]
    order: tuple[str, ...]
    graph: Graph = field(default_factory=Graph)
    layers: int = 0

    @property
    def ok(self) -> bool:
        """True where there is no error (warnings allowed)."""
        return not any(problem.severity == "error" for problem in self.problems)

    def spec(self, end: End) -> TensorSpec | None:
        """Return what an output end gives, or None where that is not known."""
        node = self.nodes.get(end.node)
        return node.outputs.get(end.port) if node else None

    def inside(self, path: tuple[str, ...]) -> ShapeReport | None:
        """Return the report of what is inside a group (of its first repetition), by the group nodes that lead there."""
        found: ShapeReport | None = self
        for name in path:
            node = found.nodes.get(name) if found else None
            found = node.inner[0] if node and node.inner else None
        return found
