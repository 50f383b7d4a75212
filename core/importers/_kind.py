"""What an importer is, what it is asked for, and what it gives: a project that can be edited, and its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.graph.project import INPUT, Project

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ImportRequest:
    """Import a network from ``source``: the path of a file, or ``python:package.module:factory``.

    ``shapes`` are those of one sample for each input, without the batch, in the order of the inputs, for sources that
    do not say them; ``dtypes`` the kinds of number ("float32", "int64", "bool"; missing ones are float32).
    """

    source: str
    shapes: tuple[tuple[int, ...], ...] = ()
    dtypes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imported:
    """A network as a project, with the weights that it had where it came from.

    ``weights`` are by the names that the project's own state dict has. ``names`` says what each of them was called in
    the source. ``notes`` tell the user what is not as it was: what became an opaque node, what was left out or
    renamed, by how much outputs differ. ``opaque`` are the paths of nodes whose operation has no kind here.
    """

    project: Project
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImporterKind:
    """A format that networks come from, declared once.

    ``suffixes`` are the endings of its files ("" for none); a ``prefix`` such as "python:" marks sources that are no
    files. ``read`` runs nothing of what the source says unless ``runs_code``, in which case whoever calls it has asked
    the user to trust it (``core.trust``), and ``read`` refuses what is not trusted. It reports through
    ``core.progress`` and raises Cancelled, or ImportFailed where the source is damaged, hostile or too large, holds
    what cannot be expressed, or a package is missing. The network that comes out was built and gave the same outputs
    as the source, or a note says why that could not be tried.
    """

    id: str
    title: str
    help: str
    read: Callable[[ImportRequest], Imported]
    suffixes: tuple[str, ...] = ()
    prefix: str = ""
    runs_code: bool = False


def entering(project: Project) -> str:
    """Return what one sample is made of, for people: "'x' 3 × 224 × 224", of several inputs with commas between."""
    found = []
    for node in project.graph.of_kind(INPUT):
        shape = node.params.get("shape", ())
        sizes = " × ".join(map(str, shape)) if isinstance(shape, tuple) else str(shape)
        found.append(f"'{node.name}' {sizes or 'a number'}")
    return ", ".join(found)
