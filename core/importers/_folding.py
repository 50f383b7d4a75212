"""Folds repeated structure of a draft into groups: parts of one class that are built alike become one definition.

An importer says in which parts of its source each node stands. Parts of one class whose nodes, links and settings are
the same become uses of one group; numbers in which they differ become parameters of it. Uses without differences that
feed one another become one that is repeated. What is folded is named as in the source: ``layer2.1.conv1`` becomes the
node ``conv1`` in the group node ``layer2_1``.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.graph.groups import group_id
from core.graph.kinds import kind_named
from core.graph.layout import layered_layout
from core.graph.names import RESERVED_CLASSES, free_class_name, free_name, natural_key, snake_case
from core.graph.order import downstream, upstream
from core.graph.project import INPUT, OUTPUT, End, Graph, Group, GroupParameter, Node, Project
from core.importers._kind import Imported
from core.importers._repeating import Row, in_a_row, led_by, rows
from core.kinds import Value
from core.parameters import parameters_of

if TYPE_CHECKING:
    from torch import Tensor

_LEAST = 2
_LEAST_UNNAMED = 4
"""How many nodes a part must have to become a group; more where its class says nothing of what it is."""
_LONGEST = 60
"""Characters of a class's name that the name of a group is made of."""
_UNNAMED = ("", "Sequential", "ModuleList", "ModuleDict")


@dataclass(frozen=True)
class Scope:
    """A part of the source that a node stands in: its path, what it is (a class), and which call of it this is."""

    path: str
    kind: str
    call: int = 0


@dataclass(frozen=True)
class _Part:
    """The nodes of one part, in their order, and the ends through which it is linked with the rest."""

    scope: Scope
    names: tuple[str, ...]
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]


@dataclass
class _Work:
    """A project on its way, with its weights."""

    project: Project
    weights: dict[str, Tensor]
    names: dict[str, str]
    scopes: dict[str, tuple[Scope, ...]]
    paths: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        return self.project.graph


def folded(flat: Imported, scopes: Mapping[str, tuple[Scope, ...]]) -> Imported:
    """Return a network with its repeated parts as groups; the same one where nothing repeats.

    ``scopes`` says for each node in which parts of the source it stands, from the outermost in.
    """
    known = {name: tuple(scopes.get(name, ())) for name in flat.project.graph.nodes}
    work = _Work(flat.project, dict(flat.weights), dict(flat.names), known)
    for depth in range(max(map(len, known.values()), default=0), 0, -1):
        for parts in _alike(work, depth):
            _fold(work, parts, depth)
        while found := rows(work.project, work.paths, work.scopes):
            _repeat(work, found[0])
    if not work.project.groups:
        return flat
    places = layered_layout(work.graph)
    nodes = {name: replace(node, position=places[name]) for name, node in work.graph.nodes.items()}
    project = replace(work.project, graph=replace(work.graph, nodes=nodes))
    opaque = tuple(_renamed(each, work.renamed) for each in flat.opaque)
    return replace(flat, project=project, weights=work.weights, names=work.names, opaque=opaque)


# --- finding what is alike --------------------------------------------------------------------------------------------


def _alike(work: _Work, depth: int) -> list[list[_Part]]:
    """Return the sets of parts at a depth that are built alike, two or more each."""
    members: dict[tuple[Scope, ...], list[str]] = {}
    for name, scopes in work.scopes.items():
        if len(scopes) >= depth and name in work.graph.nodes:
            members.setdefault(scopes[:depth], []).append(name)
    found: dict[object, list[_Part]] = {}
    for chain, names in members.items():
        part = _part(work, chain[-1], names)
        if part is not None:
            found.setdefault((chain[-1].kind, _signature(work, part)), []).append(part)
    return [parts for parts in found.values() if len(parts) > 1]


def _part(work: _Work, scope: Scope, names: Sequence[str]) -> _Part | None:
    """Return a part of the graph; None where it cannot be taken out of it, or is not worth it."""
    graph, inside = work.graph, set(names)
    least = _LEAST_UNNAMED if scope.kind in _UNNAMED else _LEAST
    if len(names) < least or any(graph.nodes[name].kind in (INPUT, OUTPUT) for name in names):
        return None
    if (downstream(graph, inside) & upstream(graph, inside)) - inside:
        return None
    order = {name: number for number, name in enumerate(graph.nodes)}
    names = sorted(names, key=order.__getitem__)
    entering: list[End] = []
    for name in names:
        for _target, source in _links_into(work, name):
            if source.node not in inside and source not in entering:
                entering.append(source)
    leaving = {source for target, source in graph.links.items() if source.node in inside and target.node not in inside}
    outputs = sorted(leaving, key=lambda end: (order[end.node], natural_key(end.port)))
    return _Part(scope, tuple(names), tuple(entering), tuple(outputs)) if entering and outputs else None


def _links_into(work: _Work, name: str) -> list[tuple[End, End]]:
    found = [(target, source) for target, source in work.graph.links.items() if target.node == name]
    return sorted(found, key=lambda link: natural_key(link[0].port))


