"""A disk that is full while a checkpoint is written: the one before stays, and people are told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.graph.files import save_project
from core.training.checkpoints import read_weights
from core.training.runs import Run
from tests.training.building import digits, trained

ROOT = Path(__file__).parents[2]

_LIMITED = """
import resource, sys
from pathlib import Path
from core.errors import TrainingError
from core.graph.files import load_project
from core.training.control import Control
from core.training.events import CheckpointSaved, EpochEnded
from core.training.job import Job
from core.training.loop import train
import json
saved = 0
def emit(event):
    global saved
    saved += isinstance(event, CheckpointSaved)
    # No file may grow beyond what the log and the summary need: writing more fails as on a full disk.
    if saved == 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
    if not isinstance(event, EpochEnded):
        print(json.dumps(event.to_json()), flush=True)
try:
    train(Job(load_project(Path(sys.argv[1])), Path(sys.argv[2]), threads=1, checkpoint_seconds=0.02), emit, Control())
except TrainingError as error:
    print(json.dumps({"event": "raised", "message": error.message}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_the_checkpoint_before_stays_and_the_run_goes_on_later(tmp_path: Path) -> None:
    project, run = tmp_path / "digits.layerwright", tmp_path / "run"
    network = digits(epochs=6, batch_size=256)  # so few steps that the log stays small however slow they are
    save_project(network, project)
    command = [sys.executable, "-c", _LIMITED, str(project), str(run), "32768"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    warnings = [each for each in events if each["event"] == "message"]
    assert warnings
    assert "could not be written" in warnings[0]["text"]
    assert "Training goes on" in warnings[0]["text"]
    assert (warnings[0]["severity"], warnings[0]["topic"]) == ("warning", "checkpoint")
    assert events.index(warnings[0]) < len(events) - 2, "training went on"
    assert events[-1]["event"] == "raised"
    assert "What was there before is unchanged" in events[-1]["message"]

    read_weights(Run.open(run).weights("last"))
    assert not list(run.rglob("*.tmp"))
    summary, _events = trained(network, run, resume=True)
    assert (summary.status, summary.epochs) == ("completed", 6)
    whole = tmp_path / "whole"
    trained(network, whole)
    first, second = (read_weights(Run.open(each).weights("last"))[0] for each in (run, whole))
    assert all((first[name] == second[name]).all() for name in first)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_a_log_that_cannot_grow_ends_the_run_in_plain_words_with_whole_lines(tmp_path: Path) -> None:
    project, run = tmp_path / "digits.layerwright", tmp_path / "run"
    save_project(digits(epochs=30), project)
    command = [sys.executable, "-c", _LIMITED, str(project), str(run), "2500"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["event"] == "raised"
    assert "could not be written" in last["message"]
    assert "File too large" in last["message"]
    assert all(json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines())
    assert Run.open(run).events()
