"""What both halves of reading a network from its text share: what was built, how groups and outputs are named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import EditError
from core.graph.names import check_class_name
from core.graph.project import OUTPUT, Graph, Group

if TYPE_CHECKING:
    from torch import nn

ARGUMENTS = "_layerwright_arguments"
"""Where a module keeps what it was built with."""


@dataclass(frozen=True)
class Given:
    """What enters at one argument of ``forward``: one sample's shape, without the batch, and the kind of number."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class Built:
    """A network that was built of a text, and what enters it by the names of its arguments.

    ``where`` is the module that the text's classes say they are of.
    """

    text: str
    network: str
    module: nn.Module
    given: tuple[Given, ...]
    where: str


def checked_class_name(name: str) -> bool:
    """Return whether a class's name can be that of a group."""
    try:
        check_class_name(name)
    except EditError:
        return False
    return True


def as_group(name: str, graph: Graph, known: Group | None) -> Group:
    """Return a class's graph as a group; the project's own of that name lends its parameters and its help."""
    return replace(known, graph=graph) if known is not None else Group(name, graph)


def output_names(known: Graph | None, count: int) -> list[str]:
    """Return the names of a class's outputs: those that the group has, in their order, then new ones."""
    names = [node.name for node in known.of_kind(OUTPUT)] if known else []
    names = names[:count] if names else (["output"] if count == 1 else [])
    return [*names, *(f"output{number}" for number in range(len(names) + 1, count + 1))]
