"""A training that fails says why in plain words, and offers what helps; each offer is one step that can be undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core import trust
from core.graph.project import Project
from core.training.events import Failed, Finished
from core.training.runs import Run
from designer.session import Session
from designer.training.advice import lower_rate
from designer.training.notice import NoticeBar
from designer.training.notices import Notices
from designer.training.runner import TrainingRunner
from tests.designer.panels.conftest import checked

from .conftest import MakeRunner, Open
from .running import begin, endless, flowers, until, wait, with_layer

MakeBar = Callable[[TrainingRunner], NoticeBar]


@pytest.fixture
def make_bar(qtbot: QtBot) -> MakeBar:
    """Show the bar of a runner's notices."""

    def make(runner: TrainingRunner) -> NoticeBar:
        bar = NoticeBar()
        Notices(runner, bar)
        qtbot.addWidget(bar)
        bar.resize(800, bar.height())
        return bar

    return make


def press(bar: NoticeBar, text: str) -> None:
    (button,) = [each for each in bar.buttons if each.text().startswith(text)]
    button.click()


def texts(bar: NoticeBar) -> list[str]:
    return [each.text() for each in bar.buttons]


def test_values_that_are_not_finite_name_the_node_and_offer_edits(
    qtbot: QtBot, open_session: Open, make_runner: MakeRunner, make_bar: MakeBar
) -> None:
    session = open_session(flowers(optimizer="SGD", learning_rate=1e12))
    runner = make_runner(session)
    bar = make_bar(runner)
    checked(qtbot, session)
    runner.start()
    wait(qtbot, lambda: runner.state == "failed")
    assert isinstance(runner.result, Failed)
    assert runner.result.cause == "not-finite"
    assert not bar.isHidden()
    assert bar.text.text() == runner.result.message
    node = runner.result.node
    assert node in session.project.graph.nodes
    press(bar, f"Show “{node}”")
    assert session.selection == {node}
    assert texts(bar)[0] == "Learning rate 0.05 instead of 1e+12"
    press(bar, "Learning rate")
    assert session.project.training.learning_rate == 0.05
    press(bar, "Clip gradients")
    assert (session.project.training.clip, session.project.training.clip_at) == ("norm", 1.0)
    session.document.undo()
    session.document.undo()
    assert session.project == flowers(optimizer="SGD", learning_rate=1e12)
    session.document.redo()
    press(bar, "Train again")
    assert bar.isHidden()
    wait(qtbot, lambda: isinstance(runner.result, Finished) and runner.state == "finished")


def test_a_rate_that_was_set_too_high_while_training_is_not_blamed_on_the_setting(
    qtbot: QtBot, open_session: Open, make_runner: MakeRunner, make_bar: MakeBar
) -> None:
    session = open_session(flowers(optimizer="SGD", learning_rate=0.01))
    endless(session)
    runner = make_runner(session)
    bar = make_bar(runner)
    begin(qtbot, runner)
    runner.set_learning_rate(1e12)
    wait(qtbot, lambda: runner.state == "failed")
    assert "1e+12" in bar.text.text()
    assert texts(bar)[:2] == ["Clip gradients", "Train again"]


def test_details_are_behind_a_button(
    qtbot: QtBot, open_session: Open, make_runner: MakeRunner, make_bar: MakeBar
) -> None:
    session = open_session(flowers(optimizer="SGD", learning_rate=1e12))
    bar = make_bar(runner := make_runner(session))
    checked(qtbot, session)
    runner.start()
    wait(qtbot, lambda: runner.state == "failed")
    assert bar.details.isHidden()
    assert "Traceback" not in bar.text.text()
    bar.more.click()
    assert not bar.details.isHidden()
    assert "NotFiniteError" in bar.details.toPlainText()
    bar.close_button.click()
    assert bar.isHidden()


@pytest.mark.parametrize(
    ("rate", "optimizer", "lower"),
    [(1e6, "Adam", 1e-3), (0.05, "SGD", 0.005), (0.003, "Adam", 0.0003), (1e-4, "Adam", 1e-5)],
)
def test_a_lower_rate_is_the_usual_one_or_a_tenth(rate: float, optimizer: str, lower: float) -> None:
    assert lower_rate(rate, optimizer) == pytest.approx(lower)


