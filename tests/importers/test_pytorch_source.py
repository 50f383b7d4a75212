"""Code that makes a network runs only once it is trusted, and what it does wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import trust
from core.errors import ImportFailed
from core.importers import ImportRequest, importers
from core.importers._torch.source import offered
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


def test_code_that_was_edited_and_trusted_anew_is_what_runs_with_all_that_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "edited_zoo"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    def outputs(out: int, act: str) -> list[str]:
        (package / "parts.py").write_text(f"from torch import nn\n\nActivation = nn.{act}\n")
        text = (
            "from torch import nn\n\nfrom edited_zoo.parts import Activation\n\n\n"
            f"def make():\n    return nn.Sequential(nn.Linear(4, {out}), Activation())\n"
        )
        (package / "nets.py").write_text(text)
        trust.trust(text)
        imported = importers["pytorch"].read(ImportRequest("python:edited_zoo.nets:make", shapes=((4,),)))
        trust.forget(text)
        nodes = list(imported.project.graph.nodes.values())[1:-1]
        return [nodes[0].kind, str(nodes[0].params["out_features"]), nodes[1].kind]

    assert outputs(5, "ReLU") == ["Linear", "5", "ReLU"]
    assert outputs(77, "Sigmoid") == ["Linear", "77", "Sigmoid"]


def test_what_can_make_a_network_is_offered_without_running_anything(tmp_path: Path) -> None:
    text = _SOURCE.replace(_SOURCE[:4], f"open({str(tmp_path / 'ran')!r}, 'w')\nfrom", 1)
    assert offered(text) == ("Net", "network", "broken", "nothing", "ready")
    assert not (tmp_path / "ran").exists()
    parts = "from torch import nn\n\n\nclass Part(nn.Module):\n    def __init__(self, size):\n        pass\n"
    assert offered(parts + "\n\ndef build(depth=2, *, wide=False):\n    return Part(depth)\n") == ("build",)
    assert offered(parts + "\n\ndef build(depth, *, wide):\n    return Part(depth)\n") == ()
    assert offered(parts + "\n\nnet = nn.Sequential(Part(3), nn.ReLU())\n") == ("net",)
    assert offered("def (") == ()
