"""How a plot is moved in: drag to pan, Shift and drag to zoom into a rectangle, wheel and keys."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent

_STEP = 0.15
"""Share of what is shown by which an arrow key pans."""
_ZOOM = 0.8
_PANS = {
    Qt.Key.Key_Left: (-_STEP, 0.0),
    Qt.Key.Key_Right: (_STEP, 0.0),
    Qt.Key.Key_Up: (0.0, _STEP),
    Qt.Key.Key_Down: (0.0, -_STEP),
}
_ZOOMS = {Qt.Key.Key_Plus: _ZOOM, Qt.Key.Key_Equal: _ZOOM, Qt.Key.Key_Minus: 1 / _ZOOM}


class PlotBox(pg.ViewBox):  # type: ignore[misc]
    """The area in which curves are drawn. ``reset_requested`` asks to show everything again."""

    reset_requested = Signal()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """Pan; with Shift draw a rectangle and zoom into it; with the right button stretch."""
        shift = bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if (
            axis is not None
            or ev.button() is not Qt.MouseButton.LeftButton
            or not (shift or self.rbScaleBox.isVisible())
        ):
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if not ev.isFinish():
            self.updateScaleBox(ev.buttonDownPos(), ev.pos())
            return
        self.rbScaleBox.hide()
        wanted = self.childGroup.mapRectFromParent(
            QRectF(pg.Point(ev.buttonDownPos()), pg.Point(ev.pos()))
        ).normalized()
        if wanted.width() > 0 and wanted.height() > 0:
            self.setRange(wanted, padding=0)
            self.sigRangeChangedManually.emit(self.state["mouseEnabled"])

    def press(self, event: QKeyEvent) -> bool:
        """Pan by the arrows, zoom by + and −, show everything by Home; return False for any other key."""
        key = Qt.Key(event.key())
        if key is Qt.Key.Key_Home:
            self.reset_requested.emit()
        elif key in _PANS:
            across, up = _PANS[key]
            shown = self.viewRect()
            self.translateBy(x=across * shown.width() or None, y=up * shown.height() or None)
            self.sigRangeChangedManually.emit(self.state["mouseEnabled"])
        elif key in _ZOOMS:
            self.scaleBy(x=_ZOOMS[key])
            self.sigRangeChangedManually.emit(self.state["mouseEnabled"])
        else:
            return False
        return True
