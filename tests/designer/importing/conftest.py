"""A window, a format of our own to import, and files of weights for a small network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot
from torch import Tensor

from core.errors import ImportFailed
from core.graph.project import Project
from core.importers import Imported, ImporterKind, ImportRequest, importers
from core.importers._draft import Draft
from core.model.build import build
from core.progress import report
from tests.designer.shell.conftest import hands, iris, open_project, settings, window

__all__ = ["hands", "open_project", "settings", "window"]
WAIT = 60_000


def read_toy(request: ImportRequest) -> Imported:
    """Read a network of one layer; a file that says "endless" is read until somebody wants it no longer."""
    text = Path(request.source).read_text()
    while text == "endless":
        report(1, 2, "Reading for ever")
    if not text.isdecimal():
        raise ImportFailed("This is no toy.", problems=["It holds no number."])
    draft = Draft("Toy network")
    source = draft.input("x", (int(text),))
    weight = torch.full((2, int(text)), 0.5)
    params = {"out_features": 2, "bias": False}
    tensors = {"weight": weight}
    made = draft.add("Linear", params, (source,), name="the.layer", tensors=tensors, called={"weight": "the.layer.W"})
    draft.output("y", made)
    draft.note("It is only a toy.")
    draft.opaque.append("odd")
    return draft.finished()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file of a format of our own, with its importer; kept weights go to a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setitem(importers.entries, "toy", ImporterKind("toy", "Toy", "A toy.", read_toy, suffixes=(".toy",)))
    path = tmp_path / "net.toy"
    path.write_text("3")
    return path


def other_weights(project: Project) -> dict[str, Tensor]:
    """Return weights that a network does not start with by itself."""
    return dict(build(replace(project, training=replace(project.training, seed=7))).module.state_dict())


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A state dict for the flowers whose last layer is of another network."""
    state = other_weights(iris()) | {"logits.weight": torch.zeros(9, 9), "more": torch.zeros(3)}
    path = tmp_path / "w.pt"
    torch.save(state, path)
    return path


When = Callable[[QDialog], bool]


def wait_for(qtbot: QtBot, holds: Callable[[], bool]) -> None:
    """Wait until something holds, however long torch takes to be loaded."""
    qtbot.waitUntil(holds, timeout=WAIT)
    QApplication.processEvents()
