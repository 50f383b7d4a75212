"""Taking nodes out of the network while what is around them stays linked: what is cut, what bridges it. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.graph.edits import Connect, Disconnect, Edit
from core.graph.order import slot_key
from core.graph.project import End, Graph, Project
from designer.canvas.fitting import misfit, port_of
from designer.canvas.routing import together

if TYPE_CHECKING:
    from core.model.specs import TensorSpec


@dataclass(frozen=True)
class Pull:
    """Links (by their input ends) that end or begin at the nodes, and links (source, target) that take their place."""

    cut: frozenset[End]
    bridges: tuple[tuple[End, End], ...] = ()

    def edit(self, label: str) -> Edit | None:
        """Return the edit, or None where the nodes are not linked to anything around them."""
        loose = self.cut - {target for _source, target in self.bridges}
        edits: list[Edit] = [Disconnect(loose, label)] if loose else []
        return together([*edits, *(Connect(source, target, label) for source, target in self.bridges)], label)

    def without(self, target: End) -> Pull:
        """Return the same without the bridge to an input."""
        return Pull(self.cut, tuple(bridge for bridge in self.bridges if bridge[1] != target))


def pull(project: Project, names: Collection[str], spec_of: Callable[[End], TensorSpec | None]) -> Pull:
    """Return what becomes of the links around the named nodes; links among them stay.

    What a node fed is fed by what fed the node's first input, where that tensor fits.
    """
    graph = project.graph
    cut, bridges = set(), []
    for target, source in graph.links.items():
        if (target.node in names) == (source.node in names):
            continue
        cut.add(target)
        origin = _origin(graph, names, source) if source.node in names else None
        if origin and not misfit(port_of(project, target), spec_of(origin)):
            bridges.append((origin, target))
    return Pull(frozenset(cut), tuple(sorted(bridges)))


def _origin(graph: Graph, names: Collection[str], source: End) -> End | None:
    """Follow the named nodes upstream through their first linked input."""
    while source.node in names:
        feeding = [end for end in graph.links if end.node == source.node]
        if not feeding:
            return None
        source = graph.links[min(feeding, key=lambda end: slot_key(end.port))]
    return source
