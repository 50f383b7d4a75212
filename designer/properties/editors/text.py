"""The editor of a text."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from core.kinds import Value
from designer.properties.editors.typed import TypedEditor


class TextEditor(TypedEditor):
    """A plain line."""

    def _make(self) -> tuple[QWidget, QLineEdit]:
        line = QLineEdit()
        return line, line

    def step(self, value: Value, steps: int) -> Value:
        """A text has no steps."""
        return value
