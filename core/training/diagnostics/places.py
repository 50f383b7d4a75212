"""Which modules, weights and figures belong to which node: nodes by path, those inside groups too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from core.graph.kinds import kind_of
from core.graph.order import incoming, outgoing
from core.graph.project import INPUT, OUTPUT, Graph, Node, Project
from core.model.reports import ShapeReport
from core.training.network import Network

Measure = Literal["dead", "saturated", ""]
_CUT_OFF_AT_ZERO = ("relu", "relu6")
_BOUNDED = {"tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "hardsigmoid": (0.0, 1.0)}
_CHANNELS_FIRST = ("Convolution", "Pooling")
_NORMS_CHANNELS_FIRST = ("BatchNorm", "InstanceNorm", "GroupNorm")
_CHANNELS_LAST = ("Linear", "LayerNorm", "RMSNorm", "Embedding", "RNN", "LSTM", "GRU")


@dataclass(frozen=True, eq=False)
class Place:
    """A node: its path, the modules that it calls (several: a repeated group), and the weights inside them.

    ``measure`` says what is counted of its outputs, ``ends`` are those of their range. In an output of three dimensions
    the units are on axis 1 where ``channels_first``, else on the last.
    """

    path: str
    modules: tuple[nn.Module, ...] = ()
    weights: tuple[Tensor, ...] = ()
    measure: Measure = ""
    ends: tuple[float, float] = (0.0, 0.0)
    channels_first: bool = False
    group: bool = False


@dataclass(frozen=True, eq=False)
class Places:
    """All places by path, in the order in which they run, and by the ``id`` of each class's instance its prefix."""

    by_path: Mapping[str, Place]
    prefixes: Mapping[int, str]


def places_of(project: Project, network: Network) -> Places:
    """Return the places of a built network; nodes that reach no output are not in it."""
    found = _Finder(project)
    places = tuple(found.within(network.built.report, network.module, "", channels_first=False))
    return Places({each.path: each for each in places}, found.prefixes)


class _Finder:
    def __init__(self, project: Project) -> None:
        self._project = project
        self.prefixes: dict[int, str] = {}

    def within(self, report: ShapeReport, module: nn.Module, prefix: str, *, channels_first: bool) -> Iterator[Place]:
        """Yield the nodes of a graph; ``channels_first`` is how tensors arrive at it."""
        self.prefixes[id(module)] = prefix
        layout = self._layout(report, channels_first)
        for name in report.order:
            node = report.graph.nodes[name]
            if node.kind in (INPUT, OUTPUT) or node.shares:
                continue
            own = getattr(module, name, None)
            modules, row = _modules(own, row=bool(node.group))
            weights = tuple(dict.fromkeys(each for one in modules for each in one.parameters()))
            if isinstance(own, nn.Parameter):
                weights = (own,)
            measure, ends = self._measure(report, node)
            if measure == "saturated" and not prefix and _feeds_output(report.graph, name):
                measure = ""  # a certain answer is what it is for
            inner = report.nodes[name].inner if node.group else ()
            path = prefix + name
            yield Place(path, modules, weights, measure, ends, layout[name], bool(inner))
            for index, (each, inside) in enumerate(zip(modules, inner, strict=False)):
                below = f"{path}/{index}/" if row else f"{path}/"
                arrives = self._arriving(report, name, layout, channels_first)
                yield from self.within(inside, each, below, channels_first=arrives)

    def _measure(self, report: ShapeReport, node: Node) -> tuple[Measure, tuple[float, float]]:
        chosen = report.nodes[node.name].arguments.get("activation")
        name = (chosen if isinstance(chosen, str) and chosen != "none" and not node.group else node.kind).lower()
        kind = kind_of(self._project, node)
        if kind is not None and name == node.kind.lower() and kind.family != "Activation":
            return "", (0.0, 0.0)
        if name in _CUT_OFF_AT_ZERO:
            return "dead", (0.0, 0.0)
        return ("saturated", _BOUNDED[name]) if name in _BOUNDED else ("", (0.0, 0.0))

    def _layout(self, report: ShapeReport, outside: bool) -> dict[str, bool]:
        """Say of every node whether its outputs have their channels before their positions."""
        found: dict[str, bool] = {}
        for name in report.order:
            node = report.graph.nodes[name]
            kind = kind_of(self._project, node)
            family = kind.family if kind else ""
            if family in _CHANNELS_FIRST or node.kind.startswith(_NORMS_CHANNELS_FIRST):
                found[name] = True
            elif family in ("Attention", "Recurrent") or node.kind.startswith(_CHANNELS_LAST):
                found[name] = False
            else:
                found[name] = self._arriving(report, name, found, outside)
        return found

    @staticmethod
    def _arriving(report: ShapeReport, name: str, layout: Mapping[str, bool], outside: bool) -> bool:
        sources = incoming(report.graph)[name]
        return layout.get(sources[0][1].node, outside) if sources else outside


def _modules(own: object, *, row: bool) -> tuple[tuple[nn.Module, ...], bool]:
    """Return what a node calls, and whether that is a row of repetitions, as only groups have it."""
    if row and isinstance(own, nn.ModuleList | nn.Sequential):
        return tuple(own.children()), True
    return (own,) if isinstance(own, nn.Module) else (), False


def _feeds_output(graph: Graph, name: str) -> bool:
    return any(graph.nodes[end.node].kind == OUTPUT for _port, end in outgoing(graph)[name])
