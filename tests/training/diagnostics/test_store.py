"""What was seen is kept in the run folder, through crashes and resumes, and steered from outside."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import trust
from core.errors import SaveError
from core.graph.project import Node, PythonLayer
from core.training.control import Control
from core.training.diagnostics.pictures import Picture
from core.training.diagnostics.store import FILE, Look, Store, read_diagnostics
from core.training.events import Diagnosed, Event, Finished, Message, Paused, Pictured
from core.training.job import Job
from core.training.loop import train
from core.training.process import train_isolated
from core.training.runs import Run
from tests.training.building import digits, spirals, trained
from tests.training.diagnostics.watching import watched


def _look(step: int, value: int = 0) -> Look:
    values = np.full(64, value, np.uint16)
    return Look(step, 1, (Picture("conv1", "weights", values, -1.0, 1.0),))


def _steps(run: Run) -> list[int]:
    return [each.step for each in read_diagnostics(run)]


def test_what_was_seen_can_be_read_again(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    run = watched(digits(), 3, folder=tmp_path / "run")
    looks = read_diagnostics(Run(tmp_path / "run", {}))
    assert [each.step for each in looks] == [1, 2, 3]
    kept = {(each.node, each.kind): each for each in looks[-1].pictures}
    assert {"weights", "gradients", "activations"} == {kind for node, kind in kept if node == "conv2"}
    told = run.pictures()["conv1", "gradients"]
    assert np.array_equal(kept["conv1", "gradients"].values, told.values)
    assert kept["conv1", "gradients"].high == told.high
    assert {each.kind for each in looks[0].pictures} >= {"map", "filters"}


def test_a_look_that_a_crash_cut_off_is_left_out_and_written_over(tmp_path: Path) -> None:
    run = Run(tmp_path, {})
    for step in (1, 5):
        Store(tmp_path).append(_look(step))
    whole = (tmp_path / FILE).read_bytes()
    for length in (len(whole) - 1, len(whole) - 40, len(whole) // 2 + 3):
        (tmp_path / FILE).write_bytes(whole[:length])
        assert _steps(run) == [1]
    Store(tmp_path).append(_look(9))
    assert _steps(run) == [1, 9]


def test_a_damaged_look_ends_what_can_be_read(tmp_path: Path) -> None:
    for step in (1, 5):
        Store(tmp_path).append(_look(step))
    data = bytearray((tmp_path / FILE).read_bytes())
    data[-3] ^= 255
    (tmp_path / FILE).write_bytes(bytes(data))
    assert _steps(Run(tmp_path, {})) == [1]


def test_what_a_resumed_run_does_again_replaces_what_was_seen_before(tmp_path: Path) -> None:
    for step in (1, 50, 100, 60, 120):
        Store(tmp_path).append(_look(step, step))
    looks = read_diagnostics(Run(tmp_path, {}))
    assert [each.step for each in looks] == [1, 50, 60, 120]
    assert [int(each.pictures[0].values[0]) for each in looks] == [1, 50, 60, 120]


def test_a_run_without_diagnostics_has_none(tmp_path: Path) -> None:
    trained(spirals(), tmp_path / "empty")
    (tmp_path / "empty" / FILE).unlink()
    assert read_diagnostics(Run.open(tmp_path / "empty")) == ()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_look_that_does_not_fit_leaves_those_before_it(tmp_path: Path) -> None:
    import resource

    store = Store(tmp_path)
    store.append(_look(1))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / FILE).stat().st_size + 20, before[1]))
    try:
        with pytest.raises(SaveError, match="What it held is kept"):
            store.append(_look(5))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert _steps(Run(tmp_path, {})) == [1]
    store.append(_look(9))
    assert _steps(Run(tmp_path, {})) == [1, 9]


def test_a_folder_that_cannot_be_written_ends_the_keeping_not_the_training(tmp_path: Path) -> None:
    (tmp_path / "diagnostics").write_text("a file is in the way")
    run = watched(digits(), 2, folder=tmp_path)
    said = [each.text for each in run.events if isinstance(each, Message)]
    assert len(said) == 1
    assert "no longer kept" in said[0]
    assert run.diagnosed.step == 2


def test_figures_are_logged_and_pictures_are_not(tmp_path: Path) -> None:
    _summary, events = trained(digits(), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert any(isinstance(each, Pictured) for each in events)
    assert not any(isinstance(each, Pictured) for each in run.events())
    logged = [each for each in run.events() if isinstance(each, Diagnosed)]
    assert logged == [each for each in events if isinstance(each, Diagnosed)]
    assert _steps(run) == [each.step for each in logged]
    assert logged[0].step == 1


@pytest.mark.parametrize("isolated", [False, True])
def test_what_is_pinned_while_a_run_is_paused_is_shown_at_once(isolated: bool, tmp_path: Path) -> None:
    control, events, shown = Control(), [], threading.Event()  # type: ignore[var-annotated]

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, Diagnosed) and not shown.is_set():
            control.pause()
        if isinstance(event, Paused):
            control.show_sample(3, "training")
            control.pin(["conv2", "head"])
        if isinstance(event, Pictured) and event.node == "head" and not shown.is_set():
            shown.set()
            control.resume()

    job = Job(digits(), tmp_path / "run", threads=1)
    (train_isolated if isolated else train)(job, emit, control)
    assert shown.is_set()
    assert isinstance(events[-1], Finished)
    assert {each.node for each in events if isinstance(each, Pictured)} == {"conv1", "conv2", "head"}


def test_a_pin_that_is_not_there_is_said_and_changes_nothing(tmp_path: Path) -> None:
    control, events = Control(), []  # type: ignore[var-annotated]
    control.pin(["nowhere"])
    train(Job(digits(), tmp_path / "run", threads=1), events.append, control)
    assert "no node 'nowhere'" in next(each.text for each in events if isinstance(each, Message))
    assert isinstance(events[-1], Finished)


_ODD = '''
class Odd(nn.Module):
    """Counts on being run once a step, in training."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        self.calls += input.shape[0] == 32 and input.device.type == "cpu"
        if self.calls > 1:
            raise RuntimeError("run twice")
        return input
'''


def test_a_layer_that_cannot_be_run_once_more_is_said_and_weights_are_still_looked_at() -> None:
    source = "import torch\nfrom torch import nn\n\n" + _ODD
    trust.trust(source)
    project = spirals(Node("odd", "python:Odd"))
    run = watched(replace(project, code={"Odd": PythonLayer("Odd", source)}), 1)
    said = [each.text for each in run.events if isinstance(each, Message)]
    assert len(said) == 1
    assert "run twice" in said[0]
    assert "gradient_norm" in run.diagnosed.nodes["hidden"]
    assert "mean" not in run.diagnosed.nodes["hidden"]
