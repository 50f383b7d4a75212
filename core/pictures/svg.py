"""Writes a drawing as SVG that browsers and drawing programs open: texts stay texts, every node is a group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from core.pictures.drawing import FONTS, UNITS_PER_MM, Box, Curve, Drawing, Label

_FAMILY = ", ".join(f"'{name}'" if " " in name else name for name in (*FONTS, "sans-serif"))
_CONTROLS = dict.fromkeys((*range(32), 127, 65534, 65535, *range(55296, 57344)), " ")
"""What XML cannot hold."""


def as_svg(drawing: Drawing, width_mm: float | None = None) -> str:
    """Return the text of an SVG file; ``width_mm`` is how wide it shall be, by default its natural size."""
    width = width_mm or drawing.width / UNITS_PER_MM
    height = width * drawing.height / drawing.width
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}mm" height="{_n(height)}mm" '
        f'viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}" role="img" aria-labelledby="title desc" '
        f"font-family={quoteattr(_FAMILY)}>",
        f'<title id="title">{_text(drawing.title)}</title>',
        f'<desc id="desc">{_text(drawing.description)}</desc>',
    ]
    if drawing.background:
        lines.append(_box(Box(0, 0, drawing.width, drawing.height, drawing.background)))
    for part in drawing.parts:
        title = f"<title>{_text(part.title)}</title>" if part.title else ""
        lines += [f"<g>{title}", *_written(part.items), "</g>"]
    return "\n".join((*lines, "</svg>", ""))


def _written(items: Iterable[Box | Curve | Label]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Box):
            yield _box(item)
        elif isinstance(item, Curve):
            yield _curve(item)
        else:
            yield _label(item)


def _box(box: Box) -> str:
    place = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'
    dashes = ' stroke-dasharray="5 3"' if box.dashed else ""
    return f'<rect {place} rx="{_n(box.radius)}" {_paint(box.fill, box.stroke, box.line)}{dashes}/>'


def _curve(curve: Curve) -> str:
    path = f"M{_point(curve.start)}"
    for segment in curve.segments:
        path += ("L" if len(segment) == 1 else "C") + " ".join(map(_point, segment))
    return f'<path d="{path}{"Z" if curve.fill else ""}" {_paint(curve.fill, curve.stroke, curve.line)}/>'


def _label(label: Label) -> str:
    weight = ' font-weight="bold"' if label.bold else ""
    anchor = f' text-anchor="{label.anchor}"' if label.anchor != "start" else ""
    place = f'x="{_n(label.x)}" y="{_n(label.y)}" font-size="{_n(label.size)}"'
    return f'<text {place}{weight}{anchor} fill="{label.colour}">{_text(label.text)}</text>'


def _paint(fill: str, stroke: str, line: float) -> str:
    outline = f' stroke="{stroke}" stroke-width="{_n(line)}"' if stroke else ""
    return f'fill="{fill or "none"}"{outline}'


def _point(point: tuple[float, float]) -> str:
    return f"{_n(point[0])},{_n(point[1])}"


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    return escape(text.translate(_CONTROLS))
