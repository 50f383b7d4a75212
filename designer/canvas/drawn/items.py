"""Frames and notes on the canvas: one item each, no children; they show what they are given and decide nothing."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAbstractTextDocumentLayout, QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from core.graph.project import Frame, Note
from designer.canvas.drawn.markdown import NoteText, note_text, text_palette
from designer.canvas.drawn.paint import frame_rect, paint_frame, paint_grips, shades, title_rect
from designer.canvas.drawn.places import box_of
from designer.canvas.navigation import FARTHEST
from designer.canvas.style import BLOCKS_BELOW, NO_TEXT_BELOW, Style
from designer.theme import RADIUS

EDGES = ("left", "top", "right", "bottom")
_REACH = 6.0
"""How far from an edge, in pixels, the pointer still takes hold of it."""
_FRAMES, _NOTES = -10.0, 0.8
_ROOM_ABOVE = 20.0 / FARTHEST
"""Where a title stands above its frame it is this high at most (scene units)."""
_PAD_X, _PAD_Y = 10.0, 8.0


class DrawnItem(QGraphicsItem):
    """What frames and notes have in common: a rectangle with edges to take hold of, and whether it is selected."""

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.style = style
        self.selected = False
        self.rect = QRectF()
        """Its size, in its own coordinates: the corner is (0, 0)."""

    @property
    def name(self) -> str:
        """The name in the graph."""
        raise NotImplementedError

    def scene_rect(self) -> QRectF:
        """Return where it is in the scene."""
        return self.rect.translated(self.scenePos())

    def set_selected(self, selected: bool) -> None:
        """Show it as selected or not."""
        if selected is not self.selected:
            self.selected = selected
            self.update()

    def set_rect(self, rect: QRectF) -> None:
        """Put it at a place of the scene with a size."""
        self.prepareGeometryChange()
        self.setPos(rect.topLeft())
        self.rect = QRectF(QPointF(), rect.size())
        self.update()

    def edges_at(self, place: QPointF, zoom: float) -> frozenset[str]:
        """Return the edges ("left", "top"…) at a point of the scene: two at a corner."""
        rect, reach = self.scene_rect(), _REACH / zoom
        if not rect.adjusted(-reach, -reach, reach, reach).contains(place):
            return frozenset()
        inner = min(reach, rect.width() / 4, rect.height() / 4)
        near = {
            "left": -reach <= place.x() - rect.left() <= inner,
            "top": -reach <= place.y() - rect.top() <= inner,
            "right": -reach <= rect.right() - place.x() <= inner,
            "bottom": -reach <= rect.bottom() - place.y() <= inner,
        }
        return frozenset(edge for edge in EDGES if near[edge])


class FrameItem(DrawnItem):
    """A titled area behind wires and nodes."""

    def __init__(self, frame: Frame, style: Style) -> None:
        super().__init__(style)
        self.set_frame(frame, style)

    @property
    def name(self) -> str:
        """The name in the graph."""
        return self.frame.name

    @property
    def title(self) -> str:
        """What stands in its bar."""
        return self.frame.title

    def set_frame(self, frame: Frame, style: Style) -> None:
        """Show another frame (and the colours of another theme); smaller frames lie above larger ones."""
        self.frame, self.style = frame, style
        self.set_rect(frame_rect(frame))

    def set_rect(self, rect: QRectF) -> None:
        """Put it at a place of the scene with a size."""
        super().set_rect(rect)
        self.setZValue(_FRAMES - min(rect.width() * rect.height() * 1e-9, 5.0))

    def boundingRect(self) -> QRectF:
        """Return the frame with the room above in which its title stands from afar."""
        wide = max(self.rect.width(), 60 / FARTHEST)
        return QRectF(-6, -_ROOM_ABOVE, wide + 12, self.rect.height() + _ROOM_ABOVE + 6)

    def title_at(self, place: QPointF, zoom: float) -> bool:
        """True where a point of the scene is on the title."""
        return self.title_place(zoom).contains(place)

    def title_place(self, zoom: float) -> QRectF:
        """Return where the title stands in the scene."""
        return title_rect(self.scene_rect(), self.title, self.style, zoom)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it as the zoom asks for."""
        zoom = painter.worldTransform().m22()
        paint_frame(painter, self.rect, self.frame, self.title, self.style, zoom, selected=self.selected)
        if self.selected:
            paint_grips(painter, self.rect, self.style, zoom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, zoom >= BLOCKS_BELOW)


