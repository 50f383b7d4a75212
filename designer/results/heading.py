"""The line above the results: which run, which weights, which part of the data, which output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from core.data.splits import PARTS
from designer.results.run_choice import RunChoice
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconButton

if TYPE_CHECKING:
    from designer.training.runner import TrainingRunner


class Heading(QWidget):
    """``request_changed`` asks for another look, ``output_changed`` for another output of the same."""

    request_changed = Signal()
    output_changed = Signal()
    again = Signal()
    export = Signal()

    def __init__(self, runner: TrainingRunner) -> None:
        super().__init__()
        self.run = RunChoice(runner)
        self.run.setObjectName("results_run")
        self.split = _combo("results_split", self.tr("Part of the data"))
        names = {"training": self.tr("Training"), "validation": self.tr("Validation"), "test": self.tr("Test")}
        for part in PARTS:
            self.split.addItem(names[part], part)
        self.split.setCurrentIndex(self.split.findData("validation"))
        self.which = _combo("results_weights", self.tr("Weights"))
        self.which.addItem(self.tr("Best weights"), "best")
        self.which.addItem(self.tr("Last weights"), "last")
        self.output = _combo("results_output", self.tr("Output"))
        self.told = ElidedLabel()
        self.refresh = IconButton("repeat", self.tr("Look again, at the newest weights"))
        self.refresh.setObjectName("results_again")
        self.save = IconButton("export", self.tr("Save as a table or a picture"))
        self.save.setObjectName("results_export")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 3, SPACE, 3)
        row.setSpacing(SPACE // 2)
        for each in (self.run, self.which, self.split, self.output):
            row.addWidget(each)
        row.addWidget(self.told, 1)
        row.addWidget(self.refresh)
        row.addWidget(self.save)
        self.run.chosen.connect(self._on_run_chosen)
        self.split.activated.connect(lambda _place: self.request_changed.emit())
        self.which.activated.connect(lambda _place: self.request_changed.emit())
        self.output.activated.connect(lambda _place: self.output_changed.emit())
        self.refresh.clicked.connect(self.again)
        self.save.clicked.connect(self.export)
        self.set_outputs(())
        self._show_choosers()

    def _on_run_chosen(self) -> None:
        self._show_choosers()
        self.request_changed.emit()

    def _show_choosers(self) -> None:
        """Offer weights and parts of the data only where there is a run."""
        for each in (self.which, self.split):
            each.setEnabled(self.run.folder is not None)

    def set_outputs(self, names: Sequence[str]) -> None:
        """Offer outputs; of a single one there is nothing to choose."""
        before = self.output.currentText()
        with QSignalBlocker(self.output):
            self.output.clear()
            self.output.addItems(list(names))
            self.output.setCurrentIndex(max(self.output.findText(before), 0) if names else -1)
        self.output.setVisible(len(names) > 1)


def _combo(name: str, text: str) -> QComboBox:
    combo = QComboBox()
    combo.setObjectName(name)
    combo.setAccessibleName(text)
    combo.setToolTip(text)
    return combo
