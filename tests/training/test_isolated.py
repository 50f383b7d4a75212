"""The same loop in a process of its own: the same results, the same steering, and a death that is told in words."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import trust
from core.errors import TrainingError
from core.graph.project import Node, Project, PythonLayer
from core.training.control import Control
from core.training.events import (
    Changed,
    CheckpointSaved,
    Diagnosed,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Paused,
    Pictured,
    Progress,
    Resumed,
    StepEnded,
)
from core.training.job import Job
from core.training.process import train_isolated
from core.training.recorder import note_failure
from core.training.runs import Run
from core.training.summary import Summary
from tests.training.building import chain, digits, inputs, linear, output, spirals, trained, with_params, with_training
from tests.training.test_survival import _bits, _epochs

Hook = Callable[[Event, Control], None]


def _isolated(project: Project, run: Path, hook: Hook = lambda *_: None, **job: Any) -> tuple[Summary, list[Event]]:
    events: list[Event] = []
    control = Control()

    def emit(event: Event) -> None:
        events.append(event)
        hook(event, control)

    return train_isolated(Job(project, run, **{"threads": 1, **job}), emit, control), events


def _named(events: list[Event]) -> list[str]:
    timed = (StepEnded, Progress, Diagnosed, Pictured, CheckpointSaved)
    return [type(each).__name__ for each in events if not isinstance(each, timed)]


def test_events_and_bits_are_those_of_the_thread(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    summary, events = trained(digits(epochs=2), here)
    other, others = _isolated(digits(epochs=2), there)
    assert _bits(here) == _bits(there)
    assert _epochs(here) == _epochs(there)
    assert replace(summary, seconds=0.0) == replace(other, seconds=0.0)
    assert _named(events) == _named(others)
    assert "RunStarted" in _named(others)


def test_it_obeys_from_afar(tmp_path: Path) -> None:
    def steer(event: Event, control: Control) -> None:
        if isinstance(event, EpochEnded) and event.epoch == 1:
            control.set_learning_rate(0.125)
            control.freeze("hidden")
            control.pause()
        elif isinstance(event, Paused):
            control.resume()
        elif isinstance(event, Resumed):
            control.stop()

    summary, events = _isolated(with_training(spirals(), epochs=100_000), tmp_path / "run", steer)
    assert summary.status == "stopped"
    assert [(each.what, each.value) for each in events if isinstance(each, Changed)] == [
        ("learning-rate", 0.125),
        ("freeze", "hidden"),
    ]
    assert isinstance(events[-1], Finished)
    assert [type(each) for each in events if isinstance(each, Paused | Resumed)] == [Paused, Resumed]


def test_a_failure_in_the_process_is_told_as_in_a_thread(tmp_path: Path) -> None:
    project = with_params(spirals(), "out", target="")
    events: list[Event] = []
    with pytest.raises(TrainingError, match="cannot be trained yet") as caught:
        train_isolated(Job(project, tmp_path / "run"), events.append, Control())
    (failed,) = events
    assert isinstance(failed, Failed)
    assert (failed.message, failed.node) == (caught.value.message, "out")


def test_a_process_that_is_killed_is_told_of_and_its_run_goes_on(tmp_path: Path) -> None:
    """Killed by the number that the system shows for it, while it waits once it has saved something."""
    run, whole = tmp_path / "run", tmp_path / "whole"
    project = digits(epochs=3)
    killed, before = threading.Event(), _children()

    def kill(event: Event, control: Control) -> None:
        if isinstance(event, CheckpointSaved):
            control.pause()
        elif isinstance(event, Paused):
            killed.set()
            for child in _children() - before:
                os.kill(child, signal.SIGKILL)

    with pytest.raises(TrainingError, match=r"was killed from outside.*resume the run"):
        _isolated(project, run, kill, checkpoint_seconds=0.05)
    assert killed.is_set()
    assert Run.open(run).summary().status == "interrupted"
    assert isinstance(Run.open(run).events()[-1], Failed)
    _isolated(project, run, resume=True)
    trained(project, whole)
    assert _bits(run) == _bits(whole)
    assert _epochs(run) == _epochs(whole)


def _children() -> set[int]:
    return {int(each) for each in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()}


_CRASHING = '''
import ctypes

import torch
from torch import nn


class Crash(nn.Module):
    """Reads from nowhere, once it is trained."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if self.training and input.device.type == "cpu" and len(input) == 32:
            print("this is no event", flush=True)
            ctypes.string_at(0)
        return input
