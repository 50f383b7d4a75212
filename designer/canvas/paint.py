"""Paints a node: the same code draws the canvas and the thumbnails of the start page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen

from core.graph.project import End
from designer.canvas.face import TEXT_LEFT, Face, PortFace
from designer.canvas.style import BLOCKS_BELOW, NO_TEXT_BELOW, PORT_RADIUS, Style
from designer.theme import RADIUS

BAND = 4.0
_ICON = 17.0
_CHIP_TOP, _CHIP_PAD = 9.0, 6.0
_CHIP_WIDEST = 150.0


@dataclass(frozen=True)
class Look:
    """What a node shows beside its face: selection, problem, shapes."""

    selected: bool = False
    severity: str = ""
    """"error", "warning" or nothing."""
    stale: bool = False
    shapes: Mapping[str, str] = field(default_factory=dict)
    """Shape as text by output port."""
    faded: bool | Collection[End] = False
    """True: the whole node steps back; ends: these ports do (they cannot take the wire being dragged)."""
    hot: End | None = None
    """The port under the pointer."""


def paint_node(painter: QPainter, face: Face, look: Look, style: Style, zoom: float) -> None:
    """Paint a node in its own coordinates; the further out, the simpler."""
    if zoom < BLOCKS_BELOW:
        _paint_block(painter, face, look, style)
        return
    if look.faded is True:
        painter.setOpacity(0.4)
    _paint_card(painter, face, look, style)
    if zoom >= NO_TEXT_BELOW:
        _paint_texts(painter, face, style)
        _paint_chips(painter, face, look, style)
    else:
        size = min(face.height - 8, 34)
        style.draw_icon(painter, face.family, QRectF(BAND + 10, (face.height - size) / 2, size, size), small=True)
    for port in face.ports:
        _paint_port(painter, port, look, style, labels=zoom >= NO_TEXT_BELOW)
    if look.severity:
        _paint_badge(painter, face, look.severity, style)
    painter.setOpacity(1.0)


def _paint_block(painter: QPainter, face: Face, look: Look, style: Style) -> None:
    brush = style.family(face.family)[1]
    if look.severity == "error":
        brush = QBrush(style.error)
    painter.fillRect(QRectF(0, 0, face.width, face.height), brush)
    if look.selected:
        pen = QPen(QColor(style.theme.text), 2)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(-8, -8, face.width + 16, face.height + 16))


def _paint_card(painter: QPainter, face: Face, look: Look, style: Style) -> None:
    card = QRectF(0, 0, face.width, face.height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.family(face.family)[1])
    painter.drawRoundedRect(card, RADIUS, RADIUS)
    painter.setBrush(style.body)
    painter.drawPath(_body(face))
    pen = style.outline(look.severity) if look.severity == "error" else style.border
    if look.selected:
        pen = style.selected
    if face.kind is None:
        pen = QPen(pen)
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(card, RADIUS, RADIUS)


_bodies: dict[tuple[float, float], QPainterPath] = {}


def _body(face: Face) -> QPainterPath:
    """Return the card without its band: square on the left, round on the right."""
    key = (face.width, face.height)
    path = _bodies.get(key)
    if path is None:
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRoundedRect(QRectF(BAND, 0, face.width - BAND, face.height), RADIUS, RADIUS)
        path.addRect(QRectF(BAND, 0, RADIUS, face.height))
        _bodies[key] = path = path.simplified()
    return path


def _paint_texts(painter: QPainter, face: Face, style: Style) -> None:
    first = style.metrics["name"].height()
    style.draw_icon(painter, face.family, QRectF(BAND + 8, face.top + (first - _ICON) / 2, _ICON, _ICON))
    painter.setPen(style.text)
    style.draw(painter, face.name, "name", TEXT_LEFT, face.top)
    painter.setPen(style.muted)
    lower = face.top + style.metrics["name"].ascent() - style.metrics["text"].ascent()
    right = face.width - 12 - style.width(face.kind_name, "text")
    style.draw(painter, face.kind_name, "text", right, lower)
    y = face.top + first + 1
    for text in filter(None, (face.line, face.label)):
        style.draw(painter, text, "text", TEXT_LEFT, y)
        y += style.metrics["text"].height() + 1


def chip_rect(port: PortFace, text: str, style: Style) -> QRectF:
    """Return where the shape at an output port is written, in the node's coordinates."""
    width = min(style.width(text, "chip"), _CHIP_WIDEST) + 2 * _CHIP_PAD
    height = style.metrics["chip"].height() + 2
    return QRectF(port.centre.x() - width / 2, port.centre.y() + _CHIP_TOP, width, height)


def _paint_chips(painter: QPainter, face: Face, look: Look, style: Style) -> None:
    for port in face.outputs:
        text = look.shapes.get(port.end.port, "")
        if not text:
            continue
        place = chip_rect(port, text, style)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.canvas)
        painter.drawRoundedRect(place, 5, 5)
        painter.setPen(style.stale if look.stale else style.muted)
        shown = style.elided(text, "chip", _CHIP_WIDEST)
        style.draw(painter, shown, "chip", place.x() + _CHIP_PAD, place.y() + 1)


def _paint_port(painter: QPainter, port: PortFace, look: Look, style: Style, *, labels: bool) -> None:
    faded = not isinstance(look.faded, bool) and port.end in look.faded
    hot = port.end == look.hot
    if faded:
        painter.setOpacity(0.25)
    painter.setPen(style.hot_port if hot else style.port)
    painter.setBrush(style.port.color() if port.linked and not hot else style.body)
    radius = PORT_RADIUS + (1.5 if hot else 0)
    if port.extra and not hot:
        radius -= 1
    painter.drawEllipse(port.centre, radius, radius)
    if port.extra:
        painter.drawLine(port.centre - QPointF(2, 0), port.centre + QPointF(2, 0))
        painter.drawLine(port.centre - QPointF(0, 2), port.centre + QPointF(0, 2))
    if labels and port.label:
        painter.setPen(style.muted)
        height = style.metrics["chip"].height()
        y = port.centre.y() + (PORT_RADIUS if port.side == "input" else -PORT_RADIUS - height)
        style.draw(painter, port.label, "chip", port.centre.x() - style.width(port.label, "chip") / 2, y)
    if faded:
        painter.setOpacity(1.0)


def _paint_badge(painter: QPainter, face: Face, severity: str, style: Style) -> None:
    centre = QPointF(face.width - 2, 2)
    painter.setPen(QPen(style.canvas.color(), 2))
    painter.setBrush(style.error if severity == "error" else style.warning)
    painter.drawEllipse(centre, 9, 9)
    painter.setPen(QPen(style.body.color(), 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(centre + QPointF(0, -4.2), centre + QPointF(0, 0.8))
    painter.drawPoint(centre + QPointF(0, 4.4))
