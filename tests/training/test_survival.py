"""Killed at any step, stopped, or run in another process: a run ends in the same bits, and logged the same values."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from core.graph.files import save_project
from core.graph.project import Project
from core.training.checkpoints import read_weights
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from tests.training.building import StopsAfter, trained
from tests.training.everything import augmented, everything

ROOT = Path(__file__).parents[2]
VARIANTS: dict[str, dict[str, Any]] = {
    "Muon and 1cycle": {"optimizer": "Muon", "schedule": "OneCycleLR"},
    "plateau and patience": {
        "optimizer": "AdamW",
        "schedule": "ReduceLROnPlateau",
        "schedule_options": {"patience": 0, "threshold": 0.5},
        "patience": 3,
        "min_delta": 10.0,
        "decay": "matrices",
    },
    "mean over epochs, bfloat16": {"average": "swa", "average_start": 0.3, "precision": "bfloat16", "accumulate": 1},
}


def _killed_at(step: int, project: Path, run: Path, *options: str) -> bool:
    """Train in a process that writes a checkpoint at every report, and kill it once it told of a step."""
    command = [sys.executable, "-m", "tests.training.killable", str(project), str(run), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        saved = False
        for line in process.stdout:
            event = json.loads(line)
            saved = saved or event["event"] == "checkpoint-saved"
            if saved and event.get("step", 0) >= step:
                process.kill()
                process.wait()
                return True
        assert process.wait() == 0
    return False


def _bits(run: Path) -> dict[str, bytes]:
    return {
        f"{which} {name}": each.numpy().tobytes()
        for which in ("last", "best")
        for name, each in read_weights(Run.open(run).weights(which))[0].items()  # type: ignore[arg-type]
    }


def _epochs(run: Path) -> list[dict[str, Any]]:
    """Return what was logged of every epoch, but for the time it took."""
    timed = ("seconds", "samples_per_second")
    told = [each.to_json() for each in Run.open(run).epochs()]
    return [{name: value for name, value in each.items() if name not in timed} for each in told]


def _same(run: Path, whole: Path) -> None:
    assert _epochs(run) == _epochs(whole)
    assert _bits(run) == _bits(whole)
    first, second = Run.open(run).summary(), Run.open(whole).summary()
    assert (first.best_epoch, first.best, first.steps) == (second.best_epoch, second.best, second.steps)


@pytest.mark.slow
@pytest.mark.parametrize(
    "variant", [each if "Muon" in each else pytest.param(each, marks=pytest.mark.long) for each in VARIANTS]
)
def test_a_run_killed_twice_ends_in_the_same_bits(variant: str, tmp_path: Path) -> None:
    project = everything(**VARIANTS[variant])
    file, run, whole = tmp_path / "project.layerwright", tmp_path / "run", tmp_path / "whole"
    save_project(project, file)
    trained(project, whole)
    steps = Run.open(whole).summary().steps
    moments = random.Random(variant)
    assert _killed_at(moments.randrange(2, steps // 3), file, run)
    assert Run.open(run).summary().status == "interrupted"
    assert _killed_at(moments.randrange(steps // 3, 2 * steps // 3), file, run, "--resume")
    trained(project, run, resume=True)
    _same(run, whole)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_run_stopped_at_any_step_ends_in_the_same_bits(variant: str, tmp_path: Path) -> None:
    project = everything(**VARIANTS[variant], epochs=3)
    run, whole = tmp_path / "run", tmp_path / "whole"
    trained(project, whole)
    _stopped(project, run, 5)
    _stopped(project, run, 17, resume=True)
    trained(project, run, resume=True)
    _same(run, whole)


def _stopped(project: Project, run: Path, steps: int, **job: Any) -> None:
    summary = train(Job(project, run, threads=1, **job), lambda _event: None, StopsAfter(steps))
    assert summary.status == "stopped"


@pytest.mark.parametrize("settings", [{}, {"average": "none", "accumulate": 2}])
def test_images_that_are_changed_and_mixed_survive_a_stop(settings: dict[str, Any], tmp_path: Path) -> None:
    project = augmented(everything(epochs=3, **settings), rotate={}, erase={}, mixup={})
    run, whole, plain = tmp_path / "run", tmp_path / "whole", tmp_path / "plain"
    trained(project, whole)
    _stopped(project, run, 5)
    _stopped(project, run, 17, resume=True)
    trained(project, run, resume=True)
    _same(run, whole)
    trained(everything(epochs=3, **settings), plain)
    assert _bits(plain) != _bits(whole)


def test_more_epochs_of_a_finished_run_are_those_of_a_longer_one(tmp_path: Path) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    trained(everything(epochs=2), run)
    trained(everything(epochs=4), whole)
    more, _events = trained(everything(epochs=2), run, resume=True, epochs=4)
    assert more.epochs == 4
    _same(run, whole)


def test_more_epochs_plan_the_schedule_anew(tmp_path: Path) -> None:
    from core.training.schedule import preview

    project, run = everything(epochs=2, schedule="LinearLR"), tmp_path / "run"
    trained(project, run)
    trained(project, run, resume=True, epochs=5)
    state = torch.load(run / "checkpoints" / "last.state.pt", weights_only=True)
    steps = state["step"] // 5
    group = state["optimizer"]["param_groups"][0]
    assert group["lr"] == preview(project.training, steps, 5)[-1] / group["learning_rate_factor"]
