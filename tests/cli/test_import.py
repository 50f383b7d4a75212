"""Networks and weights of other programs on the command line: imported, loaded, trusted first, told what became of."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from core import trust
from core.errors import ImportFailed
from core.graph.edits import Rename
from core.graph.files import load_project, save_project
from core.importers import Imported, ImporterKind, ImportRequest, importers
from core.importers._draft import Draft
from core.model.build import build
from core.training.runs import Run
from tests.cli.conftest import Drive

_MODULE = '''
from torch import nn


def make():
    """Return a small network."""
    open("ran", "w").close()
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
'''


def _read_toy(request: ImportRequest) -> Imported:
    """Read a network of one layer, whose sizes are in the file."""
    text = Path(request.source).read_text()
    if not text.strip().isdecimal():
        raise ImportFailed("This is no toy.", problems=["It holds no number."])
    weight = torch.arange(float(text) * 2).reshape(2, int(text))
    draft = Draft("Toy")
    source = draft.input("x", request.shapes[0] if request.shapes else (int(text),))
    made = draft.add(
        "Linear", {"out_features": 2, "bias": False}, (source,), name="the.layer", tensors={"weight": weight}
    )
    draft.output("y", made)
    draft.note("It is only a toy.")
    return draft.finished()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file of a format of our own, and its importer."""
    kind = ImporterKind("toy", "Toy", "A toy.", _read_toy, suffixes=(".toy",))
    monkeypatch.setitem(importers.entries, "toy", kind)
    path = tmp_path / "net.toy"
    path.write_text("3")
    return path


