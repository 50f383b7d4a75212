"""File, Import: a network of another framework, or in Python, as a new project; the open one is left alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core import trust
from core.errors import LayerwrightError
from core.graph.project import Project
from core.importers import Imported, ImportRequest, importers
from core.importers._reading import code_of, count_parameters, importer_of, parse_shape, read_network, write_weights
from core.importers._torch.source import offered
from core.loading import imports
from designer.data.notice import Notice, WorkBar
from designer.data.reading import watched
from designer.files import choose_existing
from designer.importing.keeping import new_kept_file
from designer.importing.report import ImportReport
from designer.importing.telling import WEIGHTS, error_text
from designer.importing.trusting import TrustPage
from designer.jobs import Lane
from designer.theme import SPACE
from designer.trusting import trust_all
from designer.widgets import PrimaryButton, TextLabel, heading, muted

_WIDTH, _HEIGHT = 640, 520
_SOURCE, _TRUST, _REPORT = range(3)
_PYTHON = ".py"
_LONGEST_SOURCE = 1024**2
"""Bytes of a Python file up to which its classes and functions are offered."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Kept:
    """An import whose weights were written to ``weights`` (None: it has none), until its project is saved.

    ``parameters`` is how many numbers of the network can be learnt.
    """

    imported: Imported
    weights: Path | None
    parameters: int

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
        self._opening = False
        self.source, self.shapes, self.maker = QLineEdit(source), QLineEdit(), QComboBox()
        self._form = QFormLayout()
        self.browse = QPushButton(self.tr("Browse…"))
        self.message, self.work = Notice("import_message"), WorkBar()
        self.trusting, self.report = TrustPage(), ImportReport()
        self.pages = QStackedWidget()
        self.back, self.cancel = QPushButton(self.tr("Back")), QPushButton(self.tr("Cancel"))
        self.go = PrimaryButton(self.tr("Import"))
        self._lay_out()
        self._connect()
        self._show_page(_SOURCE)
        self._offer_makers()
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
        form = self._form
        form.setHorizontalSpacing(2 * SPACE)
        form.setVerticalSpacing(SPACE)
        chosen = QHBoxLayout()
        chosen.setSpacing(SPACE // 2)
        chosen.addWidget(self.source, 1)
        chosen.addWidget(self.browse)
        label = QLabel(self.tr("&Source"))
        label.setBuddy(self.source)
        form.addRow(label, chosen)
        form.addRow(self.tr("&Class or function"), self.maker)
        form.addRow(self.tr("Si&zes of inputs"), self.shapes)
        form.setRowVisible(self.maker, False)
        column.addLayout(form)
        text = self.tr(
            "Sizes of one sample without the batch, where the source does not say them. Of several inputs one after "
            "the other, with semicolons between: 3, 224, 224; 10."
        )
        column.addWidget(muted(text))
        column.addSpacing(SPACE)
        column.addWidget(heading(self.tr("What can be imported")))
        for kind in importers:
            ends = ", ".join(each for each in kind.suffixes if each)
            ends = ends or self.tr("{0}, or {1}package.module:name").format(_PYTHON, kind.prefix)
            column.addWidget(TextLabel(f"{kind.title}  ·  {ends}"))
        column.addWidget(muted(self.tr("Weights alone are loaded into an open network: Network, Load weights.")))
        column.addStretch(1)
        for widget, name, said in (
            (self.source, "import_source", self.tr("Source")),
            (self.maker, "import_maker", self.tr("Class or function")),
            (self.shapes, "import_shapes", self.tr("Sizes of inputs")),
            (self.browse, "import_browse", self.tr("Choose a file")),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(said)
        self.source.setPlaceholderText(self.tr("A file, or python:package.module:name"))
        self.shapes.setPlaceholderText(self.tr("As the source says"))
        self.maker.setEditable(True)
        self.maker.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.browse.setAutoDefault(False)
        return page

    def _connect(self) -> None:
        self.browse.clicked.connect(self._on_browse)
        self.source.textChanged.connect(self._on_source)
        self.maker.editTextChanged.connect(lambda _text: self._refresh())
        field = self.maker.lineEdit()
        if field is not None:
            field.returnPressed.connect(self.go.click)  # a choice with a field keeps Enter from the dialog
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
        self._focus()

    def _focus(self) -> None:
        """Put the focus where the page begins: while something is read, nothing can have it."""
        (self.source, self.trusting.code, self.go)[self.pages.currentIndex()].setFocus()

    def _on_source(self) -> None:
        self.message.say("")
        self._offer_makers()
        self._refresh()

    def _offer_makers(self) -> None:
        """Offer what of a Python file makes the network; its text is read for that, not run."""
        path = self._python_file()
        self._form.setRowVisible(self.maker, path is not None)
        if path is None:
            return
        names: tuple[str, ...] = ()
        try:
            if path.stat().st_size <= _LONGEST_SOURCE:
                names = offered(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            log.debug("no classes of %s are offered", path)
        self.maker.clear()
        self.maker.addItems(names)

    def _python_file(self) -> Path | None:
        """Return the Python file that is named by its path alone."""
        text = self.source.text().strip()
        is_file = text.lower().endswith(_PYTHON) and importer_of(text) is None
        return Path(text).expanduser() if is_file else None

    def _named(self) -> str:
        """Return the source as importers take it."""
        path = self._python_file()
        if path is not None:
            return f"python:{path}:{self.maker.currentText().strip()}"
        text = self.source.text().strip()
        return str(Path(text).expanduser()) if _is_path(text) else text

    def _refresh(self) -> None:
        page, busy = self.pages.currentIndex(), self._lane.busy or self._opening
        texts = (self.tr("Import"), self.tr("Trust and import"), self.tr("Open"))
        self.go.setText(self.tr("Opening…") if self._opening else texts[page])
        named = bool(self.source.text().strip())
        named = named and (self._python_file() is None or bool(self.maker.currentText().strip()))
        self.go.setEnabled(not busy and (page != _SOURCE or named))
        self.back.setVisible(page != _SOURCE)
        self.back.setEnabled(not busy)
        self.cancel.setEnabled(not self._opening)
        for field in (self.source, self.browse, self.maker, self.shapes, self.trusting.which):
            field.setEnabled(not busy)

    # --- the work -----------------------------------------------------------------------------------------------------

    def _on_go(self) -> None:
        page = self.pages.currentIndex()
        if page == _SOURCE:
            self.start()
        elif page == _TRUST:
            self._trust()
        elif self.kept is not None:
            self._open(self.kept)

    def _open(self, kept: Kept) -> None:
        """Hand the project over, and close once it is shown: until then the dialog says that this goes on."""
        self.kept = None
        self._opening = True
        self._refresh()
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.repaint()  # what opens a project keeps the window from painting for a while
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            self.opened.emit(kept.project)
        finally:
            QApplication.restoreOverrideCursor()
            self.accept()

    def start(self) -> None:
        """Import what is named; code that is not trusted yet is shown first."""
        source = self._named()
        self.message.say("")
        if self._shapes() is None:
            return
        if Path(source).suffix.lower() in WEIGHTS:
            said = self.tr(
                "“{0}” holds weights, which say nothing about its layers. Open or build the "
                "network first, or name the Python file that defines it; then Network, Load weights fills it."
            )
            self.message.say(said.format(Path(source).name))
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
        problem = trust_all(self.trusting.texts.values())
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
        request = ImportRequest(self._named(), self._shapes() or ())
        self.work.begin(self.tr("Reading the network"))
        self._lane.submit(watched(partial(_read_and_keep, request)), self._on_read, self._on_failed)

    def _on_read(self, kept: Kept) -> None:
        self._forget()
        self.kept = kept
        self.report.show_import(kept.imported, kept.parameters)
        self._show_page(_REPORT)

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError | OSError):
            log.error("import failed", exc_info=error)
        self.message.say(error_text(error))
        self._focus()

    def _on_cancelled(self) -> None:
        self._lane.cancel()
        self._focus()

    def _on_busy(self, busy: bool) -> None:
        self.work.setVisible(busy)
        self._refresh()

    def _on_browse(self) -> None:
        ends = " ".join(f"*{each}" for kind in importers for each in kind.suffixes if each) + f" *{_PYTHON}"
        filters = [self.tr("Networks ({0})").format(ends), self.tr("All files (*)")]
        path = choose_existing(self, self.tr("Import a network"), self._folder, filters)
        if path is not None:
            self.source.setText(str(path))
            if importer_of(str(path)) is not None and not self.shapes.text().strip():
                self.start()

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


def _is_path(source: str) -> bool:
    kind = importer_of(source)
    return kind is None or not kind.prefix


def _read_and_keep(request: ImportRequest) -> Kept:
    with imports:
        import torch  # noqa: F401  # loaded before other threads may want it
    imported = read_network(request)
    parameters = count_parameters(imported.project)
    path = new_kept_file()
    return Kept(imported, path if write_weights(imported, path) else None, parameters)
