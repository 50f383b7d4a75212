"""What can be said of a graph before anything is run: loops, free ports, links to nowhere, kinds nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.errors import did_you_mean
from core.graph.edits import Disconnect
from core.graph.order import incoming
from core.graph.project import End, Graph, Node, Project
from core.kinds import LayerKind
from core.layers import catalogue
from core.model.problems import Fix, Problem


def unknown_kind(node: Node) -> Problem:
    """Report a placeholder: a node of a kind that is not installed."""
    hint = did_you_mean(node.kind, (kind.id for kind in catalogue))
    return Problem(
        "error",
        f"'{node.name}' is of the kind '{node.kind}', which is not installed here.{hint} It is kept as it is; whatever "
        "it feeds stays unknown.",
        node.name,
    )


def dangling(graph: Graph) -> Iterator[Problem]:
    """Report links from or to nodes that do not exist (only a file written by hand has them)."""
    for target, source in graph.links.items():
        for missing, other in ((source, target), (target, source)):
            if missing.node not in graph.nodes:
                hint = did_you_mean(missing.node, graph.nodes)
                yield Problem(
                    "error",
                    f"The link {source} → {target} is at '{missing.node}', which does not exist.{hint}",
                    other.node if other.node in graph.nodes else "",
                    fixes=(Fix("Remove this link", Disconnect(frozenset({target}))),),
                )


def links(project: Project, node: Node, kind: LayerKind, linked: Sequence[tuple[str, End]]) -> Iterator[Problem]:
    """Report free ports that need a link, and links at ports that do not exist."""
    used = set()
    for slot, source in linked:
        port = kind.input_port(slot)
        if port is None:
            names = ", ".join(each.name for each in kind.inputs) or "none"
            yield Problem(
                "error",
                f"'{node.name}' has no input '{slot}' (it has: {names}).",
                node.name,
                slot,
                fixes=_cut(node, slot),
            )
            continue
        used.add(port.name)
        feeding = project.graph.nodes.get(source.node)
        feeding_kind = catalogue.find(feeding.kind) if feeding else None
        if feeding_kind and feeding_kind.output_port(source.port) is None:
            yield Problem(
                "error", f"'{source.node}' has no output '{source.port}'.", node.name, slot, fixes=_cut(node, slot)
            )
    for port in kind.inputs:
        if port.name not in used and not port.optional:
            which = "Nothing is" if len(kind.inputs) == 1 else f"Its input '{port.name}' is not"
            count = "the outputs of two or more nodes" if port.variadic else "the output of another node"
            yield Problem("error", f"{which} linked to '{node.name}': drag {count} to it.", node.name, port.name)


def loops(graph: Graph, stuck: frozenset[str]) -> Iterator[Problem]:
    """Report the loops among the nodes that could not be put in order; what a loop feeds is only unknown."""
    feeding = {
        name: [(slot, source) for slot, source in found if source.node in stuck]
        for name, found in incoming(graph).items()
        if name in stuck
    }
    seen: set[str] = set()
    for start in sorted(stuck):
        path: list[str] = []
        name = start
        while name not in seen:
            seen.add(name)
            path.append(name)
            name = feeding[name][0][1].node if feeding[name] else name
        if name in path and feeding[name]:
            yield _loop(path[path.index(name) :], feeding[name][0][0])


def _loop(backwards: list[str], slot: str) -> Problem:
    first = backwards[0]
    around = " → ".join(f"'{name}'" for name in (first, *reversed(backwards)))
    return Problem(
        "error",
        f"{around} is a loop. A network runs from inputs to outputs: remove one of these links, or use a recurrent "
        "layer such as LSTM for memory.",
        first,
        slot,
        fixes=(Fix(f"Disconnect {first}", Disconnect(frozenset({End(first, slot)}))),),
    )


def _cut(node: Node, slot: str) -> tuple[Fix, ...]:
    return (Fix("Remove this link", Disconnect(frozenset({End(node.name, slot)}))),)
