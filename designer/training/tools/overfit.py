"""Overfit one batch: a network without mistakes learns a single batch by heart, and here one sees whether it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from designer import theme
from designer.session import Session
from designer.training.tools.plot import TrialPlot
from designer.training.tools.trial import Trial, TrialDialog
from designer.widgets import IconLabel

if TYPE_CHECKING:
    from core.training.trial import Overfit

_STEPS = 200


class OverfitDialog(TrialDialog):
    """Draws the loss over the steps as it falls, and says in words what that means."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(
            session,
            parent,
            self.tr("Overfit one batch"),
            self.tr("A network without mistakes learns a single batch by heart. The project's network is not touched."),
        )
        self.setObjectName("overfit_dialog")
        self.plot = TrialPlot(self.tr("Loss over the steps"), self.tr("step"))
        self.mark = IconLabel("check", "success", 18)
        self._losses: list[float] = []
        self._lay_out_overfit()
        self.resize(600, 440)

    def _lay_out_overfit(self) -> None:
        self.mark.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        self.column.removeWidget(self.verdict)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.verdict, 1)
        self.column.insertWidget(1, self.plot, 1)
        self.column.insertLayout(3, row)

    def work(self, trial: Trial) -> Overfit:
        """Learn a batch by heart."""
        from core.training.trial import overfit_batch

        def tell(loss: float) -> None:
            self._losses.append(loss)
            trial.tell(len(self._losses) / _STEPS)

        return overfit_batch(trial.course, _STEPS, trial.go_on, tell)

    def cleared(self) -> None:
        """Forget the curve."""
        self._losses = []
        self.mark.hide()

    def follow(self) -> None:
        """Draw the curve as far as it goes."""
        self._draw(list(self._losses))
        self.verdict.setText(self.tr("Learning one batch…"))

    def show_result(self, result: Overfit) -> None:
        """Draw all of it, and say whether the batch was learned."""
        self._draw(result.losses)
        self.mark.set_icon(*(("check", "success") if result.learned else ("warning", "warning")))
        self.mark.show()
        self.verdict.setText(result.message)

    def _draw(self, losses: list[float] | tuple[float, ...]) -> None:
        self.plot.show_losses(range(1, len(losses) + 1), losses, losses)
