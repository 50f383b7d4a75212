"""Where Layerwright keeps what belongs to a user and this machine rather than to a project."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """Return the folder of what belongs to the user, wherever the program is: which Python sources are trusted."""
    chosen = os.environ.get("XDG_DATA_HOME", "")
    if chosen and Path(chosen).is_absolute():
        base = Path(chosen)
    elif sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path.home() / ".local" / "share"
    return base / "layerwright" / "layerwright"  # where Qt, which names organisation and application, looks too


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
