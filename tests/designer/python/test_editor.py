"""Typing Python: colours, indentation, comments, line numbers, search, undo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QTextCursor
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from designer import theme
from designer.python.code_editor import CodeEditor
from designer.python.find_bar import FindBar
from designer.python.highlighter import colour_of
from designer.python.tokens import PLAIN, ROLES, parts_of

CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
KEY = Qt.Key


@pytest.fixture
def editor(qtbot: QtBot) -> CodeEditor:
    made = CodeEditor()
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    return made


def put(editor: CodeEditor, text: str) -> None:
    """Set the text; ``|`` is where the cursor is, two of them are the ends of the selection."""
    ends = []
    while "|" in text:
        ends.append(text.index("|"))
        text = text.replace("|", "", 1)
    editor.setPlainText(text)
    cursor = editor.textCursor()
    cursor.setPosition(ends[0])
    cursor.setPosition(ends[-1], QTextCursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)


def shown(editor: CodeEditor) -> str:
    at = editor.textCursor().position()
    text = editor.toPlainText()
    return f"{text[:at]}|{text[at:]}"


def words(line: str, state: int = PLAIN) -> list[tuple[str, str]]:
    return [(line[part.start : part.start + part.length], part.role) for part in parts_of(line, state)[0]]


# --- colours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("def forward(self, x):", [("def", "keyword"), ("forward", "definition"), ("self", "name")]),
        ("class Gate(nn.Module):  # one", [("class", "keyword"), ("Gate", "definition"), ("# one", "comment")]),
        ("@torch.no_grad()", [("@torch.no_grad", "decorator")]),
        ("y = a @ b", []),
        ("x = 0x1F + 1_000.5e-3 + x1 + .5j", [("0x1F", "number"), ("1_000.5e-3", "number"), (".5j", "number")]),
        ("return None if x.max() else True", [(w, "keyword") for w in ("return",)]
         + [("None", "number"), ("if", "keyword"), ("else", "keyword"), ("True", "number")]),
        (r"s = 'a\'b' + rb" + '"c#d"', [(r"'a\'b'", "text"), ('rb"c#d"', "text")]),
        ("len(self.list)", [("len", "name"), ("self", "name")]),
        ("'never closed", [("'never closed", "text")]),
        ("x = '' + '''a''' # '''", [("''", "text"), ("'''a'''", "text"), ("# '''", "comment")]),
    ],
)  # fmt: skip
def test_parts_of_a_line_are_told_apart(line: str, expected: list[tuple[str, str]]) -> None:
    assert words(line) == expected


def test_a_text_in_three_quotes_reaches_across_lines() -> None:
    parts, state = parts_of('x = """one')
    assert (parts[-1].role, state) == ("text", 1)
    assert words("two ''' def", state) == [("two ''' def", "text")]
    parts, state = parts_of("two", state)
    assert words('three""" + 1', state) == [('three"""', "text"), ("1", "number")]
    assert parts_of("x = r'''one")[1] == 2


def test_the_document_is_coloured_and_follows_the_theme(editor: CodeEditor, qapp: QApplication) -> None:
    def colours(line: int) -> list[str]:
        layout = editor.document().findBlockByNumber(line).layout()
        return [each.format.foreground().color().name() for each in layout.formats()]  # type: ignore[attr-defined]

    editor.setPlainText('x = """one\ndef two\n"""\ndef f(): pass')
    assert colours(1) == [colour_of("text", theme.LIGHT).name()]
    theme.switch.apply(qapp, "dark")
    qapp.processEvents()
    assert colours(1) == [colour_of("text", theme.DARK).name()]
    theme.switch.apply(qapp, "light")
    qapp.processEvents()
    assert colours(1) == [colour_of("text", theme.LIGHT).name()]


