"""All layers with their figures as a table: the newest value, a mark where it is unusual, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt

from core.training.diagnostics.advice import Finding
from designer.inside.figures import BROKEN, FIGURES, MARKS, Verdict, judged
from designer.inside.places import Place, place_of
from designer.inside.record import Record, Series

Index = QModelIndex | QPersistentModelIndex
SORT = Qt.ItemDataRole.UserRole
SERIES = Qt.ItemDataRole.UserRole + 1
"""Role of a figure's history: a Series, or None."""
VERDICT = Qt.ItemDataRole.UserRole + 2
"""Role of what a rule of thumb says of a value: a Verdict, or "broken"."""
LOGARITHMIC = Qt.ItemDataRole.UserRole + 3
SEARCH = Qt.ItemDataRole.UserRole + 4
LAYER = 0
"""The column of the layer's name; the figures follow."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Inside", text)


class InsideModel(QAbstractTableModel):
    """Shows a record; rows are in the order in which the layers run."""

    def __init__(self) -> None:
        super().__init__()
        self._nodes: tuple[str, ...] = ()
        self._figures: Mapping[str, Mapping[str, float]] = {}
        self._series: Mapping[str, Mapping[str, Series]] = {}
        self._verdicts: Mapping[str, Mapping[str, Verdict]] = {}
        self._findings: dict[str, list[str]] = {}

    def show_record(self, record: Record, findings: list[Finding]) -> None:
        """Show the newest figures; views keep their place where the layers are the same."""
        same = record.nodes == self._nodes
        if not same:
            self.beginResetModel()
        self._nodes, self._figures, self._series = record.nodes, record.figures, record.series
        self._verdicts = judged(record.figures)
        self._findings = {}
        for each in findings:
            self._findings.setdefault(each.node, []).append(each.text)
        if not same:
            self.endResetModel()
        elif self._nodes:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._nodes) - 1, len(FIGURES)))

    def node_at(self, row: int) -> str:
        """Return the path of the layer in a row."""
        return self._nodes[row]

    def rows_at(self, place: Place) -> list[int]:
        """Return the rows of a place: several where it is repeated."""
        return [row for row, node in enumerate(self._nodes) if place_of(node) == place]

    def used(self) -> set[int]:
        """Return the columns in which any layer has a figure."""
        keys = {key for figures in self._figures.values() for key in figures}
        return {LAYER} | {number for number, figure in enumerate(FIGURES, 1) if figure.key in keys}

    # --- what Qt asks for ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many layers there are."""
        return 0 if parent is not None and parent.isValid() else len(self._nodes)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(FIGURES) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, number, history or verdict."""
        if not index.isValid():
            return None
        node = self._nodes[index.row()]
        if role == SEARCH:
            return node
        if index.column() == LAYER:
            return self._layer(node, role)
        figure = FIGURES[index.column() - 1]
        value = self._figures[node].get(figure.key)
        verdict = self._verdicts.get(node, {}).get(figure.key, "")
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if value is None else f"{MARKS[verdict]} {figure.written(value)}".strip()
        if role == SORT:
            return float("-inf") if value is None else value
        if role == SERIES:
            return self._series.get(node, {}).get(figure.key)
        if role == VERDICT:
            return verdict
        if role == LOGARITHMIC:
            return figure.logarithmic
        if role == Qt.ItemDataRole.ToolTipRole and value is not None:
            return f"{node} · {figure.title}: {value:.5g}\n{figure.tip}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _layer(self, node: str, role: int) -> Any:
        findings = self._findings.get(node, [])
        broken = any(key in self._figures[node] for key in BROKEN)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"✖ {node}" if broken else f"∿ {node}" if findings else node
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join([node, *findings])
        if role == SORT:
            return self._nodes.index(node)
        if role == VERDICT:
            return "broken" if broken else "high" if findings else ""
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's title; figures are sorted from the largest on first."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _tr("Layer") if section == LAYER else FIGURES[section - 1].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tr("Layers in the order in which they run.") if section == LAYER else FIGURES[section - 1].tip
        if role == Qt.ItemDataRole.InitialSortOrderRole:
            return Qt.SortOrder.AscendingOrder if section == LAYER else Qt.SortOrder.DescendingOrder
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == LAYER else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return None
