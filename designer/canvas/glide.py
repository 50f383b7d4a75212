"""A smooth way of the view to another place. Any other movement of the view ends it."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QPointF, QVariantAnimation
from PySide6.QtWidgets import QGraphicsView

from designer import motion
from designer.canvas.navigation import Navigator

_DURATION = 260


class Glide(QVariantAnimation):
    """Moves one view; with reduced motion the view is there at once."""

    def __init__(self, view: QGraphicsView, navigator: Navigator) -> None:
        super().__init__(view)
        self._view = view
        self._navigator = navigator
        self._start = self._end = (QPointF(), 1.0)
        self._left: tuple[QPointF, float] | None = None
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.setDuration(_DURATION)
        self.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self.valueChanged.connect(self._step)

    def camera(self) -> tuple[QPointF, float]:
        """Return the scene's point in the middle of the view, and the zoom."""
        return self._view.mapToScene(self._view.viewport().rect().center()), self._navigator.zoom

    def go(self, centre: QPointF, zoom: float, *, smooth: bool = True) -> None:
        """Bring a point of the scene to the middle at a zoom."""
        self.stop()
        self._start, self._end, self._left = self.camera(), (centre, zoom), None
        if smooth and not motion.switch.reduced and self._view.isVisible():
            self.start()
        else:
            self._show(1.0)

    def _step(self, share: float) -> None:
        if self._left is not None and self._left != self.camera():
            self.stop()
            return
        self._show(share)
        self._left = self.camera()

    def _show(self, share: float) -> None:
        (start, near), (end, far) = self._start, self._end
        self._navigator.zoom_to(near * (far / near) ** share)
        self._navigator.centre(start + (end - start) * share)
