"""What the dialogs that try a network out have in common: a job on a course of its own, progress, cancel, a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.errors import LayerwrightError, TrainingError
from core.loading import imports
from core.progress import watching
from core.training.job import threads_beside_a_window
from designer import theme
from designer.jobs import Lane, Progress
from designer.session import Session
from designer.training.bar import ThinProgress
from designer.widgets import TextLabel, muted

if TYPE_CHECKING:
    from core.training.course import Course


@dataclass(frozen=True)
class Trial:
    """What the work is handed: a course at its start, whether to go on, and whom to tell how far it is."""

    course: Course
    go_on: Callable[[], bool]
    tell: Callable[[float], None]


class TrialDialog(QDialog):
    """``begin`` starts the work on the session's project; closing the dialog ends it, and it has changed nothing."""

    def __init__(self, session: Session, parent: QWidget | None, title: str, text: str) -> None:
        super().__init__(parent)
        self.session = session
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.lane = Lane(self, "trial")
        self.explanation = muted(text)
        self.verdict = TextLabel()
        self.verdict.setObjectName("trial_verdict")
        self.progress = ThinProgress()
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.again = QPushButton(self.tr("Try again"))
        self.stop = QPushButton(self.tr("Stop"))
        self.show_node = QPushButton(self.tr("Show the node"))
        self.close_button = QPushButton(self.tr("Close"))
        self.column = QVBoxLayout(self)
        self.buttons = QHBoxLayout()
        self._stopping = False
        self._node = ""
        self._lay_out()

    def _lay_out(self) -> None:
        self.verdict.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.verdict.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.column.setContentsMargins(*(2 * theme.SPACE,) * 4)
        self.column.setSpacing(theme.SPACE)
        self.column.addWidget(self.explanation)
        self.column.addWidget(self.progress)
        self.column.addWidget(self.verdict)
        self.buttons.addWidget(self.again)
        self.buttons.addWidget(self.stop)
        self.buttons.addWidget(self.show_node)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.close_button)
        self.column.addLayout(self.buttons)
        self.again.clicked.connect(lambda: self.begin())
        self.stop.clicked.connect(lambda: self.end())
        self.close_button.clicked.connect(self.reject)
        self.lane.progressed.connect(self._on_progress)
        self.lane.busy_changed.connect(self._on_busy)
        self.show_node.clicked.connect(lambda: self._on_show_node())
        self.show_node.hide()
        for button in (self.again, self.stop, self.show_node, self.close_button):
            button.setAutoDefault(False)

    def begin(self) -> None:
        """Start the work, anew where it was done before."""
        project, base = self.session.project, self.session.base
        self._stopping = False
        self.progress.setValue(0)
        self.blame("")
        self.verdict.setText(self.tr("Reading the data and building the network…"))
        self.cleared()

        def work(progress: Progress) -> object:
            with imports:
                from core.training.failures import explain
                from core.training.session import limited_threads
                from core.training.trial import course_for_trial
            with (
                watching(lambda _done, _whole, _what: self._is_wanted(progress)),
                limited_threads(threads_beside_a_window()),
            ):
                course = course_for_trial(project, base)
                wanted = partial(self._is_wanted, progress)
                try:
                    return self.work(Trial(course, wanted, lambda share: progress.report(share)))
                # Whatever a layer of the user's own raises is told in words, as where it is trained.
                except Exception as error:
                    found = explain(error, course.network.built, course.settings)
                    raise TrainingError(found.message, node=found.node or None) from error

        self.lane.submit(work, self.show_result, self._on_failed)

    def _is_wanted(self, progress: Progress) -> bool:
        return not (progress.cancelled or self._stopping)

    def end(self) -> None:
        """Let the work end with what it has found so far."""
        self._stopping = True

    def done(self, result: int) -> None:
        """End the work and wait until it has put everything back; then close."""
        self.lane.close()
        super().done(result)

    # --- what each dialog does in its own way -------------------------------------------------------------------------

    def work(self, trial: Trial) -> Any:
        """Do it, in the job's thread; return what ``show_result`` is to show."""
        raise NotImplementedError

    def cleared(self) -> None:
        """Show nothing of what was found before."""

    def follow(self) -> None:
        """Show what was found so far."""

    def show_result(self, result: Any) -> None:
        """Show what was found."""
        raise NotImplementedError

    # --- the job ------------------------------------------------------------------------------------------------------

    def _on_progress(self, share: float, _text: str) -> None:
        self.progress.setValue(round(1000 * share))
        self.follow()

    def _on_busy(self, busy: bool) -> None:
        self.again.setEnabled(not busy)
        self.stop.setEnabled(busy)
        if not busy:
            self.progress.setValue(1000)

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self.verdict.setText(str(error))
        self.blame(error.node or "")

    def blame(self, node: str) -> None:
        """Offer to show a node, by its path; "" for none."""
        self._node = node
        self.show_node.setVisible(bool(node))

    def _on_show_node(self) -> None:
        *groups, name = self._node.split(".")
        self.close()
        self.session.reveal(name, tuple(each for each in groups if not each.isdigit()))
