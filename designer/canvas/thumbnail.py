"""Small pictures of a network, drawn from the real graph by the code that paints the canvas."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPainterPath, QPen, QPixmap

from core.graph.kinds import kind_of
from core.graph.order import incoming, outgoing
from core.graph.project import End, Frame, Graph, Note, Project
from designer.canvas.drawn.items import paint_note
from designer.canvas.drawn.markdown import note_text
from designer.canvas.drawn.paint import paint_frame
from designer.canvas.drawn.places import box_of
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
    if not graph.nodes and not graph.frames and not graph.notes:
        return pixmap
    style = style_of(theme)
    faces = faces_of(project, style)
    bounds = QRectF()
    for rect in (*map(_card, faces.values()), *map(_rect, graph.frames.values()), *map(_rect, graph.notes.values())):
        bounds = bounds.united(rect)
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


def faces_of(project: Project, style: Style) -> dict[str, Face]:
    """Return how the nodes of a project's graph look, by name, without what a check would tell."""
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


def _rect(drawn: Frame | Note) -> QRectF:
    box = box_of(drawn)
    return QRectF(box.x, box.y, box.width, box.height)


def _card(face: Face) -> QRectF:
    return QRectF(*face.node.position, face.width, face.height)


def _place(faces: dict[str, Face], end: End) -> QPointF:
    face = faces[end.node]
    corner = QPointF(*face.node.position)
    found = next((port.centre for port in face.ports if port.end == end), QPointF(face.width / 2, face.height / 2))
    return corner + found


def _paint(painter: QPainter, graph: Graph, faces: dict[str, Face], style: Style, zoom: float) -> None:
    for frame in sorted(graph.frames.values(), key=lambda each: -box_of(each).area):
        paint_frame(painter, _rect(frame), frame, frame.title, style, zoom)
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
    for note in graph.notes.values():
        text = note_text(note.text, style, box_of(note).width)
        paint_note(painter, _rect(note), note, text, style, zoom)
    for face in faces.values():
        painter.save()
        painter.translate(*face.node.position)
        paint_node(painter, face, Look(), style, zoom)
        painter.restore()
