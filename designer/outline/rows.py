"""What a row of the outline says about a node, a frame or a note: once for the eye, once for the ear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.kinds import kind_of
from core.graph.names import natural_key
from core.graph.project import Graph, Project
from core.graph.shorthand import main_parameters
from designer.canvas.drawn.naming import frame_name, note_name
from designer.canvas.find import running

if TYPE_CHECKING:
    from core.model.problems import Problem
    from designer.session import Session

Key = tuple[tuple[str, ...], str]
"""The group nodes that lead to a node, and its name."""


@dataclass(frozen=True)
class Row:
    """One node. ``shape`` is what it gives (several outputs with commas), ``problems`` are those inside it too."""

    path: tuple[str, ...]
    name: str
    kind: str
    family: str = ""
    parameters: str = ""
    shape: str = ""
    problems: tuple[str, ...] = ()
    severity: str = ""
    mode: str = ""
    group: str = ""
    """The name of the group that can be looked into."""
    drawn: str = ""
    """"frame" or "note" where it is one."""
    title: str = ""
    """What is shown in place of the name."""

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.path, self.name

    @property
    def spoken(self) -> str:
        """The row in a sentence: ``conv1, Conv2d, 32 · 3×3, gives N × 32 × 8 × 8, 1 problem``."""
        tr = QCoreApplication.translate
        modes = {"bypass": tr("Outline", "bypassed"), "mute": tr("Outline", "muted")}
        gives = tr("Outline", "gives {shape}").format(shape=self.shape) if self.shape else ""
        count = len(self.problems)
        some = tr("Outline", "1 problem") if count == 1 else tr("Outline", "{count} problems").format(count=count)
        kind = tr("Outline", "group {name}").format(name=self.kind) if self.group else self.kind
        parts = (self.title or self.name, kind, modes.get(self.mode, ""), self.parameters, gives, some if count else "")
        return ", ".join(filter(None, parts))


class Rows:
    """Makes the rows of one state of a session: the graph of any path, in running order."""

    def __init__(self, session: Session) -> None:
        self._project = session.project
        self._shapes = session.report.shapes if session.report else None
        self._problems: dict[Key, list[Problem]] = {}
        for problem in session.report.problems if session.report else ():
            for depth, name in enumerate((*problem.path, problem.node)):
                if name:
                    self._problems.setdefault((problem.path[:depth], name), []).append(problem)

    def of(self, path: tuple[str, ...] = (), group: str = "") -> list[Row]:
        """Return the rows of a group that a path leads to (by default: of the network)."""
        project = self._project
        inside = (
            Project(graph=project.groups[group].graph, groups=project.groups, code=project.code) if group else project
        )
        return [self._row(inside, path, name) for name in running(inside.graph)] + _drawn(inside.graph, path)

    def _row(self, project: Project, path: tuple[str, ...], name: str) -> Row:
        node, kind = project.graph.nodes[name], kind_of(project, project.graph.nodes[name])
        around = self._shapes.inside(path) if self._shapes else None
        found = around.nodes.get(name) if around else None
        line = (
            f"= {node.shares}" if node.shares else main_parameters(kind, node.params, found.arguments if found else {})
        )
        problems = self._problems.get((path, name), [])
        severities = {problem.severity for problem in problems}
        return Row(
            path=path,
            name=name,
            kind=kind.display if kind else node.kind,
            family=kind.family if kind else "",
            parameters=line,
            shape=", ".join(map(str, found.outputs.values())) if found else "",
            problems=tuple(problem.message for problem in problems),
            severity=next((each for each in ("error", "warning", "info") if each in severities), ""),
            mode=node.mode,
            group=node.group if node.group in project.groups else "",
        )


def _drawn(graph: Graph, path: tuple[str, ...]) -> list[Row]:
    """Return the rows of the frames and then of the notes of a graph."""
    tr, frames, notes = QCoreApplication.translate, graph.frames, graph.notes
    rows = []
    for name in sorted(frames, key=natural_key):
        rows.append(Row(path, name, tr("Outline", "frame"), drawn="frame", title=frame_name(frames[name])))
    for name in sorted(notes, key=natural_key):
        rows.append(Row(path, name, tr("Outline", "note"), drawn="note", title=note_name(notes[name])))
    return rows
