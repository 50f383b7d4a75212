"""The training panel: what is learnt, how the network is trained, and what still keeps it from training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from core import units
from core.graph.change import Change
from core.graph.edits import DEFAULT, Edit, SetTraining
from core.graph.project import OUTPUT
from core.kinds import Parameter, Value
from core.training.optimizers import optimizers
from core.training.schedules import schedules
from designer import theme
from designer.problems.row import ProblemRow
from designer.properties.editors.worded import WordedEditor
from designer.properties.section import Fold
from designer.session import Session
from designer.training.fields import DEFAULTS, DeviceEditor, Setting, section_titles, settings_shown
from designer.training.loggers_part import LoggersPart
from designer.training.optimizer_part import OptimizerPart, with_optimizer
from designer.training.outputs import OutputCard
from designer.training.rate_curve import steps_per_epoch
from designer.training.rows_form import RowsForm
from designer.training.runner import TrainingRunner
from designer.training.schedule_part import SchedulePart
from designer.training.scopes import OneScope
from designer.widgets import heading, muted

_MOST_BLOCKERS = 6


class TrainingPanel(QScrollArea):
    """Edits the training settings; steps within one field merge into one undo step."""

    def __init__(self, session: Session, runner: TrainingRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = runner
        self._blockers: tuple[object, ...] | None = None
        self._settings: dict[str, tuple[Setting, ...]] = {}
        self.setObjectName("training_panel")
        self.setAccessibleName(self.tr("Training"))
        self.cards: dict[str, OutputCard] = {}
        self.folds: dict[str, Fold] = {}
        self.forms: dict[str, RowsForm] = {}
        self.search = QLineEdit()
        self.optimizer = OptimizerPart(session, self._scope(), self._scope(), self._scope())
        self.schedule = SchedulePart(session, self._scope())
        self.combine = RowsForm(self._scope(), {"combine": self.tr("Total loss")}, {"combine": self._combine_editor})
        self.loggers = LoggersPart(session)
        self.batch_note = muted()
        self._nothing = muted(self.tr("No setting matches. Esc shows all."))
        self._no_output = muted(self.tr("The network has no Output yet."))
        self._outputs = QVBoxLayout()
        self._blocking = QVBoxLayout()
        self._blocked = QWidget()
        self._set_up()
        self._lay_out()
        session.changed.connect(self._on_changed)
        session.report_changed.connect(self._on_report_changed)
        self.schedule.samples_counted.connect(lambda _count: self._show_batch_note())
        self._show_project()
        if session.report is not None:
            self._on_report_changed(session.report)

    def close_jobs(self) -> None:
        """End the work in the background."""
        self.schedule.close_jobs()
        for card in self.cards.values():
            card.close_jobs()

    # --- what there is ------------------------------------------------------------------------------------------------

    def _scope(self) -> OneScope:
        return OneScope(self._session, "training", self._read, self._write)

    def _set_up(self) -> None:
        self.search.setObjectName("training_search")
        self.search.setPlaceholderText(self.tr("Search settings"))
        self.search.setAccessibleName(self.tr("Search settings"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_searched)
        self.search.installEventFilter(self)
        self.batch_note.setObjectName("batch_note")
        for setting in settings_shown():
            self._settings[setting.section] = (*self._settings.get(setting.section, ()), setting)
        for section, settings in self._settings.items():
            titles = {each.parameter.name: each.title for each in settings}
            makers = {each.parameter.name: each.make for each in settings if each.make is not None}
            self.forms[section] = RowsForm(self._scope(), titles, makers)
            self.forms[section].show_parameters([each.parameter for each in settings])
        text = self.tr("How the losses of several outputs, times their weights, become the one that is learnt.")
        self.combine.show_parameters(
            [Parameter("combine", "choice", DEFAULTS["combine"], text, choices=("sum", "mean"))]
        )

    def _combine_editor(self, parameter: Parameter, context: Any) -> WordedEditor:
        words = {"sum": self.tr("Sum of the outputs"), "mean": self.tr("Weighted mean of the outputs")}
        return WordedEditor(parameter, context, words=words)

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
        self._outputs.setSpacing(theme.SPACE * 2)
        column.addWidget(self._blocked)
        column.addWidget(self.search)
        column.addWidget(self._nothing)
        self._nothing.hide()
        outputs = self._fold("outputs", self.tr("What is learnt"), is_open=True)
        outputs.section.column.addLayout(self._outputs)
        outputs.section.column.addWidget(self._no_output)
        outputs.section.column.addWidget(self.combine)
        self._fold("optimizer", self.tr("Optimizer"), is_open=True).section.column.addWidget(self.optimizer)
        self._fold("schedule", self.tr("Schedule")).section.column.addWidget(self.schedule)
        for section, title in section_titles().items():
            fold = self._fold(section, title, is_open=section == "batches")
            fold.section.column.addWidget(self.forms[section])
        self._fold("loggers", self.tr("Loggers")).section.column.addWidget(self.loggers)
        self.folds["batches"].section.column.addWidget(self.batch_note)
        for fold in self.folds.values():
            column.addWidget(fold)
        column.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(280)

    def _fold(self, key: str, title: str, *, is_open: bool = False) -> Fold:
        fold = Fold(title, f"training_{key}", is_open=is_open)
        self.folds[key] = fold
        return fold

    # --- edits --------------------------------------------------------------------------------------------------------

    def _read(self) -> Mapping[str, Value]:
        return vars(self._session.project.training)

    def _write(self, name: str, value: Value, key: str) -> Edit | None:
        training = self._session.project.training
        kind = optimizers.find(training.optimizer)
        usual = kind.learning_rate if kind is not None else DEFAULTS["learning_rate"]
        chosen = (usual if name == "learning_rate" else DEFAULTS[name]) if value is DEFAULT else value
        if chosen == getattr(training, name) and type(chosen) is type(getattr(training, name)):
            return None
        changes: dict[str, Any] = {name: chosen}
        if name == "optimizer":
            changes = with_optimizer(training, str(chosen))
        elif name == "schedule":
            changes["schedule_options"] = {}
        if name == "learning_rate" and self._runner.state in ("running", "paused"):
            self._runner.set_learning_rate(float(chosen))
        return SetTraining(replace(training, **changes), merge_key=key)

    # --- showing ------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Show what was not worked out while nobody looked."""
        super().showEvent(event)
        self._show_project()

    def _on_changed(self, change: Change) -> None:
        if not change.only_positions:
            self._show_project()

    def _on_report_changed(self, report: Any) -> None:
        from core.training.devices import available_devices

        device = self.forms["machine"].rows["device"].editor
        if isinstance(device, DeviceEditor):
            device.show_available(available_devices())
        self._show_project()
        self._show_blockers(report.blockers)

    def _problems(self) -> dict[str, str]:
        """Return what the check says of the settings, by their names."""
        report = self._session.report
        found = report.problems if report is not None else ()
        return {each.parameter: each.message for each in found if each.parameter and not each.node}

    def _show_project(self) -> None:
        training, problems = self._session.project.training, self._problems()
        self.optimizer.refresh(problems)
        self.schedule.refresh(problems, is_seen=self.isVisible())
        for section, settings in self._settings.items():
            form = self.forms[section]
            form.leave_out([each.parameter.name for each in settings if not each.counts(training)])
            form.refresh(problems)
            self.folds[section].show_count(form.changed)
        self.loggers.refresh(problems)
        self.folds["loggers"].show_count(self.loggers.changed)
        optimizer, schedule = optimizers.find(training.optimizer), schedules.find(training.schedule)
        self.folds["optimizer"].tell(optimizer.title if optimizer else training.optimizer)
        self.folds["schedule"].tell(schedule.title if schedule else training.schedule)
        self._show_batch_note()
        self._show_outputs()
        self._find(self.search.text())

    def _show_batch_note(self) -> None:
        training, samples = self._session.project.training, self.schedule.samples
        told = []
        if training.accumulate > 1:
            whole = training.batch_size * training.accumulate
            told.append(
                self.tr("{0} × {1} = {2} samples a step").format(training.accumulate, training.batch_size, whole)
            )
        if samples:
            steps = units.plural(steps_per_epoch(samples, training), self.tr("step"))
            told.append(self.tr("{0} an epoch, of {1:,} samples").format(steps, samples))
        self.batch_note.setText(" · ".join(told))
        self.batch_note.setVisible(bool(told) and not self.search.text())

    def _show_outputs(self) -> None:
        names = [node.name for node in self._session.project.graph.of_kind(OUTPUT)]
        for name in [each for each in self.cards if each not in names]:
            gone = self.cards.pop(name)
            gone.close_jobs()
            self._outputs.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, name in enumerate(names):
            if name not in self.cards:
                self.cards[name] = OutputCard(self._session, name)
                self._outputs.insertWidget(place, self.cards[name])
                self.cards[name].show()  # at once: a layout shows what it was given only with the next events
            self.cards[name].refresh(several=len(names) > 1)
        self._no_output.setVisible(not names)
        self.combine.leave_out(() if len(names) > 1 else ("combine",))
        self.combine.refresh(self._problems())
        self.folds["outputs"].tell(", ".join(names) if len(names) > 1 else "")

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

    # --- searching ----------------------------------------------------------------------------------------------------

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search field Esc shows all again."""
        keys = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if not (
            isinstance(event, QKeyEvent)
            and event.type() in keys
            and event.key() == Qt.Key.Key_Escape
            and self.search.text()
        ):
            return super().eventFilter(watched, event)
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            self.search.clear()
        return True

    def _on_searched(self, text: str) -> None:
        self._find(text)
        self._show_batch_note()

    def _find(self, text: str) -> None:
        search = text.strip()
        finders: dict[str, Callable[[str], int]] = {name: form.narrow for name, form in self.forms.items()}
        finders |= {"outputs": self._find_outputs, "optimizer": self.optimizer.narrow, "schedule": self.schedule.narrow}
        finders["loggers"] = self.loggers.narrow
        whole = 0
        for key, find in finders.items():
            found = find(search)
            whole += found
            self.folds[key].setVisible(bool(found) or not search)
            self.folds[key].hold_open(bool(search))
        self._nothing.setVisible(not whole and bool(search))

    def _find_outputs(self, search: str) -> int:
        return sum(card.narrow(search) for card in self.cards.values()) + self.combine.narrow(search)
