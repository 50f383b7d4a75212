"""The cards of the start page: a template with its picture, and a recent project."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLayout, QLayoutItem, QVBoxLayout, QWidget

from designer import theme
from designer.settings import RecentProject
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconButton, IconLabel, bold, paint_card

THUMBNAIL = QSize(248, 132)
"""Size of a template's picture, in device-independent pixels."""


class _CardButton(QAbstractButton):
    """A button that looks like a card; Enter presses it as Space does."""

    def __init__(self) -> None:
        super().__init__()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show that it can be pressed."""
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer has left."""
        self.update()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        self.update()
        super().focusInEvent(event)

    def paint_frame(self, painter: QPainter) -> None:
        """Paint the card, its border telling of hover and focus."""
        active = self.underMouse() or self.hasFocus()
        border = QPalette.ColorRole.Highlight if active else QPalette.ColorRole.Mid
        paint_card(painter, QRectF(self.rect()), self.palette(), border=border, width=2 if self.hasFocus() else 1)


class TemplateCard(_CardButton):
    """A template: picture, title and a line or two about it."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._summary = text
        self._picture: QPixmap | None = None
        self.setText(title)
        self.setToolTip(text)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        lines = self.fontMetrics().lineSpacing()
        self.setFixedSize(THUMBNAIL.width() + 2, THUMBNAIL.height() + SPACE * 3 + lines * 3 + 2)

    def set_picture(self, picture: QPixmap) -> None:
        """Show a picture of the template's graph."""
        self._picture = picture
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint card, picture, title and text."""
        painter = QPainter(self)
        self.paint_frame(painter)
        picture = QRect(QPoint(1, 1), THUMBNAIL).adjusted(1, 1, -1, 0)
        painter.fillRect(picture, QColor(theme.current().canvas))
        if self._picture is not None:
            painter.drawPixmap(picture.topLeft(), self._picture)
        lines = self.fontMetrics().lineSpacing()
        place = QRect(SPACE + 4, picture.bottom() + SPACE, self.width() - 2 * SPACE - 8, lines + 4)
        painter.setFont(bold(self.font()))
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        for number, line in enumerate(self._lines(place.width())):
            below = place.translated(0, place.height() + number * lines)
            painter.drawText(below, Qt.AlignmentFlag.AlignTop, line)
        painter.end()

    def _lines(self, width: int) -> list[str]:
        """Break the text into two lines, the second cut with "…"."""
        first, words = "", self._summary.split()
        while words and self.fontMetrics().horizontalAdvance(f"{first} {words[0]}") <= width:
            first = f"{first} {words.pop(0)}".strip()
        rest = self.fontMetrics().elidedText(" ".join(words), Qt.TextElideMode.ElideRight, width)
        return [first, rest]


class RecentCard(_CardButton):
    """A recent project: name, folder and when; a missing file is marked and can only be taken off the list."""

    removed = Signal(object)
    """The path to be forgotten."""

    def __init__(self, project: RecentProject, *, missing: bool) -> None:
        super().__init__()
        self.project = project
        self.missing = missing
        self.setObjectName("recent_card")
        self.setText(project.path.name)
        self.setToolTip(str(project.path))
        state = self.tr("file not found") if missing else when(project.opened)
        self.setAccessibleName(f"{project.path.stem}, {state}")
        if missing:
            self.setCursor(Qt.CursorShape.ArrowCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + 2, SPACE - 1, SPACE // 2, SPACE - 1)
        row.setSpacing(SPACE + 2)
        picture = IconLabel("warning" if missing else "file", "warning" if missing else "accent", 20)
        row.addWidget(picture)
        row.addLayout(self._texts(state), 1)
        forget = IconButton("close", self.tr("Remove from this list (the file stays)"))
        forget.setObjectName("forget_recent")
        forget.clicked.connect(lambda: self.removed.emit(project.path))
        row.addWidget(forget)

    def _texts(self, state: str) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(1)
        muted = QPalette.ColorRole.PlaceholderText
        name = ElidedLabel(self.project.path.stem, role=muted if self.missing else QPalette.ColorRole.Text)
        name.setFont(bold(name.font()))
        folder = ElidedLabel(f"{state}  ·  {_short(self.project)}", Qt.TextElideMode.ElideMiddle, muted)
        for label in (name, folder):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)
        return column

    def sizeHint(self) -> QSize:
        """Take two lines of text."""
        return QSize(260, 2 * self.fontMetrics().lineSpacing() + 2 * SPACE + 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the card."""
        painter = QPainter(self)
        self.paint_frame(painter)
        painter.end()


def when(moment: datetime) -> str:
    """Say how long ago that was, in the words of a list: "today 14:05", "yesterday", "3 days ago", a date."""
    now = datetime.now().astimezone()
    moment = moment.astimezone()
    days = (now.date() - moment.date()).days
    if days <= 0:
        return f"today {moment:%H:%M}"
    if days == 1:
        return f"yesterday {moment:%H:%M}"
    return f"{days} days ago" if days < 14 else f"{moment:%Y-%m-%d}"


def _short(project: RecentProject) -> str:
    folder = project.path.parent
    home = folder.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) and folder != home else str(folder)


class FlowLayout(QLayout):
    """Lays out items of one size from left to right, and in as many rows as that takes."""

    def __init__(self, parent: QWidget, spacing: int) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = spacing
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Add an item at the end."""
        self._items.append(item)

    def count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return an item, or None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take an item out, or None past the end."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        """More width means fewer rows."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all rows."""
        return self._place(QRect(0, 0, width, 0), moving=False)

    def sizeHint(self) -> QSize:
        """Return the smallest size."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """Leave room for one item at least."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def setGeometry(self, rect: QRect) -> None:
        """Move the items to their places."""
        super().setGeometry(rect)
        self._place(rect, moving=True)

    def _place(self, rect: QRect, *, moving: bool) -> int:
        x, y, height = rect.x(), rect.y(), 0
        for item in self._items:
            size = item.sizeHint()
            if x + size.width() > rect.right() + 1 and x > rect.x():
                x, y, height = rect.x(), y + height + self._gap, 0
            if moving:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._gap
            height = max(height, size.height())
        return y + height - rect.y()
