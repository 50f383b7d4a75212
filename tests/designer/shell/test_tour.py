"""The tour: five steps for newcomers, by mouse or keyboard, that can be skipped and never come back by themselves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer.settings import Settings
from designer.start.tour import STEPS, Tour
from designer.window import Window
from tests.designer.shell.conftest import iris

Open = Callable[[Project], Window]


def begin(window: Window) -> Tour:
    window.activateWindow()
    window.actions_by_id["tour"].trigger()
    assert window.tour is not None
    return window.tour


def bubble(tour: Tour) -> QWidget:
    found = tour.findChild(QWidget, "tour_bubble")
    assert isinstance(found, QWidget)
    return found


def test_it_has_five_steps_each_of_which_points_at_something(open_project: Open, qtbot: QtBot) -> None:
    window = open_project(iris())
    tour = begin(window)
    assert len(STEPS) == 5
    for at in range(5):
        assert tour.at == at
        assert not tour.spot.isEmpty()
        assert tour.rect().contains(bubble(tour).geometry())
        qtbot.mouseClick(tour.next, Qt.MouseButton.LeftButton)
    assert window.tour is None
    assert window.settings.tour_done


def test_the_bubble_does_not_hide_what_it_speaks_of(open_project: Open) -> None:
    tour = begin(open_project(iris()))
    for at in (0, 2, 3, 4):
        tour.go(at)
        assert not bubble(tour).geometry().intersects(tour.spot)


def test_the_keyboard_does_it_all(open_project: Open, qtbot: QtBot) -> None:
    window = open_project(iris())
    tour = begin(window)
    assert tour.next.hasFocus()
    qtbot.keyClick(tour.next, Qt.Key.Key_Return)
    assert tour.at == 1
    qtbot.keyClick(tour.next, Qt.Key.Key_Right)
    assert tour.at == 2
    qtbot.keyClick(tour.next, Qt.Key.Key_Left)
    assert tour.at == 1
    qtbot.keyClick(tour.next, Qt.Key.Key_Tab)
    assert tour.skip.hasFocus()
    qtbot.keyClick(tour.skip, Qt.Key.Key_Escape)
    assert window.tour is None
    assert window.settings.tour_done
    assert QApplication.focusWidget() is window.canvas


def test_skipping_ends_it_for_good(open_project: Open, qtbot: QtBot, settings: Settings) -> None:
    window = open_project(iris())
    window.tour_waits = not settings.tour_done
    window.new_project()
    qtbot.waitUntil(lambda: window.tour is not None)
    assert window.tour is not None
    qtbot.mouseClick(window.tour.skip, Qt.MouseButton.LeftButton)
    assert window.tour is None
    assert settings.tour_done
    assert not window.tour_waits


def test_without_a_project_it_opens_an_example(window: Window) -> None:
    tour = begin(window)
    assert window.workspace is not None
    assert window.workspace.session.project.graph.nodes
    tour.finish()


def test_it_does_not_begin_by_itself_where_nobody_asked(open_project: Open, qtbot: QtBot) -> None:
    window = open_project(iris())
    assert window.tour is None
    assert not window.tour_waits


def test_closing_the_tab_ends_it(open_project: Open) -> None:
    window = open_project(iris())
    begin(window)
    window.close_tab()
    assert window.tour is None


def test_every_step_is_told_to_assistive_technology(open_project: Open) -> None:
    tour = begin(open_project(iris()))
    told = set()
    for at in range(5):
        tour.go(at)
        told.add(tour.accessibleDescription())
    assert len(told) == 5
