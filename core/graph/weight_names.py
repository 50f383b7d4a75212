"""What the tensors of a network are called in the file that it starts from, after nodes were renamed or grouped.

A node's tensors are there under its name, unless ``Node.weights`` says another one: that is how a trained layer keeps
its weights when it gets a better name, moves into a group or out of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from core.graph.groups import graphs
from core.graph.project import Graph, Node, Project

NO_NAME = "."
"""What ``Node.weights`` says where the tensors of a node have no name in front."""


def name_in_file(node: Node) -> str:
    """Return what stands in front of the names of a node's tensors; empty where nothing does."""
    return "" if node.weights == NO_NAME else node.weights or node.name


def joined(*parts: str) -> str:
    """Join names with dots, without those that are empty."""
    return ".".join(part for part in parts if part)


def stored_name(project: Project, name: str) -> str:
    """Return what a tensor of the state dict (``stage1.0.conv.weight``) is called in the project's file of weights."""
    graph: Graph | None = project.graph
    found: list[str] = []
    parts = name.split(".")
    while parts:
        node = graph.nodes.get(parts[0]) if graph is not None else None
        if node is None:
            return joined(*found, *parts)
        found.append(name_in_file(node))
        parts = parts[1:]
        group = project.groups.get(node.group)
        graph = group.graph if group is not None else None
        if graph is not None and parts and parts[0].isdecimal():  # one of its repetitions
            found.append(parts[0])
            parts = parts[1:]
    return joined(*found)


def without_weight_names(project: Project) -> Mapping[str, Graph]:
    """Return the graphs (by name as ``graphs`` gives them) in which a node has another name in the file, without."""
    return dict(_plain(project))


def _plain(project: Project) -> Iterator[tuple[str, Graph]]:
    for name, graph in graphs(project):
        if any(node.weights for node in graph.nodes.values()):
            yield name, replace(graph, nodes={key: replace(node, weights="") for key, node in graph.nodes.items()})
