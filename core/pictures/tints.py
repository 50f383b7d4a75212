"""Grounds of cards in print: every family has its hue, and every tint of a picture its own lightness.

So a picture that is printed or copied in grey still tells families apart, and black text on any of them is easy to
read. Lightness is L* of CIELAB (CIE 015:2018), which steps evenly as people see it.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

HUES = {
    "Input & output": 215,
    "Core": 217,
    "Convolution": 258,
    "Pooling": 313,
    "Normalisation": 178,
    "Regularisation": 216,
    "Recurrent": 24,
    "Activation": 110,
    "Shape": 48,
    "Merge": 349,
    "Padding": 292,
    "Attention": 334,
    "Vision": 200,
    "Arithmetic": 26,
    "Selection": 120,
    "Values": 280,
    "Groups": 231,
    "Python": 171,
}
"""Hues in degrees, near those that the canvas uses; families of plug-ins are grey."""
_QUIET = frozenset({"Input & output", "Regularisation"})
_LIGHTEST, _DARKEST = 96.0, 68.0
_SATURATION, _LITTLE = 0.48, 0.10


def tints(families: Sequence[str]) -> dict[str, str]:
    """Return a ground as ``#rrggbb`` for every family, from the lightest for the first to the darkest for the last."""
    many = max(len(families) - 1, 3)
    step = (_LIGHTEST - _DARKEST) / many
    return {family: _tint(family, _LIGHTEST - step * number) for number, family in enumerate(families)}


def _tint(family: str, lightness: float) -> str:
    hue = HUES.get(family)
    saturation = 0.0 if hue is None else _LITTLE if family in _QUIET else _SATURATION
    low, high = 0.0, 1.0
    for _turn in range(20):
        middle = (low + high) / 2
        rgb = colorsys.hls_to_rgb((hue or 0) / 360, middle, saturation)
        low, high = (middle, high) if _lightness(rgb) < lightness else (low, middle)
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb((hue or 0) / 360, low, saturation))
    return f"#{red:02x}{green:02x}{blue:02x}"


def lightness_of(colour: str) -> float:
    """Return L* (0 black to 100 white) of a colour ``#rrggbb``."""
    return _lightness(tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)))


def _lightness(rgb: tuple[float, ...]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 216 / 24389 else luminance * 24389 / 27
