"""What went wrong with the data, with the command that would help where the message names one; and work in progress."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from designer import theme
from designer.data.reading import UNKNOWN
from designer.widgets import Card, ElidedLabel, IconButton, IconLabel, TextLabel, breakable

_COMMAND = re.compile(r"pip install [\w.\-\[\],]+(?<![.,])")
_STEPS = 1000


class Notice(Card):
    """A card with a message; hidden while there is none. A command in it can be copied."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._text = ""
        self._label = TextLabel()
        self._label.setObjectName(name)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._command = ""
        self.copy = QPushButton(self.tr("Copy the command"))
        self.copy.setObjectName(f"{name}_copy")
        self.copy.clicked.connect(self._on_copy)
        column = QVBoxLayout()
        column.addWidget(self._label)
        column.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        row.addWidget(IconLabel("error", "error", 18), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self.hide()

    def text(self) -> str:
        """Return the message."""
        return self._text

    def say(self, text: str) -> None:
        """Show a message, or none."""
        self._text = text
        self._label.setText(breakable(text))
        found = _COMMAND.search(text)
        self._command = found[0] if found else ""
        self.copy.setVisible(bool(self._command))
        self.copy.setToolTip(self._command)
        self.copy.setText(self.tr("Copy the command"))
        self.setVisible(bool(text))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._command)
        self.copy.setText(self.tr("Copied"))


class WorkBar(QWidget):
    """How far reading is, with what is being done, and a button that ends it."""

    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("data_work")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.text = ElidedLabel()
        self.button = IconButton("close", self.tr("Cancel"))
        self.button.setObjectName("data_cancel")
        self.button.clicked.connect(self.cancelled)
        row = QHBoxLayout()
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        self.hide()

    def begin(self, text: str) -> None:
        """Show that something has begun."""
        self.bar.setRange(0, 0)
        self.text.setText(text)
        self.show()

    def progress(self, fraction: float, text: str) -> None:
        """Show how far it is."""
        if fraction == UNKNOWN:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, _STEPS)
            self.bar.setValue(round(_STEPS * fraction))
        if text:
            self.text.setText(text[:1].upper() + text[1:])
