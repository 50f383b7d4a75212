"""The editor of an output's target: which field of the data it predicts."""

from __future__ import annotations

from collections.abc import Iterable

from core.kinds import Value
from designer.properties.editors.choice import ChoiceEditor


class TargetEditor(ChoiceEditor):
    """A combo box of the data's fields, those with the role "target" first."""

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return the fields that can be predicted."""
        fields = self.context.session.project.data.fields
        for field in sorted(fields, key=lambda each: each.role != "target"):
            yield self.tr("{field} – {meaning}").format(field=field.name, meaning=field.meaning), field.name

    def missing(self, value: Value) -> str:
        """Say that nothing is chosen yet, or that the field is gone."""
        if value:
            return self.tr("{field} (not in the data)").format(field=value)
        return self.tr("choose a field") if self.context.session.project.data.fields else self.tr("no data bound yet")
