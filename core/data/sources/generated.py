"""Points in the plane, made from a seed: the classic shapes on which a small network shows what it can bend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.source import Column, RawData, SourceKind
from core.kinds import Parameter, Value

Points = NDArray[np.float64]


def _raw(points: Points, classes: NDArray[np.int64], names: tuple[str, ...], options: Mapping[str, Value]) -> RawData:
    """Add noise (normal, standard deviation ``noise``) and shuffle: both from the seed."""
    generator = np.random.Generator(np.random.PCG64(options["seed"]))
    points = points + generator.standard_normal(points.shape) * options["noise"]
    order = np.argsort(generator.random(len(points)), kind="stable")
    words = np.array(names, dtype=object)[classes[order]]
    return RawData(
        {
            "x": Column(np.ascontiguousarray(points[order, 0]), "number", reason="a coordinate"),
            "y": Column(np.ascontiguousarray(points[order, 1]), "number", reason="a coordinate"),
            "class": Column(words, "category", names, f"{len(names)} classes: the shape of each point", role="target"),
        }
    )


def _moons(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Two half circles that reach into each other."""
    first = options["samples"] // 2
    upper, lower = (np.linspace(0, np.pi, count) for count in (first, options["samples"] - first))
    points = np.concatenate(
        [
            np.stack([np.cos(upper), np.sin(upper)], axis=1),
            np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
        ]
    )
    return _raw(points, np.repeat([0, 1], [len(upper), len(lower)]), ("upper", "lower"), options)


def _circles(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """A circle of radius 0.5 within one of radius 1."""
    first = options["samples"] // 2
    rings = []
    for count, radius in ((first, 1.0), (options["samples"] - first, 0.5)):
        angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
        rings.append(radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    classes = np.repeat([0, 1], [len(ring) for ring in rings])
    return _raw(np.concatenate(rings), classes, ("outer", "inner"), options)


def _spirals(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """As many arms as classes, each winding once and a half around the centre, radius 0 to 1."""
    arms = options["classes"]
    classes = np.arange(options["samples"]) % arms
    radius = (np.arange(options["samples"]) // arms + 1) / max(1, np.ceil(options["samples"] / arms))
    angle = 2 * np.pi * (classes / arms + 1.5 * radius)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _raw(points, classes, tuple(f"arm {arm + 1}" for arm in range(arms)), options)


def _blobs(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Clusters around points that lie evenly on a circle."""
    count = options["classes"]
    classes = np.arange(options["samples"]) % count
    angle = 2 * np.pi * classes / count
    return _raw(np.stack([np.cos(angle), np.sin(angle)], axis=1), classes, _names(count), options)


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"cluster {number + 1}" for number in range(count))


def _xor(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Four clusters, of which opposite ones are of one class: no straight line divides them."""
    corner = np.arange(options["samples"]) % 4
    points = np.stack([corner // 2 * 2 - 1, corner % 2 * 2 - 1], axis=1).astype(np.float64)
    return _raw(points, (points[:, 0] != points[:, 1]).astype(np.int64), ("equal", "different"), options)


def _options(noise: float) -> tuple[Parameter, ...]:
    return (
        Parameter("samples", "int", 400, "How many points to make.", minimum=10, maximum=1_000_000),
        Parameter("noise", "float", noise, "Standard deviation of the noise added to each coordinate.", minimum=0.0),
        Parameter("seed", "int", 0, "The same seed gives the same points.", minimum=0),
    )


_ARMS = Parameter("classes", "int", 3, "How many arms, each a class of its own.", minimum=2, maximum=10)
_CLUSTERS = Parameter("classes", "int", 4, "How many clusters, each a class of its own.", minimum=2, maximum=20)

KINDS = (
    SourceKind("moons", "Moons", "Two half circles that reach into each other.", _moons, _options(0.1)),
    SourceKind("circles", "Circles", "A circle within a circle.", _circles, _options(0.05)),
    SourceKind("xor", "XOR", "Four clusters, opposite ones of one class: no line divides them.", _xor, _options(0.3)),
    SourceKind("blobs", "Clusters", "Clusters around a circle, one a class.", _blobs, (*_options(0.3), _CLUSTERS)),
    SourceKind("spirals", "Spirals", "Intertwined spiral arms, one a class.", _spirals, (*_options(0.02), _ARMS)),
)
