"""Fusion with outlines and tabs that can be seen: it derives them from the window colour, which fails on a dark one."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOption, QStyleOptionComplex, QTabBar, QWidget

_Primitive = QStyle.PrimitiveElement
_BOXES = (_Primitive.PE_IndicatorCheckBox, _Primitive.PE_IndicatorRadioButton)
_FRAMES = (_Primitive.PE_FrameLineEdit, _Primitive.PE_Frame)
_SOUTH = (QTabBar.Shape.RoundedSouth, QTabBar.Shape.TriangularSouth)
_RADIUS = 2.5
_TAB_LINE = 2


class OutlinedFusion(QProxyStyle):
    """Strokes fields in ``border`` and the boxes of checks in ``mark`` (colours as ``#rrggbb``)."""

    def __init__(self, border: str, mark: str) -> None:
        super().__init__("Fusion")
        self._border = QColor(border)
        self._mark = QColor(mark)

    def drawPrimitive(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        """Draw as Fusion does, then the outline."""
        super().drawPrimitive(element, option, painter, widget)
        if element in _BOXES:
            self._outline(painter, option, self._mark, round_=element is _Primitive.PE_IndicatorRadioButton)
        elif element in _FRAMES and not option.state & QStyle.StateFlag.State_HasFocus:
            self._outline(painter, option, self._border)

    def drawControl(
        self, element: QStyle.ControlElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        """Draw as Fusion does, then a line along the outer edge of the tab that is shown."""
        super().drawControl(element, option, painter, widget)
        if element is QStyle.ControlElement.CE_TabBarTabShape and option.state & QStyle.StateFlag.State_Selected:
            place = option.rect
            below = isinstance(widget, QTabBar) and widget.shape() in _SOUTH
            top = place.bottom() - _TAB_LINE + 1 if below else place.top()
            painter.fillRect(QRect(place.left() + 1, top, place.width() - 2, _TAB_LINE), option.palette.highlight())

    def drawComplexControl(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw as Fusion does, then the outline."""
        super().drawComplexControl(control, option, painter, widget)
        if control is QStyle.ComplexControl.CC_SpinBox and not option.state & QStyle.StateFlag.State_HasFocus:
            self._outline(painter, option, self._border)

    def _outline(self, painter: QPainter, option: QStyleOption, colour: QColor, *, round_: bool = False) -> None:
        line = QColor(colour)
        if not option.state & QStyle.StateFlag.State_Enabled:
            line.setAlpha(90)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(line, 1))
        place = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = place.width() / 2 if round_ else _RADIUS
        painter.drawRoundedRect(place, radius, radius)
        painter.restore()