def test_an_import_gives_a_project_with_its_weights_beside_it(cli: Drive, toy: Path) -> None:
    done = cli("import", toy, "-o", "made")
    assert (done.status, done.out) == (0, "1 layer, 6 parameters\nmade.layerwright\n")
    assert "It is only a toy." in done.err
    project = load_project(Path("made.layerwright"))
    assert project.weights == "made.safetensors"
    assert load_file("made.safetensors")["the_layer.weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert torch.equal(build(project).module.state_dict()["the_layer.weight"], torch.arange(6.0).reshape(2, 3))
    assert cli("check", "made.layerwright").status == 0


def test_an_import_as_json_says_all(cli: Drive, toy: Path) -> None:
    (told,) = cli("import", toy, "-o", "made.layerwright", "--shape", "3", "--json").objects
    assert told == {
        "path": "made.layerwright",
        "weights": "made.safetensors",
        "layers": 1,
        "parameters": 6,
        "groups": 0,
        "opaque": [],
        "notes": ["It is only a toy."],
    }


def test_what_cannot_be_imported_writes_nothing(cli: Drive, toy: Path) -> None:
    toy.write_text("damaged")
    failed = cli("import", toy, "-o", "made", "--json")
    assert failed.status == 1
    assert failed.objects == [{"error": "This is no toy.", "problems": ["It holds no number."], "node": None}]
    unknown = cli("import", "net.unknown", "-o", "made")
    assert unknown.status == 1
    assert "nothing that can be imported" in unknown.err
    assert ".toy" in unknown.err
    assert "There is no file" in cli("import", "gone.toy", "-o", "made").err
    assert cli("import", toy, "-o", "made", "--shape", "3,x").status == 2
    assert cli("import", toy, "-o", "nowhere/made").status == 2
    assert list(Path().iterdir()) == [Path("net.toy")]


# --- code -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def module(cli: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of the user's, on a machine that trusts nothing yet."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = tmp_path / f"mine_{uuid4().hex}.py"
    path.write_text(_MODULE)
    return path


def test_code_does_not_run_where_nobody_can_be_asked(cli: Drive, module: Path) -> None:
    failed = cli("import", f"python:{module.stem}:make", "-o", "made", "--shape", "4")
    assert failed.status == 1
    assert "--trust" in failed.err
    assert not Path("ran").exists()


class _Terminal(io.StringIO):
    """Somebody who answers at a terminal."""

    def isatty(self) -> bool:
        return True


def test_code_is_shown_and_runs_only_after_a_yes(cli: Drive, module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal("no\n"))
    refused = cli("import", f"python:{module.stem}:make", "-o", "made", "--shape", "4")
    assert (refused.status, Path("ran").exists()) == (1, False)
    assert 'open("ran", "w")' in refused.err
    monkeypatch.setattr(sys, "stdin", _Terminal("yes\n"))
    done = cli("import", f"python:{module.stem}:make", "-o", "made", "--shape", "4")
    assert done.status == 0, done.err
    assert Path("ran").exists()
    assert trust.is_trusted(_MODULE)


def test_a_network_in_python_gives_the_same_outputs(cli: Drive, module: Path) -> None:
    module.write_text(_MODULE.replace("return nn", "import torch; torch.manual_seed(3); return nn"))
    done = cli("import", f"python:{module.stem}:make", "-o", "made", "--shape", "4", "--trust")
    assert done.status == 0, done.err
    torch.manual_seed(3)
    wanted = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    found = build(load_project(Path("made.layerwright"))).module
    sample = torch.randn(5, 4)
    assert torch.allclose(found(sample), wanted(sample), atol=1e-6)


# --- weights ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def flowers(cli: Drive) -> Path:
    """A small project with data."""
    assert cli("new", "flowers", "-o", "flowers.layerwright").status == 0
    return Path("flowers.layerwright")


def _others(path: Path, front: str = "") -> dict[str, torch.Tensor]:
    state = {name: torch.full_like(each, 0.01) for name, each in build(load_project(path)).module.state_dict().items()}
    torch.save({front + name: each for name, each in state.items()}, "w.pt")
    return state


def test_weights_go_into_a_project_with_a_report(cli: Drive, flowers: Path) -> None:
    state = _others(flowers, "net.")
    done = cli("weights", flowers, "--from", "w.pt", "-o", "out.layerwright")
    assert done.status == 0, done.err
    assert f"{len(state)} of {len(state)} tensors loaded." in done.out
    assert "the same name in another place" in done.out
    after = load_project(Path("out.layerwright"))
    assert after.weights == "out.safetensors"
    assert load_project(flowers).weights == ""
    assert all(torch.equal(each, state[name]) for name, each in build(after).module.state_dict().items())


def test_weights_as_json_name_every_tensor(cli: Drive, flowers: Path) -> None:
    state = _others(flowers)
    torch.save(state | {"more": torch.zeros(3)}, "w.pt")
    *rows, last = cli("weights", flowers, "--from", "w.pt", "--freeze", "--json").objects
    assert {row["name"] for row in rows} == {*state, None}
    assert rows[-1] == {
        "name": None,
        "stored": "more",
        "shape": None,
        "stored_shape": [3],
        "way": None,
        "problem": "unused",
    }
    assert (last["matched"], last["unused"]) == (len(state), 1)
    after = load_project(flowers)
    assert all(node.params.get("frozen") for node in after.graph.nodes.values() if node.kind == "Linear")


def test_a_hostile_pickle_on_the_command_line_runs_nothing(cli: Drive, flowers: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.system, ("touch hacked",)

    torch.save({"x": Hostile()}, "w.pt")
    before = flowers.read_bytes()
    failed = cli("weights", flowers, "--from", "w.pt")
    assert failed.status == 1
    assert "would run" in failed.err
    assert not Path("hacked").exists()
    assert flowers.read_bytes() == before


@pytest.mark.slow
def test_a_run_learns_on_from_the_weights_and_stands_on_its_own(cli: Drive, flowers: Path) -> None:
    state = _others(flowers)
    cli("weights", flowers, "--from", "w.pt", "--slow")
    project = load_project(flowers)
    layer = next(node.name for node in project.graph.nodes.values() if node.kind == "Linear")
    save_project(Rename(layer, "renamed").apply(project), flowers)
    done = cli("train", flowers, "--epochs", "1", "--run", "run", "--set", "learning_rate=1e-9")
    assert done.status == 0, done.err
    learned = load_file("run/checkpoints/last.safetensors")
    assert all(
        torch.allclose(each, torch.full_like(each, 0.01), atol=1e-4)
        for each in learned.values()
        if each.is_floating_point()
    )
    assert len(learned) == len(state)
    (Path(load_project(flowers).weights)).unlink()
    assert Run.open(Path("run")).project().weights == ""
    assert cli("evaluate", "run").status == 0
    assert cli("train", flowers, "--run", "run", "--resume", "--epochs", "2").status == 0
    assert cli("train", flowers, "--run", "again", "--epochs", "1").status == 1


def test_an_export_without_a_run_has_the_weights_that_the_project_starts_from(cli: Drive, flowers: Path) -> None:
    state = _others(flowers)
    cli("weights", flowers, "--from", "w.pt")
    assert cli("export", flowers, "--to", "safetensors", "-o", "out.safetensors").status == 0
    found = load_file("out.safetensors")
    assert all(torch.equal(found[name], each) for name, each in state.items())
