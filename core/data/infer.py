"""What a column of words means: number, category, flag, text, identifier or date, always with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core import units
from core.data.source import Array, Column
from core.data.values import category_order, number_text
from core.graph.project import Meaning

if TYPE_CHECKING:
    import polars as pl

MOST_CATEGORIES = 50
"""A column with more different words than this is not offered as a category by itself."""

_FLAGS = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"))
_TARGETS = (
    "target label labels class classes species outcome diagnosis survived y digit category output response result"
).split()
_DATE = r"^(\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}.*)?|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2}))$"
_EXACT = 2.0**53


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


def infer_column(name: str, words: pl.Series, *, comma: bool, last: bool = False) -> Column:
    """Infer what a column means from all of its cells.

    Args:
        name: the column's name, which helps to recognise identifiers and targets.
        words: the cells as text, stripped, null where missing.
        comma: whether numbers may have a decimal comma.
        last: whether it is the table's last column, by custom the target.
    """
    filled = len(words) - words.null_count()
    if not filled:
        return Column(words.to_numpy(), "text", reason="every cell is missing", role="ignore")
    numbers = _numbers(words, comma)
    good = len(numbers) - numbers.null_count()
    exact = not (_has_leading_zeros(words) or _is_huge(numbers))
    if exact and (good == filled or (good >= 20 and good >= 0.95 * filled)):
        column = _number_column(name, numbers, last)
        if good < filled:
            column = replace(column, reason=f"{column.reason}; {_strays(words, numbers)}")
    else:
        column = _word_column(_Facts(name, len(words), filled, words.drop_nulls().n_unique()), words)
        if good == filled:
            column = replace(column, reason=f"{column.reason}; kept as words: as numbers they would lose digits")
    if filled < 0.4 * len(words) and column.role != "ignore":
        reason = f"{column.reason}; left out because most cells are missing"
        column = replace(column, role="ignore", reason=reason)
    return column


def _numbers(words: pl.Series, comma: bool) -> pl.Series:
    """Return the cells as float64, null where they are missing or no finite number."""
    import polars as pl

    numbers = words.cast(pl.Float64, strict=False)
    if comma and numbers.null_count() > words.null_count():
        with_comma = words.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        other = with_comma.cast(pl.Float64, strict=False)
        with_point = numbers.is_not_null() & words.str.contains(".", literal=True)
        if other.null_count() < numbers.null_count() and not with_point.any():
            numbers = other
    return pl.select(pl.when(numbers.is_finite()).then(numbers).alias(words.name)).to_series()


def _has_leading_zeros(words: pl.Series) -> bool:
    """Say whether cells such as ``007`` lose something when they become numbers."""
    suspects = words.filter(words.str.starts_with("0") & (words.str.len_bytes() > 1))
    return bool(len(suspects)) and bool(suspects.str.contains(r"^0\d").any())


def _is_huge(numbers: pl.Series) -> bool:
    """Say whether whole numbers are too large for float64 to tell neighbours apart: account numbers and the like."""
    absolute = numbers.drop_nulls().abs()
    return bool(((absolute >= _EXACT) & (absolute == absolute.floor()) & (absolute < 1e19)).any())


def _strays(words: pl.Series, numbers: pl.Series) -> str:
    stray = (words.is_not_null() & numbers.is_null()).arg_true()
    count = "1 cell is" if len(stray) == 1 else f"{len(stray):,} cells are"
    return f"{count} no number ('{words[stray[0]]}' in row {stray[0] + 1}) and count as missing"


def _number_column(name: str, numbers: pl.Series, last: bool) -> Column:
    values = numbers.fill_null(float("nan")).to_numpy()
    present = values[~np.isnan(values)]
    facts = _Facts(name, len(values), len(present), numbers.drop_nulls().n_unique())
    low, high = float(present.min()), float(present.max())
    span = f"from {number_text(low)} to {number_text(high)}"
    if facts.distinct == 1:
        reason = f"{number_text(low)} in every row: it tells nothing apart{facts.gaps}"
        return Column(values, "number", reason=reason, role="ignore")
    if not bool((present == np.floor(present)).all()):
        return Column(values, "number", reason=f"numbers {span}{facts.gaps}")
    if facts.distinct == 2 and (low, high) == (0, 1):
        return Column(values, "flag", ("0", "1"), f"only 0 and 1{facts.gaps}")
    if reason := _identifier_reason(facts, present, low, high):
        return Column(values, "identifier", reason=reason, role="ignore")
    if _are_class_codes(facts, low, high, last):
        categories = tuple(number_text(number) for number in np.unique(present).tolist())
        reason = f"whole numbers that look like classes: {facts.spread}{facts.gaps}"
        return Column(values, "category", categories, reason)
    reason = f"all values are whole numbers; {facts.distinct:,} different, {span}{facts.gaps}"
    return Column(values, "number", reason=reason)


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
    if re.sub(r"[^a-z]", "", facts.name.lower()) in _TARGETS and facts.distinct <= 20:
        return True
    return last and low in (0, 1) and high - low + 1 == facts.distinct and facts.distinct <= 10


def _word_column(facts: _Facts, words: pl.Series) -> Column:
    values = words.to_numpy()
    present = words.drop_nulls()
    meaning, reason = _word_meaning(facts, present)
    reason += facts.gaps
    if meaning not in ("category", "flag"):
        return Column(values, meaning, reason=reason, role="ignore")
    unique = present.unique().to_list()
    if meaning == "flag":
        return Column(values, "flag", tuple(sorted(unique, key=str.lower)), reason)
    useful = 1 < facts.distinct <= MOST_CATEGORIES
    return Column(values, "category", category_order(unique), reason, "input" if useful else "ignore")


def _word_meaning(facts: _Facts, present: pl.Series) -> tuple[Meaning, str]:
    if bool(present.str.contains(_DATE).all()):
        return "date", f"every value is a date, such as {present[0]}"
    if facts.distinct == 1:
        return "category", f"'{present[0]}' in every row: it tells nothing apart"
    pair = tuple(sorted(present.unique().str.to_lowercase().to_list())) if facts.distinct == 2 else ()
    if pair in _FLAGS:
        return "flag", f"only '{pair[0]}' and '{pair[1]}'"
    spaces = float(present.str.count_matches(r"\s+").mean() or 0)  # type: ignore[arg-type]
    if spaces >= 8:
        return "text", f"{spaces + 1:.0f} words in a cell on average"
    if facts.last_word in ("id", "uuid", "guid") and facts.distinct > 20:
        return "identifier", f"{facts.spread}, and named so: looks like an identifier"
    if facts.distinct <= MOST_CATEGORIES and facts.distinct <= max(2, facts.filled / 2):
        return "category", facts.spread
    if facts.unique and spaces < 1:
        return "identifier", "unique in every row: looks like an identifier"
    if facts.distinct <= 1000 and facts.filled >= 10 * facts.distinct:
        return "category", f"{facts.spread}: left out because there are so many"
    return "text", f"{facts.spread}: too many for a category"


def suggest_target(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns with one of them as the target, and why: by its name, or the last category, or number."""
    usable = [name for name, column in columns.items() if column.role != "ignore"]
    if len(usable) < 2:
        return dict(columns)
    named = {re.sub(r"[^a-z]", "", name.lower()): name for name in reversed(usable)}
    by_name = next((named[word] for word in _TARGETS if word in named), None)
    classes = [name for name in usable if columns[name].meaning in ("category", "flag")]
    if by_name is not None:
        target, why = by_name, "of its name"
    elif classes:
        target, why = classes[-1], "it is the last category"
    else:
        target, why = usable[-1], "it is the last number"
    reason = f"{columns[target].reason}; suggested as target because {why}"
    return {**columns, target: replace(columns[target], role="target", reason=reason)}
