"""The confusion matrix, painted as one item: which class was taken for which, of two classes as of a hundred."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QScrollArea, QToolTip, QVBoxLayout, QWidget

from core.units import count
from designer import theme
from designer.results.gallery_model import share_text
from designer.widgets import muted

_LEAST, _MOST = 9.0, 46.0
"""Width and height of a cell, in pixels."""
_LABEL = 92
"""Most pixels that the name of a class takes."""
_NUMBERS_FROM = 12.0
_GAP = 4
_SIDE = 120
"""Width in pixels of what stands beside the matrix."""
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
Counts = NDArray[np.float64]


class ConfusionItem(QWidget):
    """Paints the matrix: true classes from above to below, predicted ones from left to right.

    ``chosen`` gives (true, predicted) of the cell that was clicked or entered by key.
    """

    chosen = Signal(int, int)
    pointed = Signal(str)
    """What the cell under the mouse means, or that which is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusion_matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Confusion matrix"))
        self.classes: tuple[str, ...] = ()
        self.counts: Counts = np.zeros((0, 0))
        self.normalised = False
        self.at: tuple[int, int] | None = None
        self.hovered: tuple[int, int] | None = None
        self._room = QSize(0, 0)
        self._beside, self._above = self.tr("← predicted"), self.tr("predicted ↓")
        theme.switch.changed.connect(self.update)

    def show_counts(self, classes: Sequence[str], counts: Any) -> None:
        """Show counts (true, predicted); the cell that is chosen stays where the classes are the same."""
        if tuple(classes) != self.classes:
            self.at = self.hovered = None
        self.classes = tuple(classes)
        self.counts = np.asarray(counts, dtype=np.float64)
        self.setAccessibleDescription(self._summary())
        self._resize()
        self.update()
        self._tell()

    def set_normalised(self, normalised: bool) -> None:
        """Show shares of each true class, or counts."""
        self.normalised = normalised
        self.update()

    def set_room(self, room: QSize) -> None:
        """Fit into this room as far as cells stay readable."""
        self._room = room
        self._resize()

    def cell_rect(self, true: int, predicted: int) -> QRectF:
        """Return where a cell is painted."""
        left, top = self._origin()
        size = self._cell()
        return QRectF(left + predicted * size, top + true * size, size, size)

    def cell_text(self, true: int, predicted: int) -> str:
        """Return what stands in a cell."""
        value = float(self.counts[true, predicted])
        if self.normalised:
            whole = float(self.counts[true].sum())
            return f"{value / whole * 100:.0f}" if whole and value else "" if not value else "0"
        return number_text(value) if value else ""

    def said(self, true: int, predicted: int) -> str:
        """Return what a cell means, in a sentence or two."""
        value, whole = float(self.counts[true, predicted]), float(self.counts[true].sum())
        share = share_text(value / whole) if whole else "–"
        a, b = self.classes[true], self.classes[predicted]
        if true == predicted:
            return self.tr("{0} of {1} × “{2}” recognised ({3})").format(
                number_text(value), number_text(whole), a, share
            )
        return self.tr("{0} of {1} × “{2}” taken for “{3}” ({4})").format(
            number_text(value), number_text(whole), a, b, share
        )

    # --- measures -----------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Return the size that all cells take."""
        left, top = self._origin()
        size = self._cell() * len(self.classes)
        beside = self._beside_width() if self._is_beside() else 2
        return QSize(math.ceil(left + size + beside), math.ceil(top + size + 2))

    def _beside_width(self) -> float:
        return QFontMetricsF(self._small()).horizontalAdvance(self._beside) + 2 * _GAP

    def _resize(self) -> None:
        hint = self.sizeHint()
        self.resize(hint.expandedTo(self._room))

    def _small(self) -> Any:
        return theme.scaled_font(self.font(), 0.85)

    def _widest(self) -> float:
        metrics = QFontMetricsF(self._small())
        return max((metrics.horizontalAdvance(each) for each in self.classes), default=0.0)

    def _corner(self) -> tuple[float, float]:
        """Return where the matrix begins if what is predicted is said beside it."""
        line = QFontMetricsF(self._small()).lineSpacing()
        left = line + min(self._widest(), _LABEL) + 2 * _GAP
        top = (line if self._is_upright(left) else min(self._widest(), _LABEL)) + 2 * _GAP
        return left, top

    def _origin(self) -> tuple[float, float]:
        left, top = self._corner()
        return left, top if self._is_beside() else top + QFontMetricsF(self._small()).lineSpacing()

    def _is_upright(self, left: float) -> bool:
        return self._widest() <= self._cell_guess(left) - 2

    def _is_beside(self) -> bool:
        """True where there is room beside the matrix to say that columns are what was predicted; else it is above."""
        left, top = self._corner()
        return left + self._fitting_cell(left, top) * len(self.classes) + self._beside_width() <= self._room.width()

    def _cell_guess(self, left: float) -> float:
        classes = max(len(self.classes), 1)
        room = min(self._room.width() - left - 2, self._room.height() - QFontMetricsF(self._small()).lineSpacing() - 10)
        return min(max(room / classes, _LEAST), _MOST)

    def _cell(self) -> float:
        return self._fitting_cell(*self._origin())

    def _fitting_cell(self, left: float, top: float) -> float:
        room = min(self._room.width() - left - 2, self._room.height() - top - 2)
        return min(max(math.floor(room / max(len(self.classes), 1)), _LEAST), _MOST)

    def _at(self, place: QPointF) -> tuple[int, int] | None:
        left, top = self._origin()
        size = self._cell()
        true, predicted = math.floor((place.y() - top) / size), math.floor((place.x() - left) / size)
        inside = 0 <= true < len(self.classes) and 0 <= predicted < len(self.classes)
        return (true, predicted) if inside else None

    def _summary(self) -> str:
        whole = float(self.counts.sum())
        right = float(np.trace(self.counts))
        return self.tr("{0} classes, {1} of {2} right").format(
            len(self.classes), number_text(right), number_text(whole)
        )

    # --- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells in sight, with the names of the classes beside them."""
        if not self.classes:
            return
        painter = QPainter(self)
        painter.setFont(self._small())
        self._paint_names(painter)
        self._paint_cells(painter, QRectF(event.rect()))
        for cell, width in ((self.hovered, 1), (self.at, 2)):
            if cell is not None:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.current().accent if width > 1 else theme.current().text), width))
                painter.drawRect(self.cell_rect(*cell).adjusted(0, 0, -1, -1))
        painter.end()

    def _shares(self) -> Counts:
        """Return how strongly each cell is coloured, 0..1."""
        if self.normalised:
            sums = self.counts.sum(axis=1, keepdims=True)
            return np.asarray(np.divide(self.counts, sums, out=np.zeros_like(self.counts), where=sums > 0))
        return np.asarray(self.counts / max(float(self.counts.max(initial=0.0)), 1e-12))

    def _paint_cells(self, painter: QPainter, sight: QRectF) -> None:
        colours = theme.current()
        size, shares = self._cell(), self._shares()
        left, top = self._origin()
        gap = 1.0 if size > 14 else 0.0
        with_text = size >= _NUMBERS_FROM
        if with_text:
            painter.setFont(theme.scaled_font(self.font(), 0.85 if size > 26 else 0.75 if size > 18 else 0.62))
        painter.fillRect(QRectF(left, top, size * len(shares), size * len(shares)), QColor(colours.surface))
        first, last = (max(0, math.floor((each - top) / size)) for each in (sight.top(), sight.bottom()))
        for true in range(first, min(last + 1, len(shares))):
            for predicted in range(len(shares)):
                share = float(shares[true, predicted])
                area = QRectF(left + predicted * size, top + true * size, size - gap, size - gap)
                if share > 0:
                    colour = QColor(colours.accent if true == predicted else colours.error)
                    colour.setAlphaF(0.12 + 0.78 * math.sqrt(min(share, 1.0)))
                    painter.fillRect(area, colour)
                elif true == predicted or gap:
                    painter.fillRect(area, QColor(colours.window))
                if with_text and share > 0:
                    strong = 0.12 + 0.78 * math.sqrt(min(share, 1.0)) > 0.6
                    painter.setPen(QColor(colours.surface if strong else colours.text))
                    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), self._fitting(painter, true, predicted))
        painter.setFont(self._small())

    def _fitting(self, painter: QPainter, true: int, predicted: int) -> str:
        """Return a cell's text, shortened to thousands or left out where it does not fit."""
        text = self.cell_text(true, predicted)
        room, metrics = self._cell(), painter.fontMetrics()
        if metrics.horizontalAdvance(text) <= room:
            return text
        short = "" if self.normalised else count(float(self.counts[true, predicted])).replace(" ", "")
        return short if metrics.horizontalAdvance(short) <= room else ""

    def _paint_names(self, painter: QPainter) -> None:
        metrics = QFontMetricsF(painter.font())
        left, top = self._origin()
        size, line = self._cell(), metrics.lineSpacing()
        every = max(1, math.ceil(line * 0.86 / size))
        painter.setPen(QColor(theme.current().text_muted))
        whole = size * len(self.classes)
        if self._is_beside():
            painter.drawText(QRectF(left + whole + _GAP, top - line - _GAP, 200, line), 0, self._beside)
        else:
            painter.drawText(QRectF(left, 0, 200, line), 0, self._above)
        painter.save()
        painter.translate(0, top + max(whole, 60))
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, max(whole, 60), line), int(Qt.AlignmentFlag.AlignRight), self.tr("← true"))
        painter.restore()
        painter.setPen(QColor(theme.current().text))
        upright = self._is_upright(left)
        for place in range(0, len(self.classes), every):
            room = left - line - 2 * _GAP
            name = metrics.elidedText(self.classes[place], Qt.TextElideMode.ElideRight, room)
            beside = QRectF(line + _GAP, top + place * size, room, max(size, line))
            beside.moveTop(top + (place + 0.5) * size - beside.height() / 2)
            painter.drawText(beside, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name)
            self._paint_above(painter, left + (place + 0.5) * size, top, name, upright=upright)

    def _paint_above(self, painter: QPainter, x: float, top: float, name: str, *, upright: bool) -> None:
        metrics = QFontMetricsF(painter.font())
        line = metrics.lineSpacing()
        if upright:
            width = max(self._cell(), line)
            painter.drawText(
                QRectF(x - width / 2, top - line - _GAP, width, line), int(Qt.AlignmentFlag.AlignCenter), name
            )
            return
        painter.save()
        painter.translate(x - line / 2, top - _GAP)
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, top - _GAP, line), int(Qt.AlignmentFlag.AlignVCenter), name)
        painter.restore()

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the cell under the mouse."""
        self._hover(self._at(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:
        """Mark no cell."""
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a cell."""
        cell = self._at(event.position())
        if cell is not None and event.button() is Qt.MouseButton.LeftButton:
            self.choose(*cell)

    def choose(self, true: int, predicted: int) -> None:
        """Choose a cell, so that its samples are shown."""
        self.at = (true, predicted)
        self.setAccessibleDescription(self.said(true, predicted))
        self.update()
        self._tell()
        self.chosen.emit(true, predicted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from cell to cell with the arrows; Home goes to the first."""
        step = _STEPS.get(Qt.Key(event.key()))
        if not self.classes or (step is None and event.key() != Qt.Key.Key_Home):
            super().keyPressEvent(event)
            return
        before = self.at or (0, 0)
        last = len(self.classes) - 1
        across = (0, 0) if step is None or self.at is None else step
        cell = (0, 0) if step is None else tuple(min(max(a + b, 0), last) for a, b in zip(before, across, strict=True))
        self.choose(cell[0], cell[1])

    def event(self, event: QEvent) -> bool:
        """Tell in a tool tip what the cell under the mouse means."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self._at(QPointF(event.pos()))
            if cell is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.said(*cell), self)
            return True
        return super().event(event)

    def _hover(self, cell: tuple[int, int] | None) -> None:
        if cell != self.hovered:
            self.hovered = cell
            self.update()
            self._tell()

    def _tell(self) -> None:
        cell = self.hovered or self.at
        self.pointed.emit(self.said(*cell) if cell is not None else self._summary())


