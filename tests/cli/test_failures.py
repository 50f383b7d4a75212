"""Bad input: plain words and the right exit status, and nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cli.command import Command
from core.cli.main import commands, main
from core.errors import LayerwrightError
from tests.cli.conftest import Drive, Trip, node

Change = Callable[[Callable[[dict[str, Any]], object]], Path]

MISUSES = {
    "no command": [],
    "unknown command": ["trian"],
    "no file": ["train"],
    "no epochs": ["train", "FILE", "--epochs", "0"],
    "epochs in words": ["train", "FILE", "--epochs", "ten"],
    "an abbreviated option": ["train", "FILE", "--epoch", "1"],
    "an unknown device": ["train", "FILE", "--device", "tpu"],
    "a negative seed": ["train", "FILE", "--seed", "-1"],
    "a seed beyond 64 bits": ["train", "FILE", "--seed", "99999999999999999999"],
    "an unknown template": ["new", "digitz", "-o", "new.layerwright"],
    "no output": ["new", "digits"],
    "an unknown format": ["export", "FILE", "--to", "onxx", "-o", "net"],
    "an unknown split": ["evaluate", "run", "--split", "all"],
    "export over the project": ["export", "FILE", "--to", "python", "-o", "FILE"],
    "resume without a run": ["train", "FILE", "--resume"],
    "resume with another seed": ["train", "FILE", "--resume", "--run", "run", "--seed", "1"],
    "resume with settings": ["train", "FILE", "--resume", "--run", "run", "--set", "epochs=2"],
    "run into a file": ["train", "FILE", "--run", "FILE"],
}

SETTINGS = {
    "batch_size": "expected NAME=VALUE",
    "batch_size=": "expected NAME=VALUE",
    "=3": "no variable or setting",
    "bach_size=3": "Did you mean 'batch_size'?",
    "batch_size=0": "must be at least 1, not 0",
    "batch_size=1.5": "whole number, not 1.5",
    "epochs=1/0": "divides by zero",
    "learning_rate=nan": "no variable 'nan'",
    "learning_rate=-1": "above 0",
    "learning_rate=__import__('os')": "not allowed",
    "optimizer=Adamm": "Did you mean 'Adam'?",
    "weight_decay=-1": "at least 0",
    "amsgrad=maybe": "True or False",
    "momentum=0.9": "no variable or setting",
}


def _filled(words: list[str], file: Path) -> list[str]:
    return [str(file) if word == "FILE" else word for word in words]


def _content(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


# --- misuse: status 2 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", MISUSES.values(), ids=MISUSES.keys())
def test_misuse_is_told_apart_and_changes_nothing(cli: Drive, flowers: Path, words: list[str]) -> None:
    before = _content(flowers.parent)
    plain = cli(*_filled(words, flowers))
    assert (plain.status, plain.out) == (2, "")
    assert "layerwright: " in plain.err
    as_json = cli(*_filled(words, flowers), "--json")
    assert as_json.status == 2
    assert list(as_json.objects[-1]) == ["error", "problems", "node"]
    assert _content(flowers.parent) == before


@pytest.mark.parametrize(("assignment", "message"), SETTINGS.items())
def test_a_setting_that_makes_no_sense_is_refused(cli: Drive, flowers: Path, assignment: str, message: str) -> None:
    outcome = cli("train", flowers, "--run", "run", "--set", assignment)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert not Path("run").exists()


def test_all_settings_that_make_no_sense_are_told_at_once(cli: Drive, flowers: Path) -> None:
    outcome = cli("train", flowers, "--set", "batch_size=0", "--set", "nonsense=1", "--set", "seed=x", "--json")
    assert len(outcome.objects[-1]["problems"]) == 3


def test_a_setting_may_be_called_like_a_variable_and_then_is_one(cli: Drive, change: Change) -> None:
    path = change(lambda content: content.update(variables={"batch_size": 4}))
    outcome = cli("train", path, "--epochs", 1, "--run", "run", "--set", "batch_size=2", "--json")
    assert outcome.status == 0
    assert outcome.objects[0]["steps_per_epoch"] == 8


def test_a_run_is_never_started_over_another(cli: Drive, trip: Trip) -> None:
    before = _content(trip.run)
    outcome = cli("train", trip.project, "--run", trip.run)
    assert outcome.status == 2
    assert "--resume" in outcome.err
    assert _content(trip.run) == before


# --- errors in files and data: status 1 -------------------------------------------------------------------------------


def _no_csv(content: dict[str, Any]) -> None:
    content["data"].update(source="csv", options={"path": "gone.csv"})


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a parameter out of range": (lambda content: node(content, "hidden1")["params"].update(out_features=0), "hidden1"),
    "an unknown kind": (lambda content: node(content, "tanh1").update(kind="NoSuchLayer"), "NoSuchLayer"),
    "no epochs": (lambda content: content["training"].update(epochs=0), "epochs must be at least 1"),
    "an unknown optimizer": (lambda content: content["training"].update(optimizer="Adamm"), "Did you mean 'Adam'?"),
    "a text for a number": (lambda content: content["training"].update(batch_size="many"), "training.batch_size"),
    "an unknown data source": (lambda content: content["data"].update(source="irises"), "irises"),
    "a CSV that is gone": (_no_csv, "gone.csv"),
    "a newer format": (lambda content: content.update(format=99), "newer version"),
    "no nodes": (lambda content: content["graph"].update(nodes=[], links=[]), "no input yet"),
}


@pytest.mark.parametrize(("function", "message"), CHANGES.values(), ids=CHANGES.keys())
def test_a_project_with_errors_is_not_trained(
    cli: Drive, change: Change, function: Callable[[dict[str, Any]], object], message: str
) -> None:
    path = change(function)
    outcome = cli("train", path, "--run", "run", "--json")
    assert outcome.status == 1
    assert message in outcome.err
    assert message in " ".join((outcome.objects[-1]["error"], *outcome.objects[-1]["problems"]))
    assert not Path("run").exists()


@pytest.mark.parametrize(
    "words",
    [["check"], ["summary"], ["train"], ["export", "--to", "python", "-o", "out.py"]],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff\xfe", b'{"format": 1, "graph": 3}', "folder"])
def test_what_is_no_project_is_refused(cli: Drive, words: list[str], content: bytes | str | None) -> None:
    path = Path("a.layerwright")
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "folder":
        path.mkdir()
    outcome = cli(*words, path)
    assert (outcome.status, outcome.out) == (1, "")
    assert "layerwright: " in outcome.err
    assert not Path("out.py").exists()


@pytest.mark.parametrize("target", [".", "missing/net", "a.txt/net", "n" * 300])
@pytest.mark.parametrize(
    "words", [["new", "digits"], ["export", "FILE", "--to", "safetensors"]], ids=lambda words: words[0]
)
def test_an_output_that_cannot_be_written_is_refused(cli: Drive, flowers: Path, words: list[str], target: str) -> None:
    Path("a.txt").write_text("precious")
    before = _content(flowers.parent)
    outcome = cli(*_filled(words, flowers), "-o", target)
    assert (outcome.status, outcome.out) == (1, "")
    assert target in outcome.err
    assert _content(flowers.parent) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_device_is_no_output(cli: Drive, flowers: Path) -> None:
    assert "a device" in cli("export", flowers, "--to", "state-dict", "-o", "/dev/full").err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user that permissions hold back")
def test_a_folder_that_may_not_be_written_is_refused(cli: Drive, flowers: Path, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert cli("new", "digits", "-o", tmp_path / "locked" / "a.layerwright").status == 1
    assert cli("train", flowers, "--run", tmp_path / "locked" / "run").status == 1


def test_a_device_that_is_not_there_is_told(cli: Drive, flowers: Path) -> None:
    outcome = cli("train", flowers, "--run", "run", "--device", "mps")
    assert outcome.status == 1
    assert "auto or" in outcome.err
    assert not Path("run").exists()


def test_training_that_comes_to_nothing_keeps_what_there_was(cli: Drive) -> None:
    cli("new", "house-of-numbers", "-o", "a.layerwright")
    settings = ["--set", "optimizer=SGD", "--set", "learning_rate=1e15"]
    outcome = cli("train", "a.layerwright", "--run", "run", *settings, "--json")
    assert outcome.status == 1
    assert "not a number" in outcome.err
    assert "is in run" in outcome.err
    assert [each.get("event") for each in outcome.objects[-2:]] == ["failed", None]
    assert cli("runs", ".", "--json").objects[0]["status"] == "failed"


# --- damaged runs -----------------------------------------------------------------------------------------------------

_JSON_OF_ANOTHER_KIND = (
    b'{"format": 1, "project": "x", "base": 5, "epochs": "x", "status": 5, "best": [1], "seconds": ""}'
)
_FILES = ("run.json", "summary.json", "splits.npz", "project.layerwright", "preprocessing.json", "metrics.jsonl")


@pytest.mark.parametrize("content", [None, b"", b"\x80\x04junk", _JSON_OF_ANOTHER_KIND])
@pytest.mark.parametrize("name", [*_FILES, "checkpoints/best.safetensors", "checkpoints/last.state.pt"])
def test_a_damaged_run_is_told_by_every_command(
    cli: Drive, trip: Trip, tmp_path: Path, name: str, content: bytes | None
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trip.run, run)
    if content is None:
        (run / name).unlink()
    else:
        (run / name).write_bytes(content)
    requests: dict[str, list[object]] = {
        "evaluate": ["evaluate", run, "--device", "cpu"],
        "export": ["export", run, "--to", "python", "-o", "net.py"],
        "resume": ["train", trip.project, "--run", run, "--resume"],
        "runs": ["runs", "."],
    }
    outcomes = {what: cli(*words) for what, words in requests.items()}
    assert outcomes.pop("runs").status == 0
    assert all(each.status in (0, 1) for each in outcomes.values())
    assert outcomes["resume"].status == 1  # it is complete, if nothing else
    assert all("layerwright: " in each.err for each in outcomes.values() if each.status)
    if name in ("run.json", "project.layerwright", "checkpoints/best.safetensors"):
        assert outcomes["evaluate"].status == outcomes["export"].status == 1


@pytest.mark.parametrize("words", [["evaluate"], ["export", "--to", "python", "-o", "net.py"], ["runs"]])
def test_a_run_that_is_not_there_is_told(cli: Drive, words: list[str]) -> None:
    outcome = cli(*words, "nowhere")
    assert (outcome.status, outcome.out) == (1, "")
    assert "'nowhere'" in outcome.err


def test_a_split_without_rows_is_told(cli: Drive, trip: Trip) -> None:
    outcome = cli("evaluate", trip.run, "--split", "test", "--json")
    assert outcome.status == 1
    assert "no test rows" in outcome.objects[-1]["error"]


def test_runs_of_a_run_names_the_folder_to_ask_for(cli: Drive, trip: Trip) -> None:
    outcome = cli("runs", trip.run)
    assert outcome.status == 1
    assert str(trip.run.parent) in outcome.err


# --- what nobody foresaw ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (RuntimeError("out of ideas"), 1, "An error in Layerwright itself: RuntimeError: out of ideas"),
        (PermissionError(13, "Permission denied", "a.txt"), 1, "'a.txt': Permission denied."),
        (LayerwrightError("no", problems=["one", "two"]), 1, "no\n  - one\n  - two"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_a_command_raises_ends_in_plain_words(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    message: str,
) -> None:
    def fail(_options: object) -> int:
        raise error

    monkeypatch.setitem(commands.entries, "fail", Command("fail", "fail", lambda _parser: None, fail))
    assert main(["fail"]) == status
    printed = capsys.readouterr().err
    assert message in printed
    assert ("Traceback" in printed) == isinstance(error, RuntimeError)
