"""Moving nodes: the whole selection follows the pointer and becomes one undo step; a lone node may drop into a wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsRectItem, QGraphicsView

from core.graph.edits import MoveNodes
from core.graph.project import End
from designer.canvas.compose import links_of, snapped, splice_edit
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.node_item import NodeItem
from designer.canvas.wire_item import WireItem

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_MANY = 40
"""Moving more items than this repaints everything: finding out what to repaint would take longer."""


class MoveGesture(Gesture):
    """Selects on the press, moves on the drag. Everything that moves hangs on one empty item meanwhile."""

    def __init__(self, view: CanvasView, grabbed: NodeItem) -> None:
        super().__init__(view)
        self._grabbed = grabbed
        self._carrier: QGraphicsRectItem | None = None
        self._wire: End | None = None

    def start(self, pointer: Pointer) -> None:
        """Select the node under the pointer, unless it belongs to the selection already."""
        self._from = pointer
        self._before = self.session.selection
        name = self._grabbed.name
        self._narrow = False
        self.scene.select_wires(())
        if pointer.holds(Qt.KeyboardModifier.ControlModifier):
            self.session.select(self._before ^ {name})
        elif pointer.holds(Qt.KeyboardModifier.ShiftModifier):
            self.session.select(self._before | {name})
        elif name in self._before:
            self._narrow = True
        else:
            self.session.select([name])

    def update(self, pointer: Pointer) -> None:
        """Move the selection, on the grid unless Alt is held."""
        if self._carrier is None:
            away = (pointer.view - self._from.view).manhattanLength()
            if away < QApplication.startDragDistance() or self._grabbed.name not in self.session.selection:
                return
            self._take_up()
        assert self._carrier is not None
        offset = pointer.scene - self._from.scene
        if not pointer.holds(Qt.KeyboardModifier.AltModifier):
            x, y = self._grabbed.face.node.position
            offset = QPointF(snapped(x + offset.x()) - x, snapped(y + offset.y()) - y)
        self._carrier.setPos(offset)
        for wire in self._border:
            self.scene.lay_wire(wire, around=False)
        self._wire = self._wire_below(pointer)
        self.scene.hover_wire(self._wire)

    def _take_up(self) -> None:
        names = self.session.selection
        self._items = [self.scene.nodes[name] for name in names]
        links = self.session.view.graph.links
        touching = links_of(self.session.view.graph, names)
        inner = {end for end in touching if end.node in names and links[end].node in names}
        self._inner = [self.scene.wires[end] for end in inner]
        self._border = [self.scene.wires[end] for end in touching - inner]
        self._may_splice = len(names) == 1 and not touching
        self._carrier = QGraphicsRectItem(QRectF())
        self._carrier.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self._carrier.setZValue(10)
        self.scene.addItem(self._carrier)
        carried: list[NodeItem | WireItem] = [*self._items, *self._inner]
        for item in carried:
            item.setParentItem(self._carrier)
        if len(carried) > _MANY:
            self.view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)

    def _wire_below(self, pointer: Pointer) -> End | None:
        kind = self._grabbed.face.kind
        if not self._may_splice or kind is None or not kind.inputs or not kind.outputs:
            return None
        if pointer.holds(Qt.KeyboardModifier.AltModifier):
            return None
        card = self._grabbed.scene_card()
        places = (card.center(), QPointF(card.center().x(), card.top()), QPointF(card.center().x(), card.bottom()))
        return next((end for place in places if (end := self.scene.wire_at(place, 12))), None)

    def finish(self, pointer: Pointer) -> None:
        """Make the move, or the insertion into a wire, one edit; a click on the selection narrows it to the node."""
        if self._carrier is None:
            if self._narrow:
                self.session.select([self._grabbed.name])
            return
        offset, wire = self._carrier.pos(), self._wire
        self._put_down()
        graph = self.session.view.graph
        places = {}
        for item in self._items:
            x, y = graph.nodes[item.name].position
            places[item.name] = (x + offset.x(), y + offset.y())
        kind = self._grabbed.face.kind
        if wire and kind:
            name = self._grabbed.name
            self.session.apply_here(splice_edit(graph, name, kind, wire, places[name], self.scene.boxes()))
        elif not offset.isNull():
            self.session.apply_here(MoveNodes(places))

    def _put_down(self) -> None:
        assert self._carrier is not None
        self.view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        graph = self.session.view.graph
        carried: list[NodeItem | WireItem] = [*self._items, *self._inner]
        for item in carried:
            item.setParentItem(None)  # type: ignore[arg-type]  # the stubs miss that None is allowed
        for node in self._items:
            node.set_place(graph.nodes[node.name].position)
        for wire in self._border:
            self.scene.lay_wire(wire, around=True)
        self.scene.removeItem(self._carrier)
        self.scene.hover_wire(None)
        self._carrier = None

    def cancel(self) -> None:
        """Put everything back."""
        if self._carrier is not None:
            self._put_down()
        self.session.select(self._before)
