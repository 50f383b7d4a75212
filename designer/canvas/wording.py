"""What the canvas says about nodes and wires: in tool tips, and to assistive technology."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.project import End
from designer.canvas.cost_tip import cost_lines
from designer.canvas.drawn.naming import described
from designer.canvas.summary import problem_text, tooltip

if TYPE_CHECKING:
    from designer.canvas.scene import CanvasScene

_MOST_SPOKEN = 5


def node_tooltip(scene: CanvasScene, name: str) -> str:
    """Return a node's parameters, shapes, cost and problems as rich text."""
    item, session = scene.nodes[name], scene.session
    found = session.node_report(name)
    stale = not session.report_is_current
    costs = cost_lines(scene, name)
    text = tooltip(item.face.node, item.face.kind, found, scene.problems_at(name), stale, costs)
    seen = [f"<p>∿ {escape(each)}</p>" for each in scene.findings.get(name, ())]
    searched = QCoreApplication.translate("Canvas", "A sweep tries other values here.") if item.face.searched else ""
    return text + "".join(seen) + (f"<p>{escape(searched)}</p>" if searched else "")


def wire_tooltip(scene: CanvasScene, end: End) -> str:
    """Return what a wire links, the shape on it, and what is wrong with it."""
    wire = scene.wires[end]
    wrong = [problem for problem in scene.problems_at(end.node) if problem.port == end.port]
    shape = str(scene.spec_of(wire.source) or "")
    return "\n".join(filter(None, (f"{wire.source} → {end}", shape, problem_text(wrong))))


def spoken(scene: CanvasScene, names: Collection[str]) -> str:
    """Return a sentence about the first few of the named nodes: name, kind, parameters, shapes, problems."""
    lines = []
    for name in sorted(names)[:_MOST_SPOKEN]:
        item = scene.nodes.get(name)
        if item:
            shapes = ", ".join(item.look.shapes.values())
            seen = " ".join(scene.findings.get(name, ()))
            parts = (name, item.face.kind_name, item.face.line, shapes, problem_text(scene.problems_at(name)), seen)
            lines.append(", ".join(filter(None, parts)))
    return "; ".join(lines)


def spoken_drawn(scene: CanvasScene) -> str:
    """Return the names of the first few selected frames and notes."""
    session = scene.session
    return "; ".join(described(session.view.graph, session.drawn)[:_MOST_SPOKEN])
