"""Starting: what is loaded when, what happens without a display, and errors that nobody foresaw."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from designer.failures import FailureReporter, failure_box

_ROOT = Path(__file__).parents[3]
_FIRST_WINDOW = """
import sys
from pathlib import Path
from designer.app import make_application
from designer.settings import Settings
from designer.window import Window
application = make_application([])
window = Window(Settings(Path(sys.argv[1])))
window.show()
application.processEvents()
print([name for name in ("torch", "polars", "sklearn", "pyqtgraph") if name in sys.modules])
window.close()
"""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env={**kept, "PYTHONPATH": str(_ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_first_window_is_shown_before_heavy_libraries_are_loaded(tmp_path: Path) -> None:
    done = run("-c", _FIRST_WINDOW, str(tmp_path / "settings.ini"), QT_QPA_PLATFORM="offscreen")
    assert done.stdout.strip() == "[]", done.stderr
    assert done.returncode == 0


def test_without_a_display_the_way_out_is_named() -> None:
    done = run("-m", "designer", QT_QPA_PLATFORM="")
    assert done.returncode == 2
    assert "no display" in done.stderr
    assert "layerwright train" in done.stderr


def test_a_file_that_is_not_there_is_named() -> None:
    done = run("-m", "designer", "gone.layerwright", QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 2
    assert "gone.layerwright" in done.stderr


def test_commands_are_handed_on_without_qt() -> None:
    code = (
        "import sys\nfrom designer.__main__ import main\nstatus = main(['templates'])\n"
        "assert not [name for name in sys.modules if name.startswith('PySide6')]\nsys.exit(status)"
    )
    done = run("-c", code)
    assert done.returncode == 0, done.stderr
    assert "digits" in done.stdout


def test_help_tells_of_the_designer_and_the_commands() -> None:
    done = run("-m", "designer", "--help")
    assert done.returncode == 0
    assert "designer" in done.stdout
    assert "train" in done.stdout


def test_an_error_in_a_thread_reaches_a_dialog_with_its_details(qtbot: QtBot, qapp: QApplication) -> None:
    reporter = FailureReporter(qapp)
    said: list[tuple[str, str]] = []
    reporter.failed.disconnect()
    reporter.failed.connect(lambda line, details: said.append((line, details)))
    before = sys.excepthook, threading.excepthook
    reporter.install()
    try:
        thread = threading.Thread(target=lambda: 1 // 0)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: bool(said))
    finally:
        sys.excepthook, threading.excepthook = before
    line, details = said[0]
    assert line.startswith("ZeroDivisionError")
    assert "Traceback" in details
    box = failure_box(line, details)
    qtbot.addWidget(box)
    assert [button.text() for button in box.buttons() if button.objectName() == "copy_details"] == ["Copy details"]
    assert isinstance(box, QMessageBox)
    assert box.detailedText() == details
