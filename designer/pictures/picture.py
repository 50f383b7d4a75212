"""A picture that is ready to be painted, as on the canvas or from a drawing, and how texts are measured for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from core.graph.project import Frame, Note
from core.pictures.drawing import FONTS, Box, Curve, Drawing, Label, text_width
from designer.canvas.drawn.items import paint_note
from designer.canvas.drawn.markdown import note_text
from designer.canvas.drawn.paint import frame_rect, paint_frame
from designer.canvas.drawn.places import box_of
from designer.canvas.face import Face
from designer.canvas.paint import Look, paint_node
from designer.canvas.style import WireState
from designer.pictures.vector_style import VectorStyle
from designer.theme import Theme

_NOTE_PAD = 20.0


class Picture(Protocol):
    """Something of a size (in units of 1/96 inch) that can be painted from the origin on."""

    @property
    def width(self) -> float:
        """How wide it is."""
        ...

    @property
    def height(self) -> float:
        """How high it is."""
        ...

    @property
    def title(self) -> str:
        """What it is called."""
        ...

    @property
    def description(self) -> str:
        """What it shows, in words."""
        ...

    @property
    def background(self) -> str:
        """The colour behind it, or "" for none."""
        ...

    def paint(self, painter: QPainter) -> None:
        """Paint it without its background; any thread may do so, one at a time."""
        ...


@dataclass(frozen=True)
class CanvasPicture:
    """What a canvas showed at one moment, painted by the code that paints the canvas, always in full detail.

    ``area`` is the part of the scene that is shown.
    """

    area: QRectF
    title: str
    description: str
    theme: Theme
    font: QFont
    transparent: bool
    nodes: tuple[tuple[QPointF, Face, Look], ...]
    wires: tuple[tuple[QPainterPath, WireState], ...]
    frames: tuple[Frame, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def width(self) -> float:
        """How wide it is."""
        return self.area.width()

    @property
    def height(self) -> float:
        """How high it is."""
        return self.area.height()

    @property
    def background(self) -> str:
        """The canvas's colour, or "" for none."""
        return "" if self.transparent else self.theme.canvas

    def paint(self, painter: QPainter) -> None:
        """Paint frames, wires, notes and nodes, one above the other."""
        style = VectorStyle(self.theme, self.font)
        painter.save()
        painter.setClipRect(QRectF(0, 0, self.width, self.height))
        painter.translate(-self.area.topLeft())
        for frame in sorted(self.frames, key=lambda each: -box_of(each).area):
            paint_frame(painter, frame_rect(frame), frame, frame.title, style, 1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for path, state in self.wires:
            painter.setPen(style.wires[state])
            painter.drawPath(path)
        for note in self.notes:
            box = box_of(note)
            text = note_text(note.text, style, box.width - _NOTE_PAD)
            paint_note(painter, QRectF(box.x, box.y, box.width, box.height), note, text, style, 1.0)
        for place, face, look in self.nodes:
            painter.save()
            painter.translate(place)
            paint_node(painter, face, look, style, 1.0)
            painter.restore()
        painter.restore()


@dataclass(frozen=True)
class DrawnPicture:
    """A drawing of ``core.pictures``."""

    drawing: Drawing
    _fonts: dict[tuple[float, bool], QFont] = field(default_factory=dict)

    @property
    def width(self) -> float:
        """How wide it is."""
        return self.drawing.width

    @property
    def height(self) -> float:
        """How high it is."""
        return self.drawing.height

    @property
    def title(self) -> str:
        """What it is called."""
        return self.drawing.title

    @property
    def description(self) -> str:
        """What it shows, in words."""
        return self.drawing.description

    @property
    def background(self) -> str:
        """The colour behind it, or "" for none."""
        return self.drawing.background

    def paint(self, painter: QPainter) -> None:
        """Paint all parts."""
        for part in self.drawing.parts:
            for item in part.items:
                if isinstance(item, Box):
                    _paint_box(painter, item)
                elif isinstance(item, Curve):
                    _paint_curve(painter, item)
                else:
                    self._paint_label(painter, item)

    def _paint_label(self, painter: QPainter, label: Label) -> None:
        key = (label.size, label.bold)
        chosen = self._fonts.get(key) or self._fonts.setdefault(key, print_font(*key))
        wide = QFontMetricsF(chosen).horizontalAdvance(label.text)
        left = {"start": 0.0, "middle": wide / 2, "end": wide}[label.anchor]
        painter.setFont(chosen)
        painter.setPen(QColor(label.colour))
        painter.drawText(QPointF(label.x - left, label.y), label.text)


def stripped(look: Look) -> Look:
    """Return a node's look without what belongs to working on it: selection, search, pointer, problems."""
    return replace(look, selected=False, severity="", stale=False, faded=False, hot=None, finding=False)


def print_font(size: float, bold: bool) -> QFont:
    """Return the font of a picture's texts, ``size`` in its units."""
    font = QFont()
    font.setFamilies(list(FONTS))
    font.setPixelSize(round(size))
    font.setBold(bold)
    return font


def measure(text: str, size: float, bold: bool) -> float:
    """Return how wide a text gets here or elsewhere: in the font that is installed, or the one that is wanted."""
    own = QFontMetricsF(print_font(size, bold)).horizontalAdvance(text)
    return max(own, text_width(text, size, bold))


def _paint_box(painter: QPainter, box: Box) -> None:
    painter.setPen(_pen(box.stroke, box.line, dashed=box.dashed))
    painter.setBrush(QColor(box.fill) if box.fill else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(box.x, box.y, box.width, box.height), box.radius, box.radius)


def _paint_curve(painter: QPainter, curve: Curve) -> None:
    path = QPainterPath(QPointF(*curve.start))
    for segment in curve.segments:
        if len(segment) == 1:
            path.lineTo(*segment[0])
        else:
            path.cubicTo(*(QPointF(*place) for place in segment))
    if curve.fill:
        path.closeSubpath()
    painter.setPen(_pen(curve.stroke, curve.line))
    painter.setBrush(QColor(curve.fill) if curve.fill else Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def _pen(colour: str, line: float, *, dashed: bool = False) -> QPen:
    if not colour:
        return QPen(Qt.PenStyle.NoPen)
    pen = QPen(QColor(colour), line)
    if dashed:
        pen.setDashPattern([5 / line, 3 / line])
    return pen
