"""Which links are possible at all, whatever the shapes: the one place that knows, with the reason."""

from __future__ import annotations

from core.errors import LinkError, did_you_mean
from core.graph.order import downstream
from core.graph.project import End, Graph
from core.layers import catalogue


def check_link(graph: Graph, source: End, target: End) -> None:
    """Raise LinkError with the precise reason where ``source`` cannot be linked to ``target``.

    A target that is taken is no error: the new link replaces the old one. Ports of kinds that are not installed are
    taken on trust.
    """
    for end in (source, target):
        if end.node not in graph.nodes:
            raise LinkError(f"There is no node '{end.node}'.{did_you_mean(end.node, graph.nodes)}")
    source_kind = catalogue.find(graph.nodes[source.node].kind)
    target_kind = catalogue.find(graph.nodes[target.node].kind)
    if source_kind and source_kind.output_port(source.port) is None:
        names = ", ".join(port.name for port in source_kind.outputs) or "none"
        raise LinkError(f"'{source.node}' has no output '{source.port}' (it has: {names}).")
    if target_kind and target_kind.input_port(target.port) is None:
        names = ", ".join(port.name + (".0, .1, …" if port.variadic else "") for port in target_kind.inputs) or "none"
        raise LinkError(f"'{target.node}' has no input '{target.port}' (it has: {names}).")
    if source.node == target.node:
        raise LinkError(f"'{source.node}' cannot feed itself.")
    if source.node in downstream(graph, [target.node]):
        raise LinkError(
            f"This would close a loop: '{target.node}' already feeds '{source.node}'. A network runs from inputs to "
            "outputs; use a recurrent layer such as LSTM for memory."
        )


def can_link(graph: Graph, source: End, target: End) -> bool:
    """True where ``check_link`` has no objection."""
    try:
        check_link(graph, source, target)
    except LinkError:
        return False
    return True


def free_slot(graph: Graph, node: str) -> End | None:
    """Return the first free input of a node, or its first input where all are taken; None where it has no input."""
    kind = catalogue.find(graph.nodes[node].kind)
    if kind is None or not kind.inputs:
        return None
    for port in kind.inputs:
        if port.variadic:
            return next_slot(graph, End(node, port.name))
        if End(node, port.name) not in graph.links:
            return End(node, port.name)
    return End(node, kind.inputs[0].name)


def next_slot(graph: Graph, port: End) -> End:
    """Return the first free slot of a variadic port (given without its index)."""
    index = 0
    while End(port.node, f"{port.port}.{index}") in graph.links:
        index += 1
    return End(port.node, f"{port.port}.{index}")
