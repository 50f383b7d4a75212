"""What loggers write of a run: its settings and its numbers, under names that are the same for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.graph.project import Project
from core.training.events import EpochEnded, Finished, RunStarted, StepEnded

_NESTED = ("optimizer_options", "schedule_options")
_ABOUT_LOGGING = ("loggers", "logger_options")


def settings_of(project: Project) -> dict[str, Any]:
    """Return the training settings, options and variables of a project as plain values by name."""
    training = project.training
    found: dict[str, Any] = {"project": project.name, "data": project.data.source}
    found |= {f"variable.{name}": value for name, value in project.variables.items()}
    for each in fields(training):
        value = getattr(training, each.name)
        if each.name in _NESTED:
            found |= {f"{each.name.removesuffix('_options')}.{name}": option for name, option in value.items()}
        elif each.name not in _ABOUT_LOGGING and not isinstance(value, Mapping):
            found[each.name] = value
    return found


def start_of(event: RunStarted) -> dict[str, Any]:
    """Return what is known when training begins."""
    return {
        "device": event.device,
        "weights": event.parameters,
        "training_samples": event.training_samples,
        "validation_samples": event.validation_samples,
        "steps_per_epoch": event.steps_per_epoch,
    }


def step_values(event: StepEnded) -> dict[str, float]:
    """Return the numbers of a step: ``step/loss``, …, ``learning_rate``."""
    return _finite({f"step/{name}": value for name, value in event.values.items()}) | {
        "learning_rate": event.learning_rate
    }


def epoch_values(event: EpochEnded) -> dict[str, float]:
    """Return the numbers of an epoch: ``training/loss``, ``validation/out/accuracy``, …"""
    found = {f"training/{name}": value for name, value in event.training.items()}
    found |= {f"validation/{name}": value for name, value in event.validation.items()}
    return _finite(found | {"epoch": event.epoch, "samples_per_second": event.samples_per_second})


def end_values(event: Finished) -> dict[str, float]:
    """Return what is known at the end: ``best_epoch``, ``best/loss``, …"""
    best = {f"best/{name}": value for name, value in event.best.items()}
    return _finite({"best_epoch": event.best_epoch, "seconds": event.seconds} | best)


def best_weights(run: Path) -> Path | None:
    """Return the file of the best weights, where there is one."""
    path = run / "checkpoints" / "best.safetensors"
    return path if path.is_file() else None


def _finite(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if math.isfinite(value)}
