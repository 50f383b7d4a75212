"""Small projects bound to data, and small table files, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.data.bind import bind
from core.graph.project import DataBinding, Field, Graph, Node, Project

HERE = Path(__file__).parent
PENGUINS = HERE / "penguins_small.csv"


def write(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def bind_text(folder: Path, text: str | bytes, **options: str) -> DataBinding:
    """Write a table file and bind it."""
    return bind("csv", {"path": str(write(folder, text)), **options})


def bound(
    binding: DataBinding,
    inputs: Mapping[str, Sequence[str]] | None = None,
    targets: Mapping[str, str] | None = None,
) -> Project:
    """Return a project whose Inputs and Outputs take these fields; by default one Input takes all inputs.

    Images have an Input each.
    """
    if inputs is None:
        fields = binding.with_role("input")
        cells = [field.name for field in fields if not field.shape]
        groups = [*([field.name] for field in fields if field.shape), *([cells] if cells else [])]
        inputs = {f"input{number}": names for number, names in enumerate(groups, 1)}
    if targets is None:
        targets = {"output1": binding.with_role("target")[0].name}
    nodes = [Node(name, "Input", {"fields": tuple(fields)}) for name, fields in inputs.items()]
    nodes += [Node(name, "Output", {"target": target}) for name, target in targets.items()]
    return Project(data=binding, graph=Graph({node.name: node for node in nodes}))


def field(binding: DataBinding, name: str) -> Field:
    """Return a field that has to be there."""
    found = binding.field(name)
    assert found is not None
    return found


def exchange(binding: DataBinding, changed: Field) -> DataBinding:
    """Return the binding with another field of the same name."""
    return replace(binding, fields=tuple(changed if each.name == changed.name else each for each in binding.fields))


def with_field(binding: DataBinding, name: str, **changes: Any) -> DataBinding:
    """Return the binding with one field changed."""
    return exchange(binding, replace(field(binding, name), **changes))


def sample_table(rows: int = 344) -> str:
    """Return a table in the style of the penguins: numbers, categories, some of them missing."""
    lines = ["species,island,length,mass,sex,year"]
    for row in range(rows):
        species = ("Adelie", "Gentoo", "Chinstrap")[(row * 7) % 5 % 3]
        island = ("Torgersen", "Biscoe", "Dream")[(row // 3) % 3]
        length = "NA" if row % 50 == 3 else f"{38 + 5 * len(species) / 6 + (row * 37 % 100) / 25:.1f}"
        sex = "" if row % 40 == 7 else ("male", "female")[row % 2]
        lines.append(f"{species},{island},{length},{3000 + row * 13 % 700},{sex},{2007 + row % 3}")
    return "\n".join(lines) + "\n"
