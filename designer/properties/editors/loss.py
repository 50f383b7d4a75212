"""The editor of an output's loss."""

from __future__ import annotations

from collections.abc import Iterable

from core.kinds import Value
from core.training.losses import losses
from designer.properties.editors.choice import ChoiceEditor

AUTOMATIC = "auto"


class LossEditor(ChoiceEditor):
    """A combo box of the losses; "automatic" tells what it comes to."""

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return "automatic" and all losses."""
        yield self._automatic(), AUTOMATIC
        for loss in losses:
            yield loss.title, loss.id

    def _automatic(self) -> str:
        report = self.context.session.report
        objectives = report.objectives if report is not None else ()
        titles = {each.loss.title for each in objectives if each.output in self.context.nodes}
        chosen = all(self._is_automatic(name) for name in self.context.nodes)
        if len(titles) == 1 and chosen:
            return self.tr("Auto: {loss}").format(loss=titles.pop())
        return self.tr("Automatic")

    def _is_automatic(self, name: str) -> bool:
        node = self.context.session.project.graph.nodes.get(name)
        return node is not None and node.params.get("loss", AUTOMATIC) == AUTOMATIC
