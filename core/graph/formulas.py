"""The expressions in the parameters of nodes: which names they use and where, and other expressions in their place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from core.errors import EditError, ExpressionError, ModelError
from core.expressions import LONGEST, Number, evaluate, is_expression, names_in
from core.graph.groups import needed
from core.graph.kinds import kind_of
from core.graph.names import natural_key
from core.graph.project import Graph, Node, Project
from core.kinds import Parameter, Value
from core.parameters import NUMERIC, parameters_of

REPEAT = "repeat"


@dataclass(frozen=True)
class Use:
    """A place where an expression names a variable: the group ("" : the network), the node and its parameter."""

    group: str
    node: str
    parameter: str

    def __str__(self) -> str:
        """The place as the user reads it: ``Block / conv1.out_channels``."""
        return f"{self.group} / {self.node}.{self.parameter}" if self.group else f"{self.node}.{self.parameter}"


def where_used(project: Project, name: str, owner: str | None = None) -> tuple[Use, ...]:
    """Return where a variable or group parameter is named, the network first, then group by group.

    ``owner`` is the group whose parameter is meant: then only its inside counts; for "" the project's variable is
    meant: then groups with a parameter of that name do not count. For None every place counts.
    """
    found = list(_uses(project, "", project.graph, name)) if not owner else []
    for group in sorted(project.groups.values(), key=lambda each: natural_key(each.name)):
        hidden = owner == "" and any(each.name == name for each in group.parameters)
        if not hidden and (not owner or owner == group.name):
            found += _uses(project.inside(group.name), group.name, group.graph, name)
    return tuple(found)


def _uses(project: Project, group: str, graph: Graph, name: str) -> Iterator[Use]:
    for node in sorted(graph.nodes.values(), key=lambda each: natural_key(each.name)):
        parameters = dict.fromkeys(key for key, text in expressions_of(project, node) if name in names_in(text))
        yield from (Use(group, node.name, parameter) for parameter in parameters)


def names_used(project: Project) -> frozenset[str]:
    """Return every name that an expression in the project's graph (not in its groups) uses."""
    nodes = project.graph.nodes.values()
    return frozenset(name for node in nodes for _key, text in expressions_of(project, node) for name in names_in(text))


def expressions_of(project: Project, node: Node) -> Iterator[tuple[str, str]]:
    """Yield the expressions in a node of the project's graph, each with the name of its parameter."""
    numeric = _numeric(project, node)
    for key, value in node.params.items():
        for item in value if isinstance(value, tuple | list) else (value,):
            if key in numeric and _is_formula(numeric[key], item):
                yield key, item
    if isinstance(node.repeat, str):
        yield REPEAT, node.repeat


def _numeric(project: Project, node: Node) -> dict[str, Parameter]:
    """Return the parameters of a node that may hold expressions; none where nobody knows its kind."""
    kind = kind_of(project, node)
    try:
        return {each.name: each for each in parameters_of(kind) if each.type in NUMERIC} if kind else {}
    except ModelError:
        return {}


def _is_formula(parameter: Parameter, value: Value) -> bool:
    return isinstance(value, str) and value not in parameter.choices and is_expression(value)


def rewritten(project: Project, node: Node, change: Callable[[str], Value]) -> Node:
    """Return a node of the project's graph with every expression put through ``change``."""
    numeric = _numeric(project, node)

    def item(key: str, value: Value) -> Value:
        return change(value) if _is_formula(numeric[key], value) else value

    def whole(key: str, value: Value) -> Value:
        if key not in numeric:
            return value
        return tuple(item(key, each) for each in value) if isinstance(value, tuple | list) else item(key, value)

    repeat = change(node.repeat) if isinstance(node.repeat, str) else node.repeat
    repeat = str(repeat) if isinstance(repeat, float) else repeat  # no number of times: for the check to say
    return replace(node, params={key: whole(key, value) for key, value in node.params.items()}, repeat=repeat)


def substituted(expression: str, values: Mapping[str, Value]) -> Number | str:
    """Return an expression with numbers or expressions in place of names: ``2*channels`` becomes ``2*(width+1)``.

    Where no name is left the result is a number, unless it has none (a division by zero).

    Raises:
        EditError: a value is neither, or the result is too long for an expression.
    """
    if names_in(expression).isdisjoint(values):
        return expression
    tree = _Substitution(values).visit(ast.parse(expression.strip(), mode="eval"))
    text = ast.unparse(tree).replace(" ", "")
    if len(text) > LONGEST:
        raise EditError(f"'{expression}' would become an expression of more than {LONGEST} characters.")
    if names_in(text):
        return text
    try:
        return evaluate(text, {})
    except ExpressionError:
        return text


class _Substitution(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._values:
            return node
        value = self._values[node.id]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number and not (isinstance(value, str) and is_expression(value)):
            raise EditError(f"'{node.id}' cannot be put in: {value!r} is neither a number nor an expression.")
        return ast.parse(str(value).strip(), mode="eval").body


def renamed(expression: str, names: Mapping[str, str]) -> Number | str:
    """Return an expression with other names, otherwise as it is written where no name changes."""
    return substituted(expression, names)


def free_names(project: Project, names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return, for groups and those that they use, which of the project's variables each needs.

    A name counts that is neither a parameter of the group nor unknown to the project; a group that uses another needs
    what that one needs.
    """
    found: dict[str, frozenset[str]] = {}
    for name in needed(project.groups, names):
        group = project.groups[name]
        inner = (found[each] for each in group.uses if each in found)
        own = {each.name for each in group.parameters}
        found[name] = (names_used(project.inside(name)) & project.variables.keys()).union(*inner) - own
    return found
