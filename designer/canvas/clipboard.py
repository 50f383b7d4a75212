"""Nodes, frames, notes as text: what copy puts on the clipboard, readable in a chat, pasteable into another window.

The text is a project file that holds the nodes, the links among them, and the definitions that they use; so the text of
a whole project can be pasted as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from core.errors import EditError, ProjectError
from core.graph.edits import AddDefinitions, Edit, SetRoute, Together
from core.graph.files import project_from_text, project_to_text
from core.graph.groups import needed, python_layers
from core.graph.jsontext import JsonTextError, parse
from core.graph.names import natural_key, unique_name
from core.graph.project import End, Frame, Graph, Group, Node, Note, Point, Project, PythonLayer
from core.graph.sharing import freed_from
from designer.canvas.drawn.places import drawn_edits, drawn_of, new_name
from designer.canvas.routing import shifted

_APPLICATION = "Layerwright"
_INCOMING = "incoming"
"""Key of the copied text under which the links from other nodes stand."""
_MOST_CHARACTERS = 20_000_000
_FARTHEST = 1e9


@dataclass(frozen=True)
class Fragment:
    """Nodes, the links (source, target) among them, the definitions that they use, and frames and notes."""

    nodes: tuple[Node, ...]
    links: tuple[tuple[End, End], ...]
    groups: tuple[Group, ...] = ()
    code: tuple[PythonLayer, ...] = ()
    frames: tuple[Frame, ...] = ()
    notes: tuple[Note, ...] = ()
    routes: tuple[tuple[End, tuple[Point, ...]], ...] = ()
    """The points of the links' wires, by input end."""
    incoming: tuple[tuple[End, End], ...] = ()
    """Links (source, target) from nodes that are not among them: for a paste with wires."""


def fragment_of(
    project: Project, names: Collection[str], keep_sharing: bool = False, drawn: Collection[str] = ()
) -> Fragment:
    """Return the named nodes of the project's graph, and the frames and notes named by ``drawn``.

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
    links = tuple((source, target) for target, source in inner)
    routes = tuple((target, graph.routes[target]) for target, _source in inner if target in graph.routes)
    outer = sorted((t, s) for t, s in graph.links.items() if t.node in left and s.node not in left)
    incoming = tuple((source, target) for target, source in outer)
    return Fragment(nodes, links, groups, code, *drawn_of(graph, drawn), routes, incoming)


def to_text(fragment: Fragment) -> str:
    """Return the fragment as the text of a project file."""
    graph = Graph(
        {node.name: node for node in fragment.nodes},
        {target: source for source, target in fragment.links},
        {frame.name: frame for frame in fragment.frames},
        {note.name: note for note in fragment.notes},
        dict(fragment.routes),
    )
    groups, code = {each.name: each for each in fragment.groups}, {each.name: each for each in fragment.code}
    extra = {_INCOMING: {str(target): str(source) for source, target in fragment.incoming}}
    return project_to_text(Project(name="Copied nodes", graph=graph, groups=groups, code=code, extra=extra))


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
    graph = project.graph
    fragment = fragment_of(project, graph.nodes, drawn={**graph.frames, **graph.notes})
    return replace(fragment, incoming=tuple(_incoming(project)))


def _incoming(project: Project) -> Iterator[tuple[End, End]]:
    """Yield the links from outside that the text speaks of; whatever is no such link is passed over."""
    found = project.extra.get(_INCOMING, {})
    for target, source in found.items() if isinstance(found, Mapping) else ():
        (node, _, port), (giver, _, output) = str(target).partition("."), str(source).partition(".")
        if node in project.graph.nodes and port and giver and output:
            yield End(giver, output), End(node, port)


def paste_edit(
    project: Project, fragment: Fragment, offset: tuple[float, float], wires: bool = False
) -> AddDefinitions:
    """Return the edit that adds a fragment under names of its own, moved by ``offset``.

    With ``wires`` the copies are also linked to what fed the originals, where the project has nodes of that name.
    """
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
    if wires:
        graph = project.graph
        links += tuple(
            (source, End(names[target.node], target.port))
            for source, target in fragment.incoming
            if source.node in graph.nodes
        )
    return AddDefinitions(fragment.groups, fragment.code, nodes, links)


@dataclass(frozen=True)
class Pasted:
    """The edit that adds a fragment, and the names of what it adds."""

    edit: Edit
    nodes: frozenset[str]
    drawn: frozenset[str]


_D = TypeVar("_D", Frame, Note)


def _moved(drawn: _D, name: str, offset: tuple[float, float]) -> _D:
    x, y = drawn.position
    return replace(drawn, name=name, position=(x + offset[0], y + offset[1]))


def pasting(project: Project, fragment: Fragment, offset: tuple[float, float], wires: bool = False) -> Pasted:
    """Return how a whole fragment is added: ``paste_edit`` with the frames, notes and courses of wires."""
    nodes = paste_edit(project, fragment, offset, wires)
    names = frozenset(node.name for node in nodes.nodes)
    frames, notes = list[Frame](), list[Note]()
    for frame in fragment.frames:
        taken = {*names, *(each.name for each in frames)}
        frames.append(_moved(frame, new_name(project.graph, "frame", taken), offset))
    for note in fragment.notes:
        taken = {*names, *(each.name for each in notes)}
        notes.append(_moved(note, new_name(project.graph, "note", taken), offset))
    edits: list[Edit] = [nodes] if nodes.nodes or nodes.groups or nodes.code else []
    edits += drawn_edits(frames, notes)
    ends = {old: new for (_source, old), (_from, new) in zip(fragment.links, nodes.links, strict=False)}
    edits += [SetRoute(ends[end], shifted(points, *offset)) for end, points in fragment.routes if end in ends]
    label = nodes.label if nodes.nodes else "Add frames and notes"
    edit = edits[0] if len(edits) == 1 else Together(tuple(edits), label)
    return Pasted(edit, names, frozenset([frame.name for frame in frames] + [note.name for note in notes]))
