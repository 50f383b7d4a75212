"""The list of runs as a Qt model: searched and sorted by the rules of the run index, edited in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from core.training.run_index import COLUMNS, RunEntry, in_order, search
from core.training.run_labels import Labels
from designer import theme
from designer.icons import icon
from designer.runs import columns as col

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
_ROW = 24
_SWATCH = 12


class RunsModel(QAbstractTableModel):
    """Rows are runs, the newest first unless sorted otherwise; ``colour_of`` says in which colour one is plotted.

    ``labels_edited`` asks for other labels of a run, ``curves_toggled`` for its curves to be shown or not.
    """

    labels_edited = Signal(object, object)
    curves_toggled = Signal(object, bool)

    def __init__(self, colour_of: Callable[[Path], QColor | None]) -> None:
        super().__init__()
        self.all: tuple[RunEntry, ...] = ()
        self.rows: tuple[RunEntry, ...] = ()
        self.columns: tuple[str, ...] = col.known(())
        self.text = ""
        self.sorted_by, self.descending = "", False
        self._colour_of = colour_of
        self._asked: set[Path] = set()

    # --- what is listed -----------------------------------------------------------------------------------------------

    def show_runs(self, runs: Iterable[RunEntry]) -> None:
        """List these runs. Where they are those there were, rows change in place, and what is edited stays open."""
        self.all = tuple(runs)
        found = col.known(self.all)
        if set(found) - set(self.columns):
            self.beginResetModel()
            self.columns = tuple(dict.fromkeys((*found, *self.columns)))
            self.rows = self._arranged()
            self.endResetModel()
            return
        self._arrange()

    def search(self, text: str) -> None:
        """Keep the runs that fit, by the rules of ``core.training.run_index.search``."""
        if text != self.text:
            self.text = text
            self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1: the newest first."""
        self.sorted_by = self.columns[column] if 0 <= column < len(self.columns) else ""
        self.descending = order is Qt.SortOrder.DescendingOrder
        self._arrange()

    def _arranged(self) -> tuple[RunEntry, ...]:
        found = search(self.all, self.text)
        return in_order(found, self.sorted_by, descending=self.descending) if self.sorted_by else found

    def _arrange(self) -> None:
        rows, before = self._arranged(), self.rows
        if [each.path for each in rows] == [each.path for each in before]:
            self.rows = rows
            changed = [at for at, (old, new) in enumerate(zip(before, rows, strict=True)) if old != new]
            for at in changed:
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(self.columns) - 1))
        elif {each.path for each in rows} == {each.path for each in before}:
            self._reorder(rows)
        else:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def _reorder(self, rows: tuple[RunEntry, ...]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        place = {run.path: at for at, run in enumerate(rows)}
        after = [self.index(place[self.rows[each.row()].path], each.column()) for each in before]
        self.rows = rows
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def row_of(self, path: Path) -> int:
        """Return the row of a run; -1 where it is not listed."""
        return next((at for at, run in enumerate(self.rows) if run.path == path), -1)

    def colours_changed(self) -> None:
        """Show anew which runs are plotted, and in which colours."""
        self._asked.clear()
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))

    # --- the model ----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many runs are listed."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many columns there are, hidden ones too."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Headings and their tool tips."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Role.DisplayRole:
            return col.title(self.columns[section])
        return col.tip(self.columns[section]) if role == Role.ToolTipRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Runs can be ticked, tags and notes be typed."""
        flags = super().flags(index)
        if not index.isValid():
            return flags
        name = self.columns[index.column()]
        if name == col.NAME and not self.rows[index.row()].listing.problem:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags | Qt.ItemFlag.ItemIsEditable if name in col.EDITABLE else flags

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """What a cell shows."""
        if not index.isValid():
            return None
        run, name = self.rows[index.row()], self.columns[index.column()]
        if role in (Role.DisplayRole, Role.EditRole):
            return col.text(run, name)
        if role == Role.CheckStateRole and name == col.NAME and not run.listing.problem:
            return Qt.CheckState.Checked if self.is_shown(run.path) else Qt.CheckState.Unchecked
        return self._look(run, name, role)

    def _look(self, run: RunEntry, name: str, role: int) -> Any:
        if role == Role.DecorationRole and name == col.NAME:
            colour = self._colour_of(run.path)
            return _swatch(colour) if colour is not None else None
        if role == Role.DecorationRole and name == col.STATUS:
            return _status_icon(run.listing.status)
        if role == Role.ToolTipRole:
            return self._tip(run, name)
        if role == Role.TextAlignmentRole and (name not in COLUMNS or isinstance(run.value(name), int | float)):
            at = Qt.AlignmentFlag.AlignHCenter if name == col.STARRED else Qt.AlignmentFlag.AlignRight
            return int(at | Qt.AlignmentFlag.AlignVCenter)
        if role == Role.ForegroundRole and name == col.STARRED:
            return QColor(theme.current().warning)
        return QSize(0, _ROW) if role == Role.SizeHintRole else None

    def _tip(self, run: RunEntry, name: str) -> str:
        if run.listing.problem:
            return run.listing.problem
        summary = run.listing.summary
        if name == col.STATUS and summary is not None and summary.message:
            return summary.message
        if name == col.NAME:
            return self.tr("{path}\nTick to show its curves.").format(path=run.path)
        return col.text(run, name)

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        """Take a tick, tags or a note."""
        run, name = self.rows[index.row()], self.columns[index.column()]
        if role == Role.CheckStateRole and name == col.NAME:
            self.toggle_curves([run.path], shown=Qt.CheckState(value) is Qt.CheckState.Checked)
            return True
        labels = run.labels
        if role != Role.EditRole or name not in col.EDITABLE:
            return False
        new = replace(labels, tags=col.tags_of(value)) if name == col.TAGS else replace(labels, note=value.strip())
        if new != labels:
            self.set_labels(run, new)
        return True

    def is_shown(self, path: Path) -> bool:
        """Return True for a run whose curves are shown, or are being read for that."""
        return path in self._asked or self._colour_of(path) is not None

    def toggle_curves(self, paths: Sequence[Path], *, shown: bool) -> None:
        """Ask for the curves of runs; the ticks change at once, the colours come once the curves are read."""
        for path in paths:
            (self._asked.add if shown else self._asked.discard)(path)
        for path in paths:
            self.curves_toggled.emit(path, shown)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))

    def set_labels(self, run: RunEntry, labels: Labels) -> None:
        """Show other labels of a run and ask for them to be kept."""
        self.labels_edited.emit(run.path, labels)
        self.all = tuple(replace(each, labels=labels) if each.path == run.path else each for each in self.all)
        self._arrange()


def _swatch(colour: QColor) -> QIcon:
    """Return a patch of a curve's colour, with an edge that sets it off from a selected row too."""
    pixmap = QPixmap(2 * _SWATCH, 2 * _SWATCH)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(colour)
    painter.setPen(QPen(QColor(theme.current().surface), 1.5))
    painter.drawRoundedRect(QRectF(0.75, 0.75, _SWATCH - 1.5, _SWATCH - 1.5), 3, 3)
    painter.end()
    return _same_when_selected(pixmap, pixmap)


def _status_icon(status: str) -> QIcon:
    colours = theme.current()
    picture, role = col.STATUS_ICONS.get(status, ("info", "text_muted"))
    usual, selected = icon(picture, str(getattr(colours, role))), icon(picture, colours.on_accent)
    return _same_when_selected(usual.pixmap(32, 32), selected.pixmap(32, 32))


def _same_when_selected(usual: QPixmap, selected: QPixmap) -> QIcon:
    """Return an icon that Qt does not tint in a selected row, where it would be lost."""
    made = QIcon(usual)
    made.addPixmap(selected, QIcon.Mode.Selected)
    return made
