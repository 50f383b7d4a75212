"""What a network says of one sample, painted: bars with names and shares, a large number, a text, or a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.data.augment_strip import as_image
from designer.results.gallery_model import share_text
from designer.results.painting import class_colour, fitted, mask_image
from designer.results.showing import answer_text, as_bytes, scaled_bytes

if TYPE_CHECKING:
    from core.training.results.reading import Answer

MOST_BARS = 12
_LEAST_BAR, _MOST_BAR = 12.0, 22.0
_LARGE = 2.2
_GAP = 6
"""Between the name of a class and its bar, in pixels."""


class AnswerView(QWidget):
    """Paints the answer of every output, one below the other. ``truth`` are texts by output, of a known sample."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("answer")
        self.setAccessibleName(self.tr("Answer"))
        self.answers: tuple[Answer, ...] = ()
        self.truth: dict[str, str] = {}
        self.pictures: tuple[Any, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.switch.changed.connect(self.update)

    def show_answers(
        self, answers: Sequence[Answer], truth: dict[str, str] | None = None, pictures: Sequence[Any] = ()
    ) -> None:
        """Show what was said of one row; masks are laid over the first of the ``pictures``."""
        self.answers, self.truth, self.pictures = tuple(answers), truth or {}, tuple(pictures)
        self.setAccessibleDescription(self.said())
        self.updateGeometry()
        self.update()

    def said(self) -> str:
        """Return the answers in words."""
        lines = []
        for answer in self.answers:
            value = answer_text(answer.values[0])
            sure = answer.confidence
            share = f" ({share_text(float(sure[0]))})" if sure is not None else ""
            lines.append(f"{answer.output}: {value}{share}")
        return "\n".join(lines)

    def sizeHint(self) -> QSize:
        """Room for all bars."""
        return QSize(220, round(sum(self._height(each, _MOST_BAR) for each in self.answers)) + 4)

    def minimumSizeHint(self) -> QSize:
        """All answers are reached by scrolling."""
        return QSize(150, round(sum(self._height(each, _LEAST_BAR) for each in self.answers)) + 4)

    def _line(self) -> float:
        return float(QFontMetricsF(self.font()).lineSpacing())

    def _bar(self) -> float:
        """Return the height of a bar, so that all fit where that can be."""
        shares = (each.probabilities for each in self.answers)
        lines = sum(min(each.shape[1], MOST_BARS) for each in shares if each is not None)
        spare = self.height() - self.minimumSizeHint().height()
        return float(min(_LEAST_BAR + max(spare, 0) / max(lines, 1), _MOST_BAR))

    def _height(self, answer: Answer, bar: float) -> float:
        head = self._line() + 4 if len(self.answers) > 1 or self.truth.get(answer.output) else 0
        if answer.probabilities is not None:
            return float(head + min(answer.probabilities.shape[1], MOST_BARS) * bar + 4)
        if answer.kind in ("mask", "number", "values") and np.asarray(answer.values[0]).size > 4:
            return head + 130
        return float(head + self._line() * _LARGE + self._line() + 8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint all answers."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top, spare, bar = 0.0, max(self.height() - self.sizeHint().height(), 0), self._bar()
        for answer in self.answers:
            height = self._height(answer, bar)
            tall = answer.probabilities is None and np.asarray(answer.values[0]).size > 4
            height += spare / max(len(self.answers), 1) if tall else 0
            self._paint(painter, QRectF(0, top, self.width(), height), answer)
            top += height
        painter.end()

    def _paint(self, painter: QPainter, area: QRectF, answer: Answer) -> None:
        truth = self.truth.get(answer.output, "")
        if len(self.answers) > 1 or truth:
            head = self.tr("{0} · truth: {1}").format(answer.output, truth) if truth else answer.output
            painter.setPen(QColor(theme.current().text_muted))
            text = painter.fontMetrics().elidedText(head, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignTop), text)
            area = area.adjusted(0, self._line() + 4, 0, 0)
        value = np.asarray(answer.values[0]) if answer.kind in ("mask", "number", "values") else None
        if answer.probabilities is not None:
            self._bars(painter, area, answer)
        elif value is not None and value.size > 4:
            self._array(painter, area, answer, value)
        else:
            self._words(painter, area, answer)

    def _bars(self, painter: QPainter, area: QRectF, answer: Answer) -> None:
        assert answer.probabilities is not None
        colours, metrics, height = theme.current(), painter.fontMetrics(), self._bar()
        shares = answer.probabilities[0]
        names = (*answer.classes, *map(str, range(len(answer.classes), len(shares))))[: len(shares)]
        order = list(range(len(shares)))
        if len(shares) > MOST_BARS:
            order = sorted(order, key=lambda place: -shares[place])[:MOST_BARS]
        label = min(name_room(metrics, [names[each] for each in order]), round(area.width() * 0.4))
        number = metrics.horizontalAdvance("100.0 %") + 8
        best = int(np.argmax(shares))
        for line, place in enumerate(order):
            row = QRectF(area.left(), area.top() + line * height, area.width(), height - 2)
            applies = shares[place] > 0.5 if answer.kind == "labels" else place == best
            painter.setPen(QColor(colours.text))
            name = metrics.elidedText(names[place], Qt.TextElideMode.ElideRight, label - _GAP)
            middle = Qt.AlignmentFlag.AlignVCenter
            right = Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(row.left(), row.top(), label - _GAP, row.height()), int(middle | right), name)
            track = row.adjusted(label, 1, -number, -1)
            painter.fillRect(track, QColor(colours.window))
            bar = QRectF(track)
            bar.setWidth(track.width() * float(shares[place]))
            painter.fillRect(bar, QColor(colours.accent if applies else colours.border))
            painter.setPen(QColor(colours.text if applies else colours.text_muted))
            text = f"{float(shares[place]) * 100:.1f} %"
            painter.drawText(row, int(middle | Qt.AlignmentFlag.AlignRight), text)

    def _words(self, painter: QPainter, area: QRectF, answer: Answer) -> None:
        text = answer_text(answer.values[0])
        painter.save()
        font = theme.scaled_font(self.font(), _LARGE if len(text) < 24 else 1.1, bold=True)
        painter.setFont(font)
        painter.setPen(QColor(theme.current().text))
        flags = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
        used = painter.boundingRect(area, int(flags), text)
        painter.drawText(area, int(flags), text)
        painter.restore()
        if answer.kind in ("number", "values"):
            painter.setPen(QColor(theme.current().text_muted))
            below = area.adjusted(0, used.height() + 2, 0, 0)
            painter.drawText(below, int(Qt.AlignmentFlag.AlignTop), answer.target or answer.output)

    def _array(self, painter: QPainter, area: QRectF, answer: Answer, value: Any) -> None:
        if answer.kind == "mask":
            self._mask(painter, area, answer, value)
            return
        if value.ndim == 3 and value.shape[0] in (1, 3):
            image = as_image(as_bytes(value))
        else:
            image = as_image(scaled_bytes(value.reshape(value.shape[0], -1) if value.ndim > 1 else value[None]))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(fitted(area, image), image)

    def _mask(self, painter: QPainter, area: QRectF, answer: Answer, mask: Any) -> None:
        """Paint a mask over its picture, with what the colours mean."""
        image = mask_image(mask)
        there = [int(each) for each in np.unique(mask) if each >= 0]
        names = [answer.classes[each] if each < len(answer.classes) else str(each) for each in there]
        legend = max((painter.fontMetrics().horizontalAdvance(name) for name in names), default=0) + 26
        where = fitted(area.adjusted(0, 0, -legend, 0), image)
        where.moveLeft(area.left())
        if self.pictures:
            under = as_image(self.pictures[0])
            painter.drawImage(where, under)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(where, image)
        line = self._line()
        for place, (index, name) in enumerate(zip(there, names, strict=True)):
            box = QRectF(where.right() + 8, area.top() + place * line + 3, 10, 10)
            painter.setPen(QColor(theme.current().border))
            painter.setBrush(class_colour(index))
            painter.drawRect(box)
            painter.setPen(QColor(theme.current().text))
            share = f"{name} {np.mean(mask == index) * 100:.0f} %"
            painter.drawText(
                QRectF(box.right() + 4, box.top() - 3, 200, line), int(Qt.AlignmentFlag.AlignVCenter), share
            )


def name_room(metrics: QFontMetrics, names: Sequence[str]) -> int:
    """Return the pixels that the names of classes need with the gap behind them, so that none is cut.

    The advance of a text is rounded and may be less than it takes: a pixel or two more keep Qt from cutting it.
    """
    return max(metrics.horizontalAdvance(each) for each in names) + 2 + _GAP
