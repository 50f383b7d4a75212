"""Small pictures of a network, drawn from the real graph by the code that paints the canvas."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPainterPath, QPen, QPixmap

from core.graph.kinds import kind_of
from core.graph.order import incoming, outgoing
from core.graph.project import End, Graph, Project
from designer.canvas.face import Circumstances, Face, make_face
from designer.canvas.fitting import output_slots
from designer.canvas.paint import Look, paint_node
from designer.canvas.style import Style, style_of
from designer.canvas.wire_item import route
from designer.theme import Theme

_MARGIN = 0.07


def graph_thumbnail(project: Project, size: QSize, theme: Theme) -> QPixmap:
    """Return a picture of a project's whole graph, ``size`` in device-independent pixels, on the theme's canvas."""
    ratio = QGuiApplication.primaryScreen().devicePixelRatio() if QGuiApplication.primaryScreen() else 1.0
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(theme.canvas)
    graph = project.graph
    if not graph.nodes:
        return pixmap
    style = style_of(theme)
    faces = _faces(project, style)
    bounds = QRectF()
    for face in faces.values():
        bounds = bounds.united(_card(face))
    painter = QPainter(pixmap)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    room = QRectF(0, 0, size.width(), size.height())
    room.adjust(size.width() * _MARGIN, size.height() * _MARGIN, -size.width() * _MARGIN, -size.height() * _MARGIN)
    zoom = min(room.width() / bounds.width(), room.height() / bounds.height(), 1.0)
    painter.translate(room.center())
    painter.scale(zoom, zoom)
    painter.translate(-bounds.center())
    _paint(painter, graph, faces, style, zoom)
    painter.end()
    return pixmap


def _faces(project: Project, style: Style) -> dict[str, Face]:
    graph = project.graph
    ins, outs = incoming(graph), outgoing(graph)
    sharers = Counter(node.shares for node in graph.nodes.values() if node.shares)
    found = {}
    for name, node in graph.nodes.items():
        kind = kind_of(project, node)
        around = Circumstances(slots=output_slots(project, node, kind, {}), sharers=sharers[name])
        linked = ({port for port, _end in ins[name]}, {port for port, _end in outs[name]})
        found[name] = make_face(node, kind, *linked, style, around)
    return found


def _card(face: Face) -> QRectF:
    return QRectF(*face.node.position, face.width, face.height)


def _place(faces: dict[str, Face], end: End) -> QPointF:
    face = faces[end.node]
    corner = QPointF(*face.node.position)
    found = next((port.centre for port in face.ports if port.end == end), QPointF(face.width / 2, face.height / 2))
    return corner + found


def _paint(painter: QPainter, graph: Graph, faces: dict[str, Face], style: Style, zoom: float) -> None:
    pen = QPen(style.wires["normal"])
    pen.setWidthF(max(2.0, 1.1 / zoom))
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    cards = {name: _card(face) for name, face in faces.items()}
    for target, source in graph.links.items():
        if source.node in faces and target.node in faces:
            others = [card for name, card in cards.items() if name not in (source.node, target.node)]
            path: QPainterPath = route(_place(faces, source), _place(faces, target), others)
            painter.drawPath(path)
    for face in faces.values():
        painter.save()
        painter.translate(*face.node.position)
        paint_node(painter, face, Look(), style, zoom)
        painter.restore()
