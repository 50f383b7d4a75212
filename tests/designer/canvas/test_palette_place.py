"""Where the add palette opens: beside the node that it adds to, which stays in sight whatever is typed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtWidgets import QTabBar
from pytestqt.qtbot import QtBot

from designer.canvas.beside import beside
from designer.canvas.view import CanvasView

_ROOM = QRect(0, 0, 800, 430)
_SIZE = QSize(320, 320)


def node_at(view: CanvasView, name: str) -> QRect:
    return view.mapFromScene(view.canvas.cards([name])).boundingRect()


def bring(view: CanvasView, name: str, x: float, y: float) -> None:
    """Pan until the middle of a node is at a fraction of the canvas."""
    card = view.canvas.cards([name]).center()
    view.navigator.centre(card + QPointF((0.5 - x) * view.viewport().width(), (0.5 - y) * view.viewport().height()))


@pytest.mark.parametrize("x", [0.15, 0.5, 0.85])
@pytest.mark.parametrize("y", [0.1, 0.5, 0.9])
def test_the_node_that_is_added_to_stays_in_sight(checked: CanvasView, qtbot: QtBot, x: float, y: float) -> None:
    checked.resize(800, 430)
    checked.set_zoom(1.0)
    bring(checked, "conv1", x, y)
    before = node_at(checked, "conv1")
    checked.session.select(["conv1"])
    checked.setFocus()
    qtbot.keyClick(checked, Qt.Key.Key_Tab)
    palette = checked.palette_box
    for text in ("", "re", "conv 32 k3 > bn > relu", "conv 32 k3 > [relu | gelu | tanh] > add > nosuch", ""):
        palette.field.setText(text)
        assert not palette.geometry().intersects(node_at(checked, "conv1")), text
        assert checked.viewport().rect().contains(palette.geometry()), text
        assert palette.field.width() > 200, text
    assert node_at(checked, "conv1") == before


def test_changing_the_type_leaves_the_node_in_sight(checked: CanvasView) -> None:
    checked.resize(800, 430)
    bring(checked, "conv1", 0.9, 0.5)
    checked.session.select(["conv1"])
    checked.swap.ask()
    assert checked.palette_box.isVisible()
    assert not checked.palette_box.geometry().intersects(node_at(checked, "conv1"))


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (QRect(100, 100, 160, 40), QRect(266, 100, 320, 320)),
        (QRect(100, 300, 160, 40), QRect(266, 106, 320, 320)),
        (QRect(330, 20, 160, 40), QRect(496, 20, 300, 320)),
        (QRect(400, 20, 300, 40), QRect(400, 66, 320, 320)),
        (QRect(600, 200, 160, 40), QRect(274, 106, 320, 320)),
        (QRect(200, 360, 400, 40), QRect(200, 34, 320, 320)),
        (QRect(100, 100, 600, 250), None),
    ],
)
def test_right_below_left_above_whichever_has_room(node: QRect, expected: QRect | None) -> None:
    assert beside(_SIZE, 260, node, _ROOM) == expected


def test_a_press_elsewhere_closes_the_palette(checked: CanvasView, qtbot: QtBot) -> None:
    tabs = QTabBar()
    qtbot.addWidget(tabs)
    tabs.addTab("Runs")
    tabs.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    tabs.show()
    palette = checked.palette_box
    checked.setFocus()
    qtbot.keyClick(checked, Qt.Key.Key_Tab)
    for inside in (palette.field, palette.hint, palette.list.verticalScrollBar()):
        qtbot.mouseClick(inside, Qt.MouseButton.LeftButton)
        assert palette.isVisible(), inside.objectName()
        assert palette.field.hasFocus(), inside.objectName()
    qtbot.mousePress(tabs, Qt.MouseButton.LeftButton)
    assert not palette.isVisible()
    assert checked.hasFocus(), "keys go to the canvas again"


def test_a_click_on_a_layer_in_the_palette_adds_it(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["conv1"])
    checked.setFocus()
    qtbot.keyClick(checked, Qt.Key.Key_Tab)
    qtbot.keyClicks(checked.palette_box.field, "gelu")
    shown = checked.palette_box.list
    place = shown.visualItemRect(shown.item(0)).center()
    qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert "GELU" in [each.kind for each in checked.session.project.graph.nodes.values()]
    assert not checked.palette_box.isVisible()


def test_a_question_stays_for_a_press_on_itself_and_goes_for_one_elsewhere(checked: CanvasView, qtbot: QtBot) -> None:
    tabs = QTabBar()
    qtbot.addWidget(tabs)
    tabs.show()
    question = checked.structure.name_question
    question.ask(QPoint(50, 50), "Name of the group", "block", lambda _name: "", lambda _name: None)
    qtbot.mouseClick(question.title, Qt.MouseButton.LeftButton)
    assert question.isVisible()
    assert question.field.hasFocus()
    qtbot.mousePress(tabs, Qt.MouseButton.LeftButton)
    assert not question.isVisible()


def test_a_low_canvas_shows_the_whole_palette(checked: CanvasView, qtbot: QtBot) -> None:
    checked.resize(800, 260)
    checked.setFocus()
    qtbot.keyClick(checked, Qt.Key.Key_Tab)
    palette = checked.palette_box
    assert checked.rect().contains(palette.geometry())
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    shown = palette.list
    chosen = shown.visualItemRect(shown.item(shown.currentRow()))
    assert 0 <= chosen.top() <= chosen.bottom() <= shown.viewport().height()
