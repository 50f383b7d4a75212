"""The text of the source panel: read while the network is drawn, written while it is edited."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextCursor,
)
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from designer import theme
from designer.python.code_editor import CodeEditor, line_mark

_FONT_SIZE = 9.0
_SHADE = 120
"""How much of the background lies over a text that is out of date (0 to 255)."""
_FLAGS = Qt.TextInteractionFlag
_UNDO, _REDO = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SourceView(CodeEditor):
    """Shows the source with the lines of what is selected marked; ``lines_chosen`` tells where the user went."""

    lines_chosen = Signal(object)
    """The line numbers (from 1) that the cursor or the selection was put on, by mouse or by key."""
    step_requested = Signal(int)
    """The next (1) or the previous (-1) place of what is searched for is wanted."""
    apply_requested = Signal()
    """Ctrl+Enter while the text is edited."""
    leave_requested = Signal()
    """Escape while the text is edited, where Tab indents."""
    own = True
    """True while all that came into the text since editing began was typed, key by key."""
    _marked: tuple[int, ...] = ()
    _stale = False
    _typing = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("source_text")
        self.setAccessibleName(self.tr("Source of the network"))
        self.setFont(theme.monospace(_FONT_SIZE))
        self.set_editable(False)
        self.document().contentsChange.connect(self._on_change)

    @property
    def marked(self) -> tuple[int, ...]:
        """The lines that are marked, from 1."""
        return self._marked

    @property
    def stale(self) -> bool:
        """True where the text is shown greyed."""
        return self._stale

    def set_editable(self, editable: bool) -> None:
        """Let the text be written, or only read, selected and gone through by key."""
        read = _FLAGS.TextSelectableByMouse | _FLAGS.TextSelectableByKeyboard
        self.setTextInteractionFlags(_FLAGS.TextEditorInteraction if editable else read)

    def set_stale(self, stale: bool) -> None:
        """Grey the text, or show it as it is."""
        self._stale = stale
        self.viewport().update()

    def set_marked(self, lines: tuple[int, ...]) -> None:
        """Mark these lines (from 1) as those of what is selected."""
        if lines != self._marked:
            self._marked = lines
            self._mark()

    def show_text(self, text: str) -> None:
        """Show another text in the same place: neither the scroll position nor the cursor jumps."""
        if text == self.toPlainText():
            return
        bars = self.verticalScrollBar(), self.horizontalScrollBar()
        before = [bar.value() for bar in bars]
        cursor = self.textCursor()
        line, column = cursor.blockNumber(), cursor.positionInBlock()
        self.setPlainText(text)
        block = self.document().findBlockByNumber(min(line, self.blockCount() - 1))
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + min(column, max(0, block.length() - 1)))
        self.setTextCursor(cursor)
        for bar, value in zip(bars, before, strict=True):
            bar.setValue(value)

    def replace_text(self, text: str) -> None:
        """Write another text over the whole one; that can be undone."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)

    def bring_into_view(self, lines: tuple[int, ...]) -> None:
        """Scroll to the first of some lines where none of them is seen; the cursor stays where it is."""
        first = self.firstVisibleBlock().blockNumber() + 1
        many = max(1, self.viewport().height() // max(1, self.fontMetrics().lineSpacing()))
        if lines and not any(first <= line < first + many for line in lines):
            self.verticalScrollBar().setValue(max(0, lines[0] - 1 - many // 3))

    def _mark(self) -> None:
        super()._mark()
        if not self._marked:
            return
        background = QColor(theme.current().accent)
        background.setAlpha(60)
        marks = []
        for line in self._marked:
            block = self.document().findBlockByNumber(line - 1)
            if block.isValid():
                marks.append(line_mark(QTextCursor(block), background))
        self.setExtraSelections([*marks, *self.extraSelections()])

    def _chosen(self) -> None:
        """Tell which lines the user has put the cursor or the selection on."""
        cursor, document = self.textCursor(), self.document()
        first = document.findBlock(cursor.selectionStart()).blockNumber() + 1
        last = document.findBlock(cursor.selectionEnd()).blockNumber() + 1
        self.lines_chosen.emit(tuple(range(first, last + 1)))

    def event(self, event: QEvent) -> bool:
        """Keep Ctrl+F, F3, Ctrl+/ and Ctrl+Enter from the window's own commands while the text has the keyboard."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if _own(event):
                event.accept()
                return True
            if self.isReadOnly() and (event.matches(_UNDO) or event.matches(_REDO)):
                event.ignore()  # the network's last step is meant
                return False
        return super().event(event)

    def begin_own(self) -> None:
        """Take what stands there as the user's own to begin with; nothing that was there before can be redone."""
        self.document().clearUndoRedoStacks()
        self.own = True

    def _on_change(self, _place: int, _removed: int, added: int) -> None:
        self.own = self.own and (self._typing or not added)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Take what is pasted or dropped, which the user need not have written."""
        self.own = False
        super().insertFromMimeData(source)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Take what is composed of several keys."""
        self._typing = True
        super().inputMethodEvent(event)
        self._typing = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go through the text; it changes only where it is edited."""
        self._typing = True
        self._on_key(event)
        self._typing = False

    def _on_key(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F3:
            self.step_requested.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            event.accept()
            return
        if not self.isReadOnly():
            if event.key() in _ENTER and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.apply_requested.emit()
            elif event.key() == Qt.Key.Key_Escape:
                self.leave_requested.emit()
            else:
                super().keyPressEvent(event)
            return
        if event.matches(QKeySequence.StandardKey.Find):
            self.find_requested.emit()
            event.accept()
        elif event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            event.ignore()
        else:
            before = self.textCursor()
            QPlainTextEdit.keyPressEvent(self, event)
            if self.textCursor() != before:
                self._chosen()

    def focusNextPrevChild(self, following: bool) -> bool:
        """Let Tab leave the text while it is read."""
        return self.isReadOnly() and QWidget.focusNextPrevChild(self, following)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell where a click or a drag went."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.isReadOnly():
            self._chosen()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, under a veil where it is out of date."""
        super().paintEvent(event)
        if self._stale:
            veil = self.palette().color(QPalette.ColorRole.Base)
            veil.setAlpha(_SHADE)
            painter = QPainter(self.viewport())
            painter.fillRect(event.rect(), veil)
            painter.end()


def _own(event: QKeyEvent) -> bool:
    control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
    keys = (Qt.Key.Key_F, Qt.Key.Key_Slash, *_ENTER)
    return (control and event.key() in keys) or event.key() == Qt.Key.Key_F3
