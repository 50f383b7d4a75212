"""The field for what a number means, under the table of numbers: of the one that has the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

if TYPE_CHECKING:
    from designer.properties.numbers import Numbers


class NumberHelp(QLineEdit):
    """Written when the field is left or Enter is pressed; Esc puts back what was there."""

    def __init__(self, numbers: Numbers) -> None:
        super().__init__()
        self.setObjectName("number_help")
        self._numbers, self._name = numbers, ""
        self.editingFinished.connect(self._write)
        self.hide()

    def show_number(self, name: str) -> None:
        """Show what is said of a number; hidden where there is none, or where nothing can be said."""
        told = self._numbers.help_of(name) if name else None
        if self.hasFocus() and self.isModified() and name == self._name:
            return
        self._name = name
        self.setVisible(told is not None)
        self.setText(told or "")
        self.setCursorPosition(0)
        self.setPlaceholderText(self.tr("What {name} means").format(name=name))
        self.setAccessibleName(self.placeholderText())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Put back on Esc."""
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._numbers.help_of(self._name) or "")
        else:
            super().keyPressEvent(event)

    def _write(self) -> None:
        told = self._numbers.help_of(self._name) if self._name else None
        if told is not None and self.text() != told:
            self.setModified(False)
            self._numbers.explain(self._name, self.text())
