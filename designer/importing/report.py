"""What came of an import: how large the network is, what is not as it was, and what layers are called now."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.graph.counting import count_layers
from core.graph.names import natural_key
from core.graph.project import OUTPUT, Project
from core.importers import Imported
from core.importers._kind import entering
from designer.theme import SPACE
from designer.widgets import TextLabel, breakable, heading, muted

_IN_KERAS = "/vars/"
_MOST = 1000
_ROWS = 8


class ImportReport(QWidget):
    """Shows what was imported, before it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("import_report")
        self.summary = heading("", 1.15)
        self.numbers, self.ends = muted(), muted()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self.table: QTableWidget | None = None
        self.notes: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.summary)
        column.addWidget(self.numbers)
        column.addWidget(self.ends)
        column.addWidget(self._area, 1)

    def show_import(self, imported: Imported, parameters: int) -> None:
        """Show what came of an import, and how many parameters the network has."""
        project = imported.project
        self.summary.setText(breakable(self.tr("“{name}” can be opened").format(name=project.name)))
        parts = [
            units.plural(count_layers(project), self.tr("layer")),
            units.plural(len(project.groups), self.tr("group")) if project.groups else "",
            self.tr("{0} parameters").format(units.count(parameters)),
        ]
        self.numbers.setText(" · ".join(part for part in parts if part))
        self.ends.setText(breakable(self.tr("From {0} to {1}").format(entering(project), _leaving(project))))
        self.notes = imported.notes
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, SPACE, 0)
        column.setSpacing(SPACE)
        self._add_notes(column, imported)
        self._add_names(column, imported)
        column.addStretch(1)
        self._area.setWidget(inside)

    def _add_notes(self, column: QVBoxLayout, imported: Imported) -> None:
        if imported.notes:
            column.addWidget(heading(self.tr("What to know")))
            for text in imported.notes:
                column.addWidget(TextLabel(breakable(f"•  {text}")))
        if imported.opaque:
            column.addWidget(heading(self.tr("Without a kind of their own")))
            column.addWidget(muted(self.tr("They are kept as they are: they can be run and trained, not edited.")))
            column.addWidget(TextLabel(breakable(", ".join(imported.opaque))))
        if not (imported.notes or imported.opaque):
            column.addWidget(TextLabel(self.tr("Everything is as it was in the source.")))

    def _add_names(self, column: QVBoxLayout, imported: Imported) -> None:
        """List the layers that have another name than in the source."""
        pairs = renamed_layers(imported)
        self.table = None
        if not pairs:
            return
        column.addWidget(heading(self.tr("Layers with another name")))
        self.table = names_table(pairs[:_MOST])
        column.addWidget(self.table)
        if len(pairs) > _MOST:
            column.addWidget(muted(self.tr("and {0} more").format(len(pairs) - _MOST)))


def renamed_layers(imported: Imported) -> list[tuple[str, str]]:
    """Return the layers whose name differs from what the source calls them, by pairs: there, here.

    Places in a Keras file ("layers/conv2d/vars/0") are no names: its layers keep theirs.
    """
    pairs = {
        (stored.rpartition(".")[0] or stored, name.rpartition(".")[0] or name)
        for name, stored in imported.names.items()
        if stored != name and _IN_KERAS not in stored
    }
    return sorted((pair for pair in pairs if pair[0] != pair[1]), key=lambda pair: natural_key(pair[1]))


def names_table(pairs: list[tuple[str, str]]) -> QTableWidget:
    """Return a table of two columns: the name in the source, the name here."""
    table = QTableWidget(len(pairs), 2)
    table.setObjectName("import_names")
    table.setAccessibleName(_tr("Names of layers"))
    table.setHorizontalHeaderLabels([_tr("In the source"), _tr("Here")])
    for row, pair in enumerate(pairs):
        for place, text in enumerate(pair):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(row, place, item)
    plain_table(table)
    height = table.verticalHeader().defaultSectionSize()
    header = table.horizontalHeader().sizeHint().height()
    table.setFixedHeight(height * min(len(pairs), _ROWS) + header + 2 * table.frameWidth())
    return table


def _leaving(project: Project) -> str:
    return ", ".join(f"'{node.name}'" for node in project.graph.of_kind(OUTPUT))


def plain_table(table: QTableWidget) -> None:
    """Give a table that is only read the look of the others."""
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + SPACE)
    table.setShowGrid(False)
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ImportReport", text)
