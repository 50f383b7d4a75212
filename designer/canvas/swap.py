"""Another type for nodes that stand already: the palette offers what takes and gives what their wires carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.edits import Connect, SetKind
from core.graph.edits.base import BaseEdit, known_kind, node_of
from core.graph.kinds import kind_of
from core.graph.order import incoming, outgoing
from core.graph.project import End, Node, Project
from core.graph.quickline.naming import plain, twin
from core.graph.sharing import sharers
from core.kinds import LayerKind, Port
from core.parameters import check_value, parameters_of
from designer.canvas.fitting import exits, misfit
from designer.canvas.ranking import NO_MATCH, Offer, gives_wrong, kinds_for, match_of

if TYPE_CHECKING:
    from core.model.specs import TensorSpec
    from designer.canvas.view import CanvasView

_RELATED = (
    frozenset({"Activation", "Regularisation", "Normalisation"}),
    frozenset({"Convolution", "Core", "Vision", "Padding"}),
    frozenset({"Pooling", "Convolution", "Vision"}),
    frozenset({"Recurrent", "Attention"}),
    frozenset({"Merge", "Arithmetic"}),
    frozenset({"Shape", "Selection"}),
    frozenset({"Groups", "Python"}),
)
"""Families that stand for each other, where none of the same family will do."""


@dataclass(frozen=True)
class Wires:
    """What is linked to a node: its input slots with what arrives there, and its output slots with what they feed."""

    node: Node
    kind: LayerKind | None
    inputs: tuple[tuple[str, End, TensorSpec | None], ...]
    outputs: tuple[tuple[str, End, Port | None], ...]
    sharers: tuple[str, ...] = ()
    """Nodes that share its layer, and change with it."""


def links_after(wires: Wires, kind: LayerKind) -> tuple[tuple[End, End], ...] | None:
    """Return the links that a node has once it is of another kind; None where that kind has too few ports.

    Ports of the same name stay; where one is missing, all go to the ports in their order.
    """
    name = wires.node.name
    slots = [slot for slot, _source, _spec in wires.inputs]
    if not all(kind.input_port(slot) for slot in slots):
        slots = list(kind.input_slots(len(slots)))
    if len(slots) < len(wires.inputs):
        return None
    links = [(source, End(name, slot)) for slot, (_old, source, _spec) in zip(slots, wires.inputs, strict=True)]
    used = list(dict.fromkeys(slot for slot, _target, _port in wires.outputs))
    given = list(used)
    if not all(kind.output_port(slot) for slot in used):
        given = list(exits(kind)[: len(used)])
    if len(given) < len(used):
        return None
    moved = dict(zip(used, given, strict=True))
    return (*links, *((End(name, moved[slot]), target) for slot, target, _port in wires.outputs))


def why_not(wires: Wires, kind: LayerKind) -> str | None:
    """Return why a kind does not suit a node's wires ("" where it does); None where it has not the ports at all."""
    links = links_after(wires, kind)
    if links is None or _needs(kind) > max(len(wires.inputs), _needs(wires.kind) if wires.kind else 0):
        return None
    if wires.sharers and not kind.has_module:
        told = QCoreApplication.translate(
            "Canvas", "The layer of {name} is shared with {others}, and an operation has none to share"
        )
        return told.format(name=wires.node.name, others=", ".join(wires.sharers))
    for (_source, target), (_slot, _end, spec) in zip(links, wires.inputs, strict=False):
        wrong = misfit(kind.input_port(target.port), spec)
        if wrong:
            return wrong
    first = wires.inputs[0][2] if wires.inputs else None
    return next((wrong for *_end, port in wires.outputs if (wrong := gives_wrong(kind, first, port))), "")


def _needs(kind: LayerKind) -> int:
    return sum(1 for port in kind.inputs if not port.optional)


def likeness(old: LayerKind | None, new: LayerKind) -> int:
    """Return how near a kind is to another: 0 its twin of other dimensions, the more the further."""
    if old is None:
        return 4
    if twin(new) and twin(new) == twin(old):
        return 0
    if new.family == old.family:
        return 1 if new.name_stem == old.name_stem or plain(new.name_stem) == plain(old.name_stem) else 2
    return 3 if any({old.family, new.family} <= related for related in _RELATED) else 4


