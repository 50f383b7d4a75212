"""A table of named numbers that parameters may use in expressions: project variables, parameters of a group."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.errors import EditError
from core.expressions import Number
from core.graph.formulas import Use
from core.graph.names import check_name, unique_name
from designer.properties.number_help import NumberHelp
from designer.theme import SPACE
from designer.widgets import IconButton, failing, muted

_NAME, _VALUE, _USED = range(3)
_VALUE_WIDTH = 64
_MOST_ROWS = 6


class Numbers(ABC):
    """The numbers that a table edits."""

    hint = ""
    """What stands there while there are none."""
    first = ""
    """The name proposed for the first one."""
    value_title = ""
    """The heading of the column of values."""

    @abstractmethod
    def read(self) -> Mapping[str, Number]:
        """Return the numbers as they are."""

    @abstractmethod
    def write(self, numbers: Mapping[str, Number], renamed: Mapping[str, str]) -> None:
        """Set the numbers; ``renamed`` says which got another name (old to new), so that their uses can follow.

        Raises:
            EditError: the project does not allow that.
        """

    def help_of(self, _name: str) -> str | None:
        """Return what is said of a number; None where these numbers have no explanations."""
        return None

    def explain(self, name: str, text: str) -> None:
        """Say something else of a number."""
        raise NotImplementedError

    def deeds(self, _name: str) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return what else can be done with a number: entries of its menu, none by default."""
        return ()

    @abstractmethod
    def places(self, name: str) -> Sequence[Use]:
        """Return where a number is used."""

    @abstractmethod
    def show(self, use: Use) -> None:
        """Bring the node of a use into view."""


