"""The form of the whole project, shown while nothing is selected: name, notes, size and variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from core import units
from core.expressions import Number
from core.graph.counting import count_layers
from core.graph.edits import Describe, SetVariables
from core.graph.formulas import Use, where_used
from core.search.places import VARIABLE
from designer.properties.cost import CostWatcher, training_line
from designer.properties.numbers import Numbers, NumbersTable
from designer.properties.places import go_to
from designer.properties.section import Section
from designer.session import Session
from designer.sweep.dialog import ask_dimension
from designer.theme import SPACE
from designer.widgets import heading, muted


class Variables(Numbers):
    """The variables of a session's project."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.hint = session.tr("Numbers for expressions: define width = 32 and write 2*width in a parameter.")
        self.first = "width"
        self.value_title = session.tr("value")

    def read(self) -> Mapping[str, Number]:
        """Return the variables."""
        return self._session.project.variables

    def write(self, numbers: Mapping[str, Number], renamed: Mapping[str, str]) -> None:
        """Set the variables; expressions that use a renamed one follow."""
        self._session.document.apply(SetVariables(numbers, renamed))

    def places(self, name: str) -> Sequence[Use]:
        """Return where a variable is used."""
        if self._session.report is None:
            return ()  # parameters are read from torch, which the check's thread is loading
        return where_used(self._session.project, name, "")

    def show(self, use: Use) -> None:
        """Bring the node of a use into view."""
        go_to(self._session, use)

    def deeds(self, name: str) -> Sequence[tuple[str, Callable[[], object]]]:
        """Offer to have a variable searched."""
        place, window = f"{VARIABLE}/{name}", QApplication.activeWindow()
        text = self._session.tr("Search this…")
        return [(text, lambda: ask_dimension(self._session, place, window))] if window is not None else []


class ProjectForm(QWidget):
    """Edits name, notes and variables; shows how large the network is."""

    def __init__(self, session: Session, cost: CostWatcher) -> None:
        super().__init__()
        self.setObjectName("project_form")
        self._session = session
        self._cost = cost
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2 - 4, SPACE * 2 - 4, SPACE * 2 - 4, SPACE * 2)
        column.setSpacing(SPACE + 4)
        column.addWidget(heading(self.tr("Project"), 1.15))
        column.addWidget(muted(self.tr("Select a layer on the canvas to see and change its parameters.")))
        self.name = QLineEdit()
        self.name.setObjectName("project_name")
        self.name.setAccessibleName(self.tr("Project name"))
        self.name.setPlaceholderText(self.tr("Name"))
        self.notes = QPlainTextEdit()
        self.notes.setObjectName("project_notes")
        self.notes.setAccessibleName(self.tr("Notes"))
        self.notes.setPlaceholderText(self.tr("Notes"))
        self.notes.setTabChangesFocus(True)
        self.notes.setFixedHeight(self.notes.fontMetrics().lineSpacing() * 5 + 12)
        column.addWidget(self.name)
        column.addWidget(self.notes)
        self._summary = Section(self.tr("Network"))
        self._layers = self._summary.add_value(self.tr("layers"), "–")
        self._parameters = self._summary.add_value(self.tr("parameters"), "–")
        self._flops = self._summary.add_value(self.tr("per sample"), "–")
        self._training = self._summary.add_value(self.tr("training"), "–")
        self._training.setObjectName("training_memory")
        column.addWidget(self._summary)
        section = Section(self.tr("Variables"))
        self.variables = NumbersTable(Variables(session))
        self.variables.setObjectName("variables")
        section.column.addWidget(self.variables)
        column.addWidget(section)
        column.addStretch(1)
        self.name.textEdited.connect(self._on_edited)
        self.name.editingFinished.connect(session.document.end_merge)
        self.notes.textChanged.connect(self._on_notes_changed)
        self.refresh()

    def refresh(self) -> None:
        """Show what document and cost say now."""
        project = self._session.project
        if self.name.text() != project.name:
            self.name.setText(project.name)
            self.name.setCursorPosition(0)  # of a long name the beginning is seen
        if self.notes.toPlainText() != project.notes:
            self.notes.blockSignals(True)
            self.notes.setPlainText(project.notes)
            self.notes.blockSignals(False)
        self.variables.refresh()
        self._refresh_summary()

    def focus_first(self) -> None:
        """Put the cursor into the name."""
        self.name.setFocus()

    def _refresh_summary(self) -> None:
        self._layers.setText(
            self.tr("{layers}, {inputs}, {outputs}").format(
                layers=units.plural(count_layers(self._session.project), "layer"),
                inputs=units.plural(len(self._session.project.graph.of_kind("Input")), "input"),
                outputs=units.plural(len(self._session.project.graph.of_kind("Output")), "output"),
            )
        )
        for label in (self._parameters, self._flops, self._training):
            label.setEnabled(not self._cost.is_stale)
        budget, found = self._cost.budget, self._cost.found
        self._training.setText(training_line(budget) if budget else (found.reason if found else "") or "–")
        cost = self._cost.report
        if cost is None:
            waiting = "–" if self._session.report is not None else self.tr("Loading PyTorch…")
            self._parameters.setText(waiting)
            self._flops.setText(self._cost.reason or "–")
            return
        self._parameters.setText(
            self.tr("{count}, {memory}").format(
                count=units.count(cost.parameters), memory=units.size(cost.parameter_bytes)
            )
        )
        self._flops.setText(
            self.tr("{flops} FLOPs, {memory}").format(
                flops=units.count(cost.flops), memory=units.size(cost.activation_bytes)
            )
        )

    def _on_edited(self) -> None:
        self._describe("name")

    def _on_notes_changed(self) -> None:
        self._describe("notes")

    def _describe(self, part: str) -> None:
        self._session.apply(Describe(self.name.text(), self.notes.toPlainText(), f"describe.{part}"))
