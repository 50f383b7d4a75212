"""The field for what a number means, under the table of numbers: of the one that has the cursor."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit


class NumberHelp(QLineEdit):
    """Written when the field is left or Enter is pressed; Esc puts back what was there."""

    written = Signal(str, str)
    """A number, and what is said of it from now on."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("number_help")
        self._name, self._told = "", ""
        self.editingFinished.connect(self._write)
        self.hide()

    def show_number(self, name: str, told: str | None) -> None:
        """Show what is said of a number; hidden where nothing can be said (None)."""
        if self.hasFocus() and self.isModified() and name == self._name:
            return
        self._name, self._told = name, told or ""
        self.setVisible(told is not None)
        self.setText(self._told)
        self.setCursorPosition(0)
        self.setPlaceholderText(self.tr("What {name} means").format(name=name))
        self.setAccessibleName(self.placeholderText())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Put back on Esc."""
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._told)
        else:
            super().keyPressEvent(event)

    def _write(self) -> None:
        if self.isModified() and self.text() != self._told:
            self.setModified(False)
            self._told = self.text()
            self.written.emit(self._name, self._told)
