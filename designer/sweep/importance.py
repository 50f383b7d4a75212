"""How much of the spread of results each place explains, as bars."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme

_GAP, _MOST_NAME = 8, 220


class ImportanceBars(QWidget):
    """One bar for every place, the longest on top, with its share in per cent."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("importance_bars")
        self.setAccessibleName(self.tr("Importance"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.shares: dict[str, float] = {}
        theme.switch.changed.connect(self.update)

    def show_shares(self, shares: Mapping[str, float]) -> None:
        """Show these, by what the places are called."""
        self.shares = dict(shares)
        told = ", ".join(f"{name} {share:.0%}" for name, share in self.shares.items())
        self.setAccessibleDescription(told)
        self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room for all bars."""
        return QSize(300, len(self.shares) * self._row + 2 * _GAP)

    @property
    def _row(self) -> int:
        return self.fontMetrics().height() + _GAP

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw names, bars and per cents."""
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.surface))
        metrics = painter.fontMetrics()
        names = [metrics.elidedText(each, Qt.TextElideMode.ElideMiddle, _MOST_NAME) for each in self.shares]
        left = 2 * _GAP + max((metrics.horizontalAdvance(each) for each in names), default=0)
        room = max(20, self.width() - left - metrics.horizontalAdvance("100 %") - 3 * _GAP)
        for row, (name, share) in enumerate(zip(names, self.shares.values(), strict=True)):
            top = _GAP + row * self._row
            painter.setPen(QColor(colours.text))
            painter.drawText(_GAP, top + metrics.ascent(), name)
            bar = QRectF(left, top + 1, max(1.0, room * share), metrics.height() - 2)
            painter.fillRect(bar, QColor(colours.accent))
            painter.setPen(QColor(colours.text_muted))
            painter.drawText(int(bar.right()) + _GAP, top + metrics.ascent(), f"{share:.0%}")
        painter.end()
