"""The export dialog: which weights, which format, where to; the work is done in a job and its result was verified."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from core import units
from core.errors import LayerwrightError
from core.graph.groups import with_weights_beside
from core.progress import watching
from designer import theme
from designer.files import choose_new
from designer.jobs import Lane, Progress
from designer.plots.style import value_text
from designer.session import Session
from designer.widgets import Card, IconLabel, PrimaryButton, TextLabel, heading

if TYPE_CHECKING:
    from core.exporters import Exported, ExporterKind
    from core.graph.project import Project
    from core.training.runs import RunListing, Which

_WIDTH = 600
_ZIP = ".zip"
log = logging.getLogger(__name__)


class ExportDialog(QDialog):
    """Exports the network of a run, or of the open project with untrained weights; stays open to tell how it went."""

    def __init__(self, session: Session, runs_root: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from core.exporters import exporters

        self._session = session
        self._root = runs_root
        self.kinds: tuple[ExporterKind, ...] = tuple(exporters)
        self._runs: tuple[RunListing, ...] = ()
        self._own_path = False
        self._result: Path | None = None
        self._lane = Lane(self, "export")
        self._list_lane = Lane(self, "runs")
        self.setWindowTitle(self.tr("Export"))
        self.setObjectName("export_dialog")
        self.run = QComboBox()
        self.which = QComboBox()
        self.path = QLineEdit()
        self.formats = QButtonGroup(self)
        self.export = PrimaryButton(self.tr("Export"))
        self.cancel = QPushButton(self.tr("Cancel"))
        self.close_button = QPushButton(self.tr("Close"))
        self.open_folder = QPushButton(self.tr("Open folder"))
        self.browse = QPushButton(self.tr("Browse…"))
        self.about, self.message = TextLabel(), TextLabel()
        self._mark = IconLabel("check", "success", 18)
        self._busy = QProgressBar()
        self._lay_out()
        self._connect()
        self._fill_runs()
        self._list_lane.submit(self._list, self._on_listed, self._on_failed)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(heading(self.tr("Weights")))
        layout.addLayout(_side_by_side(self.run, self.which))
        layout.addSpacing(theme.SPACE // 2)
        layout.addWidget(heading(self.tr("Format")))
        layout.addLayout(self._format_list())
        layout.addSpacing(theme.SPACE // 2)
        layout.addWidget(heading(self.tr("File")))
        layout.addLayout(_side_by_side(self.path, self.browse))
        layout.addLayout(self._result_row())
        layout.addStretch(1)
        layout.addLayout(self._buttons())
        self.resize(_WIDTH, self._height_for_all())

    def _height_for_all(self) -> int:
        """Return the height at which what is told of every format has room."""
        layout, found = self.layout(), 0
        assert layout is not None
        for kind in self.kinds:
            self.about.setText(kind.help)
            found = max(found, layout.totalHeightForWidth(_WIDTH))
        return found

    def _format_list(self) -> QHBoxLayout:
        """Return the formats, with what is to be known of the chosen one beside them."""
        column = QVBoxLayout()
        column.setSpacing(2)
        for at, kind in enumerate(self.kinds):
            button = QRadioButton(kind.title)
            button.setObjectName(f"format_{kind.id}")
            button.setAccessibleDescription(kind.help)
            button.setToolTip(f"<p>{kind.help}</p>")
            self.formats.addButton(button, at)
            column.addWidget(button)
        column.addStretch(1)
        self.formats.button(0).setChecked(True)
        self.about.setObjectName("export_about")
        self.about.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        card = Card()
        inside = QVBoxLayout(card)
        inside.setContentsMargins(*(theme.SPACE + 4,) * 4)
        inside.addWidget(self.about, 1)
        row = QHBoxLayout()
        row.setSpacing(2 * theme.SPACE)
        row.addLayout(column)
        row.addWidget(card, 1)
        return row

    def _result_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.message, 1)
        row.addWidget(self.open_folder, 0, Qt.AlignmentFlag.AlignTop)
        self.message.setObjectName("export_message")
        self.message.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.message.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self._mark.hide()
        self.open_folder.hide()
        return row

    def _buttons(self) -> QHBoxLayout:
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedHeight(6)
        self._busy.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(self._busy, 1)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.close_button)
        row.addWidget(self.export)
        self.cancel.hide()
        for widget, name, text in (
            (self.run, "export_run", self.tr("Run")),
            (self.which, "export_which", self.tr("Which weights")),
            (self.path, "export_path", self.tr("File")),
            (self.browse, "export_browse", self.tr("Choose a file")),
            (self.export, "export_start", self.tr("Export")),
            (self.cancel, "export_cancel", self.tr("Cancel the export")),
            (self.close_button, "export_close", self.tr("Close")),
            (self.open_folder, "export_open_folder", self.tr("Open folder")),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(text)
        self.run.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.export.setDefault(True)
        return row

    def _connect(self) -> None:
        self.run.currentIndexChanged.connect(self._on_choice)
        self.which.currentIndexChanged.connect(self._on_choice)
        self.formats.idToggled.connect(self._on_choice)
        self.path.textEdited.connect(self._on_path_typed)
        self.browse.clicked.connect(self._on_browse)
        self.export.clicked.connect(self.start)
        self.close_button.clicked.connect(self.close)
        self.open_folder.clicked.connect(self._on_open_folder)
        self.cancel.clicked.connect(self._on_cancel)
        self._lane.busy_changed.connect(self._on_busy)
        self._lane.progressed.connect(self._on_progress)

    # --- choices ------------------------------------------------------------------------------------------------------

    @property
    def kind(self) -> ExporterKind:
        """The format chosen."""
        return self.kinds[self.formats.checkedId()]

    def _list(self, _progress: Progress) -> tuple[RunListing, ...]:
        from core.training.runs import list_runs

        return list_runs(self._root)

    def _on_listed(self, runs: tuple[RunListing, ...]) -> None:
        self._runs = tuple(run for run in runs if run.summary is not None and run.summary.epochs > 0)
        self._fill_runs()

    def _fill_runs(self) -> None:
        self.run.blockSignals(True)
        self.run.clear()
        for run in self._runs:
            self.run.addItem(self._run_text(run))
        own = self._session.project.weights
        self.run.addItem(
            self.tr("The open project, with the weights it starts from")
            if own
            else self.tr("The open project, untrained")
        )
        self.run.setCurrentIndex(0)
        self.run.blockSignals(False)
        self._on_choice()

    def _run_text(self, run: RunListing) -> str:
        assert run.summary is not None
        names = sorted(run.summary.best, key=lambda name: (name.endswith("loss"), name))
        best = value_text(names[0].rpartition("/")[2], run.summary.best[names[0]], digits=3) if names else ""
        epochs = units.plural(run.summary.epochs, self.tr("epoch"))
        parts = (run.project, best, epochs, run.created[:16].replace("T", " "))
        return " · ".join(part for part in parts if part)

    @property
    def _chosen_run(self) -> RunListing | None:
        at = self.run.currentIndex()
        return self._runs[at] if 0 <= at < len(self._runs) else None

    def _on_choice(self, *_change: object) -> None:
        run = self._chosen_run
        self.about.setText(self.kind.help)
        self._fill_which(run)
        if not self._own_path:
            folder = self._session.base or Path.home()
            name = run.project if run is not None else self._session.project.name
            stem = re.sub(r"[^\w-]+", "-", name).strip("-").lower() or "network"
            alike = [each for each in self.kinds if each.suffix == self.kind.suffix]
            stem += "" if alike[0] is self.kind else f"-{self.kind.id}"
            self.path.setText(str(folder / f"{stem}{self.kind.suffix}"))
        elif self.path.text():
            self.path.setText(str(Path(self.path.text()).with_suffix(self.kind.suffix)))
        self._tell_target()

    def _fill_which(self, run: RunListing | None) -> None:
        chosen = max(0, self.which.currentIndex())
        epoch = run.summary.best_epoch if run is not None and run.summary is not None else 0
        last = run.summary.epochs if run is not None and run.summary is not None else 0
        self.which.blockSignals(True)
        self.which.clear()
        if run is not None:
            self.which.addItem(self.tr("Best (epoch {0})").format(epoch), "best")
            self.which.addItem(self.tr("Last (epoch {0})").format(last), "last")
            self.which.setCurrentIndex(chosen)
        self.which.setVisible(run is not None)
        self.which.blockSignals(False)

    def _on_path_typed(self, text: str) -> None:
        self._own_path = bool(text.strip())
        self._tell_target()

    def _tell_target(self) -> None:
        """Say where a file would be replaced."""
        path = self._target(self.path.text().strip())
        there = path is not None and path.is_file()
        text = self.tr("“{0}” is there already: it will be replaced.").format(path.name) if there and path else ""
        self._say(text, "info", "text_muted")

    def _target(self, text: str) -> Path | None:
        """Return the path that is written to: with the format's ending; without one, a zip becomes a folder."""
        path, suffix = Path(text).expanduser(), self.kind.suffix
        if not path.name:
            return None
        if path.suffix == suffix or (suffix == _ZIP and not path.suffix):
            return path
        return path.with_name(path.name + suffix)

    def _on_browse(self) -> None:
        kind = self.kind
        path = choose_new(self, self.tr("Export to"), Path(self.path.text()), [f"{kind.title} (*{kind.suffix})"])
        if path is not None:
            self.path.setText(str(path))
            self._own_path = True

    # --- the work -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Export in a job; the dialog stays open and tells how it went."""
        path = self._target(self.path.text().strip())
        if path is None:
            self._say(self.tr("Say where to write: the file has no name yet."), "error", "error")
            return
        kind, run = self.kind, self._chosen_run
        if run is None and kind.trained_only:
            self._say(self.tr("This format holds what was learnt: train first, then choose the run."), "error", "error")
            return
        project = with_weights_beside(self._session.project, self._session.base)
        self.path.setText(str(path))
        which: Which = "last" if self.which.currentData() == "last" else "best"
        self._say(self.tr("Writing and checking…"), "info", "text_muted")
        self._busy.setRange(0, 0)
        self._lane.submit(
            lambda progress: _export(kind, run, which, project, path, progress), self._on_done, self._on_failed
        )

    def _on_done(self, exported: Exported) -> None:
        self._result = exported.path
        text = self.tr("Written and verified: read back, it gives the same outputs as the network.\n{0}")
        lines = (text.format(exported.path), *exported.notes)
        self._say("\n".join(lines), *(("info", "text_muted") if exported.notes else ("check", "success")))
        self.open_folder.show()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError | OSError):
            log.error("export failed", exc_info=error)
        self._say(str(error) or type(error).__name__, "error", "error")

    def _on_progress(self, fraction: float, text: str) -> None:
        """Show how far the export is; 0 where that is not known."""
        self._busy.setRange(0, 100 if fraction else 0)
        self._busy.setValue(round(100 * fraction))
        self._say(self.tr("{0}…").format(text), "info", "text_muted")

    def _on_cancel(self) -> None:
        self._lane.cancel()
        self._say(self.tr("Cancelled: nothing was written."), "info", "text_muted")

    def _say(self, text: str, picture: str, role: str) -> None:
        self.message.setText(text)
        self._mark.set_icon(picture, role)
        self._mark.setVisible(bool(text))
        self.open_folder.hide()

    def _on_busy(self, busy: bool) -> None:
        self._busy.setVisible(busy)
        self.cancel.setVisible(busy)
        self.export.setEnabled(not busy)

    def _on_open_folder(self) -> None:
        if self._result is not None:
            folder = self._result if self._result.is_dir() else self._result.parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(os.fspath(folder)))

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the jobs before the dialog is gone."""
        self._lane.close()
        self._list_lane.close()
        super().closeEvent(event)


def _side_by_side(wide: QWidget, narrow: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.SPACE // 2)
    row.addWidget(wide, 1)
    row.addWidget(narrow)
    return row


def _export(
    kind: ExporterKind, run: RunListing | None, which: Which, project: Project, path: Path, progress: Progress
) -> Exported:
    from core.exporters import ExportRequest
    from core.training.runs import Run

    def told(done: int, total: int, what: str) -> bool:
        progress.report(done / total if total else 0.0, what)
        return not progress.cancelled

    with watching(told):
        if run is not None:
            return kind.export(ExportRequest.of_run(Run.open(run.path), path, which))
        return kind.export(ExportRequest(project, path))
