"""The command palette itself: a field and a list in the middle of the window. Enter runs what is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from designer import theme
from designer.announcing import announce
from designer.command_palette.entries import Entry, commands, nodes, ranked, ranked_nodes
from designer.elsewhere import HideElsewhere
from designer.icons import icon
from designer.keys.table import combination
from designer.settings import Settings

if TYPE_CHECKING:
    from designer.window import Window

_WIDTH, _ROW, _ROWS, _TOP = 560, 40, 9, 64
_ENTRY = Qt.ItemDataRole.UserRole
_REMEMBERED = 12
NODE_SIGN = "@"
"""What a text begins with that is looked for among the nodes."""
_Index = QModelIndex | QPersistentModelIndex


class CommandPalette(QFrame):
    """Lists what can be done in a window, what was run last first."""

    def __init__(self, window: Window, settings: Settings) -> None:
        super().__init__(window)
        self.setObjectName("command_palette")
        self.setAccessibleName(self.tr("Find a command"))
        self._window = window
        self._settings = settings
        self._before: QWidget | None = None
        self._commands: list[Entry] = []
        self._nodes: list[Entry] = []
        self.field = QLineEdit(self)
        self.field.setObjectName("command_palette_field")
        self.field.setPlaceholderText(self.tr("Type a command, or @ and a node's name"))
        self.field.setAccessibleName(self.tr("Find a command"))
        self.field.setClearButtonEnabled(True)
        self.list = QListWidget(self)
        self.list.setObjectName("command_palette_list")
        self.list.setAccessibleName(self.tr("Commands found"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_EntryDelegate(self.list))
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addWidget(self.list)
        HideElsewhere(self, self.close_palette)
        self.setFocusProxy(self.field)
        self.field.textChanged.connect(self._refill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._choose())
        self.list.currentItemChanged.connect(lambda _now, _before: self._say())
        self.hide()

    def open(self) -> None:
        """Show all commands; where it is open already, close it."""
        if self.isVisible():
            self.close_palette()
            return
        self._before = self._window.focusWidget()
        self._commands, self._nodes = commands(self._window), []
        self._restyle()
        self.field.clear()
        self._refill("")
        self._place()
        self.raise_()
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        self._say()

    def close_palette(self) -> None:
        """Hide, and give the keyboard back to where it was."""
        had_focus = self.field.hasFocus()
        self.hide()
        if had_focus and self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def listed(self) -> list[Entry]:
        """What is listed, from the top."""
        return [entry for row in range(self.list.count()) if (entry := self._entry(row)) is not None]

    def _entry(self, row: int) -> Entry | None:
        item = self.list.item(row)
        found: Entry | None = item.data(_ENTRY) if item is not None else None
        return found

    def _restyle(self) -> None:
        colours = theme.current()
        self.setAutoFillBackground(True)
        self.setStyleSheet(
            f"#command_palette {{ background: {colours.raised}; border: 1px solid {colours.border};"
            f" border-radius: 8px; }}"
            f"#command_palette_list {{ background: {colours.raised}; }}"
            f"#command_palette_field {{ background: {colours.surface}; border: 1px solid {colours.accent};"
            f" border-radius: 5px; padding: 7px 8px; color: {colours.text};"
            f" placeholder-text-color: {colours.text_muted}; }}"
        )

    def _place(self) -> None:
        width = min(_WIDTH, self._window.width() - 16)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((self._window.width() - width) // 2, min(_TOP, max(8, self._window.height() - self.height() - 8)))

    # --- what is listed -----------------------------------------------------------------------------------------------

    def _refill(self, text: str) -> None:
        found = [] if text.startswith(NODE_SIGN) else ranked(self._commands, text, self._settings.recent_commands)
        if not found:
            self._nodes = self._nodes or nodes(self._window)
            found = ranked_nodes(self._nodes, text.removeprefix(NODE_SIGN))
        self.list.clear()
        for entry in found:
            self.list.addItem(self._item(entry))
        if not found:
            nothing = QListWidgetItem(self.tr("No command and no node is called that."))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        self.list.setCurrentRow(0)
        self.list.setFixedHeight(_ROW * min(self.list.count(), _ROWS) + 2)
        self._place()

    def _item(self, entry: Entry) -> QListWidgetItem:
        item = QListWidgetItem(entry.text)
        item.setData(_ENTRY, entry)
        not_now = "" if entry.enabled else entry.why_not or self.tr("not possible now")
        parts = (entry.text, entry.where, entry.key, not_now, self.tr("chosen") if entry.checked else "")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, parts)))
        return item

    def _say(self) -> None:
        item = self.list.currentItem()
        if item is not None and self.isVisible():
            announce(self.field, str(item.data(Qt.ItemDataRole.AccessibleTextRole) or item.text()))

    def _choose(self) -> None:
        entry = self._entry(self.list.currentRow())
        if entry is None:
            return
        if not entry.enabled:
            announce(self.field, entry.why_not, urgent=True)
            return
        self.close_palette()
        if not entry.id.startswith(NODE_SIGN):
            others = [name for name in self._settings.recent_commands if name != entry.id]
            self._settings.recent_commands = [entry.id, *others][:_REMEMBERED]
        entry.run()

    # --- keys ---------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows walk the list, Enter runs, Esc closes; losing the focus closes too."""
        if watched is self.field:
            if isinstance(event, QFocusEvent) and event.lostFocus():
                if event.reason() is not Qt.FocusReason.PopupFocusReason:
                    self.hide()
            elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
                return self._key(event)
            elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
                return self._overrides(event)
        return super().eventFilter(watched, event)

    def _overrides(self, event: QKeyEvent) -> bool:
        """Leave the palette's own key to the window: in a field it would delete the rest of the line."""
        action = self._window.actions_by_id["command_palette"]
        return any(combination(key) == event.keyCombination() for key in action.shortcuts())

    def _key(self, event: QKeyEvent) -> bool:
        key, count = event.key(), self.list.count()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        elif key == Qt.Key.Key_Escape:
            self.close_palette()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.list.setCurrentRow((self.list.currentRow() + (1 if key == Qt.Key.Key_Down else -1)) % count)
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            step = _ROWS - 1 if key == Qt.Key.Key_PageDown else 1 - _ROWS
            self.list.setCurrentRow(max(0, min(count - 1, self.list.currentRow() + step)))
        else:
            return key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        return True


