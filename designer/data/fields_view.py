"""The table of fields: a click on a meaning or role opens what it can be, for all selected rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.graph.project import Field
from designer import theme
from designer.data.changes import Choice
from designer.data.fields_model import SMALL, FieldColumn, FieldsModel, meaning_icon
from designer.icons import icon

_ROW = 24
_SHOWN_ROWS = 8
_ARROW = 12
_MANY = 12
"""With more fields than this there is a line to search them."""
_PROBED = 40
"""So many rows decide how wide a column is."""


class _ChoiceDelegate(QStyledItemDelegate):
    """Paints the usual cell, with a small arrow where a click offers a choice."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the cell and its arrow."""
        super().paint(painter, option, index)
        if index.column() != FieldColumn.NAME:
            rect = QRect(option.rect.right() - _ARROW, option.rect.center().y() - 5, 10, 10)
            colours = theme.current()
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            icon("chevron-down", colours.on_accent if selected else colours.text_muted).paint(painter, rect)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Give the icon of a selected row the colour of its text."""
        super().initStyleOption(option, index)
        if index.column() == FieldColumn.NAME and option.state & QStyle.StateFlag.State_Selected:
            meaning = index.siblingAtColumn(FieldColumn.MEANING).data() if isinstance(index, QModelIndex) else ""
            if meaning:
                option.icon = icon(meaning_icon(str(meaning)), theme.current().on_accent)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Leave room for the arrow."""
        hint = super().sizeHint(option, index)
        return QSize(hint.width() + (_ARROW - 2 if index.column() else 0), _ROW)


def choices_menu(parent: QWidget, choices: Iterable[Choice], checked: str | None) -> QMenu:
    """Return a menu of choices; those that cannot be chosen are disabled and say why. Its actions hold their word."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    for choice in choices:
        action = menu.addAction(choice.word)
        action.setData(choice.word)
        action.setCheckable(True)
        action.setChecked(choice.word == checked)
        action.setEnabled(not choice.why_not)
        action.setToolTip(choice.why_not or choice.help)
    return menu


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of rows that follow one another: far fewer pieces to select."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


class FieldsView(QTableView):
    """Shows a FieldsModel; as tall as its rows, up to eight."""

    selection_changed = Signal()
    """Other fields are selected."""

    def __init__(self, model: FieldsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fields_table")
        self.setAccessibleName(self.tr("Fields"))
        self._fields = model
        self.menu: QMenu | None = None
        """The menu of choices opened last."""
        self.setModel(model)
        self.setItemDelegate(_ChoiceDelegate(self))
        self.setIconSize(QSize(14, 14))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setFont(theme.scaled_font(self.font(), SMALL))
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(44)
        header.setResizeContentsPrecision(_PROBED)
        header.setFont(self.font())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(FieldColumn.NAME, QHeaderView.ResizeMode.Stretch)
        model.modelReset.connect(self.arrange)
        self.arrange()

    @property
    def rows(self) -> list[int]:
        """The selected rows, in order."""
        return sorted(each.row() for each in self.selectionModel().selectedRows())

    @property
    def selected(self) -> tuple[Field, ...]:
        """The selected fields, in their order."""
        return tuple(self._fields.fields[row] for row in self.rows)

    def select_names(self, names: Iterable[str]) -> None:
        """Select fields, as far as they are shown; the first becomes the current one."""
        rows = sorted(row for row in map(self._fields.row_of, names) if row >= 0)
        chosen = QItemSelection()
        for first, last in _runs(rows):
            chosen.select(self._fields.index(first, 0), self._fields.index(last, len(FieldColumn) - 1))
        flags = QItemSelectionModel.SelectionFlag
        if rows:
            self.selectionModel().setCurrentIndex(self._fields.index(rows[0], 0), flags.NoUpdate)
        self.selectionModel().select(chosen, flags.ClearAndSelect)

    def arrange(self) -> None:
        """Be as tall as the rows need."""
        rows = min(max(1, len(self._fields.fields)), _SHOWN_ROWS)
        frame = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth() + 1
        self.setFixedHeight(rows * _ROW + frame)

    def open_choices(self, index: QModelIndex) -> None:
        """Open the menu of what a cell can be changed to; it applies to all selected rows."""
        rows = self.rows if index.row() in self.rows else [index.row()]
        column = FieldColumn(index.column())
        choices = self._fields.choices(rows, column)
        if len(choices) < 2:
            return
        menu = choices_menu(self, choices, str(index.data()))
        menu.triggered.connect(lambda action: self._fields.change(rows, column, str(action.data())))
        self.menu = menu
        menu.popup(self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell that other fields are selected."""
        super().selectionChanged(selected, deselected)
        self.selection_changed.emit()

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Keep several selected rows when a choice in one of them is clicked: it is meant for all of them."""
        plain = isinstance(event, QMouseEvent) and event.modifiers() == Qt.KeyboardModifier.NoModifier
        rows = self.rows
        if plain and index.column() > 0 and len(rows) > 1 and index.row() in rows:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A plain click on a cell with a choice opens it."""
        super().mouseReleaseEvent(event)
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and plain and index.isValid():
            self.open_choices(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Space and F2 open the choice of the current cell."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_F2)
        if event.key() in keys and self.currentIndex().isValid():
            self.open_choices(self.currentIndex())
        else:
            super().keyPressEvent(event)


class FieldsList(QWidget):
    """The table of fields, with a line to search it where there are many. What is selected stays so by its name."""

    selection_changed = Signal()

    def __init__(self, model: FieldsModel) -> None:
        super().__init__()
        self._model = model
        self._names: tuple[str, ...] = ()
        self._keeping = False
        self.table = FieldsView(model)
        self.search = QLineEdit()
        self.search.setObjectName("fields_search")
        self.search.setAccessibleName(self.tr("Search fields"))
        self.search.setPlaceholderText(self.tr("Search fields by name, meaning or role"))
        self.search.setClearButtonEnabled(True)
        self.search.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addWidget(self.search)
        layout.addWidget(self.table)
        self.search.textChanged.connect(self._on_search)
        self.table.selection_changed.connect(self._on_selection)

    def show_fields(self, fields: tuple[Field, ...]) -> None:
        """Show these fields; the selected ones stay selected, else the first is."""
        self.search.setVisible(len(fields) > _MANY)
        if len(fields) <= _MANY and self.search.text():
            self.search.clear()
        self._keep(lambda: self._model.show_fields(fields))

    def _on_search(self, text: str) -> None:
        self._keep(lambda: self._model.search(text))

    def _keep(self, change: Callable[[], None]) -> None:
        """Change what the model shows and select what was selected, as far as it is still there."""
        names, self._keeping = self._names, True
        change()
        there = [name for name in names if self._model.row_of(name) >= 0]
        there = there or [each.name for each in self._model.fields[:1]]
        if [each.name for each in self.table.selected] != there:
            self.table.select_names(there)
        self._keeping = False
        self._on_selection()

    def _on_selection(self) -> None:
        if not self._keeping:
            self._names = tuple(each.name for each in self.table.selected)
            self.selection_changed.emit()
