"""The whole way without a screen: from a template to exported weights that run where only torch is."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.exporters import ExporterKind, exporters
from core.training.runs import Run
from core.training.session import open_session
from tests.cli.conftest import Drive, Trip, drive

_ELSEWHERE = """
import sys
import torch
from model import Net
net = Net()
net.load_state_dict(torch.load("model.pt", weights_only=True))
images, digits = torch.load("rows.pt", weights_only=True)
with torch.inference_mode():
    outputs = net.eval()(images)
torch.save(outputs, "outputs.pt")
print((outputs.argmax(1) == digits).double().mean().item())
print(sorted({"core", "designer", "layerwright", "safetensors", "sklearn"} & set(sys.modules)))
"""


def test_training_tells_everything_as_json(trip: Trip) -> None:
    events = trip.training.objects
    assert [each["epoch"] for each in events if each.get("event") == "epoch-ended"] == [1, 2]
    assert events[0]["event"] == "run-started"
    assert events[-2]["event"] == "finished"
    assert events[-1]["run"] == str(trip.run)
    assert events[-1]["summary"]["status"] == "completed"
    assert events[-1]["summary"]["best"]["digit/accuracy"] > 0.9


def test_summary_counts_what_was_trained(cli: Drive, trip: Trip) -> None:
    *nodes, total = cli("summary", trip.project, "--json").objects
    assert sum(each["parameters"] for each in nodes) == total["total"]["parameters"]
    assert total["total"]["parameters"] == trip.training.objects[0]["parameters"]
    assert {"node": "digit", "kind": "Output", "out": []}.items() <= nodes[-1].items()
    text = cli("summary", trip.project)
    assert text.status == 0
    assert "N × 32 × 8 × 8" in text.out
    assert f"{total['total']['parameters']:,}" in text.out


def test_summary_prints_the_table_in_formats_of_other_programs(cli: Drive, trip: Trip) -> None:
    *nodes, total = cli("summary", trip.project, "--json").objects
    lines = list(csv.DictReader(io.StringIO(cli("summary", trip.project, "--to", "csv").out)))
    assert [line["node"] for line in lines] == [*(each["node"] for each in nodes), "total"]
    assert [int(line["parameters"]) for line in lines[:-1]] == [each["parameters"] for each in nodes]
    assert int(lines[-1]["parameters"]) == total["total"]["parameters"]
    assert int(lines[-1]["training_bytes"]) == total["total"]["training"]["bytes_per_sample"]
    assert cli("summary", trip.project, "--to", "markdown").out.startswith("| node | kind |")
    assert "\\toprule" in cli("summary", trip.project, "--to", "latex").out
    refused = cli("summary", trip.project, "--to", "csv", "--json")
    assert refused.status == 2
    assert "--to" in refused.err


def test_evaluate_gives_the_best_values_of_the_run(cli: Drive, trip: Trip) -> None:
    (answer,) = cli("evaluate", trip.run, "--device", "cpu", "--json").objects
    assert answer["split"] == "validation"
    assert answer["values"] == pytest.approx(trip.training.objects[-1]["summary"]["best"], abs=1e-6)
    lines = cli("evaluate", trip.run, "--split", "training", "--weights", "last").out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["loss", "accuracy"]
    assert lines[0].split() == ["measure", "training"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that trains in no time, to be read only."""
    folder = tmp_path_factory.mktemp("small")
    assert drive("new", "flowers", "-o", folder / "flowers.layerwright").status == 0
    assert drive("train", folder / "flowers.layerwright", "--epochs", 1, "--run", folder / "run").status == 0
    return folder / "run"


@pytest.mark.parametrize("kind", tuple(exporters), ids=lambda kind: kind.id)
def test_every_format_is_written(cli: Drive, small: Path, tmp_path: Path, kind: ExporterKind) -> None:
    target = tmp_path / f"net{kind.suffix}"
    outcome = cli("export", small, "--to", kind.id, "-o", target, "--json")
    assert outcome.status == 0
    assert outcome.objects == [{"format": kind.id, "path": str(target)}]
    assert target.stat().st_size > 0
    assert outcome.err == ""


def test_a_project_is_exported_with_fresh_weights_and_says_so(cli: Drive, flowers: Path, tmp_path: Path) -> None:
    outcome = cli("export", flowers, "--to", "safetensors", "-o", tmp_path / "net.safetensors")
    assert (outcome.status, outcome.out) == (0, f"{tmp_path / 'net.safetensors'}\n")
    assert "not trained" in outcome.err
    assert load_file(tmp_path / "net.safetensors")["hidden1.weight"].shape == (5, 4)


