"""A run that is killed at any moment goes on to the very bits of one that was not."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core.errors import TrainingError
from core.graph.files import save_project
from core.training.checkpoints import read_weights
from core.training.control import Control
from core.training.events import Changed, CheckpointSaved, EpochEnded, Event
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from tests.training.building import digits, spirals, trained, with_training

ROOT = Path(__file__).parents[2]


def _killed_after(lines: int, project: Path, run: Path, *options: str) -> bool:
    """Train in a process and kill it after so many lines; False where it was done before."""
    command = [sys.executable, "-m", "tests.training.killable", str(project), str(run), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = 0
        for line in process.stdout:
            # Only what happens after a checkpoint can be resumed from.
            seen += bool(seen or '"checkpoint-saved"' in line)
            if seen > lines:
                process.kill()
                process.wait()
                return True
        assert process.wait() == 0
    return False


def _weights(run: Path) -> list[dict[str, torch.Tensor]]:
    return [read_weights(Run.open(run).weights(which))[0] for which in ("last", "best")]


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_a_killed_run_resumes_to_the_same_bits(seed: int, tmp_path: Path) -> None:
    project = digits(epochs=30, seed=seed)
    file, run, whole = tmp_path / "digits.layerwright", tmp_path / "run", tmp_path / "whole"
    save_project(project, file)
    lines = random.Random(seed)
    kills = int(_killed_after(lines.randrange(2, 8), file, run))
    kills += _killed_after(lines.randrange(2, 8), file, run, "--resume")
    assert kills == 2, "the training was over before it could be killed"
    assert Run.open(run).summary().status == "interrupted"

    resumed, _events = trained(project, run, resume=True)
    uninterrupted, _events = trained(project, whole)
    for found, wanted in zip(_weights(run), _weights(whole), strict=True):
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert (resumed.epochs, resumed.steps, resumed.best_epoch) == (30, uninterrupted.steps, uninterrupted.best_epoch)
    assert resumed.best == uninterrupted.best
    assert resumed.training == pytest.approx(uninterrupted.training)
    curve, wanted_curve = Run.open(run).epochs(), Run.open(whole).epochs()
    assert [event.epoch for event in curve] == list(range(1, 31))
    assert [event.validation for event in curve] == [event.validation for event in wanted_curve]


def test_a_completed_run_goes_on_only_for_more_epochs(tmp_path: Path) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    trained(spirals(), run)
    with pytest.raises(TrainingError, match="complete"):
        trained(spirals(), run, resume=True)
    assert Run.open(run).summary().status == "completed"
    trained(spirals(), run, resume=True, epochs=5)
    trained(with_training(spirals(), epochs=5), whole)
    assert all(torch.equal(a[name], b[name]) for a, b in zip(_weights(run), _weights(whole), strict=True) for name in b)


def test_a_run_whose_data_has_changed_is_not_resumed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained(spirals(), run)
    settings = (run / "run.json").read_text()
    (run / "run.json").write_text(settings.replace('"data_hash": "', '"data_hash": "0'))
    with pytest.raises(TrainingError, match="data has changed"):
        trained(spirals(), run, resume=True, epochs=5)


@pytest.mark.parametrize("damage", ["cut", "garbage", "other", "gone"])
def test_a_damaged_checkpoint_is_refused_in_plain_words(damage: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained(spirals(), run)
    state = run / "checkpoints" / "last.state.pt"
    content = state.read_bytes()
    if damage == "gone":
        state.unlink()
    elif damage == "other":
        torch.save({"format": 99}, state)
    else:
        state.write_bytes(content[: len(content) // 2] if damage == "cut" else b"garbage")
    with pytest.raises(TrainingError, match=r"damaged|first checkpoint|another version"):
        trained(spirals(), run, resume=True, epochs=5)


def test_a_flipped_bit_in_a_checkpoint_is_noticed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained(spirals(), run)
    state = run / "checkpoints" / "last.state.pt"
    content = bytearray(state.read_bytes())
    weights, _metadata = read_weights(Run.open(run).weights("last"))
    content[content.index(weights["hidden.weight"].numpy().tobytes())] ^= 1
    state.write_bytes(bytes(content))
    with pytest.raises(TrainingError, match="damaged"):
        trained(spirals(), run, resume=True, epochs=5)


def test_what_was_logged_after_the_checkpoint_is_logged_once(tmp_path: Path) -> None:
    """Killed after an epoch was logged, but before the checkpoint that would have known of it."""
    run, kept = tmp_path / "run", tmp_path / "kept"
    control = Control()

    def keep(event: Event) -> None:
        if isinstance(event, CheckpointSaved) and event.which == "last" and not kept.exists():
            shutil.copytree(run / "checkpoints", kept)
            control.set_learning_rate(0.5)

    job = Job(spirals(), run, threads=1, checkpoint_seconds=0.0)
    train(job, keep, control)
    shutil.rmtree(run / "checkpoints")
    shutil.copytree(kept, run / "checkpoints")
    trained(spirals(), run, resume=True)
    events = Run.open(run).events()
    assert [event.epoch for event in events if isinstance(event, EpochEnded)] == [1, 2, 3]
    assert not any(isinstance(event, Changed) for event in events)
