"""Numbers as people and spreadsheets write them: with a sign for per cent or money, and marks between thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_MONEY = "$€£¥"
_NUMBER = r"[+-]?[\d.,' \u00a0\u202f]*\d"
_BEFORE = rf"^([+-]?)\s*([{_MONEY}])\s*({_NUMBER})$"
_BEHIND = rf"^({_NUMBER})\s*([%{_MONEY}])$"
_THOUSANDS = r"^[+-]?\d{1,3}(?:MARK\d{3})+(?:\.\d+)?$"
_CERTAIN = r"^[+-]?\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?$|^[+-]?\d{1,3}(?:,\d{3})+\.\d+$"
_BLANKS = (" ", "\u00a0", "\u202f", "'")
_LOOKED_AT = 200


def plain_numbers(words: pl.Series, *, comma: bool) -> tuple[pl.Series, str]:
    """Return a column's cells without what stands around and within numbers, and what was left out ("": nothing).

    Only where the cells that hold something are all written so: one sign for all of them, and marks between thousands
    that divide groups of three digits.

    Args:
        words: text, null where missing.
        comma: whether numbers may have a decimal comma. One that could be either is then taken for that, unless a cell
            of the column has two of them, or one and a point behind it.
    """
    import polars as pl

    present = words.drop_nulls() if words.null_count() else words
    sample = present[:: max(1, len(present) // _LOOKED_AT)]
    if sample.cast(pl.Float64, strict=False).null_count() == 0 or not bool(sample.str.contains(r"\d").all()):
        return words, ""
    cells, sign = _without_sign(words, sample)
    cells, marks = _without_marks(cells, comma) if _divided(sample) else (cells, "")
    left_out = [each for each in (sign, marks) if each]
    return (cells, f"{' and '.join(left_out)} left out") if left_out else (words, "")


def _divided(sample: pl.Series) -> bool:
    """Say whether a cell has marks between its thousands, whatever stands around them."""
    return bool(sample.str.contains(r"\d[,' \u00a0\u202f]\d{3}(?:\D|$)").any())


def _without_sign(words: pl.Series, sample: pl.Series) -> tuple[pl.Series, str]:
    """Return cells without the one sign that all of them have before or behind their number."""
    for pattern, place, kept in ((_BEHIND, 2, "${1}"), (_BEFORE, 2, "${1}${3}")):
        signs = sample.str.extract(pattern, place)
        if signs.null_count() or signs.n_unique() != 1:
            continue
        whole = words.str.extract(pattern, place)
        if whole.null_count() == words.null_count() and whole.drop_nulls().n_unique() == 1:
            return words.str.replace(pattern, kept), f"'{signs[0]}'"
    return words, ""


def _without_marks(words: pl.Series, comma: bool) -> tuple[pl.Series, str]:
    """Return cells without marks between thousands, where each number either is below a thousand or has them."""
    for mark in (",", *_BLANKS):
        divided = words.str.contains(_THOUSANDS.replace("MARK", mark))
        if not divided.any() or (mark == "," and comma and not words.str.contains(_CERTAIN).any()):
            continue
        small = words.str.contains(r"^[+-]?\d{1,3}(?:\.\d+)?$")
        if bool((divided | small).drop_nulls().all()):
            shown = {" ": "blank", "\u00a0": "blank", "\u202f": "blank"}.get(mark, f"'{mark}'")
            return words.str.replace_all(mark, "", literal=True), f"{shown} between thousands"
    return words, ""
