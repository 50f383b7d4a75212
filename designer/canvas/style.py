"""Fonts, pens and brushes of the canvas for one theme, made once and shared by every item."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QGuiApplication, QPainter, QPen, QPixmap, QStaticText

from designer.icons import family_icon, icon
from designer.theme import Theme, current, scaled_font

Role = Literal["name", "text", "chip"]
WireState = Literal["normal", "hover", "selected", "error", "faded", "preview", "cut"]

GRID = 20.0
"""Nodes snap to this (scene units)."""
PORT_RADIUS = 5.0
NO_TEXT_BELOW = 0.45
"""Zoom under which no text is drawn."""
BLOCKS_BELOW = 0.30
"""Zoom under which a node is a plain rectangle."""
_MOST_TEXTS = 6000


class Style:
    """What painting needs, made from a theme and a font."""

    def __init__(self, theme: Theme, font: QFont) -> None:
        self.theme = theme
        self.fonts: dict[Role, QFont] = {
            "name": scaled_font(font, 1.0, bold=True),
            "text": scaled_font(font, 0.92),
            "chip": scaled_font(font, 0.86),
        }
        self.metrics = {role: QFontMetricsF(each) for role, each in self.fonts.items()}
        self.body = QBrush(QColor(theme.raised))
        self.canvas = QBrush(QColor(theme.canvas))
        self.text = QPen(QColor(theme.text))
        self.muted = QPen(QColor(theme.text_muted))
        self.stale = QPen(mixed(theme.text_muted, theme.canvas, 0.45))
        self.border = QPen(mixed(theme.border, theme.text_muted, 0.25), 1.0)
        self.selected = QPen(QColor(theme.accent), 2.0)
        self.port = QPen(QColor(theme.wire), 1.5)
        self.hot_port = QPen(QColor(theme.accent), 2.0)
        self.error = QColor(theme.error)
        self.error_block = QBrush(self.error)
        self.selected_block = QPen(QColor(theme.text), 2)
        self.selected_block.setCosmetic(True)
        self.warning = QColor(theme.warning)
        self.wires = {state: self._wire(state) for state in _WIRE_STATES}
        self.hatch = QBrush(QColor(theme.text_muted), Qt.BrushStyle.BDiagPattern)
        self.through = QPen(QColor(theme.wire), 2.0)
        self.optional_port = QPen(mixed(theme.wire, theme.canvas, 0.35), 1.2)
        self._marks: dict[str, QBrush] = {}
        self._glyphs: dict[str, QPixmap] = {}
        self._texts: dict[tuple[Role, str], QStaticText] = {}
        self._widths: dict[tuple[Role, str], float] = {}
        self._families: dict[str, tuple[QColor, QBrush, QPixmap, QPixmap]] = {}

    def _wire(self, state: WireState) -> QPen:
        theme = self.theme
        colours = {"error": theme.error, "hover": theme.wire_hover, "selected": theme.accent, "preview": theme.accent}
        colours["cut"] = theme.error
        pen = QPen(QColor(colours.get(state, theme.wire)), 2.0)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        if state == "error":
            pen.setDashPattern([3.5, 3.0])
        elif state == "preview":
            pen.setDashPattern([1.0, 2.5])
        elif state == "faded":
            pen.setColor(mixed(theme.wire, theme.canvas, 0.6))
        elif state in ("hover", "selected", "cut"):
            pen.setWidthF(3.0)
        return pen

    def static(self, text: str, role: Role) -> QStaticText:
        """Return the laid out text; equal texts share one."""
        found = self._texts.get((role, text))
        if found is None:
            if len(self._texts) > _MOST_TEXTS:
                self._texts.clear()
            found = QStaticText(text)
            found.setTextFormat(Qt.TextFormat.PlainText)
            found.prepare(font=self.fonts[role])
            self._texts[role, text] = found
        return found

    def width(self, text: str, role: Role) -> float:
        """Return how wide a text is, in scene units."""
        found = self._widths.get((role, text))
        if found is None:
            if len(self._widths) > _MOST_TEXTS:
                self._widths.clear()
            found = self._widths[role, text] = self.metrics[role].horizontalAdvance(text)
        return found

    def elided(self, text: str, role: Role, width: float, *, middle: bool = False) -> str:
        """Return the text cut to a width with an ellipsis at its end or in its middle."""
        if self.width(text, role) <= width:
            return text
        mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        return self.metrics[role].elidedText(text, mode, width)

    def outline(self, severity: str) -> QPen:
        """Return the outline of a node with a problem."""
        return QPen(self.error if severity == "error" else self.warning, 1.6)

    def family(self, family: str) -> tuple[QColor, QBrush, QPixmap, QPixmap]:
        """Return a family's colour, its brush and its icon in two sizes."""
        found = self._families.get(family)
        if found is None:
            colour = self.theme.family(family)
            found = (colour, QBrush(colour), family_icon(family).pixmap(64, 64), family_icon(family).pixmap(16, 16))
            self._families[family] = found
        return found

    def mark(self, colour: str) -> QBrush:
        """Return the brush of a colour that the user gave something."""
        found = self._marks.get(colour)
        if found is None:
            found = self._marks[colour] = QBrush(self.theme.mark(colour))
        return found

    def draw(self, painter: QPainter, text: str, role: Role, x: float, y: float) -> None:
        """Draw a text whose top left corner is (x, y) with the painter's pen."""
        painter.setFont(self.fonts[role])
        painter.drawStaticText(round(x), round(y), self.static(text, role))

    def draw_glyph(self, painter: QPainter, name: str, place: QRectF) -> None:
        """Draw a small icon in the colour of muted text."""
        found = self._glyphs.get(name)
        if found is None:
            found = self._glyphs[name] = icon(name, self.theme.text_muted).pixmap(48, 48)
        painter.drawPixmap(place, found, QRectF(found.rect()))

    def draw_icon(self, painter: QPainter, family: str, place: QRectF, *, small: bool = False) -> None:
        """Draw a family's icon; ``small``: it will be a few pixels wide on the screen."""
        _colour, _brush, large, little = self.family(family)
        pixmap = little if small else large
        painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))


_WIRE_STATES: tuple[WireState, ...] = ("normal", "hover", "selected", "error", "faded", "preview", "cut")
_styles: dict[tuple[str, str], Style] = {}


def style_of(theme: Theme | None = None) -> Style:
    """Return the style of a theme (by default the one in use) with the application's font."""
    theme = theme or current()
    font = QGuiApplication.font()
    key = (theme.name, font.toString())
    if key not in _styles:
        _styles[key] = Style(theme, font)
    return _styles[key]


def mixed(first: str, second: str, share: float) -> QColor:
    """Return the colour between two, ``share`` (0 to 1) of the way from the first."""
    a, b = QColor(first), QColor(second)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * share) for x, y in pairs))
