"""What Enter, Tab, Backspace and Ctrl+/ do in source code; each is one step of undo."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtGui import QTextBlock, QTextCursor

INDENT = 4
"""Spaces of one level."""
_MARK = "# "
_ENDS = re.compile(r"\s*(return|pass|break|continue|raise)\b")


def new_line(cursor: QTextCursor) -> None:
    """Start a line with the indentation of this one: one level more after a colon, one less after a return."""
    before = cursor.block().text()[: cursor.positionInBlock()]
    spaces = min(_margin(before), len(before))
    code = before.split("#")[0].rstrip()
    if code.endswith((":", "(", "[", "{")):
        spaces += INDENT
    elif _ENDS.match(code):
        spaces = max(0, spaces - INDENT)
    cursor.insertText("\n" + " " * spaces)


def indent(cursor: QTextCursor) -> None:
    """Move the selected lines one level in; without a selection, go to the next level."""
    if cursor.hasSelection():
        _each_line(cursor, lambda text: " " * INDENT + text if text.strip() else text)
    else:
        cursor.insertText(" " * (INDENT - cursor.positionInBlock() % INDENT))


def unindent(cursor: QTextCursor) -> None:
    """Move the selected lines, or this one, one level out."""
    _each_line(cursor, lambda text: text[min(_margin(text), _to_level(_margin(text))) :])


def toggle_comment(cursor: QTextCursor) -> None:
    """Make the selected lines comments, or code again where all of them are comments."""
    lines = [each.text() for each in _blocks(cursor) if each.text().strip()]
    if not lines:
        return
    if all(line.lstrip().startswith("#") for line in lines):
        _each_line(cursor, lambda text: re.sub(r"^(\s*)# ?", r"\1", text))
        return
    margin = min(map(_margin, lines))
    _each_line(cursor, lambda text: text[:margin] + _MARK + text[margin:] if text.strip() else text)


def backspace(cursor: QTextCursor) -> bool:
    """Take one level of indentation away before the cursor; False where there is something else."""
    before = cursor.block().text()[: cursor.positionInBlock()]
    if cursor.hasSelection() or not before or before.strip(" "):
        return False
    cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, _to_level(len(before)))
    cursor.removeSelectedText()
    return True


def _margin(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _to_level(spaces: int) -> int:
    """Return how many spaces lie between here and the level before."""
    return (spaces - 1) % INDENT + 1 if spaces else 0


def _blocks(cursor: QTextCursor) -> list[QTextBlock]:
    """Return the lines that a selection touches; one in which it only ends is left out."""
    document = cursor.document()
    first, last = document.findBlock(cursor.selectionStart()), document.findBlock(cursor.selectionEnd())
    if last != first and cursor.selectionEnd() == last.position():
        last = last.previous()
    return [document.findBlockByNumber(number) for number in range(first.blockNumber(), last.blockNumber() + 1)]


def _each_line(cursor: QTextCursor, change: Callable[[str], str]) -> None:
    """Change the selected lines where they differ, as one step; the selection stays on them."""
    cursor.beginEditBlock()
    for block in _blocks(cursor):
        old, new = block.text(), change(block.text())
        same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        rest = next((n for n in range(min(len(old), len(new)) - same) if old[-1 - n] != new[-1 - n]), None)
        tail = min(len(old), len(new)) - same if rest is None else rest
        part = QTextCursor(block)
        part.setPosition(block.position() + same)
        part.setPosition(block.position() + len(old) - tail, QTextCursor.MoveMode.KeepAnchor)
        if old != new:
            part.insertText(new[same : len(new) - tail])
    cursor.endEditBlock()