class ConfusionView(QScrollArea):
    """The matrix in as much room as there is; of many classes it is scrolled."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.item = ConfusionItem()
        self.setWidget(self.item)
        self.setMinimumSize(160, 80)
        self.item.chosen.connect(self._follow)

    def resizeEvent(self, event: Any) -> None:
        """Fit the matrix."""
        super().resizeEvent(event)
        self.item.set_room(self.maximumViewportSize())

    def _follow(self, true: int, predicted: int) -> None:
        area = self.item.cell_rect(true, predicted).toRect()
        self.ensureVisible(area.center().x(), area.center().y(), area.width(), area.height())


class ConfusionPage(QWidget):
    """The matrix, and beside it what is counted and what the mouse points at."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("confusion_page")
        self.view = ConfusionView()
        self.item = self.view.item
        self.mode = QComboBox()
        self.mode.setObjectName("confusion_mode")
        self.mode.setAccessibleName(self.tr("What the cells show"))
        self.mode.addItems([self.tr("Counts"), self.tr("% of each class")])
        self.mode.currentIndexChanged.connect(lambda place: self.item.set_normalised(bool(place)))
        self.told = muted()
        self.told.setFixedWidth(_SIDE)
        self.mode.setFixedWidth(_SIDE)
        self.item.pointed.connect(self.told.setText)
        column = QVBoxLayout()
        column.addWidget(self.mode)
        column.addWidget(self.told)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.view, 1)
        row.addLayout(column)

    def csv_rows(self) -> list[list[str]]:
        """Return the counts as they are written to a file: the first column is the true class."""
        rows = [["true \\ predicted", *self.item.classes]]
        lines = zip(self.item.classes, self.item.counts.tolist(), strict=True)
        return rows + [[name, *(f"{each:g}" for each in line)] for name, line in lines]


def number_text(value: float) -> str:
    """Return a count: whole where it is."""
    return f"{value:,.0f}" if value == round(value) else f"{value:.4g}"