def _owner(work: _Work, name: str) -> Node:
    node = work.graph.nodes[name]
    return work.graph.nodes[node.shares] if node.shares else node


def _signature(work: _Work, part: _Part) -> object:
    """Return all that has to be the same for two parts to be uses of one group: everything but plain numbers."""
    index = {name: number for number, name in enumerate(part.names)}
    found: list[object] = []
    for name in part.names:
        node, owner = work.graph.nodes[name], _owner(work, name)
        numbers = _numeric(work, owner)
        links = tuple(
            (
                target.port,
                ("in", part.inputs.index(source)) if source in part.inputs else (index[source.node], source.port),
            )
            for target, source in _links_into(work, name)
        )
        settings = tuple(sorted((key, repr(value)) for key, value in owner.params.items() if key not in numbers))
        shared = index.get(node.shares, "outside" if node.shares else "")
        outside = shared == "outside" and part.scope.call > 0
        found.append((owner.kind, owner.repeat, settings, links, "" if outside else shared))
    return tuple(found), tuple((index[end.node], end.port) for end in part.outputs)


def _numeric(work: _Work, node: Node) -> dict[str, Value]:
    """Return the numbers among a node's settings, those left at a default included."""
    kind = kind_named(work.project, node.kind)
    found = {each.name: node.params.get(each.name, each.default) for each in (parameters_of(kind) if kind else ())}
    return {
        name: value for name, value in found.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }


# --- folding ----------------------------------------------------------------------------------------------------------


def _fold(work: _Work, parts: Sequence[_Part], depth: int) -> None:
    """Replace parts that are alike by uses of a group; those that share weights in another way are left."""
    usable = [part for part in parts if _closed(work, part, parts)]
    usable = [each for each in (_part(work, part.scope, part.names) for part in usable) if each is not None]
    if len(usable) < 2:
        return
    first = usable[0]
    name = free_class_name(_class_name(first.scope), {*work.project.groups, *work.project.code})
    parameters, settings = _parameters(work, usable)
    inner = _inner_names(first)
    group = _group(work, name, first, inner, parameters, settings)
    work.project = replace(work.project, groups={**work.project.groups, name: group})
    made: dict[str, str] = {}
    for number, found in enumerate(usable):
        part = _part(work, found.scope, found.names)
        if part is None:
            continue
        params = {each.name: values[number] for each, values in parameters.items() if values[number] != each.default}
        _use(work, part, group, inner, params, made, depth)


def _closed(work: _Work, part: _Part, parts: Sequence[_Part]) -> bool:
    """True where no layer inside is shared with one outside, but with the same one in another call of the part."""
    inside = set(part.names)
    twins = {each.names[number] for each in parts if each.scope.path == part.scope.path
             for number in range(len(each.names))}  # fmt: skip
    for name, node in work.graph.nodes.items():
        if node.shares and (name in inside) != (node.shares in inside) and not {name, node.shares} <= twins:
            return False
    sharing = [name for name in part.names if work.graph.nodes[name].shares not in ("", *inside)]
    if not sharing:
        return True
    owners = {work.graph.nodes[name].shares for name in sharing}
    home = next((each for each in parts if owners <= set(each.names)), None)
    if home is None:
        return False
    pairs = dict(zip(part.names, home.names, strict=True))
    weighted = {key.partition(".")[0] for key in work.weights}
    return all(work.graph.nodes[name].shares == twin for name, twin in pairs.items() if twin in weighted)


def _class_name(scope: Scope) -> str:
    plain = re.sub(r"[^0-9A-Za-z_]", "", scope.kind).strip("_")[:_LONGEST]
    if scope.kind in _UNNAMED:
        words = [each for each in scope.path.split(".") if not each.isdecimal()]
        letters = re.sub(r"[^0-9A-Za-z_]", "", (words or ["Block"])[-1])[:_LONGEST].rstrip("0123456789")
        plain = "".join(word.title() for word in letters.split("_"))
    plain = plain[:1].upper() + plain[1:]
    reserved = keyword.iskeyword(plain) or plain in RESERVED_CLASSES
    return plain if plain[:1].isupper() and not reserved else f"Block{plain}"


def _inner_names(part: _Part) -> dict[str, str]:
    """Name the nodes of a part without the path of the part."""
    prefix = re.sub(r"\W", "_", part.scope.path)
    found: dict[str, str] = {}
    for name in part.names:
        shorter = name.removeprefix("node_") if prefix[:1].isdecimal() else name
        rest = shorter[len(prefix) + 1 :] if shorter.startswith(f"{prefix}_") else re.sub(r"_+\d+$", "", name)
        found[name] = free_name(f"layer_{rest}" if rest[:1].isdecimal() else rest or name, found.values())
    return found


