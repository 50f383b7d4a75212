"""Choosing a source of data: every kind with its icon and a line, by groups, with a search."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.data.source import SourceKind
from designer import theme
from designer.data.source_kinds import group_title, grouped_sources, icon_of
from designer.icons import icon
from designer.widgets import IconButton, PrimaryButton, TextLabel, heading, muted

_ICON = 18


class SourceRow(QToolButton):
    """A source as a wide flat button: icon, title, and a line that says what it is."""

    def __init__(self, kind: SourceKind, icon_name: str) -> None:
        super().__init__()
        self.kind = kind
        self._icon_name = icon_name
        self.setObjectName(f"source_{kind.id}")
        self.setText(kind.title)
        self.setToolTip(kind.help)
        self.setAccessibleName(kind.title)
        self.setAccessibleDescription(kind.help)
        self.setAutoRaise(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        """Two lines of text."""
        return QSize(200, 2 * self.fontMetrics().height() + theme.SPACE)

    def minimumSizeHint(self) -> QSize:
        """Leave the width to the layout."""
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the button's face, then icon, title and line."""
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        painter.end()
        self._paint_texts()

    def _paint_texts(self) -> None:
        colours = theme.current()
        painter = QPainter(self)
        line = self.fontMetrics().height()
        top = (self.height() - 2 * line) // 2
        icon(self._icon_name, colours.accent).paint(painter, QRect(6, (self.height() - _ICON) // 2, _ICON, _ICON))
        left = _ICON + 14
        room = self.width() - left - 6
        painter.setPen(QColor(colours.text))
        painter.drawText(QRect(left, top, room, line), 0, self.kind.title)
        painter.setFont(theme.scaled_font(self.font(), 0.9))
        painter.setPen(QColor(colours.text_muted))
        text = painter.fontMetrics().elidedText(self.kind.help, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, top + line, room, line), 0, text)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses, as Space does; the arrows go on to the next source."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


class SourceChoice(QWidget):
    """Says what to do first and offers every source."""

    chosen = Signal(str)
    """The id of a source."""
    file_wanted = Signal()
    """Any file shall be chosen; what reads it is found out."""
    folder_wanted = Signal()
    """The same for a folder."""
    back = Signal()
    """What is bound shall stay."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data_empty")
        self.rows: list[SourceRow] = []
        self._groups: list[tuple[TextLabel, list[SourceRow]]] = []
        self._title = heading(self.tr("No data yet"), 1.2)
        self._back = IconButton("leave", self.tr("Back to the data that is bound"))
        self.search = QLineEdit()
        self._none = muted()
        self._lay_out()
        self.show_bound(bound=False)

    def _lay_out(self) -> None:
        self._back.setObjectName("data_back")
        self._back.clicked.connect(self.back)
        self.search.setObjectName("source_search")
        self.search.setAccessibleName(self.tr("Search sources"))
        self.search.setPlaceholderText(self.tr("Search sources"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._choose_first)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._back)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACE // 2, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(head)
        layout.addWidget(muted(self.tr("Choose what the network shall learn from, or drop a file or folder here.")))
        layout.addLayout(self._buttons())
        layout.addWidget(self.search)
        for group, kinds in grouped_sources():
            title = heading(group_title(group))
            title.setContentsMargins(0, theme.SPACE // 2, 0, 0)
            rows = [SourceRow(kind, icon_of(kind)) for kind in kinds]
            layout.addWidget(title)
            for row in rows:
                layout.addWidget(row)
                row.clicked.connect(lambda _on=False, source=row.kind.id: self.chosen.emit(source))
            self._groups.append((title, rows))
            self.rows += rows
        layout.addWidget(self._none)
        layout.addStretch(1)
        theme.switch.changed.connect(self.update)

    def _buttons(self) -> QHBoxLayout:
        file = PrimaryButton(self.tr("Open a file"))
        file.setObjectName("data_open_file")
        file.clicked.connect(self.file_wanted)
        folder = QPushButton(self.tr("Open a folder"))
        folder.setObjectName("data_open_folder")
        folder.clicked.connect(self.folder_wanted)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(file)
        row.addWidget(folder)
        row.addStretch(1)
        return row

    def show_bound(self, *, bound: bool) -> None:
        """Say whether there is data that this would replace."""
        self._title.setText(self.tr("Choose other data") if bound else self.tr("No data yet"))
        self._back.setVisible(bound)
        self.search.clear()
        self._filter("")

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        some = False
        for title, rows in self._groups:
            group = title.text().lower()
            for row in rows:
                told = f"{group} {row.kind.id} {row.kind.title} {row.kind.help}".lower()
                row.setVisible(all(word in told for word in words))
            there = any(not row.isHidden() for row in rows)
            title.setVisible(there)
            some |= there
        self._none.setText("" if some else self.tr("No source has “{0}” in it.").format(text.strip()))
        self._none.setVisible(not some)

    def _choose_first(self) -> None:
        found = [row for row in self.rows if not row.isHidden()]
        if found and self.search.text().strip():
            found[0].click()