class NoteItem(DrawnItem):
    """A formatted text above the wires."""

    def __init__(self, note: Note, style: Style) -> None:
        super().__init__(style)
        self._text: NoteText | None = None
        self.set_note(note, style)

    @property
    def name(self) -> str:
        """The name in the graph."""
        return self.note.name

    def set_note(self, note: Note, style: Style) -> None:
        """Show another note (and the colours of another theme)."""
        self.note, self.style, self._text = note, style, None
        box = box_of(note)
        self.set_rect(QRectF(box.x, box.y, box.width, box.height))

    def set_rect(self, rect: QRectF) -> None:
        """Put it at a place of the scene with a size; lower notes lie above higher ones."""
        if rect.width() != self.rect.width() and self._text:
            self._text.setTextWidth(rect.width() - 2 * _PAD_X)
        super().set_rect(rect)
        self.setZValue(_NOTES + min(max(rect.top(), -1e5), 1e5) * 1e-7)

    def boundingRect(self) -> QRectF:
        """Return the note with its outline."""
        return self.rect.adjusted(-6, -6, 6, 6)

    @property
    def text(self) -> NoteText:
        """The laid out text."""
        if self._text is None:
            self._text = note_text(self.note.text, self.style, self.rect.width() - 2 * _PAD_X)
        return self._text

    def link_at(self, place: QPointF) -> str:
        """Return the address of the link at a point of the scene, or an empty string."""
        inside = place - self.scenePos() - QPointF(_PAD_X, _PAD_Y)
        if inside.y() > self.rect.height() - 2 * _PAD_Y:
            return ""
        return str(self.text.documentLayout().anchorAt(inside))

    def needed_height(self) -> float:
        """Return the height at which all of the text is seen."""
        return float(self.text.size().height()) + 2 * _PAD_Y

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it; from afar only its first line."""
        zoom = painter.worldTransform().m22()
        paint_note(painter, self.rect, self.note, self.text, self.style, zoom, selected=self.selected)
        if self.selected:
            paint_grips(painter, self.rect, self.style, zoom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, zoom >= BLOCKS_BELOW)


def paint_note(
    painter: QPainter, rect: QRectF, note: Note, text: NoteText, style: Style, zoom: float, *, selected: bool = False
) -> None:
    """Paint a note whose place is ``rect``, in the painter's coordinates."""
    look = shades(style.theme, note.colour)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(style.theme.accent) if selected else look.edge, 2.0 if selected else 1.0)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.setBrush(look.mark)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    inside = rect.adjusted(_PAD_X, _PAD_Y, -_PAD_X, -_PAD_Y)
    if zoom < NO_TEXT_BELOW:
        _paint_first_line(painter, inside, text, style, zoom)
        return
    painter.save()
    painter.setClipRect(inside, Qt.ClipOperation.IntersectClip)
    painter.translate(inside.topLeft())
    context = QAbstractTextDocumentLayout.PaintContext()
    context.palette = text_palette(style)
    context.clip = QRectF(0, 0, inside.width(), inside.height())
    text.documentLayout().draw(painter, context)
    painter.restore()
    if text.size().height() > inside.height() + 2:
        _paint_more(painter, rect, look.mark, style)


def _paint_more(painter: QPainter, rect: QRectF, ground: QColor, style: Style) -> None:
    """Mark that there is more text than is seen."""
    place = QRectF(rect.right() - 26, rect.bottom() - 15, 20, 12)
    painter.fillRect(place, ground)
    painter.setPen(style.muted)
    style.draw(painter, "…", "name", place.left() + 5, place.bottom() - style.metrics["name"].ascent() - 2)


def _paint_first_line(painter: QPainter, inside: QRectF, text: NoteText, style: Style, zoom: float) -> None:
    """Write the first line in the size of the screen's texts, where there is room for some of it."""
    height = style.metrics["name"].height()
    line = text.firstBlock().text()
    if inside.height() * zoom < height * 0.7 or inside.width() * zoom < 3 * height or not line:
        return
    painter.save()
    painter.translate(inside.topLeft())
    painter.scale(1 / zoom, 1 / zoom)
    painter.setPen(style.text)
    style.draw(painter, style.elided(line, "name", inside.width() * zoom), "name", 0, 0)
    painter.restore()
