"""Samples as a table of which only the rows in view are read: a model without data of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPixmap

from core.data.preview import FieldFacts
from core.data.sample_batch import Cell
from core.data.sample_forms import Classes, Picture, Sound
from core.data.samples import SampleField
from designer import theme
from designer.data.figures import figures
from designer.samples.pictures import image_of, inside
from designer.samples.tiles import Rows

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_THUMB = QSize(28, 22)
_MOST_TEXT = 200


def _tr(text: str) -> str:
    return QCoreApplication.translate("Samples", text)


class SamplesModel(QAbstractTableModel):
    """A field a column; ``prepared`` shows the numbers that the network gets instead of the values as read."""

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self.rows = rows
        self.count = 0
        self.prepared = False
        self.fields: tuple[SampleField, ...] = ()
        self.facts: Mapping[str, FieldFacts] = {}

    # --- what is shown ------------------------------------------------------------------------------------------------

    def show_fields(self, fields: Sequence[SampleField]) -> None:
        """Have these columns."""
        self.beginResetModel()
        self.fields, self.facts = tuple(fields), {}
        self.endResetModel()

    def show_count(self, count: int) -> None:
        """Have so many rows."""
        self.beginResetModel()
        self.count = count
        self.endResetModel()

    def show_facts(self, facts: Mapping[str, FieldFacts]) -> None:
        """Show facts in the header."""
        self.facts = facts
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(0, len(self.fields) - 1))

    def show_prepared(self, *, prepared: bool) -> None:
        """Show what the network gets, or what was read."""
        self.prepared = prepared
        self.rows_arrived(0, self.count - 1)

    def rows_arrived(self, first: int, last: int) -> None:
        """Say that rows can be shown now."""
        if self.fields and self.count:
            last = min(last, self.count - 1)
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.fields) - 1))
            self.headerDataChanged.emit(Qt.Orientation.Vertical, first, last)

    # --- the model ----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return the number of samples."""
        return 0 if parent.isValid() else self.count

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Return the number of fields."""
        return 0 if parent.isValid() else len(self.fields)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a field's name, or a sample's row in the source, from 1."""
        if orientation is Qt.Orientation.Vertical:
            row = self.rows(section) if role == Qt.ItemDataRole.DisplayRole else None
            return f"{row.row + 1:,}" if row is not None else None
        if not 0 <= section < len(self.fields):
            return None
        shown = self.fields[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown.field.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return self._field_tip(shown)
        return None

    def _field_tip(self, shown: SampleField) -> str:
        uses = {"input": _tr("an input"), "target": _tr("a target"), "": _tr("not used")}
        facts = self.facts.get(shown.field.name)
        lines = [shown.field.name, f"{shown.field.meaning}, {uses[shown.use]}", shown.field.reason]
        lines += [figures(facts)] if facts else []
        return "\n".join(line for line in lines if line)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows; nothing until its row has been read."""
        row = self.rows(index.row()) if index.isValid() else None
        if row is None or index.column() >= len(self.fields):
            return "…" if role == Qt.ItemDataRole.DisplayRole and index.column() == 0 else None
        shown = self.fields[index.column()]
        cell = row.cells[shown.field.name]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(shown, cell)
        if role == Qt.ItemDataRole.ForegroundRole:
            return _ink(shown, cell, prepared=self.prepared)
        if role == Qt.ItemDataRole.BackgroundRole and cell.missing:
            tint = QColor(theme.current().warning)
            tint.setAlpha(36)
            return tint
        if role == Qt.ItemDataRole.DecorationRole and isinstance(cell.shown, Picture | Classes | Sound):
            return _thumb(cell.shown)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(shown, cell)
        if role == Qt.ItemDataRole.TextAlignmentRole and shown.field.meaning == "number":
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, shown: SampleField, cell: Cell) -> str:
        if cell.problem:
            return _tr("cannot be read") if not cell.raw else cell.raw[:_MOST_TEXT]
        if self.prepared and (cell.prepared or shown.use):
            return cell.prepared or "–"
        return _tr("missing") if cell.missing else cell.raw[:_MOST_TEXT].replace("\n", " ")


def _ink(shown: SampleField, cell: Cell, *, prepared: bool) -> QColor | None:
    colours = theme.current()
    if cell.problem:
        return QColor(colours.error)
    if (cell.missing and not (prepared and cell.prepared)) or not shown.use:
        return QColor(colours.text_muted)
    return None


def _thumb(shown: Picture | Classes | Sound) -> QPixmap:
    image = image_of(shown)
    place = inside(image.size(), QRectF(0, 0, _THUMB.width(), _THUMB.height())).size().toSize().expandedTo(QSize(1, 1))
    size = _THUMB if isinstance(shown, Sound) else place
    way = Qt.TransformationMode.SmoothTransformation
    return QPixmap.fromImage(image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, way))


def _tip(shown: SampleField, cell: Cell) -> str:
    if cell.problem:
        return cell.problem
    lines = [_tr("missing") if cell.missing else _tr("As read: {0}").format(cell.raw[:400])]
    if cell.prepared:
        lines.append(_tr("The network gets: {0}").format(cell.prepared))
        if cell.decoded and cell.decoded != cell.raw:
            lines.append(_tr("that is {0}").format(cell.decoded))
    elif not shown.use:
        lines.append(_tr("The network does not use this field."))
    return "\n".join(lines)
