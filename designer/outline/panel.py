"""The tree of all nodes in running order, groups with what is inside them; what is selected here is selected there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from core.graph.change import Change
from core.graph.edits import Rename
from designer import theme
from designer.canvas import menus
from designer.canvas.drawn import touch
from designer.canvas.view import CanvasView
from designer.keys.keymap import keymap
from designer.keys.table import BORROWED, portable
from designer.outline.delegate import ROW, RowDelegate
from designer.outline.rows import Key, Row, Rows
from designer.session import Session

_Index = QModelIndex | QPersistentModelIndex


class OutlinePanel(QTreeWidget):
    """Rows know their node by its path and name. Keys of the canvas for rename, delete, bypass… act here too."""

    def __init__(self, session: Session, view: Callable[[], CanvasView], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outline")
        self.setAccessibleName(self.tr("Outline of the network"))
        self.setHeaderLabels([self.tr("Node")])
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._view = view
        self._session = session
        self._syncing = False
        self._rows = Rows(session)
        delegate = _Renaming(self)
        delegate.renamed.connect(self._rename)
        self.setItemDelegate(delegate)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        session.changed.connect(self._on_changed)
        session.report_changed.connect(self._later)
        session.selection_changed.connect(self._take_selection)
        session.drawn_changed.connect(self._take_selection)
        session.view_changed.connect(self._take_selection)
        theme.switch.changed.connect(self.viewport().update)
        self.itemSelectionChanged.connect(self._give_selection)
        self.itemExpanded.connect(self._fill_group)
        self.itemActivated.connect(lambda item, _column: self._enter(item))
        self.customContextMenuRequested.connect(self._open_menu)

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _on_changed(self, change: Change) -> None:
        if not change.only_positions or _changes_drawn(change):
            self._later()

    def _later(self, _what: object = None) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Show the network as it is by now."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Bring all rows up to date; what was opened stays open."""
        self._syncing = True
        had = self._place_of_current()
        self._rows = Rows(self._session)
        self._fill(self.invisibleRootItem(), self._rows.of())
        self._syncing = False
        self._take_selection()
        if had is not None and self.currentItem() is None and self.topLevelItemCount():
            rows = children(self.invisibleRootItem())
            nearest = rows[min(had, len(rows) - 1)]
            self._syncing = True  # the keyboard goes on from here; what is looked at and selected stays
            self.setCurrentItem(nearest, 0, self.selectionModel().SelectionFlag.NoUpdate)
            self._syncing = False

    def _place_of_current(self) -> int | None:
        item = self.currentItem()
        while item is not None and item.parent() is not None:
            item = item.parent()
        return self.indexOfTopLevelItem(item) if item is not None else None

    def _fill(self, parent: QTreeWidgetItem, rows: list[Row]) -> None:
        """Make the children of an item these rows; where the nodes are the same, their items stay."""
        before = children(parent)
        opened = {row_of(item).key for item in before if item.isExpanded()}
        if [row_of(item).key for item in before] != [row.key for row in rows]:
            parent.takeChildren()
            parent.addChildren([QTreeWidgetItem() for _row in rows])
        for item, row in zip(children(parent), rows, strict=True):
            _write(item, row)
            if row.key in opened and row.group:
                self._fill(item, self._rows.of((*row.path, row.name), row.group))
                item.setExpanded(True)
            elif not row.group:
                item.takeChildren()

    def _fill_group(self, item: QTreeWidgetItem) -> None:
        row = row_of(item)
        if row.group and not self._syncing:
            self._syncing = True
            self._fill(item, self._rows.of((*row.path, row.name), row.group))
            self._syncing = False
            self._take_selection()

    def items(self, parent: QTreeWidgetItem | None = None) -> Iterator[QTreeWidgetItem]:
        """Yield all items that are there, from the top."""
        parent = parent or self.invisibleRootItem()
        for item in children(parent):
            yield item
            yield from self.items(item)

    def item_of(self, key: Key) -> QTreeWidgetItem | None:
        """Return the item of a node."""
        return next((item for item in self.items() if row_of(item).key == key), None)

    # --- selection ----------------------------------------------------------------------------------------------------

    def _give_selection(self) -> None:
        """Select on the canvas what is selected here, in the graph of the current row."""
        current = self.currentItem()
        if self._syncing or current is None:
            return
        path = row_of(current).path
        rows = [row_of(item) for item in self.selectedItems() if row_of(item).path == path]
        names, drawn = [row.name for row in rows if not row.drawn], [row.name for row in rows if row.drawn]
        self._syncing = True
        if len(names) == 1 and not drawn:
            self._session.reveal(names[0], path)
        elif self._session.go_to(path):
            self._session.select(names, drawn)
            if len(drawn) == 1 and not names:
                self._view().navigator.reveal(self._view().canvas.drawn.bounds(drawn))
        self._syncing = False

    def _take_selection(self, _what: object = None) -> None:
        """Show here what is selected on the canvas; the group that is looked at opens."""
        if self._syncing or not self.isVisible():
            return
        self._syncing = True
        path = self._session.path
        for depth, name in enumerate(path):
            item = self.item_of((path[:depth], name))
            if item is not None and not item.isExpanded():
                self._fill(item, self._rows.of((*path[:depth], name), row_of(item).group))
                item.setExpanded(True)
        first = None
        for item in self.items():
            row = row_of(item)
            chosen = row.path == path and row.name in (self._session.drawn if row.drawn else self._session.selection)
            item.setSelected(chosen)
            first = item if chosen and first is None else first
        current = self.currentItem()
        if first is not None and (current is None or not current.isSelected()):
            self.setCurrentItem(first, 0, self.selectionModel().SelectionFlag.NoUpdate)
            self.scrollToItem(first)
        self._syncing = False

    # --- what can be done here ----------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the canvas's keys do to the selected nodes; the rest is a tree's own."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = portable(QKeySequence(modifiers.value | event.key()))
        found = next((name for name in BORROWED if key in keymap.keys(name)), "")
        item = self.currentItem()
        if event.key() == Qt.Key.Key_Escape:
            self._view().setFocus(Qt.FocusReason.OtherFocusReason)
        elif not found or item is None:
            super().keyPressEvent(event)
        elif found == "rename" and not row_of(item).drawn:
            self.editItem(item)
        elif found == "rename" or found == "enter":
            self._enter(item)
        else:
            if found == "add_after":
                self._view().setFocus(Qt.FocusReason.OtherFocusReason)
            self._view().keys.run(found)

    def event(self, event: QEvent) -> bool:
        """Take the keys that act here before a menu's shortcut does, and Tab where it adds a layer."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
            key = portable(QKeySequence(event.modifiers().value | event.key()))
            if any(key in keymap.keys(name) for name in BORROWED):
                event.accept()
                return True
        return super().event(event)

    def _enter(self, item: QTreeWidgetItem) -> None:
        row = row_of(item)
        if self._session.go_to(row.path) and row.drawn:
            self._session.select((), [row.name])
            self._view().drawn.edit(row.name)
        elif self._session.path == row.path:
            self._session.select([row.name])
            self._view().enter(row.name)

    def _rename(self, key: Key, text: str) -> None:
        path, name = key
        if text and text != name and self._session.go_to(path) and self._session.apply_here(Rename(name, text)):
            self._session.select([text])

    def _open_menu(self, place: QPoint) -> None:
        item = self.itemAt(place)
        if item is None:
            return
        self.setCurrentItem(item)
        shown = self._view().canvas.drawn.item(row_of(item).name) if row_of(item).drawn else None
        if shown:
            touch.menu_of(self._view(), shown).popup(self.viewport().mapToGlobal(place))
        elif not row_of(item).drawn:
            menus.node_menu(self._view(), row_of(item).name).popup(self.viewport().mapToGlobal(place))


class _Renaming(RowDelegate):
    """Draws the rows, and hands a new name on instead of writing it into the tree."""

    renamed = Signal(object, str)

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        """Begin with the name, selected."""
        assert isinstance(editor, QLineEdit)
        editor.setText(index.data(ROW).name)
        editor.setAccessibleName(self.tr("New name"))
        editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:
        """Ask for the new name."""
        assert isinstance(editor, QLineEdit)
        row: Row = index.data(ROW)
        self.renamed.emit(row.key, editor.text().strip())


def _changes_drawn(change: Change) -> bool:
    """True where frames or notes of the network or of a group are not what they were."""
    before, after = change.parts.get("groups", ({}, {}))
    pairs = [(group.graph, before[name].graph) for name, group in after.items() if name in before]
    inside = any(new.frames != old.frames or new.notes != old.notes for new, old in pairs if new is not old)
    return inside or bool(change.parts.keys() & {"graph.frames", "graph.notes"})


def children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    """Return the items under an item."""
    return [child for at in range(item.childCount()) if (child := item.child(at)) is not None]


def row_of(item: QTreeWidgetItem) -> Row:
    """Return the row that an item shows."""
    row: Row = item.data(0, ROW)
    return row


def _write(item: QTreeWidgetItem, row: Row) -> None:
    if item.data(0, ROW) == row:
        return
    item.setData(0, ROW, row)
    item.setText(0, row.name)
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, row.spoken)
    item.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, "\n".join(row.problems))
    item.setToolTip(0, "\n".join((row.spoken, *row.problems)))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable)
    show, hide = (
        QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator,
        QTreeWidgetItem.ChildIndicatorPolicy.DontShowIndicator,
    )
    item.setChildIndicatorPolicy(show if row.group else hide)
