"""Edits of how a node runs: switched off or passed by, repeated, with another's layer or with one of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import EditError
from core.expressions import is_expression
from core.graph.edits.base import BaseEdit, known_kind, node_of, with_nodes
from core.graph.kinds import kind_of
from core.graph.project import Mode, Project
from core.graph.sharing import check_sharing, sharers, with_own_layer

_VERBS: dict[Mode, str] = {"bypass": "Bypass", "mute": "Mute", "": "Switch on"}


@dataclass(frozen=True)
class SetMode(BaseEdit):
    """Let nodes pass on what arrives ("bypass"), give nothing ("mute") or run ("")."""

    names: frozenset[str]
    mode: Mode

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        what = next(iter(self.names)) if len(self.names) == 1 else f"{len(self.names)} nodes"
        return f"{_VERBS[self.mode]} {what}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        changed = []
        for name in sorted(self.names):
            node = node_of(project.graph, name)
            kind = kind_of(project, node)
            if self.mode == "bypass" and kind and not (kind.inputs and kind.outputs):
                raise EditError(f"'{name}' cannot be bypassed: {kind.display} has nothing to pass on. Mute it instead.")
            changed.append(replace(node, mode=self.mode))
        return with_nodes(project, changed)


@dataclass(frozen=True)
class SetRepeat(BaseEdit):
    """Stack a group ``repeat`` times (a number or an expression), each with weights of its own or all ``tied``."""

    node: str
    repeat: int | str
    tied: bool = False
    merge_key: str = ""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Repeat {self.node}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        node = node_of(project.graph, self.node)
        node = node_of(project.graph, node.shares or node.name)
        repeat = self.repeat
        if isinstance(repeat, bool) or (isinstance(repeat, int) and repeat < 1):
            raise EditError(f"A group is repeated at least once, not {repeat} times.")
        if isinstance(repeat, str) and not is_expression(repeat):
            raise EditError(f"Repetitions are a whole number or an expression such as 2*depth, not '{repeat}'.")
        if not node.group and (repeat != 1 or self.tied):
            raise EditError(f"Only a group can be repeated, and '{node.name}' is of kind {node.kind}: group it first.")
        return with_nodes(project, [replace(node, repeat=repeat, tied=self.tied)])


@dataclass(frozen=True)
class ShareLayer(BaseEdit):
    """Make a node another call of the layer of ``owner`` (or of that one's owner); nodes that shared it follow.

    With an empty owner the node gets a layer of its own again, with the same parameters.
    """

    name: str
    owner: str

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Share the weights of {self.owner}" if self.owner else f"Give {self.name} weights of its own"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        nodes = project.graph.nodes
        node = node_of(project.graph, self.name)
        if not self.owner:
            owner = nodes.get(node.shares)
            return with_nodes(project, [with_own_layer(node, owner) if owner else replace(node, shares="")])
        owner = node_of(project.graph, self.owner)
        owner = nodes.get(owner.shares, owner)
        kind = known_kind(project, owner.kind)
        if owner.kind == node.kind and not kind.has_module:
            raise EditError(f"{kind.display} has no weights to share.")
        shared = replace(node, shares=owner.name, params={}, repeat=1, tied=False)
        check_sharing(nodes, shared)
        moved = [replace(nodes[each], shares=owner.name) for each in sharers(nodes, node.name)]
        return with_nodes(project, [shared, *moved])
