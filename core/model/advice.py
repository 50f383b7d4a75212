"""What an experienced colleague would point out in a network that runs: dead branches, layers that do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.graph.binding import target_of
from core.graph.edits import AddNodes, Edit, RemoveNodes
from core.graph.names import unique_name
from core.graph.order import incoming, outgoing, upstream
from core.graph.project import INPUT, OUTPUT, End, Node, Project
from core.layers import catalogue
from core.model.fixes import insertion
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.model.trail import Place, places

_IDEMPOTENT = ("ReLU", "ReLU6", "Hardtanh", "Hardshrink", "Threshold", "Softmax2d")
"""Activations that change nothing when applied to what they gave."""
_WEIGHTLESS = ("Activation", "Shape", "Regularisation", "Padding", "Input & output")
_GATES = ("GLU", "PReLU")
_BELOW = 120.0


def advice(project: Project, report: ShapeReport) -> Iterator[Problem]:
    """Yield what is not wrong, but hardly meant: in the project's graph, and in every group that it uses."""
    for place in places(project, report):
        view = _View(place)
        yield from _dead_ends(view)
        for node in place.graph.nodes.values():
            yield from _about(view, node)


@dataclass(frozen=True)
class _View:
    """A place with its links sorted by node."""

    place: Place

    @cached_property
    def feeding(self) -> Mapping[str, Sequence[tuple[str, End]]]:
        return incoming(self.place.graph)

    @cached_property
    def fed(self) -> Mapping[str, Sequence[tuple[str, End]]]:
        return outgoing(self.place.graph)

    def before(self, name: str) -> Node | None:
        """Return the only node that feeds a node."""
        links = self.feeding[name]
        return self.place.graph.nodes.get(links[0][1].node) if len(links) == 1 else None

    def problem(self, message: str, node: str, *fixes: tuple[str, Edit]) -> Problem:
        """Return a hint with its fixes."""
        ways = tuple(Fix(label, self.place.edit(edit)) for label, edit in fixes)
        return Problem("info", message, node, fixes=ways, path=self.place.path)


# --- layers that do nothing -------------------------------------------------------------------------------------------


def _about(view: _View, node: Node) -> Iterator[Problem]:
    kind = view.place.kind(node)
    if kind is None or not view.place.report.nodes[node.name].ok:
        return
    if kind.family == "Activation" and len(kind.inputs) == 1 and kind.id not in _GATES:
        yield from _repeated_activation(view, node, kind.id)
        yield from _activated_data(view, node)
    elif kind.id == "Linear":
        yield from _linear_twice(view, node)


def _remove(name: str) -> tuple[str, Edit]:
    return f"Remove {name}", RemoveNodes(frozenset({name}), bridge=True)


def _repeated_activation(view: _View, node: Node, kind: str) -> Iterator[Problem]:
    before = view.before(node.name)
    if before is None or len(view.fed[before.name]) > 1:
        return
    own = view.place.report.nodes[before.name].arguments.get("activation", "none")
    if before.kind != kind and own.replace("_", "") != kind.lower():
        return
    does = "changes nothing" if kind in _IDEMPOTENT else "is usually one too many"
    what = f"'{before.name}'" if before.kind == kind else f"the activation of '{before.name}'"
    yield view.problem(
        f"'{node.name}' applies {catalogue[kind].display} to what {what} has put through the same already: the second "
        f"one {does}.",
        node.name,
        _remove(node.name),
    )


def _activated_data(view: _View, node: Node) -> Iterator[Problem]:
    """An activation that data meets before any layer with weights (inside a group nobody knows what arrives)."""
    if view.place.parent is not None:
        return
    above: Node | None = node
    while above is not None and above.kind != INPUT:
        kind = view.place.kind(above)
        if kind is None or kind.family not in _WEIGHTLESS or kind.weights:
            return
        above = view.before(above.name)
    if above is None:
        return
    yield view.problem(
        f"'{node.name}' is applied to the data themselves: before it there is no layer with weights that could learn "
        "what to bring out and what to cut off.",
        node.name,
        _remove(node.name),
    )


