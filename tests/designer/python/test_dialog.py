"""The window of a Python layer: nothing runs before it is trusted, and every mistake is shown at its line."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from core import trust
from core.graph.edits import AddNodes
from core.graph.project import End, Node, Project
from designer.python.dialog import PythonDialog
from designer.python.template import TEMPLATE
from designer.session import Session
from tests.designer.python.conftest import GATE, WAIT, project

Edit = Callable[..., PythonDialog]
Open = Callable[[Project], Session]


def press(qtbot: QtBot, button: QWidget) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def messages(dialog: PythonDialog) -> list[str]:
    return [dialog.messages.item(row).text() for row in range(dialog.messages.count())]


def write(dialog: PythonDialog, text: str) -> None:
    """Replace the text as by typing, so that it can be undone."""
    dialog.code.selectAll()
    dialog.code.insertPlainText(text)


def answer(button: QMessageBox.StandardButton) -> None:
    """Press a button of the message box that is about to open."""

    def press_it() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            box.button(button).click()
        else:
            QTimer.singleShot(20, press_it)

    QTimer.singleShot(20, press_it)


def closed(qtbot: QtBot, dialog: PythonDialog) -> None:
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=WAIT)


def test_code_that_came_with_a_file_says_what_running_means(edit: Edit) -> None:
    dialog = edit()
    assert dialog.code.toPlainText() == GATE
    assert dialog.banner.text.text().startswith(
        "This code came with the file. It runs on your computer with your rights."
    )
    assert dialog.trust.text() == "Trust and apply"
    assert dialog.apply.isVisible()
    assert dialog.messages.isHidden()
    assert dialog.ports.text() == "Inputs: x. Outputs: output. Parameters: in_features."


def test_trust_lets_it_run_and_closes_the_window(qtbot: QtBot, edit: Edit, open_session: Open) -> None:
    session = open_session(project())
    assert session.report is not None
    assert any("has not been run" in each.message for each in session.report.problems)
    dialog = edit(session=session)
    press(qtbot, dialog.trust)
    closed(qtbot, dialog)
    assert trust.is_trusted(GATE)
    assert session.document.undo_label is None
    assert not any(each.severity == "error" and each.node == "gate1" for each in session.report.problems)
    assert session.report.shapes.nodes["gate1"].outputs["output"].shape == ("N", 6)
    again = edit(session=session)
    assert again.banner.text.text().startswith("You have trusted this code.")
    assert again.trust.text() == "Apply"
    assert not again.apply.isVisible()
    again.reject()


def test_applying_without_trust_keeps_a_placeholder(qtbot: QtBot, edit: Edit) -> None:
    dialog = edit()
    session = dialog._session
    write(dialog, GATE + "# changed\n")
    assert dialog.banner.text.text().startswith("This code runs on your computer")
    press(qtbot, dialog.apply)
    closed(qtbot, dialog)
    assert session.project.code["Gate"].source == GATE + "# changed\n"
    assert not trust.is_trusted(session.project.code["Gate"].source)
    session.document.undo()
    assert session.project.code["Gate"].source == GATE


def test_mistakes_are_shown_while_typing(qtbot: QtBot, edit: Edit) -> None:
    dialog = edit()
    write(dialog, GATE.replace("def forward(self, x: Tensor)", "def forward(self, x: Tensor"))
    qtbot.waitUntil(lambda: dialog.messages.count() == 1, timeout=WAIT)
    assert messages(dialog) == ["Line 11: Python cannot read this: invalid syntax."]
    assert list(dialog.code.problems) == [11]
    assert not dialog.trust.isEnabled()
    assert dialog.trust.toolTip()
    dialog.messages.itemClicked.emit(dialog.messages.item(0))
    assert dialog.code.textCursor().blockNumber() == 10
    dialog.code.undo()
    qtbot.waitUntil(lambda: dialog.messages.isHidden(), timeout=WAIT)
    assert dialog.trust.isEnabled()


def test_what_goes_wrong_when_it_runs_is_shown_at_its_line(qtbot: QtBot, edit: Edit) -> None:
    dialog = edit()
    broken = GATE.replace("x * self", "x * selff")
    write(dialog, broken)
    press(qtbot, dialog.trust)
    qtbot.waitUntil(lambda: dialog.messages.count() == 1, timeout=WAIT)
    assert messages(dialog) == ["Line 12: NameError: name 'selff' is not defined"]
    assert list(dialog.code.problems) == [12]
    assert dialog.isVisible()
    write(dialog, GATE)
    qtbot.waitUntil(lambda: dialog.messages.isHidden(), timeout=WAIT)
    press(qtbot, dialog.trust)
    closed(qtbot, dialog)
    assert dialog._session.project.code["Gate"].source == GATE


def test_a_new_layer_starts_from_a_working_text_and_takes_the_name_of_its_class(qtbot: QtBot, edit: Edit) -> None:
    dialog = edit(None)
    session = dialog._session
    assert dialog.code.toPlainText() == TEMPLATE.format(name="MyLayer")
    assert dialog.name.text() == "MyLayer"
    write(dialog, TEMPLATE.format(name="Scaled"))
    qtbot.waitUntil(lambda: dialog.name.text() == "Scaled", timeout=WAIT)
    with qtbot.waitSignal(dialog.applied, timeout=WAIT) as told:
        press(qtbot, dialog.trust)
    assert told.args == ["Scaled"]
    closed(qtbot, dialog)
    links = ((End("x", "output"), End("scaled1", "x")), (End("scaled1", "output"), End("y", "input")))
    nodes = (Node("x", "Input", {"shape": (3,)}), Node("scaled1", "python:Scaled"), Node("y", "Output"))
    assert session.apply(AddNodes(nodes, links))
    qtbot.waitUntil(lambda: session.report_is_current, timeout=WAIT)
    assert session.report is not None
    assert session.report.shapes.ok
    assert session.report.shapes.nodes["scaled1"].derived == {"in_features": 3}


def test_a_name_that_is_taken_is_refused_with_the_reason(qtbot: QtBot, edit: Edit, open_session: Open) -> None:
    dialog = edit(None, open_session(project()))
    dialog.name.setFocus()
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "Gate")
    press(qtbot, dialog.apply)
    assert "already" in dialog.failure.text()
    assert dialog.isVisible()
    assert dialog._session.project.code["Gate"].source == GATE


def test_cancel_asks_before_work_is_lost(qtbot: QtBot, edit: Edit) -> None:
    dialog = edit()
    write(dialog, GATE + "# more\n")
    answer(QMessageBox.StandardButton.Cancel)
    press(qtbot, dialog.cancel)
    assert dialog.isVisible()
    answer(QMessageBox.StandardButton.Discard)
    press(qtbot, dialog.cancel)
    assert not dialog.isVisible()
    assert dialog._session.project.code["Gate"].source == GATE


def test_cancel_without_changes_just_closes(qtbot: QtBot, edit: Edit) -> None:
    dialog = edit()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_escape_in_the_search_closes_the_search_only(qtbot: QtBot, edit: Edit) -> None:
    dialog = edit()
    qtbot.keyClick(dialog.code, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert dialog.search.isVisible()
    qtbot.keyClick(dialog.search.text, Qt.Key.Key_Escape)
    assert not dialog.search.isVisible()
    assert dialog.isVisible()


def test_everything_has_an_accessible_name(edit: Edit) -> None:
    dialog = edit()
    for widget in (dialog.name, dialog.code, dialog.messages, dialog.trust, dialog.apply, dialog.cancel):
        assert widget.accessibleName()
