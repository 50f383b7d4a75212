"""What the data looks like: its first rows or images, and how many samples of each class are in each part."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPaintEvent, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QListView,
    QScrollArea,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.data.preview import ImagePreview, Preview
from core.data.splits import PARTS
from designer import theme
from designer.data.fields_model import NOTHING, SMALL
from designer.data.split_form import paint_parts, part_colours
from designer.widgets import muted

Index = QModelIndex | QPersistentModelIndex
_IMAGE = 48
_CLASS_ROW = 20
_NAME_WIDTH = 96


class RowsModel(QAbstractTableModel):
    """The first rows as read, or as the network gets them."""

    def __init__(self) -> None:
        super().__init__()
        self._preview: Preview | None = None
        self._prepared = False

    def show_preview(self, preview: Preview | None, *, prepared: bool) -> None:
        """Show another preview."""
        self.beginResetModel()
        self._preview, self._prepared = preview, prepared
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One row per sample."""
        columns = self._preview.columns if self._preview else ()
        return 0 if parent.isValid() or not columns else len(columns[0].cells)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One column per field."""
        return 0 if parent.isValid() or not self._preview else len(self._preview.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text; missing ones are marked."""
        if self._preview is None or not index.isValid():
            return None
        column = self._preview.columns[index.column()]
        cells = column.prepared if self._prepared else column.cells
        text = cells[index.row()] if index.row() < len(cells) else NOTHING
        if role == Qt.ItemDataRole.DisplayRole:
            return text or self.tr("missing")
        if role == Qt.ItemDataRole.ToolTipRole and not text:
            return self.tr("This cell is missing ({0}).").format(column.field.missing)
        if role == Qt.ItemDataRole.ForegroundRole:
            colours = theme.current()
            return QColor(colours.warning if not text else colours.text_muted if text == NOTHING else colours.text)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = column.field.meaning == "number"
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return name and meaning of a column, or the number of a row."""
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation is Qt.Orientation.Horizontal:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole or self._preview is None:
            return None
        if orientation is Qt.Orientation.Vertical:
            return str(section + 1)
        field = self._preview.columns[section].field
        return f"{field.name}\n{field.meaning}"


class ClassBars(QWidget):
    """One bar per class: how many of its samples are in each part."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def show_counts(self, preview: Preview | None) -> None:
        """Show the class counts of a preview."""
        counts = preview.class_counts if preview else {}
        names = tuple(next(iter(counts.values()), {}))
        self._rows = tuple(
            (name, tuple(counts[part].get(name, 0) for part in PARTS if part in counts)) for name in names
        )
        self.setMinimumHeight(_CLASS_ROW * (len(self._rows) + 1))
        self.setAccessibleDescription("; ".join(f"{name}: {sum(numbers)}" for name, numbers in self._rows))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a key of the parts, then names, bars and numbers."""
        painter = QPainter(self)
        most = max((sum(numbers) for _name, numbers in self._rows), default=0)
        self._paint_key(painter)
        for row, (name, numbers) in enumerate(self._rows, start=1):
            area = QRectF(0, row * _CLASS_ROW, self.width(), _CLASS_ROW)
            self._paint_row(painter, area, name, numbers, most)
        painter.end()

    def _paint_key(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.current().text_muted))
        x = 0.0
        names = (self.tr("training"), self.tr("validation"), self.tr("test"))
        for text, colour in zip(names, part_colours(), strict=True):
            painter.fillRect(QRectF(x, 5, 9, 9), colour)
            width = painter.fontMetrics().horizontalAdvance(text)
            painter.drawText(QRectF(x + 14, 0, width + 2, 19), int(Qt.AlignmentFlag.AlignVCenter), text)
            x += width + 30

    def _paint_row(self, painter: QPainter, area: QRectF, name: str, numbers: tuple[int, ...], most: int) -> None:
        metrics = painter.fontMetrics()
        number = f"{sum(numbers):,}"
        tail = metrics.horizontalAdvance(f"{most:,}") + theme.SPACE
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(QColor(theme.current().text))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, _NAME_WIDTH - theme.SPACE)
        painter.drawText(area, middle, shown)
        bar = area.adjusted(_NAME_WIDTH, 5, -tail, -5)
        paint_parts(painter, bar, numbers, most)
        painter.drawText(area, middle | int(Qt.AlignmentFlag.AlignRight), number)


class PreviewView(QWidget):
    """Switches between rows, images and classes; only what the data has is offered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data_preview")
        self._preview: Preview | None = None
        self.rows = RowsModel()
        self.images = QStandardItemModel(self)
        self.classes = ClassBars()
        self._stack = QStackedWidget()
        self._buttons = QButtonGroup(self)
        self._table = QTableView()
        self._list = QListView()
        self._note = muted()
        self._tabs: dict[str, QToolButton] = {}
        self._set_up_table()
        self._set_up_list()
        self._lay_out()
        theme.switch.changed.connect(self.update)

    def _set_up_table(self) -> None:
        self._table.setModel(self.rows)
        self._table.setObjectName("preview_rows")
        self._table.setAccessibleName(self.tr("First rows"))
        self._table.setFont(theme.scaled_font(self.font(), SMALL))
        for header in (self._table.horizontalHeader(), self._table.verticalHeader()):
            header.setFont(self._table.font())
            header.setHighlightSections(False)
        self._table.verticalHeader().setDefaultSectionSize(22)
        self._table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)

    def _set_up_list(self) -> None:
        self._list.setModel(self.images)
        self._list.setObjectName("preview_images")
        self._list.setAccessibleName(self.tr("First images"))
        self._list.setViewMode(QListView.ViewMode.IconMode)
        self._list.setMovement(QListView.Movement.Static)
        self._list.setResizeMode(QListView.ResizeMode.Adjust)
        self._list.setUniformItemSizes(True)
        self._list.setIconSize(QSize(_IMAGE, _IMAGE))
        self._list.setGridSize(QSize(_IMAGE + 12, _IMAGE + self.fontMetrics().height() + 12))
        self._list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)

    def _lay_out(self) -> None:
        bars = QScrollArea()
        bars.setWidgetResizable(True)
        bars.setFrameShape(QFrame.Shape.NoFrame)
        bars.setWidget(self.classes)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        pages = (("rows", self.tr("Rows"), self._table), ("images", self.tr("Images"), self._list))
        for at, (name, text, page) in enumerate((*pages, ("classes", self.tr("Classes"), bars))):
            button = QToolButton()
            button.setObjectName(f"preview_{name}_button")
            button.setText(text)
            button.setCheckable(True)
            button.setAutoRaise(True)
            self._buttons.addButton(button, at)
            self._stack.addWidget(page)
            self._tabs[name] = button
            row.addWidget(button)
        row.addStretch(1)
        self.prepared = QToolButton()
        self.prepared.setObjectName("preview_prepared")
        self.prepared.setText(self.tr("As trained"))
        self.prepared.setToolTip(self.tr("Show the values as the network gets them, after preparation"))
        self.prepared.setCheckable(True)
        self.prepared.setAutoRaise(True)
        self.prepared.toggled.connect(lambda _on: self._fill())
        row.addWidget(self.prepared)
        self._buttons.idClicked.connect(self._show_page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE // 2)
        layout.addLayout(row)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._note)
        self._stack.setMinimumHeight(170)

    def show_preview(self, preview: Preview | None) -> None:
        """Show another preview; pictures come first where there are some."""
        had_images = bool(self._preview and self._preview.images)
        first = self._preview is None or had_images != bool(preview and preview.images)
        self._preview = preview
        self._tabs["images"].setVisible(bool(preview and preview.images))
        self._tabs["classes"].setVisible(bool(preview and preview.class_counts))
        notes = list(preview.notes) if preview else []
        self._note.setText("\n".join(notes))
        self._note.setVisible(bool(notes))
        self._fill()
        if first or not self._tabs[("rows", "images", "classes")[self._stack.currentIndex()]].isVisibleTo(self):
            self._show_page(1 if preview and preview.images else 0)

    def _show_page(self, at: int) -> None:
        self._stack.setCurrentIndex(at)
        button = self._buttons.button(at)
        if button is not None:
            button.setChecked(True)
        self.prepared.setVisible(at != 2)

    def _fill(self) -> None:
        prepared = self.prepared.isChecked()
        self.rows.show_preview(self._preview, prepared=prepared)
        self._table.resizeColumnsToContents()
        self.classes.show_counts(self._preview)
        self.images.clear()
        if self._preview and self._preview.images:
            images = self._preview.images[0]
            for picture, label in _pictures(images, prepared=prepared):
                self.images.appendRow(QStandardItem(QIcon(picture), label))


def _pictures(images: ImagePreview, *, prepared: bool) -> list[tuple[QPixmap, str]]:
    pixels = images.prepared if prepared else images.images
    labels = images.labels or ("",) * len(pixels)
    return [(_pixmap(np.ascontiguousarray(each)), label) for each, label in zip(pixels, labels, strict=True)]


def _pixmap(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> QPixmap:
    """Return an image (height, width) or (height, width, 3), enlarged without blurring."""
    height, width = pixels.shape[:2]
    form = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    image = QImage(pixels.tobytes(), width, height, pixels.strides[0], form).copy()
    small = max(height, width) < _IMAGE
    mode = Qt.TransformationMode.FastTransformation if small else Qt.TransformationMode.SmoothTransformation
    return QPixmap.fromImage(image.scaled(_IMAGE, _IMAGE, Qt.AspectRatioMode.KeepAspectRatio, mode))
