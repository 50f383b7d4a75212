"""Importing a network in the window: named, trusted, read in a job, told about, opened as a project of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core import trust
from core.graph.files import load_project
from core.graph.groups import with_weights_beside
from core.importers import importers
from core.model.build import build
from designer.importing.dialog import ImportDialog
from designer.importing.keeping import kept_folder
from designer.properties.project_form import ProjectForm
from designer.window import Window
from tests.designer.importing.conftest import wait_for
from tests.designer.shell.conftest import Hands
from tests.designer.shell.test_dropping_files import drop

Open = Callable[[str], ImportDialog]


@pytest.fixture
def dialog(qtbot: QtBot, window: Window, tmp_path: Path) -> Iterator[Open]:
    """Opens the dialog over a window, as the command does but without waiting for its end."""
    opened: list[ImportDialog] = []

    def open_(source: str) -> ImportDialog:
        made = ImportDialog(tmp_path, window, source)
        made.opened.connect(window.projects.open_template)
        qtbot.addWidget(made)
        made.show()
        opened.append(made)
        return made

    yield open_
    for each in opened:
        each.reject()


def ready(dialog: ImportDialog) -> bool:
    return dialog.go.text() == "Open"


def kept_files() -> list[Path]:
    return list(kept_folder().glob("*.safetensors"))


def test_a_file_is_imported_told_about_and_opened_beside_what_is_open(
    qtbot: QtBot, window: Window, toy: Path, dialog: Open
) -> None:
    window.new_project()
    made = dialog("")
    assert not made.go.isEnabled()
    made.source.setText(str(toy))
    made.go.click()
    wait_for(qtbot, lambda: ready(made))
    assert "Toy network" in made.report.summary.text()
    assert made.report.numbers.text() == "1 layer · 6 parameters"
    assert made.report.notes == ("It is only a toy.",)
    assert made.report.table is not None
    assert [made.report.table.item(0, column).text() for column in (0, 1)] == ["the.layer", "the_layer"]
    assert len(window.projects.open_ones) == 1
    said: list[tuple[str, bool]] = []
    made.opened.connect(lambda _project: said.append((made.go.text(), made.isVisible())))
    made.go.click()
    assert said == [("Opening…", True)]
    assert made.isHidden()
    assert len(window.projects.open_ones) == 2
    workspace = window.workspace
    assert workspace is not None
    assert workspace.session.document.path is None
    assert workspace.session.document.is_modified
    assert torch.equal(
        build(workspace.session.project).module.state_dict()["the_layer.weight"], torch.full((2, 3), 0.5)
    )

    def told() -> str:
        form = workspace.properties.form
        return f"{form._layers.text()}; {form._parameters.text()}" if isinstance(form, ProjectForm) else ""

    wait_for(qtbot, lambda: told().startswith("1 layer, 1 input, 1 output; 6, "))


def test_the_first_save_puts_the_weights_beside_the_file(
    qtbot: QtBot, window: Window, toy: Path, dialog: Open, hands: Hands, tmp_path: Path
) -> None:
    made = dialog(str(toy))
    wait_for(qtbot, lambda: ready(made))
    made.go.click()
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "toy.safetensors").write_bytes(b"somebody else's")
    hands.choose(folder / "toy.layerwright")
    assert window.save()
    assert window.workspace is not None
    saved = load_project(folder / "toy.layerwright")
    assert saved == window.workspace.session.project
    assert saved.weights == "toy-2.safetensors"
    assert (folder / "toy.safetensors").read_bytes() == b"somebody else's"
    for each in kept_files():
        each.unlink()
    found = build(with_weights_beside(saved, folder)).module.state_dict()
    assert torch.equal(found["the_layer.weight"], torch.full((2, 3), 0.5))
    assert window.save()
    assert load_project(folder / "toy.layerwright").weights == "toy-2.safetensors"


def test_what_cannot_be_imported_is_told_in_place(qtbot: QtBot, window: Window, toy: Path, dialog: Open) -> None:
    toy.write_text("damaged")
    made = dialog(str(toy))
    wait_for(qtbot, lambda: bool(made.message.text()))
    assert made.message.text() == "This is no toy.\n•  It holds no number."
    made.source.setText("network.unknown")
    made.go.click()
    wait_for(qtbot, lambda: "nothing that can be imported" in made.message.text())
    assert made.go.isEnabled()
    assert not window.projects.open_ones
    assert not kept_files()


def test_a_long_import_shows_how_far_it_is_and_can_be_cancelled(qtbot: QtBot, toy: Path, dialog: Open) -> None:
    toy.write_text("endless")
    made = dialog(str(toy))
    wait_for(qtbot, lambda: made.work.text.text() == "Reading for ever")
    assert not made.source.isEnabledTo(made)
    made.work.button.click()
    wait_for(qtbot, lambda: made.go.isEnabled())
    assert not made.work.isVisible()
    assert made.source.isEnabledTo(made)


def test_an_import_that_is_not_opened_leaves_nothing_behind(
    qtbot: QtBot, window: Window, toy: Path, dialog: Open
) -> None:
    made = dialog(str(toy))
    wait_for(qtbot, lambda: ready(made))
    assert len(kept_files()) == 1
    made.cancel.click()
    assert not kept_files()
    assert not window.projects.open_ones


@pytest.mark.parametrize("text", ["3, x", "0", "-3", "three"])
def test_sizes_that_are_none_are_refused_before_anything_is_read(toy: Path, dialog: Open, text: str) -> None:
    made = dialog("")
    made.source.setText(str(toy))
    made.shapes.setText(f"3, 8, 8; {text}")
    made.go.click()
    assert "are no sizes" in made.message.text()
    assert made.go.text() == "Import"


def test_every_importer_is_named(dialog: Open, toy: Path) -> None:
    made = dialog("")
    shown = [each.text() for each in made.findChildren(type(made.report.summary))]
    for kind in importers:
        assert any(text.startswith(f"{kind.title}  ·") for text in shown), kind.id


def test_code_is_shown_and_runs_only_once_it_is_trusted(
    qtbot: QtBot, window: Window, toy: Path, dialog: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    mark, name = tmp_path / "ran", f"mine_{uuid4().hex}"
    code = f"open({str(mark)!r}, 'w').close()\nfrom torch import nn\n\n\ndef make():\n    return nn.Linear(4, 2)\n"
    (tmp_path / f"{name}.py").write_text(code)
    made = dialog("")
    made.source.setText(f"python:{name}:make")
    made.shapes.setText("4")
    made.go.click()
    wait_for(qtbot, lambda: made.go.text() == "Trust and import")
    assert made.trusting.code.toPlainText() == code
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Backspace, Qt.Key.Key_Enter):
        qtbot.keyClick(made.trusting.code, key)
    assert made.trusting.code.toPlainText() == code
    assert made.go.text() == "Trust and import"  # Enter in the text is no answer
    assert not mark.exists()
    made.back.click()
    assert made.go.text() == "Import"
    assert not trust.is_trusted(code)
    made.go.click()
    wait_for(qtbot, lambda: made.go.text() == "Trust and import")
    made.go.click()
    wait_for(qtbot, lambda: ready(made))
    assert mark.exists()
    made.go.click()
    assert window.workspace is not None
    assert [node.kind for node in window.workspace.session.project.graph.nodes.values()].count("Linear") == 1


@pytest.mark.parametrize("bring", [lambda window, path: drop(window, path), Window.open_file], ids=["drop", "open"])
def test_a_network_that_is_dropped_or_opened_as_a_file_is_imported(
    qtbot: QtBot, window: Window, toy: Path, hands: Hands, bring: Callable[[Window, Path], object]
) -> None:
    def open_it(found: object) -> bool:
        assert isinstance(found, ImportDialog)
        if not ready(found):
            return False
        qtbot.mouseClick(found.go, Qt.MouseButton.LeftButton)
        return True

    hands.expect(open_it)
    bring(window, toy)
    wait_for(qtbot, lambda: len(window.projects.open_ones) == 1)
    assert window.projects.open_ones[0].session.project.name == "Toy network"


def test_a_python_file_offers_what_in_it_makes_a_network(
    qtbot: QtBot, window: Window, toy: Path, dialog: Open, tmp_path: Path
) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "from torch import nn\n\n\nclass Part(nn.Module):\n    def __init__(self, size):\n        pass\n\n\n"
        "def make():\n    return nn.Sequential(nn.Linear(3, 2))\n\n\ndef _hidden():\n    return None\n"
    )
    made = dialog(str(path))
    assert [made.maker.itemText(place) for place in range(made.maker.count())] == ["make"]
    assert made.maker.isVisible()
    made.maker.setFocus()
    qtbot.keyClick(made.maker, Qt.Key.Key_Return)
    wait_for(qtbot, lambda: made.go.text() == "Trust and import")
    made.go.click()
    wait_for(qtbot, lambda: ready(made))
    assert "Sequential" in made.report.summary.text()
    assert made.report.ends.text() == "From 'input' 3 to 'output'"
    assert "guessed: 'input' 3" in made.report.notes[0]
    made.back.click()
    made.source.setText("net.onnx")
    assert not made.maker.isVisible()


def test_what_cannot_be_imported_is_told_and_can_be_typed_over_at_once(
    qtbot: QtBot, window: Window, toy: Path, dialog: Open, tmp_path: Path
) -> None:
    toy.write_text("no number")
    made = dialog("")
    made.source.setText(str(toy))
    made.go.setFocus()
    made.go.click()
    wait_for(qtbot, lambda: bool(made.message.text()))
    assert made.message.text() == "This is no toy.\n•  It holds no number."
    assert made.source.hasFocus()
    made.source.setText(str(tmp_path / "net.pth"))
    assert not made.message.text()
    made.go.click()
    assert "“net.pth” holds weights" in made.message.text()
