"""Whether a tensor fits a port: for the palette and the tip of a dragged wire. The check has the last word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.kinds import kind_of
from core.graph.project import End, Node, Project
from core.graph.rules import free_slot
from core.kinds import LayerKind, Port, Value
from core.parameters import resolve

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


def port_of(project: Project, target: End) -> Port | None:
    """Return the declared port of an input end; None where its kind is not installed."""
    kind = kind_of(project, project.graph.nodes[target.node])
    return kind.input_port(target.port) if kind else None


def best_input(project: Project, node: str, spec: TensorSpec | None) -> End | None:
    """Return the input that a wire dropped on a node takes: the first free one that fits, else the first free."""
    free = free_inputs(project, node, spec)
    return free[0] if free else free_slot(project, node)


def free_inputs(project: Project, node: str, spec: TensorSpec | None) -> tuple[End, ...]:
    """Return the free inputs of a node that a tensor fits, in their order; those of which there are many are not."""
    kind = kind_of(project, project.graph.nodes[node])
    ports = kind.inputs if kind else ()
    fitting = (End(node, port.name) for port in ports if not port.variadic and not misfit(port, spec))
    return tuple(end for end in fitting if end not in project.graph.links)


def first_output(project: Project, node: str) -> End | None:
    """Return the first output of a node, or None where it has none."""
    kind = kind_of(project, project.graph.nodes[node])
    return End(node, exits(kind)[0]) if kind and kind.outputs else None


def exits(kind: LayerKind) -> tuple[str, ...]:
    """Return the first slots of a kind's outputs."""
    return tuple(f"{port.name}.0" if port.variadic else port.name for port in kind.outputs)


def output_slots(
    project: Project, node: Node, kind: LayerKind | None, arguments: Mapping[str, Value]
) -> tuple[str, ...] | None:
    """Return the slots of a node's outputs where their number depends on its parameters, else None.

    ``arguments`` are the values last checked, for those filled in from what arrives. None too while they are not known.
    """
    if kind is None or kind.output_count is None:
        return None
    values, problems = resolve(kind, node.params, project.variables)
    if problems or not arguments.keys() >= kind.derived.keys():
        return None
    return kind.output_slots({**arguments, **values})