class NumbersTable(QWidget):
    """Name and value of every number, both edited in place, and where it is used; a bad entry is taken back.

    A click on where it is used goes there. One that is used is removed only when that is asked for twice.
    """

    def __init__(self, numbers: Numbers) -> None:
        super().__init__()
        self._numbers = numbers
        self._names: list[str] = []
        self._places: dict[str, Sequence[Use]] = {}
        self.table = QTableWidget(0, 3)
        self.table.setObjectName("numbers_table")
        self.table.setAccessibleName(self.tr("Numbers"))
        self.table.setHorizontalHeaderLabels([self.tr("name"), numbers.value_title, self.tr("used by")])
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setSectionResizeMode(_VALUE, QHeaderView.ResizeMode.Fixed)
        self.table.setColumnWidth(_VALUE, _VALUE_WIDTH)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.hint = muted(numbers.hint)
        self.message = failing()
        self.message.setObjectName("numbers_message")
        self.add = IconButton("plus", self.tr("Add a number"))
        self.add.setObjectName("add_number")
        self.remove = IconButton("minus", self.tr("Remove the selected numbers"))
        self.remove.setObjectName("remove_number")
        self.anyway = QPushButton(self.tr("Remove anyway"))
        self.anyway.setObjectName("remove_anyway")
        self.anyway.setAutoDefault(False)
        self.help = NumberHelp()
        self._lay_out()
        self._say("")
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show the numbers as they are now."""
        numbers = self._numbers.read()
        shown = [(self._text(row, _NAME), self._text(row, _VALUE)) for row in range(self.table.rowCount())]
        self.table.blockSignals(True)
        if shown != [(name, str(value)) for name, value in numbers.items()]:
            self.table.setRowCount(len(numbers))
            for row, (name, value) in enumerate(numbers.items()):
                self.table.setItem(row, _NAME, QTableWidgetItem(name))
                self.table.setItem(row, _VALUE, QTableWidgetItem(str(value)))
        self._names = list(numbers)
        self._show_places()
        self.table.blockSignals(False)
        self.table.setVisible(bool(numbers))
        self.hint.setVisible(not numbers)
        rows = min(len(numbers), _MOST_ROWS)
        frame = 2 * self.table.frameWidth()
        height = self.table.horizontalHeader().sizeHint().height() + rows * self.table.rowHeight(0) + frame
        self.table.setFixedHeight(height if rows else 0)
        self._allow_remove()
        self._show_help()

    def _show_help(self) -> None:
        """Show what is said of the row that has the cursor, else of the first."""
        row = self.table.currentRow()
        name = self._names[row if 0 <= row < len(self._names) else 0] if self._names else ""
        self.help.show_number(name, self._numbers.help_of(name) if name else None)

    def _show_places(self) -> None:
        self._places = {name: self._numbers.places(name) for name in self._names}
        for row, (name, places) in enumerate(self._places.items()):
            text = str(places[0]) if len(places) == 1 else units.plural(len(places), "place") if places else "–"
            item = QTableWidgetItem(text)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            if places:
                item.setForeground(self.palette().link())
                item.setToolTip("\n".join(map(str, places)))
            self.table.setItem(row, _USED, item)
            named = self.table.item(row, _NAME)
            if named is not None:
                named.setToolTip(name)

    def _connect(self) -> None:
        self.table.itemChanged.connect(self._on_item_changed)
        self.table.itemSelectionChanged.connect(self._on_selection_changed)
        self.table.currentCellChanged.connect(lambda *_cells: self._show_help())
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._on_menu_wanted)
        self.table.cellClicked.connect(self._on_cell_chosen)
        self.table.cellActivated.connect(self._on_cell_chosen)
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.anyway.clicked.connect(self._drop)
        self.help.written.connect(self._numbers.explain)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.table)
        keys.setContext(Qt.ShortcutContext.WidgetShortcut)
        keys.activated.connect(self._on_remove)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.hint)
        column.addWidget(self.table)
        column.addWidget(self.help)
        column.addWidget(self.message)
        column.addWidget(self.anyway, 0, Qt.AlignmentFlag.AlignLeft)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        column.addLayout(buttons)

    def _text(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text() if item is not None else ""

    def _selected(self) -> list[str]:
        rows = {item.row() for item in self.table.selectedItems()}
        return [name for row, name in enumerate(self._names) if row in rows]

    def _allow_remove(self) -> None:
        self.remove.setEnabled(bool(self.table.selectedItems()))

    def _on_selection_changed(self) -> None:
        self._allow_remove()
        if not self.anyway.isHidden():
            self._say("")

    def _on_item_changed(self, item: QTableWidgetItem) -> None:
        try:
            numbers = self._typed()
            old, new = self._names[item.row()], list(numbers)[item.row()]
            self._write(numbers, {old: new} if old != new else {})
        except ValueError as error:
            self._say(str(error))
            self.refresh()

    def _write(self, numbers: Mapping[str, Number], renamed: Mapping[str, str]) -> None:
        try:
            self._numbers.write(numbers, renamed)
            self._say("")
        except EditError as error:
            self._say(str(error))
        self.refresh()

    def _typed(self) -> dict[str, Number]:
        numbers: dict[str, Number] = {}
        for row in range(self.table.rowCount()):
            name, text = self._text(row, _NAME).strip(), self._text(row, _VALUE).strip()
            try:
                check_name(name)
            except EditError as error:
                raise ValueError(str(error)) from error
            if name in numbers:
                raise ValueError(self.tr("There is already a number '{name}'.").format(name=name))
            numbers[name] = self._number(name, text)
        return numbers

    def _number(self, name: str, text: str) -> Number:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(self.tr("{name} must be a number, not '{text}'.").format(name=name, text=text))
        return int(text) if text.lstrip("+-").isdecimal() else value

    def _on_add(self) -> None:
        numbers = dict(self._numbers.read())
        first = self._numbers.first
        name = first if first not in numbers else unique_name("number", numbers)
        self._write({**numbers, name: 32}, {})
        row = self.table.rowCount() - 1
        self.table.setCurrentCell(row, _NAME)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        item = self.table.item(row, _NAME)
        if item is not None:
            self.table.editItem(item)

    def _on_remove(self) -> None:
        """Remove what is selected; of a number that is used say so first."""
        used = [name for name in self._selected() if self._places.get(name)]
        if not used:
            self._drop()
            return
        places = self._places[used[0]]
        where = str(places[0]) + (self.tr(" and {count} more").format(count=len(places) - 1) if places[1:] else "")
        told = self.tr("'{name}' is used by {where}, which would not work without it: put a number there first.")
        self._say(told.format(name=used[0], where=where))
        self.anyway.show()

    def _drop(self) -> None:
        gone = self._selected()
        if gone:
            self._write({name: value for name, value in self._numbers.read().items() if name not in gone}, {})

    def _on_menu_wanted(self, at: QPoint) -> None:
        row = self.table.rowAt(at.y())
        if row >= 0:
            menu = self.menu_of(self._names[row])
            if menu.actions():
                menu.popup(self.table.viewport().mapToGlobal(at))

    def menu_of(self, name: str) -> QMenu:
        """Return the menu of a number."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, do in self._numbers.deeds(name):
            menu.addAction(text).triggered.connect(lambda _checked=False, do=do: do())
        return menu

    def _on_cell_chosen(self, row: int, column: int) -> None:
        """Go to where a number is used; let the user choose where that is several places."""
        places = self._places.get(self._names[row], ()) if column == _USED else ()
        if len(places) == 1:
            self._numbers.show(places[0])
        elif places:
            item = self.table.visualItemRect(self.table.item(row, column) or QTableWidgetItem())
            self.places_menu(self._names[row]).popup(self.table.viewport().mapToGlobal(item.bottomLeft()))

    def places_menu(self, name: str) -> QMenu:
        """Return a menu of where a number is used; each entry goes there."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for use in self._places[name]:
            menu.addAction(str(use)).triggered.connect(lambda _checked=False, use=use: self._numbers.show(use))
        return menu

    def _say(self, message: str) -> None:
        self.message.setText(message)
        self.message.setVisible(bool(message))
        self.anyway.hide()
