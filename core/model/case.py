"""A node in trouble, with all that the words about it and the ways out of it need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.graph.kinds import kind_of
from core.graph.project import End, Node, Project
from core.kinds import LayerKind, Value
from core.model.specs import Dim, TensorSpec

_AXES = {
    2: "N × features",
    3: "N × channels × length",
    4: "N × channels × height × width",
    5: "N × channels × depth × height × width",
}
_SEQUENCE = "N × time × features"


@dataclass(frozen=True)
class Case:
    """A node, the values of its parameters, and by slot what arrives and from where.

    ``inside`` says that the graph is a group's, whose Inputs give what arrives at its use. ``spec_of`` tells what any
    output of the graph gives, as far as that is known.
    """

    project: Project
    node: Node
    kind: LayerKind
    arguments: Mapping[str, Value]
    inputs: Mapping[str, TensorSpec]
    sources: Mapping[str, End]
    names: tuple[str, ...] = ()
    inside: bool = False
    spec_of: Callable[[End], TensorSpec | None] = lambda _end: None

    @property
    def name(self) -> str:
        """The node's name in quotation marks."""
        return f"'{self.node.name}'"

    @property
    def slot(self) -> str:
        """The first linked slot."""
        return next(iter(self.inputs), "")

    @property
    def spec(self) -> TensorSpec:
        """What arrives at the first linked slot."""
        return self.inputs[self.slot]

    @property
    def spatial(self) -> tuple[Dim, ...]:
        """The dimensions after batch and channels."""
        return self.spec.dims[2:]

    def giver(self, slot: str = "") -> str:
        """Return the node that feeds a slot (the first by default) in quotation marks, with a secondary port's name."""
        source = self.sources[slot or self.slot]
        feeding = self.project.graph.nodes.get(source.node)
        kind = kind_of(self.project, feeding) if feeding else None
        first = kind.outputs[0].name if kind and kind.outputs else source.port
        return f"'{source.node}'" if source.port == first else f"'{source}'"

    def gives(self, slot: str = "") -> str:
        """Return ``'conv1' gives N × 32 × 8 × 8``."""
        return f"{self.giver(slot)} gives {self.inputs[slot or self.slot]}"

    def rank_before(self, name: str) -> int:
        """Return how many dimensions arrive at another node's input, 0 where that is not known."""
        source = self.project.graph.links.get(End(name, "input"))
        spec = self.spec_of(source) if source else None
        return spec.rank if spec else 0

    def each(self, name: str, default: int) -> tuple[int, ...]:
        """Return a size parameter for every spatial dimension (words such as "same" count as ``default``)."""
        value = self.arguments.get(name, default)
        if isinstance(value, tuple):
            return value
        return (value if isinstance(value, int) else default,) * len(self.spatial)

    def axes(self, rank: int) -> str:
        """Name the dimensions of a rank as this kind understands them: ``N × channels × length``."""
        if rank == 3 and (self.kind.short_axis or "time" in self.kind.inputs[0].help):
            return _SEQUENCE
        return _AXES.get(rank, f"{rank} dimensions")
