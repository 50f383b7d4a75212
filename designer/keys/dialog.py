"""The keyboard shortcuts: every command with its keys, to be searched and to be changed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from designer.keys.keymap import keymap
from designer.keys.table import Binding, portable, written
from designer.theme import SPACE, monospace
from designer.widgets import bold, muted

_ID = Qt.ItemDataRole.UserRole
_SEARCHED = Qt.ItemDataRole.UserRole + 1
_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)


class KeysDialog(QDialog):
    """Lists the commands by menu. Enter or a double click waits for a new key; conflicts are named and resolved."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shortcuts_dialog")
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.resize(600, 640)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search commands and keys"))
        self.search.setAccessibleName(self.tr("Search commands and keys"))
        self.search.setClearButtonEnabled(True)
        self.tree = self._make_tree()
        self.field = KeyField()
        self.change = QPushButton(self.tr("&Change"))
        self.add = QPushButton(self.tr("&Add another"))
        self.clear = QPushButton(self.tr("&No key"))
        self.reset = QPushButton(self.tr("&Reset"))
        self.reset_all = QPushButton(self.tr("Reset all"))
        self._adding = False
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(lambda _now, _before: self._follow())
        self.tree.itemActivated.connect(lambda _item, _column: self._ask())
        self.change.clicked.connect(lambda: self._ask())
        self.add.clicked.connect(lambda: self._ask(adding=True))
        self.clear.clicked.connect(lambda: keymap.give(self._current(), ()))
        self.reset.clicked.connect(lambda: keymap.reset(self._current()))
        self.reset_all.clicked.connect(self._ask_reset_all)
        self.field.pressed.connect(self._take)
        self.field.left.connect(self._done)
        keymap.changed.connect(self._fill)
        self._fill()
        self.search.setFocus()

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(2)
        tree.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        tree.headerItem().setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tree.setAccessibleName(self.tr("Commands"))
        tree.setRootIsDecorated(False)
        tree.setIndentation(SPACE * 2)
        tree.setUniformRowHeights(True)
        tree.setAlternatingRowColors(True)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tree.header().setStretchLastSection(False)
        return tree

    def _lay_out(self) -> None:
        keys = QHBoxLayout()
        keys.addWidget(self.field, 1)
        for button in (self.change, self.add, self.clear, self.reset):
            button.setAutoDefault(False)
            keys.addWidget(button)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        box.addButton(self.reset_all, QDialogButtonBox.ButtonRole.ResetRole)
        for button in (self.reset_all, box.button(QDialogButtonBox.StandardButton.Close)):
            button.setAutoDefault(False)
            button.setIcon(QIcon())
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addWidget(muted(self.tr("A key of the canvas acts while the canvas has the keyboard.")))
        column.addLayout(keys)
        column.addWidget(box)

    # --- the list -----------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        chosen = self._current()
        self.tree.clear()
        sections: dict[str, QTreeWidgetItem] = {}
        for row in keymap.bindings():
            if row.id:
                if row.section not in sections:
                    sections[row.section] = self._section(row.section)
                sections[row.section].addChild(self._item(row))
        self.tree.expandAll()
        self._filter(self.search.text())
        self.show_command(chosen)
        self._follow()

    def _section(self, name: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([name])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setSizeHint(0, QSize(0, self.fontMetrics().height() + SPACE))
        item.setFont(0, bold(self.font()))
        self.tree.addTopLevelItem(item)
        return item

    def _item(self, row: Binding) -> QTreeWidgetItem:
        keys = ",  ".join(written(key) for key in row.keys)
        item = QTreeWidgetItem([row.text, keys])
        item.setSizeHint(0, QSize(0, self.fontMetrics().height() + SPACE))
        own = keymap.is_own(row.id)
        item.setData(0, _ID, row.id)
        item.setData(0, _SEARCHED, f"{row.text} {row.section} {keys}".lower())
        spoken = self.tr("{command}, {keys}").format(command=row.text, keys=keys or self.tr("no key"))
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, spoken + (self.tr(", changed") if own else ""))
        font = monospace()
        font.setBold(own)
        item.setFont(1, font)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if own:
            item.setToolTip(1, self.tr("You changed this."))
        return item

    def _items(self) -> list[QTreeWidgetItem]:
        sections = [self.tree.topLevelItem(at) for at in range(self.tree.topLevelItemCount())]
        return [item for section in sections if section for item in _children(section)]

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items():
            item.setHidden(not all(word in item.data(0, _SEARCHED) for word in words))
        for at in range(self.tree.topLevelItemCount()):
            section = self.tree.topLevelItem(at)
            if section is not None:
                section.setHidden(all(item.isHidden() for item in _children(section)))
        now = self.tree.currentItem()
        if words and (now is None or now.isHidden()):
            shown = [item for item in self._items() if not item.isHidden()]
            if shown:
                self.tree.setCurrentItem(shown[0])

    def show_command(self, name: str) -> None:
        """Make a command the current one."""
        item = next((each for each in self._items() if each.data(0, _ID) == name), None)
        if item is not None:
            self.tree.setCurrentItem(item)
            self.tree.scrollToItem(item)

    def _current(self) -> str:
        item = self.tree.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def _follow(self) -> None:
        name = self._current()
        for button in (self.change, self.add, self.clear):
            button.setEnabled(bool(name))
        self.reset.setEnabled(keymap.is_own(name))
        self.reset_all.setEnabled(bool(keymap.own))
        if not self.field.hasFocus():
            self.field.show_keys(keymap.keys(name) if name else ())
            self.field.setPlaceholderText(self.tr("No key") if name else self.tr("Choose a command above"))

    # --- changing -----------------------------------------------------------------------------------------------------

    def _ask(self, *, adding: bool = False) -> None:
        if self._current():
            self._adding = adding
            self.field.wait()

    def _take(self, key: str) -> None:
        name = self._current()
        taken = keymap.holders(key, name)
        self.tree.setFocus()
        if taken and not self._may_take(key, taken):
            self._done()
            return
        keymap.give(name, (*keymap.keys(name), key) if self._adding else (key,))
        self._done()

    def _may_take(self, key: str, holders: list[Binding]) -> bool:
        others = ", ".join(f"“{row.text}”" for row in holders)
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("The key is taken"))
        box.setText(self.tr("{key} stands for {others} already.").format(key=written(key), others=others))
        box.setInformativeText(self.tr("Take it away there and use it here?"))
        box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
        box.button(QMessageBox.StandardButton.Yes).setText(self.tr("Use it here"))
        answer = box.exec()
        box.deleteLater()
        return answer == QMessageBox.StandardButton.Yes

    def _done(self) -> None:
        if self.field.hasFocus():
            self.tree.setFocus()
        self._follow()

    def _ask_reset_all(self) -> None:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Reset all keys"))
        box.setText(self.tr("Give all commands the keys that they had at first?"))
        changed = self.tr("{count} commands have keys of your own.").format(count=len(keymap.own))
        box.setInformativeText(changed)
        box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
        box.button(QMessageBox.StandardButton.Yes).setText(self.tr("Reset all"))
        if box.exec() == QMessageBox.StandardButton.Yes:
            keymap.reset_all()
        box.deleteLater()


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [child for at in range(item.childCount()) if (child := item.child(at)) is not None]


