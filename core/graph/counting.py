"""How many layers a network has: counted in one way wherever a number is told."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import ExpressionError
from core.expressions import Number, evaluate
from core.graph.groups import recursion_problem
from core.graph.project import INPUT, OUTPUT, Node, Project
from core.kinds import Value

_Known = dict[tuple[str, tuple[tuple[str, Number], ...]], int]


def count_layers(project: Project) -> int:
    """Return how many layers a network has.

    Those inside a group count for every use and repetition, as their parameters do; of tied repetitions, and of several
    calls of one layer, there is one. Inputs, Outputs, group nodes themselves and what is switched off do not count.
    A group that is repeated an unknown number of times is taken once, one that uses itself is not looked into.
    """
    return _count(project, {}) if not recursion_problem(project.groups) else len(_counted(project))


def _count(view: Project, known: _Known) -> int:
    return sum(_of_node(view, node, known) for node in _counted(view))


def _counted(view: Project) -> list[Node]:
    nodes = view.graph.nodes.values()
    return [node for node in nodes if node.kind not in (INPUT, OUTPUT) and not node.mode and not node.shares]


def _of_node(view: Project, node: Node, known: _Known) -> int:
    if node.group not in view.groups:
        return 1
    given = {name: _number(value, view.variables, None) for name, value in node.params.items()}
    values = {name: value for name, value in given.items() if value is not None}
    inside = view.inside(node.group, values)
    key = node.group, tuple(sorted(inside.variables.items()))
    if key not in known:
        known[key] = _count(inside, known)
    times = 1 if node.tied else _number(node.repeat, view.variables, 1)
    return known[key] * max(1, int(times or 1))


def _number(value: Value, variables: Mapping[str, Number], otherwise: Number | None) -> Number | None:
    """Return the number that a value or an expression stands for."""
    try:
        found = evaluate(value, variables) if isinstance(value, str) else value
    except ExpressionError:
        return otherwise
    return found if isinstance(found, int | float) and not isinstance(found, bool) else otherwise
