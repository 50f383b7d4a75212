"""Takes an edited source to the network: asks for trust, runs it, shows what would change, and changes it if agreed.

Who types a program into the panel wrote it: it runs without a question, as what is typed into a Python shell does. That
holds only for what came key by key, on top of what the project itself writes. Whatever else put characters into the
text (pasting, dropping, another program) makes it foreign until editing begins anew: it is shown, and runs once it is
trusted. So is a text with the code of Python layers that are not trusted, for those came with the project's file.
Nothing of a file runs before the user trusted it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core import trust
from core.errors import LayerwrightError
from core.graph.adopting import Adopted, described
from core.graph.delta import hunks_between
from core.graph.edits import ReplaceProject
from core.graph.project import Project
from core.importers._source.parts import Given
from core.importers._source.taking import taken_back
from core.importers._source.text import networks
from core.progress import watching
from designer.jobs import Lane, Progress
from designer.python.banner import TrustBanner
from designer.session import Session
from designer.source.given import GivenPage, known_inputs
from designer.source.view import SourceView
from designer.source.writer import Written
from designer.theme import SPACE
from designer.trusting import trust_or_warn
from designer.widgets import PrimaryButton, TextLabel, failing, heading, muted

_LINE = re.compile(r"\b[Ll]ine (\d+): ")


@dataclass(frozen=True)
class Attempt:
    """The text, the class that is the network, and the source that the text was made from.

    The text is the user's ``own`` where all that is not from that source was typed.
    """

    text: str
    network: str
    before: Written | None = None
    own: bool = False

    @property
    def needs_trust(self) -> bool:
        """True where the text must not run before the user has looked at it."""
        if trust.is_trusted(self.text):
            return False
        layers = self.before.source.code.values() if self.before else ()
        return not self.own or not all(map(trust.is_trusted, layers))


class ApplyDialog(QDialog):
    """Goes through trust, shapes (where they are not known), the run and the preview; Cancel changes nothing."""

    applied = Signal()
    line_wanted = Signal(int)
    """The user wants to see the line that failed."""
    failed_at = Signal(object)
    """What failed by line, to be marked in the text."""

    def __init__(self, session: Session, attempt: Attempt, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("source_apply_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Source to network"))
        self._session, self._attempt = session, attempt
        self._lane = Lane(self, "source-apply")
        self._project: Project | None = None
        self._adopted: Adopted | None = None
        self._given: tuple[Given, ...] = ()
        self._line = 0
        owner = next(each for each in networks(attempt.text) if each.name == attempt.network)
        self._known = known_inputs(session)
        self.given = GivenPage(owner.inputs, self._known)
        self.code = SourceView()
        self.changes = QListWidget()
        self.summary = TextLabel()
        self.failure = failing()
        self.entered = muted()
        self.told = muted()
        self.pages = QStackedWidget()
        self.next = PrimaryButton()
        self.shapes = QPushButton(self.tr("Other input shapes…"))
        self.cancel = QPushButton(self.tr("Cancel"))
        self._lay_out()
        self._lane.progressed.connect(lambda _fraction, text: self.told.setText(text))
        self.finished.connect(lambda _result: self._lane.close())
        self._start()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        self.trust_page = self._trust_page()
        self.busy_page = self._busy_page()
        self.preview_page = self._page(self.tr("What changes in the network"), self.summary, self.changes)
        self.failure_page = self._page(self.tr("The network stays as it is"), self.failure, self.entered)
        for page in (self.trust_page, self.given, self.busy_page, self.preview_page, self.failure_page):
            self.pages.addWidget(page)
        column.addWidget(self.pages, 1)
        row = QHBoxLayout()
        row.addWidget(self.shapes)
        row.addStretch(1)
        self.shapes.setObjectName("source_dialog_shapes")
        self.shapes.setAutoDefault(False)
        for button, name in ((self.cancel, "source_dialog_cancel"), (self.next, "source_dialog_next")):
            button.setObjectName(name)
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addLayout(row)
        self.changes.setObjectName("source_changes")
        self.changes.setAccessibleName(self.tr("What changes in the network"))
        self.changes.setWordWrap(True)
        self.failure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.next.clicked.connect(self._on_next)
        self.shapes.clicked.connect(lambda: self._show(self.given, self.tr("Continue")))
        self.cancel.clicked.connect(self.reject)
        self.resize(720, 560)

    def _page(self, title: str, *widgets: QWidget) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(heading(title))
        for widget in widgets:
            column.addWidget(widget, 1 if isinstance(widget, QListWidget | SourceView) else 0)
        if not any(isinstance(widget, QListWidget | SourceView) for widget in widgets):
            column.addStretch(1)
        return page

    def _trust_page(self) -> QWidget:
        banner = TrustBanner()
        banner.text.setText(
            self.tr(
                "To see what network it makes, this text is run on your computer with your rights, as it stands here. "
                "It can read, change and send your files: trust it only if you have read it or know who wrote it."
            )
        )
        self.code.setPlainText(self._attempt.text)
        before = self._attempt.before.source.text if self._attempt.before else ""
        hunks = hunks_between(before.splitlines(), self._attempt.text.splitlines()) if before else []
        shift, new = 0, list[int]()
        for start, count, lines in hunks:
            new += range(start + shift + 1, start + shift + len(lines) + 1)
            shift += len(lines) - count
        self.code.set_marked(tuple(new))
        self.code.bring_into_view(tuple(new))
        marked = muted(self.tr("Marked: the lines that are not as they were written for the network on the canvas."))
        marked.setVisible(bool(before and new))
        return self._page(self.tr("This is what would run"), banner, marked, self.code)

    def _busy_page(self) -> QWidget:
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        return self._page(self.tr("Reading the network…"), self.told, bar)

    # --- the way through ----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._attempt.needs_trust:
            self._show(self.trust_page, self.tr("Trust and run"))
            return
        if not trust.is_trusted(self._attempt.text):
            trust_or_warn(self._attempt.text, self)
        self._ask_or_run()

    def _show(self, page: QWidget, action: str) -> None:
        self.pages.setCurrentWidget(page)
        self.next.setText(action)
        self.next.setVisible(bool(action))
        self.shapes.setVisible(page is self.failure_page and bool(self.entered.text()))
        self.cancel.setText(self.tr("Cancel") if page is not self.failure_page else self.tr("Close"))
        self.next.setDefault(page is not self.trust_page)  # Enter agrees, but never to run foreign code
        (self.next if action and page is not self.trust_page else self.cancel).setFocus()

    def _on_next(self) -> None:
        page = self.pages.currentWidget()
        if page is self.trust_page:
            trust_or_warn(self._attempt.text, self)
            self._ask_or_run()
        elif page is self.given:
            if self.given.read():
                self._run(self.given.read())
        elif page is self.preview_page:
            self._apply()
        else:
            self.line_wanted.emit(self._line)
            self.reject()

    def _ask_or_run(self) -> None:
        if self.given.complete:
            self._run(tuple(self._known))
        else:
            self._show(self.given, self.tr("Continue"))

    def _run(self, given: tuple[Given, ...]) -> None:
        self._show(self.busy_page, "")
        attempt, project, known = self._attempt, self._session.project, tuple(self._known)
        self._project, self._given = project, given
        shapes = ", ".join(f"{each.name}: {' × '.join(map(str, each.shape))}" for each in given)
        self.entered.setText(self.tr("It was run on samples of these shapes: {0}.").format(shapes))
        source = attempt.before.source if attempt.before else None

        def work(progress: Progress) -> Adopted:
            def told(done: int, total: int, what: str) -> bool:
                progress.report(done / total if total else 0.0, what)
                return not progress.cancelled

            with watching(told):
                return taken_back(project, attempt.text, given, source, attempt.network, known)

        self._lane.submit(work, self._on_read, self._on_failed)

    def _on_read(self, adopted: Adopted) -> None:
        self._adopted = adopted
        lines = list(described(adopted))
        self.changes.clear()
        self.changes.addItems(lines)
        self.changes.setVisible(bool(lines))
        kept = len(adopted.project.graph.nodes) - sum(len(each.added) for each in adopted.graphs if not each.group)
        self.summary.setText(
            self.tr("{0} nodes of the network stay with their places, data and settings. One step of undo.").format(
                kept
            )
            if lines
            else self.tr("Nothing: the source says the network that is on the canvas.")
        )
        self._show(self.preview_page, self.tr("Apply") if lines else self.tr("Done"))

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self.failure.setText(str(error))
        found = _LINE.search(str(error))
        self._line = int(found[1]) if found else 0
        if self._line:
            self.failed_at.emit({self._line: str(error)})
        self._show(self.failure_page, self.tr("Go to line {0}").format(self._line) if self._line else "")

    def _apply(self) -> None:
        adopted = self._adopted
        if adopted is None:
            return
        if self._session.project is not self._project:  # something else has changed it meanwhile
            self._run(self._given)
            return
        if adopted.project == self._project or self._session.apply(
            ReplaceProject(adopted.project, self.tr("Edit source"))
        ):
            self.applied.emit()
            self.accept()