def _linear_twice(view: _View, node: Node) -> Iterator[Problem]:
    before = view.before(node.name)
    while before is not None and before.kind == "Dropout" and len(view.fed[before.name]) == 1:
        before = view.before(before.name)
    if before is None or before.kind != "Linear" or len(view.fed[before.name]) > 1:
        return
    first, second = view.place.report.nodes[before.name].arguments, view.place.report.nodes[node.name].arguments
    if first.get("activation", "none") != "none" or before.shares or node.shares or first["frozen"]:
        return
    narrow = first.get("out_features", 0)
    if narrow < min(first.get("in_features", 0), second.get("out_features", 0)):
        return  # a bottleneck: the product of two narrow matrices saves weights
    link = End(node.name, "input")
    yield view.problem(
        f"'{node.name}' follows '{before.name}' without an activation in between: two Linear layers in a row can learn "
        "no more than a single one.",
        node.name,
        ("Insert ReLU", insertion(view.place.graph, "ReLU", link)),
    )


# --- branches that lead nowhere ---------------------------------------------------------------------------------------


_MOST_ENDS = 50
"""Of more loose ends than these only the fact is told: what hangs at each alone would take long to find out."""


def _dead_ends(view: _View) -> Iterator[Problem]:
    """Yield the ends of branches that no output reads (none while there is no output at all)."""
    place = view.place
    graph = place.graph
    outputs = [node.name for node in graph.of_kind(OUTPUT)]
    if not outputs:
        return
    used = upstream(graph, outputs)
    if len(used) == len(graph.nodes):
        return
    read = {source.node for source in place.project.graph.links.values()}
    ends = [name for name in graph.nodes if name not in used and name not in read]
    for name in ends:
        message = f"'{name}' leads to no output: it is not part of what is trained."
        fixes: list[Fix] = []
        if len(ends) <= _MOST_ENDS:
            others = upstream(graph, [each for each in ends if each != name])
            dead = upstream(graph, [name]) - used - others
            fixes = [*_removal(view, name, dead), *_heads(view, name)]
        yield Problem("warning", message, name, fixes=tuple(fixes), path=place.path)


def _removal(view: _View, name: str, dead: frozenset[str]) -> Iterator[Fix]:
    """Take a branch out; the ports of a group stay, because those who use it are linked to them."""
    place = view.place
    inside = place.parent is not None
    names = {each for each in dead if not (inside and place.graph.nodes[each].kind == INPUT)}
    if not names:
        return
    label = f"Remove {name}" if names == {name} else f"Remove {name} and what only it uses"
    yield Fix(label, place.edit(RemoveNodes(frozenset(names))))


def _heads(view: _View, name: str) -> Iterator[Fix]:
    """Let a branch that ends in a row of values predict a target that nobody predicts yet."""
    place = view.place
    node = place.graph.nodes[name]
    kind = place.kind(node)
    if place.parent is not None or kind is None or not kind.outputs or kind.outputs[0].variadic:
        return
    source = End(name, kind.outputs[0].name)
    spec = place.report.spec(source)
    if spec is None or spec.rank != 2 or spec.dtype != "float32" or node.kind == INPUT:
        return
    taken = {target_of(each) for each in place.project.graph.of_kind(OUTPUT)}
    free = [field for field in place.project.data.with_role("target") if field.name not in taken]
    for field in free[:1]:
        new = unique_name(catalogue[OUTPUT].name_stem, place.project.graph.nodes)
        x, y = node.position
        output = Node(new, OUTPUT, {"target": field.name}, position=(x, y + _BELOW))
        yield Fix(f"Predict '{field.name}' with {name}", AddNodes((output,), ((source, End(new, "input")),)))
