"""A view of any number of samples as tiles or lines, of which only those in view are painted and read."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip

from core.data.sample_batch import SampleRow
from designer import theme

Rows = Callable[[int], SampleRow | None]
_STEPS: dict[int, tuple[int, int, int]] = {
    Qt.Key.Key_Left: (-1, 0, 0),
    Qt.Key.Key_Right: (1, 0, 0),
    Qt.Key.Key_Up: (0, -1, 0),
    Qt.Key.Key_Down: (0, 1, 0),
    Qt.Key.Key_PageUp: (0, 0, -1),
    Qt.Key.Key_PageDown: (0, 0, 1),
}
"""By how many samples, lines or pages a key goes on."""


class Tiles(QAbstractScrollArea):
    """Tiles of one size, as many beside one another as fit; a width of 0 gives lines.

    Whoever derives from it paints one tile in ``paint_tile`` and says what its tool tip is in ``tip``.
    """

    opened = Signal(int)
    """The place of a sample that was double-clicked, or for which Enter was pressed."""
    wanted = Signal(int, int)
    """The first and the last place in view."""

    def __init__(self, rows: Rows, name: str) -> None:
        super().__init__()
        self.rows = rows
        self.count = 0
        self.current = 0
        self._tile = QSize(0, 100)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    # --- what derived views say ---------------------------------------------------------------------------------------

    def paint_tile(self, painter: QPainter, area: QRectF, row: SampleRow) -> None:
        """Paint one sample."""
        raise NotImplementedError

    def tip(self, row: SampleRow, area: QRectF, point: QPoint) -> str:
        """Return what is told of a sample at a point."""
        del area, point
        return "\n".join(row.problems)

    # --- layout -------------------------------------------------------------------------------------------------------

    def show_count(self, count: int) -> None:
        """Have so many samples."""
        self.count = count
        self.current = min(self.current, max(0, count - 1))
        self._update_range()

    def set_tile(self, size: QSize) -> None:
        """Make the tiles so large; what was in view stays there."""
        first = self.visible()[0]
        self._tile = size
        self._update_range()
        self.verticalScrollBar().setValue(first // self.columns * self._tile.height())

    @property
    def columns(self) -> int:
        """How many tiles stand side by side."""
        return max(1, self.viewport().width() // self._tile.width()) if self._tile.width() else 1

    def visible(self) -> tuple[int, int]:
        """Return the first and the last place in view."""
        top = self.verticalScrollBar().value()
        first = top // self._tile.height() * self.columns
        last = ((top + self.viewport().height() - 1) // self._tile.height() + 1) * self.columns - 1
        return min(first, max(0, self.count - 1)), max(0, min(last, self.count - 1))

    def area_of(self, place: int) -> QRect:
        """Return where a tile is in the viewport."""
        line, column = divmod(place, self.columns)
        width = self._tile.width() or self.viewport().width()
        top = line * self._tile.height() - self.verticalScrollBar().value()
        return QRect(column * width, top, width, self._tile.height())

    def place_at(self, point: QPoint) -> int:
        """Return the place of the tile at a point, -1 where there is none."""
        width = self._tile.width() or self.viewport().width()
        column = point.x() // max(1, width)
        line = (point.y() + self.verticalScrollBar().value()) // self._tile.height()
        place = line * self.columns + column
        return place if column < self.columns and 0 <= place < self.count else -1

    def show_place(self, place: int) -> None:
        """Make a sample the current one and bring it into view."""
        self.current = max(0, min(place, self.count - 1))
        area, bar = self.area_of(self.current), self.verticalScrollBar()
        if area.top() < 0:
            bar.setValue(bar.value() + area.top())
        elif area.bottom() >= self.viewport().height():
            bar.setValue(bar.value() + area.bottom() - self.viewport().height() + 1)
        self._tell()
        self.viewport().update()

    def rows_arrived(self, first: int, last: int) -> None:
        """Paint samples that can be shown now, and tell about the current one."""
        if first <= self.current <= last:
            self._tell()
        self.viewport().update()

    def _tell(self) -> None:
        row = self.rows(self.current)
        if row is not None:
            self.setAccessibleDescription(self.tip(row, QRectF(), QPoint()))

    def _update_range(self) -> None:
        lines = -(-self.count // self.columns)
        bar = self.verticalScrollBar()
        bar.setPageStep(max(1, self.viewport().height()))
        bar.setSingleStep(max(12, self._tile.height() // 3))
        bar.setRange(0, max(0, lines * self._tile.height() - self.viewport().height()))
        self._on_scrolled()

    def _on_scrolled(self) -> None:
        self.viewport().update()
        if self.isVisible() and self.count:
            self.wanted.emit(*self.visible())

    # --- events -------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the tiles out for another size; what was in view stays there."""
        super().resizeEvent(event)
        self._update_range()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the tiles in view."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        painter.fillRect(self.viewport().rect(), QColor(colours.surface))
        first, last = self.visible()
        for place in range(first, last + 1 if self.count else first):
            area = QRectF(self.area_of(place))
            row = self.rows(place)
            painter.save()
            painter.setClipRect(area)
            if row is not None:
                self.paint_tile(painter, area, row)
            else:
                painter.setPen(QColor(colours.text_muted))
                painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "…")
            painter.restore()
            if place == self.current and self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.accent), 2))
                painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show which sample is the current one."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no longer."""
        super().focusOutEvent(event)
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Make the sample under the pointer the current one."""
        place = self.place_at(event.position().toPoint())
        if place >= 0:
            self.show_place(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the sample under the pointer."""
        place = self.place_at(event.position().toPoint())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from sample to sample; Enter opens one."""
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.count:
            self.opened.emit(self.current)
        elif key == Qt.Key.Key_Home:
            self.show_place(0)
        elif key == Qt.Key.Key_End:
            self.show_place(self.count - 1)
        elif key in _STEPS and self.count:
            one, line, page = _STEPS[key]
            lines = line + page * max(1, self.viewport().height() // self._tile.height())
            self.show_place(self.current + one + lines * self.columns)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell about the sample under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.place_at(event.pos())
            row = self.rows(place) if place >= 0 else None
            text = self.tip(row, QRectF(self.area_of(place)), event.pos()) if row is not None else ""
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)
