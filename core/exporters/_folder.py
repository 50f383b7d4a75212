"""Folders and zips that stand alone: put in place in one step, and proved in a Python of their own before that."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ExportError
from core.progress import report

if TYPE_CHECKING:
    from core.training.results.predicting import Predictions

MOMENT = (2020, 1, 1, 0, 0, 0)
"""The time that files in a zip are said to be of, so that the same export gives the same bytes."""
_STEP = 0.1
"""Seconds between two looks at whether the export is still wanted."""


# --- the proof --------------------------------------------------------------------------------------------------------


def unpack(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their paths within a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def run_alone(arguments: Sequence[str], elsewhere: Path, what: str, doing: str) -> None:
    """Run a Python of its own, which sees none of our packages, started in the folder ``elsewhere``.

    ``what`` is run ("The bundle"), ``doing`` tells of it while it runs.

    Raises:
        ExportError: it failed.
    """
    command = [sys.executable, "-I", *arguments]
    process = subprocess.Popen(command, cwd=elsewhere, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while True:
            report(0, 0, doing)
            try:
                _out, errors = process.communicate(timeout=_STEP)
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        last = (errors.strip().splitlines() or ["it says nothing"])[-1]
        raise ExportError(f"{what} does not run by itself, so nothing was written: {last}")


def predicts_alike(folder: Path, elsewhere: Path, predicted: Predictions, what: str) -> None:
    """Run a folder's ``predict.py`` on its example, and raise ExportError unless it says what the application does."""
    answers = elsewhere / "answers.npz"
    arguments = [str(folder / "predict.py"), str(folder / "example.csv"), "-o", str(answers)]
    run_alone(arguments, elsewhere, what, f"{what} predicts in a Python of its own")
    _compare(answers, predicted, what)


def _compare(path: Path, predicted: Predictions, what: str) -> None:
    import numpy as np
    import torch

    from core.exporters._network import TOLERANCE, distance

    with np.load(path, allow_pickle=False) as found:
        if found["rows"].tolist() != predicted.rows.tolist():
            raise ExportError(f"{what} answers other rows than the application does, so nothing was written.")
        for name, answer in predicted.answers.items():
            if answer.kind in ("class", "labels"):
                words = ["; ".join(each) if isinstance(each, tuple) else each or "" for each in answer.values]
                wrong = words != found[name].tolist()
            elif answer.kind == "text":
                # An array of texts loses what lies behind the last letter as zeros.
                wrong = [each.rstrip("\0") for each in answer.values] != found[name].tolist()
            else:
                wanted = torch.from_numpy(np.ascontiguousarray(answer.values.astype(np.float64)))
                wrong = (
                    distance(wanted.flatten(), torch.from_numpy(found[name].astype(np.float64)).flatten()) > TOLERANCE
                )
            if answer.probabilities is not None:
                shares = torch.from_numpy(answer.probabilities)
                wrong |= distance(shares, torch.from_numpy(found[f"{name}/probabilities"])) > TOLERANCE
            if wrong:
                raise ExportError(f"{what} predicts something else for '{name}', so nothing was written.")


# --- in place ---------------------------------------------------------------------------------------------------------


def zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """Return a zip of files, inside a folder of that name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", MOMENT), content)
    return buffer.getvalue()


def require_free(path: Path) -> None:
    """Raise ExportError where something lies in the folder to be written, or there is no place for it."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportError(f"'{path}' is there already and not empty: choose another name for the folder.")
    if not path.parent.is_dir():
        raise ExportError(f"'{path}' could not be written: there is no folder '{path.parent}'.")


def place(path: Path, files: Mapping[str, bytes]) -> None:
    """Put the folder where it belongs in one step."""
    require_free(path)
    with tempfile.TemporaryDirectory(prefix=".layerwright-", dir=path.parent) as beside:
        whole = Path(beside, path.name)
        unpack(whole, files)
        if path.exists():
            path.rmdir()
        whole.rename(path)
