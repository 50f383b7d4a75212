"""Nodes that share a layer: who owns it, and who owns it next where the owner goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from core.errors import EditError, did_you_mean
from core.graph.names import natural_key
from core.graph.project import Node


def sharers(nodes: Mapping[str, Node], owner: str) -> tuple[str, ...]:
    """Return the names of the nodes that share a node's layer, in natural order."""
    return tuple(sorted((name for name, node in nodes.items() if node.shares == owner), key=natural_key))


def check_sharing(nodes: Mapping[str, Node], node: Node) -> None:
    """Raise EditError where a node cannot share the layer that it names.

    An owner is another node of the same kind that owns its layer itself.
    """
    if not node.shares:
        return
    owner = nodes.get(node.shares)
    if owner is None:
        hint = did_you_mean(node.shares, nodes)
        raise EditError(f"'{node.name}' cannot share the layer of '{node.shares}': there is no such node.{hint}")
    if owner.name == node.name:
        raise EditError(f"'{node.name}' cannot share its own layer.")
    if owner.shares:
        raise EditError(
            f"'{node.name}' cannot share the layer of '{owner.name}', which is the layer of '{owner.shares}': share "
            "that one."
        )
    if owner.kind != node.kind:
        raise EditError(
            f"'{node.name}' cannot share the layer of '{owner.name}': the one is of kind {node.kind}, the other of "
            f"kind {owner.kind}."
        )


def with_own_layer(node: Node, owner: Node) -> Node:
    """Return a node that shared a layer with a layer of its own, set as the owner's is."""
    return replace(node, shares="", params=dict(owner.params), repeat=owner.repeat, tied=owner.tied)


def freed_from(nodes: Mapping[str, Node], gone: Collection[str]) -> dict[str, Node]:
    """Return the nodes without those that go; the first that shared a layer of theirs becomes its owner."""
    left = {name: node for name, node in nodes.items() if name not in gone}
    for name in {node.shares for node in left.values()}.intersection(gone):
        heirs = sharers(left, name)
        for heir in heirs[:1]:
            left[heir] = with_own_layer(left[heir], nodes[name])
        left.update({each: replace(left[each], shares=heirs[0]) for each in heirs[1:]})
    return left
