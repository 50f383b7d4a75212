"""Network, Load weights: what of a file fits the open network, told tensor by tensor before anything is changed."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.errors import LayerwrightError
from core.loading import imports
from designer.data.notice import Notice, WorkBar
from designer.data.reading import watched
from designer.files import choose_existing
from designer.importing.keeping import new_kept_file
from designer.importing.rows import AdoptionModel
from designer.importing.telling import WEIGHTS, error_text
from designer.jobs import Lane
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import PrimaryButton, heading, muted

if TYPE_CHECKING:
    from core.graph.project import Project
    from core.training.pretrained.adoption import Adoption

_WIDTH, _HEIGHT = 820, 560
_RESULT, _SHAPE, _THERE = 0, 2, 4
log = logging.getLogger(__name__)


class WeightsDialog(QDialog):
    """Reads a file of weights in a job, shows what fits, and takes it over as one step that can be undone."""

    def __init__(self, session: Session, folder: Path, parent: QWidget | None = None, path: Path | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("weights_dialog")
        self.setWindowTitle(self.tr("Load weights"))
        self._session, self._folder = session, folder
        self._lane = Lane(self, "weights")
        self.adoption: Adoption | None = None
        self.path = QLineEdit(str(path) if path else "")
        self.browse = QPushButton(self.tr("Browse…"))
        self.summary, self.notes = heading(self.tr("No file is chosen yet"), 1.15), muted()
        self.filter, self.learning = QComboBox(), QComboBox()
        self.model, self.table = AdoptionModel(), QTableView()
        self.message, self.work = Notice("weights_message"), WorkBar()
        self.cancel, self.go = QPushButton(self.tr("Cancel")), PrimaryButton(self.tr("Load"))
        self._lay_out()
        self._connect()
        self._refresh()
        if path is not None:
            QTimer.singleShot(0, self, self.start)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE,) * 4)
        column.setSpacing(SPACE)
        column.addLayout(_row(self.path, self.browse))
        top = QHBoxLayout()
        top.addWidget(self.summary, 1)
        top.addWidget(self.filter)
        column.addLayout(top)
        column.addWidget(self.notes)
        column.addWidget(self._made_table(), 1)
        told = QHBoxLayout()
        told.setSpacing(SPACE)
        told.addWidget(muted(self.tr("In training, what was loaded"), wrap=False))
        told.addWidget(self.learning, 1)
        column.addLayout(told)
        column.addWidget(self.message)
        column.addWidget(self.work)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.go)
        column.addLayout(row)
        self._fill_choices()
        for widget, name, text in (
            (self.path, "weights_path", self.tr("File of weights")),
            (self.browse, "weights_browse", self.tr("Choose a file")),
            (self.filter, "weights_filter", self.tr("Which tensors are listed")),
            (self.learning, "weights_learning", self.tr("What was loaded, in training")),
            (self.cancel, "weights_cancel", self.tr("Cancel")),
            (self.go, "weights_load", self.tr("Load")),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(text)
        self.path.setPlaceholderText(self.tr("Safetensors, or a state dict that PyTorch wrote"))
        self.notes.hide()
        self.go.setDefault(True)
        for button in (self.browse, self.cancel):
            button.setAutoDefault(False)
        self.resize(_WIDTH, _HEIGHT)

    def _fill_choices(self) -> None:
        self.filter.addItem(self.tr("All tensors"), False)
        self.filter.addItem(self.tr("Only what did not fit by name"), True)
        self.learning.addItem(self.tr("learns like all other layers"), "all")
        self.learning.addItem(self.tr("stays as it is (frozen), so that new layers learn alone"), "frozen")
        self.learning.addItem(self.tr("learns with a tenth of the learning rate: fine-tuning"), "slow")

    def _made_table(self) -> QTableView:
        table = self.table
        table.setObjectName("weights_table")
        table.setAccessibleName(self.tr("Tensors"))
        table.setModel(self.model)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in range(self.model.columnCount()):
            narrow = column in (_RESULT, _SHAPE, _THERE)
            modes = QHeaderView.ResizeMode
            header.setSectionResizeMode(column, modes.Interactive if narrow else modes.Stretch)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + SPACE)
        table.setShowGrid(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        return table

    def _connect(self) -> None:
        self.browse.clicked.connect(self._on_browse)
        self.path.textChanged.connect(self._on_path)
        self.path.editingFinished.connect(self._on_path_finished)
        self.filter.currentIndexChanged.connect(lambda _at: self._show_rows())
        self.go.clicked.connect(self._on_go)
        self.cancel.clicked.connect(self.reject)
        self.work.cancelled.connect(self._lane.cancel)
        self._lane.progressed.connect(self.work.progress)
        self._lane.busy_changed.connect(self._on_busy)

    def _refresh(self) -> None:
        self.go.setEnabled(self.adoption is not None and not self._lane.busy)
        for widget in (self.filter, self.learning):
            widget.setEnabled(self.adoption is not None)

    # --- the file -----------------------------------------------------------------------------------------------------

    def _on_browse(self) -> None:
        ends = " ".join(f"*{each}" for each in WEIGHTS)
        filters = [self.tr("Weights ({0})").format(ends), self.tr("All files (*)")]
        path = choose_existing(self, self.tr("Load weights"), self._folder, filters)
        if path is not None:
            self.path.setText(str(path))
            self.start()

    def _on_path(self) -> None:
        """Forget what was read: it is of another file."""
        self._lane.cancel()
        self.adoption = None
        self.message.say("")
        self.summary.setText(self.tr("No file is chosen yet"))
        self._show_rows()

    def _on_path_finished(self) -> None:
        if self.adoption is None and not self._lane.busy and self.path.text().strip() and not self.message.text():
            self.start()

    def start(self) -> None:
        """Read the file and compare it with the network."""
        path = Path(self.path.text().strip()).expanduser()
        self.message.say("")
        self.work.begin(self.tr("Comparing with the network"))
        self._lane.submit(watched(partial(_plan, self._session.project, path)), self._on_planned, self._on_failed)

    def _on_planned(self, adoption: Adoption) -> None:
        self.adoption = adoption
        self.summary.setText(self._summary(adoption))
        self.notes.setText(" ".join(adoption.notes))
        self.notes.setVisible(bool(adoption.notes))
        self._show_rows()

    def _summary(self, adoption: Adoption) -> str:
        """Return how much would be loaded."""
        whole = sum(bool(each.name) for each in adoption.rows)
        parts = [self.tr("{0} of {1} fit").format(adoption.count(""), units.plural(whole, self.tr("tensor")))]
        others = {
            self.tr("{0} of another shape"): adoption.count("shape"),
            self.tr("{0} not in the file"): adoption.count("missing"),
            self.tr("{0} not used"): adoption.count("unused"),
        }
        return ", ".join([*parts, *(text.format(number) for text, number in others.items() if number)])

    def _show_rows(self) -> None:
        rows = self.adoption.rows if self.adoption is not None else ()
        self.model.show_rows(rows, only_problems=bool(self.filter.currentData()))
        for column in (_RESULT, _SHAPE, _THERE):
            self.table.resizeColumnToContents(column)
            self.table.setColumnWidth(column, self.table.columnWidth(column) + 2 * SPACE)
        self._refresh()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError | OSError):
            log.error("loading weights failed", exc_info=error)
        self.summary.setText(self.tr("The weights cannot be loaded"))
        self.message.say(error_text(error))
        self._refresh()

    def _on_busy(self, busy: bool) -> None:
        self.work.setVisible(busy)
        self._refresh()

    # --- taking it over -----------------------------------------------------------------------------------------------

    def _on_go(self) -> None:
        if self.adoption is None:
            return
        self.work.begin(self.tr("Writing the weights"))
        document = self._session.document
        self._lane.submit(watched(partial(_write, self.adoption, document.path)), self._on_written, self._on_failed)

    def _on_written(self, weights: str) -> None:
        assert self.adoption is not None
        edit = self.adoption.edit(self._session.project, weights, self.learning.currentData())
        if self._session.apply(edit):
            self._session.told.emit(self.adoption.text)
        self.accept()

    def done(self, result: int) -> None:
        """Close, after the job has ended."""
        self._lane.close()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the job before the dialog is gone."""
        self._lane.close()
        super().closeEvent(event)


def _plan(project: Project, path: Path) -> Adoption:
    with imports:
        from core.training.pretrained.adoption import plan_adoption
    return plan_adoption(project, path)


def _write(adoption: Adoption, project: Path | None) -> str:
    """Write what fits beside the project's file, or to where weights wait for a first save; return what names it."""
    from core.training.pretrained.adoption import free_beside

    path = free_beside(project) if project is not None else new_kept_file()
    adoption.save(path)
    return path.name if project is not None else str(path)


def _row(wide: QWidget, narrow: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(SPACE // 2)
    row.addWidget(wide, 1)
    row.addWidget(narrow)
    return row
