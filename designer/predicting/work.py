"""Predicts a file or folder with a run's network; free of Qt, for jobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError
from core.loading import imports
from core.progress import report

if TYPE_CHECKING:
    from core.training.results.predicting import Predictions
    from core.training.runs import Which

_SHOWN = 500
"""Rows of the preview."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a network says of a file: all of it, and the first rows as text. ``doubt`` says why there is no table."""

    predictions: Predictions
    names: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    doubt: str = ""


def predict_path(run: Path, which: Which, path: Path) -> Predicted:
    """Predict all rows of a file, or all files of a folder.

    Raises:
        LayerwrightError: the run cannot be opened, or the file is nothing that its network takes.
    """
    with imports:
        from core.training.results.incoming import incoming
        from core.training.results.trained import open_trained
    report(0, 0, "Opening the network")
    trained = open_trained(run, which, "auto")
    report(0, 0, "Reading")
    given = incoming(trained, path)
    predictions = trained.predict(given.columns)
    headings, rows, doubt = _preview(predictions, given.names)
    return Predicted(predictions, given.names, headings, rows, (*given.notes, *predictions.notes), doubt)


def _preview(
    predictions: Predictions, names: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], str]:
    from core.training.results.tables import frame_of

    try:
        frame = frame_of(predictions, names)
    except DataError as error:
        return (), (), error.message
    shown = frame.head(_SHOWN)
    return tuple(frame.columns), tuple(tuple(map(_text, row)) for row in shown.iter_rows()), ""


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