def _parameters(
    work: _Work, parts: Sequence[_Part]
) -> tuple[dict[GroupParameter, list[Value]], dict[tuple[int, str], str]]:
    """Return the numbers in which uses differ as parameters with their values by use, and where each stands."""
    by_values: dict[tuple[Value, ...], GroupParameter] = {}
    found: dict[GroupParameter, list[Value]] = {}
    places: dict[tuple[int, str], str] = {}
    for number in range(len(parts[0].names)):
        owners = [_owner(work, part.names[number]) for part in parts]
        numbers = [_numeric(work, owner) for owner in owners]
        for key in numbers[0]:
            values = tuple(each[key] for each in numbers)
            if len(set(values)) == 1:
                continue
            parameter = by_values.get(values)
            if parameter is None:
                taken = {each.name for each in found}
                parameter = GroupParameter(free_name(key, taken), values[0])
                by_values[values] = parameter
                found[parameter] = list(values)
            places[number, key] = parameter.name
    return found, places


def _group(
    work: _Work,
    name: str,
    part: _Part,
    inner: Mapping[str, str],
    parameters: Mapping[GroupParameter, object],
    settings: Mapping[tuple[int, str], str],
) -> Group:
    nodes: dict[str, Node] = {}
    links: dict[End, End] = {}
    own = set(inner.values())
    entries = {}
    for number, source in enumerate(part.inputs, 1):
        port = free_name("input" if len(part.inputs) == 1 else f"input{number}", {*own, *nodes})
        nodes[port] = Node(port, INPUT)
        entries[source] = End(port, "output")
    for number, old in enumerate(part.names):
        node, owner = work.graph.nodes[old], _owner(work, old)
        said = {key: parameter for (at, key), parameter in settings.items() if at == number}
        shares = inner.get(node.shares, "")
        params = {} if shares else {**owner.params, **said}
        nodes[inner[old]] = replace(node, name=inner[old], params=params, shares=shares)
        for target, source in _links_into(work, old):
            links[End(inner[old], target.port)] = entries.get(source) or End(inner[source.node], source.port)
    for number, source in enumerate(part.outputs, 1):
        port = free_name("output" if len(part.outputs) == 1 else f"output{number}", {*own, *nodes})
        nodes[port] = Node(port, OUTPUT)
        links[End(port, "input")] = End(inner[source.node], source.port)
    places = layered_layout(Graph(nodes, links))
    placed = {key: replace(node, position=places[key]) for key, node in nodes.items()}
    return Group(name, Graph(placed, links), tuple(parameters))


def _use(
    work: _Work,
    part: _Part,
    group: Group,
    inner: Mapping[str, str],
    params: Mapping[str, Value],
    made: dict[str, str],
    depth: int,
) -> None:
    """Put one node in the place of a part, and rename the weights that are in it now."""
    graph = work.graph
    path = part.scope.path
    stem = f"{snake_case(group.name)}_{path}" if path[:1].isdecimal() else path
    outside = [name for name in graph.nodes if name not in part.names]
    name = free_name(stem, outside)
    owner = made.setdefault(path, name)
    node = Node(
        name, group_id(group.name), {} if owner != name else dict(params), shares=owner if owner != name else ""
    )
    first = list(inner.values())
    nodes: dict[str, Node] = {}
    for key, each in graph.nodes.items():
        if key == part.names[-1]:
            nodes[name] = node
        if key not in part.names:
            nodes[key] = each
    ins = [key for key, each in group.graph.nodes.items() if each.kind == INPUT]
    outs = [key for key, each in group.graph.nodes.items() if each.kind == OUTPUT]
    leaving = {source: End(name, port) for source, port in zip(part.outputs, outs, strict=True)}
    gone = set(part.names)
    links = {target: leaving.get(source, source) for target, source in graph.links.items() if target.node not in gone}
    links |= {End(name, port): source for port, source in zip(ins, part.inputs, strict=True)}
    work.project = replace(work.project, graph=replace(graph, nodes=nodes, links=links))
    chain = work.scopes[part.names[0]][: depth - 1]
    _rename(work, {old: f"{name}.{new}" for old, new in zip(part.names, first, strict=True)})
    work.scopes = {key: each for key, each in work.scopes.items() if key not in gone} | {name: chain}
    work.paths[name] = path


def _repeat(work: _Work, row: Row) -> None:
    """Replace uses of a group that feed one another by one that is repeated, if need be through another first port."""
    first = row.names[0]
    work.project = led_by(work.project, work.graph.nodes[first].group, row.port)
    graph, name, renamed = in_a_row(work.graph, row.names, work.paths[first])
    work.project = replace(work.project, graph=graph)
    _rename(work, renamed)
    work.scopes[name], work.paths[name] = work.scopes[first], work.paths[first]


def _rename(work: _Work, renamed: Mapping[str, str]) -> None:
    """Let weights and what stands inside be called by the node that they are in now."""
    work.weights = {_renamed(key, renamed): value for key, value in work.weights.items()}
    work.names = {_renamed(key, renamed): value for key, value in work.names.items()}
    work.renamed = {key: _renamed(value, renamed) for key, value in work.renamed.items()} | {
        old: new for old, new in renamed.items() if old not in work.renamed
    }


def _renamed(key: str, names: Mapping[str, str]) -> str:
    first, dot, rest = key.partition(".")
    return f"{names[first]}{dot}{rest}" if first in names else key