_HUNGRY = '''
import torch
from torch import nn


class Own(nn.Module):
    """Needs more memory than there is for 32 samples in training."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if self.training and len(input) == 32 and input.any():
            torch.empty(2**60)
        return input
'''


def test_too_little_memory_offers_half_the_batch_with_twice_the_accumulation(
    qtbot: QtBot, open_session: Open, make_runner: MakeRunner, make_bar: MakeBar
) -> None:
    trust.trust(_HUNGRY)
    session = open_session(with_layer(_HUNGRY, batch_size=32, accumulate=2))
    bar = make_bar(runner := make_runner(session))
    checked(qtbot, session)
    runner.start()
    wait(qtbot, lambda: runner.state == "failed")
    assert isinstance(runner.result, Failed)
    assert runner.result.cause == "memory"
    assert "not enough memory" in bar.text.text()
    press(bar, "Half the batch (16), twice the accumulation (4)")
    assert (session.project.training.batch_size, session.project.training.accumulate) == (16, 4)
    until(qtbot, runner, "finished")
    session.document.undo()
    assert (session.project.training.batch_size, session.project.training.accumulate) == (32, 2)


def test_python_layers_are_advised_a_process_of_their_own_once(
    qtbot: QtBot, open_session: Open, make_runner: MakeRunner, make_bar: MakeBar
) -> None:
    harmless = _HUNGRY.replace("torch.empty(2**60)", "pass")
    trust.trust(harmless)
    session = open_session(with_layer(harmless))
    bar = make_bar(runner := make_runner(session))
    endless(session)
    begin(qtbot, runner)
    assert "Python layers" in bar.text.text()
    press(bar, "Use a process of its own")
    assert session.project.training.process
    assert bar.isHidden()
    session.document.undo()
    runner.stop()
    until(qtbot, runner, "finished")
    begin(qtbot, runner)
    assert bar.isHidden(), "said once"


def test_a_checkpoint_that_cannot_be_written_is_said_and_taken_back(
    qtbot: QtBot, iris: Session, make_runner: MakeRunner, make_bar: MakeBar
) -> None:
    endless(iris)
    bar = make_bar(runner := make_runner(iris))
    begin(qtbot, runner)
    runner.pause()
    until(qtbot, runner, "paused")
    assert runner.run is not None
    folder, away = runner.run / "checkpoints", runner.run / "away"
    folder.rename(away)
    folder.write_text("in the way")
    runner.checkpoint()
    wait(qtbot, lambda: not bar.isHidden())
    assert "Training goes on" in bar.text.text()
    folder.unlink()
    away.rename(folder)
    runner.checkpoint()
    wait(qtbot, bar.isHidden)
    folder.rename(away)
    folder.write_text("in the way")
    runner.stop()
    wait(qtbot, lambda: runner.state == "failed")
    assert isinstance(runner.result, Failed)
    assert runner.result.cause == "disk"
    folder.unlink()
    away.rename(folder)
    assert "Open the run folder" in texts(bar)


def interrupted_run(folder: Path, run: Path) -> None:
    """Make a stopped run look as one whose process was killed: nobody holds its log, and it never ended."""
    path = run / "summary.json"
    path.write_text(path.read_text().replace('"stopped"', '"running"'))
    assert Run.open(run).summary().status == "interrupted"
    assert folder in run.parents


def test_a_project_whose_last_run_was_cut_off_offers_to_resume_it(
    qtbot: QtBot, open_session: Callable[..., Session], make_runner: MakeRunner, make_bar: MakeBar, tmp_path: Path
) -> None:
    project: Project = flowers()
    first = open_session(project, tmp_path / "flowers.layerwright")
    endless(first)
    runner = make_runner(first)
    begin(qtbot, runner)
    runner.stop()
    until(qtbot, runner, "finished")
    assert runner.run is not None
    interrupted_run(tmp_path, runner.run)

    other = open_session(project, tmp_path / "flowers.layerwright")
    bar = make_bar(again := make_runner(other))
    wait(qtbot, lambda: not bar.isHidden())
    assert bar.notice is not None
    assert runner.run.name in bar.notice.text
    press(bar, "Resume in a process of its own")
    assert again.isolated
    assert again.run == runner.run
    again.close()
    unsaved = open_session(project)
    silent = make_bar(make_runner(unsaved))
    checked(qtbot, unsaved)
    assert silent.isHidden()
