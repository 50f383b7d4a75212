"""The catalogue as a tree of families and kinds, and the search over it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from PySide6.QtCore import QCoreApplication, QMimeData, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from core.graph.blocks import Block
from core.kinds import FAMILIES, LayerKind, Port
from designer.canvas.dropping import BLOCK_PREFIX, KIND_MIME

MIME = KIND_MIME
"""Type of what is dragged out of the library: the kind's id as UTF-8 text, or BLOCK_PREFIX and the file of a block."""
KIND = Qt.ItemDataRole.UserRole
"""Role of a kind's id (None for a family)."""
FAMILY = Qt.ItemDataRole.UserRole + 1
"""Role of the family's name."""
HELP = Qt.ItemDataRole.UserRole + 2
"""Role of the one-line explanation."""
SEARCH = Qt.ItemDataRole.UserRole + 3
"""Role of the lower-case text that the search looks through."""

Index = QModelIndex | QPersistentModelIndex


BLOCKS = "My blocks"
"""The family of the blocks that the user saved."""


class LibraryModel(QStandardItemModel):
    """Families in the palette's order, those of plug-ins after them; within a family the catalogue's order."""

    def __init__(self, kinds: Iterable[LayerKind], blocks: Iterable[Block] = ()) -> None:
        super().__init__()
        self.show_kinds(kinds, blocks)

    def show_kinds(self, kinds: Iterable[LayerKind], blocks: Iterable[Block] = ()) -> None:
        """Show these kinds and blocks and no others."""
        self.clear()
        by_family: dict[str, list[LayerKind]] = {name: [] for name in FAMILIES}
        for kind in kinds:
            by_family.setdefault(kind.family, []).append(kind)
        for family, members in by_family.items():
            if members:
                self.appendRow(_family_item(family, members))
        rows = [_block_item(block) for block in blocks]
        if rows:
            own = _family_item(BLOCKS, [])
            own.appendRows(rows)
            self.insertRow(1, own)

    def mimeTypes(self) -> list[str]:
        """Return the one type that can be dragged out."""
        return [MIME]

    def mimeData(self, indexes: Iterable[Index]) -> QMimeData:
        """Return the id of the dragged kind or block."""
        data = QMimeData()
        ids = [str(index.data(KIND)) for index in indexes if index.data(KIND)]
        if ids:
            data.setData(MIME, ids[0].encode())
        return data


class LibrarySearch(QSortFilterProxyModel):
    """Keeps the kinds in whose id, title, family, keywords or help every typed word occurs; the best come first."""

    def __init__(self, model: LibraryModel) -> None:
        super().__init__()
        self._words: tuple[str, ...] = ()
        self.setSourceModel(model)

    def search(self, text: str) -> None:
        """Show what matches all words of ``text``; nothing typed shows everything."""
        self.beginFilterChange()
        self._words = tuple(text.lower().split())
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Keep matching kinds and the families that have any."""
        model = self.sourceModel()
        index = model.index(row, 0, parent)
        if index.data(KIND) is None:
            return any(self.filterAcceptsRow(child, index) for child in range(model.rowCount(index)))
        searched = str(index.data(SEARCH))
        return all(word in searched for word in self._words)

    def matches(self) -> list[QModelIndex]:
        """Return the kinds shown, those whose name starts with what was typed first."""
        found = [
            self.index(row, 0, self.index(family, 0))
            for family in range(self.rowCount())
            for row in range(self.rowCount(self.index(family, 0)))
        ]
        first = self._words[0] if self._words else ""
        return sorted(found, key=lambda index: not str(index.data(KIND)).lower().startswith(first))


def _family_item(family: str, members: list[LayerKind]) -> QStandardItem:
    item = QStandardItem(family)
    item.setData(family, FAMILY)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    for kind in members:
        child = QStandardItem(kind.display)
        child.setData(kind.id, KIND)
        child.setData(family, FAMILY)
        child.setData(kind.help, HELP)
        searched = (kind.id, kind.display, family, kind.help, *kind.keywords)
        child.setData(" ".join(searched).lower(), SEARCH)
        child.setToolTip(explanation(kind))
        child.setEditable(False)
        child.setData(kind.display, Qt.ItemDataRole.AccessibleTextRole)
        item.appendRow(child)
    return item


def _block_item(block: Block) -> QStandardItem:
    item = QStandardItem(block.name)
    item.setData(f"{BLOCK_PREFIX}{block.path}", KIND)
    item.setData(BLOCKS, FAMILY)
    damaged = QCoreApplication.translate("Library", "cannot be used")
    item.setData(damaged if block.problem else block.help, HELP)
    item.setData(" ".join((block.name, BLOCKS, block.help)).lower(), SEARCH)
    item.setToolTip(f"<p><b>{escape(block.name)}</b><br>{escape(block.problem or block.help)}</p>")
    item.setEditable(False)
    item.setData(block.name, Qt.ItemDataRole.AccessibleTextRole)
    item.setEnabled(not block.problem)
    return item


def explanation(kind: LayerKind) -> str:
    """Return help and ports of a kind as rich text for a tool tip."""

    def lines(title: str, ports: tuple[Port, ...]) -> str:
        helps = ((port.name, f" – {escape(port.help)}" if port.help else "") for port in ports)
        items = "".join(f"<br>&nbsp;&nbsp;{name}{text}" for name, text in helps)
        return f"<br><span>{title}:</span>{items}" if ports else ""

    translate = QCoreApplication.translate
    inputs = lines(translate("Library", "Inputs"), kind.inputs)
    outputs = lines(translate("Library", "Outputs"), kind.outputs)
    formula = f"<br>{escape(kind.formula)}" if kind.formula else ""
    return f"<p><b>{kind.display}</b><br>{escape(kind.help)}{formula}{inputs}{outputs}</p>"
