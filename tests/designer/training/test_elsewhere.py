"""Run elsewhere writes a folder and says what to type; a run that another process trains is followed live."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from core.graph.files import load_project
from core.training.control import Control
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from designer.plots.panel import CurvesPanel
from designer.session import Session
from designer.training.elsewhere import ElsewhereDialog
from designer.training.following import Follower

from .conftest import WAIT, MakeRunner

ROOT = Path(__file__).parents[3]


@pytest.fixture
def dialog(qtbot: QtBot, iris: Session, tmp_path: Path) -> Iterator[ElsewhereDialog]:
    made = ElsewhereDialog(iris)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.folder.setText(str(tmp_path / "away"))
    made.show()
    yield made
    made.done(0)


def _write(qtbot: QtBot, dialog: ElsewhereDialog) -> None:
    qtbot.mouseClick(dialog.write, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialog.message.text() or dialog.problem.text()), timeout=WAIT)


def test_the_folder_is_written_and_the_command_line_copied(
    qtbot: QtBot, dialog: ElsewhereDialog, iris: Session, tmp_path: Path
) -> None:
    assert not dialog.command.toPlainText()
    assert not dialog.follow.isEnabled()
    _write(qtbot, dialog)
    (written,) = (tmp_path / "away").glob("*.layerwright")
    assert load_project(written).graph == iris.project.graph
    assert dialog.command.toPlainText().startswith("layerwright train ")
    assert not dialog.write.isEnabled()  # Enter in one of the fields below does not write again
    assert dialog.note.text().endswith("pip install layerwright")
    dialog.processes.setValue(2)
    assert "--nproc-per-node 2" in dialog.command.toPlainText()
    assert not dialog.host.isEnabled()
    dialog.machines.setValue(3)
    dialog.host.setText("gpu1")
    qtbot.mouseClick(dialog.copy_command, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert "--nnodes 3" in copied
    assert "gpu1:29500" in copied
    with qtbot.waitSignal(dialog.follow_requested) as asked:
        qtbot.mouseClick(dialog.follow, Qt.MouseButton.LeftButton)
    assert asked.args == [tmp_path / "away" / "runs" / written.stem]
    assert not dialog.isVisible()


def test_a_folder_in_use_is_refused_in_words(qtbot: QtBot, dialog: ElsewhereDialog, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "precious").write_text("")
    _write(qtbot, dialog)
    assert "holds something already" in dialog.problem.text()
    assert not dialog.command.isEnabled()
    assert dialog.folder.hasFocus()
    dialog.folder.setText(str(tmp_path / "other"))
    assert not dialog.problem.text()


@pytest.fixture
def curves(qtbot: QtBot, iris: Session, make_runner: MakeRunner) -> Iterator[CurvesPanel]:
    made = CurvesPanel(make_runner(iris))
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    yield made
    made.close_jobs()


@pytest.mark.slow
def test_a_run_that_another_process_trains_is_followed_to_its_end(
    qtbot: QtBot, dialog: ElsewhereDialog, curves: CurvesPanel, tmp_path: Path
) -> None:
    _write(qtbot, dialog)
    assert dialog.parcel is not None
    folder = dialog.parcel.folder / dialog.parcel.run
    follower = Follower.of(curves)
    assert Follower.of(curves) is follower
    follower.follow(folder)
    assert follower.followed == [folder]
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); from core.cli.main import main; "]
    command[-1] += "sys.exit(main())"
    command += [*dialog.command.toPlainText().split()[1:], "--epochs", "100000"]
    with subprocess.Popen(command, cwd=dialog.parcel.folder, stderr=subprocess.DEVNULL) as process:
        qtbot.waitUntil(lambda: bool(curves.runs) and bool(curves.plots), timeout=WAIT)
        assert not curves.runs[0].complete
        assert folder in follower.followed
        process.send_signal(signal.SIGINT)
        assert process.wait() == 128 + signal.SIGINT
    qtbot.waitUntil(lambda: curves.runs[0].complete, timeout=WAIT)
    qtbot.waitUntil(lambda: not follower.followed, timeout=WAIT)
    assert Run.open(folder).summary().status == "stopped"


def test_a_run_that_is_over_is_shown_and_not_followed(
    qtbot: QtBot, iris: Session, curves: CurvesPanel, tmp_path: Path
) -> None:
    train(Job(iris.project, tmp_path / "run", epochs=2), lambda _event: None, Control())
    follower = Follower.of(curves)
    follower.follow(tmp_path / "run")
    qtbot.waitUntil(lambda: bool(curves.runs) and curves.runs[0].complete, timeout=WAIT)
    qtbot.waitUntil(lambda: not follower.followed, timeout=WAIT)
    follower.stop()
