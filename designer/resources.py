"""Finds the files that ship with the application: icons and templates."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent.parent / "resources"


def resource(*parts: str) -> Path:
    """Return the path of a shipped file or folder: ``resource("icons", "save.svg")``."""
    return _FOLDER.joinpath(*parts)
