"""Reads the quick line while it is typed, has its shapes checked in the background, and builds it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from core.errors import EditError
from core.graph.edits import AddNodes, Edit, Within
from core.graph.kinds import kind_named
from core.graph.project import Node, Project
from core.graph.quickline import LineProblem
from core.graph.shorthand import main_parameters
from core.kinds import LayerKind
from core.loading import load
from designer.canvas.compose import Spot
from designer.canvas.face import make_face
from designer.canvas.quick.board import Step, colour_field
from designer.canvas.quick.plan import Ground, Plan, make_plan
from designer.canvas.ranking import kinds_for
from designer.data.wiring import filled, rank_of_new_input, wired
from designer.jobs import Lane, Progress

if TYPE_CHECKING:
    from core.model.reports import ShapeReport
    from designer.canvas.view import CanvasView

_REST = 30
"""Milliseconds without a key after which the shapes are checked."""
_MOST_REMEMBERED = 30
history: list[str] = []
"""The last lines that were built, the latest last; all canvases share them."""


class QuickLines(QObject):
    """The quick lines of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._session = view.session
        self._palette = view.palette_box
        self._lane = Lane(self, "quick-line")
        self._timer = QTimer(self, singleShot=True, interval=_REST)
        self._timer.timeout.connect(self._check)
        self._plan: Plan | None = None
        self._entered = ""
        """A line that is to be built as soon as PyTorch is there, which knows the parameters."""
        self._shapes: dict[tuple[str, str], str] = {}
        self._palette.history = history
        self._palette.line_typed.connect(self._read)
        self._palette.line_entered.connect(self.enter)
        self._session.report_changed.connect(self._read_again)

    # --- reading ------------------------------------------------------------------------------------------------------

    def plan(self, text: str, spot: Spot) -> Plan:
        """Return what a line would do at a spot."""
        scene, project = self._view.canvas, self._session.view
        kinds = kinds_for(project, self._session.group)
        rank = None if self._session.group else rank_of_new_input(project)
        plan = make_plan(text, spot, Ground(project, kinds, scene.boxes(), scene.spec_of, self._size, rank))
        return replace(plan, edit=self._wired(plan.edit)) if plan.edit else plan

    def _wired(self, edit: Edit) -> Edit:
        """Return the edit so that the only Input and Output of the network take what the data has for them."""
        return edit if self._session.group else wired(self._session.project, edit)

    def _size(self, node: Node, kind: LayerKind) -> tuple[float, float]:
        node = node if self._session.group else filled(self._session.project, node)
        face = make_face(node, kind, (), (), self._view.canvas.style_now)
        return face.width, face.height

    def _read(self, text: str, spot: Spot) -> None:
        """Show what a line would make; where PyTorch is still being loaded, once it is."""
        self._lane.cancel()
        self._entered = ""
        if self._session.report is None:
            self._wait()
            return
        plan = self._plan = self.plan(text, spot)
        problem = plan.line.problem
        unfinished = problem is not None and problem.start >= len(text.rstrip())
        field = self._palette.field
        colour_field(field, plan.line.tokens, None if unfinished else problem)
        self._show(None)
        self._palette.board.show_problem(problem, field, patient=unfinished)
        self._palette.fit()
        self._timer.start()

    def _wait(self) -> None:
        self._plan = None
        self._palette.board.show_steps(())
        self._palette.board.show_waiting(self.tr("Loading PyTorch…"))
        self._palette.fit()

    def _read_again(self, _report: object) -> None:
        """Go on with what waited for PyTorch."""
        text, entered = self._palette.field.text(), self._entered
        if self._plan is None and self._palette.typing_line and self._palette.isVisible():
            self._read(text, self._palette.spot)
            if entered == text:
                self.enter(text, self._palette.spot)

    # --- shapes -------------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        plan = self._plan
        if plan is None or not self._palette.typing_line:
            return
        edit = plan.edit or self._part(plan)
        if edit is None:
            return
        project, group, path = self._session.project, self._session.group, self._session.path
        self._lane.submit(
            lambda progress: _shapes_after(progress, edit, project, group, path), self._show, self._refuse
        )

    def _part(self, plan: Plan) -> Edit | None:
        """Return an edit with what can be read so far of a line that is not right yet."""
        return self._wired(AddNodes(plan.line.nodes, plan.line.links)) if plan.line.nodes else None

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, EditError):
            raise error
        self._show(None)

    def _show(self, report: ShapeReport | None) -> None:
        """Show the steps, with the shapes that a check found or, in grey, those of the line before."""
        if self._plan is None or not self._palette.typing_line:
            return
        steps = [self._step(node, report) for node in self._plan.line.nodes]
        self._palette.board.show_steps(steps)
        wrong = next((step for step in steps if step.wrong), None)
        if wrong and self._plan.line.problem is None:
            problem = LineProblem(*self._plan.line.places[wrong.name], wrong.wrong)
            colour_field(self._palette.field, self._plan.line.tokens, problem)
            self._palette.board.show_problem(problem, self._palette.field, patient=False)
        self._palette.fit()

    def _step(self, node: Node, report: ShapeReport | None) -> Step:
        assert self._plan is not None
        kind = kind_named(self._session.view, node.kind)
        found = report.nodes.get(node.name) if report else None
        shape = wrong = ""
        if report is not None:
            problems = [each for each in report.problems if each.node == node.name and not each.path]
            wrong = next((each.message for each in problems if each.severity == "error"), "")
            specs = list(found.outputs.values()) if found else []
            shape = str(specs[0]) if specs and specs[0] else ""
            self._shapes[node.name, node.kind] = shape
        else:
            shape = self._shapes.get((node.name, node.kind), "")
        times = f" ×{node.repeat}" if node.repeat != 1 else ""
        return Step(
            node.name,
            (kind.display if kind else node.kind) + times,
            kind.family if kind else "",
            main_parameters(kind, node.params, {}) if node.params else "",
            shape,
            wrong,
            self._plan.line.depths.get(node.name, 0),
            stale=report is None,
        )

    # --- building -----------------------------------------------------------------------------------------------------

    def enter(self, text: str, spot: Spot) -> bool:
        """Build a line and select its end; where it cannot be, show why and leave the palette open."""
        if self._session.report is None:
            self._wait()
            self._entered = text
            return False
        plan = self._plan = self.plan(text, spot)
        if plan.edit is None:
            self._palette.board.show_problem(plan.line.problem, self._palette.field, patient=False)
            colour_field(self._palette.field, plan.line.tokens, plan.line.problem)
            self._palette.fit()
            return False
        self._lane.cancel()
        self._palette.close_palette()
        if not self._session.apply_here(plan.edit):
            return False
        if text.strip() in history:
            history.remove(text.strip())
        history.append(text.strip())
        del history[:-_MOST_REMEMBERED]
        self._session.select(plan.select)
        self._view.navigator.reveal(self._view.canvas.cards(list(plan.select)))
        return True


def _shapes_after(
    progress: Progress, edit: Edit, project: Project, group: str, path: tuple[str, ...]
) -> ShapeReport | None:
    """Return what the shape check finds in the graph that is looked at once an edit is done to it."""
    shapes: Any = load("core.model.shapes")
    scratch = (Within(group, edit) if group else edit).apply(project)
    progress.check()
    report: ShapeReport = shapes.check(scratch)
    return report.inside(path)
