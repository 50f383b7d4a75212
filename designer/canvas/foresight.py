"""What an edit would come to, before it is made: the check of the project as it would be then.

Asked while something is dragged, so it answers only where PyTorch is loaded already (a first check has answered), and
remembers its last answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import EditError
from core.graph.edits import Edit, Within
from core.graph.project import Project

if TYPE_CHECKING:
    from core.model.problems import Problem
    from core.model.reports import ShapeReport
    from designer.session import Session

_MOST_NODES = 3000
"""A larger graph is not checked while the pointer moves."""


class Foresight:
    """Answers for one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: tuple[Project, Edit, ShapeReport | None] | None = None

    def shapes(self, edit: Edit) -> ShapeReport | None:
        """Return the check of the whole project after an edit of the graph that is looked at; None where unknown."""
        session = self._session
        project = session.project
        if self._last and self._last[0] is project and self._last[1] == edit:
            return self._last[2]
        found = None
        if session.report is not None and len(session.view.graph.nodes) <= _MOST_NODES:
            from core.model.shapes import check

            try:
                found = check((Within(session.group, edit) if session.group else edit).apply(project))
            except EditError:
                found = None
        self._last = project, edit, found
        return found

    def output(self, edit: Edit, name: str) -> str:
        """Return the shapes that a node of the graph that is looked at would give after an edit, as text."""
        report = self.shapes(edit)
        here = report.inside(self._session.path) if report else None
        found = here.nodes.get(name) if here else None
        return ", ".join(str(spec) for spec in found.outputs.values()) if found else ""

    def trouble(self, edit: Edit, name: str) -> list[Problem]:
        """Return the errors that a node of the graph that is looked at would have after an edit."""
        report, path = self.shapes(edit), self._session.path
        found = report.problems if report else ()
        return [each for each in found if each.severity == "error" and each.node == name and each.path == path]
