"""What each output learns: the kind of problem, target, loss with its options, class weights, weight and metrics."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.graph.project import OUTPUT
from core.layers import catalogue
from designer import theme
from designer.properties.editors.options import loss_of
from designer.properties.guidance import GuidanceBox
from designer.properties.scope import RootScope
from designer.session import Session
from designer.training.rows_form import RowsForm
from designer.training.scopes import loss_scope
from designer.widgets import ElidedLabel, TextLabel, bold, muted

_ABOVE = ("target", "loss")
_BELOW = ("class_weights", "loss_weight", "metrics")


class OutputCard(QWidget):
    """The objective of one output, editable. Every choice is an edit of the Output node."""

    def __init__(self, session: Session, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.name = name
        self.setObjectName(f"objective_{name}")
        titles = {
            "target": self.tr("Target"),
            "loss": self.tr("Loss"),
            "class_weights": self.tr("Class weights"),
            "loss_weight": self.tr("Weight"),
            "metrics": self.tr("Metrics"),
        }
        scope = RootScope(session, (name,), (catalogue[OUTPUT],))
        self.title = ElidedLabel(name)
        self.title.setFont(bold(self.title.font()))
        self.guidance = GuidanceBox(session, name)
        self.above = RowsForm(scope, titles)
        self.formula = TextLabel()
        self.formula.setObjectName("loss_formula")
        self.formula.setAccessibleName(self.tr("Formula of the loss"))
        self.help = muted()
        self.options = RowsForm(loss_scope(session, name))
        self.below = RowsForm(scope, titles)
        known = {each.name: each for each in catalogue[OUTPUT].parameters}
        self.above.show_parameters([known[each] for each in _ABOVE])
        self.below.show_parameters([known[each] for each in _BELOW])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE - 2)
        for each in (self.title, self.guidance, self.above, self.help, self.formula, self.options, self.below):
            column.addWidget(each)

    def refresh(self, *, several: bool) -> None:
        """Show the node's parameters and what the latest check made of them."""
        if self.name not in self._session.project.graph.nodes:
            return
        report = self._session.report
        problems = {
            each.parameter: each.message
            for each in (report.problems if report else ())
            if each.node == self.name and each.parameter and not each.path and each.severity != "info"
        }
        self._refresh_loss(problems)
        self.below.leave_out(() if several else ("loss_weight",))
        self.above.refresh(problems)
        self.below.refresh(problems)

    def _refresh_loss(self, problems: dict[str, str]) -> None:
        if self._session.report is None:
            return
        from core.training.loss_options import options_of

        loss = loss_of(self.above.rows["loss"].editor.context)
        if loss is not None:
            self.options.show_parameters(options_of(loss))
            self.help.setText(loss.help)
            self.formula.setText(loss.formula)
        self.help.setVisible(loss is not None)
        self.formula.setVisible(loss is not None and bool(loss.formula))
        named = {
            name: text for name in self.options.rows for text in [problems.get("loss_options", "")] if name in text
        }
        self.options.refresh(named)

    def narrow(self, search: str) -> int:
        """Show only the rows that match."""
        self.guidance.setVisible(not search)
        for each in (self.help, self.formula):
            each.setVisible(not search and bool(each.text()))
        found = self.above.narrow(search) + self.options.narrow(search) + self.below.narrow(search)
        self.setVisible(bool(found))
        return found

    def close_jobs(self) -> None:
        """End the work in the background."""
        self.guidance.close_jobs()
