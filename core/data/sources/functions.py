"""Tables made from a seed by known laws: numbers, counts, shares, labels and orders to be learnt, and how well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.data.source import Column, RawData, SourceKind
from core.data.sources._made import SEED, draws, noise, numbers, objects, samples, words
from core.kinds import Value

_LABELS = ("upper", "right", "inner", "diagonal")
_MOST_EVENTS = 120


def _friedman(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Friedman, "Multivariate Adaptive Regression Splines", 1991: five of ten inputs matter."""
    drawn = draws(options)
    x = drawn.uniform(options["samples"], 10)
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = y + drawn.normal(len(x)) * options["noise"]
    columns = {f"x{number + 1}": numbers(x[:, number], "from 0 to 1") for number in range(10)}
    return RawData({**columns, "y": numbers(y, "10 sin(π x1 x2) + 20 (x3 − ½)² + 10 x4 + 5 x5 and noise", "target")})


def _curve(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """A sine whose noise grows from left to right, so that a prediction should say how sure it is."""
    drawn = draws(options)
    x = drawn.uniform(options["samples"]) * 6 - 3
    spread = options["noise"] * (x + 3.5) / 3.5
    y = np.sin(2 * x) + drawn.normal(len(x)) * spread
    return RawData({"x": numbers(x, "from −3 to 3"), "y": numbers(y, "sin 2x, with noise that grows with x", "target")})


def _counts(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Counts of a Poisson distribution, drawn by inverting its cumulative distribution."""
    drawn = draws(options)
    x = drawn.uniform(options["samples"], 2) * 2 - 1
    rate = np.exp(1.2 + 0.9 * x[:, 0] - 0.6 * x[:, 1])
    share = np.exp(-rate)
    total, level, count = share.copy(), drawn.uniform(len(x)), np.zeros(len(x))
    for number in range(1, _MOST_EVENTS):
        count += level > total
        share = share * rate / number
        total = total + share
    columns = {name: numbers(x[:, place], "from −1 to 1") for place, name in enumerate(("busyness", "rain"))}
    reason = "how often something happened: Poisson with the rate exp(1.2 + 0.9 busyness − 0.6 rain)"
    return RawData({**columns, "events": numbers(count, reason, "target")})


def _shares(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """How probable each of three clusters is at a point; they are normal, around the corners of a triangle."""
    drawn = draws(options)
    angle = 2 * np.pi * np.arange(3) / 3
    corners = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = corners[drawn.below(3, options["samples"])] + drawn.normal(options["samples"], 2) * 0.7
    scores = -((points[:, None] - corners) ** 2).sum(-1) / 2 / 0.7**2
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares = (shares / shares.sum(1, keepdims=True)).astype(np.float32)
    column = Column(shares, "array", reason="how probable each of 3 clusters is at the point", role="target")
    return RawData(
        {"x": numbers(points[:, 0], "a coordinate"), "y": numbers(points[:, 1], "a coordinate"), "shares": column}
    )


def _labels(options: Mapping[str, Value], _base: Path | None) -> RawData:
    drawn = draws(options)
    points = drawn.uniform(options["samples"], 2) * 2 - 1
    x, y = points.T
    holds = np.stack([y > 0, x > 0, np.hypot(x, y) < 0.7, np.abs(x - y) < 0.3], axis=1)
    rows = [tuple(label for label, held in zip(_LABELS, row, strict=True) if held) for row in holds.tolist()]
    where = Column(objects(rows), "labels", _LABELS, "4 regions, of which any number may hold", role="target")
    return RawData({"x": numbers(x, "a coordinate"), "y": numbers(y, "a coordinate"), "regions": where})


def _ranking(options: Mapping[str, Value], _base: Path | None) -> RawData:
    drawn = draws(options)
    first, second = drawn.uniform(options["samples"], 3), drawn.uniform(options["samples"], 3)
    scores = [3 * each[:, 0] - 2 * each[:, 1] + np.sin(3 * each[:, 2]) for each in (first, second)]
    better = scores[0] - scores[1] + drawn.normal(len(first)) * options["noise"] > 0
    columns = {
        f"{name} {trait}": numbers(values[:, place], "from 0 to 1")
        for name, values in (("first", first), ("second", second))
        for place, trait in enumerate(("quality", "price", "age"))
    }
    told = words(better, ("no", "yes"), "whether the first of the two is preferred", flag=True)
    return RawData({**columns, "first is better": told})


def _waves(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Hours of a year: warmth by year and day, and a load that follows it two hours later."""
    drawn = draws(options)
    hour = np.arange(options["samples"], dtype=np.float64)
    day, year = 2 * np.pi * hour / 24, 2 * np.pi * hour / (24 * 365)
    warmth = 10 - 10 * np.cos(year) - 5 * np.cos(day) + drawn.normal(len(hour)) * options["noise"]
    late = np.concatenate([warmth[:2], warmth[:-2]])
    load = 50 + 8 * np.sin(day) + 3 * np.sin(2 * day) - 1.5 * late + drawn.normal(len(hour)) * options["noise"]
    return RawData(
        {
            "hour": numbers(hour, "counts the hours: the order in time", "time"),
            "warmth": numbers(warmth, "waves by day and by year"),
            "load": numbers(load, "waves by day, and follows the warmth two hours later", "target"),
        },
        ("Choose windows of 24 rows or so: then a network sees the hours before those that it predicts.",),
    )


KINDS = (
    SourceKind(
        "friedman",
        "Friedman's function",
        "Ten numbers, of which five make up a number to be predicted.",
        _friedman,
        (samples(1000), noise(1.0, "the target"), SEED),
    ),
    SourceKind(
        "curve",
        "Noisy curve",
        "One number from another, with noise that grows: how sure is a prediction?",
        _curve,
        (samples(600), noise(0.2, "the target"), SEED),
    ),
    SourceKind(
        "counts",
        "Counts",
        "How often something happens, from two numbers: a Poisson distribution.",
        _counts,
        (samples(1000), SEED),
    ),
    SourceKind(
        "shares",
        "Shares",
        "Points in the plane, and how probable each of three clusters is there: a distribution.",
        _shares,
        (samples(600), SEED),
    ),
    SourceKind(
        "regions",
        "Overlapping regions",
        "Points in the plane with any number of four labels.",
        _labels,
        (samples(600), SEED),
    ),
    SourceKind(
        "preferences",
        "Preferences",
        "Pairs of things and which of the two is preferred: an order to be learnt.",
        _ranking,
        (samples(1000), noise(0.1, "the difference that decides"), SEED),
    ),
    SourceKind(
        "waves",
        "Waves in time",
        "Measurements hour by hour, for windows over a time series.",
        _waves,
        (samples(2000), noise(0.5, "both columns"), SEED),
    ),
)
