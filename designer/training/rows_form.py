"""Rows of parameters with names, editors, resets and messages, as the properties have them, for any place of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.kinds import Parameter
from designer.properties.rows import Make, ParameterRow
from designer.properties.scope import Values
from designer.properties.section import Section
from designer.training.scopes import OneScope


class RowsForm(QWidget):
    """The rows are made anew where other parameters are shown; ``titles`` and ``makers`` are by parameter's name."""

    def __init__(
        self, scope: Values, titles: Mapping[str, str] | None = None, makers: Mapping[str, Make] | None = None
    ) -> None:
        super().__init__()
        self.scope = scope
        self.rows: dict[str, ParameterRow] = {}
        self._titles, self._makers = titles or {}, makers or {}
        self._parameters: tuple[Parameter, ...] = ()
        self._left_out: frozenset[str] = frozenset()
        self._search = ""
        self._page = Section()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._page)

    def show_parameters(self, parameters: Sequence[Parameter]) -> None:
        """Show these parameters."""
        parameters = tuple(parameters)
        if isinstance(self.scope, OneScope):
            self.scope.offer(parameters)
        if parameters == self._parameters:
            return
        self._parameters = parameters
        old, self._page = self._page, Section()
        self._column.replaceWidget(old, self._page)
        self._page.show()  # at once: a layout shows what it was given only with the next events
        old.hide()
        old.deleteLater()  # with the rows, whose parent it is
        self.rows = {
            each.name: ParameterRow(
                each,
                self.scope,
                self._page.grid,
                self._page,
                title=self._titles.get(each.name, ""),
                make=self._makers.get(each.name),
            )
            for each in parameters
        }
        self._show_wanted()

    def refresh(self, problems: Mapping[str, str] | None = None) -> None:
        """Show what the document says now, and what the check says of each parameter."""
        for name, row in self.rows.items():
            row.refresh()
            row.show_problem((problems or {}).get(name, ""))
        self._show_wanted()

    def leave_out(self, names: Sequence[str]) -> None:
        """Hide the rows of these parameters: they decide nothing as things are."""
        self._left_out = frozenset(names)
        self._show_wanted()

    def narrow(self, search: str) -> int:
        """Show only rows whose name or help holds all words; return how many are shown."""
        self._search = search.strip()
        return self._show_wanted()

    @property
    def changed(self) -> int:
        """How many of the rows that count differ from their default."""
        return sum(row.is_changed for name, row in self.rows.items() if name not in self._left_out)

    def _show_wanted(self) -> int:
        shown = 0
        for name, row in self.rows.items():
            wanted = name not in self._left_out and row.editor.applies and row.matches(self._search)
            row.label.mark_found(next(iter(self._search.split()), ""))
            row.set_visible(wanted)
            shown += wanted
        if self.parentWidget() is not None:  # without one it would open as a window
            self.setVisible(bool(shown))
        return shown
