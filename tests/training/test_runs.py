"""A run folder can be listed, opened and measured again; what is damaged says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from core.data.splits import PartName
from core.errors import DataError, TrainingError
from core.graph.project import Project, Split
from core.training.control import Control
from core.training.evaluate import evaluate
from core.training.events import EpochEnded, Event
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run, Which, list_runs, new_run_folder
from tests.training.building import diabetes, digits, moons, spirals, trained


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A completed run, to be read only."""
    folder = tmp_path_factory.mktemp("runs") / "spirals"
    trained(spirals(), folder, base=folder.parent)
    return folder


def test_a_run_folder_holds_all_that_makes_a_run(finished: Path) -> None:
    found = {str(each.relative_to(finished)) for each in finished.rglob("*") if each.is_file()}
    assert found == {
        "run.json",
        "project.layerwright",
        "model.py",
        "metrics.jsonl",
        "splits.npz",
        "preprocessing.json",
        "summary.json",
        "checkpoints/last.safetensors",
        "checkpoints/last.state.pt",
        "checkpoints/best.safetensors",
        "diagnostics/looks.bin",
    }
    run = Run.open(finished)
    assert run.project() == spirals()
    assert "class Net" in (finished / "model.py").read_text()
    assert run.settings["seed"] == 0
    assert run.settings["versions"]["torch"].startswith("2.")
    assert run.settings["outputs"]["out"]["classes"] == ["arm 1", "arm 2", "arm 3"]
    assert run.base == finished.parent
    assert run.preprocessing()["targets"] == {"out": "class"}
    with np.load(finished / "splits.npz", allow_pickle=False) as splits:
        rows = np.concatenate([splits[name] for name in ("training", "validation", "test")])
    assert sorted(rows) == list(range(400))


def test_weights_say_what_they_are(finished: Path) -> None:
    with safe_open(Run.open(finished).weights("best"), "pt") as file:
        metadata = file.metadata()
    assert (metadata["format"], metadata["project"]) == ("pt", "spirals")
    assert json.loads(metadata["class_names"]) == {"out": ["arm 1", "arm 2", "arm 3"]}


@pytest.mark.parametrize("project", [moons(), spirals(), diabetes(), digits(epochs=2)], ids=lambda each: each.name)
@pytest.mark.parametrize("which", ["best", "last"])
def test_evaluation_gives_the_values_that_were_logged(project: Project, which: Which, tmp_path: Path) -> None:
    summary, _events = trained(project, tmp_path / "run")
    logged = summary.best if which == "best" else summary.validation
    assert evaluate(Run.open(tmp_path / "run"), which=which) == pytest.approx(dict(logged), abs=1e-6)


@pytest.mark.parametrize("split", ["training", "validation", "test"])
def test_every_split_can_be_evaluated(split: PartName, tmp_path: Path) -> None:
    from dataclasses import replace

    project = replace(spirals(), data=replace(spirals().data, split=Split("stratified", 0.2, 0.2)))
    trained(project, tmp_path / "run")
    assert evaluate(Run.open(tmp_path / "run"), split).keys() == {"loss", "out/loss", "out/accuracy"}


def test_a_split_without_rows_cannot_be_evaluated(finished: Path) -> None:
    with pytest.raises(DataError, match="no test rows"):
        evaluate(Run.open(finished), "test")


def test_new_run_folders_never_collide(tmp_path: Path) -> None:
    first = new_run_folder(tmp_path, "My réseau: 1/2")
    first.mkdir(parents=True)
    second = new_run_folder(tmp_path, "My réseau: 1/2")
    assert first.parent == second.parent == tmp_path
    assert first != second
    assert first.name.endswith("my-réseau-1-2")


def test_runs_are_listed_with_those_that_are_damaged(finished: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "run.json").write_text("{")
    (tmp_path / "b" / "run.json").write_bytes((finished / "run.json").read_bytes())
    for name in ("run.json", "summary.json"):
        (tmp_path / "c" / name).write_bytes((finished / name).read_bytes())
    listed = {each.name: each for each in list_runs(tmp_path)}
    assert (listed["a"].status, listed["b"].status, listed["c"].status) == ("damaged", "damaged", "completed")
    assert "run.json" in listed["a"].problem
    assert "summary.json" in listed["b"].problem
    assert listed["c"].project == "spirals"
    assert list_runs(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "has no run.json"),
        ("", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        ('{"format": 99, "project": "x"}', "newer Layerwright"),
    ],
)
def test_a_damaged_run_says_what_is_wrong(content: str | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(TrainingError, match=said):
        Run.open(tmp_path)
    with pytest.raises(TrainingError, match="no run folder"):
        Run.open(tmp_path / "nowhere")


def test_a_log_that_was_cut_off_keeps_its_whole_lines(finished: Path, tmp_path: Path) -> None:
    log = (finished / "metrics.jsonl").read_bytes()
    (tmp_path / "run.json").write_bytes((finished / "run.json").read_bytes())
    (tmp_path / "metrics.jsonl").write_bytes(log + b'{"event": "epoch-en')
    assert Run.open(tmp_path).events() == Run.open(finished).events()
    (tmp_path / "metrics.jsonl").write_bytes(b"nonsense\n" + log)
    with pytest.raises(TrainingError, match="line 1"):
        Run.open(tmp_path).events()


def test_weights_of_another_network_or_damaged_ones_are_refused(finished: Path, tmp_path: Path) -> None:
    trained(spirals(), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    trained(digits(epochs=1), tmp_path / "other")
    run.weights().write_bytes(Run.open(tmp_path / "other").weights().read_bytes())
    with pytest.raises(TrainingError, match="another network"):
        evaluate(run)
    run.weights().write_bytes(b"\0" * 100)
    with pytest.raises(TrainingError, match="damaged"):
        evaluate(run)
    run.weights().unlink()
    with pytest.raises(TrainingError, match="no best weights"):
        evaluate(run)


def test_a_run_is_running_while_it_is_trained_and_cannot_be_trained_twice(tmp_path: Path) -> None:
    run, seen = tmp_path / "runs" / "one", []

    def look(event: Event) -> None:
        if isinstance(event, EpochEnded):
            seen.append([each.status for each in list_runs(run.parent)])
            with pytest.raises(TrainingError, match="being trained already"):
                trained(spirals(), run, resume=True, epochs=9)

    train(Job(spirals(), run, threads=1, checkpoint_seconds=0.0), look, Control())
    assert seen == [["running"]] * 3
    assert Run.open(run).summary().status == "completed"


def test_a_run_whose_process_is_gone_is_listed_as_interrupted(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    summary = tmp_path / "run" / "summary.json"
    summary.write_text(summary.read_text().replace("completed", "running"))
    (listed,) = list_runs(tmp_path)
    assert listed.status == "interrupted"
