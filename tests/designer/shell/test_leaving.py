"""Closing tabs, views and the window: nothing of them stays behind, and the program ends without a word."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.edits import Rename
from core.graph.files import load_project
from designer.window import Window
from tests.designer.shell.conftest import image_network, iris, saved, wait_for_check
from tests.designer.shell.test_starting import run

_SEVERAL_TABS = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer, Qt
from PySide6.QtWidgets import QApplication
from core.graph.edits import Rename
from designer import app
files = [Path(each) for each in sys.argv[1:]]

def window():
    return next(each for each in QApplication.topLevelWidgets() if each.objectName() == "window")

def act():
    main = window()
    main.tour_waits = False
    for file in files[1:]:
        main.open_path(file)
        main.split(Qt.Orientation.Vertical)
        main.show_find()
        session = main.workspace.session
        session.apply(Rename(next(iter(session.project.graph.nodes)), "renamed"))
        main.save()
        main.undo()
        main.redo()
    main.toggle_minimap()
    main.set_theme("dark")
    QTimer.singleShot(DELAY, main.close)

app_timer = QTimer()
make = app.make_application

def made(arguments):
    application = make(arguments)
    QTimer.singleShot(600, act)
    return application

app.make_application = made
sys.exit(app.run(files[0]))
"""


@pytest.mark.long
def test_several_open_tabs_end_without_a_word(tmp_path: Path) -> None:
    files = [str(saved(iris(), tmp_path / f"{name}.layerwright")) for name in ("a", "b", "c")]
    homes = {f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    for delay in ("0", "4000"):  # while libraries are being loaded, and after the first checks
        done = run("-c", _SEVERAL_TABS.replace("DELAY", delay), *files, QT_QPA_PLATFORM="offscreen", **homes)
        assert done.stderr.replace("This plugin does not support propagateSizeHints()\n", "") == ""
        assert done.returncode == 0
    assert all("renamed" in load_project(Path(file)).graph.nodes for file in files[1:])


def test_closed_tabs_leave_no_thread_no_window_and_no_object(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    threads, windows = set(threading.enumerate()), set(QApplication.topLevelWidgets())
    known = []
    for number, project in enumerate((iris(), image_network(), iris(7))):
        assert window.open_path(saved(project, tmp_path / f"{number}.layerwright"))
        window.split(Qt.Orientation.Horizontal)
        window.split(Qt.Orientation.Vertical)
        window.close_view()
        window.show_find()
        workspace = window.workspace
        assert workspace is not None
        assert workspace.session.apply(Rename(next(iter(project.graph.nodes)), "renamed"))
        wait_for_check(qtbot, window)
        held = (workspace, workspace.session, workspace.runner, workspace.keeper, *workspace.canvases)
        known += [weakref.ref(each) for each in held]
        del workspace, held
    assert len(threading.enumerate()) > len(threads)
    while window.workspace is not None:
        workspace = window.workspace
        workspace.session.document.mark_saved(Path("discarded.layerwright"))
        del workspace
        window.close_tab()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()
    gc.collect()
    qtbot.waitUntil(lambda: set(threading.enumerate()) == threads, timeout=10_000)
    assert set(QApplication.topLevelWidgets()) == windows
    assert [each() for each in known if each() is not None] == []


def test_the_last_tab_leaves_a_start_page_that_stays(window: Window) -> None:
    close, following = window.actions_by_id["close_tab"], window.actions_by_id["next_tab"]
    assert not close.isEnabled()
    assert not following.isEnabled()
    window.new_project()
    assert close.isEnabled()
    assert following.isEnabled()
    close.trigger()
    assert window.tabs.pages == (window.start,)
    assert not window.status.isVisible()
    assert not close.isEnabled()