class KeyField(QLineEdit):
    """Shows a command's keys; once it waits, the next key pressed is the new one (Esc: none)."""

    pressed = Signal(str)
    """The key (portable text)."""
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Keys"))

    def sizeHint(self) -> QSize:
        """Leave room for the request to press a key."""
        return super().sizeHint().expandedTo(QSize(150, 0))

    def show_keys(self, keys: tuple[str, ...]) -> None:
        """Show the keys of a command."""
        self.setText(",  ".join(written(key) for key in keys))

    def wait(self) -> None:
        """Take the next key."""
        self.setText(self.tr("Press the new key…"))
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Take every key, shortcuts and Tab included."""
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            self._press(event)
            return True
        if event.type() is QEvent.Type.FocusOut:
            self.left.emit()
        return super().event(event)

    def _press(self, event: QKeyEvent) -> None:
        if event.key() in _MODIFIERS:
            return
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.left.emit()
            return
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.text().isprintable() and event.text() and not event.text().isalnum():
            modifiers &= ~Qt.KeyboardModifier.ShiftModifier  # Shift is how "?" is typed, not part of it
        if event.key() == Qt.Key.Key_Backtab:
            key = "Shift+Tab"
        else:
            key = portable(QKeySequence(modifiers.value | event.key()))
        if key:
            self.pressed.emit(key)
