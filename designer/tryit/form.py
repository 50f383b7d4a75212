"""The editors of all fields that a network takes; for windows over time a table of rows instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.data.values import parse_number
from core.errors import DataError
from designer.results.showing import cell_text
from designer.theme import SPACE
from designer.tryit.asking import Columns
from designer.tryit.editors import Editor, make_editor, placed, takes_file
from designer.tryit.opening import Ready
from designer.widgets import muted

_COLUMNS_FROM = 4
"""From so many lines on the form has two columns."""


class Form(QScrollArea):
    """Holds the values that the network is asked about. ``changed`` comes with every change by hand."""

    changed = Signal()

    def __init__(self, ready: Ready) -> None:
        super().__init__()
        self.setObjectName("try_form")
        self.setAccessibleName(self.tr("Values"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        preprocessing = ready.trained.preprocessing
        self.fields = {name: preprocessing.fields[name] for name in preprocessing.needed}
        self.length = preprocessing.window.length
        self.editors: dict[str, Editor] = {}
        self.rows: QTableWidget | None = None
        inside = QWidget()
        if self.length:
            self._make_rows(inside)
        else:
            self.editors = {name: make_editor(fitted, ready) for name, fitted in self.fields.items()}
            self._lay_out(inside)
        self.setWidget(inside)

    def _lay_out(self, inside: QWidget) -> None:
        whole = QHBoxLayout(inside)
        whole.setContentsMargins(0, 0, 4, 0)
        whole.setSpacing(SPACE)
        large = [each for each in self.editors.values() if each.large]
        small = [each for each in self.editors.values() if not each.large]
        for each in large:
            column = QVBoxLayout()
            column.setSpacing(2)
            if len(self.editors) > 1:
                column.addWidget(muted(each.fitted.name, wrap=False))
            column.addWidget(each, 1)
            whole.addLayout(column, 1)
        if small:
            grid = QGridLayout()
            grid.setHorizontalSpacing(6)
            grid.setVerticalSpacing(3)
            across = 2 if len(small) > _COLUMNS_FROM else 1
            for place, each in enumerate(small):
                line, column_at = divmod(place, across)
                grid.addWidget(placed(each.fitted.name), line, 2 * column_at)
                grid.addWidget(each, line, 2 * column_at + 1)
            for column_at in range(2 * across):
                grid.setColumnStretch(column_at, 1)
            grid.setRowStretch(len(small) // across + 1, 1)
            whole.addLayout(grid, 1)
        for each in self.editors.values():
            each.changed.connect(self.changed)

    def _make_rows(self, inside: QWidget) -> None:
        table = self.rows = QTableWidget(self.length, len(self.fields))
        table.setObjectName("try_rows")
        table.setAccessibleName(self.tr("Rows of the window, the oldest first"))
        table.setHorizontalHeaderLabels(list(self.fields))
        table.setVerticalHeaderLabels([str(place - self.length + 1) for place in range(self.length)])
        table.setToolTip(self.tr("The rows that the network looks back on, the newest last"))
        table.itemChanged.connect(lambda _item: self.changed.emit())
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(table)

    def columns(self) -> Columns | None:
        """Return the values as the network takes them; None while something is still to be given."""
        if self.rows is not None:
            return self._window()
        found: dict[str, Sequence[Any]] = {}
        for name, editor in self.editors.items():
            value = editor.value()
            if value is None and editor.large:
                return None
            found[name] = [value]
        return found

    def _window(self) -> Columns | None:
        assert self.rows is not None
        found: dict[str, list[Any]] = {}
        for place, (name, fitted) in enumerate(self.fields.items()):
            cells = [self.rows.item(row, place) for row in range(self.length)]
            texts = [cell.text().strip() if cell is not None else "" for cell in cells]
            if not any(texts):
                return None
            number = fitted.field.meaning == "number"
            found[name] = [parse_number(text) if number else text or None for text in texts]
        return found

    def put(self, columns: Mapping[str, Any]) -> None:
        """Show the values of a sample or a file: its only row, or the last ones of a window."""
        if self.rows is not None:
            with QSignalBlocker(self.rows):
                for place, name in enumerate(self.fields):
                    values = list(columns[name])[-self.length :]
                    for row, value in enumerate(values, self.length - len(values)):
                        self.rows.setItem(row, place, QTableWidgetItem(_cell(value)))
            return
        for name, editor in self.editors.items():
            if name in columns:
                editor.put(columns[name][0])

    def take_file(self, path: Path, under: QWidget | None) -> bool:
        """Take a file that is the value of one field: of that under the mouse, else of the first it suits."""
        suited = [each for each in self.editors.values() if takes_file(each.fitted, path)]
        below = [each for each in suited if under is not None and (each is under or each.isAncestorOf(under))]
        for editor in (below or suited)[:1]:
            editor.put(path)
            self.changed.emit()
        return bool(suited)

    @property
    def with_pictures(self) -> bool:
        """True where images go in, of which the network sees something else than what is drawn or opened."""
        return any(each.fitted.field.meaning == "image" for each in self.editors.values())

    @property
    def hint(self) -> str:
        """What is still to be done before there is an answer."""
        if self.rows is not None:
            return self.tr("Fill in the rows, take a sample, or drop a table.")
        meanings = {each.fitted.field.meaning for each in self.editors.values() if each.large}
        if meanings == {"text"}:
            return self.tr("Type a text or take a sample.")
        if meanings == {"image"}:
            return self.tr("Draw, drop an image, or take a sample.")
        return self.tr("Drop a file here, or take a sample.")


def _cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value))
    return "" if value is None else cell_text(value)


def one_row(columns: Mapping[str, Any], row: int, length: int) -> dict[str, Any]:
    """Return one row of what a file holds; with windows the rows up to it.

    Raises:
        DataError: it cannot be read.
    """
    from core.data.source import Lazy

    first = max(row - length + 1, 0) if length else row
    found = {}
    for name, values in columns.items():
        if isinstance(values, Lazy):
            found[name] = values.take(np.arange(first, row + 1))
        else:
            found[name] = values[first : row + 1]
        if not len(found[name]):
            raise DataError(f"'{name}' has no row {row + 1}.")
    return found
