"""A node on the canvas: one item, no children, everything painted; it shows what it is given and decides nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from core.graph.project import End
from designer.canvas.face import Face, PortFace
from designer.canvas.paint import Look, chip_rect, paint_node
from designer.canvas.snapshot import snapshot_rect
from designer.canvas.style import Style

_MARGIN = 14.0


class NodeItem(QGraphicsRectItem):
    """Draws a face and a look. Its rectangle is all that it paints in, which Qt so knows without a Python call."""

    def __init__(self, face: Face, style: Style) -> None:
        super().__init__()
        self.face = face
        self.look = Look()
        self._style = style
        self.setPen(Qt.PenStyle.NoPen)
        self._measure()
        self.set_place(face.node.position)

    @property
    def name(self) -> str:
        """The node's name."""
        return self.face.node.name

    def set_place(self, position: tuple[float, float]) -> None:
        """Put the item where the document says; lower nodes lie above higher ones, so that no shape covers a card."""
        self.setPos(QPointF(*position))
        self.setZValue(1 + position[1] * 1e-6)

    def set_face(self, face: Face, style: Style) -> None:
        """Show another face (and the colours of another theme)."""
        self.face, self._style = face, style
        self._measure()
        self.update()

    def set_look(self, **changes: Any) -> None:
        """Change parts of the look; nothing is repainted where nothing differs."""
        look = replace(self.look, **changes)
        if look != self.look:
            pinned = (look.snapshot is None, look.on_left) != (self.look.snapshot is None, self.look.on_left)
            measured = look.shapes != self.look.shapes or pinned
            self.look = look
            if measured:
                self._measure()
            self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey the shapes, or show them as current."""
        if self.look.stale is not stale:
            self.set_look(stale=stale)

    def set_selected(self, selected: bool) -> None:
        """Show the node as selected or not."""
        if self.look.selected is not selected:
            self.set_look(selected=selected)

    def set_faded(self, faded: bool) -> None:
        """Step back while others are looked for, or come forward again."""
        if self.look.faded is not faded:
            self.look = replace(self.look, faded=faded)
            self.update()

    def _measure(self) -> None:
        """Take in the card with its ports, badge and shapes, and the picture beside it."""
        bounds = self.card().adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        for port in self.face.outputs:
            text = self.look.shapes.get(port.end.port, "")
            if text:
                bounds = bounds.united(chip_rect(port, text, self._style).adjusted(-1, -1, 1, 1))
        if self.look.snapshot is not None:
            bounds = bounds.united(self.snapshot_place(left=self.look.on_left).adjusted(-1, -1, 1, 1))
        self.setRect(bounds)

    def card(self) -> QRectF:
        """Return the card in the item's coordinates."""
        return QRectF(0, 0, self.face.width, self.face.height)

    def snapshot_place(self, *, left: bool) -> QRectF:
        """Return where a live picture is beside the card, in the item's coordinates."""
        return snapshot_rect(self.face.width, left=left)

    def scene_card(self) -> QRectF:
        """Return the card in the scene."""
        return self.card().translated(self.scenePos())

    def port(self, end: End) -> PortFace | None:
        """Return the face of a port by its end."""
        return next((port for port in self.face.ports if port.end == end), None)

    def port_place(self, end: End) -> QPointF:
        """Return where a wire meets a port, in the scene (the middle of its side for a port that is not drawn)."""
        port = self.port(end)
        return self.scenePos() + (port.centre if port else self.card().center())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint at the level of detail that the zoom asks for."""
        paint_node(painter, self.face, self.look, self._style, painter.worldTransform().m22())
