"""Editing in place: a line for a frame's title, a plain text editor for a note's Markdown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QWidget

from designer.theme import current

Use = Callable[[str], object]
_LEAST_TITLE, _LEAST_NOTE = (150, 28), (240, 110)


class TitleEditor(QLineEdit):
    """Enter or leaving it takes the title, Esc leaves the old one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self._use: Use | None = None
        self.setObjectName("frameTitleEditor")
        self.setAccessibleName(self.tr("Title of the frame"))
        self.setPlaceholderText(self.tr("Title"))
        self.editingFinished.connect(self.finish)
        self.hide()

    def open(self, text: str, place: QRect, use: Use) -> None:
        """Show the field at a place of its parent; ``use`` gets the new title."""
        self.finish()
        self._use = use
        self.setText(text)
        self.selectAll()
        self.setGeometry(_within(place, _LEAST_TITLE, self._host.rect()))
        self.raise_()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves the old title."""
        if event.key() == Qt.Key.Key_Escape:
            self._use = None
            _leave(self, self._host)
        else:
            super().keyPressEvent(event)
            event.accept()  # Enter stays here: on the canvas it means something else

    def finish(self) -> None:
        """Take the title as it is now, if one is edited."""
        if self._use:
            use, self._use = self._use, None
            _leave(self, self._host)
            use(self.text().strip())


class NoteEditor(QPlainTextEdit):
    """Ctrl+Enter or leaving it takes the text, Esc leaves the old one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self._use: Use | None = None
        self.setObjectName("noteEditor")
        self.setAccessibleName(self.tr("Text of the note, in Markdown"))
        hint = self.tr(
            "# Heading, **bold**, `code`, - list, [link](https://…)\nCtrl+Enter keeps the text, Esc does not."
        )
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.hide()

    def open(self, text: str, place: QRect, use: Use) -> None:
        """Show the editor at a place of its parent; ``use`` gets the new text."""
        self.finish()
        self._use = use
        theme = current()
        look = f"background: {theme.surface}; color: {theme.text}; border: 2px solid {theme.accent};"
        self.setStyleSheet(f"#noteEditor {{ {look} border-radius: 6px; padding: 4px; }}")
        self.setPlainText(text)
        self.selectAll()
        self.setGeometry(_within(place, _LEAST_NOTE, self._host.rect()))
        self.raise_()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter takes the text, Esc leaves the old one."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finish()
        elif event.key() == Qt.Key.Key_Escape:
            self._use = None
            _leave(self, self._host)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the text; a menu of the editor's own is not leaving."""
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.finish()

    def finish(self) -> None:
        """Take the text as it is now, if one is edited."""
        if self._use:
            use, self._use = self._use, None
            _leave(self, self._host)
            use(self.toPlainText().rstrip())


def _leave(editor: QWidget, host: QWidget) -> None:
    had_focus = editor.window().focusWidget() is editor
    if had_focus:
        host.setFocus(Qt.FocusReason.OtherFocusReason)
    editor.hide()


def _within(place: QRect, least: tuple[int, int], room: QRect) -> QRect:
    """Return a rectangle no smaller than it must be, moved so that it lies in the room."""
    width = min(max(place.width(), least[0]), max(room.width() - 8, 1))
    height = min(max(place.height(), least[1]), max(room.height() - 8, 1))
    x = max(room.left() + 4, min(place.x(), room.right() - width - 4))
    y = max(room.top() + 4, min(place.y(), room.bottom() - height - 4))
    return QRect(x, y, width, height)
