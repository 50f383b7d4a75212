"""An imported network laid out with the sizes that its nodes have on the canvas, so that wires run straight."""

from __future__ import annotations

from dataclasses import replace

from core.graph.layout import layered_layout
from core.graph.project import Graph, Project
from designer.canvas.laying_out import AT_ONCE
from designer.canvas.style import style_of
from designer.canvas.thumbnail import faces_of


def arranged(project: Project) -> Project:
    """Return a project with all its graphs laid out; very large graphs stay as they are."""
    groups = {name: replace(group, graph=_laid_out(project.inside(name))) for name, group in project.groups.items()}
    return replace(project, graph=_laid_out(project), groups=groups)


def _laid_out(project: Project) -> Graph:
    graph = project.graph
    if len(graph.nodes) > AT_ONCE:
        return graph
    sizes = {name: (face.width, face.height) for name, face in faces_of(project, style_of()).items()}
    places = layered_layout(graph, sizes)
    nodes = {name: replace(node, position=places[name]) for name, node in graph.nodes.items()}
    return replace(graph, nodes=nodes)
