"""Python layers run on the command line only once they were looked at and trusted."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from core.graph.files import load_project, save_project
from core.graph.project import End, Graph, Node, Project, PythonLayer
from tests.cli.conftest import Drive

_SOURCE = '''
import torch
from torch import nn


class Doubled(nn.Module):
    """Gives twice what arrives."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project file with one Python layer, on a machine that trusts nothing yet."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    nodes = (Node("a", "Input", {"shape": (3,)}), Node("twice", "python:Doubled"), Node("y", "Output"))
    links = {End("twice", "x"): End("a", "output"), End("y", "input"): End("twice", "output")}
    made = Project(
        graph=Graph({node.name: node for node in nodes}, links), code={"Doubled": PythonLayer("Doubled", _SOURCE)}
    )
    path = tmp_path / "doubled.layerwright"
    save_project(made, path)
    return path


def test_an_untrusted_layer_keeps_the_project_from_passing_the_check(cli: Drive, project: Path) -> None:
    outcome = cli("check", project, "--json")
    assert outcome.status == 1
    (problem,) = [each for each in outcome.objects[0]["problems"] if each["severity"] == "error"]
    assert "Doubled" in problem["message"]


def test_trust_shows_the_code_and_takes_a_no_for_a_no(
    cli: Drive, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    outcome = cli("trust", project, "--json")
    assert outcome.status == 1
    assert "return 2 * x" in outcome.err
    assert outcome.objects == [{"layer": "Doubled", "trusted": False}]
    assert cli("check", project).status == 1


@pytest.mark.parametrize("answer", ["y\n", "yes\n"])
def test_a_trusted_layer_runs(cli: Drive, project: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert cli("trust", project).status == 0
    outcome = cli("check", project, "--json")
    assert outcome.status == 0
    assert outcome.objects[0]["nodes"]["twice"]["out"] == [["N", 3]]
    assert cli("trust", project).out == "Doubled: trusted\n"


def test_nothing_in_the_code_can_hide_other_code_from_the_reader(
    cli: Drive, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = load_project(project)
    source = _SOURCE + "hidden = 1  # \x1b[1A\x1b[2K\r\u202e\n"
    save_project(replace(made, code={"Doubled": PythonLayer("Doubled", source)}), project)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    outcome = cli("trust", project)
    assert r"hidden = 1  # \x1b[1A\x1b[2K\r\u202e" in outcome.err
