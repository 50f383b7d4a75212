"""Bookmarks: set and gone to by keys, into groups too, named, undone, saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from core.graph.edits import SetBookmark
from core.graph.project import Bookmark
from designer import motion
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain
from tests.designer.canvas.drawing import in_group, reloaded

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def still() -> Iterator[None]:
    """Reduced motion: the view is there at once."""
    before = motion.switch.choice
    motion.switch.apply("reduced")
    yield
    motion.switch.apply(before)


def middle(view: CanvasView) -> QPointF:
    return view.mapToScene(view.viewport().rect().center())


def near(one: QPointF, other: QPointF) -> bool:
    return (one - other).manhattanLength() < 4


def keep(bot: QtBot, view: CanvasView, digit: Qt.Key) -> None:
    bot.keyClick(view, digit, CONTROL | SHIFT)


def go(bot: QtBot, view: CanvasView, digit: Qt.Key) -> None:
    bot.keyClick(view, digit, CONTROL)


def test_a_place_is_kept_and_come_back_to(qtbot: QtBot, canvas: CanvasView, still: None) -> None:
    before = canvas.session.project
    canvas.set_zoom(1.5)
    canvas.navigator.centre(QPointF(300, 100))
    keep(qtbot, canvas, Qt.Key.Key_3)
    assert canvas.session.project.bookmarks.keys() == {"3"}
    kept = middle(canvas)
    canvas.set_zoom(0.6)
    canvas.navigator.centre(QPointF(-900, 2000))
    go(qtbot, canvas, Qt.Key.Key_3)
    assert near(middle(canvas), kept)
    assert canvas.zoom == pytest.approx(1.5)
    canvas.session.document.undo()
    assert canvas.session.project == before
    assert near(middle(canvas), kept)
    canvas.session.document.redo()
    assert canvas.session.project.bookmarks.keys() == {"3"}


def test_the_view_glides_there(qtbot: QtBot, canvas: CanvasView) -> None:
    canvas.session.apply(SetBookmark("1", Bookmark((), (2000.0, 100.0), 1.0)))
    start = middle(canvas)
    go(qtbot, canvas, Qt.Key.Key_1)
    assert near(middle(canvas), start)
    passed: list[float] = []
    canvas.horizontalScrollBar().valueChanged.connect(lambda _value: passed.append(middle(canvas).x()))
    qtbot.waitUntil(lambda: near(middle(canvas), QPointF(2000, 100)), timeout=10_000)
    assert passed == sorted(passed)


def test_moving_the_view_ends_the_glide(qtbot: QtBot, canvas: CanvasView) -> None:
    canvas.session.apply(SetBookmark("1", Bookmark((), (2000.0, 100.0), 1.0)))
    start = middle(canvas)
    go(qtbot, canvas, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: not near(middle(canvas), start), timeout=10_000)
    Hand(qtbot, canvas).bot.keyClick(canvas, Qt.Key.Key_Home)
    fitted = middle(canvas)
    qtbot.waitUntil(lambda: not canvas.bookmarks.gliding, timeout=10_000)
    assert near(middle(canvas), fitted)


def test_a_bookmark_leads_into_a_group(qtbot: QtBot, make_canvas: MakeCanvas, still: None) -> None:
    view = make_canvas(project=in_group(chain()))
    view.session.open_group("stem1")
    view.set_zoom(1.2)
    view.navigator.centre(QPointF(80, 270))
    keep(qtbot, view, Qt.Key.Key_2)
    view.session.leave_group()
    go(qtbot, view, Qt.Key.Key_2)
    assert view.session.path == ("stem1",)
    assert near(middle(view), QPointF(80, 270))
    assert view.zoom == pytest.approx(1.2)
    assert view.bookmarks.name("2").startswith("stem1")
    assert view.bookmarks.name("2").endswith("relu1")


def test_a_bookmark_into_a_group_that_is_gone_says_so(qtbot: QtBot, canvas: CanvasView) -> None:
    told = list[str]()
    canvas.session.told.connect(told.append)
    canvas.session.apply(SetBookmark("4", Bookmark(("gone",), (0.0, 0.0), 1.0)))
    start = middle(canvas)
    go(qtbot, canvas, Qt.Key.Key_4)
    assert "gone" in told[-1]
    assert near(middle(canvas), start)


def test_a_digit_without_a_bookmark_says_how_to_set_one(qtbot: QtBot, canvas: CanvasView) -> None:
    told = list[str]()
    canvas.session.told.connect(told.append)
    go(qtbot, canvas, Qt.Key.Key_7)
    assert "Ctrl+Shift+7" in told[-1]


def test_one_without_control_is_still_the_actual_size(qtbot: QtBot, canvas: CanvasView) -> None:
    canvas.set_zoom(0.5)
    qtbot.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.zoom == pytest.approx(1.0)


def test_all_are_removed_as_one_step(canvas: CanvasView) -> None:
    canvas.session.apply(SetBookmark("1", Bookmark()))
    canvas.session.apply(SetBookmark("2", Bookmark()))
    kept = canvas.session.project
    canvas.bookmarks.forget_all()
    assert not canvas.session.project.bookmarks
    canvas.session.document.undo()
    assert canvas.session.project == kept


def test_bookmarks_come_back_from_the_file(qtbot: QtBot, canvas: CanvasView, tmp_path: Path) -> None:
    keep(qtbot, canvas, Qt.Key.Key_9)
    project = canvas.session.project
    assert reloaded(project, tmp_path).bookmarks == project.bookmarks
