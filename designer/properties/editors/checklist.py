"""A list of things to tick, as tall as it needs to be: the base of the editors of several names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from core.kinds import Parameter
from designer.properties.editors.base import Context, Editor, Shown, Silenced, Special
from designer.widgets import muted

_ROWS = 8


@dataclass(frozen=True)
class Entry:
    """One thing to tick: the value, the text shown, and its tool tip."""

    value: str
    text: str
    tip: str = ""


class _List(QListWidget):
    def sizeHint(self) -> QSize:
        rows = min(max(self.count(), 1), _ROWS)
        row = max(self.sizeHintForRow(0), self.fontMetrics().height()) + 2 * self.spacing()
        height = row * rows + 2 * self.frameWidth() + 2
        return QSize(110, height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class ChecklistEditor(Editor):
    """Edits a tuple of names in the order of the list."""

    tall = True

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parameter, context, parent)
        self._entries: tuple[Entry, ...] | None = None
        self._shown: Shown = Special.UNSET
        self.list = _List()
        self.list.setAccessibleName(parameter.name)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSpacing(1)
        self.setFocusProxy(self.list)
        self.list.itemChanged.connect(self._on_item_changed)
        self.note = muted()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column.addWidget(self.list)
        column.addWidget(self.note)
        self.refresh()

    def entries(self) -> Iterable[Entry]:
        """Return what can be ticked."""
        raise NotImplementedError

    def empty_note(self) -> str:
        """Return what is said where there is nothing to tick."""
        return ""

    def refresh(self) -> None:
        """Fill the list again where what can be ticked has changed."""
        entries = (*self.entries(), *self._strangers())
        if entries == self._entries:
            return
        self._entries = entries
        with Silenced(self.list):
            self.list.clear()
            for entry in entries:
                item = QListWidgetItem(entry.text)
                item.setToolTip(entry.tip)
                item.setData(Qt.ItemDataRole.UserRole, entry.value)
                item.setFlags(
                    Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
                )
                item.setCheckState(Qt.CheckState.Unchecked)
                self.list.addItem(item)
        self.list.setVisible(bool(entries))
        self.list.updateGeometry()
        self._tick()

    def show_value(self, value: Shown) -> None:
        """Tick what the value names."""
        self._shown = value
        self.refresh()
        self._tick()

    def chosen(self) -> tuple[str, ...]:
        """Return what the shown value names."""
        value = self.parameter.default if self._shown is Special.UNSET else self._shown
        return tuple(value) if isinstance(value, tuple | list) else ()

    def ticked(self, values: Sequence[str], changed: str) -> tuple[str, ...]:
        """Return the new value after ``changed`` was ticked or unticked."""
        return tuple(values)

    def _strangers(self) -> Iterable[Entry]:
        known = {entry.value for entry in self.entries()}
        for name in self.chosen():
            if name not in known:
                yield Entry(name, self.tr("{name} (not available)").format(name=name))

    def _tick(self) -> None:
        chosen = self.chosen()
        with Silenced(self.list):
            for row in range(self.list.count()):
                item = self.list.item(row)
                name = str(item.data(Qt.ItemDataRole.UserRole))
                item.setCheckState(Qt.CheckState.Checked if name in chosen else Qt.CheckState.Unchecked)
        mixed = self._shown is Special.MIXED
        text = self.several_values() if mixed else "" if self._entries else self.empty_note()
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        rows = (self.list.item(row) for row in range(self.list.count()))
        values = [
            str(each.data(Qt.ItemDataRole.UserRole)) for each in rows if each.checkState() is Qt.CheckState.Checked
        ]
        self.edited.emit(self.ticked(values, str(item.data(Qt.ItemDataRole.UserRole))))
        self.finished.emit()
