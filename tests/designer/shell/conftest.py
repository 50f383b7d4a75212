"""A real window with settings of its own, projects in files, and hands that answer real dialogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.files import save_project
from core.graph.project import End, Graph, Node, Project
from designer import theme
from designer.settings import Settings
from designer.window import Window

Answer = Callable[[QDialog], bool]
"""Answers a dialog; False where it is not ready yet."""


def graph(*nodes: Node) -> Graph:
    """Return a graph in which every node feeds the next."""
    links = {End(after.name, "input"): End(before.name, "output") for before, after in pairwise(nodes)}
    return Graph({node.name: node for node in nodes}, links)


def iris(hidden: int = 5) -> Project:
    """Return a small classifier of flowers, ready to be trained."""
    data = bind("iris", {})
    fields = tuple(field.name for field in data.with_role("input"))
    target = data.with_role("target")[0].name
    nodes = (
        Node("flower", "Input", {"fields": fields}, position=(0, 0)),
        Node("hidden", "Linear", {"out_features": hidden}, position=(0, 100)),
        Node("relu1", "ReLU", position=(0, 200)),
        Node("logits", "Linear", {"out_features": 3}, position=(0, 300)),
        Node("species", "Output", {"target": target}, position=(0, 400)),
    )
    return Project(name="Flowers", data=data, graph=graph(*nodes))


def image_network() -> Project:
    """Return convolutions that go into a Linear layer without a Flatten: a problem with a fix."""
    data = bind("digits", {})
    fields = tuple(field.name for field in data.with_role("input"))
    target = data.with_role("target")[0].name
    nodes = (
        Node("image", "Input", {"fields": fields}, position=(0, 0)),
        Node("conv1", "Conv2d", {"out_channels": 4, "kernel_size": 3}, position=(0, 100)),
        Node("conv2", "Conv2d", {"out_channels": 8, "kernel_size": 3}, position=(0, 200)),
        Node("linear1", "Linear", {"out_features": 10}, position=(0, 300)),
        Node("digit", "Output", {"target": target}, position=(0, 400)),
    )
    return Project(name="Images", data=data, graph=graph(*nodes), variables={"width": 16})


class Hands:
    """Answers the next modal dialog, as a user would, when it has appeared."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.waiting: list[Answer] = []
        self._timer = QTimer()
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._look)

    def press(self, button: QMessageBox.StandardButton | str) -> None:
        """Press a button of the next message box, given by its role or its text."""

        def answer(dialog: QDialog) -> bool:
            assert isinstance(dialog, QMessageBox)
            self.seen.append(f"{dialog.text()}\n{dialog.informativeText()}")
            if isinstance(button, str):
                next(each for each in dialog.buttons() if each.text() == button).click()
            else:
                dialog.button(button).click()
            return True

        self.expect(answer)

    def choose(self, path: Path) -> None:
        """Choose a file in the next file dialog."""

        def answer(dialog: QDialog) -> bool:
            assert isinstance(dialog, QFileDialog)
            field = dialog.findChild(QLineEdit, "fileNameEdit")
            assert field is not None
            field.setText(str(path))
            box = dialog.findChild(QDialogButtonBox)
            assert box is not None
            button = box.buttons()[0]
            assert isinstance(button, QPushButton)
            button.click()
            return not dialog.isVisible()

        self.expect(answer)

    def close(self) -> None:
        """Stop looking."""
        self._timer.stop()

    def expect(self, answer: Answer) -> None:
        """Answer the next dialog so."""
        self.waiting.append(answer)
        self._timer.start()

    def _look(self) -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QDialog) and self.waiting:
            answer = self.waiting.pop(0)
            try:
                done = answer(dialog)
            except BaseException:
                dialog.reject()  # so that the test fails instead of waiting for ever
                raise
            if not done:
                self.waiting.insert(0, answer)
            elif not self.waiting:
                self._timer.stop()


@pytest.fixture
def hands() -> Iterator[Hands]:
    made = Hands()
    yield made
    made.close()
    assert not made.waiting, "a dialog that was expected did not appear"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "config" / "designer.ini")


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, settings: Settings) -> Iterator[Window]:
    theme.switch.apply(qapp, "light")
    made = Window(settings)
    made.resize(1280, 760)
    made.show()
    qtbot.waitExposed(made)
    yield made
    discard(made)
    made.close()
    made.deleteLater()
    qapp.processEvents()
    theme.switch.apply(qapp, "light")


def discard(window: Window) -> None:
    """Make the open projects count as saved, so that closing does not ask."""
    for workspace in window.projects.open_ones:
        workspace.runner.close()
        document = workspace.session.document
        document.mark_saved(document.path or Path("discarded.layerwright"))


def wait_for_check(qtbot: QtBot, window: Window) -> None:
    """Wait until the check has answered the newest edit."""
    qtbot.waitUntil(lambda: window.workspace is not None and window.workspace.session.report_is_current, timeout=60000)
    QApplication.processEvents()


def saved(project: Project, path: Path) -> Path:
    """Write a project and return its file."""
    save_project(replace(project), path)
    return path


@pytest.fixture
def open_project(qtbot: QtBot, window: Window, tmp_path: Path) -> Callable[[Project], Window]:
    """Open a project from a file and wait until it has been checked."""

    def open_it(project: Project) -> Window:
        assert window.open_path(saved(project, tmp_path / "project.layerwright"))
        wait_for_check(qtbot, window)
        return window

    return open_it
