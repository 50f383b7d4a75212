"""Where Layerwright keeps what belongs to a user and this machine rather than to a project."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def state_folder() -> Path:
    """Return the folder of what outlives the program but is nobody's document: journals, and which files are open."""
    chosen = os.environ.get("XDG_STATE_HOME", "")
    if chosen and Path(chosen).is_absolute():
        return Path(chosen) / "layerwright"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "layerwright" / "state"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "layerwright" / "state"
    return Path.home() / ".local" / "state" / "layerwright"
