"""Whether a tensor fits a port: for the palette and the tip of a dragged wire. The check has the last word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.project import End, Graph
from core.graph.rules import free_slot
from core.kinds import LayerKind, Port
from core.layers import catalogue

if TYPE_CHECKING:
    from core.model.specs import TensorSpec


def misfit(port: Port | None, spec: TensorSpec | None) -> str:
    """Return why a tensor does not fit a port, or an empty string where it does or one of them is unknown."""
    if port is None or spec is None:
        return ""
    if port.ranks and len(spec.shape) not in port.ranks:
        ranks = ", ".join(map(str, port.ranks))
        text = "Expects {ranks} dimensions (batch included), this has {rank}: {spec}"
        whole = str(spec).replace(" ", "\N{NO-BREAK SPACE}")
        return QCoreApplication.translate("Canvas", text).format(ranks=ranks, rank=len(spec.shape), spec=whole)
    if port.dtype == "int" and not spec.dtype.startswith("int"):
        return QCoreApplication.translate("Canvas", "Expects whole numbers, this is {dtype}").format(dtype=spec.dtype)
    if port.dtype == "float" and not spec.dtype.startswith("float"):
        return QCoreApplication.translate("Canvas", "Expects decimal numbers, this is {dtype}").format(dtype=spec.dtype)
    return ""


def port_of(graph: Graph, target: End) -> Port | None:
    """Return the declared port of an input end; None where its kind is not installed."""
    kind = catalogue.find(graph.nodes[target.node].kind)
    return kind.input_port(target.port) if kind else None


def best_input(graph: Graph, node: str, spec: TensorSpec | None) -> End | None:
    """Return the input that a wire dropped on a node takes: the first free one that fits, else the first free."""
    kind = catalogue.find(graph.nodes[node].kind)
    if kind is None:
        return None
    for port in kind.inputs:
        end = End(node, port.name)
        if not port.variadic and end not in graph.links and not misfit(port, spec):
            return end
    return free_slot(graph, node)


def first_output(graph: Graph, node: str) -> End | None:
    """Return the first output of a node, or None where it has none."""
    kind = catalogue.find(graph.nodes[node].kind)
    return End(node, kind.outputs[0].name) if kind and kind.outputs else None


def entries(kind: LayerKind, count: int) -> tuple[str, ...]:
    """Return the names of the first inputs of a kind that can take ``count`` links."""
    found: list[str] = []
    for port in kind.inputs:
        if port.variadic:
            found += [f"{port.name}.{index}" for index in range(count - len(found))]
        else:
            found.append(port.name)
    return tuple(found[:count])
