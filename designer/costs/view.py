"""The table of costs: bars behind the figures, and a line of totals that stays where it is."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from designer import theme
from designer.costs.model import EXACT, FIGURES, SEARCH, SHARE, SORT, CostColumn, CostModel, written
from designer.widgets import bold

_ROW = 22
_PAD = 6
_BAR_STRENGTH = 0.22
_SMALL = 0.95
_MOST = {CostColumn.NAME: 260, CostColumn.KIND: 220, CostColumn.OUTPUT: 200}
"""Widest that texts may make their columns, in pixels."""
_LEAST = 84
"""Least width of a column, in pixels: less shows no bar."""
_GIVE_WAY = (CostColumn.OUTPUT, CostColumn.KIND, CostColumn.NAME)


class CostSearch(QSortFilterProxyModel):
    """Sorts numbers as numbers; keeps what contains the searched text, with the groups around it."""

    def __init__(self, model: CostModel) -> None:
        super().__init__()
        self.setSortRole(SORT)
        self.setFilterRole(SEARCH)
        self.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setRecursiveFilteringEnabled(True)
        self.setAutoAcceptChildRows(True)
        self.setSourceModel(model)


class _BarDelegate(QStyledItemDelegate):
    """Paints a bar behind a figure, as long as its share of the whole."""

    def __init__(self, view: CostView) -> None:
        super().__init__(view)
        self._view = view

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Grey what is out of date."""
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle
        if self._view.is_stale:
            option.state &= ~QStyle.StateFlag.State_Enabled

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the bar, then the text over it."""
        share = index.data(SHARE)
        if share and not option.state & QStyle.StateFlag.State_Selected:
            full = option.rect.adjusted(2, 3, -2, -3)
            painter.save()
            painter.setOpacity(_BAR_STRENGTH / (2 if self._view.is_stale else 1))
            width = max(1, round(full.width() * min(1.0, share)))
            painter.fillRect(QRect(full.x(), full.y(), width, full.height()), option.palette.highlight())
            painter.restore()
        super().paint(painter, option, index)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Rows are of one height."""
        return QSize(super().sizeHint(option, index).width() + _PAD, _ROW)


