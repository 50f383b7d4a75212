"""A screen with two device pixels to a pixel: what is shown is drawn finer, and the mouse meets what it points at.

Qt takes the factor from the environment when the application starts: the designer runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_PARTS = {"icon", "menus", "tabs", "library", "node", "close_dock", "properties"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """Start the designer at factor 2, look at it and work in it; return what was found."""
    folder = tmp_path_factory.mktemp("fine")
    homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    environment = {**os.environ, **homes, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2"}
    script = Path(__file__).with_name("fine_screen.py")
    command = [sys.executable, "-m", "tests.designer.shell.fine_screen"]
    root = script.parents[3]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


def test_the_window_is_drawn_with_two_device_pixels_to_a_pixel(seen: dict[str, dict[str, float]]) -> None:
    assert seen["window"] == {"ratio": 2.0, "width": 2 * 1366, "height": 2 * 768}


@pytest.mark.parametrize("part", sorted(_PARTS))
def test_what_is_read_is_sharp(seen: dict[str, dict[str, float]], part: str) -> None:
    """A picture that was drawn at half the size and blown up can be halved and blown up again without loss."""
    assert seen["detail"].keys() == _PARTS
    assert seen["detail"][part] > 3 * seen["blown up"][part]


def test_the_mouse_meets_the_ports_and_the_nodes(seen: dict[str, dict[str, float]]) -> None:
    assert seen["mouse"] == {"linked": 1.0, "selected": 1.0, "moved_x": 60.0, "moved_y": 20.0}
