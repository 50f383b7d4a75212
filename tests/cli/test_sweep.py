"""``layerwright sweep``: begin, look, go on, take the best; what is refused, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.graph.files import load_project, save_project
from core.graph.project import Dimension, Project, PythonLayer
from core.search.applying import apply
from core.search.folder import Sweep, make_sweep, open_sweep
from core.search.study import RUN, Trials, values_of
from core.search.table import Table
from core.search.worker import Orders, work
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from core.trust import trust
from tests.cli.conftest import Drive
from tests.search.conftest import RATE, searching, written
from tests.training.building import StopsAfter


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A project file whose search has a learning rate."""
    path = tmp_path / "flowers.layerwright"
    save_project(searching(RATE, data=written(tmp_path)), path)
    return path


def begun(file: Path, trials: int = 4) -> Path:
    """Return the folder of a sweep of the file whose trials were run in this process."""
    project = load_project(file)
    sweep = make_sweep(file.parent / "sweep", replace(project, search=replace(project.search, trials=trials)))
    work(sweep, "here", Orders(), lambda _told: None)
    return sweep.path


@pytest.mark.slow
def test_a_sweep_of_two_workers_from_begin_to_best(cli: Drive, file: Path, tmp_path: Path) -> None:
    folder, kinds = tmp_path / "out", ("ReLU", "Tanh", "Conv2d")
    vary = f"node/act/kind={','.join(kinds)}"
    some = ("--trials", 12, "--workers", 2, "--vary", vary, "--set", "epochs=1", "--pruner", "none", "-o", folder)
    done = cli("sweep", file, *some)
    assert done.status == 0, done.err
    assert "validation/loss" in done.out
    assert "act · kind" in done.out
    assert "best: trial" in done.out
    sweep = open_sweep(folder)
    assert sweep.search.dimensions == (RATE, Dimension("node/act/kind", choices=kinds))
    rows = Table(sweep).rows()
    assert [each.number for each in rows] == list(range(12))
    counts = Counter(each.outcome for each in rows)
    assert counts.keys() == {"completed", "impossible"}
    assert f"{counts['completed']} completed" in done.out
    told = [line.split() for line in done.err.splitlines() if line.startswith("trial")]
    assert sorted(int(words[1]) for words in told) == list(range(12))
    assert Counter(words[2] for words in told) == counts
    assert list(sweep.workers.iterdir()) == []


@pytest.mark.slow
def test_going_on_goes_on_once_more_with_a_trial_whose_worker_is_killed(cli: Drive, tmp_path: Path) -> None:
    armed = tmp_path / "armed"
    plain = searching(RATE, trials=1, pruner="none", data=written(tmp_path))
    project = _with_layer(plain, "Trap", _TRAP.format(armed=str(armed)))
    sweep = make_sweep(tmp_path / "sweep", project)
    run, values = _begun_and_left(sweep)
    armed.touch()
    more = cli("sweep", "--continue", sweep.path, "--trials", 2, "--json")
    assert more.status == 0, more.err
    *told, closing = more.objects
    assert [(each["trial"], each["outcome"]) for each in told] == [
        (1, "running"),
        (1, "interrupted"),
        (2, "running"),
        (2, "completed"),
        (3, "running"),
        (3, "completed"),
    ]
    assert "killed from outside" in told[1]["reason"]
    assert told[1]["reason"].endswith("It goes on with the sweep: from its last checkpoint, else from the start.")
    assert closing["best"] in (2, 3)
    *parts, other = closing["trials"]
    assert [(each["trial"], each["outcome"], each["worker_died"]) for each in parts] == [
        (0, "interrupted", False),
        (1, "interrupted", True),
        (2, "completed", False),
    ]
    assert all((each["run"], each["values"]) == (str(run), values) for each in parts)
    assert parts[1]["reason"].endswith("It went on in trial 2, from its last checkpoint.")
    assert (other["trial"], other["outcome"]) == (3, "completed")
    assert [each.epoch for each in Run.open(run).epochs()] == [1, 2]
    assert "workers that died: 1, at trial 1\n" in cli("sweep", sweep.path).out


def _begun_and_left(sweep: Sweep) -> tuple[Path, dict[str, Any]]:
    """Train half of a trial, as a worker would that has gone without a word; return its run and its values."""
    trials = Trials(sweep)
    trial = trials.take("gone")
    assert trial is not None
    run, values = sweep.run_of(trial.number), values_of(sweep.project, trial.params)
    assert train(Job(apply(sweep.project, values), run), lambda _event: None, StopsAfter(4)).epochs == 1
    trial.set_user_attr(RUN, run.name)
    return run, values


_TRAP = """\
import os, signal, stat
import torch


class Trap(torch.nn.Module):
    def forward(self, input):
        if input.device.type == 'cpu' and os.path.exists({armed!r}):
            os.remove({armed!r})
            for each in range(3, 64):
                try:
                    if stat.S_ISFIFO(os.fstat(each).st_mode):
                        os.write(each, b'{{')
                except OSError:
                    pass
            os.kill(os.getpid(), signal.SIGKILL)
        return input
"""
"""Kills its process once, as soon as it is armed, and leaves half a line to whoever listens."""


def _with_layer(project: Project, name: str, source: str) -> Project:
    """Return the project with a trusted Python layer in place of its activation."""
    trust(source)
    node = replace(project.graph.nodes["act"], kind=f"python:{name}")
    graph = replace(project.graph, nodes={**project.graph.nodes, "act": node})
    return replace(project, graph=graph, code={name: PythonLayer(name, source)})


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
