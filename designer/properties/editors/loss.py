"""The editor of an output's loss: all that suit the target, the others disabled with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.graph.project import PYTHON_PREFIX
from core.kinds import Value
from core.training.losses import losses
from designer.properties.editors.base import automatic
from designer.properties.editors.choice import SEPARATOR, ChoiceEditor

AUTOMATIC = "auto"


class LossEditor(ChoiceEditor):
    """A combo box of the losses, the project's own among them; "automatic" tells what it comes to."""

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return "automatic", all losses, and the Python layers that can be one."""
        from core.training.own_loss import usable

        yield self._automatic(), AUTOMATIC
        for loss in losses:
            yield loss.title, loss.id
        own = usable(self.context.session.project)
        if own:
            yield SEPARATOR
        for name in own:
            yield self.tr("{name} (your own)").format(name=name.removeprefix(PYTHON_PREFIX)), name

    def tip(self, value: Value) -> str:
        """Say what a loss is for, with its formula."""
        loss = losses.find(str(value))
        return f"{loss.help} {loss.formula}" if loss else ""

    def why_not(self, value: Value) -> str:
        """Say why a loss does not suit what the outputs predict, in the words of the check."""
        report, project = self.context.session.report, self.context.session.project
        if report is None or value == AUTOMATIC:
            return ""
        from core.training.objective import examine

        for name in self.context.nodes:
            node = project.graph.nodes.get(name)
            if node is None:
                continue
            tried = replace(node, params={**node.params, "loss": value, "loss_options": ()})
            for problem in examine(project, report.shapes, tried).problems:
                if problem.parameter == "loss":
                    return problem.message
        return ""

    def _automatic(self) -> str:
        report = self.context.session.report
        objectives = report.objectives if report is not None else ()
        titles = {each.loss.title for each in objectives if each.output in self.context.nodes}
        chosen = all(self._is_automatic(name) for name in self.context.nodes)
        if len(titles) == 1 and chosen:
            return automatic(titles.pop())
        return automatic()

    def _is_automatic(self, name: str) -> bool:
        node = self.context.session.project.graph.nodes.get(name)
        return node is not None and node.params.get("loss", AUTOMATIC) == AUTOMATIC
