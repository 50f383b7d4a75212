"""Moving the view: zoom at the pointer, pan, fit. The view moves only when the user moves it."""

from __future__ import annotations

from math import exp2

from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QGraphicsView

FARTHEST, NEAREST = 0.08, 4.0
_NOTCH = 120.0
_DOUBLING = 3.5
"""Wheel notches that double the zoom."""
_PER_ANGLE = 0.5
"""Pixels by which a step of a wheel that pans moves the picture, for each unit of its angle."""
_MARGIN = 36
_READABLE = 0.7
"""The least zoom at which a network is shown when it is opened."""


class Navigator(QObject):
    """Zooms and pans one view."""

    def __init__(self, view: QGraphicsView) -> None:
        super().__init__(view)
        self._view = view
        self._pans = False

    @property
    def zoom(self) -> float:
        """Pixels per scene unit."""
        return self._view.transform().m11()

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by pixels."""
        across, down = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        across.setValue(across.value() - round(dx))
        down.setValue(down.value() - round(dy))

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Set the zoom; the scene's point at pixel ``at`` (by default the middle) stays where it is."""
        zoom = min(max(zoom, FARTHEST), NEAREST)
        fixed = at if at is not None else QPointF(self._view.viewport().rect().center())
        inverse, _ok = self._view.viewportTransform().inverted()
        place = inverse.map(fixed)
        self._view.setTransform(QTransform.fromScale(zoom, zoom))
        moved = self._view.viewportTransform().map(place)
        self.pan(fixed.x() - moved.x(), fixed.y() - moved.y())

    def show_rect(self, rect: QRectF, *, nearest: float = 1.0) -> None:
        """Fit a rectangle of the scene into the view, no larger than ``nearest``."""
        port = self._view.viewport().rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if rect.isEmpty() or port.isEmpty():
            return
        self.zoom_to(min(port.width() / rect.width(), port.height() / rect.height(), nearest))
        self.centre(rect.center())

    def show_first(self, rect: QRectF) -> None:
        """Show a rectangle as a whole where it can be read so, else its upper part at a size that can be read."""
        self.show_rect(rect)
        if self.zoom < _READABLE:
            self.zoom_to(_READABLE)
            port = self._view.viewport().rect()
            self.centre(QPointF(rect.center().x(), rect.top() + (port.height() / 2 - _MARGIN) / _READABLE))

    def centre(self, place: QPointF) -> None:
        """Bring a point of the scene to the middle."""
        here = self._view.viewportTransform().map(place)
        middle = QPointF(self._view.viewport().rect().center())
        self.pan(middle.x() - here.x(), middle.y() - here.y())

    def reveal(self, rect: QRectF) -> None:
        """Pan just as far as needed for a rectangle of the scene to be seen."""
        shown = self._view.viewportTransform().mapRect(rect)
        port = QRectF(self._view.viewport().rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if not port.contains(shown):
            dx = max(port.left() - shown.left(), 0) or min(port.right() - shown.right(), 0)
            dy = max(port.top() - shown.top(), 0) or min(port.bottom() - shown.bottom(), 0)
            self.pan(dx, dy)

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom with a wheel, pan with two fingers (Ctrl: zoom), in proportion to the movement.

        A touch pad tells of itself by its device (X11) or by phases with steps in pixels (Wayland, macOS). What two
        fingers began their momentum goes on with, whatever is pressed meanwhile.
        """
        phase = event.phase()
        if phase is not Qt.ScrollPhase.ScrollMomentum:
            pad = event.device() is not None and event.device().type() is QInputDevice.DeviceType.TouchPad
            self._pans = pad or (phase is not Qt.ScrollPhase.NoScrollPhase and event.hasPixelDelta())
            self._pans = self._pans and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        across, down = event.angleDelta().x(), event.angleDelta().y()
        if self._pans:
            step = event.pixelDelta()
            self.pan(*(step.toTuple() if event.hasPixelDelta() else (across * _PER_ANGLE, down * _PER_ANGLE)))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or (across and not down):
            self.pan((across or down) * _PER_ANGLE, 0)
        elif down and phase is not Qt.ScrollPhase.ScrollMomentum:
            self.zoom_to(self.zoom * exp2(down / _NOTCH / _DOUBLING), event.position())
        event.accept()

    def pinch(self, event: QNativeGestureEvent) -> bool:
        """Zoom by a pinch; return False for any other gesture of a touch pad."""
        if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self.zoom_to(self.zoom * (1 + event.value()), event.position())
        return True
