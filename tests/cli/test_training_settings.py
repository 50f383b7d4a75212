"""``train --set`` reaches every training setting, ``--resume --epochs`` goes on, a process of its own serves alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli.progress import TrainingReporter
from core.training.control import Control
from core.training.events import Changed, Failed, Finished, Message
from core.training.runs import Run
from tests.cli.conftest import Drive


def test_every_sort_of_setting_can_be_set(cli: Drive, flowers: Path) -> None:
    settings = {
        "optimizer": "SGD",
        "momentum": "0.5",
        "schedule": "StepLR",
        "schedule.gamma": "0.5",
        "clip": "norm",
        "clip_at": "2",
        "accumulate": "2",
        "average": "ema",
        "average_decay": "0.9",
        "patience": "3",
        "precision": "bfloat16",
        "diagnostics": "off",
        "monitor": "validation/loss",
    }
    words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    outcome = cli("train", flowers, "--run", "run", "--epochs", 2, "--device", "cpu", *words)
    assert outcome.status == 0, outcome.err
    training = Run.open(Path("run")).project().training
    assert (training.optimizer, dict(training.optimizer_options)) == ("SGD", {"momentum": 0.5})
    assert (training.schedule, dict(training.schedule_options)) == ("StepLR", {"gamma": 0.5})
    assert (training.clip, training.clip_at, training.accumulate, training.average) == ("norm", 2.0, 2, "ema")
    assert (training.patience, training.precision, training.diagnostics) == (3, "bfloat16", False)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("clip=nrom", "clip is one of none, norm, value, not 'nrom'. Did you mean 'norm'?"),
        ("process=perhaps", "process is true or false, not 'perhaps'."),
        ("accumulate=1.5", "accumulate must be a whole number"),
        ("accumulate=0", "at least 1"),
        ("schedule=Nonsense", "Nonsense"),
    ],
)
def test_what_makes_no_sense_is_refused(cli: Drive, flowers: Path, assignment: str, message: str) -> None:
    outcome = cli("train", flowers, "--run", "run", "--set", assignment)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert not Path("run").exists()


def test_a_finished_run_is_trained_for_more_epochs(cli: Drive, flowers: Path) -> None:
    assert cli("train", flowers, "--run", "run", "--epochs", 2, "--device", "cpu").status == 0
    again = cli("train", flowers, "--run", "run", "--resume")
    assert again.status == 1
    assert "Ask for more epochs" in again.err
    assert cli("train", flowers, "--run", "run", "--resume", "--epochs", 4).status == 0
    assert [each.epoch for each in Run.open(Path("run")).epochs()] == [1, 2, 3, 4]


def test_a_process_of_its_own_prints_the_same(cli: Drive, flowers: Path) -> None:
    words = ("train", flowers, "--epochs", 2, "--device", "cpu", "--json")
    here = cli(*words, "--run", "here")
    there = cli(*words, "--run", "there", "--set", "process=true")
    assert (here.status, there.status) == (0, 0), there.err
    epochs = [
        [each["validation"] for each in outcome.objects if each.get("event") == "epoch-ended"]
        for outcome in (here, there)
    ]
    assert epochs[0] == epochs[1] != []
    assert there.objects[-1]["summary"]["status"] == "completed"


@pytest.mark.long
def test_a_failure_in_a_process_of_its_own_is_status_1(cli: Drive) -> None:
    cli("new", "house-of-numbers", "-o", "a.layerwright")
    settings = ("--set", "process=true", "--set", "optimizer=SGD", "--set", "learning_rate=1e15")
    outcome = cli("train", "a.layerwright", "--run", "run", "--device", "cpu", *settings)
    assert outcome.status == 1
    assert "became infinite" in outcome.err


def test_changes_warnings_and_offers_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainingReporter(Control(), as_json=False) as report:
        report(Changed("freeze", "conv1", "conv1 frozen", 2, 50))
        report(Message("The disk is full.", "warning", "checkpoint"))
        report(Finished("early", 9, 0, {}, 3.0))
        report(Failed("No memory.", offer={"batch_size": 16, "accumulate": 2}))
    assert capsys.readouterr().err.splitlines() == [
        "conv1 frozen",
        "The disk is full.",
        "ended early, for nothing got better, after 9 epochs in 3.0 s",
        "to try: --set batch_size=16 --set accumulate=2",
    ]
