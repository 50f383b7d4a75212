"""Paints a node: the same code draws the canvas and the thumbnails of the start page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from core.graph.project import End
from designer.canvas.face import GLYPH, MARK_GAP, MARK_PAD, TEXT_LEFT, Face, PortFace
from designer.canvas.heat import block_brush, card_brush, paint_bar, paint_figure
from designer.canvas.snapshot import Snapshot, paint_snapshot, snapshot_rect
from designer.canvas.style import BLOCKS_BELOW, NO_TEXT_BELOW, PORT_RADIUS, Style
from designer.theme import RADIUS

BAND = 4.0
_ICON = 17.0
_CHIP_TOP, _CHIP_PAD = 9.0, 6.0
_CHIP_WIDEST, _CHIP_WIDEST_OF_MANY = 150.0, 108.0
_BEHIND = 4.0
"""How far the outline behind a group's card peeps out."""
_FADED, _OFF = 0.4, 0.45
_AROUND = 8.0
"""How far from a block, as nodes are drawn from afar, the outline of a selected one runs."""
_NO_GAP_BELOW = 1 / _AROUND
"""Zoom under which that is less than a pixel."""


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
    off: bool = False
    """The node does not run: it is switched off, or left without what it needs."""
    heat: float | None = None
    """Its share of the node that costs most (0 to 1); None: nodes are not coloured by cost."""
    figure: str = ""
    """What it costs."""
    snapshot: Snapshot | None = None
    """The live picture beside it, where it is pinned."""
    on_left: bool = False
    """The picture is on the card's left side: on its right there is another node."""
    finding: bool = False
    """What is seen of it while it learns looks wrong."""


def paint_node(painter: QPainter, face: Face, look: Look, style: Style, zoom: float) -> None:
    """Paint a node in its own coordinates; the further out, the simpler."""
    if zoom < BLOCKS_BELOW:
        _paint_block(painter, face, look, style, zoom)
        return
    off = look.off or bool(face.node.mode)
    strength = (_FADED if look.faded is True else 1.0) * (_OFF if off else 1.0)
    painter.setOpacity(strength)
    if face.is_group:
        _paint_behind(painter, face, style)
    _paint_card(painter, face, look, style)
    if zoom >= NO_TEXT_BELOW:
        _paint_texts(painter, face, style)
        _paint_chips(painter, face, look, style)
    else:
        size = min(face.height - 8, 34)
        style.draw_icon(painter, face.family, QRectF(BAND + 10, (face.height - size) / 2, size, size), small=True)
    for port in _hot_last(face, look):
        _paint_port(painter, port, look, style, strength, labels=zoom >= NO_TEXT_BELOW)
    if look.figure and zoom >= NO_TEXT_BELOW:
        paint_figure(painter, face, look.figure, style, stale=look.stale)
    painter.setOpacity(1.0)
    if look.snapshot is not None:
        painter.setOpacity(_FADED if look.faded is True else 1.0)
        paint_snapshot(painter, snapshot_rect(face.width, left=look.on_left), look.snapshot, style, zoom)
        painter.setOpacity(1.0)
    if face.node.mode:
        _paint_switched_off(painter, face, style)
    if face.searched and zoom >= NO_TEXT_BELOW:
        _paint_searched(painter, face, style)
    if look.finding:
        _paint_finding(painter, style)
    if look.severity:
        _paint_badge(painter, face, look.severity, style)


def _paint_block(painter: QPainter, face: Face, look: Look, style: Style, zoom: float) -> None:
    node = face.node
    if look.selected and zoom < _NO_GAP_BELOW:  # thousands may be selected: one filled rectangle is painted fastest
        edge = _AROUND + 1 / zoom
        around = QRectF(-edge, -edge, face.width + 2 * edge, face.height + 2 * edge)
        painter.fillRect(around, style.selected_block.color())
    brush = style.family(face.family)[1] if look.heat is None else block_brush(look.heat, style)
    if look.severity == "error":
        brush = style.error_block
    dim = look.faded is True or look.off or bool(node.mode)
    if dim:
        painter.setOpacity((_FADED if look.faded is True else 1.0) * (_OFF if look.off or node.mode else 1.0))
    painter.fillRect(QRectF(0, 0, face.width, face.height), brush)
    if node.colour:
        painter.fillRect(QRectF(face.width * 0.75, 0, face.width * 0.25, face.height), style.mark(node.colour))
    if dim:
        painter.setOpacity(1.0)
    if look.selected and zoom >= _NO_GAP_BELOW:
        painter.setPen(style.selected_block)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(-_AROUND, -_AROUND, face.width + 2 * _AROUND, face.height + 2 * _AROUND))


