"""What a column means: number, category, flag, date, labels, text, files or identifier, always with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core import units
from core.data.cells import held_once
from core.data.dates import ENOUGH, Dates, is_ordered, iso, read_dates
from core.data.nested import list_column
from core.data.roles import TARGETS, plain
from core.data.source import Array, Column
from core.data.values import category_order, number_text
from core.data.written import plain_numbers
from core.graph.project import Meaning, Role

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 50
"""A column with more different words than this is not offered as a category by itself."""

_FLAGS = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"))
_MOST_LABELS = 200
_FEW = 1000
_EXACT = 2.0**53
_DAY = 19_000_101, 21_001_231


@dataclass(frozen=True)
class _Facts:
    """What was counted in a column: ``filled`` cells that hold something, and how many different ones."""

    name: str
    rows: int
    filled: int
    distinct: int

    @property
    def gaps(self) -> str:
        """The end of a reason: how many cells are missing."""
        return f"; {self.rows - self.filled:,} missing" if self.filled < self.rows else ""

    @property
    def spread(self) -> str:
        return f"{units.plural(self.distinct, 'different value')} in {units.plural(self.filled, 'row')}"

    @property
    def unique(self) -> bool:
        return self.distinct == self.filled

    @property
    def last_word(self) -> str:
        """The last word of the name in lower case: ``id`` of ``Individual ID`` and of ``customerId``."""
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", self.name)
        return words[-1].lower() if words else ""


@dataclass(frozen=True)
class Hints:
    """What is known of a table besides a column's cells.

    ``comma``: numbers may have a decimal comma. ``last``: it is the last column, by custom the target. ``typed``:
    the file says that words are words, even where they look like numbers.
    """

    comma: bool = False
    last: bool = False
    typed: bool = False


def infer_column(name: str, cells: pl.Series, hints: Hints) -> Column:
    """Infer what a column means from all of its cells.

    Args:
        name: the column's name, which helps to recognise identifiers and targets.
        cells: text (stripped, null where missing), or whatever type a file gives its columns.
        hints: what is known of the table.
    """
    import polars as pl

    if cells.null_count() == len(cells) or cells.dtype == pl.Null:
        return Column(np.full(len(cells), None, dtype=object), "text", reason="every cell is missing", role="ignore")
    if cells.dtype == pl.String:
        column = _text_column(name, cells, hints)
    elif cells.dtype == pl.Boolean:
        column = _word_column(name, cells.cast(pl.String))
    elif cells.dtype.is_numeric():
        column = _typed_numbers(name, cells, hints)
    elif cells.dtype in (pl.Date, pl.Datetime):
        dates = Dates(iso(cells), "", False, is_ordered(cells))
        column = _date_column(dates, f"stored as dates, such as {dates.words.drop_nulls()[0]}")
    elif isinstance(cells.dtype, pl.List | pl.Array):
        column = list_column(cells)
    elif cells.dtype in (pl.Categorical, pl.Enum, pl.Time, pl.Duration):
        column = _word_column(name, cells.cast(pl.String))
    else:
        reason = f"cells of type {str(cells.dtype).split('(')[0].lower()} are not read"
        return Column(np.full(len(cells), None, dtype=object), "text", reason=reason, role="ignore")
    if len(cells) - cells.null_count() < 0.4 * len(cells) and column.role != "ignore":
        reason = f"{column.reason}; left out because most cells are missing"
        column = replace(column, role="ignore", reason=reason)
    return column


def _text_column(name: str, words: pl.Series, hints: Hints) -> Column:
    filled = len(words) - words.null_count()
    if hints.typed:
        return _word_column(name, words)
    plain_words, written = plain_numbers(words, comma=hints.comma)
    values = _numbers(plain_words, hints.comma)
    good = len(values) - int(np.isnan(values).sum())
    enough = good and (good == filled or (good >= 20 and good >= ENOUGH * filled))
    if enough and not (_has_leading_zeros(words) or _is_huge(values) or _has_many_digits(plain_words, values)):
        column = _number_column(name, values, hints.last)
        strays = f"; {_strays(words, values)} and count as missing" if good < filled else ""
        strays += f"; {written}" if written else ""
    else:
        column = _word_column(name, words)
        strays = ""
        if good == filled and column.meaning != "date":
            strays = "; kept as words: as numbers they would lose digits"
        elif 2 * good >= filled and good < filled and column.meaning in ("category", "text", "identifier"):
            strays = f"; most cells are numbers, but {_strays(words, values)}"
    return replace(column, reason=column.reason + strays)


def _typed_numbers(name: str, cells: pl.Series, hints: Hints) -> Column:
    """Return a column that a file stores as numbers; whole ones beyond 2^53 are kept as words."""
    import polars as pl

    values = _finite(cells.cast(pl.Float64))
    if cells.dtype.is_integer() and _is_huge(values):
        column = _word_column(name, cells.cast(pl.String))
        return replace(column, reason=f"{column.reason}; kept as words: as numbers they would lose digits")
    if bool(np.isnan(values).all()):
        return Column(values, "number", reason="no cell is a finite number", role="ignore")
    return _number_column(name, values, hints.last)


def _numbers(words: pl.Series, comma: bool) -> Array:
    """Return the cells as float64, NaN where they are missing or no finite number."""
    import polars as pl

    numbers = words.cast(pl.Float64, strict=False)
    if comma and numbers.null_count() > words.null_count():
        with_comma = words.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        other = with_comma.cast(pl.Float64, strict=False)
        with_point = numbers.is_not_null() & words.str.contains(".", literal=True)
        if other.null_count() < numbers.null_count() and not with_point.any():
            numbers = other
    return _finite(numbers)


def _finite(numbers: pl.Series) -> Array:
    """Return float64 with NaN for what is missing or infinite."""
    values = numbers.to_numpy()
    infinite = np.isinf(values)
    return np.where(infinite, np.nan, values) if bool(infinite.any()) else values


def _has_leading_zeros(words: pl.Series) -> bool:
    """Say whether cells such as ``007`` lose something when they become numbers."""
    if len(words) < _FEW:
        return any(cell is not None and cell[:1] == "0" and cell[1:2].isdigit() for cell in words.to_list())
    zero = words.str.starts_with("0")
    return bool(zero.any()) and bool(words.filter(zero).str.contains(r"^0\d").any())


def _is_huge(values: Array) -> bool:
    """Say whether whole numbers are too large for float64 to tell neighbours apart: account numbers and the like."""
    huge = np.abs(values[np.abs(values) >= _EXACT])
    return bool(((huge == np.floor(huge)) & (huge < 1e19)).any())


def _has_many_digits(words: pl.Series, values: Array) -> bool:
    """Say whether a whole number is written out with more digits than float64 holds, whatever its size."""
    return bool((np.abs(values) >= _EXACT).any()) and bool(words.str.contains(r"^[+-]?\d{17,}$").any())


def _strays(words: pl.Series, values: Array) -> str:
    stray = np.flatnonzero(words.is_not_null().to_numpy() & np.isnan(values)).tolist()
    count = "1 cell is" if len(stray) == 1 else f"{len(stray):,} cells are"
    return f"{count} no number ('{words[stray[0]]}' in row {stray[0] + 1})"


def _number_column(name: str, values: Array, last: bool) -> Column:
    """Return a column of numbers, NaN where missing; at least one is there."""
    gaps = np.isnan(values)
    present = values[~gaps] if bool(gaps.any()) else values
    low, high = float(present.min()), float(present.max())
    span = f"from {number_text(low)} to {number_text(high)}"
    facts = _Facts(name, len(values), len(present), 1)
    if low == high:
        reason = f"{number_text(low)} in every row: it tells nothing apart{facts.gaps}"
        return Column(values, "number", reason=reason, role="ignore")
    if not bool((present == np.floor(present)).all()):
        return Column(values, "number", reason=f"numbers {span}{facts.gaps}")
    facts = replace(facts, distinct=_count_different(present))
    if facts.distinct == 2 and (low, high) == (0, 1):
        return Column(values, "flag", ("0", "1"), f"only 0 and 1{facts.gaps}")
    if facts.last_word == "date" and low >= _DAY[0] and high <= _DAY[1] and (dates := _days(values)):
        return _date_column(dates, f"every value is a date written as {dates.form}{facts.gaps}")
    if reason := _identifier_reason(facts, present, low, high):
        return Column(values, "identifier", reason=reason, role="ignore")
    if _are_class_codes(facts, low, high, last):
        categories = tuple(number_text(number) for number in np.unique(present).tolist())
        reason = f"whole numbers that look like classes: {facts.spread}{facts.gaps}"
        return Column(values, "category", categories, reason)
    reason = f"all values are whole numbers; {facts.distinct:,} different, {span}{facts.gaps}"
    return Column(values, "number", reason=reason)


def _count_different(numbers: Array) -> int:
    import polars as pl

    return pl.Series(numbers).n_unique()


def _days(values: Array) -> Dates | None:
    """Return numbers such as 20240131 as dates, or None where one is none."""
    import polars as pl

    whole = pl.Series(values).fill_nan(None).cast(pl.Int64)
    days = whole.cast(pl.String).str.to_date("%Y%m%d", strict=False)
    if days.null_count() > whole.null_count():
        return None
    return Dates(iso(days), "yearmonthday", False, is_ordered(days))


def _date_column(dates: Dates, reason: str) -> Column:
    words = dates.words
    values = held_once(words, words.drop_nulls().unique())
    if dates.ordered:
        return Column(values, "date", reason=f"{reason}; in order from row to row: suggested as time", role="time")
    return Column(values, "date", reason=reason)


def _identifier_reason(facts: _Facts, present: Array, low: float, high: float) -> str:
    """Return why whole numbers look like an identifier, or an empty string."""
    word = facts.last_word
    if facts.unique and facts.filled >= 10:
        if word in ("id", "key", "index", "number", "no", "nr"):
            return "unique in every row, and named so: looks like an identifier"
        if bool((np.diff(present) == 1).all()):
            return "counts the rows: looks like an identifier"
    if facts.distinct > 20 and (word == "id" or (word in ("number", "no", "nr") and high - low + 1 == facts.distinct)):
        return f"{facts.spread}, and named so: looks like an identifier"
    return ""


def _are_class_codes(facts: _Facts, low: float, high: float, last: bool) -> bool:
    if facts.filled < 3 * facts.distinct:
        return False
    if plain(facts.name) in TARGETS and facts.distinct <= 20:
        return True
    return last and low in (0, 1) and high - low + 1 == facts.distinct and facts.distinct <= 10


def _word_column(name: str, words: pl.Series) -> Column:
    """Return a column of words, null where missing; at least one is there."""
    present = words.drop_nulls()
    unique = present.unique()
    facts = _Facts(name, len(words), len(present), len(unique))
    if dates := read_dates(words):
        return _written_dates(facts, words, dates)
    if labels := _labels(facts, words, unique):
        return labels
    values = held_once(words, unique)
    meaning, role, reason = _word_meaning(facts, present, unique)
    reason += facts.gaps
    if meaning not in ("category", "flag"):
        return Column(values, meaning, reason=reason, role=role)
    found = unique.to_list()
    order = tuple(sorted(found, key=str.lower)) if meaning == "flag" else category_order(found)
    return Column(values, meaning, order, reason, role)


def _written_dates(facts: _Facts, words: pl.Series, dates: Dates) -> Column:
    first = words.drop_nulls()[0]
    good = len(words) - dates.words.null_count()
    if good == facts.filled:
        reason = f"every value is a date, such as {first}, read as {dates.form}"
    else:
        row = (words.is_not_null() & dates.words.is_null()).arg_true()[0]
        few = "1 cell is" if facts.filled - good == 1 else f"{facts.filled - good:,} cells are"
        reason = f"dates, such as {first}, read as {dates.form}; {few} none ('{words[row]}' in row {row + 1})"
        reason += " and count as missing"
    if dates.doubt:
        reason += "; no value tells day and month apart, so look whether that is right"
    return _date_column(dates, reason + facts.gaps)


def _labels(facts: _Facts, words: pl.Series, unique: pl.Series) -> Column | None:
    """Return cells such as ``red|round`` as labels, or None where they are not several words out of a few."""
    sample = unique.head(500).to_list()
    for mark in "|;,":
        if 5 * sum(mark in cell for cell in sample) < len(sample):
            continue
        parts = {part.strip() for part in unique.str.split(mark).explode().to_list()} - {""}
        few = len(parts) <= _MOST_LABELS and facts.filled >= 2 * len(parts)
        short = all(len(part) <= 40 and part.count(" ") <= 3 for part in parts)
        # "Berlin, Germany" is one thing in two words: labels are combined in more ways than there are labels.
        if few and short and len(parts) > 1 and (mark != "," or len(parts) < len(unique)):

            def divided(cell: str, mark: str = mark) -> tuple[str, ...]:
                return tuple(dict.fromkeys(part.strip() for part in cell.split(mark) if part.strip()))

            reason = f"words between '{mark}': {units.plural(len(parts), 'different label')}{facts.gaps}"
            return Column(held_once(words, unique, divided), "labels", category_order(parts), reason)
    return None


def _word_meaning(facts: _Facts, present: pl.Series, unique: pl.Series) -> tuple[Meaning, Role, str]:
    """Return what words mean, what for, and why."""
    if facts.distinct == 1:
        return "category", "ignore", f"'{present[0]}' in every row: it tells nothing apart"
    pair = tuple(sorted(unique.str.to_lowercase().to_list())) if facts.distinct == 2 else ()
    if pair in _FLAGS:
        return "flag", "input", f"only '{pair[0]}' and '{pair[1]}'"
    sample = present.gather_every(max(1, len(present) // 5000))
    spaces = float(sample.str.count_matches(r"\s+").mean() or 0)  # type: ignore[arg-type]
    letters, stored = int(sample.str.len_chars().sum()), int(sample.str.len_bytes().sum())
    if spaces >= 8:
        return "text", "input", f"{spaces + 1:.0f} words in a cell on average"
    if letters >= 15 * len(sample) and stored >= 2.5 * letters:
        return "text", "input", f"{letters / len(sample):.0f} characters in a cell on average"
    if facts.last_word in ("id", "uuid", "guid") and facts.distinct > 20:
        return "identifier", "ignore", f"{facts.spread}, and named so: looks like an identifier"
    if facts.distinct <= MOST_CATEGORIES and facts.distinct <= max(2, facts.filled / 2):
        return "category", "input", facts.spread
    if facts.unique and spaces < 1:
        return "identifier", "ignore", "unique in every row: looks like an identifier"
    if facts.distinct <= 1000 and facts.filled >= 10 * facts.distinct:
        return "category", "ignore", f"{facts.spread}: left out because there are so many"
    return "text", "input" if spaces >= 4 else "ignore", f"{facts.spread}: too many for a category"
