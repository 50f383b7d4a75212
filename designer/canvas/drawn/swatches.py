"""A row of colours to choose from, with the mouse or the keyboard."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from PySide6.QtCore import QCoreApplication, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QFrame, QHBoxLayout, QWidget

from core.graph.project import Colour
from designer import theme

COLOURS: tuple[Colour, ...] = get_args(Colour)
_SIZE = 26
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_ROW_KEYS = (*_STEPS, *_ENTER, Qt.Key.Key_Escape)


def colour_name(colour: Colour) -> str:
    """Return a colour's name in the user's language."""
    names = {
        "": QCoreApplication.translate("Colours", "No colour"),
        "red": QCoreApplication.translate("Colours", "Red"),
        "orange": QCoreApplication.translate("Colours", "Orange"),
        "yellow": QCoreApplication.translate("Colours", "Yellow"),
        "green": QCoreApplication.translate("Colours", "Green"),
        "teal": QCoreApplication.translate("Colours", "Teal"),
        "blue": QCoreApplication.translate("Colours", "Blue"),
        "purple": QCoreApplication.translate("Colours", "Purple"),
        "grey": QCoreApplication.translate("Colours", "Grey"),
    }
    return names[colour]


class Swatch(QAbstractButton):
    """One colour as a disc; the present one has a tick, none is a crossed-out ring."""

    def __init__(self, colour: Colour) -> None:
        super().__init__()
        self.colour = colour
        self.present = False
        self.setObjectName(f"swatch_{colour or 'none'}")
        self.setAccessibleName(colour_name(colour))
        self.setToolTip(colour_name(colour))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        """Return the size of every swatch."""
        return QSize(_SIZE, _SIZE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space chooses; what goes along the row is the row's."""
        if event.key() in _ROW_KEYS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The row closes once the keyboard is elsewhere."""
        super().focusOutEvent(event)
        row, focus = self.parentWidget(), QApplication.focusWidget()
        if row and event.reason() is not Qt.FocusReason.PopupFocusReason and not (focus and row.isAncestorOf(focus)):
            row.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the disc, and a ring where the keyboard or the pointer is."""
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc = QRectF(self.rect()).adjusted(5, 5, -5, -5)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(look.accent if self.hasFocus() else look.text_muted), 2))
            painter.drawEllipse(disc.adjusted(-3, -3, 3, 3))
        painter.setPen(QPen(QColor(look.text_muted), 1.2) if not self.colour else Qt.PenStyle.NoPen)
        painter.setBrush(look.mark(self.colour) if self.colour else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(disc)
        if not self.colour:
            painter.drawLine(disc.bottomLeft() + QPointF(3, -3), disc.topRight() + QPointF(-3, 3))
        if self.present:
            painter.setPen(QPen(QColor(look.raised if self.colour else look.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            middle = disc.center()
            painter.drawPolyline([middle + QPointF(-4, 0), middle + QPointF(-1, 3), middle + QPointF(4, -3)])
        painter.end()


class Swatches(QFrame):
    """The row floats over its parent until a colour is chosen. Arrows go through it, Enter chooses, Esc closes it."""

    chosen = Signal(str)
    """The colour's name in the project file; empty for none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.setObjectName("swatches")
        self.setAccessibleName(self.tr("Colour"))
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(0)
        self.buttons = {colour: Swatch(colour) for colour in COLOURS}
        for button in self.buttons.values():
            button.clicked.connect(self._choose)
            row.addWidget(button)
        self.hide()

    def ask(self, place: QPoint, present: Collection[Colour]) -> None:
        """Show the row at a pixel of its parent; ``present`` are the colours of what will be coloured."""
        look = theme.current()
        self.setStyleSheet(
            f"#swatches {{ background: {look.raised}; border: 1px solid {look.border}; border-radius: 6px; }}"
        )
        for colour, button in self.buttons.items():
            button.present = len(present) == 1 and colour in present
        self.adjustSize()
        x = max(4, min(place.x(), self._host.width() - self.width() - 4))
        y = max(4, min(place.y(), self._host.height() - self.height() - 4))
        self.move(x, y)
        self.raise_()
        self.show()
        first = next(iter(present)) if len(present) == 1 else COLOURS[0]
        self.buttons[first].setFocus(Qt.FocusReason.PopupFocusReason)

    def _choose(self) -> None:
        button = self.sender()
        assert isinstance(button, Swatch)
        self._leave()
        self.chosen.emit(button.colour)

    def _leave(self) -> None:
        self._host.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go along the row with the arrows, choose with Enter, close with Esc."""
        focus, step = self.focusWidget(), _STEPS.get(Qt.Key(event.key()), 0)
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        elif isinstance(focus, Swatch) and step:
            row = list(self.buttons.values())
            row[(row.index(focus) + step) % len(row)].setFocus(Qt.FocusReason.TabFocusReason)
        elif isinstance(focus, Swatch) and event.key() in _ENTER:
            focus.click()
        else:
            super().keyPressEvent(event)
