"""Small projects to check, and one around each sample of a kind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from core.graph.document import Document
from core.graph.project import End, Graph, Node, Project
from core.kinds import LayerKind, Shape
from core.model.problems import Fix, Problem
from core.model.shapes import check


def given(*shape: int | str, name: str = "x", dtype: str = "float32") -> Node:
    """Return an Input of samples of this shape."""
    return Node(name, "Input", {"shape": shape, "dtype": dtype})


def layer(name: str, kind: str, **params: Any) -> Node:
    """Return a node."""
    return Node(name, kind, params)


def chain(*nodes: Node, **parts: Any) -> Project:
    """Link nodes in a row, each from its output to the next one's input."""
    links = {End(after.name, "input"): End(before.name, "output") for before, after in pairwise(nodes)}
    return Project(graph=Graph({node.name: node for node in nodes}, links), **parts)


def net(nodes: tuple[Node, ...], *links: str, **parts: Any) -> Project:
    """Link nodes as written: ``"lstm1.hidden > add1.inputs.0"``, ports left out are ``output`` and ``input``."""
    found = {}
    for link in links:
        source, target = (end.strip() for end in link.split(">"))
        found[_end(target, "input")] = _end(source, "output")
    return Project(graph=Graph({node.name: node for node in nodes}, found), **parts)


def _end(text: str, port: str) -> End:
    node, _, written = text.partition(".")
    return End(node, written or port)


def around(kind: LayerKind, sample: tuple[Shape, ...], params: dict[str, Any]) -> Project:
    """Return the project of one node of a kind between Inputs of the sample's shapes and an Output on each port."""
    port = kind.inputs[0]
    dtype = "int64" if port.dtype == "int" else "float32"
    nodes = [Node("n", kind.id, {**kind.sample_parameters, **params})]
    links = {}
    for index, shape in enumerate(sample):
        nodes.append(given(*shape[1:], name=f"x{index}", dtype=dtype))
        slot = f"{port.name}.{index}" if port.variadic else kind.inputs[index].name
        links[End("n", slot)] = End(f"x{index}", "output")
    nodes.append(Node("y", "Output"))
    links[End("y", "input")] = End("n", kind.outputs[0].name)
    return Project(graph=Graph({node.name: node for node in nodes}, links))


def errors(project: Project) -> list[Problem]:
    """Return the errors of a project's check."""
    return [problem for problem in check(project).problems if problem.severity == "error"]


def only(project: Project) -> Problem:
    """Return the one problem of a project's check."""
    (problem,) = check(project).problems
    return problem


def fix(problem: Problem, label: str) -> Fix:
    """Return the fix of that label."""
    return {each.label: each for each in problem.fixes}[label]


def shape(project: Project, node: str, port: str = "output") -> tuple[int | str, ...]:
    """Return what a port of a node gives."""
    return check(project).nodes[node].outputs[port].shape


def solves(project: Project, label: str) -> Project:
    """Apply a fix of the only problem, assert that it is one undoable step which solves it; return the result."""
    document = Document(project)
    document.apply(fix(only(project), label).edit)
    assert check(document.project).problems == ()
    solved = document.project
    document.undo()
    assert document.project == project
    return solved
