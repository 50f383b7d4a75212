"""``layerwright sweep``: begin, look, go on, take the best; what is refused, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.graph.files import load_project, save_project
from core.graph.project import Dimension
from core.search.folder import open_sweep
from core.search.table import Table
from core.search.worker import Orders, work
from tests.cli.conftest import Drive
from tests.search.conftest import RATE, searching

_KIND = "node/act/kind=ReLU,Tanh"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A project file whose search has a learning rate."""
    path = tmp_path / "flowers.layerwright"
    save_project(searching(RATE), path)
    return path


def begun(file: Path, trials: int = 4) -> Path:
    """Return the folder of a sweep of the file whose trials were run in this process."""
    from core.search.folder import make_sweep

    project = load_project(file)
    sweep = make_sweep(file.parent / "sweep", replace(project, search=replace(project.search, trials=trials)))
    work(sweep, "here", Orders(), lambda _told: None)
    return sweep.path


@pytest.mark.slow
def test_a_sweep_from_begin_to_best(cli: Drive, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = cli("sweep", file, "--trials", 3, "--vary", _KIND, "--set", "epochs=1", "--pruner", "none", "-o", folder)
    assert done.status == 0, done.err
    assert "validation/loss" in done.out
    assert "act · kind" in done.out
    assert "3 completed" in done.out
    assert "best: trial" in done.out
    assert done.err.count("completed") == 3
    sweep = open_sweep(folder)
    assert sweep.search.dimensions == (RATE, Dimension("node/act/kind", choices=("ReLU", "Tanh")))
    more = cli("sweep", "--continue", folder, "--trials", 4, "--json")
    assert more.status == 0, more.err
    *_told, closing = more.objects
    assert [each["trial"] for each in closing["trials"]] == [0, 1, 2, 3]
    assert closing["best"] in range(4)


def test_looking_at_a_sweep_and_taking_a_trial_as_a_project(cli: Drive, file: Path, tmp_path: Path) -> None:
    folder = begun(file)
    seen = cli("sweep", folder, "--json")
    (closing,) = seen.objects
    assert len(closing["trials"]) == 4
    best = next(each for each in closing["trials"] if each["trial"] == closing["best"])
    taken = cli("sweep", folder, "--best", "-o", tmp_path / "best.layerwright")
    assert taken.status == 0
    made = load_project(tmp_path / "best.layerwright")
    assert made.training.learning_rate == best["values"][RATE.place]
    assert cli("check", tmp_path / "best.layerwright").status == 0
    other = cli("sweep", folder, "--trial", 2, "-o", tmp_path / "two.layerwright", "--json")
    assert other.objects[0]["trial"] == 2
    listed = cli("runs", tmp_path, "--json").objects
    assert {Path(each["run"]).name for each in listed} == {f"sweep-{number:04}" for number in range(4)}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("FILE", "--vary", "learning_rat=1..2"), "learning_rate"),
        (("FILE", "--vary", "width=9..3"), "must rise"),
        (("FILE", "--sampler", "tpee"), "Did you mean 'tpe'"),
        (("FILE", "--pruner", "mean"), "no pruner 'mean'"),
        (("FILE", "--metric", "validation/answer/accurate"), "validation/answer/accuracy"),
        (("FILE", "--workers", "0"), "at least 1"),
        ((), "Name a project FILE"),
        (("--continue", "nowhere"), "no sweep in 'nowhere'"),
        (("--continue", "nowhere", "--sampler", "random"), "--sampler needs a new one"),
        (("SWEEP", "--best"), "-o FILE is missing"),
        (("SWEEP", "--trial", "9", "-o", "x.layerwright"), "no trial 9"),
    ],
)
def test_what_cannot_be_is_refused_in_plain_words(
    arguments: tuple[str, ...], why: str, cli: Drive, file: Path, tmp_path: Path
) -> None:
    sweep = begun(file, 1) if "SWEEP" in arguments else tmp_path
    names = {"FILE": str(file), "SWEEP": str(sweep)}
    refused = cli("sweep", *(names.get(each, each) for each in arguments))
    assert refused.status in (1, 2)
    assert why in refused.err
    assert not (tmp_path / "runs").exists()


def test_a_project_without_a_search_says_how_to_make_one(cli: Drive, tmp_path: Path) -> None:
    save_project(replace(searching(), search=replace(searching().search, dimensions=())), tmp_path / "a.layerwright")
    refused = cli("sweep", tmp_path / "a.layerwright")
    assert refused.status == 1
    assert "Nothing is searched yet" in refused.err


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send to a process on Windows")
def test_ctrl_c_interrupts_in_good_order_and_says_how_to_go_on(file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; from core.cli.main import main; sys.exit(main())", "sweep", str(file)]
    arguments = ["--trials", "3", "--set", "epochs=100000", "-o", str(tmp_path / "out"), "--json"]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline()) == {"trial": 0, "outcome": "running", "value": None, "reason": ""}
        running.send_signal(signal.SIGINT)
        _out, err = running.communicate(timeout=600)
    assert running.returncode == 130
    assert f"layerwright sweep --continue {tmp_path / 'out'}" in err
    assert "Traceback" not in err
    (row,) = Table(open_sweep(tmp_path / "out")).rows()
    assert row.outcome == "interrupted"
