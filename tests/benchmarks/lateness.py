"""How late the window's ticks are while it trains: the real window, its curves and diagnostics on, in a process alone.

``python -m tests.benchmarks.lateness FOLDER TEMPLATE`` measures one template and prints JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.table import Row

if TYPE_CHECKING:
    from designer.window import Window

TICK = 16
"""Milliseconds between two ticks: 60 in a second."""
SECONDS = 8.0
PATIENCE = 120.0
NETWORKS = {"moons": "a tiny MLP", "digits": "a small CNN"}


def measure() -> list[Row]:
    """Return the lateness of ticks, the 99th in a hundred, for two small networks."""
    rows = []
    for name, title in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.benchmarks.lateness", folder, name]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rows.append(Row(f"window: lateness of a tick while {title} trains, median", found["median"], "ms"))
        rows.append(Row(f"window: lateness of a tick while {title} trains, 99 %", found["worst"], "ms", 16.0))
    return rows


def _alone(folder: Path, name: str) -> dict[str, float]:
    """Train a template in the real window, and return how late ticks were."""
    from PySide6.QtCore import QTimer

    from designer import theme
    from designer.app import make_application
    from designer.settings import Settings
    from designer.window import Window

    application = make_application(["-platform", "offscreen"])
    theme.switch.apply(application, "light")
    window = Window(Settings(folder / "settings.ini"))
    window.resize(1366, 768)
    window.show()
    _open(window, folder, name)
    _until(lambda: window.workspace is not None and window.workspace.session.report_is_current)
    window.train()
    _until(lambda: window.runner.state == "running")
    late: list[float] = []
    due = time.perf_counter() + TICK / 1000
    timer = QTimer()

    def tick() -> None:
        nonlocal due
        now = time.perf_counter()
        late.append(max(0.0, now - due) * 1000)
        due = now + TICK / 1000

    timer.timeout.connect(tick)
    timer.start(TICK)
    end = time.perf_counter() + SECONDS
    _until(lambda: time.perf_counter() > end)
    timer.stop()
    training = window.runner.state == "running"
    window.runner.stop()
    _until(lambda: not window.runner.active)
    late = sorted(late[10:])
    if not training:
        raise RuntimeError(f"'{name}' was trained to its end before the measurement was over")
    return {"median": late[len(late) // 2], "worst": late[int(len(late) * 0.99)]}


def _open(window: Window, folder: Path, name: str) -> None:
    from core.graph.files import save_project
    from core.graph.templates import template

    project = template(name).load()
    path = folder / f"{name}.layerwright"
    save_project(replace(project, training=replace(project.training, epochs=100_000)), path)
    window.open_path(path)


def _until(condition: Callable[[], bool]) -> None:
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    end = time.perf_counter() + PATIENCE
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.perf_counter() > end:
            raise TimeoutError("the window did not come so far")


if __name__ == "__main__":
    print(json.dumps(_alone(Path(sys.argv[1]), sys.argv[2])))
