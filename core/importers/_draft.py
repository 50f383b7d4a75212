"""A network in the making: every importer adds its layers here, and gets a project with their weights back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core import trust
from core.errors import SaveError
from core.graph.kinds import kind_of
from core.graph.layout import layered_layout
from core.graph.names import RESERVED_CLASSES, free_class_name, free_name, natural_key
from core.graph.order import upstream
from core.graph.project import INPUT, OUTPUT, End, Graph, Node, Project, PythonLayer
from core.importers._kind import Imported
from core.kinds import Value

if TYPE_CHECKING:
    from torch import Tensor


def trust_own(source: str, note: Callable[[str], object]) -> None:
    """Trust what an importer wrote by itself, or took out of what was trusted; ``note`` is told what could not be."""
    if trust.is_trusted(source):
        return
    try:
        trust.trust(source)
    except SaveError as error:
        note(str(error))


class Draft:
    """Nodes, links and weights, as they are found one after another.

    Nodes may be added in any order that lets each name the ends that feed it. What a node is called is made of what the
    source calls it: ``features.0.conv-1`` becomes ``features_0_conv_1``, and a number follows where that is taken.
    """

    def __init__(self, name: str) -> None:
        self.project = Project(name or "Imported")
        self.weights: dict[str, Tensor] = {}
        self.names: dict[str, str] = {}
        self.notes: list[str] = []
        self.opaque: list[str] = []

    @property
    def graph(self) -> Graph:
        """The graph as far as it goes."""
        return self.project.graph

    def input(self, name: str, shape: Sequence[int | str], dtype: str = "float32") -> End:
        """Add an input; ``shape`` is one sample's, without the batch, with names for lengths that stay open."""
        return self.add(INPUT, {"shape": tuple(shape), "dtype": dtype}, (), name=name or "input")

    def output(self, name: str, source: End) -> str:
        """Add an output and return the name of its node."""
        return self.add(OUTPUT, {}, (source,), name=name or "output").node

    def add(
        self,
        kind: str,
        params: Mapping[str, Value],
        inputs: Sequence[End] | Mapping[str, End],
        *,
        name: str = "",
        tensors: Mapping[str, Tensor] | None = None,
        called: Mapping[str, str] | None = None,
        shares: str = "",
        label: str = "",
    ) -> End:
        """Add a node and return its first output end; further ones are ``End(end.node, port)``.

        ``params`` holds what differs from the kind's defaults; derived parameters follow from what arrives.
        ``inputs`` are the ends that feed it, in the order of its ports, or by slot ("input", "inputs.1").
        ``tensors`` are its weights by the names they have in the module ("weight", "weight_ih_l0"; "" where the
        layer is the tensor), ``called`` what the source calls each of them. ``shares`` names the node whose layer this
        one is, too.
        """
        node = Node(self.free(name or kind), kind, dict(params), label=label, shares=shares)
        known = kind_of(self.project, node)
        if known is None:
            raise KeyError(kind)
        by_slot = (
            inputs if isinstance(inputs, Mapping) else dict(zip(known.input_slots(len(inputs)), inputs, strict=True))
        )
        links = {End(node.name, slot): source for slot, source in by_slot.items()}
        graph = Graph({**self.graph.nodes, node.name: node}, {**self.graph.links, **links})
        self.project = replace(self.project, graph=graph)
        for key, tensor in (tensors or {}).items():
            own = f"{node.name}.{key}" if key else node.name
            self.weights[own] = tensor
            self.names[own] = (called or {}).get(key, key)
        return End(node.name, known.outputs[0].name if known.outputs else "")

    def define(self, layer: PythonLayer) -> str:
        """Add a layer's source, which runs only once it is trusted, and return the kind of nodes that use it."""
        known = self.project.code.get(layer.name)
        if known is not None and known != layer:
            raise ValueError(layer.name)
        self.project = replace(self.project, code={**self.project.code, layer.name: layer})
        return f"python:{layer.name}"

    def define_own(self, stem: str, source: Callable[[str], str]) -> str:
        """Add a layer that an importer writes itself, which is trusted, and return the kind of nodes that use it.

        ``source`` gives its text by its name: ``stem``, or with a number behind it where another layer is called so.
        """
        taken = {*self.project.groups, *RESERVED_CLASSES}
        while True:
            name = free_class_name(stem, taken)
            layer = PythonLayer(name, source(name))
            if self.project.code.get(name, layer) == layer:
                break
            taken.add(name)
        trust_own(layer.source, self.note)
        return self.define(layer)

    def free(self, name: str) -> str:
        """Return a name that no node has yet, made of what the source calls it."""
        return free_name(name, self.graph.nodes)

    def note(self, text: str) -> None:
        """Tell the user something, once."""
        if text not in self.notes:
            self.notes.append(text)

    def prune(self) -> None:
        """Leave out the nodes that reach no output, but for inputs and layers that others share."""
        graph = self.graph
        outputs = [node.name for node in graph.of_kind(OUTPUT)]
        kept = {*outputs, *upstream(graph, outputs), *(node.name for node in graph.of_kind(INPUT))}
        kept |= {graph.nodes[name].shares for name in kept} - {""}
        kept |= upstream(graph, kept)
        nodes = {name: node for name, node in graph.nodes.items() if name in kept}
        links = {target: source for target, source in graph.links.items() if target.node in kept}
        self.project = replace(self.project, graph=Graph(nodes, links))
        gone = [key for key in self.weights if key.partition(".")[0] not in kept]
        for key in gone:
            del self.weights[key], self.names[key]
        self.opaque = [name for name in self.opaque if name.partition(".")[0] in kept]

    def finished(self) -> Imported:
        """Return what came of it, with every node in its place."""
        places = layered_layout(self.graph)
        nodes = {name: replace(node, position=places[name]) for name, node in self.graph.nodes.items()}
        project = replace(self.project, graph=replace(self.graph, nodes=nodes))
        opaque = tuple(sorted(self.opaque, key=natural_key))
        return Imported(project, self.weights, self.names, tuple(self.notes), opaque)
