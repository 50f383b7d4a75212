"""Small number fields of the data panel; the wheel scrolls the form past them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QSpinBox, QWidget

from designer import theme
from designer.options_form import LABEL_WIDTH
from designer.widgets import ElidedLabel


class PercentBox(QDoubleSpinBox):
    """A share in per cent, with decimals only where they are needed."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0.0, 95.0)
        self.setDecimals(2)
        self.setSingleStep(5.0)
        self.setSuffix(" %")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel passes by

    def textFromValue(self, value: float) -> str:
        """Write 20 and 12.5."""
        return f"{value:g}"

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the form scroll."""
        event.ignore()


class CountBox(QSpinBox):
    """A whole number."""

    def __init__(self, least: int = 0, most: int = 2_147_483_647) -> None:
        super().__init__()
        self.setRange(least, most)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the form scroll."""
        event.ignore()


class Rows(QGridLayout):
    """Rows of a name and a field, in line with those of ``OptionsForm``; each can be hidden."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: dict[QWidget, ElidedLabel] = {}
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(theme.SPACE)
        self.setVerticalSpacing(theme.SPACE // 2)
        self.setColumnMinimumWidth(0, LABEL_WIDTH)
        self.setColumnStretch(1, 1)

    def add(self, name: str, text: str, widget: QWidget, tip: str = "") -> None:
        """Add a row; ``name`` becomes the object's name."""
        label = ElidedLabel(text)
        label.setFixedWidth(LABEL_WIDTH)
        label.setBuddy(widget)
        if tip:
            label.setToolTip(tip)
            widget.setToolTip(tip)
        widget.setObjectName(name)
        widget.setAccessibleName(text)
        widget.setAccessibleDescription(tip)
        row = self.rowCount()
        self.addWidget(label, row, 0)
        self.addWidget(widget, row, 1)
        self._labels[widget] = label

    def show_row(self, widget: QWidget, shown: bool) -> None:
        """Show or hide a row by its field."""
        widget.setVisible(shown)
        self._labels[widget].setVisible(shown)