class CostView(QTreeView):
    """Shows a CostModel through a CostSearch. ``chosen`` gives the path of a node that was clicked or entered."""

    chosen = Signal(tuple)

    def __init__(self, model: CostModel) -> None:
        super().__init__()
        self.setObjectName("cost_table")
        self.setAccessibleName(self.tr("Cost of every node"))
        self.is_stale = False
        self.costs = model
        self.shown = CostSearch(model)
        self._expanded: set[tuple[str, ...]] = set()
        self._selected: list[tuple[str, ...]] = []
        self._arranging = self._sized_by_hand = False
        self.setModel(self.shown)
        self.setItemDelegate(_BarDelegate(self))
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFont(theme.scaled_font(self.font(), _SMALL))
        self._set_up_header()
        copy = QAction(self.tr("Copy"), self)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.clicked.connect(self._on_clicked)
        self.activated.connect(lambda index: self.chosen.emit(self.path_at(index)))
        self.expanded.connect(self.arrange)
        self.collapsed.connect(self.arrange)
        self.header().sectionResized.connect(self._on_section_resized)
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)

    def _set_up_header(self) -> None:
        header = self.header()
        header.setFont(self.font())
        header.setSortIndicatorClearable(True)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(48)
        header.setSectionsMovable(False)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    # --- rows and paths -----------------------------------------------------------------------------------------------

    def path_at(self, index: QModelIndex) -> tuple[str, ...]:
        """Return the path of the node in a row."""
        return self.costs.row_at(self.shown.mapToSource(index)).path

    def selected_paths(self) -> list[tuple[str, ...]]:
        """Return the paths of the selected rows, from the top of the table."""
        return [self.path_at(index) for index in self._selected_rows()]

    def _selected_rows(self) -> list[QModelIndex]:
        return sorted(self.selectionModel().selectedRows(), key=_place)

    def select_paths(self, paths: list[tuple[str, ...]]) -> None:
        """Select exactly these nodes; a single one is brought into view."""
        if set(paths) == set(self.selected_paths()):
            return
        found = [self.shown.mapFromSource(self.costs.index_of(path)) for path in paths]
        selection = QItemSelection()
        for index in found:
            selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)
        if len(found) == 1 and found[0].isValid():
            self.selectionModel().setCurrentIndex(found[0], flags.NoUpdate)
            self.scrollTo(found[0])

    def search(self, text: str) -> None:
        """Show the nodes whose name, kind or shape contains a text, wherever they are."""
        self.shown.setFilterFixedString(text.strip())
        if text.strip():
            self.expandAll()

    def copy(self) -> None:
        """Copy the selected rows as text: a line for each, with tabs between the columns."""
        rows = self._selected_rows()
        lines = ("\t".join(str(row.siblingAtColumn(each).data(EXACT)) for each in CostColumn) for row in rows)
        text = "\n".join(lines)
        if text:
            QGuiApplication.clipboard().setText(text)

    def _on_clicked(self, index: QModelIndex) -> None:
        if len(self.selectionModel().selectedRows()) == 1:
            self.chosen.emit(self.path_at(index))

    def _remember(self) -> None:
        self._selected = self.selected_paths()
        self._expanded = {path for path, index in self._groups() if self.isExpanded(index)}

    def _restore(self) -> None:
        for path, index in self._groups():
            if path in self._expanded:
                self.expand(index)
        self.select_paths([path for path in self._selected if self.costs.index_of(path).isValid()])
        self.arrange()

    def _groups(self) -> list[tuple[tuple[str, ...], QModelIndex]]:
        found = []
        waiting = [self.shown.index(row, 0) for row in range(self.shown.rowCount())]
        while waiting:
            index = waiting.pop()
            below = self.shown.rowCount(index)
            if below:
                found.append((self.path_at(index), index))
                waiting += [self.shown.index(row, 0, index) for row in range(below)]
        return found

    # --- looks --------------------------------------------------------------------------------------------------------

    def set_stale(self, stale: bool) -> None:
        """Grey the figures, or show them as current."""
        if stale != self.is_stale:
            self.is_stale = stale
            self.viewport().update()

    def arrange(self, _index: object = None) -> None:
        """Make the columns as wide as what they hold; figures share spare room, texts give way where there is none.

        Columns that the user has resized stay as they are.
        """
        if self._sized_by_hand or not self.shown.rowCount():
            return
        widths = {}
        for column in CostColumn:
            wanted = max(self.sizeHintForColumn(column), self.header().sectionSizeHint(column))
            widths[column] = max(wanted, _LEAST) if column in FIGURES else min(wanted, _MOST[column])
        spare = self.viewport().width() - sum(widths.values())
        for column in FIGURES if spare > 0 else ():
            widths[column] += spare // len(FIGURES)
        for column in _GIVE_WAY:
            cut = max(0, min(-spare, widths[column] - _LEAST))
            widths[column] -= cut
            spare += cut
        self._arranging = True
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        self._arranging = False

    def _on_section_resized(self, *_what: int) -> None:
        self._sized_by_hand = self._sized_by_hand or not self._arranging

    def resizeEvent(self, event: object) -> None:
        """Use the room there is."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.arrange()


def _place(index: QModelIndex) -> tuple[int, ...]:
    """Return the rows that lead to an index, from the top of the tree."""
    rows = []
    while index.isValid():
        rows.append(index.row())
        index = index.parent()
    return tuple(reversed(rows))


class TotalsBar(QWidget):
    """One line below the table with the sums of the whole network, in the table's columns."""

    def __init__(self, view: CostView) -> None:
        super().__init__()
        self.setObjectName("cost_totals")
        self._view = view
        self.setFixedHeight(_ROW + 3)
        self.setFont(bold(view.font()))
        header = view.header()
        for signal in (header.sectionResized, header.geometriesChanged, view.horizontalScrollBar().valueChanged):
            signal.connect(lambda *_what: self.update())
        view.costs.modelReset.connect(self.refresh)
        view.costs.dataChanged.connect(self.refresh)
        self.refresh()

    @property
    def texts(self) -> dict[CostColumn, str]:
        """What the line says, by column."""
        totals = {column: written(column, total) for column, total in self._view.costs.totals.items()}
        return {CostColumn.NAME: self.tr("Total"), **totals}

    def refresh(self, *_what: object) -> None:
        """Show the sums of now."""
        self.setAccessibleName(", ".join(self.texts.values()))
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a thin line and the sums under their columns."""
        painter = QPainter(self)
        palette, header = self.palette(), self._view.header()
        painter.fillRect(self.rect(), palette.window())
        painter.fillRect(0, 0, self.width(), 1, palette.mid())
        group = QPalette.ColorGroup.Disabled if self._view.is_stale else QPalette.ColorGroup.Active
        painter.setPen(palette.color(group, QPalette.ColorRole.WindowText))
        for column, text in self.texts.items():
            left, width = header.sectionViewportPosition(column), header.sectionSize(column)
            side = Qt.AlignmentFlag.AlignRight if column in FIGURES else Qt.AlignmentFlag.AlignLeft
            cell = QRect(left, 1, width, self.height() - 1).adjusted(_PAD, 0, -4, 0)
            painter.drawText(cell, side | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()
