"""Finds words in the source: a row above the text that opens with Ctrl+F and closes with Escape."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from designer.python.code_editor import CodeEditor
from designer.theme import SPACE
from designer.widgets import IconButton, muted


class FindBar(QWidget):
    """Marks every place of a text and goes from one to the next (Enter, F3) or back (Shift)."""

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__()
        self._editor = editor
        self.setObjectName("python_find")
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("Find"))
        self.text.setAccessibleName(self.tr("Find"))
        self.text.setClearButtonEnabled(True)
        self.count = muted(wrap=False)
        self.next = QPushButton(self.tr("Next"))
        self.previous = QPushButton(self.tr("Previous"))
        self.close_button = IconButton("close", self.tr("Close the search"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE // 2)
        row.addWidget(self.text, 1)
        for widget in (self.count, self.previous, self.next, self.close_button):
            row.addWidget(widget)
        for button in (self.next, self.previous):
            button.setAutoDefault(False)
        self.text.textChanged.connect(self._on_text_changed)
        self.next.clicked.connect(lambda: self.step(1))
        self.previous.clicked.connect(lambda: self.step(-1))
        self.close_button.clicked.connect(self.shut)
        editor.textChanged.connect(self._on_source_changed)
        self.hide()

    def open(self) -> None:
        """Show the row with the selected word, ready to be typed over."""
        chosen = self._editor.textCursor().selectedText()
        self.show()
        if chosen and "\u2029" not in chosen:
            self.text.setText(chosen)
        self.text.setFocus()
        self.text.selectAll()
        self._on_source_changed()

    def shut(self) -> None:
        """Hide the row and go on in the text."""
        self.hide()
        self._editor.set_found([])
        self._editor.setFocus()

    def step(self, direction: int) -> None:
        """Go to the next place (1) or the one before (-1), around the ends of the text."""
        found = self._places()
        if not found:
            return
        cursor = self._editor.textCursor()
        if direction > 0:
            wanted = next((each for each in found if each.selectionStart() >= cursor.selectionEnd()), found[0])
        else:
            earlier = [each for each in found if each.selectionEnd() <= cursor.selectionStart()]
            wanted = earlier[-1] if earlier else found[-1]
        self._editor.setTextCursor(wanted)
        self.count.setText(self.tr("{0} of {1}").format(found.index(wanted) + 1, len(found)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with Enter or F3, close with Escape."""
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F3):
            self.step(-1 if back else 1)
        elif event.key() == Qt.Key.Key_Escape:
            self.shut()
        else:
            super().keyPressEvent(event)

    def _places(self) -> list[QTextCursor]:
        wanted, document = self.text.text(), self._editor.document()
        found: list[QTextCursor] = []
        cursor = document.find(wanted, 0) if wanted else QTextCursor()
        while not cursor.isNull():
            found.append(QTextCursor(cursor))
            cursor = document.find(wanted, cursor)
        return found

    def _on_text_changed(self) -> None:
        self._on_source_changed()
        cursor = self._editor.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self._editor.setTextCursor(cursor)
        self.step(1)

    def _on_source_changed(self) -> None:
        if not self.isVisible():
            return
        found = self._places()
        self._editor.set_found(found)
        self.count.setText(self.tr("{0} found").format(len(found)) if self.text.text() else "")
