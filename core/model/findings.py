"""What can be said of a graph before anything is run: loops, free ports, links to nowhere, kinds nobody knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from core.errors import did_you_mean
from core.graph.edits import Connect, Disconnect, SetRepeat, ShareLayer
from core.graph.kinds import kind_of
from core.graph.order import downstream, incoming
from core.graph.project import End, Graph, Node, Project
from core.graph.python_layer import source_problems
from core.kinds import LayerKind, Port
from core.layers import catalogue
from core.model.adapters import Link, to_match
from core.model.preconditions import takes
from core.model.problems import Fix, Problem
from core.model.specs import TensorSpec

_MOST_HELPED = 20
"""For how many free ports sources are looked for: whoever has more has not begun to link."""
_MOST_SOURCES = 2


def unknown_kind(project: Project, node: Node) -> Problem:
    """Report a placeholder: a node of a kind that is not installed, or whose definition the project lacks."""
    if node.group or node.python:
        what, known = ("group", project.groups) if node.group else ("Python layer", project.code)
        name = node.group or node.python
        hint = did_you_mean(name, known)
        return Problem(
            "error", f"'{node.name}' uses the {what} '{name}', which the project does not have.{hint}", node.name
        )
    hint = did_you_mean(node.kind, (kind.id for kind in catalogue))
    return Problem(
        "error",
        f"'{node.name}' is of the kind '{node.kind}', which is not installed here.{hint} It is kept as it is; whatever "
        "it feeds stays unknown.",
        node.name,
    )


def missing_output(node: Node, slot: str, source: End, outputs: Iterable[str]) -> Problem:
    """Report a link from an output that a node does not have with its present parameters."""
    has = ", ".join(outputs) or "none"
    message = f"'{source.node}' has no output '{source.port}' (it has: {has})."
    return Problem("error", message, node.name, slot, fixes=_cut(node, slot))


def unequal_share(
    project: Project, node: Node, owner: Mapping[str, TensorSpec], own: Mapping[str, TensorSpec]
) -> Problem:
    """Report a call of a shared layer that would need other weights than the layer has."""
    made_for, arriving = (", ".join(map(str, specs.values())) for specs in (owner, own))
    slot = next((slot for slot, spec in own.items() if slot in owner and owner[slot] != spec), None)
    fixes = to_match(Link(project, End(node.name, slot), own[slot]), owner[slot]) if slot else ()
    return Problem(
        "error",
        f"'{node.name}' is another call of '{node.shares}' with the same weights, which are made for {made_for}; here "
        f"arrives {arriving}. Give it weights of its own, or bring both to the same size.",
        node.name,
        fixes=(_own_weights(node), *fixes),
    )


def unequal_calls(
    node: Node, owner: Node, repeat: int, first: Mapping[str, TensorSpec], last: Mapping[str, TensorSpec]
) -> Problem:
    """Report a group that is repeated with one set of weights, although what arrives changes on the way."""
    begins, ends = (", ".join(map(str, specs.values())) for specs in (first, last))
    return Problem(
        "error",
        f"'{node.name}' is repeated {repeat} times with the same weights, but what arrives changes on the way, from "
        f"{begins} to {ends}. Give each repetition weights of its own, or keep the size inside.",
        node.name,
        fixes=(Fix("Give each repetition its own weights", SetRepeat(owner.name, owner.repeat)),),
    )


def lost_owner(graph: Graph) -> Iterator[Problem]:
    """Report nodes that share the layer of a node that does not exist."""
    for node in graph.nodes.values():
        if node.shares and node.shares not in graph.nodes:
            hint = did_you_mean(node.shares, graph.nodes)
            yield Problem(
                "error",
                f"'{node.name}' shares the weights of '{node.shares}', which does not exist.{hint}",
                node.name,
                fixes=(_own_weights(node),),
            )


def _own_weights(node: Node) -> Fix:
    return Fix("Give it weights of its own", ShareLayer(node.name, ""))


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
    """Report free ports that need a link, and links at ports that do not exist; of a Python layer, first its source."""
    unreadable = source_problems(kind) if kind.code else ()
    if unreadable:
        yield from (Problem("error", str(each), node.name) for each in unreadable)
        return
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
        feeding_kind = kind_of(project, feeding) if feeding else None
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


# --- free ports -------------------------------------------------------------------------------------------------------


def with_sources(
    project: Project, problems: Sequence[Problem], spec_of: Callable[[End], TensorSpec | None]
) -> tuple[Problem, ...]:
    """Return the problems, those about free ports with fixes that link the nearest outputs which nobody reads yet."""
    graph = project.graph
    if not any(each.port and not each.fixes for each in problems):
        return tuple(problems)
    taken = {(target.node, target.port.partition(".")[0]) for target in graph.links}
    found, helped = list(problems), 0
    for index, each in enumerate(problems):
        node = graph.nodes.get(each.node)
        kind = kind_of(project, node) if node and not each.path and not each.fixes else None
        port = next((port for port in kind.inputs if port.name == each.port), None) if kind else None
        if node and port and not port.optional and (node.name, port.name) not in taken and helped < _MOST_HELPED:
            helped += 1
            found[index] = replace(each, fixes=tuple(_sources(project, node, port, spec_of)))
    return tuple(found)


def _sources(project: Project, node: Node, port: Port, spec_of: Callable[[End], TensorSpec | None]) -> Iterator[Fix]:
    graph = project.graph
    read = set(graph.links.values())
    behind = downstream(graph, [node.name])
    near: list[tuple[float, str, End]] = []
    for name, other in graph.nodes.items():
        kind = kind_of(project, other) if name not in behind else None
        if kind is None or not kind.outputs or kind.outputs[0].variadic or other.position[1] > node.position[1]:
            continue
        source = End(name, kind.outputs[0].name)
        spec = spec_of(source)
        if source not in read and spec is not None and takes(port, spec):
            near.append((math.dist(other.position, node.position), name, source))
    target = End(node.name, f"{port.name}.0" if port.variadic else port.name)
    for _distance, name, source in sorted(near)[:_MOST_SOURCES]:
        yield Fix(f"Link to {name}", Connect(source, target))
