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
    nodes = [Node("n", kind.id, {**kind.sample_parameters, **params})]
    links = {}
    for index, shape in enumerate(sample):
        port = kind.inputs[0]
        slot = f"{port.name}.{index}" if port.variadic else kind.inputs[index].name
        taken = kind.input_port(slot)
        dtype = "int64" if taken and taken.dtype == "int" else "float32"
        nodes.append(given(*shape[1:], name=f"x{index}", dtype=dtype))
        links[End("n", slot)] = End(f"x{index}", "output")
        if taken and taken.dtype == "bool":
            nodes.append(Node(f"mask{index}", "Compare"))
            links |= {
                End(f"mask{index}", "a"): End(f"x{index}", "output"),
                End("n", slot): End(f"mask{index}", "output"),
            }
    nodes.append(Node("y", "Output"))
    first = kind.outputs[0]
    links[End("y", "input")] = End("n", f"{first.name}.0" if first.variadic else first.name)
    return Project(graph=Graph({node.name: node for node in nodes}, links))


def for_each_sample(project: Project) -> Project:
    """Return the project of ``around`` such that what ``n`` gives reaches the Output once for every sample.

    A constant, a mask or a sum over the batch has no batch of its own, and alone it is no prediction.
    """
    if not any(problem.node == "y" for problem in errors(project)):
        return project
    nodes = {**project.graph.nodes, "row": Node("row", "Unsqueeze", {"dim": 0}), "each": Node("each", "ExpandBatch")}
    nodes.setdefault("x0", given(3, name="x0"))
    links = {
        **project.graph.links,
        End("row", "input"): project.graph.links[End("y", "input")],
        End("each", "input"): End("row", "output"),
        End("each", "reference"): End("x0", "output"),
        End("y", "input"): End("each", "output"),
    }
    return Project(graph=Graph(nodes, links))


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
