"""What can be done about a training that failed, was cut off, or is at risk: notices with their buttons."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QDesktopServices

from core.graph.edits import SetTraining
from core.training.events import Failed
from core.training.optimizers import optimizers
from designer.training.notice import Notice, Offer
from designer.training.runner import TrainingRunner, has_checkpoint

FAILURE, INTERRUPTED, PYTHON, DISK = "failure", "interrupted", "python", "disk"
"""What notices are about."""
_CLIP_AT = 1.0


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrainingAdvice", text)


def after_failure(runner: TrainingRunner, failed: Failed) -> Notice:
    """Return what to say of a training that failed."""
    by_cause = {"not-finite": _not_finite, "memory": _memory, "disk": _resumable, "died": _died}
    offers = by_cause.get(failed.cause, _again)(runner, failed)
    if failed.node:
        offers = (*offers, _show_node(runner, failed.node))
    return Notice(FAILURE, failed.message, "error", offers, failed.details)


def _show_node(runner: TrainingRunner, path: str) -> Offer:
    def show() -> None:
        *groups, name = path.split(".")
        nodes = [each for each in groups if not each.isdigit()]
        runner.session.reveal(name, tuple(nodes))

    return Offer(_tr("Show “{0}”").format(path), show, _tr("Select it on the canvas"), stays=True)


def _again(runner: TrainingRunner, _failed: Failed) -> tuple[Offer, ...]:
    return (Offer(_tr("Train again"), runner.start, _tr("Begin a new run")),)


def _not_finite(runner: TrainingRunner, failed: Failed) -> tuple[Offer, ...]:
    training = runner.session.project.training
    given = runner.live.given_rate
    offers = []
    if given is None or given <= training.learning_rate:  # else it was not the setting's rate that was too high
        rate = lower_rate(training.learning_rate, training.optimizer)
        text = _tr("Learning rate {0} instead of {1}").format(f"{rate:g}", f"{training.learning_rate:g}")
        tip = _tr("Changes the setting")
        offers.append(Offer(text, lambda: _set(runner, {"learning_rate": rate}), tip, stays=True))
    if training.clip == "none":
        clip = {"clip": "norm", "clip_at": _CLIP_AT}
        tip = _tr("Clips gradients at a norm of 1, so that no step is huge")
        offers.append(Offer(_tr("Clip gradients"), lambda: _set(runner, clip), tip, stays=True))
    return (*offers, *_again(runner, failed))


def lower_rate(rate: float, optimizer: str) -> float:
    """Return a learning rate to try next: the optimizer's usual one where that is far lower, else a tenth."""
    kind = optimizers.find(optimizer)
    usual = kind.learning_rate if kind is not None else rate
    return min(usual, rate / 10) if rate > usual else float(f"{rate / 10:.3g}")


def _memory(runner: TrainingRunner, failed: Failed) -> tuple[Offer, ...]:
    if not failed.offer:
        return ()

    def halve() -> None:
        if _set(runner, failed.offer):
            runner.start()

    tip = _tr("Changes batch size and accumulation in one step that can be undone, and trains again; it learns alike")
    text = _tr("Half the batch ({0}), twice the accumulation ({1}): train again")
    text = text.format(failed.offer.get("batch_size"), failed.offer.get("accumulate"))
    return (Offer(text, halve, tip, primary=True),)


def _died(runner: TrainingRunner, failed: Failed) -> tuple[Offer, ...]:
    return _resumable(runner, failed) if has_checkpoint(runner.run) else _again(runner, failed)


def _resumable(runner: TrainingRunner, _failed: Failed) -> tuple[Offer, ...]:
    run = runner.run
    if run is None:
        return ()
    offers = []
    if has_checkpoint(run):
        text, tip = _tr("Resume"), _tr("Go on from the last checkpoint")
        offers.append(Offer(text, lambda: runner.resume(run, isolated=runner.isolated), tip, primary=True))
    if run.is_dir():
        offers.append(Offer(_tr("Open the run folder"), lambda: open_folder(run), stays=True))
    return tuple(offers)


def _set(runner: TrainingRunner, changes: Mapping[str, Any]) -> bool:
    return runner.session.apply(SetTraining(replace(runner.session.project.training, **changes)))


def open_folder(folder: Path) -> None:
    """Open a folder with the system's viewer."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(os.fspath(folder)))


# --- besides failures -------------------------------------------------------------------------------------------------


def at_risk(runner: TrainingRunner) -> Notice:
    """Return the advice to train a project with Python layers in a process of its own."""

    def use_process() -> None:
        _set(runner, {"process": True})

    text = _tr(
        "This project has Python layers. A crash in one of them would take the window along. In a process of its own "
        "it would only end the training, and the run could be resumed."
    )
    offer = Offer(_tr("Use a process of its own from the next run on"), use_process, _tr("Changes the setting"))
    return Notice(PYTHON, text, "info", (offer,))


def interrupted(runner: TrainingRunner, run: Path, epochs: int) -> Notice:
    """Return what to say of a run that neither finished nor was stopped: the window or the machine went down."""
    text = _tr("The training “{0}” was interrupted in epoch {1}. What it learned up to its last checkpoint is kept.")
    offers = (
        Offer(_tr("Resume"), lambda: runner.resume(run), _tr("Go on from the last checkpoint"), primary=True),
        Offer(
            _tr("Resume in a process of its own"),
            lambda: runner.resume(run, isolated=True),
            _tr("If a crash of the training took the window along, it will not do so again"),
        ),
    )
    return Notice(INTERRUPTED, text.format(run.name, epochs + 1), "warning", offers)


def disk_full(text: str) -> Notice:
    """Return the warning that a checkpoint could not be written while training goes on."""
    return Notice(DISK, text, "warning")
