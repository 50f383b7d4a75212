"""The editor of one of a few words that are shown by other, plainer names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtWidgets import QWidget

from core.kinds import Parameter, Value
from designer.properties.editors.base import Context
from designer.properties.editors.choice import ChoiceEditor


class WordedEditor(ChoiceEditor):
    """A combo box; ``words`` says what each choice is called, in the order in which they are listed."""

    def __init__(
        self, parameter: Parameter, context: Context, parent: QWidget | None = None, *, words: Mapping[Value, str]
    ) -> None:
        self._words = words
        super().__init__(parameter, context, parent)

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return the choices by their names."""
        return ((text, value) for value, text in self._words.items())
