"""Ways to drive the command line: in this process, where its output is captured, and as the installed command."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit status, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects on stdout; there must be nothing else."""
        found = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(each, dict) for each in found)
        return found


def drive(*arguments: object) -> Outcome:
    """Run a command in this process; people never get a traceback (a ``failed`` event has one, for logs)."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(each) for each in arguments])
    assert "Traceback" not in err.getvalue(), err.getvalue()
    return Outcome(status, out.getvalue(), err.getvalue())


Drive = Callable[..., Outcome]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drive:
    """Drives the command line from an empty folder."""
    monkeypatch.chdir(tmp_path)
    return drive


@dataclass(frozen=True)
class Trip:
    """A project that was made and trained on the command line (to be read only), and what training printed."""

    project: Path
    run: Path
    training: Outcome


@pytest.fixture(scope="session")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """The digits, two epochs."""
    folder = tmp_path_factory.mktemp("trip")
    project, run = folder / "digits.layerwright", folder / "run"
    assert drive("new", "digits", "-o", project).out == f"{project}\n"
    training = drive("train", project, "--epochs", 2, "--run", run, "--device", "cpu", "--json")
    assert training.status == 0
    return Trip(project, run, training)


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """A fresh project file that trains in no time."""
    path = tmp_path / "flowers.layerwright"
    assert drive("new", "flowers", "-o", path).status == 0
    return path


@pytest.fixture
def change(flowers: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """Rewrites the flowers' file by a function that changes its content."""

    def rewrite(function: Callable[[dict[str, Any]], object]) -> Path:
        content = json.loads(flowers.read_text(encoding="utf-8"))
        function(content)
        flowers.write_text(json.dumps(content), encoding="utf-8")
        return flowers

    return rewrite


def node(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a node of a project file's content."""
    found: dict[str, Any] = next(each for each in content["graph"]["nodes"] if each["name"] == name)
    return found
