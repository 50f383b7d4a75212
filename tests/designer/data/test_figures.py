"""Facts in words: units by measure, dates, shares, and nothing said twice."""

from __future__ import annotations

import pytest

from core.data.preview import FieldFacts, Measure
from designer.data.figures import figures


def facts(measure: Measure, least: float, mean: float, most: float, missing: int = 0) -> FieldFacts:
    return FieldFacts(200, 200, missing=missing, measure=measure, least=least, mean=mean, most=most)


@pytest.mark.parametrize(
    ("measure", "least", "most", "shown"),
    [
        ("value", 1.25, 8, "1.25 to 8 · mean 4.5"),
        ("letters", 3, 12_000, "3 to 12,000 letters · mean 4.5"),
        ("seconds", 0.5, 2.25, "0.5 to 2.25 s · mean 4.5"),
        ("steps", 2, 9, "2 to 9 steps · mean 4.5"),
        ("brightness", 0, 1, "brightness 0 to 1 · mean 4.5"),
        ("date", 0, 86_400 * 31 + 3600, "1970-01-01 to 1970-02-01 01:00"),
        ("date", -1e18, 0, "-1e+18 to 1970-01-01"),
    ],
)
def test_each_measure_has_its_unit(measure: Measure, least: float, most: float, shown: str) -> None:
    assert figures(facts(measure, least, 4.5, most)) == f"{shown} · none missing"


def test_one_value_only_has_no_range() -> None:
    assert figures(facts("value", 7, 7, 7)) == "all 7 · none missing"


@pytest.mark.parametrize(("missing", "share"), [(1, "0.5 %"), (19, "9.5 %"), (50, "25 %"), (200, "100 %")])
def test_what_is_missing_is_counted_with_its_share(missing: int, share: str) -> None:
    assert figures(FieldFacts(200, 200, missing=missing)) == f"{missing} missing ({share})"


def test_what_the_reason_says_is_not_said_again() -> None:
    said = FieldFacts(200, 200, distinct=90, measure="value", least=1.5, mean=4, most=9)
    assert figures(said, "numbers from 1.5 to 9; 90 different values") == "mean 4 · none missing"


def test_samples_and_problems_are_named() -> None:
    assert figures(FieldFacts(5000, 48)) == "from 48 of 5,000 samples"
    assert figures(FieldFacts(9, 0, problem="row 7 cannot be read")) == "row 7 cannot be read"
