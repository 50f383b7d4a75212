"""Paints the rows of the library: families as headings with their icon, kinds with a bar in the family's colour."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from designer import theme
from designer.icons import family_icon, icon
from designer.library.model import FAMILY, HELP, KIND
from designer.widgets import bold

_FAMILY_HEIGHT = 32
_KIND_HEIGHT = 28


class LibraryDelegate(QStyledItemDelegate):
    """Draws chevron, icon and name of a family; colour bar, name and help of a kind."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Give families a little more room; both grow with the font."""
        base = _FAMILY_HEIGHT if index.data(KIND) is None else _KIND_HEIGHT
        return QSize(120, max(base, option.fontMetrics.height() + 10))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self._background(painter, option, selected)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        group = QPalette.ColorGroup.Normal if enabled else QPalette.ColorGroup.Disabled
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        text = option.palette.color(group, role)
        if index.data(KIND) is None:
            self._family(painter, option, index, text)
        else:
            self._kind(painter, option, index, text, selected)
        painter.restore()

    def _background(self, painter: QPainter, option: QStyleOptionViewItem, selected: bool) -> None:
        rect = QRectF(option.rect).adjusted(4, 1, -4, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if selected:
            painter.setBrush(option.palette.color(QPalette.ColorRole.Highlight))
            painter.drawRoundedRect(rect, 4, 4)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            hover = QColor(option.palette.color(QPalette.ColorRole.Highlight))
            hover.setAlpha(36)
            painter.setBrush(hover)
            painter.drawRoundedRect(rect, 4, 4)

    def _family(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
        text: QColor,
    ) -> None:
        rect = option.rect
        middle = rect.center().y() + 1
        is_open = bool(option.state & QStyle.StateFlag.State_Open)
        chevron = icon("chevron-down" if is_open else "chevron-right", text.name())
        chevron.paint(painter, QRect(rect.left() + 8, middle - 6, 12, 12))
        family_icon(str(index.data(FAMILY))).paint(painter, QRect(rect.left() + 26, middle - 9, 18, 18))
        painter.setFont(bold(option.font))
        painter.setPen(text)
        place = rect.adjusted(52, 0, -8, 0)
        name = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, name)

    def _kind(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
        text: QColor,
        selected: bool,
    ) -> None:
        rect = option.rect
        painter.setBrush(theme.current().family(str(index.data(FAMILY))))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(rect.left() + 33, rect.top() + 7, 4, rect.height() - 14), 2, 2)
        painter.setPen(text)
        painter.setFont(option.font)
        place = rect.adjusted(52, 0, -10, 0)
        name = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, name)
        left = option.fontMetrics.horizontalAdvance(name) + 10
        if place.width() - left > 40:
            role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.PlaceholderText
            painter.setPen(option.palette.color(role))
            painter.setFont(theme.scaled_font(option.font, 0.88))
            rest = place.adjusted(left, 0, 0, 0)
            help_text = painter.fontMetrics().elidedText(
                str(index.data(HELP)), Qt.TextElideMode.ElideRight, rest.width()
            )
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, help_text)
