"""Small projects for the tests of the graph."""

from __future__ import annotations

from dataclasses import replace

from core.graph.project import End, Graph, Group, GroupParameter, Node, Project


def end(text: str) -> End:
    """``"conv1.output"`` as an end."""
    node, _dot, port = text.partition(".")
    return End(node, port)


def graph(kinds: str, links: str = "") -> Graph:
    """``"in1:Input relu1:ReLU", "in1.output>relu1.input"`` as a graph."""
    nodes = [Node(name, kind) for name, kind in (each.split(":", 1) for each in kinds.split())]
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


def block(name: str = "Block") -> Group:
    """Return a group ``x → linear1 → act1 → y`` whose parameter ``width`` is the width of the linear layer."""
    made = graph(
        "x:Input linear1:Linear act1:ReLU y:Output",
        "x.output>linear1.input linear1.output>act1.input act1.output>y.input",
    )
    nodes = {each.name: each for each in made.nodes.values()}
    nodes["linear1"] = Node("linear1", "Linear", {"out_features": "2*width"})
    return Group(name, Graph(nodes, made.links), (GroupParameter("width", 4),))


def stack() -> Project:
    """Return ``image1 → block1 → block2 → output1`` of two uses of ``Block``, with a variable ``depth``."""
    made = graph(
        "image1:Input block1:group:Block block2:group:Block output1:Output",
        "image1.output>block1.x block1.y>block2.x block2.y>output1.input",
    )
    return Project(name="stack", variables={"depth": 3}, graph=made, groups={"Block": block()})


def bare(made: Graph) -> Graph:
    """Return a graph with every node in the same place."""
    return Graph({name: replace(node, position=(0.0, 0.0)) for name, node in made.nodes.items()}, made.links)
