"""The table of runs: its columns are the user's choice and remembered; keys and menu act on what is selected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableView

from core.training.run_index import RunEntry
from designer.runs import columns as col
from designer.runs.model import RunsModel
from designer.settings import Settings
from designer.widgets import as_list

_WIDEST, _LEAST = 260, 44
_ROOM = 18
_SAMPLE = 60
"""How many rows are measured for the width of a column."""


class RunsView(QTableView):
    """Shows a RunsModel. ``chosen_changed`` tells that other runs are selected; the actions are those of its menu."""

    chosen_changed = Signal()

    def __init__(self, model: RunsModel, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("runs_table")
        self.setAccessibleName(self.tr("Runs"))
        self.runs = model
        self._settings = settings
        self._shown: dict[str, bool] = {}
        self._widths: dict[str, int] = {}
        self._order: list[str] = []
        self._arranging = False
        self._kept: list[Path] = []
        self._current: Path | None = None
        self.setModel(model)
        self._set_up()
        self._read_settings()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())

    def _set_up(self) -> None:
        as_list(self, self.fontMetrics().height() + 7)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # runs of a sweep differ in the end of their names
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked)
        header = self.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setMinimumSectionSize(28)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_columns_menu)
        header.sectionMoved.connect(lambda *_: self._on_arranged())
        header.sectionResized.connect(self._on_resized)
        header.sortIndicatorChanged.connect(lambda *_: self._on_arranged())
        self.setSortingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    # --- columns ------------------------------------------------------------------------------------------------------

    def _read_settings(self) -> None:
        stored = self._settings.run_list
        shown, widths, order = stored.get("shown"), stored.get("widths"), stored.get("order")
        self._shown = {str(k): bool(v) for k, v in shown.items()} if isinstance(shown, dict) else {}
        self._widths = {str(k): v for k, v in widths.items() if isinstance(v, int)} if isinstance(widths, dict) else {}
        self._order = [str(each) for each in order] if isinstance(order, list) else []
        self._arrange()
        by = stored.get("sorted_by")
        if by in self.runs.columns:
            falling = Qt.SortOrder.DescendingOrder if stored.get("descending") else Qt.SortOrder.AscendingOrder
            self.sortByColumn(self.runs.columns.index(str(by)), falling)
        else:
            self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def _keep_settings(self) -> None:
        header = self.horizontalHeader()
        names = self.runs.columns
        order = sorted(range(len(names)), key=header.visualIndex)
        self._order = [names[each] for each in order if each < header.count()]
        self._settings.run_list = {
            "shown": self._shown,
            "widths": self._widths,
            "order": self._order,
            "sorted_by": self.runs.sorted_by,
            "descending": self.runs.descending,
        }

    def shows(self, column: str) -> bool:
        """Return True for a column that is shown: as the user chose, else those of the first time."""
        return column in col.FIXED or self._shown.get(column, column in col.at_first(self.runs.columns))

    def show_column(self, column: str, *, shown: bool) -> None:
        """Show or hide a column, from now on."""
        self._shown[column] = shown
        self._arrange()
        self._keep_settings()

    def shown_columns(self) -> list[str]:
        """Return the columns that are shown, from left to right."""
        header = self.horizontalHeader()
        names = enumerate(self.runs.columns)
        return [name for at, name in sorted(names, key=lambda each: header.visualIndex(each[0])) if self.shows(name)]

    def usual_columns(self) -> None:
        """Show the columns of the first time, in their order, as wide as they need to be."""
        self._shown, self._widths, self._order = {}, {}, []
        self._arrange()
        self._keep_settings()

    def columns_menu(self) -> QMenu:
        """Return a menu in which columns are ticked."""
        menu = QMenu(self)
        menu.setObjectName("run_columns")
        for name in self.runs.columns:
            if name not in col.FIXED:
                action = menu.addAction(self.tr("Star") if name == col.STARRED else col.title(name))
                action.setCheckable(True)
                action.setChecked(self.shows(name))
                action.toggled.connect(lambda on, name=name: self.show_column(name, shown=on))
        menu.addSeparator()
        menu.addAction(self.tr("Usual columns"), self.usual_columns)
        return menu

    def _show_columns_menu(self, place: QPoint) -> None:
        self.columns_menu().popup(self.horizontalHeader().mapToGlobal(place))

    def _arrange(self) -> None:
        """Show the chosen columns in the chosen order, each as wide as was chosen or as its texts are."""
        self._arranging = True
        header, names = self.horizontalHeader(), self.runs.columns
        order = self._order or list(names)
        wanted = sorted(names, key=lambda name: order.index(name) if name in order else len(order))
        for visual, name in enumerate(wanted):
            header.moveSection(header.visualIndex(names.index(name)), visual)
        for at, name in enumerate(names):
            self.setColumnHidden(at, not self.shows(name))
            self.setColumnWidth(at, self._widths.get(name) or self._needed(at, name))
        self._arranging = False

    def _needed(self, at: int, name: str) -> int:
        metrics = self.fontMetrics()
        texts = [col.text(run, name) for run in self.runs.rows[:_SAMPLE]]
        widest = max((metrics.horizontalAdvance(each) for each in texts), default=0)
        extra = {col.NAME: 52, col.STATUS: 24, col.TAGS: 40, col.NOTE: 80}.get(name, 0)
        head = metrics.horizontalAdvance(col.title(name)) + (0 if name == col.STARRED else 14)
        return max(28 if name == col.STARRED else _LEAST, min(_WIDEST, max(widest + extra, head) + _ROOM))

    def _on_resized(self, section: int, _old: int, new: int) -> None:
        if not self._arranging and new and section < len(self.runs.columns):
            self._widths[self.runs.columns[section]] = new
            self._keep_settings()

    def _on_arranged(self) -> None:
        if not self._arranging:
            self._keep_settings()

    # --- rows ---------------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> list[RunEntry]:
        """The selected runs, from the top of the list."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self.runs.rows[row] for row in rows if row < len(self.runs.rows)]

    def choose(self, paths: Iterable[Path]) -> None:
        """Select exactly these runs, as far as they are listed."""
        selection = QItemSelection()
        rows = [row for row in map(self.runs.row_of, paths) if row >= 0]
        for row in rows:
            selection.select(self.runs.index(row, 0), self.runs.index(row, len(self.runs.columns) - 1))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    @property
    def is_editing(self) -> bool:
        """True while tags or a note are typed."""
        return self.state() is QAbstractItemView.State.EditingState

    def _remember(self) -> None:
        self._kept = [run.path for run in self.chosen]
        row = self.currentIndex().row()
        self._current = self.runs.rows[row].path if 0 <= row < len(self.runs.rows) else None

    def _restore(self) -> None:
        self._arrange()
        row = self.runs.row_of(self._current) if self._current else -1
        if row >= 0:
            self.selectionModel().setCurrentIndex(self.runs.index(row, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
        self.choose(self._kept)

    def _on_star(self, runs: list[RunEntry]) -> None:
        starred = not all(run.labels.starred for run in runs)
        for run in runs:
            self.runs.set_labels(run, replace(run.labels, starred=starred))

    def toggle_star(self) -> None:
        """Star the selected runs, or take the stars where all have one."""
        self._on_star(self.chosen)

    def edit_cell(self, row: int, column: str) -> None:
        """Let the user type a run's note or tags; the column is shown for that."""
        if not self.shows(column):
            self.show_column(column, shown=True)
        index = self.runs.index(row, self.runs.columns.index(column))
        self.setCurrentIndex(index)
        self.scrollTo(index)
        self.edit(index)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a star sets or takes it."""
        index = self.indexAt(event.position().toPoint())
        plain = event.button() is Qt.MouseButton.LeftButton and not event.modifiers()
        if plain and index.isValid() and self.runs.columns[index.column()] == col.STARRED:
            self._on_star([self.runs.rows[index.row()]])
        super().mouseReleaseEvent(event)

    def add_actions(self, actions: Iterable[QAction]) -> None:
        """Take the actions of the menu, with their keys."""
        for action in actions:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.addAction(action)
