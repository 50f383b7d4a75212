"""A node's story for a tooltip."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.shorthand import written
from core.kinds import LayerKind, Value
from designer.theme import current

if TYPE_CHECKING:
    from core.graph.project import Node
    from core.model.problems import Problem
    from core.model.reports import NodeReport

_LONGEST = 40


def tooltip(
    node: Node,
    kind: LayerKind | None,
    report: NodeReport | None,
    problems: Iterable[Problem],
    stale: bool,
    costs: Iterable[tuple[str, str]] = (),
) -> str:
    """Return rich text: name and kind, problems, the parameters that say something, shapes, and what it costs.

    ``costs`` are titles and figures, the figures as rich text.
    """
    lines = [f"<b>{escape(node.name)}</b> &nbsp;{escape(kind.display if kind else node.kind)}"]
    if kind is None:
        text = QCoreApplication.translate("Canvas", "This kind is not installed. It is kept as it is in the file.")
        lines.append(f"<i>{text}</i>")
    if node.label:
        lines.append(f"<i>{escape(node.label)}</i>")
    marks = {"error": "✖", "warning": "⚠", "info": "ⓘ"}
    lines += [f"{marks[problem.severity]} {escape(problem.message)}" for problem in problems]
    rows = [(name, escape(written(value)[:_LONGEST])) for name, value in _telling(kind, node, report).items()]
    if report:
        rows += [(f"→ {port}", escape(str(spec))) for port, spec in report.inputs.items()]
        rows += [(f"{port} →", escape(str(spec))) for port, spec in report.outputs.items()]
    cells = _cells(rows) + _cells(costs, apart=bool(rows))
    if cells:
        lines.append(f"<table cellspacing='0'>{cells}</table>")
    if stale and report:
        lines.append(f"<i>{QCoreApplication.translate('Canvas', 'Checking…')}</i>")
    return "<br>".join(lines[:-1]) + ("<br>" if len(lines) > 1 else "") + lines[-1]


def _cells(rows: Iterable[tuple[str, str]], *, apart: bool = False) -> str:
    """Return rows of a table, the names grey; ``apart`` leaves a gap above the first."""
    grey, cells = current().text_muted, ""
    for number, (name, text) in enumerate(rows):
        gap = " style='padding-top: 6px'" if apart and not number else ""
        cells += f"<tr><td{gap}><font color='{grey}'>{escape(name)}</font>&nbsp;&nbsp;</td><td{gap}>{text}</td></tr>"
    return cells


def _telling(kind: LayerKind | None, node: Node, report: NodeReport | None) -> dict[str, Value]:
    """Return what was set or found out, after what stands on the node; all defaults would make a page of it."""
    values = {**(report.arguments if report else {}), **node.params}
    if kind is None:
        return values
    names = dict.fromkeys((*kind.face, *node.params, *(name for name in values if name in kind.derived)))
    return {name: values[name] for name in names if name in values}


def problem_text(problems: Iterable[Problem]) -> str:
    """Return the problems' messages, one a line."""
    return "\n".join(problem.message for problem in problems)
