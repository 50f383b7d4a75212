"""A line of text beside the pointer during a gesture; tool tips of Qt vanish at every move."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from designer.theme import current

_AWAY = QPoint(18, 20)
_WIDEST = 340


class Tip(QLabel):
    """Shows why a port cannot take a wire, or what a drop would do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.setObjectName("canvasTip")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.hide()

    def show_at(self, place: QPoint, text: str, *, wrong: bool, plain: bool = False) -> None:
        """Show a text near a place of the parent; ``wrong`` gives it the error's edge, ``plain`` no warning's."""
        theme = current()
        edge = theme.error if wrong else theme.accent if plain else theme.warning
        self.setStyleSheet(
            f"#canvasTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {edge}; "
            "border-radius: 5px; padding: 5px 8px; }"
        )
        self.setText(text)
        self.setFixedWidth(min(_WIDEST, self.fontMetrics().horizontalAdvance(text) + 26))
        self.adjustSize()
        parent = self._host
        corner = place + _AWAY
        corner.setX(max(4, min(corner.x(), parent.width() - self.width() - 4)))
        if corner.y() + self.height() > parent.height():
            corner.setY(place.y() - self.height() - 12)
        self.move(corner)
        self.raise_()
        self.show()
