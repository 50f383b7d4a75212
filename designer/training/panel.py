"""The training panel: how the network is trained, what each output learns, and what still keeps it from training."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from core.graph.change import Change
from core.graph.edits import DEFAULT, SetTraining
from core.graph.project import OUTPUT, TrainingSettings
from core.kinds import Parameter, Value
from core.training.optimizers import optimizers
from designer import theme
from designer.options_form import LABEL_WIDTH, OptionsForm, with_value
from designer.problems.row import ProblemRow
from designer.properties.editors.base import QuietComboBox, Silenced
from designer.properties.editors.number import NumberEditor
from designer.session import Session
from designer.training.device_box import DeviceBox
from designer.training.outputs import OutputCard
from designer.training.runner import TrainingRunner
from designer.widgets import ElidedLabel, heading, muted

_MOST_BLOCKERS = 6
_DEFAULTS = asdict(TrainingSettings())


class LearningRateEditor(NumberEditor):
    """A number that steps through 1, 2, 5, 10 of every power of ten, as learning rates are searched."""

    def step(self, value: Value, steps: int) -> Value:
        """Return the next value of the ladder in that direction."""
        rungs = [float(f"{digit}e{power}") for power in range(-9, 2) for digit in (1, 2, 5)]
        number = float(value)
        if steps > 0:
            return next((rung for rung in rungs if rung > number * 1.0001), number)
        return next((rung for rung in reversed(rungs) if rung < number * 0.9999), number)


class TrainingPanel(QScrollArea):
    """Edits the training settings; steps within one field merge into one undo step."""

    def __init__(self, session: Session, runner: TrainingRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._blockers: tuple[object, ...] | None = None
        self.setObjectName("training_panel")
        self.setAccessibleName(self.tr("Training"))
        self.optimizer = QuietComboBox()
        self.device = DeviceBox()
        self.settings = OptionsForm(session, special={"learning_rate": LearningRateEditor}, titles=self._titles())
        self.options = OptionsForm(session)
        self.cards: dict[str, OutputCard] = {}
        self._help = muted()
        self._no_output = muted(self.tr("The network has no Output yet."))
        self._outputs = QVBoxLayout()
        self._blocking = QVBoxLayout()
        self._blocked = QWidget()
        self._set_up()
        self._lay_out()
        session.changed.connect(self._on_changed)
        session.report_changed.connect(self._on_report_changed)
        self._show_project()
        if session.report is not None:
            self._on_report_changed(session.report)

    def _titles(self) -> dict[str, str]:
        return {
            "learning_rate": self.tr("Learning rate"),
            "batch_size": self.tr("Batch size"),
            "epochs": self.tr("Epochs"),
            "seed": self.tr("Seed"),
        }

    def _parameters(self) -> tuple[Parameter, ...]:
        rate = self.tr("How far each step goes. The arrows step through 1, 2, 5. Applies at once while training runs.")
        batch = self.tr("How many samples each step looks at.")
        epochs = self.tr("How often all training samples are seen.")
        seed = self.tr("Fixes the first weights and the order of samples: the same seed gives the same run.")
        return (
            Parameter("learning_rate", "float", _DEFAULTS["learning_rate"], rate, minimum=0, exclusive=True),
            Parameter("batch_size", "int", _DEFAULTS["batch_size"], batch, minimum=1),
            Parameter("epochs", "int", _DEFAULTS["epochs"], epochs, minimum=1),
            Parameter("seed", "int", _DEFAULTS["seed"], seed, minimum=0),
        )

    def _set_up(self) -> None:
        for kind in optimizers:
            self.optimizer.addItem(kind.title, kind.id)
        self.optimizer.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.optimizer.setObjectName("optimizer")
        self.optimizer.setAccessibleName(self.tr("Optimizer"))
        self.device.setObjectName("device")
        self.device.setAccessibleName(self.tr("Device"))
        self.optimizer.activated.connect(self._on_optimizer)
        self.device.device_chosen.connect(lambda device: self._set(device=device))
        self.settings.edited.connect(self._on_setting)
        self.options.edited.connect(self._on_option)

    def _lay_out(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(theme.SPACE + 2, theme.SPACE, theme.SPACE + 2, theme.SPACE)
        column.setSpacing(theme.SPACE)
        blocked = QVBoxLayout(self._blocked)
        blocked.setContentsMargins(0, 0, 0, theme.SPACE // 2)
        blocked.setSpacing(theme.SPACE // 2)
        blocked.addWidget(heading(self.tr("Cannot train yet")))
        blocked.addLayout(self._blocking)
        self._blocked.hide()
        self._blocking.setSpacing(theme.SPACE // 2)
        self._outputs.setSpacing(theme.SPACE + 4)
        column.addWidget(self._blocked)
        column.addWidget(heading(self.tr("Run")))
        run = QVBoxLayout()
        run.setSpacing(theme.SPACE // 2)
        run.addWidget(self.settings)
        run.addLayout(_row(self.tr("Device"), self.device))
        column.addLayout(run)
        column.addSpacing(theme.SPACE // 2)
        column.addWidget(heading(self.tr("What is learnt")))
        column.addLayout(self._outputs)
        column.addWidget(self._no_output)
        column.addSpacing(theme.SPACE // 2)
        column.addWidget(heading(self.tr("Optimizer")))
        column.addLayout(_row(self.tr("Kind"), self.optimizer))
        column.addWidget(self._help)
        column.addWidget(self.options)
        column.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(280)

    # --- edits --------------------------------------------------------------------------------------------------------

    def _set(self, merge_key: str = "", **changes: Any) -> None:
        self._session.apply(SetTraining(replace(self._session.project.training, **changes), merge_key=merge_key))

    def _on_setting(self, name: str, value: Value) -> None:
        chosen = _DEFAULTS[name] if value is DEFAULT else value
        self._set(f"training.{name}", **{name: chosen})
        if name == "learning_rate" and self._runner.state in ("running", "paused"):
            self._runner.set_learning_rate(float(chosen))

    def _on_option(self, name: str, value: Value) -> None:
        options = with_value(self._session.project.training.optimizer_options, name, value)
        self._set(f"training.option.{name}", optimizer_options=options)

    def _on_optimizer(self, at: int) -> None:
        training = self._session.project.training
        kind = optimizers[str(self.optimizer.itemData(at))]
        if kind.id == training.optimizer:
            return
        old = optimizers.find(training.optimizer)
        usual = old is None or training.learning_rate == old.learning_rate
        rate = kind.learning_rate if usual else training.learning_rate
        self._set(optimizer=kind.id, optimizer_options={}, learning_rate=rate)

    # --- showing ------------------------------------------------------------------------------------------------------

    def _on_changed(self, change: Change) -> None:
        if not change.only_positions:
            self._show_project()

    def _show_project(self) -> None:
        training = self._session.project.training
        values = {name: getattr(training, name) for name in self._titles()}
        self.settings.show_parameters(self._parameters(), values)
        self.device.show_device(training.device)
        kind = optimizers.find(training.optimizer)
        with Silenced(self.optimizer):
            self.optimizer.setCurrentIndex(self.optimizer.findData(training.optimizer))
        self._help.setText(kind.help if kind else self.tr("Unknown: {0}").format(training.optimizer))
        self._show_options()
        self._show_outputs()

    def _show_options(self) -> None:
        """Show the optimizer's options; they are read from torch, which is loaded once there is a report."""
        if self._session.report is None:
            return
        from core.training.options import options_of

        training = self._session.project.training
        kind = optimizers.find(training.optimizer)
        self.options.show_parameters(options_of(kind) if kind else (), training.optimizer_options)

    def _show_outputs(self) -> None:
        nodes = self._session.project.graph.of_kind(OUTPUT)
        names = [node.name for node in nodes]
        for name in [each for each in self.cards if each not in names]:
            gone = self.cards.pop(name)
            self._outputs.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, node in enumerate(nodes):
            if node.name not in self.cards:
                self.cards[node.name] = OutputCard(self._session, node.name)
                self._outputs.insertWidget(place, self.cards[node.name])
            self.cards[node.name].refresh(node, several=len(nodes) > 1)
        self._no_output.setVisible(not nodes)

    def _on_report_changed(self, report: Any) -> None:
        from core.training.devices import available_devices

        self.device.show_available(available_devices())
        self._show_options()
        self._show_outputs()
        self._show_blockers(report.blockers)

    def _show_blockers(self, blockers: tuple[Any, ...]) -> None:
        self._blocked.setVisible(bool(blockers))
        if blockers == self._blockers:
            return
        self._blockers = blockers
        while (item := self._blocking.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for problem in blockers[:_MOST_BLOCKERS]:
            self._blocking.addWidget(ProblemRow(problem, self._session))
        if len(blockers) > _MOST_BLOCKERS:
            self._blocking.addWidget(muted(self.tr("… and {0} more.").format(len(blockers) - _MOST_BLOCKERS)))


def _row(text: str, widget: QWidget) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.SPACE)
    grid.setColumnMinimumWidth(0, LABEL_WIDTH)
    grid.setColumnStretch(1, 1)
    label = ElidedLabel(text)
    label.setFixedWidth(LABEL_WIDTH)
    grid.addWidget(label, 0, 0)
    grid.addWidget(widget, 0, 1)
    return grid
