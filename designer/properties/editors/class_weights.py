"""The editor of class weights: none, balanced by how many samples each class has, or a number for every class."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from core.graph.binding import target_field
from core.kinds import Parameter, Value
from core.training.targets import class_count
from designer.properties.editors.base import Context, Editor, Shown, Silenced, Special
from designer.properties.editors.choice import ChoiceEditor
from designer.theme import SPACE

_OWN = "own"
_MOST_ROWS = 6


class _Mode(ChoiceEditor):
    def options(self) -> Iterable[tuple[str, Value]]:
        yield self.tr("All classes alike"), "none"
        yield self.tr("Balanced"), "balanced"
        yield self.tr("One number a class"), _OWN

    def tip(self, value: Value) -> str:
        texts = {
            "balanced": self.tr(
                "Rare classes count more: all samples of a class together count as much as of another."
            ),
            _OWN: self.tr("How much a sample of each class counts in the loss; 1 is as usual."),
        }
        return texts.get(value, "")


class ClassWeightsEditor(Editor):
    """A choice, and below it a table of the classes by name where each has a number of its own."""

    tall = True

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parameter, context, parent)
        self._shown: Shown = Special.UNSET
        self._names: tuple[str, ...] = ()
        self.mode = _Mode(parameter, context)
        self.table = QTableWidget(0, 2)
        self.table.setObjectName("class_weights_table")
        self.table.setAccessibleName(self.tr("Weight of each class"))
        self.table.horizontalHeader().hide()
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(1, 64)
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + SPACE)
        self.table.setTabKeyNavigation(False)
        self.setFocusProxy(self.mode.box)
        self.mode.edited.connect(self._on_mode)
        self.table.itemChanged.connect(self._on_item)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.mode)
        column.addWidget(self.table)
        self.refresh()

    @property
    def applies(self) -> bool:
        """There is nothing to weigh where no classes are predicted; what is set can be taken back."""
        unset = self._shown is Special.UNSET or self._shown == "none"
        return bool(self._names) or not unset

    def class_names(self) -> tuple[str, ...]:
        """Return the classes of what the outputs predict; none where it has none, or the outputs differ."""
        project = self.context.session.project
        found = set()
        for name in self.context.nodes:
            node = project.graph.nodes.get(name)
            target = target_field(project, node) if node is not None else None
            count = class_count(target) if target is not None and target.meaning != "text" else 0
            known = target.categories if target is not None and len(target.categories) == count else ()
            found.add(known or tuple(str(index) for index in range(count)))
        return found.pop() if len(found) == 1 else ()

    def refresh(self) -> None:
        """The classes may have changed."""
        names = self.class_names()
        if names != self._names:
            self._names = names
            self.show_value(self._shown)

    def show_value(self, value: Shown) -> None:
        """Show the value."""
        self._shown = value
        own = tuple(value) if isinstance(value, tuple | list) else None
        self.mode.show_value(value if own is None else _OWN)
        self.table.setVisible(own is not None)
        if own is not None:
            self._fill(own)

    def _fill(self, weights: tuple[Value, ...]) -> None:
        count = max(len(weights), len(self._names))
        with Silenced(self.table):
            self.table.setRowCount(count)
            for row in range(count):
                name = self._names[row] if row < len(self._names) else self.tr("class {0}").format(row)
                weight = f"{weights[row]:g}" if row < len(weights) else ""
                title, number = self._item(row, 0), self._item(row, 1)
                title.setText(name)
                title.setFlags(Qt.ItemFlag.ItemIsEnabled)
                title.setToolTip(name)
                number.setText(weight)
                number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                spoken = self.tr("weight of {0}: {1}").format(name, weight)
                number.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
        rows = min(max(count, 1), _MOST_ROWS)
        self.table.setFixedHeight(rows * self.table.rowHeight(0) + 2 * self.table.frameWidth())

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        """Return the item of a cell; one that is there stays, as it may be the one that is being edited."""
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self.table.setItem(row, column, item)
        return item

    def _on_mode(self, mode: Value) -> None:
        value = (1.0,) * len(self._names) if mode == _OWN else mode
        if mode == _OWN and isinstance(self._shown, tuple | list):
            return
        self.show_value(value)
        self.edited.emit(value)
        self.finished.emit()

    def _on_item(self, _item: QTableWidgetItem) -> None:
        texts = [found.text() if (found := self.table.item(row, 1)) else "" for row in range(self.table.rowCount())]
        try:
            weights = tuple(float(text.replace(",", ".") or 1) for text in texts)
        except ValueError:
            wrong = next(text for text in texts if not _is_number(text))
            self.refused.emit(self.tr("'{0}' is not a number.").format(wrong))
            return
        message = self.context.check(weights)
        if message or not all(map(math.isfinite, weights)):
            self.refused.emit(message or self.tr("A weight must be a finite number."))
            return
        self._shown = weights
        self.edited.emit(weights)
        self.finished.emit()


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ".") or 1)
    except ValueError:
        return False
    return True
