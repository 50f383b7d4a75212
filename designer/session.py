"""One open project as views see it: its document, the graph that is looked at, what is selected in it, and the check.

The project is always whole; ``view`` is what is seen of it: its own graph, or the inside of a group that was opened.
Each canvas has a session of its own beside the one of the panels, which looks through the place of the canvas that is
worked on; all of them share what is ``Opened``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, SignalInstance

from core.errors import EditError, SaveError
from core.graph.document import Document
from core.graph.edits import Edit, Within
from core.graph.project import Project
from designer.opened import Opened
from designer.place import Place

if TYPE_CHECKING:
    from core.model.problems import Problem
    from core.model.reports import NodeReport, ShapeReport
    from core.training.check import CheckReport


class Session(QObject):
    """What all views of one project share. Views read ``document`` and ``report`` and ask for edits with ``apply``.

    ``path`` names the group nodes that were opened, from the root on; ``selection`` are nodes of the graph seen there,
    ``drawn`` the frames and notes that are selected with them.
    """

    changed = Signal(object)
    """A Change, after every change of the document."""
    here_changed = Signal(object)
    """The same as a Change of the graph that is looked at (``view_changed`` where that is another graph now)."""
    view_changed = Signal()
    """Another graph is looked at: a group was opened or left, or what was opened is no more."""
    history_changed = Signal()
    """What can be undone, redone or saved may have changed."""
    selection_changed = Signal(object)
    """The frozenset of selected node names."""
    drawn_changed = Signal(object)
    """The frozenset of the names of selected frames and notes."""
    report_changed = Signal(object)
    """The new CheckReport."""
    refused = Signal(str)
    """An edit was refused; the text says why."""
    told = Signal(str)
    """Something was done that cannot be seen; the text says what."""
    announced = Signal(str)
    """Something happened that everybody sees but those who listen to a screen reader; the text says what."""
    working = Signal(str)
    """What takes a while, and how far it is; empty once it is done."""
    reveal_requested = Signal(object)
    """The name of the one node, frame or note that was selected to be brought into view (a problem was clicked)."""

    def __init__(self, document: Document, parent: QObject | None = None, *, opened: Opened | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self._owner = opened is None
        self._opened = opened or Opened(document, self)
        self._opened.changed.connect(self.changed)
        self._opened.history_changed.connect(self.history_changed)
        self._opened.report_changed.connect(self.report_changed)
        self.place = Place(self._opened)
        self._listen()

    def beside(self) -> Session:
        """Return another session of this project with a place of its own, which begins where this one looks."""
        made = Session(self.document, self, opened=self._opened)
        made.go_to(self.path)
        made.select(self.selection, self.drawn)
        made.refused.connect(self.refused)
        made.told.connect(self.told)
        made.announced.connect(self.announced)
        made.working.connect(self.working)
        return made

    def look_through(self, place: Place) -> None:
        """Look from now on at what another session's place shows, and go with it wherever it goes."""
        if place is self.place:
            return
        for signal, own in self._hooks():
            signal.disconnect(own)
        self.place = place
        self._listen()
        self.view_changed.emit()
        self.selection_changed.emit(self.selection)
        self.drawn_changed.emit(self.drawn)

    def _listen(self) -> None:
        for signal, own in self._hooks():
            signal.connect(own)

    def _hooks(self) -> tuple[tuple[SignalInstance, SignalInstance], ...]:
        place = self.place
        return (
            (place.here_changed, self.here_changed),
            (place.view_changed, self.view_changed),
            (place.selection_changed, self.selection_changed),
            (place.drawn_changed, self.drawn_changed),
            (place.reveal_requested, self.reveal_requested),
        )

    @property
    def project(self) -> Project:
        """The whole project as it is now."""
        return self.document.project

    @property
    def base(self) -> Path | None:
        """The folder against which relative paths in the project are read."""
        return self._opened.base

    @property
    def report(self) -> CheckReport | None:
        """What the check found last; None until it has answered for the first time."""
        return self._opened.report

    @property
    def report_is_current(self) -> bool:
        """False while an edit has not been checked yet."""
        return self._opened.report_is_current

    # --- what is looked at --------------------------------------------------------------------------------------------

    @property
    def group(self) -> str:
        """The group whose inside is looked at; empty at the root."""
        return self.place.group

    @property
    def path(self) -> tuple[str, ...]:
        """The group nodes that were opened, from the root on."""
        return self.place.path

    @property
    def selection(self) -> frozenset[str]:
        """The selected nodes of the graph that is looked at."""
        return self.place.selection

    @property
    def drawn(self) -> frozenset[str]:
        """The frames and notes that are selected with them."""
        return self.place.drawn

    @property
    def view(self) -> Project:
        """The project as it looks from where the user is: ``view.graph`` is what the canvas shows."""
        return self.place.view

    @property
    def shapes(self) -> ShapeReport | None:
        """What the last check found in the graph that is looked at (of a repeated group: in its first repetition)."""
        return self.report.shapes.inside(self.path) if self.report else None

    def node_report(self, name: str) -> NodeReport | None:
        """Return what the last check found at a node of the graph that is looked at."""
        shapes = self.shapes
        return shapes.nodes.get(name) if shapes else None

    def problems_here(self) -> dict[str, list[Problem]]:
        """Return the problems by node of the graph that is looked at; those inside a group are at the group's node."""
        found: dict[str, list[Problem]] = {}
        depth = len(self.path)
        for problem in self.report.problems if self.report else ():
            if problem.path[:depth] == self.path:
                name = problem.path[depth] if len(problem.path) > depth else problem.node
                if name:
                    found.setdefault(name, []).append(problem)
        return found

    def open_group(self, name: str) -> bool:
        """Look at the inside of a group node of the graph that is looked at; False where it is none."""
        node = self.view.graph.nodes.get(name)
        return node is not None and bool(node.group) and self.go_to((*self.path, name))

    def leave_group(self) -> bool:
        """Look at the graph around the group, with its node selected; False at the root."""
        return bool(self.path) and self.go_to(self.path[:-1])

    def go_to(self, path: tuple[str, ...]) -> bool:
        """Look at the graph that a path of group nodes leads to; False where the path leads nowhere."""
        return self.place.go_to(path)

    # --- what is done -------------------------------------------------------------------------------------------------

    def apply(self, edit: Edit) -> bool:
        """Apply an edit of the whole project; where it is refused, emit ``refused`` with the reason, return False."""
        try:
            self.document.apply(edit)
        except EditError as error:
            self.refused.emit(str(error))
            return False
        return True

    def apply_here(self, edit: Edit) -> bool:
        """Apply an edit to the graph that is looked at; as ``apply`` otherwise."""
        return self.apply(Within(self.group, edit) if self.group else edit)

    def why_not(self, edit: Edit) -> str:
        """Return why an edit of the graph that is looked at would be refused, or an empty string."""
        try:
            (Within(self.group, edit) if self.group else edit).apply(self.project)
        except EditError as error:
            return str(error)
        return ""

    def save(self, path: Path, write: Callable[[], object]) -> None:
        """Write a file by ``write``, which raises SaveError where it cannot; tell that it was saved, or why not."""
        try:
            write()
        except SaveError as error:
            self.refused.emit(str(error))
        else:
            self.told.emit(self.tr("Saved to {path}").format(path=path))

    def check_again(self) -> None:
        """Check the project as it is once more: something outside of it has changed, such as whose code is trusted."""
        self._opened.check_again()

    def select(self, names: Iterable[str], drawn: Iterable[str] = ()) -> None:
        """Select exactly these nodes, frames and notes of the graph that is looked at, as far as they exist."""
        self.place.select(names, drawn)

    def reveal(self, name: str, path: tuple[str, ...] = (), *, drawn: bool = False) -> None:
        """Open the groups that lead to a node (``drawn``: a frame or note), select it and have it brought into view."""
        if not self.go_to(path):
            return
        graph = self.view.graph
        if name in ({**graph.frames, **graph.notes} if drawn else graph.nodes):
            self.select(() if drawn else [name], [name] if drawn else ())
            self.place.reveal_requested.emit(name)

    def close(self) -> None:
        """End what this session began: the check, or the place of a canvas. It is of no use afterwards."""
        if self._owner:
            self._opened.close()
        else:
            self.place.leave()
            self.deleteLater()