def _paint_behind(painter: QPainter, face: Face, style: Style) -> None:
    """Draw the cards that seem to lie behind a group's: one, or two where it is stacked."""
    painter.setPen(style.border)
    painter.setBrush(style.body)
    for step in (2, 1) if face.stacked else (1,):
        card = QRectF(0, 0, face.width, face.height).translated(step * _BEHIND, -step * _BEHIND)
        painter.drawRoundedRect(card, RADIUS, RADIUS)


def _paint_switched_off(painter: QPainter, face: Face, style: Style) -> None:
    """Draw what a bypassed node does, a line from its input to its output, or the hatching of a muted one."""
    if face.node.mode == "mute":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.hatch)
        painter.setOpacity(0.3)
        painter.drawRoundedRect(QRectF(0, 0, face.width, face.height), RADIUS, RADIUS)
        painter.setOpacity(1.0)
    elif face.inputs and face.outputs:
        start = next((port for port in face.inputs if port.linked), face.inputs[0]).centre
        painter.setPen(style.through)
        painter.drawLine(start, face.outputs[0].centre)


def _paint_card(painter: QPainter, face: Face, look: Look, style: Style) -> None:
    card = QRectF(0, 0, face.width, face.height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(card_brush(look.heat, style))
    painter.drawRoundedRect(card, RADIUS, RADIUS)
    painter.setBrush(style.family(face.family)[1])
    painter.drawPath(_band(face))
    if face.node.colour:
        _paint_mark(painter, face, style)
    if look.heat:
        paint_bar(painter, face, look.heat, style, BAND)
    pen = style.outline(look.severity) if look.severity == "error" else style.border
    if look.selected:
        pen = style.selected
    if face.kind is None:
        pen = QPen(pen)
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(card, RADIUS, RADIUS)


def _paint_mark(painter: QPainter, face: Face, style: Style) -> None:
    """Paint the colour that the user gave a node: a strip on the right, as its family's is on the left."""
    painter.save()
    painter.translate(face.width, 0)
    painter.scale(-1, 1)
    painter.setBrush(style.mark(face.node.colour))
    painter.drawPath(_band(face))
    painter.restore()


_bands: dict[float, QPainterPath] = {}


def _band(face: Face) -> QPainterPath:
    """Return the coloured edge of a card of this height: round on the left, straight on the right."""
    path = _bands.get(face.height)
    if path is None:
        card, edge = QPainterPath(), QPainterPath()
        card.addRoundedRect(QRectF(0, 0, 4 * RADIUS, face.height), RADIUS, RADIUS)
        edge.addRect(QRectF(0, 0, BAND, face.height))
        _bands[face.height] = path = card.intersected(edge)
    return path


def _paint_texts(painter: QPainter, face: Face, style: Style) -> None:
    first = style.metrics["name"].height()
    style.draw_icon(painter, face.family, QRectF(BAND + 8, face.top + (first - _ICON) / 2, _ICON, _ICON))
    painter.setPen(style.text)
    style.draw(painter, face.name, "name", TEXT_LEFT, face.top)
    painter.setPen(style.muted)
    lower = face.top + style.metrics["name"].ascent() - style.metrics["text"].ascent()
    right = _paint_marks(painter, face, style) - style.width(face.kind_name, "text")
    style.draw(painter, face.kind_name, "text", right, lower)
    y = face.top + first + 1
    for text in filter(None, (face.line, face.label)):
        style.draw(painter, text, "text", TEXT_LEFT, y)
        y += style.metrics["text"].height() + 1


def _paint_marks(painter: QPainter, face: Face, style: Style) -> float:
    """Draw the pills at the right end of the first row; return where they begin."""
    height = style.metrics["chip"].height() + 1
    top = face.top + (style.metrics["name"].height() - height) / 2
    right = face.width - 12
    for mark in reversed(face.marks):
        width = mark.width(style)
        left = right - width
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.canvas)
        painter.drawRoundedRect(QRectF(left, top, width, height), height / 2, height / 2)
        painter.setPen(style.muted)
        x = left + MARK_PAD
        if mark.glyph:
            style.draw_glyph(painter, mark.glyph, QRectF(x, top + (height - GLYPH) / 2, GLYPH, GLYPH))
            x += GLYPH + 3
        style.draw(painter, mark.text, "chip", x, top)
        right = left - MARK_GAP
    return right


