"""A text field for Python: colours, line numbers, the current line, indentation, and problems at their lines."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip, QWidget

from designer import theme
from designer.python import editing
from designer.python.highlighter import PythonHighlighter

_FONT_SIZE = 11.0
_GAP = 8


class CodeEditor(QPlainTextEdit):
    """Edits source code. ``set_problems`` marks lines; undo and redo are the field's own."""

    find_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("python_code")
        self.setAccessibleName(self.tr("Python code"))
        self.setFont(theme.monospace(_FONT_SIZE))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabStopDistance(editing.INDENT * self.fontMetrics().horizontalAdvance(" "))
        self.highlighter = PythonHighlighter(self.document())
        self.gutter = _Gutter(self)
        self._problems: dict[int, str] = {}
        self._found: list[QTextCursor] = []
        self.blockCountChanged.connect(self._on_block_count_changed)
        self.updateRequest.connect(self._on_update_request)
        self.cursorPositionChanged.connect(self._mark)
        self._on_block_count_changed()
        self._mark()

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def problems(self) -> Mapping[int, str]:
        """What is wrong by line, counted from 1."""
        return self._problems

    def set_problems(self, problems: Mapping[int, str]) -> None:
        """Underline these lines (counted from 1); the text is shown where the pointer rests on them."""
        self._problems = dict(problems)
        self._mark()
        self.gutter.update()

    def set_found(self, found: list[QTextCursor]) -> None:
        """Mark the places that a search has found."""
        self._found = found
        self._mark()

    def go_to_line(self, line: int) -> None:
        """Put the cursor at the first word of a line (counted from 1) and bring it into view."""
        block = self.document().findBlockByNumber(min(line, self.blockCount()) - 1)
        cursor = QTextCursor(block)
        cursor.movePosition(QTextCursor.MoveOperation.Right, n=len(block.text()) - len(block.text().lstrip()))
        self.setTextCursor(cursor)
        self.centerCursor()
        self.setFocus()

    def _mark(self) -> None:
        used = theme.current()
        marks = [line_mark(self.textCursor(), _faded(used.accent, 18))]
        marks += [_mark_of(each, background=_faded(used.warning, 90)) for each in self._found]
        for line in self._problems:
            block = self.document().findBlockByNumber(line - 1)
            if block.isValid():
                cursor = QTextCursor(block)
                margin = len(block.text()) - len(block.text().lstrip())
                cursor.setPosition(block.position() + margin)
                cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                marks.append(_mark_of(cursor, underline=QColor(used.error)))
        self.setExtraSelections(marks)

    def viewportEvent(self, event: QEvent) -> bool:
        """Show what is wrong with the line under the pointer."""
        if isinstance(event, QHelpEvent):
            line = self.cursorForPosition(event.pos()).blockNumber() + 1
            QToolTip.showText(event.globalPos(), self._problems.get(line, ""), self)
            return True
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Take the new theme's colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "highlighter"):
            self.highlighter.follow_theme()
            self._mark()

    # --- keys ---------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Indent, comment and find with the usual keys; all else is text. What is only read stays as it is."""
        keys, control = Qt.Key, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self.isReadOnly() and event.key() in (keys.Key_Return, keys.Key_Enter):
            event.accept()  # nor is it an answer to the dialog, which may ask for trust
            return
        if self.isReadOnly() and not (control and event.key() == keys.Key_F):
            super().keyPressEvent(event)
            return
        cursor = self.textCursor()
        if control and event.key() == keys.Key_Slash:
            editing.toggle_comment(cursor)
        elif control and event.key() == keys.Key_F:
            self.find_requested.emit()
        elif event.key() in (keys.Key_Return, keys.Key_Enter) and not control:
            cursor.beginEditBlock()
            cursor.removeSelectedText()
            editing.new_line(cursor)
            cursor.endEditBlock()
            self.ensureCursorVisible()
        elif event.key() == keys.Key_Tab:
            editing.indent(cursor)
        elif event.key() == keys.Key_Backtab:
            editing.unindent(cursor)
        elif event.key() == keys.Key_Backspace and not control and editing.backspace(cursor):
            pass
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    # --- line numbers -------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the line numbers at the left."""
        super().resizeEvent(event)
        inside = self.contentsRect()
        self.gutter.setGeometry(QRect(inside.left(), inside.top(), self.gutter.sizeHint().width(), inside.height()))

    def _on_block_count_changed(self) -> None:
        self.setViewportMargins(self.gutter.sizeHint().width(), 0, 0, 0)
        self.gutter.resize(self.gutter.sizeHint().width(), self.gutter.height())

    def _on_update_request(self, rect: QRect, scrolled: int) -> None:
        if scrolled:
            self.gutter.scroll(0, scrolled)
        else:
            self.gutter.update(0, rect.y(), self.gutter.width(), rect.height())

    def paint_numbers(self, painter: QPainter, within: QRect) -> None:
        """Paint the numbers of the lines that are seen; those with a problem in the error colour."""
        used = theme.current()
        painter.fillRect(within, self.palette().color(QPalette.ColorRole.Window))
        current = self.textCursor().blockNumber()
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= within.bottom():
            height = self.blockBoundingRect(block).height()
            number = block.blockNumber()
            if block.isVisible() and top + height >= within.top():
                wrong = number + 1 in self._problems
                painter.setPen(QColor(used.error if wrong else used.text if number == current else used.text_muted))
                area = QRect(0, round(top), self.gutter.width() - _GAP, round(height))
                painter.drawText(area, Qt.AlignmentFlag.AlignRight, f"● {number + 1}" if wrong else str(number + 1))
            block = block.next()
            top += height


class _Gutter(QWidget):
    """The line numbers beside the text; a click goes to the line."""

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.setObjectName("python_line_numbers")

    def sizeHint(self) -> QSize:
        """Leave room for the largest number and the mark of a problem."""
        digits = len(str(max(99, self._editor.blockCount())))
        return QSize(self._editor.fontMetrics().horizontalAdvance("● " + "9" * digits) + 2 * _GAP, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the numbers."""
        painter = QPainter(self)
        painter.setFont(self._editor.font())
        self._editor.paint_numbers(painter, event.rect())
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the line."""
        cursor = self._editor.cursorForPosition(event.position().toPoint())
        self._editor.go_to_line(cursor.blockNumber() + 1)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Keep the end of the click, too."""
        event.accept()


def _faded(colour: str, alpha: int) -> QColor:
    found = QColor(colour)
    found.setAlpha(alpha)
    return found


def _mark_of(
    cursor: QTextCursor, *, background: QColor | None = None, underline: QColor | None = None
) -> QTextEdit.ExtraSelection:
    mark = QTextEdit.ExtraSelection()
    style = QTextCharFormat()
    if background is not None:
        style.setBackground(background)
    if underline is not None:
        style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        style.setUnderlineColor(underline)
    mark.format, mark.cursor = style, cursor
    return mark


def line_mark(cursor: QTextCursor, background: QColor) -> QTextEdit.ExtraSelection:
    """Return a mark over the whole width of a cursor's line."""
    cursor.clearSelection()
    mark = _mark_of(cursor, background=background)
    mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
    return mark