@pytest.mark.parametrize("used", [theme.LIGHT, theme.DARK], ids=lambda each: each.name)
def test_every_role_has_a_colour_of_its_own_that_can_be_read(used: theme.Theme) -> None:
    found = [colour_of(role, used) for role in ROLES]
    assert len({each.name() for each in found}) == len(ROLES)
    assert min(contrast(each, QColor(used.surface)) for each in found) > 4


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio after WCAG 2, 1 to 21."""

    def luminance(colour: QColor) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "key", "modifier", "after"),
    [
        ("    x = 1|", KEY.Key_Return, NONE, "    x = 1\n    |"),
        ("    if x:|", KEY.Key_Return, NONE, "    if x:\n        |"),
        ("    if x:  # why|", KEY.Key_Return, NONE, "    if x:  # why\n        |"),
        ("        return x|", KEY.Key_Return, NONE, "        return x\n    |"),
        ("f(|a|)", KEY.Key_Return, NONE, "f(\n    |)"),
        ("  |  x", KEY.Key_Return, NONE, "  \n  |  x"),
        ("x|", KEY.Key_Tab, NONE, "x   |"),
        ("|a\nb|", KEY.Key_Tab, NONE, "    a\n    b|"),
        ("|a\n\nb\n|c", KEY.Key_Tab, NONE, "    a\n\n    b\n|c"),
        ("      a|", KEY.Key_Backtab, SHIFT, "    a|"),
        ("|    a\n  b|", KEY.Key_Backtab, SHIFT, "a\nb|"),
        ("a|", KEY.Key_Backtab, SHIFT, "a|"),
        ("        |x", KEY.Key_Backspace, NONE, "    |x"),
        ("      |x", KEY.Key_Backspace, NONE, "    |x"),
        ("ab|", KEY.Key_Backspace, NONE, "a|"),
        ("a\n|b", KEY.Key_Backspace, NONE, "a|b"),
    ],
)
def test_indentation_keys(
    qtbot: QtBot, editor: CodeEditor, before: str, key: Qt.Key, modifier: Qt.KeyboardModifier, after: str
) -> None:
    put(editor, before)
    original = editor.toPlainText()
    qtbot.keyClick(editor, key, modifier)
    assert shown(editor) == after
    if editor.toPlainText() != original:
        editor.undo()
    assert editor.toPlainText() == original


def test_comments_are_switched_on_and_off_in_one_step(qtbot: QtBot, editor: CodeEditor) -> None:
    put(editor, "|    a\n\n      b\n|c")
    qtbot.keyClick(editor, KEY.Key_Slash, CONTROL)
    assert editor.toPlainText() == "    # a\n\n    #   b\nc"
    qtbot.keyClick(editor, KEY.Key_Slash, CONTROL)
    assert editor.toPlainText() == "    a\n\n      b\nc"
    editor.undo()
    assert editor.toPlainText() == "    # a\n\n    #   b\nc"
    editor.undo()
    assert editor.toPlainText() == "    a\n\n      b\nc"


def test_one_comment_among_code_becomes_a_comment_of_a_comment(qtbot: QtBot, editor: CodeEditor) -> None:
    put(editor, "|# a\nb|")
    qtbot.keyClick(editor, KEY.Key_Slash, CONTROL)
    assert editor.toPlainText() == "# # a\n# b"


# --- lines ------------------------------------------------------------------------------------------------------------


def test_line_numbers_leave_room_and_a_click_goes_to_the_line(qtbot: QtBot, editor: CodeEditor) -> None:
    editor.setPlainText("\n".join("    x" for _ in range(1200)))
    wide = editor.gutter.width()
    editor.setPlainText("a\n    b\nc")
    assert 0 < editor.gutter.width() < wide
    height = editor.fontMetrics().lineSpacing()
    qtbot.mouseClick(editor.gutter, Qt.MouseButton.LeftButton, pos=QPoint(5, round(1.5 * height) + 4))
    assert shown(editor) == "a\n    |b\nc"


def test_the_current_line_is_marked(editor: CodeEditor) -> None:
    put(editor, "a\nb|\nc")
    (mark,) = editor.extraSelections()
    assert mark.cursor.blockNumber() == 1  # type: ignore[attr-defined]


def test_problems_are_underlined_at_their_lines(editor: CodeEditor) -> None:
    editor.setPlainText("a\n    b\nc")
    editor.set_problems({2: "wrong", 9: "beyond"})
    found = editor.extraSelections()
    assert [each.cursor.selectedText() for each in found if each.cursor.hasSelection()] == ["b"]  # type: ignore[attr-defined]
    assert editor.problems[2] == "wrong"
    editor.set_problems({})
    assert len(editor.extraSelections()) == 1


def test_the_numbers_of_lines_with_problems_are_painted_in_the_colour_of_errors(editor: CodeEditor) -> None:
    editor.setPlainText("a\nb")
    wrong = theme.current().error

    def has_error_colour() -> bool:
        image = editor.gutter.grab().toImage()
        return any(image.pixelColor(x, y).name() == wrong for x in range(image.width()) for y in range(image.height()))

    assert not has_error_colour()
    editor.set_problems({1: "wrong"})
    assert has_error_colour()


# --- search -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def search(qtbot: QtBot) -> Iterator[FindBar]:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    editor = CodeEditor()
    bar = FindBar(editor)
    editor.find_requested.connect(bar.open)
    column.addWidget(bar)
    column.addWidget(editor)
    window.show()
    editor.setPlainText("one two\ntwo one\nONE")
    editor.setFocus()
    qtbot.keyClick(editor, KEY.Key_F, CONTROL)
    assert bar.isVisible()
    yield bar
    window.close()


def test_search_marks_every_place_and_goes_round(qtbot: QtBot, search: FindBar) -> None:
    editor = search._editor
    qtbot.keyClicks(search.text, "one")
    assert search.count.text() == "1 of 3"
    assert len(editor.extraSelections()) == 4
    places = []
    for _ in range(3):
        places.append(editor.textCursor().selectionStart())
        qtbot.keyClick(search.text, KEY.Key_Return)
    assert places == [0, 12, 16]
    assert search.count.text() == "1 of 3"
    qtbot.keyClick(search.text, KEY.Key_Return, SHIFT)
    assert search.count.text() == "3 of 3"


def test_search_tells_when_there_is_nothing_and_closes_with_escape(qtbot: QtBot, search: FindBar) -> None:
    qtbot.keyClicks(search.text, "three")
    assert search.count.text() == "0 found"
    qtbot.keyClick(search.text, KEY.Key_Escape)
    assert not search.isVisible()
    assert len(search._editor.extraSelections()) == 1
