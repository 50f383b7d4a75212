"""The editor of an output's metrics: a field that tells which are chosen, and opens a list to tick others."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.kinds import Parameter
from core.training.metrics import metrics
from core.training.objective import OutputObjective
from designer.properties.editors.base import Context, Editor, Shown, Special, automatic
from designer.properties.editors.metric_list import AUTOMATIC, MetricBox, Offer

__all__ = ["AUTOMATIC", "MetricsEditor"]


class MetricsEditor(Editor):
    """Edits a tuple of metric ids; "automatic" stands alone."""

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parameter, context, parent)
        self._shown: Shown = Special.UNSET
        self.box = MetricBox(self._offer)
        self.setFocusProxy(self.box)
        self.box.chosen.connect(self._on_chosen)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box)

    def ids(self) -> tuple[str, ...]:
        """Return what the shown value names."""
        value = self.parameter.default if self._shown is Special.UNSET else self._shown
        return tuple(map(str, value)) if isinstance(value, tuple | list) else ()

    def show_value(self, value: Shown) -> None:
        """Tell what is chosen."""
        self._shown = value
        if value is Special.MIXED:
            self.box.tell(self.several_values())
            return
        ids = self.ids()
        titles = [kind.title if (kind := metrics.find(each)) else each for each in ids if each != AUTOMATIC]
        if AUTOMATIC in ids:
            chosen = {tuple(metric.title for metric in each.metrics) for each in self._objectives()}
            titles = [automatic(", ".join(chosen.pop()) if len(chosen) == 1 else "")]
        self.box.tell(", ".join(titles) or self.tr("None"))

    def refresh(self) -> None:
        """What "automatic" comes to may have changed."""
        self.show_value(self._shown)

    def _objectives(self) -> list[OutputObjective]:
        report = self.context.session.report
        objectives = report.objectives if report is not None else ()
        return [each for each in objectives if each.output in self.context.nodes]

    def _offer(self) -> Offer:
        """Return the metrics that suit what the outputs predict, as far as that is known, and the recommended ones."""
        objectives = self._objectives()
        suited = [
            metric
            for metric in metrics
            if all(metric.suits(each.loss.target, each.target.meaning, each.classes) for each in objectives)
        ]
        return Offer(
            tuple(suited), self._recommended(), self.ids(), max((each.classes for each in objectives), default=0)
        )

    def _recommended(self) -> frozenset[str]:
        report, project = self.context.session.report, self.context.session.project
        if report is None:
            return frozenset()
        from core.training.guidance import problem_type

        nodes = [project.graph.nodes[name] for name in self.context.nodes if name in project.graph.nodes]
        kinds = [problem_type(project, report.shapes, node) for node in nodes]
        return frozenset(name for kind in kinds if kind is not None for name in kind.metrics)

    def _on_chosen(self, ids: tuple[str, ...]) -> None:
        self.show_value(ids)
        self.edited.emit(ids)
        self.finished.emit()
