"""Code that makes a network runs only once it is trusted, and what it does wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import trust
from core.errors import ImportFailed
from core.importers import ImportRequest, importers
from core.importers.pytorch import source_text

_SOURCE = """from pathlib import Path

import torch
from torch import nn

Path(__file__).with_name("ran").touch()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(4, 3)

    def forward(self, x):
        return torch.tanh(self.one(x))


def network():
    return Net()


ready = Net()


def broken():
    raise ValueError("no luck")


def nothing():
    return 3
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(_SOURCE)
    return path


def test_code_is_shown_and_does_not_run_before_it_is_trusted(file: Path) -> None:
    source = f"python:{file}:network"
    assert source_text(source) == _SOURCE
    with pytest.raises(ImportFailed, match="has not been run: look at its code and trust it"):
        importers["pytorch"].read(ImportRequest(source))
    assert not file.with_name("ran").exists()


@pytest.mark.parametrize("factory", ["network", "Net", "ready"])
def test_functions_classes_and_modules_are_imported(file: Path, factory: str) -> None:
    trust.trust(_SOURCE)
    imported = importers["pytorch"].read(ImportRequest(f"python:{file}:{factory}", shapes=((4,),)))
    assert [node.kind for node in imported.project.graph.nodes.values()] == ["Input", "Linear", "Tanh", "Output"]
    trust.forget(_SOURCE)


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("broken", r"line 26 raised ValueError: no luck"),
        ("nothing", "gives a int, not a torch.nn.Module"),
        ("missing", "There is no 'missing'"),
    ],
)
def test_what_is_wrong_with_the_code_is_said(file: Path, factory: str, said: str) -> None:
    trust.trust(_SOURCE)
    with pytest.raises(ImportFailed, match=said):
        importers["pytorch"].read(ImportRequest(f"python:{file}:{factory}"))
    trust.forget(_SOURCE)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("python:nothing", "names no code"),
        ("python:no.such.module:net", "There is no module 'no.such.module'"),
        ("python:/no/such/file.py:net", "cannot be read"),
        ("python:math:sqrt", "There is no module 'math' with a Python source"),
    ],
)
def test_sources_that_name_no_code_are_refused(source: str, said: str) -> None:
    with pytest.raises(ImportFailed, match=said):
        source_text(source)


def test_finding_a_module_imports_none_of_the_packages_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "outer_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('ran')\n")
    (folder / "inner.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert source_text("python:outer_package.inner:x") == "x = 1\n"
