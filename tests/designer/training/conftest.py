"""Training panels over small real projects, with the fixtures of the other panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.project import Graph, Node, Project
from designer.properties.editors.base import Editor
from designer.properties.editors.choice import ChoiceEditor
from designer.properties.section import Fold
from designer.session import Session
from designer.training.panel import TrainingPanel
from designer.training.runner import TrainingRunner
from tests.designer.panels.conftest import WAIT, chain, checked, classifier, iris, make_runner, open_session

__all__ = ["WAIT", "checked", "iris", "make_runner", "open_session"]

MakeRunner = Callable[[Session], TrainingRunner]
Open = Callable[[Project], Session]
MakePanel = Callable[[Session], TrainingPanel]


@pytest.fixture
def make_panel(qtbot: QtBot, make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch) -> MakePanel:
    """Show the panel of a session, every section open, once the session was checked."""
    monkeypatch.setattr(Fold, "_open", {})
    monkeypatch.setattr(Fold, "_settings", None)

    def make(session: Session) -> TrainingPanel:
        panel = TrainingPanel(session, make_runner(session))
        qtbot.addWidget(panel)
        panel.resize(340, 700)
        for fold in panel.folds.values():
            fold.button.setChecked(True)
        panel.show()
        checked(qtbot, session)
        return panel

    return make


@pytest.fixture
def panel(iris: Session, make_panel: MakePanel) -> TrainingPanel:
    """The panel of the classifier of flowers."""
    return make_panel(iris)


def two_heads() -> Project:
    """Return a network that learns the species and the width of a flower's petals."""
    data = bind("iris", {})
    width = data.fields[3].name
    fields = tuple(replace(each, role="target" if each.name == width else each.role) for each in data.fields)
    data = replace(data, fields=fields)
    first = classifier(data)
    inputs = tuple(each.name for each in fields if each.role == "input")
    second = chain(
        Node("features", "Input", {"fields": inputs}),
        Node("linear3", "Linear", {"out_features": 1}),
        Node("width", "Output", {"target": width}),
    )
    nodes = {**first.graph.nodes, **second.nodes, "features": Node("features", "Input", {"fields": inputs})}
    answer = replace(nodes["answer"], params={"target": data.fields[4].name})
    graph = Graph({**nodes, "answer": answer}, {**first.graph.links, **second.links})
    return replace(first, graph=graph)


def editor(panel: TrainingPanel, name: str, within: str = "") -> Editor:
    """Return the one editor of a parameter (of an output's card)."""
    place = panel.cards[within] if within else panel
    found = [each for each in place.findChildren(Editor, f"editor_{name}") if not _is_going(each)]
    (one,) = found
    return one


def _is_going(found: Editor) -> bool:
    """True for an editor on a page of rows that another one has taken the place of."""
    page = found.parentWidget()
    return page is None or (page.isHidden() and page.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide))


def line(panel: TrainingPanel, name: str) -> QLineEdit:
    """Return the field of a typed parameter."""
    found = editor(panel, name).findChild(QLineEdit)
    assert isinstance(found, QLineEdit)
    return found


def box(panel: TrainingPanel, name: str, within: str = "") -> QComboBox:
    """Return the combo box of a parameter."""
    found = editor(panel, name, within).findChild(QComboBox)
    assert isinstance(found, QComboBox)
    return found


def choose(combo: QComboBox, text: str) -> None:
    """Choose an entry as a click does: impossible entries are known by then."""
    judged(combo)
    at = combo.findText(text)
    assert at >= 0, [combo.itemText(row) for row in range(combo.count())]
    assert entry(combo, text)[0], f"{text} is disabled"
    combo.setCurrentIndex(at)
    combo.activated.emit(at)


def judged(combo: QComboBox) -> None:
    """Let a list find out what is impossible, as it does when it is about to open."""
    parent = combo.parentWidget()
    assert isinstance(parent, ChoiceEditor)
    parent.judge()


def entry(combo: QComboBox, text: str) -> tuple[bool, str, str]:
    """Return of an entry whether it can be chosen, its tool tip, and what a screen reader says."""
    model = combo.model()
    assert isinstance(model, QStandardItemModel)
    item = model.item(combo.findText(text))
    return item.isEnabled(), item.toolTip(), str(item.data(Qt.ItemDataRole.AccessibleTextRole))


def type_into(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    """Type in place of what stands in a field."""
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
