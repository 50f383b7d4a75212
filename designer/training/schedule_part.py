"""The schedule of the learning rate: which, with what options, and its curve as it will be."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.graph.project import TrainingSettings
from core.kinds import Parameter
from core.training.schedules import schedules
from designer import theme
from designer.jobs import Lane, Progress
from designer.session import Session
from designer.training.fields import COMMON_SCHEDULES, ScheduleEditor
from designer.training.rate_curve import RateCurve, counted, rate_curve, training_samples
from designer.training.rate_plot import RatePlot
from designer.training.rows_form import RowsForm
from designer.training.scopes import OneScope, options_scope
from designer.widgets import muted

_PAUSE = 150
"""Milliseconds without a change before a curve is worked out."""
_OPTION = "schedule_options."
_Answer = tuple[tuple[object, int], RateCurve | None]
"""What the samples were counted for and how many there are, and the curve."""


class SchedulePart(QWidget):
    """Rows for kind and options, the picture, and what is to be said beside it."""

    samples_counted = Signal(int)
    """How many samples the training part has (0: not known)."""

    def __init__(self, session: Session, scope: OneScope) -> None:
        super().__init__()
        self._session = session
        self._shown: object = None
        self._samples: tuple[object, int] = (None, 0)
        self.kind = RowsForm(scope, {"schedule": self.tr("Schedule")}, {"schedule": ScheduleEditor})
        self.help = muted()
        self.plot = RatePlot()
        self.note = muted()
        self.options = RowsForm(options_scope(session, "schedule_options"))
        self._lane = Lane(self, "learning-rate")
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._start)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE - 2)
        for each in (self.kind, self.help, self.plot, self.note, self.options):
            column.addWidget(each)
        self.kind.show_parameters([_parameter(self.tr("How the learning rate changes while training."))])

    @property
    def samples(self) -> int:
        """How many samples the training part has; 0 where that is not known."""
        return self._samples[1]

    def refresh(self, problems: Mapping[str, str], *, is_seen: bool) -> None:
        """Show the project as it is now; the curve, for which data is read, only where the panel ``is_seen``."""
        training = self._session.project.training
        kind = schedules.find(training.schedule)
        self.kind.refresh(problems)
        self.help.setText(kind.help if kind else "")
        self.options.show_parameters(kind.options if kind else ())
        self.options.refresh({name.removeprefix(_OPTION): text for name, text in problems.items() if _OPTION in name})
        wanted = (counted(self._session.project), *_decisive(training))
        is_loaded = self._session.report is not None  # before that torch is still being loaded
        if wanted != self._shown and is_loaded and is_seen:
            self._shown = wanted
            self.plot.mark_stale()
            self._timer.start()

    def narrow(self, search: str) -> int:
        """Show only the rows that match; the picture belongs to the schedule."""
        found = self.kind.narrow(search) + self.options.narrow(search)
        for each in (self.help, self.plot):
            each.setVisible(not search)
        self.note.setVisible(not search and bool(self.note.text()))
        return found

    def close_jobs(self) -> None:
        """End the work in the background."""
        self._timer.stop()
        self._lane.close()

    def _start(self) -> None:
        project, base = self._session.project, self._session.base
        known, samples = self._samples
        key = counted(project)

        def work(progress: Progress) -> _Answer:
            def wanted() -> bool:
                return not progress.cancelled

            found = samples if known == key else training_samples(project, base, wanted)
            return (key, found), rate_curve(project.training, found, wanted)

        self._lane.submit(work, self._on_curve, self._on_failed)

    def _on_curve(self, answer: _Answer) -> None:
        self._samples, curve = answer
        self.plot.show_curve(curve)
        self._tell(curve.note if curve is not None else "")
        self.samples_counted.emit(self.samples)

    def _on_failed(self, error: Exception) -> None:
        self.plot.show_curve(RateCurve(None, 1, 1, reason=str(error)))
        self._tell("")

    def _tell(self, note: str) -> None:
        self.note.setText(note)
        self.note.setVisible(bool(note) and not self.plot.isHidden())


def _decisive(training: TrainingSettings) -> tuple[object, ...]:
    """Return all of the settings that the curve depends on."""
    options = tuple(sorted(training.schedule_options.items()))
    sizes = (training.learning_rate, training.batch_size, training.accumulate, training.epochs)
    return (training.schedule, repr(options), *sizes)


def _parameter(text: str) -> Parameter:
    names = (*COMMON_SCHEDULES, *(kind.id for kind in schedules if kind.id not in COMMON_SCHEDULES))
    return Parameter("schedule", "choice", TrainingSettings().schedule, text, choices=names)
