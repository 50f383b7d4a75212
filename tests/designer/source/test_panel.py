"""The source panel: it follows the network, finds its way between lines and nodes, and takes Python back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from core import trust
from core.graph.document import Document
from core.graph.edits import Rename, SetParameters
from core.graph.project import Project
from core.graph.templates import template
from designer.session import Session
from designer.source.apply_dialog import ApplyDialog
from designer.source.panel import SourcePanel
from tests.designer.source.conftest import WAIT, settled, started

Open = Callable[[Project], SourcePanel]
FOREIGN = """import torch
from torch import nn

class Helper(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 8)
    def forward(self, x):
        return self.linear(x).relu()

class Theirs(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Linear(2, 8)
        self.helper = Helper()
        self.narrow = nn.Linear(8, 1)
    def forward(self, data):
        return self.narrow(self.helper(self.wide(data)))
"""


def press(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def text(panel: SourcePanel) -> str:
    return panel.text.toPlainText()


def line_of(panel: SourcePanel, part: str) -> int:
    return next(number for number, line in enumerate(text(panel).splitlines(), 1) if part in line)


def click_line(qtbot: QtBot, panel: SourcePanel, line: int) -> None:
    """Scroll to a line and click on its text."""
    panel.text.bring_into_view((line,))
    cursor = QTextCursor(panel.text.document().findBlockByNumber(line - 1))
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
    place = panel.text.cursorRect(cursor).center()
    place.setX(min(place.x(), panel.text.viewport().width() - 10))
    qtbot.mouseClick(panel.text.viewport(), Qt.MouseButton.LeftButton, pos=place)


def write(panel: SourcePanel, new: str) -> None:
    """Edit as by typing or pasting over all of it."""
    panel.text.selectAll()
    panel.text.insertPlainText(new)


def changes(dialog: ApplyDialog) -> list[str]:
    return [dialog.changes.item(row).text() for row in range(dialog.changes.count())]


def ran(qtbot: QtBot, dialog: ApplyDialog) -> None:
    ends = (dialog.preview_page, dialog.failure_page)
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() in ends, timeout=WAIT)


@pytest.fixture
def digits(panel: Open) -> SourcePanel:
    return panel(template("moons").load())


def test_the_source_follows_every_edit_and_stays_where_it_is(qtbot: QtBot, panel: Open) -> None:
    made = panel(template("siamese").load())
    session = made.session
    assert "class Encoder(nn.Module):" in text(made)
    made.text.verticalScrollBar().setValue(12)
    assert session.apply(Rename("score", "likeness"))
    settled(qtbot, made)
    assert "self.likeness = nn.Linear(" in text(made)
    assert "self.score" not in text(made)
    assert made.text.verticalScrollBar().value() == 12
    session.document.undo()
    settled(qtbot, made)
    assert "self.score = nn.Linear(" in text(made)


def test_the_lines_of_what_is_selected_are_marked(qtbot: QtBot, panel: Open) -> None:
    made = panel(template("siamese").load())
    session = made.session
    session.select(["score"])
    assert made.text.marked == (line_of(made, "self.score = "), line_of(made, "score = self.score("))
    session.select(["first"])
    assert made.text.marked == (line_of(made, "def forward(self, first"),)
    session.select(["same"])
    assert made.text.marked == (line_of(made, "return score"),)
    assert session.open_group("encoder")
    assert made.text.marked == ()
    session.select(["pool1"])
    assert made.text.marked == (line_of(made, "self.pool1 = "), line_of(made, "pool1 = self.pool1("))
    session.select([])
    assert made.text.marked == ()


def test_a_click_on_a_line_selects_its_node_and_opens_its_group(qtbot: QtBot, panel: Open) -> None:
    made = panel(template("siamese").load())
    session = made.session
    click_line(qtbot, made, line_of(made, "self.score = "))
    assert (session.path, session.selection) == ((), {"score"})
    click_line(qtbot, made, line_of(made, "conv2 = self.conv2("))
    assert (session.path, session.selection) == (("encoder",), {"conv2"})
    assert line_of(made, "self.conv2 = ") in made.text.marked
    click_line(qtbot, made, line_of(made, "encoder_again = "))
    assert (session.path, session.selection) == ((), {"encoder_again"})
    click_line(qtbot, made, 1)
    assert session.selection == {"encoder_again"}


def test_the_arrow_keys_go_from_node_to_node_and_write_nothing(qtbot: QtBot, panel: Open) -> None:
    made = panel(template("siamese").load())
    before = text(made)
    click_line(qtbot, made, line_of(made, "difference = "))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_X, Qt.Key.Key_Return, Qt.Key.Key_Backspace):
        QTest.keyClick(made.text, key)
    assert made.session.selection == {"distance"}
    assert text(made) == before


def test_an_error_keeps_the_last_good_source_and_leads_to_its_node(qtbot: QtBot, digits: SourcePanel) -> None:
    session, good = digits.session, text(digits)
    name = session.project.graph.of_kind("Linear")[0].name
    assert session.apply(SetParameters({name: {"out_features": -1}}))
    settled(qtbot, digits)
    assert text(digits) == good
    assert digits.text.stale
    assert "out_features" in digits.notice.text.text()
    assert "before the last changes" in digits.notice.text.text()
    press(qtbot, digits.notice.button)
    assert session.selection == {name}
    session.document.undo()
    settled(qtbot, digits)
    assert not digits.text.stale
    assert digits.notice.isHidden()


def test_it_is_copied_searched_and_saved(
    qtbot: QtBot, digits: SourcePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits.copy()
    assert QApplication.clipboard().text() == text(digits)
    QTest.keyClick(digits.text, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert digits.search.isVisible()
    QTest.keyClicks(digits.search.text, "forward")
    assert digits.search.count.text() == "1 of 1"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "mine"), ""))
    digits.save()
    assert (tmp_path / "mine.py").read_text() == text(digits)


def test_a_mistake_is_shown_while_it_is_typed_and_cannot_be_applied(qtbot: QtBot, digits: SourcePanel) -> None:
    good = text(digits)
    press(qtbot, digits.edit_button)
    assert digits.editing
    write(digits, good + "\ndef broken(:\n")
    qtbot.waitUntil(lambda: bool(digits.text.problems))
    assert list(digits.text.problems) == [len(good.splitlines()) + 2]
    assert not digits.apply_button.isEnabled()
    assert digits.apply() is None
    press(qtbot, digits.cancel_button)
    assert not digits.editing
    assert text(digits) == good


def test_an_edit_is_trusted_previewed_and_one_step_of_undo(qtbot: QtBot, digits: SourcePanel) -> None:
    session, before = digits.session, digits.session.project
    press(qtbot, digits.edit_button)
    new = text(digits).replace("nn.Tanh()", "nn.GELU()").replace("nn.ReLU()", "nn.GELU()")
    write(digits, new)
    dialog = started(qtbot, digits)
    assert dialog.pages.currentWidget() is dialog.trust_page
    assert dialog.code.toPlainText() == new
    assert dialog.code.marked
    assert not trust.is_trusted(new)
    press(qtbot, dialog.next)
    ran(qtbot, dialog)
    assert changes(dialog)
    assert all("GELU" in each for each in changes(dialog))
    assert session.project is before
    press(qtbot, dialog.next)
    assert session.document.undo_label == "Edit source"
    assert session.project.graph.of_kind("GELU")
    assert not digits.editing
    settled(qtbot, digits)
    assert "nn.GELU()" in text(digits)
    session.document.undo()
    assert session.project == before


def test_cancel_leaves_everything_untouched(qtbot: QtBot, digits: SourcePanel) -> None:
    before = digits.session.project
    digits.edit()
    new = text(digits) + "# mine\n"
    write(digits, new)
    dialog = started(qtbot, digits)
    press(qtbot, dialog.cancel)
    assert not trust.is_trusted(new)
    assert digits.session.project is before
    assert digits.editing
    assert text(digits) == new


def test_what_python_says_is_told_as_one_sentence(qtbot: QtBot, digits: SourcePanel) -> None:
    digits.edit()
    write(digits, "x = call(1 2)")
    said = "Line 1: Python cannot read this: invalid syntax. Perhaps you forgot a comma?"
    qtbot.waitUntil(lambda: digits.notice.text.text() == said, timeout=WAIT)


def test_another_network_is_pasted_and_its_class_is_chosen(qtbot: QtBot, digits: SourcePanel) -> None:
    digits.edit()
    write(digits, FOREIGN)
    qtbot.waitUntil(lambda: digits.classes.count() == 2)
    assert digits.classes.currentText() == "Theirs"
    trust.trust(FOREIGN)
    dialog = started(qtbot, digits)
    ran(qtbot, dialog)
    press(qtbot, dialog.next)
    project = digits.session.project
    assert "Helper" in project.groups
    assert project.graph.nodes["helper"].group == "Helper"
    assert digits.session.project.data == template("moons").load().data


def test_what_raises_leads_to_its_line(qtbot: QtBot, digits: SourcePanel) -> None:
    digits.edit()
    wrong = FOREIGN.replace("nn.Linear(2, 8)", "nn.Linear(2, eight)")
    write(digits, wrong)
    trust.trust(wrong)
    qtbot.waitUntil(lambda: digits.classes.currentText() == "Theirs")
    dialog = started(qtbot, digits)
    ran(qtbot, dialog)
    assert "NameError" in dialog.failure.text()
    assert dialog.next.text() == "Go to line 14"
    press(qtbot, dialog.next)
    assert digits.text.textCursor().blockNumber() == 13
    assert list(digits.text.problems) == [14]


def test_another_number_of_inputs_is_asked_for(qtbot: QtBot, digits: SourcePanel) -> None:
    digits.edit()
    two = FOREIGN.replace("def forward(self, data):", "def forward(self, data, more):").replace(
        "self.wide(data)", "self.wide(data) + more"
    )
    write(digits, two)
    trust.trust(two)
    qtbot.waitUntil(lambda: digits.classes.currentText() == "Theirs")
    dialog = started(qtbot, digits)
    assert dialog.pages.currentWidget() is dialog.given
    assert [name for name, _shape, _dtype in dialog.given.rows] == ["data", "more"]
    assert dialog.given.rows[0][1].text() == "2"
    press(qtbot, dialog.next)
    assert "no shape for more" in dialog.given.failure.text()
    QTest.keyClicks(dialog.given.rows[1][1], "8")
    press(qtbot, dialog.next)
    ran(qtbot, dialog)
    assert "Added: more (Input)" in changes(dialog)
    press(qtbot, dialog.next)
    assert len(digits.session.project.graph.of_kind("Input")) == 2


def test_editing_waits_until_the_source_is_there(qtbot: QtBot) -> None:
    session = Session(Document(template("moons").load()))
    panel = SourcePanel(session)
    qtbot.addWidget(panel)
    panel.show()
    panel.edit()
    assert not panel.editing
    qtbot.waitUntil(lambda: panel.editing, timeout=WAIT)
    assert "class Net" in text(panel)
    assert not panel.unapplied
    panel.close_jobs()
    session.close()
    session.deleteLater()


def test_what_was_left_by_cancel_can_be_brought_back(qtbot: QtBot, digits: SourcePanel) -> None:
    digits.edit()
    press(qtbot, digits.cancel_button)
    assert digits.notice.isHidden()
    digits.edit()
    new = text(digits) + "# mine\n"
    write(digits, new)
    assert digits.unapplied
    press(qtbot, digits.cancel_button)
    assert not digits.unapplied
    assert "was not applied" in digits.notice.text.text()
    press(qtbot, digits.notice.button)
    assert digits.editing
    assert text(digits) == new
    trust.trust(new)
    dialog = started(qtbot, digits)
    ran(qtbot, dialog)
    assert changes(dialog) == []
    press(qtbot, dialog.next)
    assert digits.notice.isHidden()


def test_the_source_is_applied_and_left_by_key(qtbot: QtBot, digits: SourcePanel) -> None:
    digits.edit()
    write(digits, text(digits).replace("nn.Tanh()", "nn.GELU()").replace("nn.ReLU()", "nn.GELU()"))
    QTest.keyClick(digits.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    dialog = digits.findChild(ApplyDialog) or digits.window().findChild(ApplyDialog)
    assert dialog is not None
    press(qtbot, dialog.cancel)
    digits.text.setFocus()
    QTest.keyClick(digits.text, Qt.Key.Key_Escape)
    assert digits.cancel_button.hasFocus()
    assert digits.editing


def test_a_width_that_does_not_fit_leads_to_the_line_where_it_breaks(qtbot: QtBot, digits: SourcePanel) -> None:
    digits.edit()
    wrong = FOREIGN.replace("nn.Linear(8, 1)", "nn.Linear(9, 1)")
    write(digits, wrong)
    trust.trust(wrong)
    qtbot.waitUntil(lambda: digits.classes.currentText() == "Theirs")
    dialog = started(qtbot, digits)
    ran(qtbot, dialog)
    line = next(n for n, each in enumerate(wrong.splitlines(), 1) if "self.narrow(self.helper" in each)
    assert dialog.next.text() == f"Go to line {line}"


def test_a_network_for_other_inputs_can_be_read_with_its_own_shapes(qtbot: QtBot, digits: SourcePanel) -> None:
    digits.edit()
    wider = FOREIGN.replace("nn.Linear(2, 8)", "nn.Linear(5, 8)")
    write(digits, wider)
    trust.trust(wider)
    qtbot.waitUntil(lambda: digits.classes.currentText() == "Theirs")
    dialog = started(qtbot, digits)
    ran(qtbot, dialog)
    assert "cannot be multiplied" in dialog.failure.text()
    assert dialog.entered.text().endswith(": 2.")
    press(qtbot, dialog.shapes)
    assert dialog.pages.currentWidget() is dialog.given
    dialog.given.rows[0][1].setText("5")
    press(qtbot, dialog.next)
    ran(qtbot, dialog)
    assert "Added: group Helper" in changes(dialog)
    assert dialog.shapes.isHidden()


def test_undo_is_the_networks_while_the_text_is_only_read(qtbot: QtBot, digits: SourcePanel) -> None:
    def taken() -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        event.ignore()
        QApplication.sendEvent(digits.text, event)
        return event.isAccepted()

    assert not taken()
    digits.edit()
    assert taken()
