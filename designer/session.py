"""One open project in the designer: its document, the graph that is looked at, what is selected in it, and the check.

The project is always whole; ``view`` is what is seen of it: its own graph, or the inside of a group that was opened.

The check runs in a thread of its own, always on the newest project; an answer that a later edit has overtaken is
dropped. That thread is also the one that loads torch, so that the window never waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from core.errors import EditError
from core.graph.change import Change, difference
from core.graph.document import Document
from core.graph.edits import Edit, Within
from core.graph.project import Project
from core.loading import imports

if TYPE_CHECKING:
    from core.model.problems import Problem
    from core.model.reports import NodeReport, ShapeReport
    from core.training.check import CheckReport


_Values = tuple[tuple[str, int | float], ...]


class Session(QObject):
    """What all views of one project share. Views read ``document`` and ``report`` and ask for edits with ``apply``.

    ``path`` names the group nodes that were opened, from the root on; ``selection`` are nodes of the graph seen there.
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
    report_changed = Signal(object)
    """The new CheckReport."""
    refused = Signal(str)
    """An edit was refused; the text says why."""
    told = Signal(str)
    """Something was done that cannot be seen; the text says what."""
    reveal_requested = Signal(object)
    """The name of a node of the graph that is looked at, to be brought into view (a problem was clicked)."""
    _checked = Signal(int, object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.path: tuple[str, ...] = ()
        self.selection: frozenset[str] = frozenset()
        self.report: CheckReport | None = None
        self.report_is_current = False
        self._groups: tuple[str, ...] = ()
        self._seen: tuple[Project, tuple[str, _Values], Project] | None = None
        self._disconnect = (
            document.changed.connect(self._on_document_changed),
            document.history_changed.connect(lambda _none: self.history_changed.emit()),
        )
        self._checker = _Checker(self._checked.emit)
        self._checked.connect(self._on_checked, Qt.ConnectionType.QueuedConnection)
        self._checker.submit(document.project, self.base)

    @property
    def project(self) -> Project:
        """The whole project as it is now."""
        return self.document.project

    @property
    def base(self) -> Path | None:
        """The folder against which relative paths in the project are read."""
        return self.document.path.parent if self.document.path else None

    # --- what is looked at --------------------------------------------------------------------------------------------

    @property
    def group(self) -> str:
        """The group whose inside is looked at; empty at the root."""
        return self._groups[-1] if self._groups else ""

    @property
    def view(self) -> Project:
        """The project as it looks from where the user is: ``view.graph`` is what the canvas shows."""
        if not self._groups:
            return self.project
        project, key = self.project, (self.group, self._values())
        if self._seen is None or self._seen[0] is not project or self._seen[1] != key:
            self._seen = project, key, project.inside(self.group, dict(key[1]))
        return self._seen[2]

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
        groups = _groups_along(self.project, path)
        if len(groups) < len(path):
            return False
        if path != self.path:
            left = self.path[len(path) : len(path) + 1] if self.path[: len(path)] == path else ()
            self._look_at(path, groups)
            self.select(left)
        return True

    def _look_at(self, path: tuple[str, ...], groups: tuple[str, ...]) -> None:
        self.select(())
        self.path, self._groups = path, groups
        self.view_changed.emit()

    def _values(self) -> _Values:
        """Return the numbers that the opened use of the group sets for the group's parameters, where they are known."""
        shapes = self.report.shapes.inside(self.path[:-1]) if self.report else None
        found = shapes.nodes.get(self.path[-1]) if shapes else None
        names = [each.name for each in self.project.groups[self.group].parameters]
        arguments = found.arguments if found else {}
        return tuple((name, arguments[name]) for name in names if isinstance(arguments.get(name), int | float))

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

    def check_again(self) -> None:
        """Check the project as it is once more: something outside of it has changed, such as whose code is trusted."""
        self.report_is_current = False
        self._checker.submit(self.project, self.base)

    def select(self, names: Iterable[str]) -> None:
        """Select exactly these nodes of the graph that is looked at (names that do not exist are left out)."""
        selection = frozenset(names) & frozenset(self.view.graph.nodes)
        if selection != self.selection:
            self.selection = selection
            self.selection_changed.emit(selection)

    def reveal(self, name: str, path: tuple[str, ...] = ()) -> None:
        """Open the groups that lead to a node, select it and have it brought into view."""
        if self.go_to(path) and name in self.view.graph.nodes:
            self.select([name])
            self.reveal_requested.emit(name)

    def close(self) -> None:
        """End the check's thread and stop listening; the session is of no use afterwards."""
        for disconnect in self._disconnect:
            disconnect()
        self._checker.close()

    def _on_document_changed(self, change: Change) -> None:
        if not change.only_positions:
            self.report_is_current = False
            self._checker.submit(self.project, self.base)
        here = self._follow(change)
        self.changed.emit(change)
        if here is None:
            self.view_changed.emit()
            return
        self.here_changed.emit(here)
        gone = {name for name, (_old, new) in here.nodes.items() if new is None}
        if gone & self.selection:
            self.select((self.selection - gone) | _renamed(here))

    def _follow(self, change: Change) -> Change | None:
        """Return a change as one of the graph that is looked at; None where that is another graph now.

        A path whose groups are no more ends where they were.
        """
        if not self._groups:
            return change
        path = self.path
        if path[0] in change.nodes and change.nodes[path[0]][1] is None:
            path = (*_renamed(change), *path[1:]) if _renamed(change) else ()
        groups = _groups_along(self.project, path)
        path = path[: len(groups)]
        if groups != self._groups:
            self.path, self._groups, self.selection = path, groups, frozenset()
            self.selection_changed.emit(self.selection)
            return None
        self.path = path
        before, after = change.parts.get("groups", ({}, {}))
        if not after:
            return Change(parts=change.parts)
        old, new = (Project(graph=groups[self.group].graph) for groups in (before, after))
        return replace(difference(old, new), parts=change.parts)

    def _on_checked(self, generation: int, report: CheckReport) -> None:
        if generation == self._checker.generation:
            self.report = report
            self.report_is_current = True
            self.report_changed.emit(report)


def _groups_along(project: Project, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the groups that a path of group nodes opens, as far as it leads anywhere."""
    found: list[str] = []
    graph = project.graph
    for name in path:
        node = graph.nodes.get(name)
        if node is None or node.group not in project.groups:
            break
        found.append(node.group)
        graph = project.groups[node.group].graph
    return tuple(found)


def _renamed(change: Change) -> frozenset[str]:
    """Return the new name where a change renames a node, so that the selection can follow."""
    old = [before for before, after in change.nodes.values() if before and after is None]
    new = [after for before, after in change.nodes.values() if after and before is None]
    if len(old) == len(new) == 1 and replace(old[0], name=new[0].name) == new[0]:
        return frozenset((new[0].name,))
    return frozenset()


class _Checker:
    """A thread that checks the newest project it was given and skips those in between."""

    def __init__(self, answer: Callable[[int, object], None]) -> None:
        self.generation = 0
        self._answer = answer
        self._wanted: tuple[Project, Path | None] | None = None
        self._closing = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="layerwright-check", daemon=True)
        self._thread.start()

    def submit(self, project: Project, base: Path | None) -> None:
        with self._wake:
            self.generation += 1
            self._wanted = project, base
            self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        with imports:
            from core.training.warm import check_project, warm_up

            warm_up()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._wanted is not None)
                if self._closing:
                    return
                wanted, generation, self._wanted = self._wanted, self.generation, None
            assert wanted is not None
            self._answer(generation, check_project(*wanted))
