"""Draws a row of the outline: icon, name, kind, parameters and shape in two lines, and a mark for problems."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from designer import theme
from designer.icons import family_icon, icon
from designer.outline.rows import Row
from designer.widgets import bold

ROW = Qt.ItemDataRole.UserRole
"""Role of a Row."""
_LEFT, _PAD, _ICON = 24, 4, 17
_MARKS = {"error": "error", "warning": "warning", "info": "info"}
_OFF = 0.5
_Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Two lines for every node."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Leave room for two lines."""
        small = QFontMetrics(theme.scaled_font(option.font, 0.88))
        return QSize(120, option.fontMetrics.height() + small.height() + 2 * _PAD)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:
        """Put the field over the name."""
        editor.setGeometry(option.rect.adjusted(_LEFT - 4, 1, -2, -1))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint one row."""
        row: Row | None = index.data(ROW)
        if row is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self._background(painter, option, selected)
        place = option.rect.adjusted(2, _PAD, -8, -_PAD)
        if row.severity:
            mark = QRect(place.right() - 15, place.top() + 1, 15, 15)
            colour = str(getattr(theme.current(), {"info": "accent"}.get(row.severity, row.severity)))
            icon(_MARKS[row.severity], option.palette.highlightedText().color().name() if selected else colour).paint(
                painter, mark
            )
            place.setRight(mark.left() - 6)
        if row.mode:
            painter.setOpacity(_OFF)
        place_of_icon = QRect(place.left(), option.rect.center().y() - _ICON // 2, _ICON, _ICON)
        lit = option.palette.highlightedText().color().name() if selected else ""
        picture = icon(row.drawn, lit or None) if row.drawn else family_icon(row.family, lit)
        picture.paint(painter, place_of_icon)
        self._texts(painter, option, row, place.adjusted(_LEFT, 0, 0, 0), selected)
        painter.restore()

    def _background(self, painter: QPainter, option: QStyleOptionViewItem, selected: bool) -> None:
        colour = QColor(option.palette.color(QPalette.ColorRole.Highlight))
        if not selected:
            if not option.state & QStyle.StateFlag.State_MouseOver:
                return
            colour.setAlpha(36)
        painter.fillRect(option.rect, colour)

    def _texts(self, painter: QPainter, option: QStyleOptionViewItem, row: Row, place: QRect, selected: bool) -> None:
        palette = option.palette
        text = palette.color(QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text)
        quiet = text if selected else palette.color(QPalette.ColorRole.PlaceholderText)
        painter.setFont(bold(option.font))
        painter.setPen(text)
        high = painter.fontMetrics().height()
        name = painter.fontMetrics().elidedText(row.title or row.name, Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(QRect(place.left(), place.top(), place.width(), high), Qt.AlignmentFlag.AlignVCenter, name)
        used = painter.fontMetrics().horizontalAdvance(name) + 8
        painter.setFont(theme.scaled_font(option.font, 0.88))
        painter.setPen(quiet)
        metrics, right = painter.fontMetrics(), Qt.TextElideMode.ElideRight
        beside = QRect(place.left() + used, place.top(), place.width() - used, high)
        if beside.width() > 20:
            kind = " · ".join(filter(None, (row.kind, row.parameters)))
            painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(kind, right, beside.width()))
        under = QRect(place.left(), place.top() + high, place.width(), place.height() - high)
        line = f"→ {row.shape}" if row.shape else row.problems[0] if row.problems else ""
        painter.drawText(under, Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(line, right, under.width()))
