"""A small plot in the theme's colours, of which all pictures of the results are made."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from designer import theme
from designer.plots.style import style_axes
from designer.widgets import ElidedLabel

_LOW = 170
"""In a lower plot the name of the axis upwards, which is written upwards, would be cut."""


class SmallPlot(QWidget):
    """A title, axes with names, and whatever is drawn between them by ``draw``, anew for every theme."""

    def __init__(self, name: str, title: str, across: str, up: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setMinimumSize(150, 90)
        self.title = ElidedLabel(title)
        self._names = (across, up)
        self._is_low = False
        self.plot = pg.PlotWidget(self, enableMenu=False)
        self.plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        # The menu that pyqtgraph makes all the same has no owner, and would outlive the plot.
        self.plot.plotItem.ctrlMenu.setParent(self, Qt.WindowType.Popup)
        self.plot.hideButtons()
        self.note = QLabel(self.plot)
        self.note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addWidget(self.plot, 1)
        theme.switch.changed.connect(self.restyle)
        self.restyle()

    @property
    def box(self) -> Any:
        """The area in which is drawn."""
        return self.plot.getViewBox()

    def restyle(self) -> None:
        """Take the colours of the theme in use, and draw again."""
        colours = theme.current()
        self.plot.setBackground(colours.surface)
        style_axes(self.plot, colours, gap=3)
        self.note.setStyleSheet(
            f"background: {colours.raised}; color: {colours.text}; border: 1px solid {colours.border}; padding: 2px;"
        )
        self._name_axes(low=self._is_low)
        self.plot.clear()
        self.draw()

    def _name_axes(self, *, low: bool) -> None:
        """Name both axes; in a low plot both names stand below."""
        self._is_low = low
        (across, up), colour = self._names, theme.current().text_muted
        self.plot.getAxis("bottom").setLabel(f"{up} ↑  ·  {across} →" if low else across, color=colour)
        self.plot.getAxis("left").setLabel("" if low else up, color=colour)
        self.plot.getAxis("left").showLabel(not low)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Write the names of the axes where there is room for them."""
        super().resizeEvent(event)
        low = self.height() < _LOW
        if low != self._is_low:
            self._name_axes(low=low)

    def draw(self) -> None:
        """Draw what there is to be drawn; an empty plot has nothing."""

    def line(
        self, x: Any, y: Any, colour: str, *, width: float = 1.5, dashed: bool = False, faint: bool = False
    ) -> Any:
        """Draw a line and return its item."""
        shade = QColor(colour)
        shade.setAlpha(90 if faint else 255)
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        return self.plot.plot(x, y, pen=pg.mkPen(shade, width=width, style=style), antialias=True)

    def say(self, text: str, x: float = 0, y: float = 0) -> None:
        """Show a note beside a place in the plot, or none."""
        self.note.setVisible(bool(text))
        if text:
            self.note.setText(text)
            self.note.adjustSize()
            left = min(max(x + 12, 0), self.plot.width() - self.note.width())
            top = min(max(y - self.note.height() - 6, 0), self.plot.height() - self.note.height())
            self.note.move(int(left), int(top))
