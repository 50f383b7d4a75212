"""Data for a project on the command line: an imported network is bound and trained without a window."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import uuid4

import pytest

from core.graph.files import load_project
from core.training.runs import Run
from tests.cli.conftest import Drive

_NETWORK = '''
from torch import nn


def make():
    """Return a classifier of four measurements."""
    return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
'''
_SPECIES = ("Adelie", "Chinstrap", "Gentoo")
_MEASURES = ["bill_length", "bill_depth", "flipper_length", "body_mass"]


@pytest.fixture
def penguins(tmp_path: Path) -> Path:
    """A table of birds in a folder of its own, some cells empty."""
    lines = ["species,bill_length,bill_depth,flipper_length,body_mass,sex"]
    for row in range(45):
        at = row % 3
        measures = (
            38.1 + 5 * at + row % 7 / 10,
            18.3 - at + row % 5 / 10,
            190 + 12 * at + row % 4,
            3700 + 400 * at + row,
        )
        cells = [f"{each:.1f}" for each in measures]
        if row == 11:
            cells[1] = ""
        lines.append(",".join((_SPECIES[at], *cells, "male" if row % 2 else "female")))
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "penguins.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def imported(cli: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was imported from PyTorch: it knows sizes, and no data."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "trusted"))
    name = f"net_{uuid4().hex}"
    Path(f"{name}.py").write_text(_NETWORK)
    path = list(sys.path)
    assert cli("import", f"python:{name}:make", "--shape", "4", "--trust", "-o", "net.layerwright").status == 0
    sys.path[:] = path
    return Path("net.layerwright")


def test_an_imported_network_is_bound_and_trained(cli: Drive, imported: Path, penguins: Path) -> None:
    fields = ",".join(_MEASURES)
    (told,) = cli("bind", imported, "data/penguins.csv", "--input", fields, "--target", "species", "--json").objects
    (name,) = told["inputs"]
    assert told["inputs"][name] == _MEASURES
    assert list(told["targets"].values()) == ["species"]
    assert (told["source"], told["rows"], told["split"], told["ready"]) == ("csv", 45, "stratified", True)
    assert told["options"] == {"path": "data/penguins.csv"}
    trained = cli("train", imported, "--epochs", "2", "--run", "run", "--device", "cpu", "--json")
    assert trained.status == 0
    assert trained.objects[-1]["summary"]["epochs"] == 2
    assert Run.open(Path("run")).project().data.field("species").role == "target"  # type: ignore[union-attr]
    assert cli("evaluate", "run", "--json").status == 0


def test_what_is_proposed_is_taken_where_nothing_is_said(cli: Drive, imported: Path, penguins: Path) -> None:
    Path("out").mkdir()
    done = cli("bind", imported, "data/penguins.csv", "-o", "out/birds.layerwright")
    assert done.status == 0
    assert done.out.splitlines()[-1] == "out/birds.layerwright"
    assert "45 rows, split: stratified" in done.err
    made = load_project(Path("out/birds.layerwright"))
    assert made.data.options == {"path": "../data/penguins.csv"}
    assert made.weights == "../net.safetensors"
    assert not load_project(imported).data.source
    assert cli("check", imported).status == 0
    assert "Nothing in it fits 'node_0': fresh weights there." in done.err  # one column more than it was made for


def test_another_target_takes_the_place_of_the_one_that_was_proposed(cli: Drive, flowers: Path) -> None:
    done = cli("bind", flowers, "iris", "--target", "petal width (cm)", "--input", "petal length (cm)")
    assert done.status == 0, done.err
    made = load_project(flowers)
    assert made.data.split.method == "random"
    assert [each.name for each in made.data.with_role("target")] == ["petal width (cm)"]


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        (("nothing.csv",), 1, "does not exist"),
        (("data/penguins.csv", "--target", "specis"), 1, "Did you mean 'species'"),
        (("data/penguins.csv", "--target", "species", "--target", "sex"), 2, "nothing left"),
        (("data/penguins.csv", "--input", "bill_lenght"), 1, "Did you mean 'bill_length'"),
        (("data/penguins.csv", "--input", "species"), 1, "has the role target"),
        (("data/penguins.csv", "--option", "colour=red"), 2, "each as NAME=VALUE"),
        (("data/penguins.csv", "-o", "made.json"), 2, "must end in .layerwright"),
        (("data/penguins.csv", "-o", "no/made.layerwright"), 2, "no folder 'no'"),
    ],
)
def test_what_cannot_be_bound_is_told_and_changes_nothing(
    cli: Drive, flowers: Path, penguins: Path, arguments: tuple[str, ...], status: int, why: str
) -> None:
    before = flowers.read_bytes()
    refused = cli("bind", flowers, *arguments)
    assert refused.status == status
    assert why in refused.err
    assert flowers.read_bytes() == before
