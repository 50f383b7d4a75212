"""The editor of an output's metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.training.metrics import metrics
from core.training.objective import OutputObjective
from designer.properties.editors.checklist import ChecklistEditor, Entry

AUTOMATIC = "auto"


class MetricsEditor(ChecklistEditor):
    """A check list of the metrics; "automatic" excludes the others."""

    def entries(self) -> Iterable[Entry]:
        """Return "automatic" and the metrics that suit what the outputs predict, as far as that is known."""
        objectives = self._objectives()
        yield Entry(AUTOMATIC, self._automatic(objectives), self.tr("Chosen by what the output predicts."))
        for metric in metrics:
            suits = all(metric.suits(each.loss.target) for each in objectives)
            if suits or metric.id in self.chosen():
                yield Entry(metric.id, metric.title, metric.help)

    def _objectives(self) -> list[OutputObjective]:
        report = self.context.session.report
        objectives = report.objectives if report is not None else ()
        return [each for each in objectives if each.output in self.context.nodes]

    def _automatic(self, objectives: list[OutputObjective]) -> str:
        chosen = {tuple(metric.title for metric in each.metrics) for each in objectives}
        if len(chosen) == 1 and self.chosen() == (AUTOMATIC,):
            return self.tr("Auto: {metrics}").format(metrics=", ".join(chosen.pop()).lower())
        return self.tr("Automatic")

    def ticked(self, values: Sequence[str], changed: str) -> tuple[str, ...]:
        """Keep "automatic" alone."""
        if changed == AUTOMATIC and AUTOMATIC in values:
            return (AUTOMATIC,)
        return tuple(each for each in values if each != AUTOMATIC)
