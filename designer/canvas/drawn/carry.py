"""Dragging frames and notes: a frame carries what lies inside, and everything that is selected comes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsRectItem, QGraphicsView

from designer.canvas.compose import links_of, snapped
from designer.canvas.drawn.items import DrawnItem
from designer.canvas.drawn.places import carried, move_edit
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.node_item import NodeItem

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_MANY = 40
"""Moving more items than this repaints everything: finding out what to repaint would take longer."""


class CarryGesture(Gesture):
    """Selects on the press, moves on the drag. ``grabbed`` is a frame, a note, or a node selected with some."""

    def __init__(self, view: CanvasView, grabbed: DrawnItem | NodeItem) -> None:
        super().__init__(view)
        self._grabbed = grabbed
        self._carrier: QGraphicsRectItem | None = None

    def start(self, pointer: Pointer) -> None:
        """Select what is under the pointer, unless it belongs to the selection already."""
        self._from = pointer
        self._nodes, self._drawn = self.session.selection, self.session.drawn
        one = frozenset((self._grabbed.name,))
        nodes, drawn = (one, frozenset[str]()) if isinstance(self._grabbed, NodeItem) else (frozenset[str](), one)
        self._only = nodes, drawn
        self._narrow = False
        self.scene.select_wires(())
        if pointer.holds(Qt.KeyboardModifier.ControlModifier):
            self.session.select(self._nodes ^ nodes, self._drawn ^ drawn)
        elif pointer.holds(Qt.KeyboardModifier.ShiftModifier):
            self.session.select(self._nodes | nodes, self._drawn | drawn)
        elif self._selected():
            self._narrow = True
        else:
            self.session.select(nodes, drawn)

    def _selected(self) -> bool:
        return self._grabbed.name in self.session.selection | self.session.drawn

    def update(self, pointer: Pointer) -> None:
        """Move what is carried, on the grid unless Alt is held."""
        if self._carrier is None:
            away = (pointer.view - self._from.view).manhattanLength()
            if away < QApplication.startDragDistance() or not self._selected():
                return
            self._take_up()
        assert self._carrier is not None
        offset = pointer.scene - self._from.scene
        if not pointer.holds(Qt.KeyboardModifier.AltModifier):
            corner = self._corner
            offset = QPointF(snapped(corner.x() + offset.x()), snapped(corner.y() + offset.y())) - corner
        self._carrier.setPos(offset)
        for item, place in self._frames:
            item.setPos(place + offset)
        for wire in self._border:
            self.scene.lay_wire(wire, around=False)

    def _take_up(self) -> None:
        scene, graph = self.scene, self.session.view.graph
        self._corner = self._grabbed.scenePos()
        self._content = carried(graph, self.session.selection, self.session.drawn, scene.boxes())
        nodes = self._content.nodes
        touching = links_of(graph, nodes)
        inner = {end for end in touching if end.node in nodes and graph.links[end].node in nodes}
        self._border = [scene.wires[end] for end in touching - inner]
        frames = (scene.drawn.frames[name] for name in self._content.frames)
        self._frames = [(item, item.pos()) for item in frames]
        self._carrier = QGraphicsRectItem(QRectF())
        self._carrier.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self._carrier.setZValue(10)
        scene.addItem(self._carrier)
        self._carried: list[QGraphicsItem] = [
            *(scene.nodes[name] for name in nodes),
            *(scene.wires[end] for end in inner),
            *(scene.drawn.notes[name] for name in self._content.notes),
        ]
        for item in self._carried:
            item.setParentItem(self._carrier)
        if len(self._carried) > _MANY:
            self.view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)

    def finish(self, pointer: Pointer) -> None:
        """Make the move one edit; a click on the selection narrows it to what was clicked."""
        if self._carrier is None:
            if self._narrow:
                self.session.select(*self._only)
            return
        offset = self._carrier.pos()
        self._put_down()
        if not offset.isNull():
            self.session.apply_here(move_edit(self.session.view.graph, self._content, offset.x(), offset.y()))

    def _put_down(self) -> None:
        assert self._carrier is not None
        self.view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        graph = self.session.view.graph
        for item in self._carried:
            item.setParentItem(None)  # type: ignore[arg-type]  # the stubs miss that None is allowed
        for name in self._content.nodes:
            self.scene.nodes[name].set_place(graph.nodes[name].position)
        self.scene.drawn.put_back()
        for wire in self._border:
            self.scene.lay_wire(wire, around=True)
        self.scene.removeItem(self._carrier)
        self._carrier = None

    def cancel(self) -> None:
        """Put everything back."""
        if self._carrier is not None:
            self._put_down()
        self.select_again()
