"""File, Import: a network of another framework, or in Python, as a new project; the open one is left alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core import trust
from core.errors import LayerwrightError, SaveError
from core.graph.project import Project
from core.importers import Imported, ImportRequest, importers
from core.importers._reading import code_of, importer_of, parse_shape, read_network, write_weights
from core.loading import imports
from designer.data.notice import Notice, WorkBar
from designer.data.reading import watched
from designer.files import choose_existing
from designer.importing.keeping import new_kept_file
from designer.importing.report import ImportReport
from designer.importing.trusting import TrustPage
from designer.jobs import Lane
from designer.theme import SPACE
from designer.widgets import PrimaryButton, TextLabel, heading, muted

_WIDTH, _HEIGHT = 640, 520
_SOURCE, _TRUST, _REPORT = range(3)
_PROBLEMS = 8
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Kept:
    """An import whose weights were written to ``weights`` (None: it has none), until its project is saved."""

    imported: Imported
    weights: Path | None

    @property
    def project(self) -> Project:
        """The project as it is opened."""
        return replace(self.imported.project, weights=str(self.weights) if self.weights else "")


class ImportDialog(QDialog):
    """Asks for a source, for trust where code would run, reads it in a job and shows what came of it.

    ``opened`` hands over the project that the user wants to open; nothing is changed before.
    """

    opened = Signal(object)

    def __init__(self, folder: Path, parent: QWidget | None = None, source: str = "") -> None:
        super().__init__(parent)
        self.setObjectName("import_dialog")
        self.setWindowTitle(self.tr("Import a network"))
        self._folder = folder
        self._lane = Lane(self, "import")
        self.kept: Kept | None = None
        self.source, self.shapes = QLineEdit(source), QLineEdit()
        self.browse = QPushButton(self.tr("Browse…"))
        self.message, self.work = Notice("import_message"), WorkBar()
        self.trusting, self.report = TrustPage(), ImportReport()
        self.pages = QStackedWidget()
        self.back, self.cancel = QPushButton(self.tr("Back")), QPushButton(self.tr("Cancel"))
        self.go = PrimaryButton(self.tr("Import"))
        self._lay_out()
        self._connect()
        self._show_page(_SOURCE)
        if source and importer_of(source) is not None:
            QTimer.singleShot(0, self, self.start)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        for page in (self._source_page(), self.trusting, self.report):
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * SPACE,) * 4)
        column.setSpacing(SPACE)
        column.addWidget(self.pages, 1)
        column.addWidget(self.message)
        column.addWidget(self.work)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addStretch(1)
        for button, name in ((self.back, "import_back"), (self.cancel, "import_cancel"), (self.go, "import_go")):
            button.setObjectName(name)
            row.addWidget(button)
        self.go.setDefault(True)
        self.back.setAutoDefault(False)
        self.cancel.setAutoDefault(False)
        column.addLayout(row)
        self.resize(_WIDTH, _HEIGHT)

    def _source_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(heading(self.tr("Where the network comes from"), 1.15))
        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACE)
        form.setVerticalSpacing(SPACE)
        chosen = QHBoxLayout()
        chosen.setSpacing(SPACE // 2)
        chosen.addWidget(self.source, 1)
        chosen.addWidget(self.browse)
        form.addRow(self.tr("Source"), chosen)
        form.addRow(self.tr("Sizes of inputs"), self.shapes)
        column.addLayout(form)
        text = self.tr(
            "Sizes of one sample without the batch, where the source does not say them: 3, 224, 224. Of several inputs "
            "one after the other, with semicolons between."
        )
        column.addWidget(muted(text))
        column.addSpacing(SPACE)
        column.addWidget(heading(self.tr("What can be imported")))
        for kind in importers:
            ends = ", ".join(each for each in kind.suffixes if each) or f"{kind.prefix}package.module:name"
            column.addWidget(TextLabel(f"{kind.title}  ·  {ends}"))
        column.addWidget(muted(self.tr("Weights alone are loaded into an open network, with Network, Load weights.")))
        column.addStretch(1)
        for widget, name, said in (
            (self.source, "import_source", self.tr("Source")),
            (self.shapes, "import_shapes", self.tr("Sizes of inputs")),
            (self.browse, "import_browse", self.tr("Choose a file")),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(said)
        self.source.setPlaceholderText(self.tr("A file, or python:package.module:factory"))
        self.browse.setAutoDefault(False)
        return page

    def _connect(self) -> None:
        self.browse.clicked.connect(self._on_browse)
        self.source.textChanged.connect(lambda _text: self._refresh())
        self.shapes.textChanged.connect(lambda _text: self._refresh())
        self.go.clicked.connect(self._on_go)
        self.back.clicked.connect(lambda: self._show_page(_SOURCE))
        self.cancel.clicked.connect(self.reject)
        self.work.cancelled.connect(self._on_cancelled)
        self._lane.progressed.connect(self.work.progress)
        self._lane.busy_changed.connect(self._on_busy)

    def _show_page(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        self.message.say("")
        self._refresh()
        (self.source, self.trusting.code, self.go)[page].setFocus()

    def _refresh(self) -> None:
        page, busy = self.pages.currentIndex(), self._lane.busy
        texts = (self.tr("Import"), self.tr("Trust and import"), self.tr("Open"))
        self.go.setText(texts[page])
        self.go.setEnabled(not busy and (page != _SOURCE or bool(self.source.text().strip())))
        self.back.setVisible(page != _SOURCE)
        self.back.setEnabled(not busy)
        self.pages.setEnabled(not busy)

    # --- the work -----------------------------------------------------------------------------------------------------

    def _on_go(self) -> None:
        page = self.pages.currentIndex()
        if page == _SOURCE:
            self.start()
        elif page == _TRUST:
            self._trust()
        elif self.kept is not None:
            kept, self.kept = self.kept, None
            self.accept()
            self.opened.emit(kept.project)

    def start(self) -> None:
        """Import what is named; code that is not trusted yet is shown first."""
        source = self.source.text().strip()
        self.message.say("")
        if self._shapes() is None:
            return
        kind = importer_of(source)
        if kind is None or not kind.runs_code:
            self._read()
            return
        self.work.begin(self.tr("Looking for the code"))
        self._lane.submit(watched(partial(code_of, source)), self._on_code, self._on_failed)

    def _on_code(self, texts: dict[str, str]) -> None:
        left = {name: text for name, text in texts.items() if not trust.is_trusted(text)}
        if not left:
            self._read()
            return
        self.trusting.show_texts(left)
        self._show_page(_TRUST)

    def _trust(self) -> None:
        problem = ""
        for text in self.trusting.texts.values():
            try:
                trust.trust(text)
            except SaveError as error:
                problem = self.tr("The trust holds until Layerwright is closed: {0}").format(error.message)
        self._show_page(_SOURCE)
        self.message.say(problem)
        self._read()

    def _shapes(self) -> tuple[tuple[int, ...], ...] | None:
        """Return the sizes that were typed; None, with a message, where they are none."""
        found = []
        for text in filter(str.strip, self.shapes.text().split(";")):
            try:
                found.append(parse_shape(text))
            except ValueError:
                said = self.tr("“{0}” are no sizes: write whole numbers from 1 on with commas, such as 3, 224, 224.")
                self.message.say(said.format(text.strip()))
                self.shapes.setFocus()
                return None
        return tuple(found)

    def _read(self) -> None:
        source = self.source.text().strip()
        request = ImportRequest(str(Path(source).expanduser()) if _is_path(source) else source, self._shapes() or ())
        self.work.begin(self.tr("Reading the network"))
        self._lane.submit(watched(partial(_read_and_keep, request)), self._on_read, self._on_failed)

    def _on_read(self, kept: Kept) -> None:
        self._forget()
        self.kept = kept
        self.report.show_import(kept.imported)
        self._show_page(_REPORT)

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError | OSError):
            log.error("import failed", exc_info=error)
        problems = getattr(error, "problems", ())
        lines = [
            getattr(error, "message", "") or str(error) or type(error).__name__,
            *(f"•  {each}" for each in problems),
        ]
        self.message.say("\n".join(lines[:10]))

    def _on_cancelled(self) -> None:
        self._lane.cancel()

    def _on_busy(self, busy: bool) -> None:
        self.work.setVisible(busy)
        self._refresh()

    def _on_browse(self) -> None:
        ends = " ".join(f"*{each}" for kind in importers for each in kind.suffixes if each)
        filters = [self.tr("Networks ({0})").format(ends), self.tr("All files (*)")]
        path = choose_existing(self, self.tr("Import a network"), self._folder, filters)
        if path is not None:
            self.source.setText(str(path))

    # --- the end ------------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        """Remove the weights of an import that is not opened."""
        if self.kept is not None and self.kept.weights is not None:
            self.kept.weights.unlink(missing_ok=True)
        self.kept = None

    def done(self, result: int) -> None:
        """Close, after the job has ended."""
        self._lane.close()
        if result != QDialog.DialogCode.Accepted:
            self._forget()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the job before the dialog is gone."""
        self._lane.close()
        super().closeEvent(event)


def error_text(error: Exception) -> str:
    """Return an error in plain words, with the first of the problems that it lists."""
    if not isinstance(error, LayerwrightError):
        return str(error) or type(error).__name__
    return "\n".join((error.message, *(f"•  {each}" for each in error.problems[:_PROBLEMS])))


def _is_path(source: str) -> bool:
    kind = importer_of(source)
    return kind is None or not kind.prefix


def _read_and_keep(request: ImportRequest) -> Kept:
    with imports:
        import torch  # noqa: F401  # loaded before other threads may want it
    imported = read_network(request)
    path = new_kept_file()
    return Kept(imported, path if write_weights(imported, path) else None)
