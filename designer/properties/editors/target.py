"""The editor of an output's target: a field of the data, what enters at an Input, or the next token of a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.graph.binding import INPUT_TARGET, NEXT_TARGET, bound_fields, input_signature, target_problem
from core.graph.project import INPUT, Field, Project
from core.kinds import Value
from designer.properties.editors.choice import SEPARATOR, ChoiceEditor


class TargetEditor(ChoiceEditor):
    """A combo box: the data's fields, those with the role "target" first, then what needs no label."""

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return the fields that can be predicted, the inputs themselves, and the texts whose next token is one."""
        project = self.context.session.project
        for field in sorted(project.data.fields, key=lambda each: each.role != "target"):
            yield self.tr("{field} – {meaning}").format(field=field.name, meaning=field.meaning), field.name
        more = [*self._inputs(project), *self._texts(project)]
        if more and project.data.fields:
            yield SEPARATOR
        yield from more

    def _inputs(self, project: Project) -> Iterable[tuple[str, Value]]:
        for node in project.graph.of_kind(INPUT):
            if bound_fields(node) and input_signature(project, node).dtype == "float32":
                yield self.tr("the input itself: {name}").format(name=node.name), f"{INPUT_TARGET}{node.name}"

    def _texts(self, project: Project) -> Iterable[tuple[str, Value]]:
        bound = {name for node in project.graph.of_kind(INPUT) for name in bound_fields(node)}
        for field in project.data.fields:
            if field.meaning == "text" and field.name in bound:
                yield self.tr("next token of {field}").format(field=field.name), f"{NEXT_TARGET}{field.name}"

    def tip(self, value: Value) -> str:
        """Say why a field is taken for what it is, or what the other targets are for."""
        if str(value).startswith(INPUT_TARGET):
            return self.tr("The network learns to give back what enters: an autoencoder. No labels are needed.")
        if str(value).startswith(NEXT_TARGET):
            return self.tr("At every step the network learns what comes next: a language model.")
        field = self._field(value)
        return field.reason if field else ""

    def why_not(self, value: Value) -> str:
        """Say why a field cannot be predicted."""
        project = self.context.session.project
        node = project.graph.nodes.get(self.context.nodes[0]) if self.context.nodes else None
        if node is None or not value:
            return ""
        return target_problem(project, replace(node, params={**node.params, "target": value}))

    def _field(self, name: Value) -> Field | None:
        return self.context.session.project.data.field(str(name))

    def missing(self, value: Value) -> str:
        """Say that nothing is chosen yet, or that the field is gone."""
        if value:
            return self.tr("{field} (not in the data)").format(field=value)
        return self.tr("choose a field") if self.context.session.project.data.fields else self.tr("no data bound yet")
