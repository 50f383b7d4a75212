"""A new user's whole way in the real window, by mouse and keyboard: empty canvas, network, training, export, reload."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.project import End
from core.training.runs import Run, list_runs
from designer.export.dialog import ExportDialog
from designer.session import Session
from designer.settings import Settings
from designer.window import Window
from tests.designer.canvas.conftest import Hand
from tests.designer.shell.conftest import Hands, discard, wait_for_check

WAIT = 120_000
RELOAD = """
import sys

folder = sys.argv[1]
sys.path = [folder, *(each for each in sys.path if each.endswith("site-packages") or "python3" in each)]
import torch
from model import Net

net = Net()
net.load_state_dict(torch.load(folder + "/model.pt", weights_only=True))
net.eval()
batch = torch.load(folder + "/batch.pt", weights_only=True)
with torch.inference_mode():
    print(float((net(batch["input"]) - batch["output"]).abs().max()))
print(sorted(name for name in ("core", "designer", "layerwright", "PySide6", "polars") if name in sys.modules))
"""


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Window]:
    made = Window(Settings(tmp_path / "designer.ini"))
    made.resize(1366, 768)
    made.show()
    qtbot.waitExposed(made)
    yield made
    discard(made)
    made.close()
    made.deleteLater()


@pytest.fixture
def hands() -> Iterator[Hands]:
    made = Hands()
    yield made
    made.close()


def session_of(window: Window) -> Session:
    """Return the session of the open project."""
    assert window.workspace is not None
    return window.workspace.session


def add(qtbot: QtBot, window: Window, typed: str) -> None:
    """Add a layer as the canvas teaches it: Tab, a few letters, Enter."""
    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    field = QApplication.focusWidget()
    qtbot.keyClicks(field, typed)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def export_by_hand(qtbot: QtBot, window: Window, path: Path) -> str:
    """Press the menu's Export, fill in the dialog, and return what it says at the end."""
    said: list[str] = []

    def fill_in() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ExportDialog)
        qtbot.waitUntil(lambda: dialog.run.count() == 2, timeout=WAIT)
        at = next(at for at, kind in enumerate(dialog.kinds) if kind.id == "python")
        dialog.formats.button(at).click()
        dialog.path.selectAll()
        qtbot.keyClicks(dialog.path, str(path))
        qtbot.mouseClick(dialog.export, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(dialog.export.isEnabled, timeout=WAIT)
        said.append(dialog.message.text())
        dialog.reject()

    QTimer.singleShot(0, fill_in)
    window.actions_by_id["export"].trigger()
    return said[0]


def stored_batch(folder: Path, run: Run) -> None:
    """Write inputs with the outputs that the trained network of the run gives for them."""
    import torch

    from core.data.dataset import load
    from core.model.build import build
    from core.training.checkpoints import load_weights

    project = run.project()
    network = build(project).module
    load_weights(network, run.weights("best"))
    network.eval()
    (rows,) = load(project).validation.inputs.values()
    with torch.inference_mode():
        torch.save({"input": rows, "output": network(rows)}, folder / "batch.pt")


def build_by_keyboard(qtbot: QtBot, window: Window) -> list[str]:
    """Build five layers on the empty canvas, each wired to the one before; return their names."""
    for typed in ("input", "linear", "relu", "linear", "output"):
        add(qtbot, window, typed)
    graph = session_of(window).project.graph
    assert [node.kind for node in graph.nodes.values()] == ["Input", "Linear", "ReLU", "Linear", "Output"]
    assert len(graph.links) == 4
    return list(graph.nodes)


def rewire_by_mouse(hand: Hand, window: Window, source: str, target: str) -> None:
    """Take a wire off its input and draw it again from port to port."""
    window.canvas.zoom_to_fit()
    taken, giver = End(target, "input"), End(source, "output")
    hand.drag(str(taken), hand.place(str(taken)) + QPointF(150, 0))
    assert taken not in session_of(window).project.graph.links
    hand.drag(str(giver), str(taken))
    assert session_of(window).project.graph.links[taken] == giver


def bind_iris(qtbot: QtBot, window: Window, output: str) -> None:
    """Bind a bundled set by one click, which binds input and target too."""
    workspace, session = window.workspace, session_of(window)
    assert workspace is not None
    workspace.inspector.setCurrentWidget(workspace.data)
    qtbot.mouseClick(workspace.data.empty.findChild(QToolButton, "source_iris"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.project.data.source == "iris", timeout=WAIT)
    assert session.project.graph.nodes[output].params["target"] == "species"
    wait_for_check(qtbot, window)


def fix_by_one_click(qtbot: QtBot, window: Window, label: str) -> None:
    """Press a fix in the problem list; undo brings the problem back, redo takes it away again."""
    workspace, session = window.workspace, session_of(window)
    assert workspace is not None
    fix = next(each for each in workspace.problems.findChildren(QPushButton) if label in each.text())
    qtbot.mouseClick(fix, Qt.MouseButton.LeftButton)
    for change, is_left in ((lambda: None, False), (session.document.undo, True), (session.document.redo, False)):
        change()
        wait_for_check(qtbot, window)
        assert session.report is not None
        assert bool(session.report.problems) is is_left


def shape(window: Window, node: str) -> str:
    """Return what stands on the wire under a node."""
    report = session_of(window).report
    assert report is not None
    return str(report.shapes.nodes[node].outputs["output"])


def train_by_hand(qtbot: QtBot, window: Window, epochs: int) -> None:
    """Type the number of epochs, press Train, and wait until the whole curve is there."""
    workspace = window.workspace
    assert workspace is not None
    workspace.inspector.setCurrentWidget(workspace.training)
    fold, form = workspace.training.folds["batches"], workspace.training.forms["batches"]
    fold.button.setChecked(True)
    field = form.rows["epochs"].editor.findChild(QLineEdit)
    assert field is not None
    window.activateWindow()  # the file dialog was the active one
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(field, str(epochs))
    wait_for_check(qtbot, window)
    qtbot.mouseClick(workspace.train_bar.train, Qt.MouseButton.LeftButton)

    def ended() -> bool:
        series = [each for run in workspace.curves.runs for each in run.series.values()]
        return workspace.runner.state == "finished" and max((len(each.values) for each in series), default=0) == epochs

    qtbot.waitUntil(ended, timeout=WAIT)


def test_from_an_empty_canvas_to_weights_that_load_where_there_is_only_torch(
    qtbot: QtBot, window: Window, hands: Hands, tmp_path: Path
) -> None:
    qtbot.mouseClick(window.start.new_button, Qt.MouseButton.LeftButton)
    first, hidden, relu, logits, output = build_by_keyboard(qtbot, window)
    rewire_by_mouse(Hand(qtbot, window.canvas), window, hidden, relu)
    bind_iris(qtbot, window, output)
    assert [shape(window, name) for name in (first, hidden, logits)] == ["N × 4", "N × 64", "N × 64"]
    fix_by_one_click(qtbot, window, "out_features")
    assert shape(window, logits) == "N × 3"

    hands.choose(tmp_path / "flowers.layerwright")
    window.actions_by_id["save"].trigger()
    assert (tmp_path / "flowers.layerwright").is_file()
    assert not window.isWindowModified()

    train_by_hand(qtbot, window, epochs=150)
    workspace = window.workspace
    assert workspace is not None
    assert workspace.curves.isVisible()
    assert "accuracy" in workspace.train_bar.status.text()

    (tmp_path / "out").mkdir()
    assert "verified" in export_by_hand(qtbot, window, tmp_path / "out" / "model.py")
    (listed,) = list_runs(workspace.runner.runs_root)
    stored_batch(tmp_path / "out", Run.open(listed.path))
    command = [sys.executable, "-P", "-c", RELOAD, str(tmp_path / "out")]
    reloaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    difference, ours = reloaded.stdout.splitlines()
    assert float(difference) <= 1e-6
    assert ours == "[]"
