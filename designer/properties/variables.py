"""The table of project variables: numbers that parameters may use in expressions."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from core.errors import EditError
from core.graph.edits import SetVariables
from core.graph.names import check_name, unique_name
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import IconButton, failing, muted


class VariablesTable(QWidget):
    """Name and value of every variable, both edited in place; a bad entry is explained and taken back."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.table = QTableWidget(0, 2)
        self.table.setObjectName("variables_table")
        self.table.setAccessibleName(self.tr("Variables"))
        self.table.setHorizontalHeaderLabels([self.tr("name"), self.tr("value")])
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.hint = muted(self.tr("Numbers for expressions: define width = 32 and write 2*width in a parameter."))
        self.message = failing()
        self.message.setObjectName("variables_message")
        self.message.hide()
        self.add = IconButton("plus", self.tr("Add a variable"))
        self.add.setObjectName("add_variable")
        self.remove = IconButton("minus", self.tr("Remove the selected variable"))
        self.remove.setObjectName("remove_variable")
        self._lay_out()
        self.table.itemChanged.connect(self._on_item_changed)
        self.table.itemSelectionChanged.connect(self._on_selection_changed)
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        self.refresh()

    def refresh(self) -> None:
        """Show the project's variables."""
        variables = self._session.project.variables
        shown = [(self._text(row, 0), self._text(row, 1)) for row in range(self.table.rowCount())]
        if shown != [(name, str(value)) for name, value in variables.items()]:
            self.table.blockSignals(True)
            self.table.setRowCount(len(variables))
            for row, (name, value) in enumerate(variables.items()):
                self.table.setItem(row, 0, QTableWidgetItem(name))
                self.table.setItem(row, 1, QTableWidgetItem(str(value)))
            self.table.blockSignals(False)
        self.table.setVisible(bool(variables))
        self.hint.setVisible(not variables)
        rows = min(len(variables), 6)
        height = self.table.horizontalHeader().sizeHint().height() + rows * self.table.rowHeight(0) + 4
        self.table.setFixedHeight(height if rows else 0)
        self._on_selection_changed()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.hint)
        column.addWidget(self.table)
        column.addWidget(self.message)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        column.addLayout(buttons)

    def _text(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text() if item is not None else ""

    def _on_selection_changed(self) -> None:
        self.remove.setEnabled(bool(self.table.selectedItems()))

    def _on_item_changed(self, _item: QTableWidgetItem) -> None:
        try:
            variables = self._read()
        except (ValueError, EditError) as error:
            self._say(str(error))
            self.refresh()
            return
        self._say("")
        self._session.apply(SetVariables(variables))

    def _read(self) -> dict[str, int | float]:
        variables: dict[str, int | float] = {}
        for row in range(self.table.rowCount()):
            name, text = self._text(row, 0).strip(), self._text(row, 1).strip()
            check_name(name)
            if name in variables:
                raise ValueError(self.tr("There is already a variable '{name}'.").format(name=name))
            variables[name] = self._number(name, text)
        return variables

    def _number(self, name: str, text: str) -> int | float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(self.tr("{name} must be a number, not '{text}'.").format(name=name, text=text))
        return int(text) if text.lstrip("+-").isdecimal() else value

    def _on_add(self) -> None:
        variables = dict(self._session.project.variables)
        name = "width" if "width" not in variables else unique_name("variable", variables)
        self._session.apply(SetVariables({**variables, name: 32}))
        self.refresh()
        row = self.table.rowCount() - 1
        self.table.setCurrentCell(row, 0)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        item = self.table.item(row, 0)
        if item is not None:
            self.table.editItem(item)

    def _on_remove(self) -> None:
        gone = {self._text(item.row(), 0) for item in self.table.selectedItems()}
        kept = {name: value for name, value in self._session.project.variables.items() if name not in gone}
        self._session.apply(SetVariables(kept))

    def _say(self, message: str) -> None:
        self.message.setText(message)
        self.message.setVisible(bool(message))
