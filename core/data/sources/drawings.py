"""Images and sounds made from a seed: shapes with masks, lines of digits, triplets of digits, tones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.data.source import Array, Column, RawData, SourceKind
from core.data.sources._made import SEED, Draws, draws, noise, objects, samples, text, words
from core.data.sources.scikit import digit_images
from core.kinds import Parameter, Value

_SHAPES = ("circle", "square", "triangle")
_FORMS = ("sine", "square", "sawtooth", "hiss")
_RATE = 4000
_SECONDS = 0.25
_RESERVED = 2


def _shapes(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Coloured shapes on a dark, noisy ground; a later one covers earlier ones."""
    drawn, count, size = draws(options), options["samples"], options["size"]
    names = ("background", *_SHAPES[: options["kinds"]])
    images = 0.25 * drawn.uniform(count, 3, 1, 1) + np.zeros((count, 3, size, size))
    masks = np.zeros((count, size, size), dtype=np.uint8)
    for _ in range(3):
        kinds = 1 + drawn.below(options["kinds"], count)
        inside = _inside(drawn, kinds, size)
        colours = 0.4 + 0.6 * drawn.uniform(count, 3, 1, 1)
        images = np.where(inside[:, None], colours, images)
        masks = np.where(inside, kinds[:, None, None], masks).astype(np.uint8)
    images = np.clip(images + drawn.normal(count, 3, size, size) * options["noise"], 0, 1)
    return RawData(
        {
            "image": Column((images * 255).astype(np.uint8), "image", reason=f"colour images of {size} by {size}"),
            "mask": Column(masks, "mask", names, f"{len(names)} classes: what each pixel shows", role="target"),
        }
    )


def _inside(drawn: Draws, kinds: Array, size: int) -> Array:
    """Return which pixels one shape an image covers: bool ``(images, size, size)``."""
    count = len(kinds)
    radius = (0.1 + 0.15 * drawn.uniform(count, 1, 1)) * size
    middle = radius + drawn.uniform(2, count, 1, 1) * (size - 2 * radius)
    down, across = (np.arange(size)[None, :, None] + 0.5, np.arange(size)[None, None, :] + 0.5)
    y, x = down - middle[0], across - middle[1]
    circle = x**2 + y**2 <= radius**2
    square = np.maximum(np.abs(x), np.abs(y)) <= 0.85 * radius
    triangle = (np.abs(y) <= radius) & (np.abs(x) <= (y + radius) / 2)
    chosen: Array = np.select([kinds[:, None, None] == 1, kinds[:, None, None] == 2], [circle, square], triangle)
    return chosen


