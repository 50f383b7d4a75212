"""Moving nodes: the whole selection follows the pointer and becomes one undo step.

A lone node may drop into a wire, with room made for it. Where Alt is held on the press, the nodes are pulled out of the
network first, and what they stood between is linked as far as shapes allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QApplication, QGraphicsPathItem

from core.graph.edits import Edit
from core.graph.project import End, Graph
from designer.canvas.compose import Box, insertion_links, links_of, snapped, splice_edit
from designer.canvas.gestures.carrier import Carrier
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.gestures.guide_lines import GuideLines
from designer.canvas.node_item import NodeItem
from designer.canvas.pulling import Pull, pull
from designer.canvas.routing import carried, together
from designer.canvas.wire_item import direct

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_REACH = 12.0
"""How near a wire must be to the card's middle or edge for the card to drop into it (scene units)."""


class MoveGesture(Gesture):
    """Selects on the press, moves on the drag: on the grid and in line with neighbours, unless Alt is held."""

    def __init__(self, view: CanvasView, grabbed: NodeItem) -> None:
        super().__init__(view)
        self._grabbed = grabbed
        self._carrier: Carrier | None = None
        self._wire: End | None = None
        self._pull: Pull | None = None
        self._bridges: QGraphicsPathItem | None = None

    def start(self, pointer: Pointer) -> None:
        """Select the node under the pointer, unless it belongs to the selection already."""
        self._from = pointer
        before, name = self._nodes_before, self._grabbed.name
        self._narrow = False
        self.scene.select_wires(())
        if pointer.holds(Qt.KeyboardModifier.ControlModifier):
            self.session.select(before ^ {name})
        elif pointer.holds(Qt.KeyboardModifier.ShiftModifier):
            self.session.select(before | {name})
        elif name in before:
            self._narrow = True
        else:
            self.session.select([name])

    def update(self, pointer: Pointer) -> None:
        """Move the selection, on the grid and along the guides unless Alt is held."""
        if self._carrier is None:
            away = (pointer.view - self._from.view).manhattanLength()
            if away < QApplication.startDragDistance() or self._grabbed.name not in self.session.selection:
                return
            self._take_up()
        assert self._carrier is not None
        offset = pointer.scene - self._from.scene
        free = pointer.holds(Qt.KeyboardModifier.AltModifier)
        self._carrier.move(offset if free else self._settled(offset))
        self.guides.show(None if free else self._box(self._carrier.offset))
        wire = None if free else self._wire_below()
        if wire != self._wire or wire:
            self._show_insertion(wire, pointer)

    def _settled(self, offset: QPointF) -> QPointF:
        """Return the offset in line with neighbours where some are near, else on the grid."""
        x, y = self.session.view.graph.nodes[self._grabbed.name].position
        across, down = self.guides.step(self._box(offset), self.view.zoom)
        return QPointF(
            snapped(x + offset.x()) - x if across is None else offset.x() + across,
            snapped(y + offset.y()) - y if down is None else offset.y() + down,
        )

    def _box(self, offset: QPointF) -> Box:
        return Box(self._bounds.x + offset.x(), self._bounds.y + offset.y(), self._bounds.width, self._bounds.height)

    def _take_up(self) -> None:
        names = self.session.selection
        boxes = [self.scene.box(name) for name in names]
        x, y = min(box.x for box in boxes), min(box.y for box in boxes)
        right, bottom = max(box.x + box.width for box in boxes), max(box.bottom for box in boxes)
        self._bounds = Box(x, y, right - x, bottom - y)
        self.guides = GuideLines(self.view, names)
        if self._from.holds(Qt.KeyboardModifier.AltModifier):
            self._pull_out()
        linked = bool(links_of(self.session.view.graph, names)) if len(names) == 1 else True
        self._may_splice = not linked or (self._pull is not None and len(names) == 1)
        self._carrier = Carrier(self.view, names, self._pull.cut if self._pull else ())

    # --- out of the network -------------------------------------------------------------------------------------------

    def _pull_out(self) -> None:
        """Find out what becomes of the links around the selection, and show the bridges."""
        found = pull(self.session.view, self.session.selection, self.scene.spec_of)
        label = self._label()
        edit = found.edit(label)
        if edit is None:
            return
        for _source, target in found.bridges:
            if self.view.wiring.new_trouble(edit, target.node):
                found = found.without(target)
        self._pull = found
        path = QPainterPath()
        for source, target in found.bridges:
            nodes = self.scene.nodes
            path.addPath(direct(nodes[source.node].port_place(source), nodes[target.node].port_place(target)))
        self._bridges = QGraphicsPathItem(path)
        self._bridges.setPen(self.scene.style_now.wires["preview"])
        self.scene.addItem(self._bridges)

    def _label(self) -> str:
        names = self.session.selection
        text = self.view.tr("Pull out {name}") if len(names) == 1 else self.view.tr("Pull out {count} nodes")
        return text.format(name=self._grabbed.name, count=len(names))

    # --- into a wire --------------------------------------------------------------------------------------------------

    def _wire_below(self) -> End | None:
        kind = self._grabbed.face.kind
        if not self._may_splice or kind is None or not kind.inputs or not kind.outputs:
            return None
        card = self._grabbed.scene_card()
        places = (card.center(), QPointF(card.center().x(), card.top()), QPointF(card.center().x(), card.bottom()))
        return next((end for place in places if (end := self.scene.wire_at(place, _REACH))), None)

    def _show_insertion(self, wire: End | None, pointer: Pointer) -> None:
        """Highlight the wire that the node would go into, and say what it would give there."""
        self._wire = wire
        self.scene.hover_wire(wire)
        kind = self._grabbed.face.kind
        if wire is None or kind is None:
            self.view.tip.hide()
            return
        name = self._grabbed.name
        links = insertion_links(self._graph(), name, kind, wire)
        self.view.wiring.show_insertion(pointer.view, name, self._with_pull(links))

    def _graph(self) -> Graph:
        """Return the graph that is looked at, without what the drag pulls apart."""
        edit = self._pull.edit(self._label()) if self._pull else None
        return edit.apply(self.session.view).graph if edit else self.session.view.graph

    def _with_pull(self, edit: Edit) -> Edit:
        before = self._pull.edit(self._label()) if self._pull else None
        both = together([each for each in (before, edit) if each], self._label() if before else edit.label)
        assert both is not None
        return both

    # --- the end ------------------------------------------------------------------------------------------------------

    def finish(self, pointer: Pointer) -> None:
        """Make the move, or the insertion into a wire, one edit; a click on the selection narrows it to the node."""
        if self._carrier is None:
            if self._narrow:
                self.session.select([self._grabbed.name])
            return
        offset, wire, graph = self._carrier.offset, self._wire, self._graph()
        names = [item.name for item in self._carrier.nodes]
        self._put_down()
        places = {}
        for name in names:
            x, y = graph.nodes[name].position
            places[name] = (round(x + offset.x(), 1), round(y + offset.y(), 1))
        kind, name = self._grabbed.face.kind, self._grabbed.name
        if wire and kind:
            edit = splice_edit(graph, name, kind, wire, places[name], self.scene.boxes())
            self.session.apply_here(self._with_pull(edit))
        elif not offset.isNull():
            self.session.apply_here(self._with_pull(carried(graph, places, self.view.tr("Move"))))

    def _put_down(self) -> None:
        assert self._carrier is not None
        self._carrier.put_down()
        self._carrier = None
        self.guides.hide()
        if self._bridges is not None:
            self.scene.removeItem(self._bridges)
        self.scene.hover_wire(None)
        self.view.tip.hide()

    def cancel(self) -> None:
        """Put everything back."""
        if self._carrier is not None:
            self._put_down()
        self.select_again()
