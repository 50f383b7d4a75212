"""Fusion with outlines and tabs that can be seen: it derives them from the window colour, which fails on a dark one."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPen, QPolygonF, QRegion
from PySide6.QtWidgets import (
    QProxyStyle,
    QStyle,
    QStyleOption,
    QStyleOptionComplex,
    QStyleOptionMenuItem,
    QStyleOptionToolButton,
    QTabBar,
    QWidget,
)

_Primitive = QStyle.PrimitiveElement
_BOXES = (_Primitive.PE_IndicatorCheckBox, _Primitive.PE_IndicatorRadioButton)
_FLOATING = (_Primitive.PE_PanelTipLabel, _Primitive.PE_PanelMenu, _Primitive.PE_FrameMenu)
_FRAMES = (_Primitive.PE_FrameLineEdit, _Primitive.PE_Frame)
_SOUTH = (QTabBar.Shape.RoundedSouth, QTabBar.Shape.TriangularSouth)
_OUTLINED = (QStyle.ComplexControl.CC_SpinBox, QStyle.ComplexControl.CC_ComboBox)
_RADIUS = 2.5
_EDGE = 130
"""How strong the outlines of buttons are, of 255."""
_TAB_LINE = 2
_ARROW = 14
"""The width that a button with a menu has for its arrow, in pixels."""


class OutlinedFusion(QProxyStyle):
    """Strokes fields and tool tips in ``border`` and the boxes of checks in ``mark`` (colours as ``#rrggbb``)."""

    def __init__(self, border: str, mark: str) -> None:
        super().__init__("Fusion")
        self._border = QColor(border)
        self._mark = QColor(mark)
        self._edge = QColor(mark)
        self._edge.setAlpha(_EDGE)

    def drawPrimitive(
        self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        """Draw as Fusion does, then the outline."""
        super().drawPrimitive(element, option, painter, widget)
        if element in _BOXES:
            self._outline(painter, option, self._mark, round_=element is _Primitive.PE_IndicatorRadioButton)
        elif element in _FRAMES and not option.state & QStyle.StateFlag.State_HasFocus:
            self._outline(painter, option, self._border)
        elif element in _FLOATING:
            painter.setPen(self._border)
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))

    def drawControl(
        self, element: QStyle.ControlElement, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        """Draw as Fusion does, then the outline of a button or a line along the outer edge of the tab that is shown."""
        super().drawControl(element, option, painter, widget)
        if element is QStyle.ControlElement.CE_PushButtonBevel and not option.state & QStyle.StateFlag.State_HasFocus:
            self._outline(painter, option, self._edge)
        if element is QStyle.ControlElement.CE_MenuItem and _is_line(option):
            place = option.rect
            painter.fillRect(QRect(place.left() + 5, place.center().y(), place.width() - 10, 1), self._border)
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
        """Draw as Fusion does, then the outline; the arrow of a button with a menu stands beside its icon or text."""
        if control is QStyle.ComplexControl.CC_ToolButton and _opens_menu(option):
            self._draw_menu_button(option, painter, widget)
            return
        super().drawComplexControl(control, option, painter, widget)
        if control in _OUTLINED:
            usual = self._border if control is QStyle.ComplexControl.CC_SpinBox else self._edge
            focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
            self._outline(painter, option, option.palette.highlight().color() if focused else usual)
        elif control is QStyle.ComplexControl.CC_ScrollBar:
            handle = QStyleOption(option)
            slider = QStyle.SubControl.SC_ScrollBarSlider
            handle.rect = self.subControlRect(control, option, slider, widget)  # type: ignore[arg-type]  # None is taken
            self._outline(painter, handle, self._edge)
        elif control is QStyle.ComplexControl.CC_Slider:
            self._outline_slider(painter, option, widget)

    def sizeFromContents(
        self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize, widget: QWidget | None = None
    ) -> QSize:
        """Give a button that opens a menu room for its arrow."""
        whole = super().sizeFromContents(kind, option, size, widget)  # type: ignore[arg-type]  # None is taken
        if kind is QStyle.ContentsType.CT_ToolButton and _opens_menu(option):
            whole.setWidth(whole.width() + _ARROW)
        return whole

    def _draw_menu_button(self, option: QStyleOptionComplex, painter: QPainter, widget: QWidget | None) -> None:
        """Draw a button that opens a menu: its frame around all, icon and text, then the arrow at half its height."""
        assert isinstance(option, QStyleOptionToolButton)
        whole = QRect(option.rect)
        plain = QStyleOptionToolButton(option)
        plain.features &= ~QStyleOptionToolButton.ToolButtonFeature.HasMenu
        label = QStyleOptionToolButton(plain)
        plain.text, plain.icon = "", QIcon()
        super().drawComplexControl(QStyle.ComplexControl.CC_ToolButton, plain, painter, widget)
        label.rect = whole.adjusted(4, 0, 2 - _ARROW, 0)
        super().drawControl(QStyle.ControlElement.CE_ToolButtonLabel, label, painter, widget)
        centre = QPointF(whole.right() - _ARROW / 2 - 1, whole.center().y() + 1.0)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        group = QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(option.palette.color(group, QPalette.ColorRole.ButtonText), 1.4))
        painter.drawPolyline(
            QPolygonF([centre + QPointF(-3, -1.5), centre + QPointF(0, 1.5), centre + QPointF(3, -1.5)])
        )
        painter.restore()

    def _outline_slider(self, painter: QPainter, option: QStyleOptionComplex, widget: QWidget | None) -> None:
        """Stroke the handle, and the groove where the handle is not: on black both would be lost."""
        control, parts = QStyle.ComplexControl.CC_Slider, QStyle.SubControl
        part = QStyleOption(option)
        part.rect = self.subControlRect(control, option, parts.SC_SliderHandle, widget)  # type: ignore[arg-type]  # None is taken
        self._outline(painter, part, self._edge)
        painter.save()
        painter.setClipRegion(QRegion(option.rect).subtracted(QRegion(part.rect)))
        part.rect = self.subControlRect(control, option, parts.SC_SliderGroove, widget)  # type: ignore[arg-type]  # None is taken
        self._outline(painter, part, self._border)
        painter.restore()

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


def _opens_menu(option: QStyleOption) -> bool:
    """Return True for a button all of which opens a menu."""
    features = QStyleOptionToolButton.ToolButtonFeature
    return (
        isinstance(option, QStyleOptionToolButton)
        and bool(option.features & features.HasMenu)
        and not option.features & features.MenuButtonPopup
    )


def _is_line(option: QStyleOption) -> bool:
    """Return True for a separator of a menu that has no text."""
    separator = QStyleOptionMenuItem.MenuItemType.Separator
    return isinstance(option, QStyleOptionMenuItem) and option.menuItemType is separator and not option.text
