"""What moves during a drag: the nodes and the wires among them hang on one empty item, which is all that is moved."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QGraphicsScene, QGraphicsView

from core.graph.project import End, Point
from designer.canvas.course import through
from designer.canvas.wire_item import WireItem, direct

if TYPE_CHECKING:
    from designer.canvas.node_item import NodeItem
    from designer.canvas.view import CanvasView

_MANY = 40
"""Moving more items than this repaints everything: finding out what to repaint would take longer."""
_INDEXED = 1000
"""Moving more items than this goes without an index: bringing it up to date would take longer than it saves."""


class Carrier:
    """Nodes of one canvas on their way. The document knows nothing of it until the drag ends."""

    def __init__(self, view: CanvasView, names: Collection[str], loose: Collection[End] = ()) -> None:
        self._view = view
        scene = view.canvas
        graph = view.session.view.graph
        self.nodes = [scene.nodes[name] for name in names]
        touching = {end for name in names for end in scene.wires_at(name)} - set(loose)
        inner = {end for end in touching if end.node in names and graph.links[end].node in names}
        self._inner = [scene.wires[end] for end in inner]
        self._border = [_Border(scene.wires[end], view, end.node in names) for end in touching - inner]
        self._hidden = [scene.wires[end] for end in loose]
        for wire in self._hidden:
            wire.setVisible(False)
        count = len(self.nodes) + len(self._inner) + len(self._border)
        self._many, self._indexed = count > _MANY, count <= _INDEXED
        if not self._indexed:
            scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        if self._many:
            view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self._item = QGraphicsRectItem(QRectF())
        self._item.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self._item.setZValue(10)
        scene.addItem(self._item)
        carried: list[NodeItem | WireItem] = [*self.nodes, *self._inner]
        for item in carried:
            item.setParentItem(self._item)

    @property
    def offset(self) -> QPointF:
        """How far everything has been moved (scene units)."""
        return self._item.pos()

    def move(self, offset: QPointF) -> None:
        """Move everything; wires to what stays follow without looking for a way around."""
        if offset != self._item.pos():
            self._item.setPos(offset)
            for border in self._border:
                border.follow(offset)

    def put_down(self) -> None:
        """Put everything back where the document says it is."""
        scene, graph = self._view.canvas, self._view.session.view.graph
        carried: list[NodeItem | WireItem] = [*self.nodes, *self._inner]
        for item in carried:
            item.setParentItem(None)  # type: ignore[arg-type]  # the stubs miss that None is allowed
        for node in self.nodes:
            node.set_place(graph.nodes[node.name].position)
        scene.removeItem(self._item)
        if not self._indexed:
            scene.keep_index()
        if self._many:
            self._view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        for wire in self._hidden:
            wire.setVisible(True)
        for border in self._border:
            scene.lay_wire(border.wire, around=True)


class _Border:
    """A wire with one end on what moves."""

    def __init__(self, wire: WireItem, view: CanvasView, moves_below: bool) -> None:
        self.wire = wire
        nodes = view.canvas.nodes
        self._start = nodes[wire.source.node].port_place(wire.source)
        self._end = nodes[wire.target.node].port_place(wire.target)
        self._points: list[QPointF] = [QPointF(*point) for point in _points(view, wire)]
        self._moves_below = moves_below

    def follow(self, offset: QPointF) -> None:
        start, end = self._start, self._end
        if self._moves_below:
            end = end + offset
        else:
            start = start + offset
        self.wire.setPath(through(start, self._points, end) if self._points else direct(start, end))


def _points(view: CanvasView, wire: WireItem) -> tuple[Point, ...]:
    return view.canvas.points.of(wire.target)
