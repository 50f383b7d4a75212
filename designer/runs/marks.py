"""What is painted over nodes and wires that differ from those of a run, and the ghosts of those it alone had."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from core.graph.project import End
from designer import theme
from designer.canvas.face import Face
from designer.canvas.node_item import NodeItem
from designer.canvas.paint import Look, paint_node
from designer.canvas.style import style_of
from designer.canvas.wire_item import WireItem, direct
from designer.theme import RADIUS

SIGNS = {"added": "+", "removed": "−", "changed": "≠"}
_LINES = {"added": Qt.PenStyle.SolidLine, "removed": Qt.PenStyle.DashLine, "changed": Qt.PenStyle.DashDotLine}
_AROUND, _WIDTH, _BADGE = 5.0, 3.0, 9.0


def colour(fate: str) -> QColor:
    """Return the theme's colour for what happened to a node or wire."""
    colours = theme.current()
    return QColor({"added": colours.success, "removed": colours.error, "changed": colours.warning}[fate])


def pen(fate: str) -> QPen:
    """Return the pen: solid where something is new, dashed where it is gone, dash-dotted where it differs."""
    made = QPen(colour(fate), _WIDTH)
    made.setStyle(_LINES[fate])
    return made


def paint_sign(painter: QPainter, centre: QPointF, fate: str) -> None:
    """Paint the sign in a disc."""
    style = style_of()
    painter.setPen(QPen(style.canvas.color(), 1.5))
    painter.setBrush(colour(fate))
    painter.drawEllipse(centre, _BADGE, _BADGE)
    painter.setPen(QPen(QColor(theme.current().surface), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    arm = QPointF(4.5, 0)
    up = QPointF(0, 4.5)
    if fate == "added":
        painter.drawLine(centre - up, centre + up)
    if fate == "changed":
        for each in (QPointF(0, -2), QPointF(0, 2)):
            painter.drawLine(centre + each - arm, centre + each + arm)
        painter.drawLine(centre + QPointF(-2.5, 5), centre + QPointF(2.5, -5))
    else:
        painter.drawLine(centre - arm, centre + arm)


class NodeMark(QGraphicsItem):
    """An outline around a node with a sign at its corner; ``follow`` puts it where the node is now.

    It is no child of the node's item: Qt would delete it with that, and Python would not know.
    """

    def __init__(self, node: NodeItem, fate: str) -> None:
        super().__init__()
        self.fate = fate
        self.node = node
        self.setZValue(3)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.follow()

    def follow(self) -> None:
        """Stand where the node stands, on top of it."""
        if self.pos() != self.node.pos():
            self.setPos(self.node.pos())

    def boundingRect(self) -> QRectF:
        """The card with room for outline and sign."""
        edge = _AROUND + _BADGE + _WIDTH
        return self.node.card().adjusted(-edge, -edge, edge, edge)

    def shape(self) -> QPainterPath:
        """Nothing that would catch the pointer."""
        return QPainterPath()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint outline and sign."""
        _paint_frame(painter, self.node.card(), self.fate)


def _paint_frame(painter: QPainter, card: QRectF, fate: str) -> None:
    around = card.adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
    painter.setPen(pen(fate))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(around, RADIUS + _AROUND, RADIUS + _AROUND)
    paint_sign(painter, around.topLeft() + QPointF(2, 2), fate)


class Ghost(QGraphicsItem):
    """A node that only the run had, pale and at its old place; it cannot be taken hold of."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        self.face = face
        self.setPos(QPointF(*face.node.position))
        self.setZValue(-1)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def port_place(self, end: End) -> QPointF:
        """Return where a wire met a port, in the scene."""
        port = next((each for each in self.face.ports if each.end == end), None)
        return self.scenePos() + (port.centre if port else self._card().center())

    def _card(self) -> QRectF:
        return QRectF(0, 0, self.face.width, self.face.height)

    def boundingRect(self) -> QRectF:
        """The card with its ports, outline and sign."""
        edge = _AROUND + _BADGE + _WIDTH + 8
        return self._card().adjusted(-edge, -edge, edge, edge)

    def shape(self) -> QPainterPath:
        """Nothing that would catch the pointer."""
        return QPainterPath()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the card as it was, faded, with outline and sign."""
        paint_node(painter, self.face, Look(faded=True), style_of(), painter.worldTransform().m22())
        painter.setOpacity(1.0)
        _paint_frame(painter, self._card(), "removed")


class WireMark(QGraphicsItem):
    """A wire that differs: over the wire that there is, or where the run's ran."""

    def __init__(self, start: QPointF, end: QPointF, fate: str, wire: WireItem | None = None) -> None:
        super().__init__()
        self.fate = fate
        self._path = QPainterPath(wire.path()) if wire is not None else direct(start, end)
        self.setZValue(2)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        """The path with room for its width and sign."""
        edge = _BADGE + _WIDTH
        return self._path.boundingRect().adjusted(-edge, -edge, edge, edge)

    def shape(self) -> QPainterPath:
        """Nothing that would catch the pointer."""
        return QPainterPath()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the line and the sign at its middle."""
        painter.setPen(pen(self.fate))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
        paint_sign(painter, self._path.pointAtPercent(0.5), self.fate)
