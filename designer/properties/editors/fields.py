"""The editor of an input's fields: which columns of the data it brings into the network."""

from __future__ import annotations

from collections.abc import Iterable

from designer.properties.editors.checklist import ChecklistEditor, Entry


class FieldsEditor(ChecklistEditor):
    """A check list of the data's input fields."""

    def entries(self) -> Iterable[Entry]:
        """Return the fields with the role "input", and those chosen before they got another role."""
        for field in self.context.session.project.data.fields:
            if field.role == "input" or field.name in self.chosen():
                shape = " × ".join(map(str, field.shape))
                kind = f"{field.meaning}, {shape}" if shape else field.meaning
                yield Entry(field.name, f"{field.name} – {kind}", field.reason)

    def empty_note(self) -> str:
        """Say where data is bound."""
        return self.tr("No data is bound yet: choose some in the Data tab, or give a shape below.")
