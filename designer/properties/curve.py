"""The picture of an activation: its curve between -4 and 4, with the axes through zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer.theme import SPACE
from designer.widgets import paint_card

if TYPE_CHECKING:
    from core.model.curve import Curve

_HEIGHT = 96
_LEAST_SPAN = 2.0
_LABEL = 16


class CurvePicture(QWidget):
    """Draws a curve; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("activation_curve")
        self.setAccessibleName(self.tr("Curve of the activation"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.curve: Curve | None = None
        self.hide()

    def show_curve(self, curve: Curve | None) -> None:
        """Show another curve, or none."""
        if curve != self.curve:
            self.curve = curve
            self.update()
        self.setVisible(curve is not None)

    def sizeHint(self) -> QSize:
        """Be as high as a few lines of text."""
        return QSize(200, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the card, the axes, the range of values and the curve."""
        if self.curve is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        paint_card(painter, QRectF(self.rect()), palette)
        area = QRectF(self.rect()).adjusted(SPACE * 2, SPACE * 2, -SPACE * 2, -SPACE * 2)
        left, right = self.curve.x[0], self.curve.x[-1]
        low, high = min(*self.curve.y, 0.0), max(*self.curve.y, 0.0)
        margin = max(0.0, _LEAST_SPAN - (high - low)) / 2
        low, high = low - margin, high + margin

        def place(x: float, y: float) -> QPointF:
            return QPointF(
                area.left() + (x - left) / (right - left) * area.width(),
                area.bottom() - (y - low) / (high - low) * area.height(),
            )

        painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 1))
        painter.drawLine(place(left, 0), place(right, 0))
        painter.drawLine(place(0, low), place(0, high))
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2))
        painter.drawPolyline(QPolygonF([place(x, y) for x, y in zip(self.curve.x, self.curve.y, strict=True)]))
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        ends = (
            (left, self.curve.y[0], Qt.AlignmentFlag.AlignLeft),
            (right, self.curve.y[-1], Qt.AlignmentFlag.AlignRight),
        )
        for x, y, side in ends:
            above = y < 0  # on the side of the axis that the curve leaves free
            box = QRectF(area.left(), place(x, 0).y() + (-_LABEL - 1 if above else 1), area.width(), _LABEL)
            vertical = Qt.AlignmentFlag.AlignBottom if above else Qt.AlignmentFlag.AlignTop
            painter.drawText(box, side | vertical, f"{x:g}".replace("-", "−"))
        top = QRectF(place(0, high).x() + 4, area.top() - 6, 80, _LABEL)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft, f"{max(self.curve.y):.3g}")
        painter.end()
