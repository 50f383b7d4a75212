"""The canvas's style for pictures: icons stay drawings and texts stay texts, so that both are sharp at any size.

It holds no pixmap and shares no laid out text, so that a picture can be painted in a thread of its own.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QPointF, QRectF
from PySide6.QtGui import QFont, QPainter
from PySide6.QtSvg import QSvgRenderer

from core.kinds import family_icon_name
from designer.canvas.style import Role, Style
from designer.resources import resource
from designer.theme import Theme


class VectorStyle(Style):
    """Draws what ``Style`` does, at the same places."""

    def __init__(self, theme: Theme, font: QFont) -> None:
        super().__init__(theme, font)
        self._drawings: dict[tuple[str, str], QSvgRenderer] = {}

    def draw(self, painter: QPainter, text: str, role: Role, x: float, y: float) -> None:
        """Draw a text whose top left corner is (x, y) with the painter's pen."""
        painter.setFont(self.fonts[role])
        painter.drawText(QPointF(round(x), round(y) + self.metrics[role].ascent()), text)

    def draw_glyph(self, painter: QPainter, name: str, place: QRectF) -> None:
        """Draw a small icon in the colour of muted text."""
        self._render(painter, name, self.theme.text_muted, place)

    def draw_icon(self, painter: QPainter, family: str, place: QRectF, *, small: bool = False) -> None:
        """Draw a family's icon."""
        name = family_icon_name(family)
        if not resource("icons", f"{name}.svg").is_file():
            name = "family_other"
        self._render(painter, name, self.theme.family(family).name(), place)

    def _render(self, painter: QPainter, name: str, colour: str, place: QRectF) -> None:
        found = self._drawings.get((name, colour))
        if found is None:
            drawing = resource("icons", f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
            found = self._drawings[name, colour] = QSvgRenderer(QByteArray(drawing.encode()))
        found.render(painter, place)
