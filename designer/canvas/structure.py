"""Commands about structure: groups and their repetition, shared layers, and what is switched off or passed by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPoint

from core.errors import SaveError
from core.graph.blocks import SUFFIX, save_block
from core.graph.edits import (
    AddNodes,
    Edit,
    GroupNodes,
    MoveNodes,
    PromotePort,
    SetMode,
    SetRepeat,
    ShareLayer,
    Together,
    Ungroup,
)
from core.graph.groups import with_weights_beside
from core.graph.kinds import kind_of
from core.graph.names import free_class_name, natural_key, snake_case, unique_name
from core.graph.order import execution_order
from core.graph.project import INPUT, OUTPUT, End, Graph, Mode, Node
from core.graph.rules import next_slot
from designer.canvas import clipboard
from designer.canvas.asking import MOST, NameQuestion, Question, RepeatQuestion, may_replace
from designer.canvas.compose import snapped
from designer.canvas.fitting import output_slots

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

Side = Literal["input", "output"]

_ASIDE = 40.0
_GROUP = "Block"


class Structure:
    """The structural commands of one canvas; ``can_…`` says where each has something to work on.

    ``blocks`` is the folder of the user's own blocks, where there is one.
    """

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._scene = view.canvas
        self._session = view.session
        self.name_question = NameQuestion(view)
        self.repeat_question = RepeatQuestion(view)
        self.blocks: Path | None = None

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions that these commands ask."""
        return self.name_question, self.repeat_question

    @property
    def _graph(self) -> Graph:
        return self._session.view.graph

    @property
    def _selected(self) -> list[Node]:
        """The selected nodes, in no order."""
        nodes = self._graph.nodes
        return [nodes[name] for name in self._session.selection if name in nodes]

    def _running_order(self) -> list[Node]:
        """Return the selected nodes in the order in which they run."""
        rank = {name: number for number, name in enumerate(execution_order(self._graph))}
        return sorted(self._selected, key=lambda node: (rank.get(node.name, len(rank)), natural_key(node.name)))

    def _apply(self, edit: Edit) -> frozenset[str]:
        """Apply an edit here; return the names of the nodes that it added."""
        before = self._graph.nodes.keys()
        done = self._session.apply_here(edit)
        return frozenset(self._graph.nodes.keys() - before) if done else frozenset()

    def _beside_selection(self) -> QPoint:
        place = self._scene.cards(self._session.selection)
        self._view.navigator.reveal(place)
        return self._view.mapFromScene(place.topRight()) + QPoint(8, 4)

    # --- groups -------------------------------------------------------------------------------------------------------

    def can_group(self) -> bool:
        """True where something is selected that may stand in a group."""
        return any(node.kind not in (INPUT, OUTPUT) for node in self._selected)

    def ask_group(self) -> None:
        """Ask for the name of a group of the selected nodes, and make it."""
        names = frozenset(node.name for node in self._selected if node.kind not in (INPUT, OUTPUT))
        if not names:
            return

        def why_not(name: str) -> str:
            return self._session.why_not(self._group_edit(names, name))

        title = self._view.tr("Name of the group")
        self.name_question.ask(
            self._beside_selection(), title, self._proposed_name(names), why_not, lambda name: self.group(names, name)
        )

    def group(self, names: frozenset[str], name: str) -> None:
        """Make nodes a group of a name, and select the node that stands for it in the middle of where they were."""
        edit, middle = self._group_edit(names, name), self._scene.cards(names).center()
        with self._session.document.macro(edit.label):
            added = self._apply(edit)
            cards = {each: self._scene.cards([each]) for each in added}
            corners = {
                each: (middle.x() - card.width() / 2, middle.y() - card.height() / 2) for each, card in cards.items()
            }
            self._apply(MoveNodes(corners))
        self._select(added)

    def _group_edit(self, names: frozenset[str], name: str) -> GroupNodes:
        node = unique_name(snake_case(name), self._graph.nodes.keys() - names)
        return GroupNodes(names, name, node, drawn=self._session.drawn)

    def _proposed_name(self, names: frozenset[str]) -> str:
        """Return a free name after what the first layer with weights is: ``ConvBlock``."""
        nodes = [node for node in self._running_order() if node.name in names]
        kinds = [kind for node in nodes if (kind := kind_of(self._session.view, node))]
        first = next((kind for kind in (*(each for each in kinds if each.weights), *kinds) if kind.has_module), None)
        stem = "".join(part.capitalize() for part in first.name_stem.split("_")) if first else ""
        stem = (stem if stem.isidentifier() else "") + _GROUP
        taken = self._session.project.groups.keys() | self._session.project.code.keys()
        return free_class_name(stem, taken)

    def _select(self, names: frozenset[str]) -> None:
        if names:
            self._session.select(names)

    def groups_selected(self) -> list[Node]:
        """Return the selected nodes that use a group of the project."""
        return [node for node in self._selected if node.group and node.group in self._session.project.groups]

    def ungroup(self) -> None:
        """Put what is inside the selected groups in their place, and select it."""
        edits = tuple(Ungroup(node.name) for node in self.groups_selected())
        if edits:
            self._select(self._apply(edits[0] if len(edits) == 1 else Together(edits, self._view.tr("Ungroup"))))

    def can_open(self) -> bool:
        """True where the one selected node uses a group."""
        return len(self._session.selection) == 1 and bool(self.groups_selected())

    def open(self) -> None:
        """Look at the inside of the one selected group."""
        if self.can_open():
            self._session.open_group(self.groups_selected()[0].name)

    def leave(self) -> None:
        """Look at the graph around this group."""
        self._session.leave_group()

    def ask_save_block(self) -> None:
        """Keep the one selected group for other projects; ask before a block of its name is replaced."""
        if self.blocks is None or not self.can_open():
            return
        group, tr = self.groups_selected()[0].group, self._view.tr
        path = self.blocks / f"{group}{SUFFIX}"
        question = tr("There is a block “{name}” already. Put this group in its place?").format(name=group)
        if path.exists() and not may_replace(self._view, tr("Replace the block?"), question):
            return
        try:
            self.blocks.mkdir(parents=True, exist_ok=True)
            save_block(with_weights_beside(self._session.project, self._session.base), group, self.blocks)
        except (OSError, SaveError) as error:
            self._session.refused.emit(tr("The block was not saved: {reason}").format(reason=error))
            return
        self._session.told.emit(tr("“{name}” is one of your blocks now.").format(name=group))
        self._view.blocks_changed.emit()

    def may_be_ports(self, name: str) -> list[tuple[End, Side]]:
        """Return the ends of a node inside a group that could become ports: free inputs, and every output."""
        node = self._graph.nodes[name]
        kind = kind_of(self._session.view, node)
        if not self._session.group or kind is None or kind.id in (INPUT, OUTPUT):
            return []
        view = self._session.view
        ends = ((End(name, each.name), each.variadic) for each in kind.inputs)
        inputs = [next_slot(view, end) if variadic else end for end, variadic in ends]
        free = [end for end in inputs if end not in self._graph.links]
        found = self._session.node_report(name)
        outputs = output_slots(view, node, kind, found.arguments if found else {})
        if outputs is None:  # always the same ones, or their number is not known
            outputs = tuple(port.name for port in kind.outputs if not port.variadic)
        return [*((end, "input") for end in free), *((End(name, slot), "output") for slot in outputs)]

    def promote(self, end: End, side: Side) -> None:
        """Make an end of a node inside a group a port of the group."""
        self._select(self._apply(PromotePort(end, side)))

    # --- repetition ---------------------------------------------------------------------------------------------------

    def ask_repeat(self) -> None:
        """Ask how often the one selected group is stacked."""
        if not self.can_open():
            return
        node = self.groups_selected()[0]
        owner = self._graph.nodes.get(node.shares, node)
        found = self._session.node_report(node.name)
        count = owner.repeat if isinstance(owner.repeat, int) else found.repeat if found else 1

        def use(repeat: int, tied: bool) -> None:
            kept = owner.repeat if repeat == count else repeat
            self._apply(SetRepeat(node.name, kept, tied))

        self.repeat_question.ask(self._beside_selection(), min(count, MOST), owner.tied, use)

    # --- switching off ------------------------------------------------------------------------------------------------

    def toggle(self, mode: Mode) -> None:
        """Bypass or mute the selection, or let it run again where all of it is so already."""
        nodes = self._selected
        if nodes:
            wanted: Mode = "" if all(node.mode == mode for node in nodes) else mode
            self._apply(SetMode(frozenset(node.name for node in nodes), wanted))

    # --- sharing ------------------------------------------------------------------------------------------------------

    def can_share(self) -> bool:
        """True where several nodes of one kind with weights are selected that are not all calls of one layer yet."""
        nodes = self._selected
        layers = {node.shares or node.name for node in nodes}
        return len(layers) > 1 and len({node.kind for node in nodes}) == 1 and self._has_weights(nodes[0])

    def share(self) -> None:
        """Let all selected nodes use the layer of the one that runs first."""
        if not self.can_share():
            return
        first, *others = self._running_order()
        owner = first.shares or first.name
        followers = [node.name for node in others if owner not in (node.name, node.shares)]
        edits = tuple(ShareLayer(name, owner) for name in followers)
        self._apply(edits[0] if len(edits) == 1 else Together(edits, self._view.tr("Share weights")))

    def _has_weights(self, node: Node) -> bool:
        kind = kind_of(self._session.view, node)
        return kind is not None and kind.has_module

    def may_share_with(self, name: str) -> list[str]:
        """Return the nodes whose layer a node could use: of its kind, with weights of their own."""
        node = self._graph.nodes[name]
        if not self._has_weights(node):
            return []
        others = (each for each in self._graph.of_kind(node.kind) if not each.shares and each.name != node.shares)
        return sorted((each.name for each in others if each.name != name), key=natural_key)

    def share_with(self, name: str, owner: str) -> None:
        """Let a node use the layer of another one."""
        self._apply(ShareLayer(name, owner))

    def sharing(self) -> list[Node]:
        """Return the selected nodes that use another one's layer."""
        return [node for node in self._selected if node.shares]

    def separate(self) -> None:
        """Give the selected nodes that use another one's layer weights of their own."""
        edits = tuple(ShareLayer(node.name, "") for node in self.sharing())
        if edits:
            self._apply(edits[0] if len(edits) == 1 else Together(edits, self._view.tr("Separate weights")))

    def can_duplicate_shared(self) -> bool:
        """True where a layer with weights is selected."""
        return any(map(self._has_weights, self._selected))

    def duplicate_shared(self) -> None:
        """Add a copy of the selection beside it whose layers are further calls of those that are selected."""
        nodes = self._selected
        if not self.can_duplicate_shared():
            return
        fragment = clipboard.fragment_of(self._session.view, [node.name for node in nodes], keep_sharing=True)
        edit = clipboard.paste_edit(self._session.view, fragment, (self._width(nodes) + _ASIDE, 0.0))
        copies = []
        for original, copy in zip(fragment.nodes, edit.nodes, strict=True):
            if self._has_weights(original):
                copy = replace(copy, shares=original.shares or original.name, params={}, repeat=1, tied=False)
            copies.append(copy)
        self._select(self._apply(AddNodes(tuple(copies), edit.links)))

    def _width(self, nodes: list[Node]) -> float:
        boxes = [self._scene.box(node.name) for node in nodes]
        return snapped(max(box.x + box.width for box in boxes) - min(box.x for box in boxes))
