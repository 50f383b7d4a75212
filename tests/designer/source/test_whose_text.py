"""What the user types runs without a question; what came from elsewhere is shown and runs once it is trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core import trust
from core.graph.project import Project
from core.graph.templates import template
from designer.source.apply_dialog import Attempt
from designer.source.panel import SourcePanel
from tests.designer.source.conftest import WAIT, started

Open = Callable[[Project], SourcePanel]
ROW = "import torch.nn as N\nnet = N.Sequential(N.Linear(2, 3), N.ReLU(), N.Linear(3, 1))\n"


@pytest.fixture
def moons(panel: Open) -> SourcePanel:
    made = panel(template("moons").load())
    made.edit()
    return made


def typed(qtbot: QtBot, panel: SourcePanel, old: str, new: str) -> None:
    """Replace a word as with the mouse and the keyboard."""
    document = panel.text.document()
    found = document.find(old, QTextCursor(document))
    assert not found.isNull()
    panel.text.setTextCursor(found)
    qtbot.keyClicks(panel.text, new)


def paste(panel: SourcePanel, new: str) -> None:
    QApplication.clipboard().setText(new)
    panel.text.paste()


def read(panel: SourcePanel, new: str) -> str:
    """Write a text over all there is, and return what is said above it once it was read."""
    panel.text.selectAll()
    paste(panel, new)
    panel.apply()
    return panel.notice.text.text()


def test_what_was_typed_runs_without_a_question(qtbot: QtBot, moons: SourcePanel) -> None:
    typed(qtbot, moons, "nn.ReLU()", "nn.GELU()")
    dialog = started(qtbot, moons)
    assert dialog.pages.currentWidget() is not dialog.trust_page
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.preview_page, timeout=WAIT)
    assert "GELU" in dialog.changes.item(0).text()
    dialog.reject()


def test_one_pasted_line_makes_the_text_foreign_even_once_it_was_undone(qtbot: QtBot, moons: SourcePanel) -> None:
    paste(moons, "# theirs\n")
    moons.text.undo()
    typed(qtbot, moons, "nn.ReLU()", "nn.Mish()")
    dialog = started(qtbot, moons)
    assert dialog.pages.currentWidget() is dialog.trust_page
    assert not trust.is_trusted(moons.text.toPlainText())
    dialog.reject()
    moons.cancel()
    moons.edit()
    moons.text.redo()
    assert "theirs" not in moons.text.toPlainText()
    typed(qtbot, moons, "nn.ReLU()", "nn.SiLU()")
    assert moons.text.own


def test_what_is_brought_back_is_whose_it_was(qtbot: QtBot, moons: SourcePanel) -> None:
    paste(moons, "# theirs\n")
    moons.cancel()
    qtbot.mouseClick(moons.notice.button, Qt.MouseButton.LeftButton)
    assert "# theirs" in moons.text.toPlainText()
    assert not moons.text.own
    moons.text.undo()
    moons.cancel()
    moons.edit()
    typed(qtbot, moons, "nn.ReLU()", "nn.GELU()")
    moons.cancel()
    qtbot.mouseClick(moons.notice.button, Qt.MouseButton.LeftButton)
    assert "nn.GELU()" in moons.text.toPlainText()
    assert moons.text.own


def test_typing_around_the_code_of_a_layer_that_is_not_trusted_does_not_run_it(panel: Open) -> None:
    made = panel(template("moons").load())
    written = made.writer.written
    assert written is not None
    source = written.source
    with_code = replace(written, source=replace(source, code={"Odd": "x = 1"}))
    assert not Attempt("typed", "Net", written, own=True).needs_trust
    assert Attempt("typed", "Net", with_code, own=True).needs_trust
    trust.trust("x = 1")
    assert not Attempt("typed", "Net", with_code, own=True).needs_trust


def test_a_row_with_a_name_is_a_network(qtbot: QtBot, moons: SourcePanel) -> None:
    trust.trust(ROW)
    moons.text.selectAll()
    paste(moons, ROW)
    dialog = started(qtbot, moons)
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.preview_page, timeout=WAIT)
    qtbot.mouseClick(dialog.next, Qt.MouseButton.LeftButton)
    kinds = [node.kind for node in moons.session.project.graph.nodes.values()]
    assert sorted(kinds) == ["Input", "Linear", "Linear", "Output", "ReLU"]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (
            "from torch import nn\nfrom .parts import Block\nclass A(nn.Module):\n    pass\n",
            "Line 2: '.parts' lies beside",
        ),
        (
            "from torch import nn\nclass A(nn.Module):\n    def __init__(self, width):\n        pass\n",
            "Line 2: A cannot be built without width",
        ),
        ("x = 1\n", "There is no class here that derives from nn.Module"),
    ],
)
def test_what_cannot_run_is_said_before_anybody_is_asked(moons: SourcePanel, new: str, said: str) -> None:
    assert said in read(moons, new)
    assert not moons.apply_button.isEnabled()


def test_several_that_could_be_the_network_are_offered(moons: SourcePanel) -> None:
    one = "class {}(nn.Module):\n    def forward(self, x):\n        return x\n"
    moons.text.selectAll()
    paste(moons, "from torch import nn\n" + one.format("First") + one.format("Second"))
    dialog = moons.apply()
    assert dialog is not None
    dialog.reject()
    assert moons.classes.currentText() == "Second"
    assert "Choose above which one it is" in moons.notice.text.text()
