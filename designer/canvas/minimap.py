"""The overview in the canvas's corner: all nodes as small blocks, and the part that is seen; a drag moves the view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QShowEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QWidget

from designer import theme

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_SIZE = QSize(220, 150)
_EDGE, _INSIDE = 12, 8
_PAUSE = 60
"""Milliseconds between a change and its picture: a drag is drawn some times, not at every step."""
_LEAST = 2.0
"""The least size of a block, in pixels."""


class Minimap(QWidget):
    """Shows the graph that is looked at: problems red, groups outlined, the selection in the accent colour."""

    shown_changed = Signal(bool)
    """The user has switched it on or off."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.setObjectName("minimap")
        self.setAccessibleName(self.tr("Overview"))
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.resize(_SIZE)
        self._view = view
        self.blocks: dict[str, list[QRectF]] = {}
        """What is drawn, in scene units, by role: "frame", "node", "group", "selected", "error"."""
        self._bounds = QRectF()
        self._held: QTransform | None = None
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._read)
        session = view.session
        for signal in (session.here_changed, session.view_changed, session.report_changed, session.selection_changed):
            signal.connect(self._later)
        for bar in (view.horizontalScrollBar(), view.verticalScrollBar()):
            bar.valueChanged.connect(self._follow)
        view.zoom_changed.connect(self._follow)
        theme.switch.changed.connect(self.update)
        view.installEventFilter(self)
        self.hide()

    def showEvent(self, event: QShowEvent) -> None:
        """Show the graph as it is by now."""
        super().showEvent(event)
        self._read()
        self._place()
        self.raise_()

    def toggle(self) -> None:
        """Show or hide it, and have that remembered."""
        self.setVisible(self.isHidden())
        self.shown_changed.emit(not self.isHidden())

    # --- what is drawn ------------------------------------------------------------------------------------------------

    def _later(self, _what: object = None) -> None:
        if not self.isHidden() and not self._timer.isActive():
            self._timer.start()

    def _follow(self, _what: object = None) -> None:
        if not self.isHidden():
            self.update()

    def _read(self) -> None:
        """Take the blocks from the graph that is looked at."""
        session = self._view.session
        wrong = {
            name
            for name, problems in session.problems_here().items()
            if any(problem.severity == "error" for problem in problems)
        }
        graph = session.view.graph
        frames = [QRectF(*frame.position, *frame.size) for frame in graph.frames.values()]
        blocks: dict[str, list[QRectF]] = {"frame": frames, "node": [], "group": [], "selected": [], "error": []}
        for name, item in self._view.canvas.nodes.items():
            node = graph.nodes.get(name)
            role = "group" if node and node.group else "node"
            role = "selected" if name in session.selection else role
            place, face = item.pos(), item.face
            blocks["error" if name in wrong else role].append(QRectF(place.x(), place.y(), face.width, face.height))
        self.blocks, self._bounds = blocks, QRectF()
        corners = [rect.getCoords() for rects in blocks.values() for rect in rects]
        if corners:
            lefts, tops, rights, bottoms = zip(*corners, strict=True)
            corner = QPointF(min(lefts), min(tops))
            self._bounds = QRectF(corner, QPointF(max(rights), max(bottoms)))
        self.update()

    def seen(self) -> QRectF:
        """Return the part of the scene that the view shows."""
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def to_map(self) -> QTransform:
        """Return the way from the scene to this widget's pixels: all nodes and what is seen have their place on it.

        While the mouse holds on to it, it stays as it was.
        """
        if self._held is not None:
            return self._held
        bounds = self._bounds.united(self.seen())
        room = QRectF(self.rect()).adjusted(_INSIDE, _INSIDE, -_INSIDE, -_INSIDE)
        scale = min(room.width() / bounds.width(), room.height() / bounds.height(), 0.25)
        way = QTransform()
        way.translate(room.center().x(), room.center().y())
        way.scale(scale, scale)
        way.translate(-bounds.center().x(), -bounds.center().y())
        return way

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw all blocks of a colour at once, and the frame of what is seen."""
        colours, way = theme.current(), self.to_map()
        painter = QPainter(self)
        back = QColor(colours.surface)
        back.setAlpha(235)
        painter.fillRect(self.rect(), back)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
        for role, colour in (
            ("frame", colours.grid),
            ("node", colours.wire),
            ("group", colours.family("Groups").name()),
            ("selected", colours.accent),
            ("error", colours.error),
        ):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawRects([_at_least(way.mapRect(rect)) for rect in self.blocks.get(role, ())])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade = QColor(colours.accent)
        shade.setAlpha(28)
        painter.setBrush(shade)
        painter.setPen(QPen(QColor(colours.accent), 1.5))
        painter.drawRect(way.mapRect(self.seen()))
        painter.end()

    # --- moving the view ----------------------------------------------------------------------------------------------

    def _centre(self, pixel: QPointF) -> None:
        back, _ok = self.to_map().inverted()
        self._view.navigator.centre(back.map(pixel))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show what was clicked in the middle."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._held = self.to_map()
            self._centre(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the view along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._centre(event.position())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; the picture takes in what is seen now."""
        self._held = None
        self.update()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Keep the canvas out of it."""
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom the view about its middle."""
        self._view.zoom_by(2.0 ** (event.angleDelta().y() / 120 / 3.5))
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the lower right corner."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        view = self._view
        room = QSize(max(90, view.width() // 3), max(60, view.height() // 3))
        self.resize(_SIZE.boundedTo(room))
        self.move(view.width() - self.width() - _EDGE, view.height() - self.height() - _EDGE)


def _at_least(rect: QRectF) -> QRectF:
    return QRectF(rect.x(), rect.y(), max(rect.width(), _LEAST), max(rect.height(), _LEAST))
