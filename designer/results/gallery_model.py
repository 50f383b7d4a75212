"""Samples as a list: what was true, what was predicted, how sure and how wrong; their pictures come when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal

from designer.results.showing import Shown

Masks = tuple[NDArray[np.int64], NDArray[np.int64]]
Index = QModelIndex | QPersistentModelIndex
SAMPLE, TRUTH, PREDICTED, PROBABILITY, LOSS = range(5)
FIELDS = 5
"""From this column on stand the cells of a table."""
ITEM_ROLE = int(Qt.ItemDataRole.UserRole)
SHOWN_ROLE = ITEM_ROLE + 1


@dataclass(frozen=True, eq=False)
class Item:
    """A sample of the list. ``right`` is None where it cannot be said; masks are those of the truth and the answer."""

    row: int
    truth: str
    predicted: str
    loss: float | None = None
    probability: float | None = None
    right: bool | None = None
    masks: Masks | None = None


class GalleryModel(QAbstractTableModel):
    """Holds the items; ``wanted`` gives the rows whose pictures are about to be painted and are not there yet."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.items: tuple[Item, ...] = ()
        self.fields: tuple[str, ...] = ()
        self._shown: dict[int, tuple[Shown, ...]] = {}
        self._asked: dict[int, None] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._ask)

    def show_items(self, items: Sequence[Item], fields: tuple[str, ...] = (), *, keep: bool = False) -> None:
        """Show other samples; ``keep`` says that they are of the same data, so that what was read is still right."""
        self.beginResetModel()
        self.items, self.fields = tuple(items), fields
        self._shown = self._shown if keep else {}
        self._asked = {}
        self.endResetModel()

    def take(self, found: Mapping[int, tuple[Shown, ...]]) -> None:
        """Take pictures that were read."""
        self._shown.update(found)
        places = [place for place, item in enumerate(self.items) if item.row in found]
        if places:
            self.dataChanged.emit(self.index(min(places), 0), self.index(max(places), self.columnCount() - 1))

    def missing(self) -> list[int]:
        """Return the rows that were asked for last and are not there, the newest wish first."""
        return [row for row in reversed(self._asked) if row not in self._shown]

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many samples there are."""
        return 0 if parent is not None and parent.isValid() else len(self.items)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns the table has."""
        return 0 if parent is not None and parent.isValid() else FIELDS + len(self.fields)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the names of the columns."""
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        names = (self.tr("Row"), self.tr("Truth"), self.tr("Prediction"), self.tr("Probability"), self.tr("Loss"))
        return (*names, *self.fields)[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text; the item and what is painted of it by roles of their own."""
        item = self.items[index.row()]
        if role == ITEM_ROLE:
            return item
        if role == SHOWN_ROLE:
            return self._of(item.row)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(item, index.column())
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.said(item)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in (SAMPLE, PROBABILITY, LOSS):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def said(self, item: Item) -> str:
        """Return all that is known of a sample, in lines."""
        lines = [self.tr("Row {0}").format(item.row + 1)]
        if item.masks is not None:
            lines += [self.tr("Left the truth, right the prediction: {0}").format(item.predicted)]
        else:
            lines += [self.tr("Truth: {0}").format(item.truth)] if item.truth else []
            lines += [self.tr("Prediction: {0}").format(item.predicted)] if item.predicted else []
        if item.probability is not None:
            lines.append(self.tr("Probability: {0}").format(share_text(item.probability)))
        if item.loss is not None:
            lines.append(self.tr("Loss: {0}").format(f"{item.loss:.4g}"))
        return "\n".join(lines)

    def _text(self, item: Item, column: int) -> str:
        if column == SAMPLE:
            return str(item.row + 1)
        if column in (TRUTH, PREDICTED):
            return item.truth if column == TRUTH else item.predicted
        if column == PROBABILITY:
            return "" if item.probability is None else share_text(item.probability)
        if column == LOSS:
            return "" if item.loss is None else f"{item.loss:.4g}"
        return self._cell(item, self.fields[column - FIELDS])

    def _cell(self, item: Item, name: str) -> str:
        cells = (dict(each.content) for each in self._of(item.row) if each.form == "cells")
        return next((texts[name] for texts in cells if name in texts), "")

    def _of(self, row: int) -> tuple[Shown, ...]:
        """Return what is painted of a row, or nothing and ask for it."""
        if row in self._shown:
            return self._shown[row]
        self._asked.pop(row, None)
        self._asked[row] = None
        self._timer.start()
        return ()

    def _ask(self) -> None:
        rows = self.missing()
        if rows:
            self.wanted.emit(rows)

    def csv_rows(self) -> list[list[str]]:
        """Return the table as it is written to a file, its names first."""
        names = ["row", "truth", "prediction", "probability", "loss"]
        rows = [names]
        for item in self.items:
            numbers = ["" if each is None else repr(each) for each in (item.probability, item.loss)]
            rows.append([str(item.row + 1), item.truth, item.predicted, *numbers])
        return rows


def share_text(share: float) -> str:
    """Return a share as people read it: ``97.8 %``."""
    return f"{share * 100:.3g} %"
