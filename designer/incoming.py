"""Files and folders dropped on the window or given to it: projects are opened, networks imported, data used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QMimeData
from PySide6.QtWidgets import QMessageBox

from core.data.reading import source_for
from core.errors import DataError, LayerwrightError
from core.graph.files import SUFFIX
from core.importers._reading import importer_of
from designer.files import show_error
from designer.importing.commands import import_network, load_weights
from designer.importing.telling import WEIGHTS

if TYPE_CHECKING:
    from designer.window import Window


@dataclass(frozen=True)
class Incoming:
    """The files among what is dragged that can be taken, in their order."""

    projects: tuple[Path, ...] = ()
    data: tuple[Path, ...] = ()
    networks: tuple[Path, ...] = ()
    weights: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.projects or self.data or self.networks or self.weights)


def incoming(data: QMimeData) -> Incoming:
    """Return what of the files that are dragged can be taken."""
    return sorted_out(Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())


def sorted_out(paths: Iterable[Path]) -> Incoming:
    """Return files by what they are: projects, what a source of data reads, networks of others, and weights alone."""
    kinds: dict[str, list[Path]] = {"projects": [], "data": [], "networks": [], "weights": []}
    for path in paths:
        kind = _kind(path)
        if kind:
            kinds[kind].append(path)
    return Incoming(**{kind: tuple(paths) for kind, paths in kinds.items()})


def _kind(path: Path) -> str:
    """Return which part of ``Incoming`` a file belongs to; empty where nothing can be made of it."""
    suffix = path.suffix.lower()
    if suffix == SUFFIX:
        return "projects"
    if _is_data(path):
        return "data"
    if suffix in WEIGHTS:
        return "weights"
    can_be_imported = suffix == ".py" or importer_of(path.name) is not None
    return "networks" if path.is_file() and can_be_imported else ""


def take(window: Window, files: Incoming) -> None:
    """Open the projects, each in a tab, and import networks; then use weights and data as the user says."""
    current = window.workspace
    for path in files.projects:
        window.open_path(path)
    for path in files.networks:
        import_network(window, str(path))
    for path in files.weights[:1]:
        if window.workspace is None:
            error = LayerwrightError(_tr("“{name}” holds weights alone.").format(name=path.name))
            show_error(window, _tr("There is no network for these weights"), error, _tr("Open their network first."))
        else:
            load_weights(window, path)
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
