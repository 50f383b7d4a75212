"""Opens a trained network to be tried, with what its data tells about sensible values; free of Qt, for jobs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.data.source import Array, Lazy
from core.data.values import as_numbers
from core.errors import LayerwrightError
from core.loading import imports
from core.training.runs import Run, Which
from designer.results.looking import SampleRows
from designer.results.showing import taken

if TYPE_CHECKING:
    from core.data.fitted import FittedField
    from core.training.results.trained import Trained

_LOOKED_AT = 200
_INK = 0.25
"""Share of the range from background to ink from which on a pixel is drawn on."""


@dataclass(frozen=True)
class NumberFacts:
    """The range of a number in the data; ``whole`` where there are no fractions."""

    low: float
    high: float
    middle: float
    whole: bool = False


@dataclass(frozen=True)
class DrawingFacts:
    """How drawings lie in the images of the data, all in shares of the frame.

    ``extent`` is how much of the frame the longer side of a drawing takes, ``centre`` (down, across) where its middle
    is. ``background`` and ``ink`` are brightnesses in 0..1.
    """

    extent: float = 0.72
    centre: tuple[float, float] = (0.5, 0.5)
    background: float = 0.0
    ink: float = 1.0


@dataclass(frozen=True, eq=False)
class Ready:
    """A network that can be asked. ``samples`` are None where the data cannot be read, and ``doubt`` says why."""

    run: Path
    which: Which
    stamp: int
    trained: Trained
    samples: SampleRows | None
    rows: NDArray[np.int64]
    numbers: Mapping[str, NumberFacts] = field(default_factory=dict)
    drawings: Mapping[str, DrawingFacts] = field(default_factory=dict)
    doubt: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


def open_ready(folder: Path, which: Which, before: Ready | None = None) -> Ready:
    """Open a run's network; what is known of its data is taken over from before where that was the same run.

    Raises:
        LayerwrightError: the run is damaged or has no such weights.
    """
    with imports:
        from core.training.results.trained import open_trained

    run = Run.open(folder)
    stamp = run.weights(which).stat().st_mtime_ns
    trained = open_trained(run, which)
    if before is not None and before.run == folder:
        return Ready(
            folder, which, stamp, trained, before.samples, before.rows, before.numbers, before.drawings, before.doubt
        )
    try:
        samples = SampleRows(run.project(), run.base, trained.preprocessing)
        rows = _rows(run)
        numbers, drawings = _facts(samples, rows)
    except (LayerwrightError, OSError, KeyError, ValueError) as error:
        return Ready(folder, which, stamp, trained, None, np.zeros(0, dtype=np.int64), doubt=str(error))
    return Ready(folder, which, stamp, trained, samples, rows, numbers, drawings)


def _rows(run: Run) -> NDArray[np.int64]:
    """Return the rows of the validation part, or where there are none those of the training part."""
    with np.load(run.path / "splits.npz", allow_pickle=False) as splits:
        rows = np.asarray(splits["validation"], dtype=np.int64)
        return rows if len(rows) else np.asarray(splits["training"], dtype=np.int64)


def _facts(samples: SampleRows, rows: NDArray[np.int64]) -> tuple[dict[str, NumberFacts], dict[str, DrawingFacts]]:
    numbers: dict[str, NumberFacts] = {}
    drawings: dict[str, DrawingFacts] = {}
    for name in samples.preprocessing.needed:
        fitted, values = samples.preprocessing.fields[name], samples.raw.columns[name].values
        if fitted.field.meaning == "number" and not isinstance(values, Lazy):
            numbers[name] = number_facts(as_numbers(values))
        elif drawable(fitted):
            some = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _LOOKED_AT)).astype(np.int64))]
            drawings[name] = drawing_facts(taken(values, some))
    return numbers, drawings


def number_facts(values: NDArray[np.float64]) -> NumberFacts:
    """Return the range of numbers, those that are missing left out."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return NumberFacts(0.0, 1.0, 0.0)
    whole = bool((finite == np.round(finite)).all())
    return NumberFacts(float(finite.min()), float(finite.max()), float(np.median(finite)), whole)


def frame_of(fitted: FittedField) -> tuple[int, int]:
    """Return height and width of a field's images as they are read; where they differ, as the network sees them."""
    from core.graph.meanings import meanings

    shape = fitted.field.shape
    if len(shape) < 3 or 0 in shape:
        seen = meanings["image"].as_input(fitted.field).shape
        return int(seen[-2]), int(seen[-1])
    return shape[-2], shape[-1]


def drawable(fitted: FittedField) -> bool:
    """Return True for images of one channel, as the network sees them."""
    from core.graph.meanings import meanings

    return fitted.field.meaning == "image" and meanings["image"].as_input(fitted.field).shape[0] == 1


def drawing_facts(images: Array) -> DrawingFacts:
    """Return how drawings lie in images (rows, channels, height, width), or objects of such."""
    extents, centres, edges, inks = [], [], [], []
    for image in images:
        plane = np.asarray(image, dtype=np.float64).mean(axis=0)
        plane = plane / 255 if np.asarray(image).dtype == np.uint8 else plane
        border = np.concatenate((plane[0], plane[-1], plane[:, 0], plane[:, -1]))
        background = float(np.median(border))
        away = np.abs(plane - background)
        if not away.max():
            continue
        edges.append(background)
        inks.append(float(plane.flat[int(np.argmax(away))]))
        top, bottom, left, right = box_of(away > _INK * away.max())
        height, width = plane.shape
        extents.append(max((bottom - top) / height, (right - left) / width))
        centres.append(((top + bottom) / 2 / height, (left + right) / 2 / width))
    if not extents:
        return DrawingFacts()
    down, across = np.median(np.array(centres), axis=0).tolist()
    return DrawingFacts(float(np.median(extents)), (down, across), float(np.median(edges)), float(np.median(inks)))


def box_of(there: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return (top, bottom, left, right) of where something is true; there must be something."""
    down, across = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return int(down[0]), int(down[-1]) + 1, int(across[0]), int(across[-1]) + 1
