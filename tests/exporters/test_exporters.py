"""What is exported gives the same numbers without us, in a fresh Python that has only torch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from core.errors import ExportError
from core.exporters import ExporterKind, ExportRequest, exporters
from core.graph.files import project_from_text
from core.graph.project import Graph, Node, Project
from core.training.checkpoints import load_weights, read_weights
from core.training.control import Control
from core.training.evaluate import evaluate
from core.training.events import EpochEnded, Event, RunStarted
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from core.training.session import open_session
from tests.exporters.packages import ONLY_TORCH
from tests.training.building import diabetes, digits, linear, spirals, trained

UNTRAINED = pytest.mark.parametrize(
    "kind", tuple(each for each in exporters if not each.trained_only), ids=lambda kind: kind.id
)
ALL = pytest.mark.parametrize("kind", tuple(exporters), ids=lambda kind: kind.id)


def _two_heads() -> Project:
    project = spirals()
    nodes = {
        **project.graph.nodes,
        "side": linear("side", 1),
        "other": Node("other", "Output", {"target": "y"}),
    }
    end = next(iter(project.graph.links))
    links = {
        **project.graph.links,
        replace(end, node="side", port="input"): replace(end, node="hidden", port="output"),
        replace(end, node="other", port="input"): replace(end, node="side", port="output"),
    }
    nodes["x"] = replace(nodes["x"], params={"fields": ("x",)})
    return replace(project, name="two heads", graph=Graph(nodes, links))


PROJECTS = {"digits": digits(epochs=1), "two heads": _two_heads(), "diabetes": diabetes()}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Trained runs, to be read only."""
    folder = tmp_path_factory.mktemp("exports")
    for name, project in PROJECTS.items():
        trained(project, folder / name)
    return {name: Run.open(folder / name) for name in PROJECTS}


@pytest.fixture(params=PROJECTS)
def run(request: pytest.FixtureRequest, runs: dict[str, Run]) -> Run:
    """One of the trained runs."""
    return runs[request.param]


@UNTRAINED
def test_an_untrained_project_can_be_exported(kind: ExporterKind, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    path = kind.export(ExportRequest(spirals(), tmp_path / f"net{kind.suffix}")).path
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert torch.equal(before, torch.get_rng_state())


@UNTRAINED
def test_a_target_that_cannot_be_written_is_an_export_error(kind: ExporterKind, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="could not be written"):
        kind.export(ExportRequest(spirals(), tmp_path / "nowhere" / f"net{kind.suffix}"))


def test_weights_that_are_missing_are_an_export_error(tmp_path: Path) -> None:
    trained(spirals(), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    run.weights("best").unlink()
    for kind in exporters:
        with pytest.raises(ExportError, match="no best weights"):
            kind.export(ExportRequest.of_run(run, tmp_path / f"net{kind.suffix}"))
    assert [each.name for each in tmp_path.iterdir()] == ["run"]
    assert (
        exporters["safetensors"].export(ExportRequest.of_run(run, tmp_path / "net.safetensors", "last")).path.is_file()
    )


@ALL
def test_a_kind_explains_itself(kind: ExporterKind) -> None:
    assert kind.title
    assert kind.suffix.startswith(".")
    assert kind.help.endswith(".")


def test_safetensors_carry_the_trained_weights_and_what_they_are(run: Run, tmp_path: Path) -> None:
    path = exporters["safetensors"].export(ExportRequest.of_run(run, tmp_path / "net.safetensors")).path
    with safe_open(path, "pt") as exported, safe_open(run.weights(), "pt") as kept:
        names = kept.keys()
        assert all(torch.equal(exported.get_tensor(name), kept.get_tensor(name)) for name in names)
        told = exported.metadata()
        assert kept.metadata().items() <= told.items()
    assert json.loads(told["preprocessing"]) == run.preprocessing()
    assert project_from_text(told["design"], "net.safetensors").graph == run.project().graph


def test_a_state_dict_loads_without_executing_anything(run: Run, tmp_path: Path) -> None:
    path = exporters["state-dict"].export(ExportRequest.of_run(run, tmp_path / "net.pt")).path
    weights = torch.load(path, weights_only=True)
    session = open_session(run.project(), None, "cpu")
    session.network.module.load_state_dict(weights)


def test_a_folder_gets_source_weights_and_preprocessing(run: Run, tmp_path: Path) -> None:
    path = exporters["python"].export(ExportRequest.of_run(run, tmp_path / "deep" / "export")).path
    assert path == tmp_path / "deep" / "export" / "model.py"
    assert {each.name for each in path.parent.iterdir()} == {
        "model.py",
        "model.pt",
        "model.safetensors",
        "preprocessing.json",
    }
    assert path.read_text() == (run.path / "model.py").read_text()
    assert json.loads((path.parent / "preprocessing.json").read_text()) == run.preprocessing()


ALONE = (
    ONLY_TORCH
    + """
import json
packages, *folders = sys.argv[1:]
sys.path.append(packages)
import torch

for folder in folders:
    sys.path.insert(0, f"{folder}/export")
    from model import Net

    del sys.path[0], sys.modules["model"]
    net = Net()
    net.load_state_dict(torch.load(f"{folder}/export/model.pt", weights_only=True))
    net.eval()
    with torch.inference_mode():
        found = net(*torch.load(f"{folder}/samples.pt", weights_only=True))
    torch.save(found, f"{folder}/answers.pt")
print(json.dumps(sorted(name for name in sys.modules if name.partition(".")[0] in {"core", "designer"})))
"""
)


def test_source_and_weights_give_the_same_outputs_in_a_python_that_has_only_torch(
    runs: dict[str, Run], tmp_path: Path
) -> None:
    folders = {name: tmp_path / name.replace(" ", "-") for name in runs}
    wanted = {name: _exported(run, folders[name]) for name, run in runs.items()}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    packages = str(Path(torch.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", ALONE, packages, *map(str, folders.values())]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    for name, folder in folders.items():
        found = torch.load(folder / "answers.pt", weights_only=True)
        pairs = wanted[name].items() if isinstance(wanted[name], dict) else [("", wanted[name])]
        for head, expected in pairs:
            answer = found[head] if isinstance(found, dict) else found
            assert torch.allclose(answer, expected, rtol=0, atol=1e-6), name


def _exported(run: Run, folder: Path) -> Any:
    """Export a run as Python beside samples; return what its network makes of them."""
    folder.mkdir()
    exporters["python"].export(ExportRequest.of_run(run, folder / "export"))
    session = open_session(run.project(), None, "cpu")
    network = session.network
    load_weights(network.module, run.weights())
    network.module.eval()
    inputs = [each[:50] for each in session.training.inputs]
    torch.save(inputs, folder / "samples.pt")
    with torch.inference_mode():
        return network.module(*inputs)


def test_an_export_or_an_evaluation_meanwhile_does_not_move_the_random_numbers_of_a_training(tmp_path: Path) -> None:
    trained(digits(epochs=2), tmp_path / "undisturbed")
    trained(digits(epochs=1, seed=5), tmp_path / "other")
    other = Run.open(tmp_path / "other")

    def disturb(event: Event) -> None:
        if isinstance(event, RunStarted | EpochEnded):
            evaluate(other)
            exporters["python"].export(ExportRequest(spirals(), tmp_path / "net.py"))

    train(Job(digits(epochs=2), tmp_path / "disturbed", threads=1), disturb, Control())
    wanted, found = (
        read_weights(Run.open(tmp_path / name).weights("last"))[0] for name in ("undisturbed", "disturbed")
    )
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
