"""Parallel coordinates: an axis for every place and one for the result, a line for every trial.

A drag along an axis keeps the trials within that range; a double click there takes the range away. By keyboard, Left
and Right choose an axis, Shift with Up and Down moves the lower end of its range (with Ctrl the upper one), Del takes
the range away and Esc all of them. Lines are coloured by the result, the best on top.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.graph.project import Dimension
from core.kinds import Value
from core.search.folder import Sweep
from core.search.places import Spot
from core.search.table import TrialRow
from designer import theme
from designer.announcing import announce

_TOP, _BELOW, _SIDE = 38, 28, 60
_NEAR = 14
"""Pixels from an axis or a line that still count as on it."""
_SHORTEST = 4
_TITLE_GAP = 12
_PALE = 40
_MOST_TICKS = 7
_STEPS = 20
_EXACT = 1e-9


@dataclass(frozen=True)
class Axis:
    """One axis: values from ``low`` to ``high`` from bottom to top, or ``words`` at equal distances."""

    title: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    words: tuple[str, ...] = ()

    def share(self, value: float) -> float:
        """Return where a value stands, from 0 at the bottom to 1 at the top."""
        if self.words:
            return (value + 0.5) / len(self.words)
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        at = math.log(value) if self.log else value
        return 0.5 if high == low else (at - low) / (high - low)

    @property
    def steps(self) -> int:
        """How many times a key moves the end of a range to come from bottom to top: once for every word."""
        return len(self.words) or _STEPS

    def number_text(self, share: float) -> str:
        """Return the number that stands at a share."""
        value = self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share
        return f"{value:.3g}"

    def ticks(self) -> list[tuple[float, str]]:
        """Return where texts stand beside the axis."""
        if self.words:
            return [(self.share(index), word) for index, word in enumerate(self.words)][:_MOST_TICKS]
        return [(share, self.number_text(share)) for share in (0.0, 0.5, 1.0)]

    def range_text(self, low: float, high: float) -> str:
        """Return what lies between two shares: words, or numbers from the one to the other."""
        if self.words:
            return ", ".join(word for at, word in enumerate(self.words) if low <= self.share(at) <= high)
        return f"{self.number_text(low)} … {self.number_text(high)}"


class ParallelPlot(QWidget):
    """Draws trials that came to a result. ``kept_changed`` gives those within all ranges (None: there is no range)."""

    kept_changed = Signal(object)
    chosen = Signal(int)
    """The number of the trial whose line was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("parallel_plot")
        self.setAccessibleName(self.tr("Parallel coordinates of the trials"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.axes: tuple[Axis, ...] = ()
        self.lines: dict[int, tuple[float, ...]] = {}
        """By trial, its shares on the axes; the last is the result's."""
        self.ranges: dict[int, tuple[float, float]] = {}
        """By axis, the shares between which lines are kept."""
        self.axis = 0
        """The axis whose range keys move."""
        self.marked = -1
        self._higher = False
        self._dragged: tuple[int, float] | None = None
        self._describe()
        theme.switch.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        """Leave the room to the canvas."""
        return QSize(240, 110)

    def show_trials(self, sweep: Sweep | None, spots: Sequence[Spot], rows: Sequence[TrialRow]) -> None:
        """Draw the trials of a sweep that have a result."""
        done = [each for each in rows if each.value is not None and math.isfinite(each.value)]
        if sweep is None or not done:
            self.axes, self.lines = (), {}
            self.update()
            return
        dimensions = {each.place: each for each in sweep.search.dimensions}
        values = [each.value for each in done if each.value is not None]
        axes = [_axis(where, dimensions[where.place], self.tr("{name} (log)")) for where in spots]
        axes.append(Axis(sweep.metric, min(values), max(values)))
        if len(axes) != len(self.axes):
            self.ranges.clear()
            self.axis = 0
        self.axes, self._higher = tuple(axes), sweep.higher
        self.lines = {each.number: self._shares(each, spots, dimensions) for each in done}
        self._describe()
        self.update()

    def _shares(self, row: TrialRow, spots: Sequence[Spot], known: dict[str, Dimension]) -> tuple[float, ...]:
        found = [
            axis.share(_number(where, known[where.place], row.values.get(where.place)))
            for axis, where in zip(self.axes, spots, strict=False)
        ]
        return (*found, self.axes[-1].share(row.value or 0.0))

    @property
    def kept(self) -> frozenset[int] | None:
        """The trials within all ranges; None where there is none."""
        return frozenset(filter(self._is_kept, self.lines)) if self.ranges else None

    def _is_kept(self, number: int) -> bool:
        shares = self.lines[number]
        return all(low - _EXACT <= shares[axis] <= high + _EXACT for axis, (low, high) in self.ranges.items())

    def set_range(self, axis: int, low: float, high: float) -> None:
        """Keep the lines that pass an axis between two shares of its height; a range of no height takes it away."""
        if high - low <= 0:
            self.ranges.pop(axis, None)
        else:
            self.ranges[axis] = (low, high)
        self._ranges_changed()

    def clear_ranges(self) -> None:
        """Keep all lines."""
        self.ranges.clear()
        self._ranges_changed()

    def _ranges_changed(self) -> None:
        self._describe()
        self.update()
        self.kept_changed.emit(self.kept)

    def _describe(self) -> None:
        """Tell those who do not see it which axis is chosen, its range and what is kept."""
        told = self._axis_told()
        keys = self.tr(
            "Left and Right choose an axis. Shift with Up and Down moves the lower end of its range, with Ctrl too the "
            "upper end. Delete takes the range away, Escape all ranges. Up and Down go from trial to trial."
        )
        self.setAccessibleDescription(f"{told} {keys}".strip())

    def _axis_told(self) -> str:
        if not self.axes:
            return ""
        axis = self.axes[self.axis]
        shown = axis.range_text(*self.ranges[self.axis]) if self.axis in self.ranges else self.tr("everything")
        text = self.tr("Axis {name}: {range}; {kept} of {all} trials.")
        count = sum(map(self._is_kept, self.lines))
        return text.format(name=axis.title, range=shown, kept=count, all=len(self.lines))

    def mark(self, number: int) -> None:
        """Draw one trial's line above all others."""
        if number != self.marked:
            self.marked = number
            self.update()

    # --- places -------------------------------------------------------------------------------------------------------

    def place(self, axis: int, share: float) -> QPointF:
        """Return the pixel of a share on an axis."""
        room = self.width() - 2 * _SIDE
        x = _SIDE + room * axis / max(1, len(self.axes) - 1)
        return QPointF(x, self.height() - _BELOW - share * (self.height() - _TOP - _BELOW))

    def _share_at(self, y: float) -> float:
        return min(1.0, max(0.0, (self.height() - _BELOW - y) / max(1, self.height() - _TOP - _BELOW)))

    def _axis_at(self, x: float) -> int | None:
        near = [axis for axis in range(len(self.axes)) if abs(self.place(axis, 0).x() - x) <= _NEAR]
        return near[0] if near else None

    def _title_at(self, x: float) -> str:
        """Return the whole title of the nearest axis, which may be too long to be written."""
        nearest = min(range(len(self.axes)), key=lambda axis: abs(self.place(axis, 0).x() - x), default=None)
        return "" if nearest is None else self.axes[nearest].title

    def _line_at(self, at: QPointF) -> int | None:
        """Return the trial whose line passes nearest, within a few pixels."""
        best: tuple[float, int] | None = None
        for number in filter(self._is_kept, self.lines):
            shares = self.lines[number]
            for axis in range(len(shares) - 1):
                one, other = self.place(axis, shares[axis]), self.place(axis + 1, shares[axis + 1])
                if one.x() <= at.x() <= other.x():
                    part = (at.x() - one.x()) / max(1.0, other.x() - one.x())
                    away = abs(one.y() + part * (other.y() - one.y()) - at.y())
                    best = min(best or (away, number), (away, number))
        return best[1] if best is not None and best[0] <= _NEAR / 2 else None

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a range on an axis, or choose the line below the mouse."""
        axis = self._axis_at(event.position().x())
        if axis is not None:
            self.axis = axis
            self._dragged = (axis, self._share_at(event.position().y()))
            self.update()
            return
        number = self._line_at(event.position())
        if number is not None:
            self.mark(number)
            self.chosen.emit(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the range on, or tell which trial a line is."""
        if self._dragged is None:
            on_axis = self._axis_at(event.position().x()) is not None
            self.setCursor(Qt.CursorShape.SizeVerCursor if on_axis else Qt.CursorShape.ArrowCursor)
            if event.position().y() < _TOP - _TITLE_GAP:
                QToolTip.showText(event.globalPosition().toPoint(), self._title_at(event.position().x()), self)
                return
            number = None if on_axis else self._line_at(event.position())
            if number is not None:
                QToolTip.showText(event.globalPosition().toPoint(), self.tr("Trial {0}").format(number), self)
            return
        axis, begin = self._dragged
        end = self._share_at(event.position().y())
        if abs(begin - end) * self.height() >= _SHORTEST:
            self.set_range(axis, min(begin, end), max(begin, end))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End the range."""
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take the range of an axis away."""
        axis = self._axis_at(event.position().x())
        if axis is not None:
            self.set_range(axis, 0.0, 0.0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose an axis, move or take away its range; go to the next better trial by Up, the next worse by Down."""
        key, held = event.key(), event.modifiers()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.lines:
            step = 1 if key == Qt.Key.Key_Up else -1
            if held & Qt.KeyboardModifier.ShiftModifier:
                self._move_end(step, upper=bool(held & Qt.KeyboardModifier.ControlModifier))
            else:
                self._walk(step)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self.axes:
            step = 1 if key == Qt.Key.Key_Right else -1
            self.axis = min(len(self.axes) - 1, max(0, self.axis + step))
            self._describe()
            announce(self, self._axis_told())
            self.update()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.axis in self.ranges:
            self.set_range(self.axis, 0.0, 0.0)
        elif key == Qt.Key.Key_Escape and self.ranges:
            self.clear_ranges()
        else:
            super().keyPressEvent(event)

    def _move_end(self, step: int, *, upper: bool) -> None:
        """Move an end of the chosen axis's range by one step; one from end to end is none."""
        last = self.axes[self.axis].steps
        low, high = (round(share * last) for share in self.ranges.get(self.axis, (0.0, 1.0)))
        if upper:
            high = min(last, max(low + 1, high + step))
        else:
            low = max(0, min(high - 1, low + step))
        whole = (low, high) == (0, last)
        self.set_range(self.axis, 0.0 if whole else low / last, 0.0 if whole else high / last)
        announce(self, self._axis_told())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show which axis keys are for."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no longer."""
        super().focusOutEvent(event)
        self.update()

    def _walk(self, step: int) -> None:
        """Choose the next trial by its result, among those that are kept; at first the best."""
        order = sorted(filter(self._is_kept, self.lines), key=self._goodness)
        if not order:
            return
        at = order.index(self.marked) + step if self.marked in order else len(order) - 1
        number = order[min(len(order) - 1, max(0, at))]
        self.mark(number)
        self.chosen.emit(number)

    def _goodness(self, number: int) -> float:
        return self.lines[number][-1] if self._higher else 1 - self.lines[number][-1]

    # --- drawing ------------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw lines, then axes and ranges above them."""
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.surface))
        if not self.axes:
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number in sorted(self.lines, key=lambda each: (self._is_kept(each), self._goodness(each))):
            self._draw_line(painter, number, self._goodness(number))
        if self.marked in self.lines:
            self._polyline(painter, self.marked, QPen(QColor(colours.text), 2.4))
        for axis in range(len(self.axes)):
            self._draw_axis(painter, axis)
        if self.hasFocus():
            self._draw_keys(painter)
        painter.end()

    def _draw_keys(self, painter: QPainter) -> None:
        """Say below the axes what keys do."""
        text = self.tr("←→ axis  ·  Shift+↑↓ from, Ctrl+Shift+↑↓ to  ·  Esc everything  ·  ↑↓ trial")
        painter.setPen(QColor(theme.current().text_muted))
        metrics = painter.fontMetrics()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width() - 2 * _TITLE_GAP)
        painter.drawText(QPointF(_TITLE_GAP, self.height() - metrics.descent() - 1), text)

    def _draw_line(self, painter: QPainter, number: int, good: float) -> None:
        colours = theme.current()
        if not self._is_kept(number):
            pale = QColor(colours.text_muted)
            pale.setAlpha(_PALE)
            self._polyline(painter, number, QPen(pale, 1))
            return
        self._polyline(painter, number, QPen(blend(colours.series[1], colours.accent, good), 1 + good))

    def _polyline(self, painter: QPainter, number: int, pen: QPen) -> None:
        painter.setPen(pen)
        shares = self.lines[number]
        painter.drawPolyline(QPolygonF([self.place(axis, share) for axis, share in enumerate(shares)]))

    def _draw_axis(self, painter: QPainter, axis: int) -> None:
        colours = theme.current()
        top, bottom = self.place(axis, 1.0), self.place(axis, 0.0)
        chosen = self.hasFocus() and axis == self.axis
        painter.setPen(QPen(QColor(colours.accent if chosen else colours.text_muted), 3 if chosen else 1))
        painter.drawLine(top, bottom)
        if axis in self.ranges:
            low, high = self.ranges[axis]
            box = QRectF(self.place(axis, high) - QPointF(6, 0), self.place(axis, low) + QPointF(6, 0))
            fill = QColor(colours.accent)
            fill.setAlpha(70)
            painter.fillRect(box, fill)
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(box)
        metrics = painter.fontMetrics()
        room = int((self.width() - 2 * _SIDE) / max(1, len(self.axes) - 1)) if len(self.axes) > 1 else self.width()
        painter.setPen(QColor(colours.accent if chosen else colours.text))
        title = metrics.elidedText(
            self.axes[axis].title, Qt.TextElideMode.ElideMiddle, max(40, min(room - 6, 2 * _SIDE + 40))
        )
        self._text(painter, QPointF(top.x(), 4 + metrics.ascent()), title)
        painter.setPen(QColor(colours.text_muted))
        for share, text in self.axes[axis].ticks():
            at = self.place(axis, share)
            self._label(painter, at, metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(30, room - 16)))
        if axis in self.ranges and not self.axes[axis].words:
            painter.setPen(QColor(colours.text))
            for share in self.ranges[axis]:
                self._label(painter, self.place(axis, share), self.axes[axis].number_text(share))

    def _text(self, painter: QPainter, middle: QPointF, text: str) -> None:
        width = painter.fontMetrics().horizontalAdvance(text)
        left = min(max(2.0, middle.x() - width / 2), self.width() - width - 2.0)
        painter.drawText(QPointF(left, middle.y()), text)

    def _label(self, painter: QPainter, at: QPointF, text: str) -> None:
        """Write a tick beside its axis, on a patch of the background, so that it is read above the lines."""
        metrics, colours = painter.fontMetrics(), theme.current()
        width = metrics.horizontalAdvance(text)
        left = at.x() + 5 if at.x() + 5 + width < self.width() else at.x() - 5 - width
        patch = QColor(colours.surface)
        patch.setAlpha(205)
        painter.fillRect(QRectF(left - 1, at.y() - metrics.height() / 2, width + 2, metrics.height()), patch)
        painter.drawText(QPointF(left, at.y() + metrics.ascent() / 2 - 1), text)


def blend(one: str, other: str, share: float) -> QColor:
    """Return the colour at a share (0 to 1) of the way from one colour to another."""
    a, b = QColor(one), QColor(other)
    parts = ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    return QColor.fromRgbF(*(low + (high - low) * min(1.0, max(0.0, share)) for low, high in parts))


def _axis(where: Spot, dimension: Dimension, log_title: str) -> Axis:
    if dimension.choices:
        return Axis(where.title, words=tuple(map(where.text, dimension.choices)))
    title = log_title.format(name=where.title) if dimension.log else where.title
    return Axis(title, float(dimension.low), float(dimension.high), dimension.log)


def _number(where: Spot, dimension: Dimension, value: Value) -> float:
    if dimension.choices:
        texts = [where.text(each) for each in dimension.choices]
        text = where.text(value)
        return float(texts.index(text)) if text in texts else 0.0
    return float(value)
