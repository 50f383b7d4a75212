"""What enters a network of one sample, large, with what the answer rests on laid over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.results.painting import Heat, paint_shown
from designer.results.showing import Shown


class SampleView(QWidget):
    """Paints every Input of a sample side by side, each with its name where there are several."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sample")
        self.setAccessibleName(self.tr("What enters the network"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(90, 70)
        self.shown: tuple[Shown, ...] = ()
        self.heat: Mapping[str, Heat] = {}
        self.mask: Any = None
        theme.switch.changed.connect(self.update)

    def show_sample(self, shown: Sequence[Shown], heat: Mapping[str, Heat] | None = None, mask: Any = None) -> None:
        """Show a sample; ``mask`` is laid over its pictures."""
        self.shown, self.heat, self.mask = tuple(shown), heat or {}, mask
        self.setAccessibleDescription("\n".join(_said(each) for each in self.shown))
        self.update()

    def sizeHint(self) -> QSize:
        """Large enough to see what a picture shows."""
        return QSize(220, 180)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint all Inputs."""
        if not self.shown:
            return
        painter = QPainter(self)
        width = self.width() / len(self.shown)
        head = painter.fontMetrics().lineSpacing() if len(self.shown) > 1 else 0
        for place, each in enumerate(self.shown):
            area = QRectF(place * width, 0, width - 4, self.height())
            if head:
                painter.setPen(QColor(theme.current().text_muted))
                name = painter.fontMetrics().elidedText(each.input, Qt.TextElideMode.ElideRight, int(area.width()))
                painter.drawText(area, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter), name)
            paint_shown(painter, area.adjusted(0, head, 0, 0), each, self.heat.get(each.input), self.mask)
        painter.end()


def _said(shown: Shown) -> str:
    if shown.form == "cells":
        return ", ".join(f"{name} {text}" for name, text in shown.content)
    return f"{shown.input}: {shown.content}" if shown.form in ("text", "nothing") else shown.input
