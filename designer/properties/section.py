"""A titled part of a form, and the read-only rows in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from designer.theme import SPACE
from designer.widgets import ElidedLabel, Rule, TextLabel, heading

NAME_WIDTH = 104
"""Width of the column of names, in pixels; longer names are cut and told by the tool tip."""
RESET_WIDTH = 24
"""Width of the column of reset buttons, in pixels; kept free in every form, so that fields line up."""


class Section(QWidget):
    """A thin line, a heading, and a grid of names and values below."""

    def __init__(self, title: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        if title:
            column.addWidget(Rule())
            column.addWidget(heading(title))
        self.grid = QGridLayout()
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(SPACE)
        self.grid.setVerticalSpacing(SPACE - 2)
        self.grid.setColumnMinimumWidth(0, NAME_WIDTH)
        self.grid.setColumnMinimumWidth(2, RESET_WIDTH)
        self.grid.setColumnStretch(1, 1)
        self.column = column
        column.addLayout(self.grid)

    def add_value(self, name: str, text: str, *, muted: bool = False) -> TextLabel:
        """Add a read-only row; the returned label can be given another text."""
        row = self.grid.rowCount()
        title = ElidedLabel(name, role=QPalette.ColorRole.PlaceholderText)
        title.setFixedWidth(NAME_WIDTH)
        role = QPalette.ColorRole.PlaceholderText if muted else QPalette.ColorRole.WindowText
        value = TextLabel(text, role)
        value.setAccessibleName(name)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        self.grid.addWidget(value, row, 1, 1, 2)
        return value
