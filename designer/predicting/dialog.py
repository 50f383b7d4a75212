"""Training, Predict a file: a run's network asked about every row of a file or folder, with the answers as a table."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.errors import LayerwrightError
from designer import files
from designer.data.notice import Notice, WorkBar
from designer.data.reading import watched
from designer.importing.report import plain_table
from designer.importing.telling import error_text
from designer.jobs import Lane
from designer.predicting.work import Predicted, predict_path
from designer.results.run_choice import RunChoice
from designer.theme import SPACE
from designer.widgets import PrimaryButton, breakable, heading, muted

if TYPE_CHECKING:
    from designer.training.runner import TrainingRunner

_WIDTH, _HEIGHT = 760, 540
_LEAST_COLUMN = 90
_PROBLEMS = 3
_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
log = logging.getLogger(__name__)


class PredictDialog(QDialog):
    """Predicts what a path names, shows the first rows, and writes all of them to a file."""

    def __init__(self, runner: TrainingRunner, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predict_dialog")
        self.setWindowTitle(self.tr("Predict a file"))
        self._folder = folder
        self._lane, self._writing = Lane(self, "predict"), Lane(self, "predict-write")
        self.predicted: Predicted | None = None
        self.run, self.which, self.path = RunChoice(runner), QComboBox(), QLineEdit()
        self.browse, self.browse_folder = QPushButton(self.tr("File…")), QPushButton(self.tr("Folder…"))
        self.go = PrimaryButton(self.tr("Predict"))
        self.summary, self.notes = heading(self.tr("Nothing was predicted yet")), muted()
        self.table = QTableWidget()
        self.message, self.work = Notice("predict_message"), WorkBar()
        self.save, self.close_button = QPushButton(self.tr("Save the table…")), QPushButton(self.tr("Close"))
        self._lay_out()
        self._connect()
        self.run.refresh()
        self._refresh()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.which.addItem(self.tr("Best weights"), "best")
        self.which.addItem(self.tr("Last weights"), "last")
        self.path.setPlaceholderText(self.tr("A table, arrays, an image, a sound, or a folder of them"))
        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACE)
        form.setVerticalSpacing(SPACE)
        form.addRow(_label(self.tr("&Network of"), self.run), _row(self.run, self.which))
        what = _row(self.path, self.browse, self.browse_folder, self.go)
        form.addRow(_label(self.tr("&What"), self.path), what)
        self.table.setObjectName("predict_table")
        self.table.setAccessibleName(self.tr("Predictions"))
        plain_table(self.table)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.table.horizontalHeader().setMinimumSectionSize(_LEAST_COLUMN)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE,) * 4)
        column.setSpacing(SPACE)
        column.addLayout(form)
        column.addWidget(self.summary)
        column.addWidget(self.notes)
        column.addWidget(self.table, 1)
        column.addWidget(self.message)
        column.addWidget(self.work)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addStretch(1)
        row.addWidget(self.close_button)
        row.addWidget(self.save)
        column.addLayout(row)
        self.notes.hide()
        for widget, name, text in (
            (self.run, "predict_run", self.tr("Run")),
            (self.which, "predict_weights", self.tr("Weights")),
            (self.path, "predict_path", self.tr("What is to be predicted")),
            (self.browse, "predict_browse", self.tr("Choose a file")),
            (self.browse_folder, "predict_browse_folder", self.tr("Choose a folder")),
            (self.go, "predict_go", self.tr("Predict")),
            (self.save, "predict_save", self.tr("Save the table")),
            (self.close_button, "predict_close", self.tr("Close")),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(text)
        for button in (self.browse, self.browse_folder, self.save, self.close_button):
            button.setAutoDefault(False)
        self.go.setDefault(True)
        self.path.setFocus()
        self.resize(_WIDTH, _HEIGHT)

    def _connect(self) -> None:
        self.browse.clicked.connect(self._on_browse)
        self.browse_folder.clicked.connect(self._on_browse_folder)
        self.path.textChanged.connect(self._forget)
        self.run.chosen.connect(self._forget)
        self.which.currentIndexChanged.connect(self._forget)
        self.go.clicked.connect(self.start)
        self.save.clicked.connect(self._on_save)
        self.close_button.clicked.connect(self.reject)
        self.work.cancelled.connect(self._on_cancelled)
        for lane in (self._lane, self._writing):
            lane.progressed.connect(self.work.progress)
            lane.busy_changed.connect(self._on_busy)

    def _forget(self) -> None:
        """Show nothing of what was predicted before: it is of another file or network."""
        self.predicted = None
        self.message.say("")
        self.summary.setText(self.tr("Nothing was predicted yet"))
        self.notes.hide()
        self.table.clear()
        self.table.setRowCount(0)
        self.table.setColumnCount(0)
        self._refresh()

    def _refresh(self) -> None:
        busy = self._lane.busy or self._writing.busy
        self.go.setEnabled(not busy and self.run.folder is not None and bool(self.path.text().strip()))
        self.save.setEnabled(not busy and self.predicted is not None)
        no_run = self.run.ready and self.run.folder is None and not self.run.count()
        if no_run and not busy:
            self.summary.setText(self.tr("There is no trained network yet: train first."))

    # --- what is done -------------------------------------------------------------------------------------------------

    def _on_browse(self) -> None:
        title = self.tr("Open what is to be predicted")
        self._choose(files.choose_existing(self, title, self._folder, [self.tr("All files (*)")]))

    def _on_browse_folder(self) -> None:
        self._choose(files.choose_folder(self, self.tr("Open a folder that is to be predicted"), self._folder))

    def _choose(self, path: Path | None) -> None:
        if path is not None:
            self.path.setText(str(path))
            self.start()

    def start(self) -> None:
        """Predict what is named, in a job."""
        folder = self.run.folder
        if folder is None:
            return
        self._forget()
        self.work.begin(self.tr("Opening the network"))
        path = Path(self.path.text().strip()).expanduser()
        work = partial(predict_path, folder, self.which.currentData(), path)
        self._lane.submit(watched(work), self._on_predicted, self._on_failed)

    def _on_predicted(self, predicted: Predicted) -> None:
        self.predicted = predicted
        found = predicted.predictions
        what = units.plural(found.count, self.tr("file") if predicted.names else self.tr("row"))
        self.summary.setText(self.tr("{0} of {1} predicted").format(f"{len(found.rows):,}", what))
        shown = len(predicted.rows)
        more = self.tr("The first {0} rows are shown.").format(shown) if 0 < shown < found.count else ""
        lines = (predicted.doubt, more, *predicted.notes, *self._wrong(predicted))
        self.notes.setText(breakable("\n".join(each for each in lines if each)))
        self.notes.setVisible(bool(self.notes.text()))
        self._fill(predicted)
        self._refresh()

    def _wrong(self, predicted: Predicted) -> list[str]:
        """Return why rows have no prediction, of the first few."""
        names = predicted.names
        problems = list(predicted.predictions.problems.items())[:_PROBLEMS]
        return [f"{names[row] if names else self.tr('row {0}').format(row + 1)}: {text}" for row, text in problems]

    def _fill(self, predicted: Predicted) -> None:
        table = self.table
        table.clear()
        table.setColumnCount(len(predicted.headings))
        table.setRowCount(len(predicted.rows))
        for place, text in enumerate(predicted.headings):
            heading_item = QTableWidgetItem(text)
            heading_item.setToolTip(text)
            if place and any(_is_number(row[place]) for row in predicted.rows):
                heading_item.setTextAlignment(_NUMBER)
            table.setHorizontalHeaderItem(place, heading_item)
        for at, row in enumerate(predicted.rows):
            for place, text in enumerate(row):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if place and _is_number(text):
                    item.setTextAlignment(_NUMBER)
                table.setItem(at, place, item)
        table.resizeColumnsToContents()

    def _on_save(self) -> None:
        predicted = self.predicted
        if predicted is None:
            return
        source = Path(self.path.text().strip()).expanduser()
        ends = ("npz",) if predicted.doubt else ("csv", "tsv", "jsonl", "parquet", "npz")
        suggestion = self._folder / f"{source.stem}-predictions.{ends[0]}"
        filters = [self.tr("Tables ({0})").format(" ".join(f"*.{each}" for each in ends))]
        title = self.tr("Save the predictions")
        path = files.choose_new(self, title, suggestion, filters, suffix=f".{ends[0]}")
        if path is None:
            return
        self.message.say("")
        self.work.begin(self.tr("Writing"))
        self._writing.submit(watched(partial(_write, predicted, path)), self._on_written, self._on_failed)

    def _on_written(self, path: Path) -> None:
        self.summary.setText(breakable(self.tr("Saved to {0}").format(path)))

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError | OSError):
            log.error("predicting failed", exc_info=error)
        self.message.say(error_text(error))

    def _on_cancelled(self) -> None:
        self._lane.cancel()
        self._writing.cancel()

    def _on_busy(self, _busy: bool) -> None:
        self.work.setVisible(self._lane.busy or self._writing.busy)
        self._refresh()

    def done(self, result: int) -> None:
        """Close, after the jobs have ended."""
        self._close_jobs()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the jobs before the dialog is gone."""
        self._close_jobs()
        super().closeEvent(event)

    def _close_jobs(self) -> None:
        self._lane.close()
        self._writing.close()
        self.run.close_jobs()


def _write(predicted: Predicted, path: Path) -> Path:
    from core.training.results.tables import write_predictions

    write_predictions(predicted.predictions, path, predicted.names)
    return path


def _label(text: str, of: QWidget) -> QLabel:
    """Return a label whose mnemonic leads to a field."""
    label = QLabel(text)
    label.setBuddy(of)
    return label


def _row(wide: QWidget, *narrow: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(SPACE // 2)
    row.addWidget(wide, 1)
    for each in narrow:
        row.addWidget(each)
    return row


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
