"""Every use of every group in a checked project: what one class has to be right for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.expressions import Number
from core.graph.order import upstream
from core.graph.project import OUTPUT, Node
from core.kinds import Value
from core.model.reports import ShapeReport
from core.model.writing.group import WrittenClass
from core.weights import TRAINING_NAMES


@dataclass(eq=False)
class Use:
    """The network itself, or one repetition of one group node, with all that is inside.

    ``values`` are those of the group's parameters. ``inner`` holds the uses inside by node, one for each repetition.
    ``written`` and ``given`` are filled in once the class is written: the class, and the values of its arguments.
    """

    report: ShapeReport
    group: str
    values: Mapping[str, Number]
    nodes: tuple[Node, ...]
    """Those that are written, in the order in which they run: all that reach an Output."""
    inner: Mapping[str, tuple[Use, ...]]
    written: WrittenClass | None = None
    given: dict[str, Value] = field(default_factory=dict)


def use_of(report: ShapeReport, group: str = "", values: Mapping[str, Number] | None = None) -> Use:
    """Return a report as a use, with all uses inside it."""
    graph = report.graph
    reached = upstream(graph, (node.name for node in graph.of_kind(OUTPUT)))
    nodes = tuple(graph.nodes[name] for name in report.order if name in reached)
    inner = {}
    for node in nodes:
        name = (graph.nodes[node.shares] if node.shares else node).group
        if name:
            found = report.nodes[node.name]
            own = {key: value for key, value in found.arguments.items() if key not in TRAINING_NAMES}
            inner[node.name] = tuple(use_of(each, name, own) for each in found.inner)
    return Use(report, group, dict(values or {}), nodes, inner)


def by_group(root: Use) -> dict[str, list[Use]]:
    """Return the uses of every group, each group after those that it uses itself."""
    found: dict[str, list[Use]] = {}

    def visit(use: Use) -> None:
        for uses in use.inner.values():
            for each in uses:
                visit(each)
                found.setdefault(each.group, []).append(each)

    visit(root)
    return found
