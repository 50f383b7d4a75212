"""The graph as it runs: without what is switched off, also inside groups, links led past what is bypassed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.graph.groups import needed
from core.graph.kinds import kind_of
from core.graph.names import natural_key
from core.graph.order import incoming, slot_key
from core.graph.project import OUTPUT, End, Graph, Group, Node, Project, PythonLayer
from core.kinds import LayerKind
from core.memo import Memo


@dataclass(frozen=True)
class _Known:
    """What remains of a graph's links. It holds on to what it was made from, so that their identities stay theirs."""

    links: Mapping[End, End]
    kinds: Mapping[str, LayerKind | None]
    modes: Mapping[str, str]
    silent: frozenset[End]
    off: frozenset[str]
    remaining: Mapping[End, End]


_known: Memo[_Known] = Memo(256)


@dataclass(frozen=True)
class _Silent:
    """At which ports groups give nothing, by group. It holds on to what it was read from, as above."""

    groups: Mapping[str, Group]
    code: Mapping[str, PythonLayer]
    ports: Mapping[str, frozenset[str]]


_silences: Memo[_Silent] = Memo(64)


def effective(project: Project) -> Graph:
    """Return the project's graph without its bypassed and muted nodes.

    A bypassed node's first output is what arrives at its first linked input, its second what arrives at the second,
    and so on. A muted node gives nothing: variadic and optional inputs leave it out, and a node that needs it is left
    out in turn. An output of a group that is off inside counts as that of a muted node: what is switched off means the
    same whether it stands in a group or not. Where the owner of a shared layer is left out, the first node that shares
    it takes its place.

    The project has no recursion (see ``recursion_problem``).
    """
    return _running(project, _silent_ports(project))


def _running(project: Project, ports: Mapping[str, frozenset[str]]) -> Graph:
    """Return the graph that remains where groups give nothing at these of their ports."""
    graph = project.graph
    modes = {name: node.mode for name, node in graph.nodes.items() if node.mode}
    owners = {name: graph.nodes.get(node.shares, node) for name, node in graph.nodes.items()} if ports else {}
    silent = frozenset(End(name, port) for name, owner in owners.items() for port in ports.get(owner.group, ()))
    if not modes and not silent:
        return graph
    kinds = {name: kind_of(project, node) for name, node in graph.nodes.items()}
    known = _known.get(id(graph.links))
    if known is None or known.kinds != kinds or known.modes != modes or known.silent != silent:
        links, off = _rewired(graph, kinds, modes, silent)
        known = _known.put(id(graph.links), _Known(graph.links, kinds, modes, silent, off, links))
    return Graph(_handed_over(graph, known.off), known.remaining)


def _silent_ports(project: Project) -> Mapping[str, frozenset[str]]:
    """Return the outputs of groups that are off inside, by group; nothing of groups that give something everywhere."""
    if not any(group.has_modes for group in project.groups.values()):
        return {}
    key = id(project.groups), id(project.code)
    known = _silences.get(key)
    if known is None:
        found: dict[str, frozenset[str]] = {}
        for name in needed(project.groups, project.groups):
            inside = project.inside(name)
            running = _running(inside, found).nodes
            off = frozenset(node.name for node in inside.graph.of_kind(OUTPUT) if node.name not in running)
            if off:
                found[name] = off
        known = _silences.put(key, _Silent(project.groups, project.code, found))
    return known.ports


def _rewired(
    graph: Graph, kinds: Mapping[str, LayerKind | None], modes: Mapping[str, str], silent: frozenset[End]
) -> tuple[dict[End, End], frozenset[str]]:
    """Return the links that remain, and the nodes that do not run."""
    bypassed = {name for name, mode in modes.items() if mode == "bypass"}
    feeding = {name: [(slot, source) for slot, source in links] for name, links in incoming(graph).items()}
    found: dict[End, End] = {}
    origins: dict[End, End | None] = {}
    for target, source in graph.links.items():
        origin = _origin(source, kinds, feeding, bypassed, origins)
        if target.node not in bypassed and origin is not None:
            found[target] = origin
    off = {name for name, mode in modes.items() if mode == "mute"}
    readers: dict[str, list[End]] = {}
    for target, source in found.items():
        readers.setdefault(source.node, []).append(target)
    cut = [target for target, source in found.items() if source.node in off or source in silent]
    while cut:
        target = cut.pop()
        found.pop(target, None)
        if target.node not in off and not _does_without(target, kinds.get(target.node), found):
            off.add(target.node)
            cut += readers.get(target.node, ())
    gone = off | bypassed
    return {target: source for target, source in found.items() if target.node not in gone}, frozenset(gone)


def _origin(
    source: End,
    kinds: Mapping[str, LayerKind | None],
    feeding: Mapping[str, list[tuple[str, End]]],
    bypassed: set[str],
    known: dict[End, End | None],
) -> End | None:
    """Follow bypassed nodes upstream; None where one of them is fed by nothing at that place. Fills ``known``."""
    way: list[End] = []
    found: End | None = source
    while found is not None and found.node in bypassed:
        if found in known:
            found = known[found]
            break
        known[found] = None  # a way that leads back to itself is fed by nothing
        way.append(found)
        found = _before(found, kinds.get(found.node), feeding.get(found.node, []))
    known |= dict.fromkeys(way, found)
    return found


def _before(end: End, kind: LayerKind | None, links: list[tuple[str, End]]) -> End | None:
    """Return what a bypassed node passes on to one of its outputs."""
    ports = [port.name for port in kind.outputs] if kind else [end.port]
    index = ports.index(end.port) if end.port in ports else 0
    arriving = _in_port_order(kind, links)
    return arriving[index] if index < len(arriving) else None


def _in_port_order(kind: LayerKind | None, links: list[tuple[str, End]]) -> list[End]:
    ports = [port.name for port in kind.inputs] if kind else []

    def place(link: tuple[str, End]) -> tuple[int, tuple[str, int]]:
        base = link[0].partition(".")[0]
        return (ports.index(base) if base in ports else len(ports)), slot_key(link[0])

    return [source for _slot, source in sorted(links, key=place)]


def _does_without(target: End, kind: LayerKind | None, links: Mapping[End, End]) -> bool:
    port = kind.input_port(target.port) if kind else None
    if port is None or port.optional:
        return port is not None
    return port.variadic and any(end.node == target.node and end.port.partition(".")[0] == port.name for end in links)


def _handed_over(graph: Graph, off: frozenset[str]) -> dict[str, Node]:
    """Return the nodes that run, each shared layer with an owner among them."""
    heirs: dict[str, str] = {}
    found = {}
    for name in sorted(graph.nodes.keys() - off, key=natural_key):
        node = graph.nodes[name]
        owner = graph.nodes.get(node.shares) if node.shares in off else None
        if owner is not None and node.shares in heirs:
            node = replace(node, shares=heirs[node.shares])
        elif owner is not None:
            heirs[node.shares] = name
            node = replace(node, kind=owner.kind, params=owner.params, shares="", repeat=owner.repeat, tied=owner.tied)
        found[name] = node
    return {name: found[name] for name in graph.nodes if name in found}
