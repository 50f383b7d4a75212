"""Samples as tiles with their pictures, or as a table where they are rows of one; a double click opens one large."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from designer import theme
from designer.data.notice import Notice
from designer.data.reading import watched
from designer.jobs import Lane
from designer.results.gallery_model import ITEM_ROLE, LOSS, PROBABILITY, SHOWN_ROLE, GalleryModel, Item
from designer.results.looking import SampleRows, shown_rows
from designer.results.painting import paint_shown
from designer.results.showing import Shown, is_table
from designer.widgets import ElidedLabel

_TILE = QSize(104, 126)
_AT_ONCE = 24
"""So many samples are read in one job, so that the first are seen soon."""
_WIDEST = 40
"""Characters that a column is wide at most, unless the user widens it."""
Index = QModelIndex | QPersistentModelIndex


class TileDelegate(QStyledItemDelegate):
    """Paints a sample: what enters the network above, what was true and what was said below.

    Of pixels both are laid over the picture, the truth over the left one and the answer over the right one.
    """

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Return the size of a tile."""
        return _TILE

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one tile."""
        item: Item = index.data(ITEM_ROLE)
        shown = index.data(SHOWN_ROLE)
        area = QRectF(option.rect).adjusted(2, 2, -2, -2)
        painter.save()
        colours = theme.current()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colours.surface))
        painter.setPen(QPen(QColor(colours.accent if chosen else colours.border), 2 if chosen else 1))
        painter.drawRoundedRect(area, 4, 4)
        font = theme.scaled_font(option.font, 0.88)
        painter.setFont(font)
        line = painter.fontMetrics().lineSpacing()
        picture = area.adjusted(4, 4, -4, -2 * line - 4)
        if shown:
            parts = [(each, mask) for each in shown for mask in item.masks or (None,)]
            width = picture.width() / len(parts)
            for place, (each, mask) in enumerate(parts):
                part = QRectF(picture.left() + place * width, picture.top(), width - 1, picture.height())
                paint_shown(painter, part, each, mask=mask)
        self._words(painter, QRectF(area.left() + 4, picture.bottom() + 2, area.width() - 8, line), item)
        painter.restore()

    def _words(self, painter: QPainter, line: QRectF, item: Item) -> None:
        colours = theme.current()
        said = item.predicted if item.truth in ("", item.predicted) else f"{item.truth} → {item.predicted}"
        role = {True: colours.success, False: colours.error, None: colours.text}[item.right]
        painter.setPen(QColor(role))
        text = painter.fontMetrics().elidedText(said, Qt.TextElideMode.ElideMiddle, int(line.width()))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignCenter), text)
        parts = [] if item.probability is None else [f"{item.probability * 100:.0f} %"]
        parts += [] if item.loss is None else [self.tr("loss {0}").format(f"{item.loss:.2g}")]
        painter.setPen(QColor(colours.text_muted))
        below = line.translated(0, line.height())
        small = painter.fontMetrics().elidedText(" · ".join(parts), Qt.TextElideMode.ElideRight, int(line.width()))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), small)


class Gallery(QWidget):
    """Shows samples under a title. ``opened`` gives the Item that shall be seen large."""

    opened = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.model = GalleryModel()
        self.model.setParent(self)
        self.title = ElidedLabel()
        self.notice = Notice(f"{name}_notice")
        self.tiles = QListView()
        self.table = QTableView()
        self._stack = QStackedWidget()
        self._samples: SampleRows | None = None
        self._fit_columns = False
        self._lane = Lane(self, "samples")
        self._set_up()
        self.model.wanted.connect(self._read)

    def _set_up(self) -> None:
        tiles, table = self.tiles, self.table
        tiles.setModel(self.model)
        tiles.setItemDelegate(TileDelegate(tiles))
        tiles.setViewMode(QListView.ViewMode.IconMode)
        tiles.setResizeMode(QListView.ResizeMode.Adjust)
        tiles.setMovement(QListView.Movement.Static)
        tiles.setUniformItemSizes(True)
        tiles.setSpacing(2)
        tiles.setAccessibleName(self.tr("Samples"))
        table.setModel(self.model)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + 6)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setAccessibleName(self.tr("Samples"))
        for view in (tiles, table):
            view.setFrameShape(QAbstractItemView.Shape.NoFrame)
            view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
            view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
            view.doubleClicked.connect(self._on_opened)
            view.installEventFilter(self)
            self._stack.addWidget(view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.title)
        column.addWidget(self.notice)
        column.addWidget(self._stack, 1)

    def show_items(self, title: str, items: Sequence[Item], samples: SampleRows | None) -> None:
        """Show these samples of a run's data."""
        same = samples is self._samples
        self._lane.cancel()
        self._samples = samples
        self.title.setText(title)
        self.notice.say("")
        fields = _table_fields(samples)
        self.model.show_items(items, fields, keep=same)
        self._stack.setCurrentWidget(self.table if fields else self.tiles)
        if fields:
            self.table.setColumnHidden(PROBABILITY, all(each.probability is None for each in items))
            self.table.setColumnHidden(LOSS, all(each.loss is None for each in items))
            self._fit()
            self._fit_columns = True

    def _fit(self) -> None:
        """Give every column the room that its cells need, within reason."""
        self.table.resizeColumnsToContents()
        most = self.table.fontMetrics().averageCharWidth() * _WIDEST
        for column in range(self.model.columnCount()):
            if self.table.columnWidth(column) > most:
                self.table.setColumnWidth(column, most)

    @property
    def view(self) -> QAbstractItemView:
        """The list or table that is shown."""
        return self.table if self._stack.currentWidget() is self.table else self.tiles

    def close_jobs(self) -> None:
        """Stop reading."""
        self._lane.close()

    def _read(self, rows: list[int]) -> None:
        if self._lane.busy or self._samples is None:
            return
        work = partial(shown_rows, self._samples, rows[:_AT_ONCE])
        self._lane.submit(watched(work), self._on_read, self._on_failed)

    def _on_read(self, found: dict[int, tuple[Shown, ...]]) -> None:
        self.model.take(found)
        if self._fit_columns:  # the cells were not there when the columns were made
            self._fit_columns = False
            self._fit()
        rest = self.model.missing()
        if rest:
            self._read(rest)

    def _on_failed(self, error: Exception) -> None:
        self.notice.say(str(error))

    def _on_opened(self, index: Index) -> None:
        self.opened.emit(self.model.items[index.row()])

    def eventFilter(self, watched_object: QObject, event: QEvent) -> bool:
        """Open a sample with the Return key."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            index = self.view.currentIndex()
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
                self._on_opened(index)
                return True
        return super().eventFilter(watched_object, event)


def _table_fields(samples: SampleRows | None) -> tuple[str, ...]:
    """Return the columns where samples are rows of a table and nothing else."""
    if samples is None or samples.preprocessing.window.length:
        return ()
    preprocessing = samples.preprocessing
    return preprocessing.needed if is_table(preprocessing) else ()
