"""Dates as people write them, brought to ISO 8601: one form for a whole column, with what was assumed said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

ENOUGH = 0.95
"""The share of a column's cells that have to be of one kind for the others to count as mistakes."""

_SAMPLE = 200
_LIKELY = re.compile(r"\d{1,4}[-/. ]\w|[A-Za-z]{3,9} \d{1,2},? ?\d{4}")
_TIME = r"(?:[T ]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?([AaPp][Mm])?\s*(Z|[+-]\d{2}:?\d{2})?)?"
# What a cell looks like, how it is read, and how that is called. Where several fit, the earlier one is taken.
_FORMS = (
    (r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d", "year-month-day"),
    (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d", "year/month/day"),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", "%Y.%m.%d", "year.month.day"),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y", "day.month.year"),
    (r"\d{1,2}\.\d{1,2}\.\d{2}", "%d.%m.%y", "day.month.year"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%m/%d/%Y", "month/day/year"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y", "day/month/year"),
    (r"\d{1,2}/\d{1,2}/\d{2}", "%m/%d/%y", "month/day/year"),
    (r"\d{1,2}/\d{1,2}/\d{2}", "%d/%m/%y", "day/month/year"),
    (r"\d{1,2}-\d{1,2}-\d{4}", "%d-%m-%Y", "day-month-year"),
    (r"\d{1,2}-\d{1,2}-\d{4}", "%m-%d-%Y", "month-day-year"),
    (r"\d{1,2} \p{Alphabetic}{3,9} \d{4}", "%d %B %Y", "day month year"),
    (r"\d{1,2}-[A-Za-z]{3,9}-\d{4}", "%d-%B-%Y", "day-month-year"),
    (r"[A-Za-z]{3,9} \d{1,2}, ?\d{4}", "%B %d, %Y", "month day, year"),
    (r"[A-Za-z]{3,9} \d{1,2} \d{4}", "%B %d %Y", "month day year"),
)


@dataclass(frozen=True, eq=False)
class Dates:
    """A column read as dates.

    ``words`` are ISO 8601 (``2024-03-01`` or ``2024-03-01T12:30:00``, in Greenwich's time where cells name a zone),
    null where a cell is missing or no date. ``form`` is how they were written; ``doubt`` says so where the cells would
    allow another form. ``ordered`` says whether they never go back from row to row, and do go on.
    """

    words: pl.Series
    form: str
    doubt: bool
    ordered: bool


def read_dates(words: pl.Series) -> Dates | None:
    """Return a column's cells (stripped text, null where missing) as dates, or None where fewer than ENOUGH are dates.

    Fewer than 20 cells have to be dates without exception.
    """
    sample = words.drop_nulls().head(_SAMPLE)
    if not any(_LIKELY.match(cell) for cell in sample.head(3)):
        return None
    fitting = [
        form for form in _FORMS if (sample.str.contains(f"^{form[0]}{_TIME}$").sum() or 0) >= ENOUGH * len(sample)
    ]
    if not fitting:
        return None
    filled = len(words) - words.null_count()
    timed = bool(sample.str.contains(":", literal=True).any())
    read: list[tuple[int, bool, pl.Series, str]] = []
    for _looks, form, called in fitting:
        moments = _moments(words, form, timed)
        read.append((len(words) - moments.null_count(), is_ordered(moments), moments, called))
    good, ordered, moments, called = max(read, key=lambda each: each[:2])
    if good < filled and (filled < 20 or good < ENOUGH * filled):
        return None
    doubt = sum(each[:2] == (good, ordered) for each in read) > 1
    return Dates(iso(moments), called, doubt, ordered)


def iso(moments: pl.Series) -> pl.Series:
    """Write polars dates or moments by ISO 8601, without the time of day where it is midnight throughout."""
    import polars as pl

    if moments.dtype == pl.Date or bool((moments.dt.truncate("1d") == moments).all()):
        return moments.dt.strftime("%Y-%m-%d")
    return moments.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")


def is_ordered(values: pl.Series) -> bool:
    """Say whether dates or numbers never go back from row to row, do go on, and none is missing."""
    return len(values) > 2 and not values.null_count() and values.is_sorted() and bool(values[0] != values[-1])


def _moments(words: pl.Series, form: str, timed: bool) -> pl.Series:
    """Return dates, or moments where cells have a time of day; null where a cell is none."""
    import polars as pl

    if not timed:
        return words.str.to_date(form, strict=False)
    groups = words.str.extract_groups(f"^(.+?){_TIME}$").struct
    day, time, half, zone = (groups.field(name).alias(name) for name in groups.fields)
    frame = pl.DataFrame([day.str.to_date(form, strict=False).dt.strftime("%Y-%m-%dT").alias("day"), time, half, zone])
    _day, clock, noon, zoned = (pl.col(name) for name in frame.columns)
    seconds = pl.when(clock.str.count_matches(":") == 1).then(clock + ":00").otherwise(clock.fill_null("00:00:00"))
    start = pl.col("day") + seconds
    moments = (start + zoned.fill_null("Z")).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_unit="us")
    if half.null_count() < len(half):
        by_halves = (start + noon + zoned.fill_null("Z")).str.to_datetime(
            "%Y-%m-%dT%I:%M:%S%.f%p%#z", strict=False, time_unit="us"
        )
        moments = pl.when(noon.is_null()).then(moments).otherwise(by_halves)
    return frame.select(moments.dt.replace_time_zone(None)).to_series()
