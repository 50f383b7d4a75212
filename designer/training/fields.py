"""The training settings as the panel shows them: for each its title, help, unit, editor, and when it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from core.graph.project import TrainingSettings
from core.kinds import Parameter, ParameterType, Value
from core.machine import DEVICES, device_title
from core.training.optimizers import optimizers
from core.training.schedules import schedules
from designer.properties.editors.base import Context, automatic
from designer.properties.editors.choice import SEPARATOR, ChoiceEditor
from designer.properties.editors.number import NumberEditor
from designer.properties.editors.worded import WordedEditor
from designer.properties.rows import Make

DEFAULTS: Mapping[str, Any] = {each.name: getattr(TrainingSettings(), each.name) for each in fields(TrainingSettings)}
COMMON_OPTIMIZERS = ("Adam", "AdamW", "SGD", "RMSprop", "Muon")
COMMON_SCHEDULES = (
    "constant",
    "warm_up_cosine",
    "OneCycleLR",
    "StepLR",
    "ReduceLROnPlateau",
    "warm_up_stable_decay",
)
"""The presets: what is offered first."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Training", text)


class LearningRateEditor(NumberEditor):
    """A number that steps through 1, 2, 5, 10 of every power of ten, as learning rates are searched."""

    def step(self, value: Value, steps: int) -> Value:
        """Return the next value of the ladder in that direction."""
        rungs = [float(f"{digit}e{power}") for power in range(-9, 2) for digit in (1, 2, 5)]
        number = float(value)
        if steps > 0:
            return next((rung for rung in rungs if rung > number * 1.0001), number)
        return next((rung for rung in reversed(rungs) if rung < number * 0.9999), number)


class OptimizerEditor(ChoiceEditor):
    """All optimizers, the common ones first; those that cannot train this project say why."""

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return them by their titles."""
        yield from ((optimizers[each].title, each) for each in COMMON_OPTIMIZERS)
        yield SEPARATOR
        rest = [(kind.title, kind.id) for kind in optimizers if kind.id not in COMMON_OPTIMIZERS]
        yield from sorted(rest, key=lambda each: each[0].lower())

    def tip(self, value: Value) -> str:
        """Say what an optimizer is for."""
        kind = optimizers.find(str(value))
        return kind.help if kind else ""

    def why_not(self, value: Value) -> str:
        """Say why an optimizer cannot train the project as it was last checked."""
        kind, report = optimizers.find(str(value)), self.context.session.report
        if kind is None or report is None:
            return ""
        from core.training.choices import impossible

        return impossible(kind, self.context.session.project, report.shapes)


class ScheduleEditor(ChoiceEditor):
    """All schedules, the presets first."""

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return them by their titles."""
        yield from ((schedules[each].title, each) for each in COMMON_SCHEDULES)
        yield SEPARATOR
        rest = [(kind.title, kind.id) for kind in schedules if kind.id not in COMMON_SCHEDULES]
        yield from sorted(rest, key=lambda each: each[0].lower())

    def tip(self, value: Value) -> str:
        """Say how the rate goes."""
        kind = schedules.find(str(value))
        return kind.help if kind else ""


