"""The loggers of the training settings: a tick for each, and its options while it is ticked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.graph.edits import DEFAULT, Edit, SetTraining
from core.kinds import Parameter, Value
from core.training.loggers import LoggerKind, loggers
from designer import theme
from designer.session import Session
from designer.training.rows_form import RowsForm
from designer.training.scopes import OneScope
from designer.widgets import muted

_OPTIONS = "logger_options."


class LoggersPart(QWidget):
    """Rows for every logger there is; ``ticks`` and ``options`` are by its id."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.ticks: dict[str, RowsForm] = {}
        self.options: dict[str, RowsForm] = {}
        self.missing: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE - 2)
        for kind in loggers:
            self._add(kind, column)

    def _add(self, kind: LoggerKind, column: QVBoxLayout) -> None:
        tick = self.ticks[kind.id] = RowsForm(self._tick_scope(kind.id), {kind.id: kind.title})
        tick.show_parameters([Parameter(kind.id, "bool", False, kind.help)])
        titles = {
            "uri": self.tr("Address"),
            "experiment": self.tr("Experiment"),
            "checkpoints": self.tr("Best weights"),
            "mode": self.tr("Mode"),
            "project": self.tr("Project"),
        }
        options = self.options[kind.id] = RowsForm(self._options_scope(kind.id), titles)
        options.setObjectName(f"logger_{kind.id}")
        options.show_parameters(kind.parameters)
        text = self.tr("Not installed here, so nothing will be written: pip install layerwright[{0}]")
        self.missing[kind.id] = muted(text.format(kind.extra))
        for each in (tick, self.missing[kind.id], options):
            column.addWidget(each)

    # --- where the values are -----------------------------------------------------------------------------------------

    def _tick_scope(self, name: str) -> OneScope:
        def read() -> Mapping[str, Value]:
            return {name: name in self._session.project.training.loggers}

        def write(_name: str, value: Value, key: str) -> Edit | None:
            training = self._session.project.training
            left = tuple(each for each in training.loggers if each != name)
            chosen = (*left, name) if value is True else left
            return None if chosen == training.loggers else SetTraining(replace(training, loggers=chosen), merge_key=key)

        return OneScope(self._session, f"training.loggers.{name}", read, write)

    def _options_scope(self, logger: str) -> OneScope:
        def read() -> Mapping[str, Value]:
            return self._session.project.training.logger_options.get(logger, {})

        def write(name: str, value: Value, key: str) -> Edit:
            training = self._session.project.training
            options = {each: kept for each, kept in {**read(), name: value}.items() if kept is not DEFAULT}
            others = {each: kept for each, kept in training.logger_options.items() if each != logger}
            every = {**others, logger: options} if options else others
            return SetTraining(replace(training, logger_options=every), merge_key=key)

        return OneScope(self._session, f"training.{_OPTIONS}{logger}", read, write)

    # --- showing ------------------------------------------------------------------------------------------------------

    @property
    def changed(self) -> int:
        """How many loggers are on."""
        return sum(form.changed for form in self.ticks.values())

    def refresh(self, problems: Mapping[str, str]) -> None:
        """Show the project as it is now."""
        for name, tick in self.ticks.items():
            tick.refresh(problems)
            start = f"{_OPTIONS}{name}."
            self.options[name].refresh(
                {each.removeprefix(start): text for each, text in problems.items() if each.startswith(start)}
            )
            self._show_wanted(name)

    def _show_wanted(self, name: str) -> None:
        is_on = name in self._session.project.training.loggers
        options = self.options[name]
        options.leave_out(() if is_on else tuple(options.rows))
        self.missing[name].setVisible(is_on and not loggers[name].is_installed)

    def narrow(self, search: str) -> int:
        """Show only the rows that match; return how many are shown."""
        title = self.tr("Loggers").casefold()
        if all(word in title for word in search.casefold().split()):
            search = ""
        found = 0
        for name, tick in self.ticks.items():
            found += tick.narrow(search) + self.options[name].narrow(search)
            self._show_wanted(name)
        return found
