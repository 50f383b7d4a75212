"""What the user chose for a picture, which is remembered for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from core.pictures.levels import Direction, Publication

PARTS = ("all", "here", "selection", "visible")
"""The whole network, the group that is looked at, the selected nodes, what the window shows."""
LOOKS = ("publication", "canvas")
COLOURS = ("now", "light", "dark")
BACKGROUNDS = ("solid", "transparent")
DIRECTIONS: tuple[Direction, ...] = ("down", "right")
FORMATS = ("svg", "pdf", "png")
RESOLUTIONS = (96, 192, 288, 384, 150, 300, 600)
"""Pixels an inch; 96 is one pixel for one of the canvas's."""
WIDEST_MM = 2000.0


@dataclass(frozen=True)
class Choices:
    """One picture. ``width_mm`` 0 is its natural size, ``colours`` are those of the canvas look."""

    part: str = "all"
    look: str = "publication"
    colours: str = "light"
    background: str = "solid"
    direction: str = "down"
    shapes: bool = True
    parameters: bool = True
    names: bool = False
    legend: bool = True
    expanded: bool = False
    caption: str = ""
    format: str = "svg"
    resolution: int = 192
    width_mm: float = 0.0

    @property
    def publication(self) -> Publication:
        """What a picture for a paper shall show."""
        return Publication(
            direction="right" if self.direction == "right" else "down",
            shapes=self.shapes,
            parameters=self.parameters,
            names=self.names,
            legend=self.legend,
            expanded=self.expanded,
            background="#ffffff" if self.background == "solid" else "",
            caption=self.caption,
        )


_ALLOWED: Mapping[str, tuple[object, ...]] = {
    "part": PARTS,
    "look": LOOKS,
    "colours": COLOURS,
    "background": BACKGROUNDS,
    "direction": DIRECTIONS,
    "format": FORMATS,
    "resolution": RESOLUTIONS,
}


def remembered(stored: Mapping[str, object]) -> Choices:
    """Return the choices that were stored; whatever is none of them counts as not chosen. A caption is not kept."""
    known = {}
    for each in fields(Choices):
        value = stored.get(each.name)
        allowed = _ALLOWED.get(each.name)
        if each.name != "caption" and _fits(value, each.default) and (allowed is None or value in allowed):
            known[each.name] = value
    return Choices(**known)  # type: ignore[arg-type]


def _fits(value: object, default: object) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= WIDEST_MM
    return type(value) is type(default)


def to_remember(choices: Choices) -> dict[str, object]:
    """Return what is stored of choices."""
    return {name: value for name, value in asdict(choices).items() if name != "caption"}
