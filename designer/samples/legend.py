"""What the colours of a mask stand for, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.data.samples import SampleField
from designer import theme
from designer.samples.views import class_legend

_SWATCH = 10.0


class ClassLegend(QWidget):
    """A swatch and a word for each class of the first mask; the tool tip has those that do not fit."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: list[tuple[QColor, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def has_classes(self) -> bool:
        """True where there is something to tell."""
        return bool(self.classes)

    def show_fields(self, fields: Sequence[SampleField]) -> None:
        """Tell about the first mask among these fields."""
        self.classes = class_legend(fields)
        self.setToolTip("\n".join(word for _colour, word in self.classes))
        self.setAccessibleName(self.tr("Classes of the mask: {0}").format(", ".join(w for _c, w in self.classes)))
        self.update()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(100, self.fontMetrics().height() + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint swatches and words until the line is full."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = float(theme.SPACE)
        for number, (colour, word) in enumerate(self.classes):
            width = self.fontMetrics().horizontalAdvance(word)
            if left + _SWATCH + width + 24 > self.width():
                word = f"+{len(self.classes) - number}"
                colour = QColor(theme.current().border)
            swatch = QRectF(left, (self.height() - _SWATCH) / 2, _SWATCH, _SWATCH)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(swatch, 2, 2)
            painter.setPen(QColor(theme.current().text_muted))
            text = QRectF(left + _SWATCH + 4, 0, width + 24, self.height())
            painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter), word)
            left += _SWATCH + width + 16
            if word.startswith("+"):
                break
        painter.end()