def _lines(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Handwritten digits side by side, each 24 pixels wide, on lines 32 pixels high."""
    drawn, most = draws(options), options["digits"]
    images, digits = digit_images()
    width = 32 * most
    lines = np.zeros((options["samples"], 1, 32, width), dtype=np.uint8)
    written = []
    for line in lines:
        chosen = drawn.below(len(images), int(1 + drawn.below(most, 1)[0])).tolist()
        gaps = drawn.uniform(len(chosen) + 1)
        room = gaps / gaps.sum() * (width - 24 * len(chosen))
        left = 0.0
        for image, gap in zip(chosen, room.tolist(), strict=False):
            left += gap
            top, place = int(drawn.below(9, 1)[0]), int(left)
            pixels = np.kron(images[image], np.ones((3, 3)))
            line[0, top : top + 24, place : place + 24] = np.round(pixels * 255)
            left += 24
        written.append("".join(str(digits[image]) for image in chosen))
    number = text(written, f"1 to {most} digits, without their places", "target", vocabulary=_RESERVED + 10)
    return RawData({"line": Column(lines, "image", reason=f"grey images of 32 by {width}"), "number": number})


def _triplets(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """An image, another one of the same digit, and one of another digit."""
    drawn, count = draws(options), options["samples"]
    images, digits = digit_images()
    anchors = drawn.below(len(images), count)
    alike, unlike = np.zeros((2, count), dtype=np.int64)
    for digit in range(10):
        rows = np.flatnonzero(digits[anchors] == digit)
        same, other = np.flatnonzero(digits == digit), np.flatnonzero(digits != digit)
        steps = 1 + drawn.below(len(same) - 1, len(rows))
        place = np.searchsorted(same, anchors[rows])
        alike[rows] = same[(place + steps) % len(same)]
        unlike[rows] = other[drawn.below(len(other), len(rows))]
    columns: dict[str, Any] = {
        name: Column(images[rows][:, None].astype(np.float32), "image", reason=f"grey images of 8 by 8: {what}")
        for name, rows, what in (
            ("anchor", anchors, "a digit"),
            ("alike", alike, "another image of the same digit"),
            ("unlike", unlike, "an image of another digit"),
        )
    }
    told = words(digits[anchors], [str(digit) for digit in range(10)], "the digit of the anchor")
    return RawData({**columns, "digit": told})


def _tones(options: Mapping[str, Value], _base: Path | None) -> RawData:
    """Waves of four forms at any pitch from 100 to 800 Hz."""
    drawn, count = draws(options), options["samples"]
    length = round(_RATE * _SECONDS)
    forms = drawn.below(len(_FORMS), count)
    pitch, phase, volume = (
        100 * 8 ** drawn.uniform(count, 1),
        drawn.uniform(count, 1),
        0.2 + 0.6 * drawn.uniform(count, 1),
    )
    turns = pitch * np.arange(length) / _RATE + phase
    waves = [
        np.sin(2 * np.pi * turns),
        np.sign(np.sin(2 * np.pi * turns)),
        2 * (turns % 1) - 1,
        2 * drawn.uniform(count, length) - 1,
    ]
    sounds = np.choose(forms[:, None], waves) * volume + drawn.normal(count, length) * options["noise"]
    rows = objects([each[None] for each in np.clip(sounds, -1, 1).astype(np.float32)])
    suggested: dict[str, Value] = {"rate": _RATE, "seconds": _SECONDS, "n_fft": 128, "hop": 32, "mels": 32}
    reason = f"sounds of {_SECONDS} s at {_RATE:,} Hz"
    return RawData(
        {
            "sound": Column(rows, "audio", reason=reason, sample=(1, length), rate=_RATE, options=suggested),
            "form": words(forms, _FORMS, f"{len(_FORMS)} forms of waves: what the sound is like"),
        }
    )


KINDS = (
    SourceKind(
        "shapes",
        "Shapes with masks",
        "Colour images of shapes, and for each a mask: what every pixel shows.",
        _shapes,
        (
            samples(200, 10_000),
            Parameter("size", "int", 32, "Height and width of the images.", minimum=16, maximum=512, unit="pixels"),
            Parameter(
                "kinds", "int", 3, "How many shapes there are: circles, squares, triangles.", minimum=1, maximum=3
            ),
            noise(0.05, "every pixel, which is from 0 to 1"),
            SEED,
        ),
    ),
    SourceKind(
        "digit_lines",
        "Lines of digits",
        "Images of several handwritten digits, and the number that they spell: for CTC.",
        _lines,
        (
            samples(600, 50_000),
            Parameter("digits", "int", 4, "Digits on a line at most.", minimum=1, maximum=20),
            SEED,
        ),
    ),
    SourceKind(
        "digit_triplets",
        "Triplets of digits",
        "A handwritten digit, another one like it, and one unlike it.",
        _triplets,
        (samples(1000, 100_000), SEED),
    ),
    SourceKind(
        "tones",
        "Tones",
        "Short sounds of four kinds: sine, square, sawtooth and hiss.",
        _tones,
        (samples(400, 20_000), noise(0.02, "the sound"), SEED),
    ),
)
