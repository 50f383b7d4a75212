"""A folder for other machines: it holds all that is read, by relative paths, and trains to the same run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.data.bind import bind
from core.errors import DataError, SaveError
from core.graph.files import load_project
from core.graph.project import Project
from core.training.elsewhere import Places, command_line, other_lines, pack
from core.training.runs import Run
from tests.training.building import PENGUINS, chain, inputs, linear, moons, output, settings_with, trained


@pytest.fixture
def penguins(tmp_path: Path) -> Project:
    """Learns from a table in a folder beside the project's."""
    table = tmp_path / "tables" / "penguins.csv"
    table.parent.mkdir()
    shutil.copy(PENGUINS, table)
    data = bind("csv", {"path": str(table)})
    names = [each.name for each in data.fields if each.meaning == "number"][:2]
    graph = chain(inputs(*names), linear("head", 3), output("species"))
    return Project("Penguins & more", data=data, graph=graph, training=settings_with(epochs=2))


def test_the_folder_trains_wherever_it_is_to_the_same_run(penguins: Project, tmp_path: Path) -> None:
    parcel = pack(penguins, tmp_path / "project", tmp_path / "out")
    assert [target for _source, target in parcel.files] == ["data/penguins.csv"]
    shutil.rmtree(tmp_path / "tables")
    moved = tmp_path / "far" / "away"
    shutil.copytree(parcel.folder, moved)
    shutil.rmtree(parcel.folder)
    project = load_project(moved / parcel.project)
    assert project.data.options["path"] == "data/penguins.csv"
    trained(project, moved / parcel.run, base=moved)
    assert Run.open(moved / "runs" / "penguins-more").summary().status == "completed"


def test_weights_that_it_starts_from_go_with_it(tmp_path: Path) -> None:
    trained(moons(epochs=1), tmp_path / "before")
    weights = tmp_path / "before" / "checkpoints" / "last.safetensors"
    project = replace(moons(epochs=1), weights=str(weights))
    parcel = pack(project, None, tmp_path / "out")
    assert load_project(parcel.folder / parcel.project).weights == "weights/last.safetensors"
    assert (parcel.folder / "weights" / "last.safetensors").read_bytes() == weights.read_bytes()


def test_data_that_is_not_copied_is_named(penguins: Project, tmp_path: Path) -> None:
    parcel = pack(penguins, tmp_path, tmp_path / "out", copy_data=False)
    assert not (parcel.folder / "data").exists()
    ((source, target),) = parcel.files
    readme = (parcel.folder / "README.txt").read_text()
    assert f"{source}  to  {target}" in readme


def test_a_folder_in_use_and_missing_data_are_refused(penguins: Project, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="holds something already"):
        pack(penguins, tmp_path, tmp_path)
    shutil.rmtree(tmp_path / "tables")
    with pytest.raises(DataError):
        pack(penguins, tmp_path, tmp_path / "out")


def test_the_command_lines_are_those_of_the_places(tmp_path: Path) -> None:
    parcel = pack(moons(), None, tmp_path / "out")
    run = "train moons.layerwright --run runs/moons"
    assert command_line(parcel, Places()) == f"layerwright {run}"
    alone = f"torchrun --standalone --nproc-per-node 2 -m -- layerwright {run}"
    assert command_line(parcel, Places(2)) == alone
    several = command_line(parcel, Places(4, 2, "10.0.0.1"))
    assert "--nnodes 2 --nproc-per-node 4" in several
    assert "10.0.0.1:29500" in several
    assert other_lines(parcel, Places(2))["layerwright"].endswith("--processes 2")
    assert not other_lines(parcel, Places(2, 2))
