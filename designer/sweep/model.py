"""The trials of a sweep as a Qt model: one row each, sorted by any column, the bad ones with their reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from core import units
from core.errors import LayerwrightError
from core.search.folder import Sweep
from core.search.places import Spot, spot
from core.search.study import Outcome
from core.search.table import TrialRow, best_of
from designer import theme
from designer.widgets import bold

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def outcome_text(outcome: Outcome) -> str:
    """Return how a trial stands as the user reads it."""
    texts = {
        "waiting": QCoreApplication.translate("Sweep", "waiting"),
        "running": QCoreApplication.translate("Sweep", "running"),
        "completed": QCoreApplication.translate("Sweep", "completed"),
        "pruned": QCoreApplication.translate("Sweep", "ended early"),
        "impossible": QCoreApplication.translate("Sweep", "impossible"),
        "failed": QCoreApplication.translate("Sweep", "failed"),
        "interrupted": QCoreApplication.translate("Sweep", "interrupted"),
    }
    return texts[outcome]


def spots_of(sweep: Sweep) -> tuple[Spot, ...]:
    """Return the places that a sweep varies, those that can be read."""
    found = []
    for each in sweep.search.dimensions:
        try:
            found.append(spot(sweep.project, each.place))
        except LayerwrightError:
            continue
    return tuple(found)


class TrialsModel(QAbstractTableModel):
    """Columns are number, state, the curve's best value, one for every place, epochs, time and reason."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[TrialRow, ...] = ()
        self._all: tuple[TrialRow, ...] = ()
        self._spots: tuple[Spot, ...] = ()
        self._metric = ""
        self._best = -1
        self._kept: frozenset[int] | None = None
        self._by, self._falling = -1, False

    def show_trials(self, sweep: Sweep | None, spots: Sequence[Spot], rows: tuple[TrialRow, ...]) -> None:
        """Show the trials of a sweep."""
        best = best_of(sweep, rows) if sweep is not None else None
        metric = sweep.metric if sweep is not None else ""
        same = (metric, tuple(spots)) == (self._metric, self._spots)
        if not same:
            self.beginResetModel()
        self._metric, self._spots = metric, tuple(spots)
        self._all, self._best = rows, best.number if best is not None else -1
        if not same:
            self.rows = self._arranged()
            self.endResetModel()
        else:
            self._arrange()

    def keep(self, numbers: frozenset[int] | None) -> None:
        """Show only these trials; None: all."""
        self._kept = numbers
        self._arrange()

    # --- the order ----------------------------------------------------------------------------------------------------

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1: the newest first."""
        self._by, self._falling = column, order is Qt.SortOrder.DescendingOrder
        self._arrange()

    def _arrange(self) -> None:
        """Take over the rows; those that are new are inserted, so that what is selected stays selected."""
        rows, before = self._arranged(), self.rows
        if [each.number for each in rows] == [each.number for each in before]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, self.columnCount() - 1))
            return
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        numbers = [before[each.row()].number if each.row() < len(before) else -1 for each in old]
        self.rows = rows
        places = {each.number: row for row, each in enumerate(rows)}
        moved = [
            self.index(places[number], each.column()) if number in places else QModelIndex()
            for each, number in zip(old, numbers, strict=True)
        ]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def _arranged(self) -> tuple[TrialRow, ...]:
        shown = [each for each in self._all if self._kept is None or each.number in self._kept]
        if self._by < 0:
            return tuple(reversed(shown))
        known = [each for each in shown if self._value(each, self._by) is not None]
        rest = [each for each in shown if self._value(each, self._by) is None]
        words = any(isinstance(self._value(each, self._by), str) for each in known)
        known.sort(key=lambda each: _key(self._value(each, self._by), words=words), reverse=self._falling)
        return (*known, *rest)

    def _value(self, row: TrialRow, column: int) -> Any:
        name, place = self.column(column)
        if name == "place":
            value = row.values.get(place)
            return value if isinstance(value, int | float) else None if value is None else str(value)
        readers = {"state": row.outcome, "metric": row.value, "epochs": row.epochs, "time": row.seconds}
        return readers.get(name, row.reason or None) if name != "trial" else row.number

    # --- what a table asks --------------------------------------------------------------------------------------------

    def column(self, column: int) -> tuple[str, str]:
        """Return what a column is: "trial", "state", "metric", "place" (with the place), "epochs", "time", "reason"."""
        names = [("trial", ""), ("state", ""), ("metric", ""), *(("place", each.place) for each in self._spots)]
        return [*names, ("epochs", ""), ("time", ""), ("reason", "")][column]

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of trials that are shown."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else 6 + len(self._spots)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Return the heading of a column."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        name, place = self.column(section)
        if role == Role.TextAlignmentRole:
            return _RIGHT if self._is_number(name, place) else None
        if role == Role.ToolTipRole:
            return place or self._metric if name in ("place", "metric") else None
        if role != Role.DisplayRole:
            return None
        texts = {
            "trial": self.tr("Trial"),
            "state": self.tr("State"),
            "metric": self._metric,
            "epochs": self.tr("Epochs"),
            "time": self.tr("Time"),
            "reason": self.tr("Why"),
        }
        return texts[name] if name in texts else self._spot(place).title

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Return what a cell shows."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        name, place = self.column(index.column())
        if role == Role.DisplayRole:
            return self._text(row, name, place)
        if role == Role.ToolTipRole:
            return row.reason or None
        if role == Role.TextAlignmentRole:
            return _RIGHT if self._is_number(name, place) else None
        if role == Role.ForegroundRole:
            return self._colour(row, name)
        if role == Role.FontRole and row.number == self._best:
            return bold(_font())
        return None

    def _text(self, row: TrialRow, name: str, place: str) -> str:
        if name == "place":
            where = self._spot(place)
            return where.text(row.values[place]) if place in row.values else ""
        texts = {
            "trial": str(row.number),
            "state": outcome_text(row.outcome),
            "metric": "" if row.value is None else f"{row.value:.5g}",
            "epochs": str(row.epochs) if row.epochs else "",
            "time": units.duration(row.seconds),
            "reason": row.reason.partition("\n")[0],
        }
        return texts[name]

    def _spot(self, place: str) -> Spot:
        return next(each for each in self._spots if each.place == place)

    def _is_number(self, name: str, place: str) -> bool:
        """Return whether a column holds numbers, which stand at the right."""
        if name == "place":
            return self._spot(place).draws != "choice"
        return name not in ("state", "reason")

    def _colour(self, row: TrialRow, name: str) -> QColor | None:
        colours = theme.current()
        if name == "state" and row.outcome in ("failed", "impossible"):
            return QColor(colours.error)
        if row.number == self._best and name in ("state", "metric"):
            return QColor(colours.success)
        return QColor(colours.text_muted) if row.outcome not in ("completed", "running") else None


def _font() -> Any:
    from PySide6.QtWidgets import QApplication

    return QApplication.font()


def _key(value: Any, *, words: bool) -> Any:
    return str(value).lower() if words else value
