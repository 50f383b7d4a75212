"""Takes a network that was made outside, of the project's own source or in its place, back into the project.

Three graphs meet: the project as it is (*old*), what came (*new*), and what comes of the project's own source on the
same way (*base*). What base and new have in common nobody changed, so that it stays as it is in the project, with all
that a source does not say: places, colours, labels, bindings to data, options of training, expressions, what is
switched off. Only what differs between base and new is done to the project. Without a base the project stands for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from core.errors import ExpressionError
from core.expressions import evaluate, names_in
from core.graph.active import effective
from core.graph.edits.within import with_ports
from core.graph.groups import group_id, refuse_recursion
from core.graph.kinds import kind_named
from core.graph.names import free_name, natural_key
from core.graph.order import execution_order, incoming
from core.graph.pairing import is_named, paired
from core.graph.project import INPUT, OUTPUT, End, Graph, Group, Node, Project
from core.graph.rooming import placed_beside
from core.graph.sharing import freed_from
from core.kinds import Value
from core.layers import catalogue
from core.parameters import parameters_of
from core.weights import ACTIVATIONS, option_names

_ACTIVATION = "activation"


@dataclass(frozen=True)
class GraphChanges:
    """What is done to one graph: of the network (``group`` ""), or of a group. Names are those of afterwards."""

    group: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str], ...] = ()
    """The node, and what is other about it: ``kernel_size: 3 → 5``."""
    rewired: tuple[str, ...] = ()
    """Nodes that stay and take something else than before."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.renamed or self.changed or self.rewired)