def test_a_project_that_starts_from_weights_is_exported_with_them_and_says_so(
    cli: Drive, flowers: Path, tmp_path: Path
) -> None:
    project = tmp_path / "mine.layerwright"
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    cli("export", flowers, "--to", "safetensors", "-o", first)
    cli("weights", flowers, "--from", first, "-o", project)
    outcome = cli("export", project, "--to", "safetensors", "-o", second)
    assert outcome.status == 0
    assert "its weights are those that it starts from (mine.safetensors)" in outcome.err
    assert all(torch.equal(tensor, load_file(first)[name]) for name, tensor in load_file(second).items())


def test_what_was_exported_runs_where_only_torch_is(cli: Drive, trip: Trip, tmp_path: Path) -> None:
    assert cli("export", trip.run, "--to", "python", "-o", tmp_path / "out").out == f"{tmp_path / 'out' / 'model.py'}\n"
    run = Run.open(trip.run)
    session = open_session(run.project(), None, "cpu")
    rows = session.prepared.validation
    torch.save((rows.inputs["image"], rows.targets["digit"]), tmp_path / "out" / "rows.pt")
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.')\n{_ELSEWHERE}"]
    done = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    accuracy, ours = done.stdout.splitlines()
    assert float(accuracy) == pytest.approx(trip.training.objects[-1]["summary"]["best"]["digit/accuracy"], abs=1e-6)
    assert ours == "[]"
    session.network.module.load_state_dict(load_file(run.weights("best")))
    with torch.inference_mode():
        expected = session.network.module.eval()(rows.inputs["image"])
    found = torch.load(tmp_path / "out" / "outputs.pt", weights_only=True)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_a_stopped_run_goes_on_by_resume(cli: Drive, flowers: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert cli("train", flowers, "--run", run, "--epochs", 2).out == f"{run}\n"
    outcome = cli("train", flowers, "--run", run, "--resume", "--epochs", 5, "--json")
    assert outcome.status == 0
    assert outcome.objects[-1]["summary"]["epochs"] == 5
    assert [each.epoch for each in Run.open(run).epochs()] == [1, 2, 3, 4, 5]


def test_a_run_goes_on_with_its_own_project_and_says_so(cli: Drive, flowers: Path, tmp_path: Path) -> None:
    cli("train", flowers, "--run", tmp_path / "run", "--epochs", 1)
    cli("new", "moons", "-o", flowers, "--force")
    outcome = cli("train", flowers, "--run", tmp_path / "run", "--resume", "--epochs", 2)
    assert outcome.status == 0
    assert "goes on with its own" in outcome.err
    assert Run.open(tmp_path / "run").project().name == "Flowers"


def test_a_variable_changes_the_network_and_settings_the_training(cli: Drive, tmp_path: Path) -> None:
    cli("new", "two-inputs", "-o", "two.layerwright")
    settings = ["width=4", "learning_rate=1e-3*2", "batch_size=width*4", "optimizer=SGD", "momentum=0.5"]
    options = [word for each in settings for word in ("--set", each)]
    assert cli("train", "two.layerwright", "--run", "run", "--epochs", 1, "--seed", 7, *options).status == 0
    run = Run.open(tmp_path / "run")
    assert "WIDTH = 4\n" in (tmp_path / "run" / "model.py").read_text()
    expected = {"learning_rate": 2e-3, "batch_size": 16, "seed": 7, "optimizer": "SGD", "epochs": 1}
    assert expected.items() <= run.settings.items()
    assert run.settings["optimizer_options"] == {"momentum": 0.5}
    assert run.project().variables == {"width": 4}


def test_runs_are_listed_with_the_damaged_ones(cli: Drive, flowers: Path) -> None:
    assert cli("runs").out == "There are no runs in 'runs'.\n"
    made = Path(cli("train", flowers, "--epochs", 1).out.strip())
    assert made.parent == flowers.parent / "runs"
    (made.parent / "broken").mkdir()
    (made.parent / "broken" / "run.json").write_text("{")
    good, bad = cli("runs", made.parent, "--json").objects
    assert (good["project"], good["status"], good["summary"]["epochs"]) == ("Flowers", "completed", 1)
    assert (bad["status"], bad["summary"]) == ("damaged", None)
    assert "run.json" in bad["problem"]
    text = cli("runs").out
    assert made.name in text
    assert "accuracy" in text
    assert "damaged" in text


def test_the_demo_trains_and_exports_the_digits(cli: Drive, tmp_path: Path) -> None:
    outcome = cli("demo", "made", "--epochs", 1)
    assert outcome.status == 0
    assert "validation accuracy" in outcome.out
    for name in ("digits.layerwright", "digits.safetensors", "model.py", "model.safetensors"):
        assert (tmp_path / "made" / name).is_file()
    again = cli("demo", "made", "--epochs", 1, "--json")
    assert again.status == 0
    assert again.objects[-1]["source"] == str(Path("made", "model.py"))
    assert len(cli("runs", Path("made", "runs"), "--json").objects) == 2
