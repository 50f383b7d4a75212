"""Icons: line drawings in SVG that take on the theme's colours, so that one file serves light and dark."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from core.kinds import family_icon_name
from designer import theme
from designer.resources import resource

_SIZES = (16, 20, 24, 28, 32, 40, 48, 64)
"""What is asked for on screens of one and of two device pixels to a pixel; a drawing that is resampled gets soft."""


def icon(name: str, colour: str | None = None) -> QIcon:
    """Return the icon ``resources/icons/<name>.svg`` in a colour (``#rrggbb``), by default the theme's text colour.

    In a selected row it takes the colour of the text there. Ask again after the theme has changed.

    Raises:
        FileNotFoundError: there is no such file.
    """
    used = theme.current()
    return _tinted(name, colour or used.text, used.text_muted, used.on_accent)


def family_icon(family: str, colour: str = "") -> QIcon:
    """Return the icon of a layer family, by default in the family's colour; families of plug-ins share one."""
    name = family_icon_name(family)
    if not resource("icons", f"{name}.svg").is_file():
        name = "family_other"
    return icon(name, colour or theme.current().family(family).name())


def application_icon() -> QIcon:
    """Return the icon of the application, in its own colours."""
    return QIcon(str(resource("icons", "layerwright.svg")))


@lru_cache(maxsize=512)
def _tinted(name: str, colour: str, disabled: str, selected: str) -> QIcon:
    drawing = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    faded = QColor(disabled)
    result = QIcon()
    for size in _SIZES:
        result.addPixmap(_drawn(drawing.replace("currentColor", colour), size))
        dim = _drawn(drawing.replace("currentColor", faded.name()), size, opacity=0.45)
        result.addPixmap(dim, QIcon.Mode.Disabled)
        result.addPixmap(_drawn(drawing.replace("currentColor", selected), size), QIcon.Mode.Selected)
    return result


def _drawn(drawing: str, size: int, opacity: float = 1.0) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
