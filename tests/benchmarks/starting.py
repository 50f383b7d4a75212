"""How long it takes from the start of the process until something is there: the command line, the window."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.table import Row

ROOT = Path(__file__).parents[2]
TIMES = 5

NOTHING = "pass"
COMMAND_LINE = "from core.cli.main import parser; parser()"
WINDOW = """
import sys
from designer.app import make_application
from designer.settings import Settings
from designer.window import Window
application = make_application([])
window = Window(Settings())
window.show()
while not window.windowHandle().isExposed():
    application.processEvents()
application.processEvents()
print("torch" in sys.modules, flush=True)
import os
os._exit(0)
"""


def _seconds(script: str) -> float:
    """Return the seconds until a new Python has run a script, the median of several warm starts."""
    taken = []
    with tempfile.TemporaryDirectory() as home:
        folders = {f"XDG_{kind}_HOME": str(Path(home, kind.lower())) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, **folders}
        for _ in range(TIMES + 1):
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            taken.append(time.perf_counter() - began)
            if done.returncode:
                raise RuntimeError(f"the start failed:\n{done.stderr}")
            if "True" in done.stdout:
                raise RuntimeError("torch was loaded before the window was shown")
    return statistics.median(taken[1:])


def measure() -> list[Row]:
    """Return the times of an empty Python, of the command line and of the window."""
    return [
        Row("start of an empty Python", _seconds(NOTHING), "s"),
        Row("start of the command line", _seconds(COMMAND_LINE), "s"),
        Row("start until the window is visible, warm", _seconds(WINDOW), "s", 1.0),
    ]
