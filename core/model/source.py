"""Writes a project's network as the Python an engineer would have written: what is trained and what is exported.

One class for every group that is used, each after those that it uses, and the network's own class at the end. How a
class is written says ``core.model.writing``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import EditError, ModelError
from core.expressions import Number, names_in
from core.graph.kinds import kind_named
from core.graph.names import check_class_name, natural_key
from core.graph.project import INPUT, OUTPUT, Node, Project
from core.kinds import LayerKind
from core.model.lines import import_line, literal
from core.model.reports import ShapeReport
from core.model.writing.body import Module, write_class
from core.model.writing.foreign import Copied, copied, imports
from core.model.writing.group import WrittenClass
from core.model.writing.repeats import Split
from core.model.writing.text import free
from core.model.writing.uses import Use, by_group, use_of

_HEADER = '"""A neural network designed with Layerwright. It needs nothing but PyTorch."""'
_PROVIDED = ("torch", "nn", "F", "math")


@dataclass(frozen=True)
class Source:
    """The text, the arguments of ``forward``, the names of what it returns, and which node each line belongs to."""

    text: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes_by_line: Mapping[int, str]
    """By line number, counted from 1: the nodes of the network's own class."""
    group_lines: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """By line number: the group whose class it is, and the node inside."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """The group that each class is written for, by the name of the class."""
    code: Mapping[str, str] = field(default_factory=dict)
    """The Python layers whose source is part of the text, by name."""


def write_source(project: Project, report: ShapeReport, class_name: str = "Net") -> str:
    """Return the network as a module of Python, whose last class takes the Input nodes by name in ``forward``.

    It returns a tensor where there is one Output, else a dictionary by the names of the Outputs. Nodes that reach no
    Output are left out, and so are those that are switched off.

    Raises:
        ModelError: the report has errors, there is no Output, or a name cannot be written.
    """
    return compose(project, report, class_name).text


def compose(project: Project, report: ShapeReport, class_name: str = "Net") -> Source:
    """Return the source with its line map; see ``write_source``."""
    _refuse_errors(report)
    if not class_name.isidentifier():
        raise ModelError(f"'{class_name}' cannot be the name of a class.")
    root = use_of(report)
    if not report.graph.of_kind(OUTPUT):
        raise ModelError("The network has no Output: add one and link to it what shall be predicted.")
    return _Composer(project, root, class_name).source()


def _refuse_errors(report: ShapeReport) -> None:
    errors = [problem for problem in report.problems if problem.severity == "error"]
    if errors:
        count = "a problem" if len(errors) == 1 else f"{len(errors)} problems"
        raise ModelError(
            f"The network cannot be built: it has {count}.",
            problems=[problem.message for problem in errors],
            node=errors[0].node or None,
        )


class _Composer:
    """Puts one module together."""

    def __init__(self, project: Project, root: Use, class_name: str) -> None:
        self.project, self.root, self.class_name = project, root, class_name
        self.groups = by_group(root)
        self.graphs = [root, *(uses[0] for uses in self.groups.values())]
        self.kinds = list(dict.fromkeys(kind for use in self.graphs for kind in self._kinds_of(use)))
        self.pieces = copied(self.kinds)
        self.constants = self._constants()

    def source(self) -> Source:
        classes = self._classes()
        rows: list[str] = []
        nodes: dict[int, str] = {}
        inside: dict[int, tuple[str, str]] = {}
        for text, made, node in self._rows(classes):
            rows.append(text)
            if node and made.group:
                inside[len(rows)] = (made.group, node)
            elif node:
                nodes[len(rows)] = node
        inputs = sorted((node.name for node in self.root.nodes if node.kind == INPUT), key=natural_key)
        outputs = sorted((node.name for node in self.root.nodes if node.kind == OUTPUT), key=natural_key)
        groups = {made.name: made.group for made in classes if made.group}
        code = {kind.display: kind.code for kind in self.kinds if kind.code}
        return Source("\n".join(rows) + "\n", tuple(inputs), tuple(outputs), nodes, inside, groups, code)

    def _kinds_of(self, use: Use) -> Iterator[LayerKind]:
        for node in use.nodes:
            owner: Node = use.report.graph.nodes[node.shares] if node.shares else node
            kind = kind_named(self.project, owner.kind)
            if kind is not None:
                yield kind

    # Names of the module

    def _constants(self) -> dict[str, str]:
        """Name the project's variables that several parameters use, by variable: ``WIDTH`` for ``width``."""
        used: dict[str, int] = {}
        for use in self.graphs:
            group = self.project.groups.get(use.group)
            own = {each.name for each in group.parameters} if group else set()
            for node in use.nodes:
                for name in {name for text in _texts(node) for name in names_in(text)} - own:
                    used[name] = used.get(name, 0) + 1
        taken = {self.class_name, *_PROVIDED, *(name for piece in self.pieces for name in piece.names)}
        taken |= {node for use in self.graphs for node in use.report.graph.nodes} | self.groups.keys()
        found: dict[str, str] = {}
        for name in self.project.variables:
            constant = name.upper()
            if used.get(name, 0) > 1 and constant.isidentifier() and constant not in {*taken, *found.values(), "N"}:
                found[name] = constant
        return found

    def _classes(self) -> list[WrittenClass]:
        """Write the groups, each after those that it uses, and the network."""
        taken = {self.class_name, *_PROVIDED, *self.constants.values()}
        taken |= {name for piece in self.pieces for name in piece.names}
        taken |= {name for piece in self.pieces for name, _line in piece.imports}
        if self.class_name in {name for piece in self.pieces for name in piece.names}:
            raise ModelError(
                f"A Python layer defines '{self.class_name}', which is the network's own class: rename it."
            )
        variables: dict[str, str | Number] = {
            name: self.constants.get(name, value) for name, value in self.project.variables.items()
        }
        values = {constant: self.project.variables[name] for name, constant in self.constants.items()}
        found: list[WrittenClass] = []
        for group, uses in self.groups.items():
            waiting = [uses]
            while waiting:
                some = waiting.pop(0)
                name = _class_name(group, taken, bool(found) and found[-1].group == group)
                module = Module(self.project, frozenset(taken | {name}), variables, values)
                try:
                    made = write_class(module, name, some)
                except Split as split:
                    keys = dict.fromkeys(split.keys)
                    parts = [[use for use, key in zip(some, split.keys, strict=True) if key == each] for each in keys]
                    waiting[:0] = parts
                    continue
                taken.add(name)
                for use in some:
                    use.written = made
                found.append(made)
        module = Module(self.project, frozenset(taken), variables, values)
        return [*found, write_class(module, self.class_name, [self.root])]

    # Layout

    def _rows(self, classes: Sequence[WrittenClass]) -> Iterator[tuple[str, WrittenClass, str]]:
        net = classes[-1]
        read = frozenset().union(*(made.reads for made in classes))
        used = [name for name in _PROVIDED if name in read or name in ("torch", "nn")]
        head = [_HEADER, "", *self._imports(used)]
        written = {constant: name for name, constant in self.constants.items() if constant in read}
        head += [""] if written else []
        head += [f"{constant} = {literal(self.project.variables[name])}" for constant, name in written.items()]
        for piece in self.pieces:
            head += ["", "", *piece.text.split("\n")]
        yield from ((row, net, "") for row in head)
        for made in classes:
            yield from (("", made, ""), ("", made, ""))
            yield from ((line.text, made, line.node) for line in made.lines)

    def _imports(self, used: Sequence[str]) -> list[str]:
        foreign = {line for kind in self.kinds if (line := import_line(kind))}
        bare = [Copied("", frozenset(), "", ((line.split()[1].partition(".")[0], line),)) for line in sorted(foreign)]
        return imports([*self.pieces, *bare], used)


def _texts(node: Node) -> Iterator[str]:
    """Yield what may be an expression in a node."""
    for value in (*node.params.values(), node.repeat):
        yield from (each for each in (value if isinstance(value, tuple | list) else (value,)) if isinstance(each, str))


def _class_name(group: str, taken: set[str], again: bool) -> str:
    """Return the name of a group's class; a second class for other uses of the group gets a number."""
    try:
        check_class_name(group)
    except EditError as error:
        raise ModelError("The network cannot be written as Python.", problems=[error.message]) from error
    if not again:
        return group if group not in taken else free(f"{group}Group", taken)
    number = 2
    while f"{group}{number}" in taken:
        number += 1
    return f"{group}{number}"
