"""The learning-rate finder: the loss over a growing rate, a suggestion that can be moved, and one click to use it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from core.graph.edits import SetTraining
from designer import theme
from designer.session import Session
from designer.training.tools.plot import TrialPlot
from designer.training.tools.trial import Trial, TrialDialog
from designer.widgets import PrimaryButton, TextLabel

if TYPE_CHECKING:
    from core.training.finder import RangeTest

_STEPS = 100
_DIGITS = 2


class RateFinder(TrialDialog):
    """Draws the range test as it goes; "Use this rate" is one step that can be undone."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(
            session,
            parent,
            self.tr("Find a learning rate"),
            self.tr(
                "The rate grows from step to step until the loss explodes. A good one is where the loss falls most "
                "steeply. The project's network is not touched by this."
            ),
        )
        self.setObjectName("rate_finder")
        self.plot = TrialPlot(self.tr("Loss over the learning rate"), self.tr("learning rate"), log_x=True)
        self.rate = QLineEdit()
        self.use = PrimaryButton(self.tr("Use this rate"))
        self._rates: list[float] = []
        self._losses: list[float] = []
        self._lay_out_finder()
        self.resize(600, 460)

    def _lay_out_finder(self) -> None:
        self.rate.setObjectName("found_rate")
        self.rate.setAccessibleName(self.tr("Learning rate"))
        self.rate.setFixedWidth(110)
        self.rate.textEdited.connect(self._on_typed)
        self.use.clicked.connect(lambda: self.apply())
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(TextLabel(self.tr("Learning rate"), wrap=False))
        row.addWidget(self.rate)
        row.addStretch(1)
        self.column.insertWidget(1, self.plot, 1)
        self.column.insertLayout(4, row)
        self.buttons.addWidget(self.use)
        self.plot.marked.connect(self._on_marked)

    @property
    def value(self) -> float | None:
        """The rate in the field; None where it is none."""
        try:
            rate = float(self.rate.text().replace(",", "."))
        except ValueError:
            return None
        return rate if math.isfinite(rate) and rate > 0 else None

    def apply(self) -> None:
        """Take the rate over into the project, and close."""
        rate = self.value
        if rate is not None:
            self.session.apply(SetTraining(replace(self.session.project.training, learning_rate=rate)))
            self.accept()

    def work(self, trial: Trial) -> RangeTest:
        """Sweep the rate."""
        from core.training.finder import find_learning_rate

        def tell(rate: float, loss: float) -> None:
            self._rates.append(rate)
            self._losses.append(loss)
            trial.tell(len(self._rates) / _STEPS)

        return find_learning_rate(trial.course, steps=_STEPS, go_on=trial.go_on, tell=tell)

    def cleared(self) -> None:
        """Forget the curve and the suggestion."""
        self._rates, self._losses = [], []
        self.plot.set_mark(None)
        self._show_rate(None)

    def follow(self) -> None:
        """Draw the curve as far as it goes."""
        from core.training.finder import smoothed

        losses = list(self._losses)
        self.plot.show_losses(self._rates[: len(losses)], losses, smoothed(losses))
        self.verdict.setText(self.tr("Trying rates…"))

    def show_result(self, result: RangeTest) -> None:
        """Draw all of it, with the suggestion marked."""
        self.plot.show_losses(result.rates, result.losses, result.smoothed)
        found = result.suggestion
        if found is None:
            self.verdict.setText(
                self.tr("The loss never fell: no rate can be suggested. Look for a wrong target, loss or scaling.")
            )
            return
        now = self.session.project.training.learning_rate
        text = self.tr("The loss falls most steeply at a rate of {0}; the project has {1}. Drag the marker to choose.")
        self.verdict.setText(text.format(f"{found:.{_DIGITS}g}", f"{now:g}"))
        self.plot.set_mark(found)
        self._show_rate(found)

    def _show_rate(self, rate: float | None) -> None:
        self.rate.setText("" if rate is None else f"{rate:.{_DIGITS}g}")
        self.rate.setEnabled(rate is not None)
        self.use.setEnabled(rate is not None)

    def _on_marked(self, rate: float) -> None:
        self._show_rate(rate)

    def _on_typed(self, _text: str) -> None:
        rate = self.value
        self.use.setEnabled(rate is not None)
        if rate is not None:
            self.plot.set_mark(rate)