@dataclass(frozen=True)
class Adopted:
    """The project afterwards, and what is done to each graph that changes; ``definitions`` are new or changed ones."""

    project: Project
    graphs: tuple[GraphChanges, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    """Pairs such as ("added", "group Block")."""
    notes: tuple[str, ...] = ()
    """What the user has to know before agreeing, such as what could not be drawn."""

    @property
    def anything(self) -> bool:
        """True where the project is another one afterwards."""
        return bool(self.graphs or self.definitions)


def adopt(old: Project, new: Project, base: Project | None = None) -> Adopted:
    """Return the project with the network that ``new`` holds; data, training, notes and frames stay.

    A group of ``new`` that the project has, too, is taken into its definition; groups and Python layers that ``new``
    does not hold stay as they are. Where ``base`` is given, its graphs say what is new (see the module).

    Raises:
        EditError: the groups would stand in each other.
    """
    project = old
    told: list[GraphChanges] = []
    definitions: list[tuple[str, str]] = []
    for name, layer in new.code.items():
        known = old.code.get(name)
        if base is not None and base.code.get(name) == layer:
            continue
        if known is None or known.source != layer.source:
            project = replace(project, code={**project.code, name: replace(known or layer, source=layer.source)})
            definitions.append(("changed" if known else "added", f"Python layer {name}"))
    split = frozenset(base.groups.keys() - old.groups.keys()) if base else frozenset[str]()
    same = {name for name in split & new.groups.keys() if base and _same_inside(base.groups[name], new.groups[name])}
    for name, group in new.groups.items():
        if name not in old.groups and name not in same:
            project = replace(project, groups={**project.groups, name: _rounded(group)})
            definitions.append(("added", f"group {name}"))
    for name in sorted(new.groups.keys() & old.groups.keys(), key=natural_key):
        before = old.groups[name].graph
        inside = project.inside(name, _numbers(new, name))
        level = _Level(inside, new.groups[name].graph, _base_of(base, name), name, split - same)
        graph = level.merged()
        if graph != before:
            groups = {**project.groups, name: replace(project.groups[name], graph=graph)}
            project = with_ports(replace(project, groups=groups), name, before, dict(level.changes.renamed))
        told += [level.changes] if level.changes else []
    level = _Level(project, new.graph, base.graph if base else None, "", split - same)
    graph = level.merged()
    if graph != project.graph:
        project = replace(project, graph=graph)
    told += [level.changes] if level.changes else []
    return Adopted(refuse_recursion(project), tuple(reversed(told)), tuple(definitions))


def _numbers(new: Project, group: str) -> dict[str, int | float]:
    """Return what the first use of a group sets for its parameters, with which its class was read."""
    kind = group_id(group)
    uses = (
        each.nodes[name]
        for each in (new.graph, *(other.graph for other in new.groups.values()))
        for name in execution_order(each)
        if each.nodes[name].kind == kind
    )
    first = next(uses, None)
    return {key: value for key, value in first.params.items() if isinstance(value, int | float)} if first else {}


def _base_of(base: Project | None, group: str) -> Graph | None:
    found = base.groups.get(group) if base else None
    return found.graph if found else None


def _same_inside(one: Group, other: Group) -> bool:
    return one.graph.nodes == other.graph.nodes and one.graph.links == other.graph.links


def _rounded(group: Group) -> Group:
    nodes = {
        name: replace(node, position=(round(node.position[0], 1), round(node.position[1], 1)))
        for name, node in group.graph.nodes.items()
    }
    return replace(group, graph=replace(group.graph, nodes=nodes))


class _Level:
    """The merge of one graph. ``changes`` is filled in by ``merged``.

    ``split`` are second classes of a group, which the source has where uses differ, whose text was changed: their uses
    are of a group of their own from now on.
    """

    def __init__(self, project: Project, new: Graph, base: Graph | None, group: str, split: frozenset[str]) -> None:
        self.split = split
        self.project, self.old, self.new, self.group = project, project.graph, new, group
        self.stated = base is not None
        self.base = base if base is not None else effective(project)
        self.base_of = paired(new, self.base)
        self.old_of = paired(self.base, self.old) if self.stated else {name: name for name in self.base.nodes}
        self.kept = {name: self.old_of[at] for name, at in self.base_of.items() if at in self.old_of}
        self.dropped: set[str] = set()
        self.added: list[str] = []
        self.names: dict[str, str] = {}
        self.changed: list[tuple[str, str]] = []
        self.changes = GraphChanges(group)
        self._sources = self._known_sources()

    def merged(self) -> Graph:
        """Return the graph as it shall be."""
        self._sort()
        self._name()
        nodes = self._nodes()
        links, rewired = self._links(nodes)
        same = {target for target, source in links.items() if self.old.links.get(target) == source}
        routes = {target: points for target, points in self.old.routes.items() if target in same}
        graph = replace(self.old, nodes=nodes, links=links, routes=routes)
        if len(self.added) > len(self.kept) and len(graph.nodes) == len(self.added) + len(self.kept):
            graph = self._laid_out_anew(graph)
        elif self.added:
            graph = placed_beside(graph, [self.names[name] for name in self.added], self._wishes())
        renamed = ((old, self.names[new]) for new, old in self.kept.items() if self.names[new] != old)
        self.changes = GraphChanges(
            self.group,
            tuple(self.names[name] for name in self.added),
            tuple(sorted(self.dropped, key=natural_key)),
            tuple(renamed),
            tuple(self.changed),
            tuple(rewired),
        )
        return graph

    def _laid_out_anew(self, graph: Graph) -> Graph:
        """Return the graph laid out as what came: of the network that was there, too little is left to keep its form.

        The first input stays where it is; links have lost their points.
        """
        stays = sorted(self.kept, key=lambda name: (self.new.nodes[name].kind != INPUT, natural_key(name)))
        before = self.old.nodes[self.kept[stays[0]]].position if stays else (0.0, 0.0)
        after = self.new.nodes[stays[0]].position if stays else (0.0, 0.0)
        nodes = dict(graph.nodes)
        for name in (*self.kept, *self.added):
            x, y = self.new.nodes[name].position
            place = round(x + before[0] - after[0], 1), round(y + before[1] - after[1], 1)
            nodes[self.names[name]] = replace(nodes[self.names[name]], position=place)
        return replace(graph, nodes=nodes, routes={})

    # What becomes of whom

    def _sort(self) -> None:
        """Find what is added and what is removed. A node of base that the project has inside another is neither."""
        order = [*execution_order(self.new), *sorted(self.new.nodes, key=natural_key)]
        for name in dict.fromkeys(order):
            if name in self.kept:
                continue
            at = self.base_of.get(name)
            if at is None or not _same_layer(self.new.nodes[name], self.base.nodes[at]):
                self.added.append(name)
        staying = set(self.kept.values())
        self.dropped = {name for name in self.old_of.values() if name not in staying}

    def _name(self) -> None:
        taken = set(self.old.nodes) - self.dropped
        for name, old in self.kept.items():
            self.names[name] = old
            node, at = self.new.nodes[name], self.base_of[name]
            if node.name != at and is_named(node) and node.name != old:
                taken.discard(old)
                self.names[name] = free_name(node.name, taken)
                taken.add(self.names[name])
        for name in self.added:
            self.names[name] = free_name(name, taken)
            taken.add(self.names[name])

    # Nodes

    def _nodes(self) -> dict[str, Node]:
        renamed = {old: self.names[new] for new, old in self.kept.items()}
        made: dict[str, Node] = {}
        merged = {old: self._merged_node(new, old) for new, old in self.kept.items()}
        for name, node in freed_from(self.old.nodes, self.dropped).items():
            found = merged.get(name, node)
            found = replace(found, shares=renamed.get(found.shares, found.shares)) if name not in merged else found
            made[renamed.get(name, name)] = replace(found, name=renamed.get(name, name))
        for name in self.added:
            node = self.new.nodes[name]
            x, y = node.position
            place = round(x, 1), round(y, 1)
            made[self.names[name]] = replace(
                node, name=self.names[name], position=place, shares=self.names.get(node.shares, "")
            )
        return self._without_lost_activations(made)

    def _merged_node(self, name: str, old: str) -> Node:
        new, base, own = self.new.nodes[name], self.base.nodes[self.base_of[name]], self.old.nodes[old]
        shares = own.shares
        if new.shares or base.shares:
            owner = self.base_of.get(new.shares, "") if new.shares else ""
            shares = self.names.get(new.shares, "") if owner != base.shares else self._owner_now(own)
        params = self._params(new, base, own)
        other = new.kind != base.kind or new.group in self.split
        kind = new.kind if other else own.kind
        if kind != own.kind:
            self.changed.append((self.names[name], f"{own.kind} → {kind}"))
        else:
            for key in dict.fromkeys((*own.params, *params)):
                before, after = own.params.get(key), params.get(key)
                if before != after and not shares:
                    self.changed.append((self.names[name], f"{key}: {_said(before)} → {_said(after)}"))
        repeat = own.repeat if new.repeat == self._value(base.repeat) else new.repeat
        if repeat != own.repeat:
            self.changed.append((self.names[name], f"repeat: {own.repeat} → {repeat}"))
        return replace(own, kind=kind, params=own.params if shares else params, shares=shares, repeat=repeat)

    def _owner_now(self, own: Node) -> str:
        """Return the name of the owner of a shared layer as it is after renaming."""
        return next((self.names[new] for new, old in self.kept.items() if old == own.shares), own.shares)

    def _params(self, new: Node, base: Node, own: Node) -> Mapping[str, Value]:
        """Return the parameters with what differs between base and new."""
        if new.kind in (INPUT, OUTPUT):
            return own.params
        beside = _beside(new.kind)
        if new.kind != base.kind or new.group in self.split:
            return {**new.params, **{key: value for key, value in own.params.items() if key in beside}}
        params, usual = dict(own.params), {} if self.stated else self._defaults(new.kind)
        for key in dict.fromkeys((*base.params, *new.params)):
            if key in beside and key not in new.params and not self.stated:
                continue
            before, after = (each.params.get(key, usual.get(key)) for each in (base, new))
            if _alike(self._value(before), after):
                continue
            if key in new.params:
                params[key] = after
            else:
                params.pop(key, None)
        if new.group in self.project.groups:
            known = {each.name for each in self.project.groups[new.group].parameters} | beside | own.params.keys()
            params = {key: value for key, value in params.items() if key in known}
        return params if params != own.params else own.params

    def _defaults(self, kind: str) -> Mapping[str, Value]:
        """Return what a kind's parameters are where nobody sets them."""
        known = kind_named(self.project, kind)
        return {each.name: each.default for each in parameters_of(known)} if known else {}

    def _value(self, value: Value) -> Value:
        """Return the number that an expression comes to where the project stands for what its source says."""
        if self.stated or not isinstance(value, str) or not names_in(value):
            return value
        try:
            return evaluate(value, self.project.variables)
        except ExpressionError:
            return value

    def _without_lost_activations(self, made: dict[str, Node]) -> dict[str, Node]:
        """Take the activation from layers where base applied it as an operation, and new does so no longer."""
        left = {at for name, at in self.base_of.items() if name not in self.added}
        for name in self.base.nodes.keys() - self.old_of.keys() - left:
            feeding = [source.node for _port, source in incoming(self.base)[name]]
            for at in feeding:
                owner = self.old_of.get(at, "")
                now = next((self.names[new] for new, old in self.kept.items() if old == owner), "")
                node = made.get(now)
                if node is not None and node.params.get(_ACTIVATION) in ACTIVATIONS:
                    params = {key: value for key, value in node.params.items() if key != _ACTIVATION}
                    self.changed.append((now, f"{_ACTIVATION}: {node.params[_ACTIVATION]} → none"))
                    made[now] = replace(node, params=params)
        return made

    # Links

    def _links(self, nodes: Mapping[str, Node]) -> tuple[dict[End, End], list[str]]:
        renamed = {old: self.names[new] for new, old in self.kept.items()}

        def now(end: End) -> End:
            return End(renamed.get(end.node, end.node), end.port)

        links = {now(target): now(source) for target, source in self.old.links.items()}
        links = {target: source for target, source in links.items() if target.node in nodes and source.node in nodes}
        rewired = []
        into, base_into = incoming(self.new), incoming(self.base)
        for name, old in self.kept.items():
            wanted = {port: self._base_end(end) for port, end in into[name]}
            at = self.base_of[name]
            if wanted == dict(base_into[at]) and self.new.nodes[name].kind == self.base.nodes[at].kind:
                continue
            target = self.names[name]
            slots = {**dict(base_into[at]), **wanted}
            whole = any("." in slot for slot in slots) or self.new.nodes[name].kind != self.base.nodes[at].kind
            for slot in slots:
                if whole or wanted.get(slot) != dict(base_into[at]).get(slot):
                    links.pop(End(target, slot), None)
                    if slot in wanted:
                        links[End(target, slot)] = self._end(dict(into[name])[slot])
            if any(now(source) != links.get(now(end)) for end, source in self.old.links.items() if end.node == old):
                rewired.append(target)
        for name in self.added:
            links.update({End(self.names[name], port): self._end(end) for port, end in into[name]})
        return {end: source for end, source in links.items() if source.node in nodes}, rewired

    def _base_end(self, end: End) -> End | tuple[str, str]:
        """Return an output of new as one of base; a pair that equals none where base does not have the node."""
        at = self.base_of.get(end.node)
        return End(at, end.port) if at is not None and end.node not in self.added else (end.node, end.port)

    def _end(self, end: End) -> End:
        """Return an output of new as one of the result."""
        if end.node in self.names:
            if end.node in self.added:
                return End(self.names[end.node], end.port)
            known = self._sources.get(End(self.base_of[end.node], end.port))
            port = known.port if known and known.node == self.kept[end.node] else end.port
            return End(self.names[end.node], port)
        known = self._sources.get(End(self.base_of[end.node], end.port))
        if known is not None:
            renamed = {old: self.names[new] for new, old in self.kept.items()}
            return End(renamed.get(known.node, known.node), known.port)
        feeding = incoming(self.new)[end.node]
        return self._end(feeding[0][1]) if feeding else end

    def _known_sources(self) -> dict[End, End]:
        """Return which end of the project gives what an end of base gives, as far as consumers tell."""
        found: dict[End, End] = {}
        if self.stated:
            for target, source in self.base.links.items():
                own = self.old.links.get(End(self.old_of.get(target.node, ""), target.port))
                if own is not None:
                    found.setdefault(source, own)
        return found

    def _wishes(self) -> dict[str, tuple[float, float]]:
        return {self.names[name]: self.new.nodes[name].position for name in self.added}


def _same_layer(one: Node, other: Node) -> bool:
    return one.kind == other.kind and one.params == other.params and bool(one.shares) == bool(other.shares)


def _beside(kind: str) -> frozenset[str]:
    """Return the parameters of a kind that no constructor takes: options of weights and training, the kind's own."""
    known = catalogue.find(kind)
    return option_names(known) | frozenset(known.own) if known else frozenset({"frozen", "learning_rate_factor"})


def _alike(one: Value, other: Value) -> bool:
    """True where two values mean the same: a list is a tuple, and a number for all dimensions is written either way."""
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, tuple) != isinstance(other, tuple):
        many, single = (one, other) if isinstance(one, tuple) else (other, one)
        return bool(many) and single is not None and all(_alike(each, single) for each in many)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _said(value: Value) -> str:
    return "default" if value is None else str(value)


def described(adopted: Adopted) -> Iterator[str]:
    """Yield what is done in lines that a person reads before agreeing."""
    yield from adopted.notes
    for verb, what in adopted.definitions:
        yield f"{verb.capitalize()}: {what}"
    for each in adopted.graphs:
        where = f" in {each.group}" if each.group else ""
        nodes = (adopted.project.groups[each.group].graph if each.group else adopted.project.graph).nodes
        yield from (f"Added{where}: {name} ({nodes[name].kind.removeprefix('group:')})" for name in each.added)
        yield from (f"Removed{where}: {name}" for name in each.removed)
        yield from (f"Renamed{where}: {old} → {new}" for old, new in each.renamed)
        yield from (f"Changed{where}: {name}, {text}" for name, text in each.changed)
        yield from (f"Wired differently{where}: {name}" for name in each.rewired)
