"""Small projects for the tests of the graph."""

from __future__ import annotations

from core.graph.project import End, Graph, Node, Project


def end(text: str) -> End:
    """``"conv1.output"`` as an end."""
    node, _dot, port = text.partition(".")
    return End(node, port)


def graph(kinds: str, links: str = "") -> Graph:
    """``"in1:Input relu1:ReLU", "in1.output>relu1.input"`` as a graph."""
    nodes = [Node(name, kind) for name, kind in (each.split(":") for each in kinds.split())]
    pairs = [each.split(">") for each in links.split()]
    return Graph({node.name: node for node in nodes}, {end(target): end(source) for source, target in pairs})


def chain() -> Project:
    """Return ``image1 → linear1 → relu1 → output1``, at positions 0, 100, 200, 300."""
    made = graph(
        "image1:Input linear1:Linear relu1:ReLU output1:Output",
        "image1.output>linear1.input linear1.output>relu1.input relu1.output>output1.input",
    )
    nodes = {
        name: Node(name, node.kind, {"out_features": 8} if node.kind == "Linear" else {}, "", (100.0 * index, 0.0))
        for index, (name, node) in enumerate(made.nodes.items())
    }
    return Project(name="chain", graph=Graph(nodes, made.links))
