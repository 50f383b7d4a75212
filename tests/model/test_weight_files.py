"""What the check says of the files of weights that groups start from, before anything is built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.errors import ModelError
from core.graph.project import Project
from core.model.build import build, load_into
from core.model.shapes import check
from core.model.weight_files import weight_file_problems
from core.training.check import check_project
from tests.model.building import given, layer
from tests.model.grouping import group, out, port, project, use

CODER = group("Coder", (port(), layer("lin", "Linear", out_features=3), out()), "x > lin", "lin > y")


def coding(weights: str) -> Project:
    """Return a network with the group Coder, which starts from a file."""
    made = project((CODER,), (given(4, name="a"), use("code", "Coder"), out()), "a > code.x", "code.y > y")
    return replace(made, groups={"Coder": replace(CODER, weights=weights)})


def told(project: Project, base: Path | None) -> list[str]:
    return [each.message for each in weight_file_problems(project, base, check(project))]


def test_a_file_that_is_there_is_no_problem_beside_the_project_or_elsewhere(tmp_path: Path) -> None:
    save_file({"lin.weight": torch.zeros(3, 4), "lin.bias": torch.zeros(3)}, tmp_path / "w.safetensors")
    assert told(coding("w.safetensors"), tmp_path) == []
    assert told(coding(str(tmp_path / "w.safetensors")), None) == []


def test_a_missing_file_is_told_with_its_whole_path_and_a_way_out(tmp_path: Path) -> None:
    missing = coding("gone.safetensors")
    (problem,) = weight_file_problems(missing, tmp_path, check(missing))
    assert problem.severity == "warning"
    assert problem.node == "code"
    assert str(tmp_path / "gone.safetensors") in problem.message
    assert "there is no such file" in problem.message
    assert told(problem.fixes[0].edit.apply(missing), tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip of some kind", b"\xff" * 8 + b"{"])
def test_a_file_of_another_kind_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(content)
    (message,) = told(coding("w.safetensors"), tmp_path)
    assert "no .safetensors file" in message


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").mkdir()
    (message,) = told(coding("w.safetensors"), tmp_path)
    assert "a folder or a device" in message


def test_a_file_that_has_been_put_right_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"not yet")
    assert told(coding("w.safetensors"), tmp_path)
    save_file({"lin.weight": torch.zeros(3, 4)}, path)
    assert told(coding("w.safetensors"), tmp_path) == []


def test_nothing_is_said_of_a_relative_path_before_the_project_has_a_folder() -> None:
    assert told(coding("w.safetensors"), None) == []


def test_groups_that_the_network_does_not_use_are_left_alone(tmp_path: Path) -> None:
    unused = replace(coding("gone.safetensors"), graph=project((), (given(4, name="a"), out()), "a > y").graph)
    assert told(unused, tmp_path) == []


def test_the_check_of_a_project_tells_it_and_does_not_forbid_training(tmp_path: Path) -> None:
    report = check_project(coding("gone.safetensors"), tmp_path)
    assert any("no such file" in each.message for each in report.problems)
    assert not any("no such file" in each.message for each in report.blockers)


def test_weights_of_quite_another_network_are_told_in_a_few_lines(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({f"layer{number}.weight": torch.zeros(1) for number in range(30)}, path)
    with pytest.raises(ModelError, match="of another network") as caught:
        load_into(build(coding("")).module, path, "The weights of 'Coder'")
    assert len(caught.value.problems) == 9
    assert "more differ" in caught.value.problems[-1]
