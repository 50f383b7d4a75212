"""Weights of a project that is in no file yet: kept in the user's folder until the first save puts them beside it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from core.errors import SaveError, reason_of
from core.folders import state_folder
from core.graph.project import Project

_SUFFIX = ".safetensors"
_DAYS = 60
"""How long weights are kept that no project was saved with: drafts that can still be recovered may need them."""
_DAY = 24 * 60 * 60


def kept_folder() -> Path:
    """Return the folder of kept weights."""
    return state_folder() / "weights"


def new_kept_file() -> Path:
    """Return a path in the folder for new weights; what is there for too long is removed.

    Raises:
        SaveError: the folder cannot be made.
    """
    folder = kept_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in folder.glob(f"*{_SUFFIX}"):
            if time.time() - each.stat().st_mtime > _DAYS * _DAY:
                each.unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(f"'{folder}' cannot be used: {reason_of(error)}.") from error
    return folder / f"{uuid4().hex}{_SUFFIX}"


def is_kept(weights: str) -> bool:
    """Return True for a path in the folder of kept weights."""
    return bool(weights) and Path(weights).is_absolute() and Path(weights).parent == kept_folder()


def put_beside(project: Project, path: Path) -> Callable[[Project], Project] | None:
    """Copy a project's kept weights beside the file that it is saved to; return what names them there.

    None where it has no kept weights (any more). A file of that name that is there already is left alone.

    Raises:
        SaveError: they cannot be copied.
    """
    from core.training.pretrained.adoption import free_beside

    kept = project.weights
    if not is_kept(kept) or not Path(kept).is_file():
        return None
    beside = free_beside(path)
    half = beside.with_name(f".{beside.name}.{uuid4().hex}.tmp")
    try:
        shutil.copyfile(kept, half)
        half.replace(beside)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise SaveError(f"The weights cannot be written to '{beside}': {reason_of(error)}.") from error
    return lambda each: replace(each, weights=beside.name) if each.weights == kept else each
