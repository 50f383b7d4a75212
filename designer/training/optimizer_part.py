"""The optimizer: which, its learning rate, its options, and which weights decay."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.graph.project import TrainingSettings
from core.kinds import Parameter
from core.training.optimizers import optimizers
from designer import theme
from designer.properties.editors.base import Context
from designer.properties.editors.worded import WordedEditor
from designer.session import Session
from designer.training.fields import DEFAULTS, LearningRateEditor, OptimizerEditor
from designer.training.rows_form import RowsForm
from designer.training.scopes import OneScope, options_scope
from designer.widgets import muted

_DECAY = "weight_decay"


class OptimizerPart(QWidget):
    """Rows for kind, learning rate, options, and where weights decay."""

    def __init__(self, session: Session, scope: OneScope, rate_scope: OneScope, decay_scope: OneScope) -> None:
        """Make the part; each of the scopes belongs to one form."""
        super().__init__()
        self._session = session
        self.kind = RowsForm(scope, {"optimizer": self.tr("Optimizer")}, {"optimizer": OptimizerEditor})
        self.help = muted()
        self.rate = RowsForm(
            rate_scope, {"learning_rate": self.tr("Learning rate")}, {"learning_rate": LearningRateEditor}
        )
        self.options = RowsForm(options_scope(session, "optimizer_options"))
        self.decay = RowsForm(decay_scope, {"decay": self.tr("Decay of")}, {"decay": self._decay_editor})
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE - 2)
        for each in (self.kind, self.help, self.rate, self.options, self.decay):
            column.addWidget(each)
        names = tuple(kind.id for kind in optimizers)
        default = DEFAULTS["optimizer"]
        self.kind.show_parameters(
            [Parameter("optimizer", "choice", default, self.tr("How weights follow their gradients."), choices=names)]
        )
        text = self.tr("Which weights are pulled towards zero. Biases and normalisation mostly do better without.")
        self.decay.show_parameters([Parameter("decay", "choice", DEFAULTS["decay"], text, choices=("all", "matrices"))])

    def _decay_editor(self, parameter: Parameter, context: Context) -> WordedEditor:
        words = {"all": self.tr("All weights"), "matrices": self.tr("All but biases and norms")}
        return WordedEditor(parameter, context, words=words)

    @property
    def changed(self) -> int:
        """How many options differ from their defaults."""
        return self.options.changed + self.decay.changed

    def refresh(self, problems: Mapping[str, str]) -> None:
        """Show the project as it is now; options are read from torch, which is there once there is a report."""
        training = self._session.project.training
        kind = optimizers.find(training.optimizer)
        self.kind.refresh(problems)
        self.help.setText(kind.help if kind else self.tr("Unknown: {0}").format(training.optimizer))
        self.rate.show_parameters([self._rate(kind.learning_rate if kind else DEFAULTS["learning_rate"])])
        self.rate.refresh(problems)
        if self._session.report is None:
            return
        from core.training.options import options_of

        options = options_of(kind) if kind else ()
        self.options.show_parameters(options)
        self.options.refresh(problems)
        decays = kind is not None and kind.grouped and any(each.name == _DECAY for each in options)
        self.decay.leave_out(() if decays or training.decay != DEFAULTS["decay"] else ("decay",))
        self.decay.refresh(problems)

    def _rate(self, usual: float) -> Parameter:
        text = self.tr("How far each step goes. The arrows step through 1, 2, 5. Applies at once while training runs.")
        return Parameter("learning_rate", "float", usual, text, minimum=0, exclusive=True)

    def narrow(self, search: str) -> int:
        """Show only the rows that match."""
        forms = (self.kind, self.rate, self.options, self.decay)
        self.help.setVisible(not search)
        return sum(form.narrow(search) for form in forms)


def with_optimizer(training: TrainingSettings, name: str) -> dict[str, object]:
    """Return what changes with another optimizer: its options are its own, the usual rate gives way to the usual."""
    kind, old = optimizers[name], optimizers.find(training.optimizer)
    usual = old is None or training.learning_rate == old.learning_rate
    rate = kind.learning_rate if usual else training.learning_rate
    return {"optimizer": kind.id, "optimizer_options": {}, "learning_rate": rate}