def swap_offers(kinds: Iterable[LayerKind], text: str, nodes: Sequence[Wires]) -> list[Offer]:
    """Return what nodes may be swapped for, the likeliest first; what does not fit is listed only where it is named."""
    words = text.lower().split()
    found = []
    for kind in kinds:
        match = match_of(kind, words)
        reasons = [why_not(each, kind) for each in nodes] if match != NO_MATCH else [None]
        same = all(each.kind is kind for each in nodes)
        if same or None in reasons or (any(reasons) and not words):
            continue
        wrong = next(filter(None, reasons), "")
        near = max(likeness(each.kind, kind) for each in nodes)
        found.append(((bool(wrong), match, near), Offer(kind, wrong)))
    return [offer for _key, offer in sorted(found, key=lambda each: each[0])]


def keepable(node: Node, new: LayerKind) -> frozenset[str]:
    """Return the parameters of a node whose names and values fit another kind too."""
    known = {each.name: each for each in parameters_of(new)}
    return frozenset(
        name for name, value in node.params.items() if name in known and not check_value(known[name], value)
    )


@dataclass(frozen=True)
class SwapKinds(BaseEdit):
    """Make nodes one kind, with their wires and what fits of their parameters; who shares a layer changes with it."""

    names: tuple[str, ...]
    kind: str

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Change {self.names[0] if len(self.names) == 1 else f'{len(self.names)} nodes'} to {self.kind}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        kind = known_kind(project, self.kind)
        for name in self.names:
            node = node_of(project.graph, name)
            owner = project.graph.nodes.get(node.shares, node)
            before = [wires_of(project, each) for each in (name, *sharers(project.graph.nodes, name))]
            project = SetKind(name, kind.id, keepable(owner, kind)).apply(project)
            for wires in before:
                for source, target in links_after(wires, kind) or ():
                    project = Connect(source, target).apply(project)
        return project


def wires_of(project: Project, name: str, specs: dict[End, TensorSpec | None] | None = None) -> Wires:
    """Return what is linked to a node; ``specs`` are what the output ends give, where that is known."""
    graph, specs = project.graph, specs or {}
    node = graph.nodes[name]
    inputs = tuple((slot, source, specs.get(source)) for slot, source in incoming(graph)[name])
    outputs = []
    for slot, target in outgoing(graph)[name]:
        fed = kind_of(project, graph.nodes[target.node])
        outputs.append((slot, target, fed.input_port(target.port) if fed else None))
    return Wires(node, kind_of(project, node), inputs, tuple(outputs), sharers(graph.nodes, name))


class Swap:
    """The command "Change type…" of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._session = view.session

    def ask(self) -> None:
        """Open the palette with what the selected nodes may be swapped for."""
        project, scene = self._session.view, self._view.canvas
        names = sorted(self._session.selection & scene.nodes.keys())
        chosen = [name for name in names if project.graph.nodes[name].shares not in names]
        if not chosen:
            return
        specs = {source: scene.spec_of(source) for source in project.graph.links.values()}
        changing = [each for name in chosen for each in (name, *sharers(project.graph.nodes, name))]
        nodes = [wires_of(project, name, specs) for name in changing]
        kinds = kinds_for(project, self._session.group)
        title = self._view.tr("Change {name} to…").format(name=chosen[0])
        if len(chosen) > 1:
            title = self._view.tr("Change {count} nodes to…").format(count=len(chosen))
        place = self._view.mapFromScene(scene.cards(chosen)).boundingRect()
        self._view.palette_box.ask(
            place, lambda text: swap_offers(kinds, text, nodes), lambda kind: self.change(chosen, kind), title
        )

    def change(self, names: Iterable[str], kind_id: str) -> bool:
        """Make nodes another kind; False where that is refused."""
        return self._session.apply_here(SwapKinds(tuple(names), kind_id))
