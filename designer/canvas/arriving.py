"""What an Input inside of a group shows: what arrives there in the use that was opened, as the wire behind it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from core.graph.project import INPUT, Node
from core.kinds import Value

if TYPE_CHECKING:
    from core.model.reports import NodeReport
    from designer.session import Session

_BATCH = "N"


def as_opened(session: Session, node: Node) -> Node:
    """Return a node of the graph that is looked at with the values that it shows.

    An Input inside of a group has the shape (of one sample, without the batch) and the dtype that the last check found
    to arrive there. Until that is known, and for every other node, they are those that are stored.
    """
    found = session.node_report(node.name) if is_port(session, node) else None
    values = _found(found) if found else {}
    return replace(node, params={**node.params, **values}) if values else node


def is_port(session: Session, node: Node) -> bool:
    """Return True for an Input inside of a group: its shape is that of what is linked to the group."""
    return bool(session.path) and node.kind == INPUT


def _found(found: NodeReport) -> Mapping[str, Value]:
    spec = next(iter(found.outputs.values()), None)
    if spec is None:
        return {}
    shape = spec.shape[1:] if spec.shape[:1] == (_BATCH,) else spec.shape
    return {"shape": shape, "dtype": spec.dtype}
