"""What comes out of a project's data pipeline, row by row: as read, as the network gets it, and decoded again.

Only the rows that are asked for are read, so that a page of a million rows or of 50,000 images costs the same as one of
a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path

import numpy as np

from core.data.preview import FieldFacts
from core.data.sample_arrangement import Only, PartChoice, Use, arranged
from core.data.sample_batch import Batch, SampleRow
from core.data.sample_forms import MOST_TOKENS, MOST_TOKENS_LARGE, Form, Shown, form_of
from core.data.splits import PARTS
from core.errors import DataError
from core.graph.project import Field, Project
from core.progress import report

CHUNK = 16
"""Rows that are read, prepared and augmented together."""
_SIDE, _SIDE_LARGE = 256, 1024


@dataclass(frozen=True)
class SampleField:
    """A field, what it is for, and in which form its values are shown."""

    field: Field
    use: Use
    form: Form


@dataclass(frozen=True, eq=False)
class Overview:
    """All rows at a glance. ``problem`` says why they cannot be prepared; then there are only raw values, in "all"."""

    rows: int
    counts: Mapping[PartChoice, int]
    fields: tuple[SampleField, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, eq=False)
class SamplePage:
    """Some samples in a row, beginning with the ``start``-th of ``count``."""

    start: int
    rows: tuple[SampleRow, ...]
    count: int


@dataclass(frozen=True, eq=False)
class Large:
    """One sample with its values before preparation in full, too."""

    row: SampleRow
    before: Mapping[str, Shown] = attribute(default_factory=dict)


def overview(project: Project, base: Path | None) -> Overview:
    """Divide the rows and say what there is to be seen; it reports how far it is through ``core.progress``.

    Raises:
        DataError: the data cannot be read. (What does not fit it is told in the answer.)
        Cancelled: whoever watches wants no more of it.
    """
    made = arranged(project, base)
    counts: dict[PartChoice, int] = {}
    if made.arranged is not None:
        counts.update({part: len(made.arranged.division.part(part)) for part in PARTS})
    counts["all"] = made.raw.rows
    fields = tuple(SampleField(each, made.pipeline.use(each.name), form_of(each)) for each in made.fields)
    notes = (*made.raw.notes, *(made.arranged.notes if made.arranged else ()))
    return Overview(made.raw.rows, counts, fields, notes, made.problem)


def samples(
    project: Project,
    base: Path | None,
    part: PartChoice,
    start: int,
    count: int,
    epoch: int | None = None,
    only: Only | None = None,
) -> SamplePage:
    """Return some samples of a part, decoded; a row that cannot be read says so in its cells.

    Args:
        project: whose data it is.
        base: the folder that relative paths start from.
        part: which rows; "all" has those that are left out, too.
        start: place of the first one.
        count: how many there shall be, as far as there are so many.
        epoch: as training augments them in this epoch, from 0; None: not augmented. Other parts never are. Samples are
            blended with others of the same ``CHUNK`` (counted from ``start``), in training with those of their batch.
        only: show those of one class.

    Raises:
        DataError: the data cannot be read at all.
        Cancelled: whoever watches wants no more of it.
    """
    made = arranged(project, base)
    rows, numbers = made.rows(part, only)
    wanted = range(max(start, 0), min(start + count, len(rows)))
    found: list[SampleRow] = []
    for first in range(wanted.start, wanted.stop, CHUNK):
        report(first - wanted.start, len(wanted), "reading samples")
        places = slice(first, min(first + CHUNK, wanted.stop))
        batch = Batch(made, part, rows[places], numbers[places], _SIDE, MOST_TOKENS)
        found += batch.finish(first, epoch)
    return SamplePage(wanted.start, tuple(found), len(rows))


def large(
    project: Project,
    base: Path | None,
    part: PartChoice,
    place: int,
    epoch: int | None = None,
    only: Only | None = None,
) -> Large:
    """Return one sample in full, before and after; arguments and errors as for ``samples``.

    Raises:
        IndexError: there is no such place.
    """
    made = arranged(project, base)
    rows, numbers = made.rows(part, only)
    if not 0 <= place < len(rows):
        raise IndexError(place)
    first = place if epoch is None else place // CHUNK * CHUNK
    places = slice(first, first + 1 if epoch is None else first + CHUNK)
    batch = Batch(made, part, rows[places], numbers[places], _SIDE_LARGE, MOST_TOKENS_LARGE)
    row = batch.finish(first, epoch)[place - first]
    return Large(row, {name: batch.before(name, place - first) for name in batch.values})


def part_facts(project: Project, base: Path | None, part: PartChoice) -> dict[str, FieldFacts]:
    """Return facts about every field over a part: how much is missing, its range and histogram, its categories.

    Of images, sounds and the like some rows are looked at.

    Raises:
        DataError: the data cannot be read.
        Cancelled: whoever watches wants no more of it.
    """
    made = arranged(project, base)
    found = {}
    for place, each in enumerate(made.fields):
        report(place, len(made.fields), f"looking at '{each.name}'")
        found[each.name] = made.facts(part, each)
    return found


def locate(project: Project, base: Path | None, row: int) -> tuple[PartChoice, int]:
    """Return the part in which a row of the source (from 0) is, and its place there; in "all" where it is in none.

    Raises:
        DataError: there is no such row, or the data cannot be read.
    """
    made = arranged(project, base)
    if not 0 <= row < made.raw.rows:
        raise DataError(f"There is no row {row + 1:,}: the data has {made.raw.rows:,} rows.")
    part = made.part_of(row)
    return (part, int(np.searchsorted(made.rows(part, None)[0], row))) if part else ("all", row)
