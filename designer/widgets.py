"""Small widgets that several panels share. Their colours are palette roles, so that they follow a change of theme."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStylePainter,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from designer import theme
from designer.icons import icon

_LEAST_BUTTON = 80
"""Width to which a button that can be cut may shrink, in pixels."""
_LONG_WORD = 24
"""Words of more characters may be broken: paths, and long names."""


class TextLabel(QLabel):
    """A label for running text: wraps, can be selected, and shows plain text whatever is in it."""

    def __init__(
        self,
        text: str = "",
        role: QPalette.ColorRole = QPalette.ColorRole.WindowText,
        factor: float = 1.0,
        *,
        bold: bool = False,
        wrap: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setForegroundRole(role)
        if factor != 1.0 or bold:
            self.setFont(theme.scaled_font(self.font(), factor, bold=bold))
        if wrap:
            policy = self.sizePolicy()
            policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)


def muted(text: str = "", *, wrap: bool = True) -> TextLabel:
    """Return a label in the theme's muted text colour."""
    return TextLabel(text, QPalette.ColorRole.PlaceholderText, wrap=wrap)


def failing(text: str = "") -> TextLabel:
    """Return a label in the theme's error colour."""
    return TextLabel(text, QPalette.ColorRole.BrightText)


def heading(text: str, factor: float = 1.0) -> TextLabel:
    """Return a bold heading."""
    return TextLabel(text, factor=factor, bold=True)


def breakable(text: str) -> str:
    """Return a text whose long words may be broken at their punctuation, so that a narrow label shows all of it."""

    def broken(found: re.Match[str]) -> str:
        return re.sub(r"(?<=[/\\_.\-])(?=.)", "\u200b", found[0])

    return re.sub(rf"\S{{{_LONG_WORD},}}", broken, text)


class ElidedLabel(QLabel):
    """One line that is cut with "…" where there is no room; the tool tip has the whole text."""

    def __init__(
        self,
        text: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        role: QPalette.ColorRole = QPalette.ColorRole.WindowText,
    ) -> None:
        super().__init__()
        self._mode = mode
        self.setForegroundRole(role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        """Leave the width to the layout."""
        return QSize(0, self.fontMetrics().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the text, cut to the width."""
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(self.alignment()), text)


class ElidedButton(QPushButton):
    """A button that gives way where there is no room: its text is cut with "…", and the tool tip has the whole."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setToolTip(text)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Leave the width to the layout."""
        whole = super().minimumSizeHint()
        return QSize(min(whole.width(), _LEAST_BUTTON), whole.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the button, its text cut to the width."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        around = self.sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text())
        room = self.width() - around + 1  # an advance is rounded: what fits exactly must not be cut
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()


class ElidedComboBox(QComboBox):
    """A combo box that cuts a text with "…" where there is no room; ``mode`` says which part of it goes."""

    mode = Qt.TextElideMode.ElideRight

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the box, its text cut with "…" where there is no room."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex() < 0:
            option.palette.setBrush(QPalette.ColorRole.ButtonText, option.palette.placeholderText())
            option.currentText = self.placeholderText()
        style, parts = self.style(), QStyle.ComplexControl.CC_ComboBox
        room = style.subControlRect(parts, option, QStyle.SubControl.SC_ComboBoxEditField, self).width() - 4
        option.currentText = option.fontMetrics.elidedText(option.currentText, self.mode, room)
        painter.drawComplexControl(parts, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class IconButton(QToolButton):
    """A flat button with one of our icons, which follows the theme. The text is its tool tip and accessible name."""

    def __init__(self, name: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setAutoRaise(True)
        self.setIconSize(QSize(16, 16))
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.setIcon(icon(name))

    def changeEvent(self, event: QEvent) -> None:
        """Take the icon in the new theme's colour."""
        if event.type() == QEvent.Type.PaletteChange:
            self.setIcon(icon(self._name))
        super().changeEvent(event)


class PrimaryButton(QPushButton):
    """The button for what is most likely wanted, in the accent colour; it follows the theme."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        theme.switch.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        colours = theme.current()
        hover = QColor(colours.accent).darker(112).name()
        self.setStyleSheet(
            f"QPushButton {{ background: {colours.accent}; color: {colours.on_accent}; border: 0; border-radius: 4px;"
            f" padding: 5px 14px; font-weight: 600; }}"
            f"QPushButton:hover, QPushButton:pressed {{ background: {hover}; }}"
            f"QPushButton:focus {{ border: 2px solid {colours.text}; padding: 3px 12px; }}"
            f"QPushButton:disabled {{ background: {colours.grid}; color: {colours.text_muted};"
            f" border: 1px solid {colours.border}; padding: 4px 13px; }}"
        )


class IconLabel(QWidget):
    """An icon in one of the theme's colours, named by role: "error", "warning", "accent", "text_muted"…"""

    def __init__(self, name: str, role: str = "text", size: int = 16) -> None:
        super().__init__()
        self._name = name
        self._role = role
        self.setFixedSize(size, size)

    def set_icon(self, name: str, role: str) -> None:
        """Show another icon or colour."""
        self._name, self._role = name, role
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the icon in the theme's colour of now."""
        colour = str(getattr(theme.current(), self._role))
        painter = QPainter(self)
        icon(self._name, colour).paint(painter, self.rect())
        painter.end()


def as_list(table: QTableView, row: int) -> None:
    """Let a table look like a list of whole rows, ``row`` pixels high: no frame, no grid, no numbers in front."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(row)


def empty_page(text: QLabel, *buttons: QWidget) -> QWidget:
    """Return what a panel shows that has nothing to show: why, and what to do about it."""
    page = QWidget()
    text.setAlignment(Qt.AlignmentFlag.AlignCenter)
    row = QHBoxLayout()
    row.addStretch(1)
    for each in buttons:
        row.addWidget(each)
    row.addStretch(1)
    column = QVBoxLayout(page)
    column.addStretch(1)
    column.addWidget(text)
    column.addLayout(row)
    column.addStretch(1)
    return page


class Card(QFrame):
    """A rounded surface with a thin border."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and border."""
        painter = QPainter(self)
        paint_card(painter, QRectF(self.rect()), self.palette())
        painter.end()


def paint_card(
    painter: QPainter,
    rect: QRectF,
    palette: QPalette,
    *,
    border: QPalette.ColorRole = QPalette.ColorRole.Mid,
    width: float = 1.0,
) -> None:
    """Paint a card's surface and border into ``rect``."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(palette.color(QPalette.ColorRole.Base))
    painter.setPen(QPen(palette.color(border), width))
    inset = width / 2
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), theme.RADIUS, theme.RADIUS)


class Rule(QWidget):
    """A thin horizontal line in the border colour."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Mid)


def bold(font: QFont) -> QFont:
    """Return the font in bold."""
    font = QFont(font)
    font.setBold(True)
    return font


def italic(font: QFont) -> QFont:
    """Return the font in italics."""
    font = QFont(font)
    font.setItalic(True)
    return font
