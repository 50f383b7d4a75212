"""A project that is saved into another folder still finds its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.data.bind import bind
from core.data.relocate import relocated
from core.graph.project import DataBinding, Group, Project

_TABLE = "width,length,kind\n" + "".join(f"{row},{row * 2},{'ab'[row % 2]}\n" for row in range(20))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a project, with a table and weights in folders below it and beside it."""
    folder = tmp_path / "work" / "flowers"
    for path in (folder / "data" / "table.csv", tmp_path / "work" / "shared" / "table.csv"):
        path.parent.mkdir(parents=True)
        path.write_text(_TABLE)
    for name in ("block.safetensors", "other.safetensors"):
        (folder / name).write_bytes(name.encode())
    return folder


def _project(home: Path, path: str, weights: str = "block.safetensors") -> Project:
    groups = {"Block": Group("Block", weights=weights), "Fresh": Group("Fresh")}
    return Project(data=bind("csv", {"path": path}, home), groups=groups)


def test_paths_lead_to_the_same_files_from_a_folder_above_below_and_beside(home: Path, tmp_path: Path) -> None:
    for place in (home / "runs" / "best", home.parent, tmp_path / "work" / "second"):
        place.mkdir(parents=True, exist_ok=True)
        for path in ("data/table.csv", "../shared/table.csv"):
            made = relocated(_project(home, path), home, place)
            written = Path(str(made.data.options["path"]))
            assert not written.is_absolute()
            assert (place / written).samefile(home / path)
            assert (place / made.groups["Block"].weights).samefile(home / "block.safetensors")
            assert made.groups["Fresh"].weights == ""
            assert bind("csv", made.data.options, place).fields == made.data.fields
            back = relocated(made, place, home)
            assert (home / str(back.data.options["path"])).samefile(home / path)


def test_what_has_nothing_but_the_disk_in_common_becomes_absolute(home: Path) -> None:
    made = relocated(_project(home, "data/table.csv"), home, Path(home.anchor) / "elsewhere")
    assert made.data.options["path"] == str(home / "data" / "table.csv")
    assert made.groups["Block"].weights == str(home / "block.safetensors")


@pytest.mark.parametrize(
    "text", [lambda home: str(home / "block.safetensors"), lambda _home: "~/block.safetensors", lambda _home: ""]
)
def test_other_paths_stay(home: Path, text: Callable[[Path], str]) -> None:
    made = _project(home, "data/table.csv", text(home))
    assert relocated(made, home, home.parent).groups == made.groups
    assert relocated(made, home, home) is made
    for source in ("", "iris", "a_source_that_is_not_installed"):
        data = DataBinding(source, {"path": "data/table.csv"})
        assert relocated(Project(data=data), home, home.parent).data == data
    for path in ("", "~nobody-of-this-name/table.csv"):
        data = DataBinding("csv", {"path": path})
        assert relocated(Project(data=data), home, home.parent).data == data


def test_a_file_that_was_missing_is_taken_from_where_it_is(home: Path) -> None:
    """Whoever has copied the files already finds them; what is nowhere still says where it was."""
    (home.parent / "copied.safetensors").touch()
    groups = {"Block": Group("Block", weights="copied.safetensors"), "Lost": Group("Lost", weights="lost.safetensors")}
    made = relocated(Project(groups=groups), home, home.parent)
    assert made.groups["Block"].weights == "copied.safetensors"
    assert made.groups["Lost"].weights == "flowers/lost.safetensors"


def test_a_project_that_was_in_no_file_keeps_what_it_read(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    made = relocated(_project(home, "data/table.csv", "nowhere.safetensors"), None, tmp_path / "work")
    assert made.data.options["path"] == "flowers/data/table.csv"
    assert made.groups["Block"].weights == "nowhere.safetensors"


def test_a_way_through_a_linked_folder_is_not_shortened_wrongly(home: Path, tmp_path: Path) -> None:
    (home / "linked").symlink_to(tmp_path / "work" / "shared", target_is_directory=True)
    (tmp_path / "work" / "up.safetensors").touch()
    made = relocated(_project(home, "linked/table.csv", "linked/../up.safetensors"), home, home.parent)
    assert (home.parent / str(made.data.options["path"])).samefile(tmp_path / "work" / "shared" / "table.csv")
    assert (home.parent / made.groups["Block"].weights).samefile(tmp_path / "work" / "up.safetensors")