class _EntryDelegate(QStyledItemDelegate):
    """Draws icon, text, menu, key, and under a text that cannot be run the reason."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(_WIDTH - 14, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry: Entry | None = index.data(_ENTRY)
        colours = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = option.rect.adjusted(10, 0, -12, 0)
        small = theme.scaled_font(option.font, 0.88)
        if entry is None:
            painter.setPen(QColor(colours.text_muted))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, str(index.data()))
            painter.restore()
            return
        if option.state & QStyle.StateFlag.State_Selected:
            tint = QColor(colours.accent)
            tint.setAlpha(46)
            painter.setPen(QColor(colours.accent))
            painter.setBrush(tint)
            painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5), 5, 5)
        picture = "check" if entry.checked else entry.icon
        if picture:
            colour = colours.text if entry.enabled else colours.text_muted
            icon(picture, colour).paint(painter, QRect(place.left(), place.center().y() - 8, 17, 17))
        right = self._right(painter, entry, place, small)
        self._texts(painter, entry, place.adjusted(30, 0, right - place.right() - 8, 0), option.font, small)
        painter.restore()

    def _right(self, painter: QPainter, entry: Entry, place: QRect, small: QFont) -> int:
        """Draw key and menu at the right edge; return where they begin."""
        colours = theme.current()
        left = place.right()
        if entry.key:
            painter.setFont(small)
            width = painter.fontMetrics().horizontalAdvance(entry.key) + 14
            pill = QRectF(left - width, place.center().y() - 10, width, 21)
            painter.setPen(QColor(colours.border))
            painter.setBrush(QColor(colours.window))
            painter.drawRoundedRect(pill, 4, 4)
            painter.setPen(QColor(colours.text))
            painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, entry.key)
            left -= width + 10
        painter.setFont(small)
        painter.setPen(QColor(colours.text_muted))
        width = painter.fontMetrics().horizontalAdvance(entry.where)
        painter.drawText(
            QRect(left - width, place.top(), width, place.height()), Qt.AlignmentFlag.AlignVCenter, entry.where
        )
        return left - width

    def _texts(self, painter: QPainter, entry: Entry, place: QRect, font: QFont, small: QFont) -> None:
        colours = theme.current()
        painter.setFont(font)
        painter.setPen(QColor(colours.text if entry.enabled else colours.text_muted))
        top = place.adjusted(0, 3, 0, -place.height() // 2 + 2) if entry.why_not else place
        text = painter.fontMetrics().elidedText(entry.text, Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(top, Qt.AlignmentFlag.AlignVCenter, text)
        if entry.why_not:
            painter.setFont(small)
            painter.setPen(QColor(colours.text_muted))
            text = painter.fontMetrics().elidedText(entry.why_not, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place.adjusted(0, place.height() // 2 - 1, 0, -3), Qt.AlignmentFlag.AlignVCenter, text)