def chip_rect(port: PortFace, text: str, style: Style) -> QRectF:
    """Return where the shape at an output port is written, in the node's coordinates."""
    width = min(style.width(text, "chip"), _widest(port)) + 2 * _CHIP_PAD
    height = style.metrics["chip"].height() + 2
    top = port.centre.y() + _CHIP_TOP + port.row * (height + 2)
    return QRectF(port.centre.x() - width / 2, top, width, height)


def _widest(port: PortFace) -> float:
    return _CHIP_WIDEST_OF_MANY if port.crowded else _CHIP_WIDEST


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
        shown = style.elided(text, "chip", _widest(port))
        style.draw(painter, shown, "chip", place.x() + _CHIP_PAD, place.y() + 1)


def _paint_port(painter: QPainter, port: PortFace, look: Look, style: Style, strength: float, *, labels: bool) -> None:
    faded = not isinstance(look.faded, bool) and port.end in look.faded
    hot = port.end == look.hot
    if faded:
        painter.setOpacity(0.25)
    spare = port.optional and not port.linked and not hot
    painter.setPen(style.hot_port if hot else style.optional_port if spare else style.port)
    painter.setBrush(style.port.color() if port.linked and not hot else style.body)
    radius = PORT_RADIUS + (1.5 if hot else 0)
    if (port.extra and not hot) or spare:
        radius -= 1.5 if spare else 1
    painter.drawEllipse(port.centre, radius, radius)
    if port.extra:
        painter.drawLine(port.centre - QPointF(2, 0), port.centre + QPointF(2, 0))
        painter.drawLine(port.centre - QPointF(0, 2), port.centre + QPointF(0, 2))
    if labels and port.label:
        _paint_label(painter, port, style, whole=hot)
    if faded:
        painter.setOpacity(strength)


def _hot_last(face: Face, look: Look) -> tuple[PortFace, ...]:
    """Return the ports so that the label of the one under the pointer lies above its neighbours'."""
    if look.hot is None:
        return face.ports
    return tuple(sorted(face.ports, key=lambda port: port.end == look.hot))


def _paint_label(painter: QPainter, port: PortFace, style: Style, *, whole: bool) -> None:
    """Write a port's name beside it: as far as there is room, or ``whole`` over what stands there."""
    text = port.label if whole else port.written
    width, height = style.width(text, "chip"), style.metrics["chip"].height()
    y = port.centre.y() + (PORT_RADIUS if port.side == "input" else -PORT_RADIUS - height)
    x = port.centre.x() - width / 2
    if whole and text != port.written:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.body)
        painter.drawRoundedRect(QRectF(x - 4, y + 1, width + 8, height - 1), 4, 4)
    painter.setPen(style.text if whole else style.muted)
    style.draw(painter, text, "chip", x, y)


def _paint_badge(painter: QPainter, face: Face, severity: str, style: Style) -> None:
    centre = QPointF(face.width - 2, 2)
    painter.setPen(QPen(style.canvas.color(), 2))
    painter.setBrush(style.error if severity == "error" else style.warning)
    painter.drawEllipse(centre, 9, 9)
    painter.setPen(QPen(style.body.color(), 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(centre + QPointF(0, -4.2), centre + QPointF(0, 0.8))
    painter.drawPoint(centre + QPointF(0, 4.4))


def _paint_searched(painter: QPainter, face: Face, style: Style) -> None:
    """Draw a magnifier in the lower right corner: a sweep tries other values here."""
    place = QRectF(face.width - 13, face.height - 10, 17, 17)
    painter.setPen(style.border)
    painter.setBrush(style.body)
    painter.drawEllipse(place)
    style.draw_glyph(painter, "search", place.adjusted(2.5, 2.5, -2.5, -2.5))


def _paint_finding(painter: QPainter, style: Style) -> None:
    """Draw a beat of the pulse in the upper left corner: what is seen while it learns looks wrong."""
    painter.setPen(QPen(style.warning, 1.4))
    painter.setBrush(style.body)
    painter.drawRoundedRect(QRectF(-9, -9, 20, 16), 4, 4)
    pen = QPen(style.warning, 1.7, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline([QPointF(x, y) for x, y in _BEAT])


_BEAT = ((-6, 0), (-3, 0), (-1, -5), (2, 4), (4, 0), (8, 0))
