"""Which links are possible at all, whatever the shapes: the one place that knows, with the reason."""

from __future__ import annotations

from core.errors import LayerwrightError, LinkError, did_you_mean
from core.graph.kinds import kind_of
from core.graph.order import downstream
from core.graph.project import End, Node, Project
from core.kinds import LayerKind, Port
from core.parameters import resolve


def check_link(project: Project, source: End, target: End) -> None:
    """Raise LinkError with the precise reason where ``source`` cannot be linked to ``target`` in the project's graph.

    A target that is taken is no error: the new link replaces the old one. Ports of kinds that are not installed are
    taken on trust.
    """
    nodes = project.graph.nodes
    for end in (source, target):
        if end.node not in nodes:
            raise LinkError(f"There is no node '{end.node}'.{did_you_mean(end.node, nodes)}")
    source_kind, target_kind = kind_of(project, nodes[source.node]), kind_of(project, nodes[target.node])
    if source_kind and not _gives(project, nodes[source.node], source_kind, source.port):
        names = _listed(source_kind.outputs)
        raise LinkError(f"'{source.node}' has no output '{source.port}' (it has: {names}).")
    if target_kind and target_kind.input_port(target.port) is None:
        raise LinkError(f"'{target.node}' has no input '{target.port}' (it has: {_listed(target_kind.inputs)}).")
    if source.node == target.node:
        raise LinkError(f"'{source.node}' cannot feed itself.")
    if source.node in downstream(project.graph, [target.node]):
        raise LinkError(
            f"This would close a loop: '{target.node}' already feeds '{source.node}'. A network runs from inputs to "
            "outputs; use a recurrent layer such as LSTM for memory."
        )


def _gives(project: Project, node: Node, kind: LayerKind, slot: str) -> bool:
    """True where a node has an output slot; how many a variadic port has is asked only where all parameters fit."""
    port = kind.output_port(slot)
    if port is None or not port.variadic or kind.output_count is None:
        return port is not None
    owner = project.graph.nodes.get(node.shares, node)
    try:
        values, problems = resolve(kind, owner.params, project.variables)
        return bool(problems) or slot in kind.output_slots(values)
    except LayerwrightError:
        return True


def _listed(ports: tuple[Port, ...]) -> str:
    return ", ".join(port.name + (".0, .1, …" if port.variadic else "") for port in ports) or "none"


def can_link(project: Project, source: End, target: End) -> bool:
    """True where ``check_link`` has no objection."""
    try:
        check_link(project, source, target)
    except LinkError:
        return False
    return True


def free_slot(project: Project, node: str) -> End | None:
    """Return the first free input of a node, or its first input where all are taken; None where it has no input."""
    kind = kind_of(project, project.graph.nodes[node])
    if kind is None or not kind.inputs:
        return None
    for port in kind.inputs:
        if port.variadic:
            return next_slot(project, End(node, port.name))
        if End(node, port.name) not in project.graph.links:
            return End(node, port.name)
    return End(node, kind.inputs[0].name)


def next_slot(project: Project, port: End) -> End:
    """Return the first free slot of a variadic port (given without its index)."""
    index = 0
    while End(port.node, f"{port.port}.{index}") in project.graph.links:
        index += 1
    return End(port.node, f"{port.port}.{index}")
