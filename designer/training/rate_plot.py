"""The picture of a learning-rate schedule: the rate over the epochs, with axes, and the value under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.theme import SPACE
from designer.training.rate_curve import RateCurve
from designer.widgets import paint_card

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEIGHT = 132
_SMALL = 0.88
_TOP = 20
"""Room above the curve for the value under the mouse, in pixels."""
_HEADROOM = 1.08


class RatePlot(QWidget):
    """Draws a curve; a mouse over it, or Left and Right, tell the rate of a step."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rate_plot")
        self.setAccessibleName(self.tr("Learning rate over the training"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(theme.scaled_font(self.font(), _SMALL))
        self.curve: RateCurve | None = None
        self.step: int | None = None
        """The step whose rate is told."""
        self.is_stale = False

    @property
    def _rates(self) -> NDArray[np.float64] | None:
        curve = self.curve
        return curve.rates if curve is not None and curve.rates is not None and len(curve.rates) else None

    def show_curve(self, curve: RateCurve | None) -> None:
        """Show another curve, or none."""
        self.curve, self.is_stale = curve, False
        rates = self._rates
        if rates is None or (self.step is not None and self.step >= len(rates)):
            self.step = None
        self.setAccessibleDescription(self._described())
        self.update()

    def mark_stale(self) -> None:
        """Grey the curve while the next one is worked out."""
        self.is_stale = True
        self.update()

    def _described(self) -> str:
        rates = self._rates
        if rates is None:
            return self.curve.reason if self.curve is not None else ""
        return self.tr("Begins at {0}, rises to {1}, ends at {2}.").format(
            *(f"{each:.3g}" for each in (rates[0], rates.max(), rates[-1]))
        )

    def told(self) -> str:
        """Return what is said of the step under the mouse; empty where there is none."""
        curve, rates = self.curve, self._rates
        if curve is None or rates is None or self.step is None:
            return ""
        epoch = self.step // curve.steps_per_epoch + 1
        text = self.tr("epoch {0}, step {1:,}: {2}")
        return text.format(epoch, self.step + 1, f"{rates[self.step]:.4g}")

    def sizeHint(self) -> QSize:
        """Be as high as a few lines of text."""
        return QSize(220, _HEIGHT)

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the rate under the mouse."""
        self.point_at(event.position().x())

    def leaveEvent(self, event: QEvent) -> None:
        """Tell nothing."""
        if not self.hasFocus():
            self._go_to(None)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell nothing."""
        self._go_to(None)
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go along the curve with Left and Right, by an epoch with Ctrl, to its ends with Home and End."""
        rates, curve = self._rates, self.curve
        if rates is None or curve is None:
            super().keyPressEvent(event)
            return
        by_epoch = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        stride = curve.steps_per_epoch if by_epoch else max(1, len(rates) // 100)
        at = 0 if self.step is None else self.step
        goals = {
            Qt.Key.Key_Left: at - stride,
            Qt.Key.Key_Right: at + stride,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(rates) - 1,
        }
        goal = goals.get(Qt.Key(event.key()))
        if goal is None:
            super().keyPressEvent(event)
        else:
            self._go_to(min(max(goal, 0), len(rates) - 1))

    def point_at(self, x: float) -> None:
        """Tell the rate at a place, in pixels from the left."""
        rates, area = self._rates, self._area()
        if rates is None or area.width() <= 0:
            return
        share = (x - area.left()) / area.width()
        inside = -0.02 <= share <= 1.02
        self._go_to(min(max(round(share * (len(rates) - 1)), 0), len(rates) - 1) if inside else None)

    def _go_to(self, step: int | None) -> None:
        if step != self.step:
            self.step = step
            self.update()

    # --- painting -----------------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        metrics = QFontMetricsF(self.font())
        left = max((metrics.horizontalAdvance(text) for _at, text in self._rungs()), default=0) + SPACE + 4
        bottom = metrics.height() + SPACE // 2 + 3
        return QRectF(self.rect()).adjusted(left + 2, _TOP, -SPACE - 2, -bottom)

    def _highest(self) -> float:
        rates = self._rates
        return float(rates.max()) * _HEADROOM if rates is not None and rates.max() > 0 else 1.0

    def _rungs(self) -> list[tuple[float, str]]:
        """Return the marks of the rate's axis, as values and texts."""
        highest = self._highest() / _HEADROOM
        return [(share * highest, f"{share * highest:.3g}") for share in (0.0, 0.5, 1.0)]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the card, the axes, the curve, and what is told."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        border = QPalette.ColorRole.Highlight if self.hasFocus() else QPalette.ColorRole.Mid
        paint_card(painter, QRectF(self.rect()), self.palette(), border=border)
        rates = self._rates
        if rates is None:
            self._paint_reason(painter)
        else:
            area = self._area()
            self._paint_axes(painter, area)
            self._paint_curve(painter, area, rates)
            self._paint_told(painter, area, rates)
        painter.end()

    def _paint_reason(self, painter: QPainter) -> None:
        text = self.curve.reason if self.curve is not None else self.tr("Working it out…")
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        box = QRectF(self.rect()).adjusted(SPACE, SPACE, -SPACE, -SPACE)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        palette, metrics = self.palette(), QFontMetricsF(self.font())
        muted, grid = palette.color(QPalette.ColorRole.PlaceholderText), palette.color(QPalette.ColorRole.Mid)
        for value, text in self._rungs():
            y = area.bottom() - value / self._highest() * area.height()
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(muted)
            box = QRectF(0, y - metrics.height() / 2, area.left() - 4, metrics.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        assert self.curve is not None
        rates = self._rates
        drawn = len(rates) // self.curve.steps_per_epoch if rates is not None else 0
        below = area.bottom() + 3
        line = QRectF(area.left(), below, area.width(), metrics.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(line, Qt.AlignmentFlag.AlignHCenter, self.tr("epochs"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, f"{drawn}")

    def _paint_curve(self, painter: QPainter, area: QRectF, rates: NDArray[np.float64]) -> None:
        role = QPalette.ColorRole.PlaceholderText if self.is_stale else QPalette.ColorRole.Highlight
        painter.setPen(QPen(self.palette().color(role), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([self._place(area, rates, step) for step in self._to_draw(area, rates)]))

    def _to_draw(self, area: QRectF, rates: NDArray[np.float64]) -> list[int]:
        """Return the steps to draw: of those in one pixel the first, the lowest, the highest and the last."""
        columns = max(1, int(area.width()))
        if len(rates) <= 4 * columns:
            return list(range(len(rates)))
        steps: list[int] = []
        for column in range(columns):
            start, stop = column * len(rates) // columns, (column + 1) * len(rates) // columns
            part = rates[start:stop]
            steps += sorted({start, start + int(part.argmin()), start + int(part.argmax()), stop - 1})
        return steps

    def _place(self, area: QRectF, rates: NDArray[np.float64], step: int) -> QPointF:
        share = step / (len(rates) - 1) if len(rates) > 1 else 0.0
        y = area.bottom() - float(rates[step]) / self._highest() * area.height()
        return QPointF(area.left() + share * area.width(), y)

    def _paint_told(self, painter: QPainter, area: QRectF, rates: NDArray[np.float64]) -> None:
        palette = self.palette()
        text = self.told()
        if self.step is not None:
            at = self._place(area, rates, self.step)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.PlaceholderText), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(at.x(), area.top()), QPointF(at.x(), area.bottom()))
            painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(at, 3.5, 3.5)
        role = QPalette.ColorRole.WindowText if text else QPalette.ColorRole.PlaceholderText
        painter.setPen(palette.color(role))
        box = QRectF(SPACE, 2, self.width() - 2 * SPACE, _TOP - 4)
        side = Qt.AlignmentFlag.AlignRight if text else Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, int(side | Qt.AlignmentFlag.AlignVCenter), text or self.tr("learning rate"))
