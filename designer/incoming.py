"""Files and folders dropped on the window: projects are opened, data is used in the current project or a new one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QMimeData
from PySide6.QtWidgets import QMessageBox

from core.data.reading import source_for
from core.errors import DataError
from core.graph.files import SUFFIX

if TYPE_CHECKING:
    from designer.window import Window


@dataclass(frozen=True)
class Incoming:
    """The files among what is dragged that can be taken, in their order."""

    projects: tuple[Path, ...] = ()
    data: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.projects or self.data)


def incoming(data: QMimeData) -> Incoming:
    """Return the projects in what is dragged, and what a source of data reads."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    projects = tuple(path for path in paths if path.suffix.lower() == SUFFIX)
    return Incoming(projects, tuple(path for path in paths if path not in projects and _is_data(path)))


def take(window: Window, files: Incoming) -> None:
    """Open the projects, each in a tab; then use all data as the user says."""
    current = window.workspace
    for path in files.projects:
        window.open_path(path)
    for path in files.data:
        if current is None or files.projects or len(files.data) > 1:
            _in_new_project(window, path)
            continue
        choice = _ask(window, path)
        if choice == "here":
            current.data.bind_file(path)
            current.show_panel(current.data)
        elif choice == "new":
            _in_new_project(window, path)


def _in_new_project(window: Window, path: Path) -> None:
    window.new_project()
    workspace = window.workspace
    assert workspace is not None
    workspace.data.bind_file(path)
    workspace.show_panel(workspace.data)


def _ask(window: Window, path: Path) -> str:
    """Ask what data is for: "here", "new", or nothing ("")."""
    box = QMessageBox(window)
    box.setObjectName("dropped_table")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(_tr("Use this data?"))
    box.setText(_tr("Use “{name}” as data?").format(name=path.name))
    bound = window.workspace is not None and bool(window.workspace.session.project.data.source)
    replaced = _tr("In this project it takes the place of the data that is bound now. That can be undone.")
    box.setInformativeText(replaced if bound else _tr("This project has no data yet."))
    here = box.addButton(_tr("Use in this project"), QMessageBox.ButtonRole.AcceptRole)
    new = box.addButton(_tr("Make a new project"), QMessageBox.ButtonRole.ActionRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(here)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    return "here" if clicked is here else "new" if clicked is new else ""


def _is_data(path: Path) -> bool:
    """Say whether a source reads a file or folder."""
    try:
        source_for(path)
    except DataError:
        return False
    return True


def _tr(text: str) -> str:
    return QCoreApplication.translate("Incoming", text)
