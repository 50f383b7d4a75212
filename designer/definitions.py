"""Commands about what a project defines itself: Python layers, blocks from the library, whole projects as layers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QPointF

from core.errors import EditError, ProjectError
from core.graph.blocks import load_block, project_as_group
from core.graph.edits import AddDefinitions
from core.graph.files import load_project
from core.graph.groups import users, with_weights_beside
from core.graph.merging import merged
from core.graph.project import GROUP_PREFIX, PYTHON_PREFIX, Project
from core.loading import imports
from designer import files
from designer.canvas.view import CanvasView
from designer.jobs import Lane, Progress


class Definitions(QObject):
    """The commands of one canvas. What cannot be done is said through the session's ``refused``."""

    def __init__(self, canvas: CanvasView, folder: Path) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._session = canvas.session
        self._folder = folder
        self._lane = Lane(self, "use-project")

    def new_python_layer(self) -> None:
        """Let the user write a layer; once it is in the project a node of it is added."""
        from designer.python.dialog import new_python_layer

        dialog = new_python_layer(self._session, self._canvas.window())
        dialog.applied.connect(self._on_written)

    def edit_code(self, node: str) -> bool:
        """Show the code of a node; False where it is no Python layer of the project."""
        from designer.python.dialog import edit_python_layer

        name = self._session.view.graph.nodes[node].python
        if not name or name not in self._session.project.code:
            return False
        edit_python_layer(self._session, name, self._canvas.window())
        return True

    def add_block(self, path: Path, at: QPointF | None = None) -> None:
        """Add a block of the user's library after the selection, or free at a point of the scene."""
        try:
            edit = load_block(self._session.view, path)
        except (ProjectError, EditError) as error:
            self._session.refused.emit(str(error))
            return
        self._add(edit, self.tr("Add {name}").format(name=path.stem), at)

    def ask_project(self) -> None:
        """Ask for a saved project and add the whole of it as a layer."""
        path = files.choose_to_open(self._canvas, self._session.base or self._folder)
        if path is not None:
            self.add_project(path)

    def add_project(self, path: Path) -> None:
        """Add a saved project as a group, and a node that uses it, after the selection, with the project's weights."""
        try:
            other = with_weights_beside(load_project(path), path.parent)
            project_as_group(other, class_name(other.name))
        except (ProjectError, EditError) as error:
            self._session.refused.emit(str(error))
            return
        if not other.weights:
            self._add_whole(other, "")
            return

        def compare(_progress: Progress) -> bool:
            with imports:
                from core.training.pretrained.adoption import starts_whole
            return starts_whole(other)

        self._lane.submit(
            compare,
            lambda whole: self._add_whole(other, other.weights if whole else ""),
            lambda error: self._session.refused.emit(str(error)),
        )

    def _add_whole(self, other: Project, weights: str) -> None:
        """Add a project as a group that starts from a file of weights, or ("") from fresh ones."""
        edit = project_as_group(other, class_name(other.name), weights)
        self._add(edit, self.tr("Use {name} as a layer").format(name=other.name))
        if other.weights and not weights:
            text = self.tr(
                "The weights of {name} stayed behind, so that the layer starts fresh: their file is missing, or is not "
                "that of the whole network as it is now."
            )
            self._session.told.emit(text.format(name=other.name))

    def _on_written(self, name: str) -> None:
        kind = PYTHON_PREFIX + name
        if not users(self._session.project, kind):
            self._canvas.add_kind(kind)

    def _add(self, edit: AddDefinitions, label: str, at: QPointF | None = None) -> None:
        """Add definitions, and a node of the last group among them as if it came from the library: one undo step."""
        kind = GROUP_PREFIX + edit.groups[-1].name
        try:
            _project, renamed = merged(self._session.project, edit.groups, edit.code)
            with self._session.document.macro(label):
                self._session.document.apply(replace(edit, nodes=()))
                if not self._canvas.add_kind(renamed.get(kind, kind), at):
                    raise _RefusedError
        except EditError as error:
            self._session.refused.emit(str(error))
        except _RefusedError:
            return  # the canvas has said why


class _RefusedError(Exception):
    """Takes back what was added before the canvas refused the node."""


def class_name(text: str) -> str:
    """Return a name for a class that is as near to a project's name as can be: ``TwoInputs`` for "Two inputs"."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    name = "".join(word[0].upper() + word[1:] for word in words).lstrip("0123456789")
    return name or "Network"