class MonitorEditor(ChoiceEditor):
    """The curves that this training will have; by itself it is the loss."""

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return the curves, those over the validation part first."""
        report, validated = self.context.session.report, self.context.session.project.data.split.validates
        part = _tr("validation loss") if validated else _tr("training loss")
        yield automatic(part), ""
        if report is None:
            return
        from core.training.monitor import available_curves

        for curve in available_curves(report.objectives, validation=validated):
            yield curve.replace("/", " / "), curve

    def tip(self, value: Value) -> str:
        """Say in which direction a curve gets better."""
        report = self.context.session.report
        if not value or report is None:
            return ""
        from core.training.monitor import higher_is_better

        higher = higher_is_better(str(value), report.objectives)
        return _tr("Higher is better.") if higher else _tr("Lower is better.")


class DeviceEditor(ChoiceEditor):
    """The devices; what this machine does not have is listed but cannot be chosen, and says why."""

    def __init__(self, parameter: Parameter, context: Context, parent: QWidget | None = None) -> None:
        self._available: tuple[str, ...] = ()
        super().__init__(parameter, context, parent)

    def show_available(self, devices: tuple[str, ...]) -> None:
        """Tell which devices this machine has, the fastest first."""
        self._available = devices
        self.refresh()
        self.judge()

    def options(self) -> Iterable[tuple[str, Value]]:
        """Return the devices by their titles."""
        for device in DEVICES:
            if device == "auto":
                yield automatic(device_title(self._available[0]) if self._available else ""), device
            else:
                yield device_title(device), device

    def why_not(self, value: Value) -> str:
        """Say that PyTorch finds no such device."""
        if value == "auto" or not self._available or value in self._available:
            return ""
        return _tr("PyTorch finds no {0} on this machine.").format(device_title(str(value)))


@dataclass(frozen=True)
class Setting:
    """One of the training settings. It counts, and is shown, while ``counts`` says so."""

    parameter: Parameter
    title: str
    section: str
    make: Make | None = None
    counts: Callable[[TrainingSettings], bool] = lambda _settings: True


def _setting(
    section: str,
    name: str,
    title: str,
    kind: ParameterType,
    help: str,
    make: Make | None = None,
    counts: Callable[[TrainingSettings], bool] = lambda _settings: True,
    **more: Any,
) -> Setting:
    return Setting(Parameter(name, kind, DEFAULTS[name], help, **more), title, section, make, counts)


def _choice(
    section: str,
    name: str,
    title: str,
    help: str,
    words: Mapping[Value, str],
    counts: Callable[[TrainingSettings], bool] = lambda _settings: True,
) -> Setting:
    make = partial(WordedEditor, words=words)
    return _setting(section, name, title, "choice", help, make, counts, choices=tuple(words))


def settings_shown() -> tuple[Setting, ...]:
    """Return all settings that are plain values, by section and in the order shown."""
    return (*_batches(), *_stopping(), *_gradients(), *_averaging(), *_speed(), *_machine())


def _batches() -> tuple[Setting, ...]:
    at = "batches"
    return (
        _setting(
            at,
            "batch_size",
            _tr("Batch size"),
            "int",
            _tr("How many samples the network looks at together. Less memory with fewer, steadier steps with more."),
            minimum=1,
            unit=_tr("samples"),
        ),
        _setting(
            at,
            "accumulate",
            _tr("Accumulate"),
            "int",
            _tr("How many batches make one step of the optimizer: as a batch of all of them, with the memory of one."),
            minimum=1,
            unit=_tr("batches"),
        ),
        _setting(at, "epochs", _tr("Epochs"), "int", _tr("How often all training samples are seen."), minimum=1),
    )


def _stopping() -> tuple[Setting, ...]:
    at = "stopping"
    return (
        _setting(
            at,
            "monitor",
            _tr("Best by"),
            "text",
            _tr("The curve that decides which weights are the best, when training ends early, and when a plateau is."),
            MonitorEditor,
        ),
        _setting(
            at,
            "patience",
            _tr("Patience"),
            "int",
            _tr("Early stopping: training ends after so many epochs without an improvement. 0: it never ends early."),
            minimum=0,
            unit=_tr("epochs"),
        ),
        _setting(
            at,
            "min_delta",
            _tr("Smallest gain"),
            "float",
            _tr("What counts as an improvement: a change by more than this."),
            None,
            lambda settings: settings.patience > 0,
            minimum=0,
        ),
    )


def _gradients() -> tuple[Setting, ...]:
    at = "gradients"
    return (
        _choice(
            at,
            "clip",
            _tr("Clip"),
            _tr("Keeps a few large gradients from throwing the weights off: usual for recurrent networks."),
            {"none": _tr("Not at all"), "norm": _tr("By norm"), "value": _tr("By value")},
        ),
        _setting(
            at,
            "clip_at",
            _tr("Clip at"),
            "float",
            _tr("The largest norm of all gradients together, or the largest value of each."),
            None,
            lambda settings: settings.clip != "none",
            minimum=0,
            exclusive=True,
        ),
    )


def _averaging() -> tuple[Setting, ...]:
    at = "averaging"
    return (
        _choice(
            at,
            "average",
            _tr("Average"),
            _tr("Keeps an average of the weights, with which validation and the best checkpoint are made."),
            {"none": _tr("None"), "ema": _tr("Moving (EMA)"), "swa": _tr("Late mean (SWA)")},
        ),
        _setting(
            at,
            "average_decay",
            _tr("Decay"),
            "float",
            _tr("How much of the average is kept at every step: 0.999 looks back over about 1000 steps."),
            None,
            lambda settings: settings.average == "ema",
            minimum=0,
            maximum=1,
            exclusive=True,
            unit="0–1",
        ),
        _setting(
            at,
            "average_start",
            _tr("From"),
            "float",
            _tr("The share of the epochs after which the mean begins."),
            None,
            lambda settings: settings.average == "swa",
            minimum=0,
            maximum=1,
            unit="0–1",
        ),
    )


def _speed() -> tuple[Setting, ...]:
    at = "speed"
    return (
        _choice(
            at,
            "precision",
            _tr("Precision"),
            _tr("Kind of number in the forward pass; weights stay float32. Half as many bits are faster on GPUs."),
            {"float32": "float32", "bfloat16": _tr("bfloat16 (mixed)"), "float16": _tr("float16 (mixed, scaled)")},
        ),
        _setting(
            at,
            "compile",
            _tr("Compile"),
            "bool",
            _tr("Use torch.compile: slow to begin, then faster. Where it does not work, training goes on without."),
        ),
        _setting(
            at,
            "process",
            _tr("Own process"),
            "bool",
            _tr("Train in a process of its own: a crash of your own layers leaves this window alone."),
        ),
        _setting(
            at,
            "diagnostics",
            _tr("Look inside"),
            "bool",
            _tr("Measure gradients, activations and times of the layers now and then while training."),
        ),
    )


def _machine() -> tuple[Setting, ...]:
    at = "machine"
    return (
        _setting(
            at,
            "device",
            _tr("Device"),
            "choice",
            _tr("What computes; automatic is the fastest that PyTorch finds."),
            DeviceEditor,
            choices=tuple(DEVICES),
        ),
        _setting(
            at,
            "seed",
            _tr("Seed"),
            "int",
            _tr("Fixes the first weights and the order of samples: the same seed gives the same run."),
            minimum=0,
        ),
    )


def section_titles() -> dict[str, str]:
    """Return the sections of these settings, in the order shown, with their titles."""
    return {
        "batches": _tr("Batches"),
        "stopping": _tr("Early stopping and best"),
        "gradients": _tr("Gradients"),
        "averaging": _tr("Averaging"),
        "speed": _tr("Precision and speed"),
        "machine": _tr("Device and seed"),
    }
