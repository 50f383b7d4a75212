"""Nodes as text: what copy puts on the clipboard, readable in a chat and pasteable into another window.

The text is a project file that holds the nodes, the links among them, and the definitions that they use; so the text of
a whole project can be pasted as well.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from core.errors import EditError, ProjectError
from core.graph.edits import AddDefinitions
from core.graph.files import project_from_text, project_to_text
from core.graph.groups import needed, python_layers
from core.graph.jsontext import JsonTextError, parse
from core.graph.names import natural_key, unique_name
from core.graph.project import End, Graph, Group, Node, Project, PythonLayer
from core.graph.sharing import freed_from

_APPLICATION = "Layerwright"
_MOST_CHARACTERS = 20_000_000
_FARTHEST = 1e9


@dataclass(frozen=True)
class Fragment:
    """Nodes, the links (source, target) among them, and the definitions that they use."""

    nodes: tuple[Node, ...]
    links: tuple[tuple[End, End], ...]
    groups: tuple[Group, ...] = ()
    code: tuple[PythonLayer, ...] = ()


def fragment_of(project: Project, names: Collection[str], keep_sharing: bool = False) -> Fragment:
    """Return the named nodes of the project's graph.

    One that shares the layer of a node that is not among them gets its own, unless it shall ``keep_sharing``.
    """
    graph = project.graph
    if keep_sharing:
        left = {name: graph.nodes[name] for name in names}
    else:
        left = freed_from(graph.nodes, graph.nodes.keys() - set(names))
    nodes = tuple(left[name] for name in sorted(left, key=natural_key))
    inner = sorted((t, s) for t, s in graph.links.items() if t.node in left and s.node in left)
    groups = tuple(project.groups[name] for name in needed(project.groups, (node.group for node in nodes)))
    layers = python_layers([Graph(left), *(group.graph for group in groups)])
    code = tuple(project.code[name] for name in sorted(layers & project.code.keys(), key=natural_key))
    return Fragment(nodes, tuple((source, target) for target, source in inner), groups, code)


def to_text(fragment: Fragment) -> str:
    """Return the fragment as the text of a project file."""
    graph = Graph({node.name: node for node in fragment.nodes}, {target: source for source, target in fragment.links})
    groups, code = {each.name: each for each in fragment.groups}, {each.name: each for each in fragment.code}
    return project_to_text(Project(name="Copied nodes", graph=graph, groups=groups, code=code))


def from_text(text: str) -> Fragment:
    """Read what ``to_text`` wrote.

    Raises:
        EditError: the text is something else; the message says what.
    """
    if not text.strip():
        raise EditError("The clipboard holds no text: copy some nodes first.")
    try:
        content = parse(text)[0] if len(text) <= _MOST_CHARACTERS else None
    except JsonTextError as error:
        raise EditError("The clipboard holds text that is no Layerwright nodes: copy some nodes first.") from error
    if not isinstance(content, dict) or content.get("application") != _APPLICATION:
        raise EditError("The clipboard holds text that is no Layerwright nodes: copy some nodes first.")
    try:
        project = project_from_text(text, "clipboard")
    except ProjectError as error:
        raise EditError(f"These nodes cannot be pasted. {' '.join(error.problems or (error.message,))}") from error
    for node in project.graph.nodes.values():
        if not abs(node.position[0]) + abs(node.position[1]) < _FARTHEST:
            raise EditError(f"These nodes cannot be pasted: the place of '{node.name}' is out of range.")
    return fragment_of(project, project.graph.nodes)


def paste_edit(project: Project, fragment: Fragment, offset: tuple[float, float]) -> AddDefinitions:
    """Return the edit that adds a fragment under names of its own, moved by ``offset``."""
    taken = set(project.graph.nodes)
    names: dict[str, str] = {}
    for node in fragment.nodes:
        names[node.name] = unique_name(node.name, taken) if node.name in taken else node.name
        taken.add(names[node.name])
    nodes = tuple(
        replace(
            node,
            name=names[node.name],
            shares=names.get(node.shares, node.shares),
            position=(node.position[0] + offset[0], node.position[1] + offset[1]),
        )
        for node in fragment.nodes
    )
    links = tuple(
        (End(names[source.node], source.port), End(names[target.node], target.port))
        for source, target in fragment.links
    )
    return AddDefinitions(fragment.groups, fragment.code, nodes, links)
