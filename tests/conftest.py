"""What every test runs under: no screen, nothing in the user's folders, one thread for torch, and nothing left over."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from core import trust
from designer.features import search_no_features

# Set before Qt or torch is imported. The folders are those in which the application keeps settings and drafts.
_HOME = tempfile.TemporaryDirectory(prefix="layerwright-tests-")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["OMP_NUM_THREADS"] = "1"
for _kind in ("CONFIG", "DATA", "STATE", "CACHE"):
    os.environ[f"XDG_{_kind}_HOME"] = str(Path(_HOME.name, _kind.lower()))

# A shell lets what it starts in the background ignore Ctrl-C, and so would the processes that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# As the designer does when it starts.
search_no_features()

_PATIENCE = 5.0
"""Seconds that a thread which was told to end may take to end."""


Tell = Callable[[str], None]
_TOLD = "told"


@pytest.fixture
def told(record_property: Callable[[str, object], None]) -> Tell:
    """Says a line below all tests, also where they run side by side in several processes."""
    return lambda line: record_property(_TOLD, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests had to say."""
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    lines = {str(line) for report in reports for name, line in getattr(report, "user_properties", ()) if name == _TOLD}
    for line in sorted(lines):
        terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected, nor later among the million objects that are there then."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_unconfigure() -> None:
    """Remove the folders of this process; empty the clipboard, as the offscreen platform does once Python is gone."""
    gui = sys.modules.get("PySide6.QtGui")
    if gui is not None and gui.QGuiApplication.instance() is not None:
        gui.QGuiApplication.clipboard().clear()
    _HOME.cleanup()


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    """Fail a test that leaves a thread running which would outlive it: of the application, or one that blocks exit."""
    before = set(threading.enumerate())
    yield
    left = [each for each in threading.enumerate() if each not in before and _must_end(each)]
    for thread in left:
        thread.join(_PATIENCE)
    alive = [thread.name for thread in left if thread.is_alive()]
    assert not alive, f"the test left threads running: {alive}"


def _must_end(thread: threading.Thread) -> bool:
    return not thread.daemon or thread.name.startswith("layerwright")


def shows_windows(request: pytest.FixtureRequest) -> bool:
    """Return whether a test has an application of Qt."""
    return "qapp" in request.fixturenames or "qtbot" in request.fixturenames


@pytest.fixture(autouse=True)
def _no_widgets_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a window or an unparented widget behind (``qtbot.addWidget`` closes what it is given)."""
    if not shows_windows(request):
        yield
        return
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    before = set(map(id, QApplication.topLevelWidgets()))
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = [each for each in QApplication.topLevelWidgets() if id(each) not in before]
    names = [f"{type(each).__name__} {each.objectName()!r}" for each in left]
    for each in left:
        each.close()
        each.deleteLater()
    assert not names, f"the test left widgets behind: {names}"


@pytest.fixture(autouse=True)
def _garbage_is_collected_between_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Destroy no window amid an event or in another thread, as the designer sees to while it runs."""
    if not shows_windows(request):
        yield
        return
    gc.disable()
    yield
    gc.enable()
    gc.collect(1)


@pytest.fixture(autouse=True)
def _trust_ends_with_its_test() -> Iterator[None]:
    """Forget the sources that a test has trusted: the next asks again."""
    path, session, changes = trust.list_path(), set(trust._memory.session), trust._memory.changes
    written = path.read_bytes() if path.exists() else None
    yield
    if trust._memory.changes != changes:
        trust._memory.session = session
        trust._memory.changes += 1
        if written is not None:
            path.write_bytes(written)
        else:
            path.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _no_change_of_excepthooks() -> Iterator[None]:
    """Put the hooks for uncaught exceptions back, which a window replaces with its dialog."""
    hooks = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = hooks
