"""The status bar says what is checked, selected, wrong, what the network costs, and how large it is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.edits import SetParameters
from core.graph.project import Graph, Node, Project
from designer import theme
from designer.canvas.laying_out import AT_ONCE
from designer.window import Window
from tests.designer.shell.conftest import image_network, iris, saved, wait_for_check
from tests.designer.shell.test_style import strongest_contrast

Open = Callable[[Project], Window]


def test_the_start_page_has_no_status_bar(window: Window) -> None:
    assert not window.status.isVisible()


def test_it_tells_what_is_checked(open_project: Open, qtbot: QtBot) -> None:
    window = open_project(iris())
    assert window.status.check.text() == "Checked"
    assert window.workspace is not None
    window.workspace.session.apply(SetParameters({"hidden": {"out_features": 9}}))
    assert window.status.check.text() == "Checking…"
    wait_for_check(qtbot, window)
    assert window.status.check.text() == "Checked"


def test_the_count_of_problems_opens_their_list(open_project: Open, qtbot: QtBot) -> None:
    window = open_project(image_network())
    assert window.workspace is not None
    report = window.workspace.session.report
    assert report is not None
    count = len(report.problems)
    assert window.status.problems.text() == (f"{count} problems" if count > 1 else "1 problem")
    window.workspace.docks["results"].hide()
    qtbot.mouseClick(window.status.problems, Qt.MouseButton.LeftButton)
    assert window.workspace.problems.isVisible()


def test_no_problems_are_said_in_words(open_project: Open) -> None:
    assert open_project(iris()).status.problems.text() == "No problems"


def test_the_selection_is_counted(open_project: Open) -> None:
    window = open_project(iris())
    assert not window.status.selection.isVisible()
    window.canvas.select_all()
    assert window.workspace is not None
    count = len(window.workspace.session.project.graph.nodes)
    assert window.status.selection.text() == f"{count} selected"
    assert window.status.selection.isVisible()


def test_zoom_follows_the_canvas_and_its_menu_sets_it(open_project: Open) -> None:
    window = open_project(iris())
    window.canvas.set_zoom(2.0)
    assert window.status.zoom.text() == "200 %"
    entries = {action.objectName(): action for action in window.status.zoom.menu().actions()}
    entries["action_zoom_actual"].trigger()
    assert window.status.zoom.text() == "100 %"
    assert "action_zoom_fit" in entries


def test_the_zoom_can_be_read_after_a_change_of_theme(open_project: Open, qapp: QApplication) -> None:
    window = open_project(iris())
    before = theme.current()
    for used in (theme.DARK, theme.LIGHT):
        theme.switch.apply(qapp, used.name)
        assert strongest_contrast(window.status.zoom) > 4.5
    theme.switch.apply(qapp, before.name)


def test_size_memory_and_device_are_those_of_the_network(open_project: Open, qtbot: QtBot) -> None:
    window = open_project(iris())
    qtbot.waitUntil(lambda: window.status.device.text() != "", timeout=30_000)
    assert "parameters" in window.status.size_label.text()
    assert "to train" in window.status.size_label.text()
    assert window.status.device.text() in ("CPU", "CUDA", "MPS")


def test_another_tab_has_its_own_state(open_project: Open, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_project(iris())
    first = window.workspace
    assert first is not None
    assert window.open_path(saved(image_network(), tmp_path / "other.layerwright"))
    wait_for_check(qtbot, window)
    assert "problem" in window.status.problems.text()
    window.canvas.set_zoom(0.5)
    assert window.status.problems.text() != "No problems"
    window.tabs.show_page(first)
    assert window.status.problems.text() == "No problems"
    assert window.status.zoom.text() == f"{round(first.canvas.zoom * 100)} %"
    first.canvas.set_zoom(3.0)
    assert window.status.zoom.text() == "300 %"


def test_on_a_small_screen_all_of_it_fits(open_project: Open, qtbot: QtBot) -> None:
    window = open_project(iris())
    window.resize(1366, 728)
    qtbot.waitUntil(lambda: window.status.device.text() != "", timeout=30_000)
    window.canvas.select_all()
    assert window.minimumSizeHint().width() <= 1366
    assert window.width() == 1366


def test_a_long_layout_tells_how_far_it_is(open_project: Open) -> None:
    nodes = {f"n{number}": Node(f"n{number}", "ReLU") for number in range(AT_ONCE + 1)}
    window = open_project(Project(graph=Graph(nodes)))
    window.canvas.layout()
    assert window.status.check.text() == "Laying out… 0 %  (Esc stops it)"
    window.canvas.laying_out.cancel()
    assert window.status.check.text() == "Checked"
