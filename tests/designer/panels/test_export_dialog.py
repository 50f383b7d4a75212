"""The export dialog: a trained run or an untrained project becomes files that load in plain torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.graph.files import load_project, save_project
from designer.export.dialog import ExportDialog
from designer.session import Session
from designer.training.runner import TrainingRunner

from .conftest import WAIT, checked

Make = Callable[[Session], TrainingRunner]
RELOAD = """
import sys, torch
sys.path.insert(0, sys.argv[1])
import model
net = model.Net()
net.load_state_dict(torch.load(sys.argv[1] + "/model.pt", weights_only=True))
net.eval()
print(tuple(net(torch.zeros(3, 4)).shape))
print(any(name.split(".")[0] in ("core", "designer", "PySide6") for name in sys.modules))
"""


@pytest.fixture
def dialog(qtbot: QtBot, iris: Session, make_runner: Make) -> ExportDialog:
    runner = make_runner(iris)
    checked(qtbot, iris)
    runner.start()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    dialog = ExportDialog(iris, runner.runs_root)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.run.count() == 2, timeout=WAIT)
    return dialog


def export(qtbot: QtBot, dialog: ExportDialog, kind: str, path: Path) -> None:
    at = next(at for at, each in enumerate(dialog.kinds) if each.id == kind)
    dialog.formats.button(at).click()
    dialog.path.selectAll()
    qtbot.keyClicks(dialog.path, str(path))
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.export.isEnabled, timeout=WAIT)


@pytest.mark.parametrize(
    ("kind", "name"), [("safetensors", "net.safetensors"), ("state-dict", "net.pt"), ("python", "model.py")]
)
def test_each_format_is_written_and_verified(
    qtbot: QtBot, dialog: ExportDialog, tmp_path: Path, kind: str, name: str
) -> None:
    export(qtbot, dialog, kind, tmp_path / name)
    assert "verified" in dialog.message.text()
    assert (tmp_path / name).is_file()
    assert dialog.open_folder.isVisible()


def test_the_exported_source_runs_where_there_is_only_torch(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    export(qtbot, dialog, "python", tmp_path / "model.py")
    run = subprocess.run(
        [sys.executable, "-P", "-c", RELOAD, str(tmp_path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert run.stdout.split("\n")[:2] == ["(3, 3)", "False"]


def test_the_open_project_can_be_exported_untrained(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.run.setCurrentIndex(1)
    assert not dialog.which.isVisible()
    export(qtbot, dialog, "safetensors", tmp_path / "fresh.safetensors")
    assert (tmp_path / "fresh.safetensors").is_file()


def test_what_there_is_to_know_of_an_export_is_told(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    (path,) = dialog._root.rglob("project.layerwright")
    project = load_project(path)
    save_project(replace(project, data=replace(project.data, source="csv", options={"path": "gone.csv"})), path)
    export(qtbot, dialog, "pt2", tmp_path / "net.pt2")
    assert (tmp_path / "net.pt2").is_file()
    assert "verified" in dialog.message.text()
    assert "made up" in dialog.message.text()


def test_what_needs_training_is_not_exported_without(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.run.setCurrentIndex(1)
    export(qtbot, dialog, "bundle", tmp_path / "fresh.zip")
    assert "train first" in dialog.message.text()
    assert not list(tmp_path.glob("*.zip"))


def test_an_export_can_be_cancelled(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    at = next(at for at, each in enumerate(dialog.kinds) if each.id == "bundle")
    dialog.formats.button(at).click()
    dialog.path.selectAll()
    qtbot.keyClicks(dialog.path, str(tmp_path / "net.zip"))
    qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
    assert dialog.cancel.isVisible()
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert "Cancelled" in dialog.message.text()
    assert not dialog.cancel.isVisible()
    dialog.close()
    assert not list(tmp_path.glob("*.zip"))


def test_an_ending_that_does_not_fit_the_format_is_added(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    export(qtbot, dialog, "safetensors", tmp_path / "net.v2")
    assert (tmp_path / "net.v2.safetensors").is_file()


def test_a_place_that_cannot_be_written_is_told(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    export(qtbot, dialog, "safetensors", tmp_path / "nowhere" / "net.safetensors")
    assert "nowhere" in dialog.message.text()
    assert not dialog.open_folder.isVisible()


def test_choosing_another_format_changes_the_proposed_ending(dialog: ExportDialog) -> None:
    for at, kind in enumerate(dialog.kinds):
        dialog.formats.button(at).click()
        assert dialog.path.text().endswith(kind.suffix)


def test_the_dialog_fits_a_small_screen_and_tells_of_every_format_without_clipping(dialog: ExportDialog) -> None:
    assert dialog.height() <= 560
    for at, kind in enumerate(dialog.kinds):
        dialog.formats.button(at).click()
        assert dialog.about.text() == kind.help
        assert dialog.about.height() >= dialog.about.heightForWidth(dialog.about.width())
    assert dialog.height() <= 560


def test_what_would_be_replaced_is_said_and_a_zip_without_its_ending_is_a_folder(
    qtbot: QtBot, dialog: ExportDialog, tmp_path: Path
) -> None:
    by_id = {each.id: dialog.formats.button(at) for at, each in enumerate(dialog.kinds)}
    by_id["bundle"].click()
    bundle = dialog.path.text()
    by_id["package"].click()
    assert dialog.path.text() != bundle  # one does not replace the other
    (tmp_path / "there.zip").write_text("")
    dialog.path.selectAll()
    qtbot.keyClicks(dialog.path, str(tmp_path / "there.zip"))
    assert dialog.message.text() == "“there.zip” is there already: it will be replaced."
    by_id["onnx"].click()
    assert not dialog.message.text()
    export(qtbot, dialog, "bundle", tmp_path / "folder")
    assert (tmp_path / "folder" / "predict.py").is_file()