'''


@pytest.mark.skipif(sys.platform == "win32", reason="a fault has another name there")
def test_a_layer_that_crashes_ends_its_process_and_nothing_else(tmp_path: Path) -> None:
    trust.trust(_CRASHING)
    layer = Node("crash", "python:Crash")
    graph = chain(inputs("x", "y"), linear("hidden", 16), layer, linear("head", 3), output("class"))
    project = replace(spirals(), graph=graph, code={"Crash": PythonLayer("Crash", _CRASHING)})
    events: list[Event] = []
    with pytest.raises(TrainingError, match=r"crashed \(SIGSEGV\).*Python layer.*start a new run"):
        train_isolated(Job(project, tmp_path / "run", threads=1), events.append, Control())
    failed = events[-1]
    assert isinstance(failed, Failed)
    assert "this is no event" in failed.details
    assert "string_at" in failed.details, "where it crashed"


_TORN = '''
import os
import signal
import stat

import torch
from torch import nn


class Torn(nn.Module):
    """Ends its process as it writes to whoever listens, once it is trained."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if self.training and input.device.type == "cpu" and len(input) == 32:
            for each in os.listdir("/proc/self/fd"):
                path = f"/proc/self/fd/{each}"
                if int(each) > 2 and os.path.exists(path) and stat.S_ISFIFO(os.stat(path).st_mode):
                    os.write(int(each), b'{"event": "epo')
            os.kill(os.getpid(), signal.SIGKILL)
        return input
'''


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there a process can list what it has open")
def test_one_that_is_killed_as_it_speaks_is_told_of_in_words(tmp_path: Path) -> None:
    trust.trust(_TORN)
    graph = chain(
        inputs("x", "y"), linear("hidden", 16), Node("torn", "python:Torn"), linear("head", 3), output("class")
    )
    project = replace(spirals(), graph=graph, code={"Torn": PythonLayer("Torn", _TORN)})
    with pytest.raises(TrainingError, match="was killed from outside"):
        train_isolated(Job(project, tmp_path / "run", threads=1), lambda _event: None, Control())


def test_half_a_line_in_the_log_is_cut_off_before_the_next(tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained(spirals(), run)
    before = Run.open(run).events()
    with (run / "metrics.jsonl").open("ab") as log:
        log.write(b'{"event": "epo')
    assert Run.open(run).events() == before
    note_failure(run, Failed("It died."))
    assert Run.open(run).events() == (*before, Failed("It died."))


def test_nothing_is_left_behind_where_whoever_listens_fails(tmp_path: Path) -> None:
    def deaf(event: Event, _control: Control) -> None:
        raise RuntimeError("no more")

    before = _children()
    with pytest.raises(RuntimeError, match="no more"):
        _isolated(with_training(spirals(), epochs=100_000), tmp_path / "run", deaf)
    assert _children() == before


@pytest.mark.long
def test_it_works_where_the_package_lies_in_a_folder_of_its_own(tmp_path: Path) -> None:
    """As in an installed wheel: the modules lie under a folder that is first on the path, not beside the tests."""
    import shutil
    import subprocess

    root = Path(__file__).parents[2]
    for name in ("core", "resources"):
        shutil.copytree(root / name, tmp_path / "_app" / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from core.graph.templates import template
from core.training.control import Control
from core.training.job import Job
from core.training.process import train_isolated
from core.training.recorder import note_failure
import core; assert core.__file__.startswith(sys.argv[1])
project = template("digits").load()
print(train_isolated(Job(project, Path(sys.argv[2]), epochs=1), lambda event: None, Control()).status)
"""
    command = [sys.executable, "-P", "-c", code, str(tmp_path / "_app"), str(tmp_path / "run")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert found.stdout.strip() == "completed", found.stderr
