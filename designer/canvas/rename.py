"""Renaming a node in its place."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class RenameEditor(QLineEdit):
    """A field over a node's name: Enter or leaving it takes the name, Esc leaves the old one."""

    renamed = Signal(str, str)
    """Old and new name."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.setObjectName("renameEditor")
        self.setAccessibleName(self.tr("New name"))
        self._name = ""
        self.editingFinished.connect(self._finish)
        self.hide()

    def open(self, name: str, place: QRect) -> None:
        """Show the field at a place of its parent with a node's name selected in it."""
        self._name = name
        self.setGeometry(place)
        self.setText(name)
        self.selectAll()
        self.raise_()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves the old name."""
        if event.key() == Qt.Key.Key_Escape:
            self._name = ""
            self._leave()
        else:
            super().keyPressEvent(event)
            event.accept()  # Enter stays here: on the canvas it means something else

    def _finish(self) -> None:
        old, self._name = self._name, ""
        if old:
            text = self.text().strip()
            self._leave()
            if text and text != old:
                self.renamed.emit(old, text)

    def _leave(self) -> None:
        self.hide()
        self._host.setFocus(Qt.FocusReason.OtherFocusReason)
