"""The names that may be typed into a field: an expression's variables, and the words that a parameter knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QListWidget

_MOST_ROWS = 6
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
_TAKING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)


class NameList(QListWidget):
    """A list under the field while a name is typed; the keyboard stays in the field, whose keys are handed on.

    It lies in the window over the form, and belongs to the field while it is hidden.
    """

    chosen = Signal(str)
    """The whole text, with the chosen name in the place of what was typed of it."""

    def __init__(self, line: QLineEdit, words: Callable[[], Iterable[str]]) -> None:
        super().__init__(line)
        self.setObjectName("name_list")
        self._line, self._known = line, words
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Names"))
        self.setSpacing(2)
        self.itemClicked.connect(lambda _item: self.take())
        self.hide()

    def follow(self) -> None:
        """Show the names that go on with the word before the cursor, or nothing where there are none."""
        word = self._word()
        known = list(dict.fromkeys(self._known())) if word else []
        fitting = [each for each in known if word.lower() in each.lower()]
        if not fitting or word in known or (not self._line.hasFocus() and not self._in_box_with_focus()):
            self.close_list()
            return
        fitting.sort(key=lambda each: not each.lower().startswith(word.lower()))
        self.clear()
        self.addItems(fitting)
        self.setCurrentRow(0)
        self._place(len(fitting))

    def close_list(self) -> None:
        """Hide the list."""
        if not self.isHidden():
            self.hide()
            self.setParent(self._line)

    def takes(self, event: QKeyEvent) -> bool:
        """Return True for a key that is the list's while it is shown."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return not self.isHidden() and plain and (event.key() in (*_STEPS, *_TAKING, Qt.Key.Key_Escape))

    def press(self, event: QKeyEvent) -> None:
        """Act on a key of the field."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_list()
        elif event.key() in _TAKING:
            self.take()
        else:
            self.setCurrentRow((self.currentRow() + _STEPS[Qt.Key(event.key())]) % self.count())

    def take(self) -> None:
        """Put the current name in the place of what was typed of it."""
        item = self.currentItem()
        if item is not None:
            text, at = self._line.text(), self._line.cursorPosition()
            before = text[: at - len(self._word())] + item.text()
            self.close_list()
            self._line.setText(before + text[at:])
            self._line.setCursorPosition(len(before))
            self.chosen.emit(self._line.text())

    def _in_box_with_focus(self) -> bool:
        box = self._line.parentWidget()
        return box is not None and box.hasFocus()

    def _word(self) -> str:
        found = re.search(r"[^\W\d]\w*$", self._line.text()[: self._line.cursorPosition()])
        return found[0] if found else ""

    def _place(self, count: int) -> None:
        box = self._line.parentWidget()
        field = box if isinstance(box, QAbstractSpinBox) else self._line
        window = field.window()
        self.setParent(window)
        row = self.sizeHintForRow(0) + 2 * self.spacing()
        height = row * min(count, _MOST_ROWS) + 2 * self.frameWidth()
        self.resize(field.width(), height)
        below = field.mapTo(window, QPoint(0, field.height() + 1))
        above = field.mapTo(window, QPoint(0, -height - 1))
        self.move(below if below.y() + height <= window.height() else above)
        self.show()
        self.raise_()
