"""What a picture is made of: boxes, lines and texts in groups, which any back-end can draw.

Lengths are in units of 1/96 inch, x to the right and y down; colours are ``#rrggbb``, and "" draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]
Measure = Callable[[str, float, bool], float]
"""Returns how wide a text is, given its size and whether it is bold."""

UNITS_PER_MM = 96 / 25.4
FONTS = ("Helvetica", "Arial", "Liberation Sans", "Nimbus Sans", "DejaVu Sans")
"""Wanted for texts, the first that is there; all but the last are equally wide."""


@dataclass(frozen=True)
class Box:
    """A rectangle, its corners rounded by ``radius``."""

    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    stroke: str = ""
    line: float = 1.0
    radius: float = 0.0
    dashed: bool = False


@dataclass(frozen=True)
class Curve:
    """A line through segments: of one point straight, of three a cubic Bézier curve (two handles and the end)."""

    start: Point
    segments: tuple[tuple[Point, ...], ...]
    stroke: str = ""
    line: float = 1.0
    fill: str = ""
    """Where given, the curve is closed and filled."""


@dataclass(frozen=True)
class Label:
    """One line of text; ``y`` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    bold: bool = False
    anchor: Anchor = "middle"
    colour: str = "#000000"


@dataclass(frozen=True)
class Part:
    """Items that belong together; ``title`` says to those who cannot see them what they are."""

    title: str
    items: tuple[Box | Curve | Label, ...]


@dataclass(frozen=True)
class Drawing:
    """A picture of ``width`` × ``height`` from the origin on, its parts from back to front."""

    width: float
    height: float
    title: str
    description: str
    background: str
    parts: tuple[Part, ...]


# Advance widths of Helvetica in thousandths of its size, from the space to ~ (Adobe's font metrics file).
_ADVANCES = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556),
    *(1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556),
    *(333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556),
    *(556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584),
)
_OTHERS = {"×": 584, "·": 278, "…": 1000}
_BOLD = 1.08
_WIDE = 0x2E80
"""From here on characters are as wide as they are high (Chinese, Japanese, Korean)."""


def text_width(text: str, size: float, bold: bool) -> float:
    """Return how wide a text is in Helvetica, and in Arial and Liberation Sans, which have the same widths."""
    total = 0
    for each in text:
        code = ord(each)
        known = _ADVANCES[code - 32] if 32 <= code < 127 else _OTHERS.get(each)
        total += known if known is not None else 1000 if code >= _WIDE else 600
    return total * size / 1000 * (_BOLD if bold else 1.0)


def shortened(text: str, size: float, bold: bool, room: float, measure: Measure) -> str:
    """Return a text cut in its middle with an ellipsis where it is wider than there is room."""
    if measure(text, size, bold) <= room:
        return text
    kept = len(text) - 1
    while kept > 1:
        front = (kept + 1) // 2
        cut = f"{text[:front]}…{text[len(text) - (kept - front) :]}"
        if measure(cut, size, bold) <= room:
            return cut
        kept -= 1
    return "…"
