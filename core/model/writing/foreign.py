"""Source that is not written but copied: our own modules, the user's Python layers, and what these import."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.errors import ModelError
from core.kinds import LayerKind
from core.model.lines import OWN_MODULES

_PROVIDED = {"torch": "import torch", "nn": "from torch import nn", "F": "from torch.nn import functional as F"}
_PROVIDED["math"] = "import math"


@dataclass(frozen=True)
class Copied:
    """A piece of copied source: what it defines by name, its text without imports, and its imports by bound name."""

    title: str
    names: frozenset[str]
    text: str
    imports: tuple[tuple[str, str], ...]


def copied(kinds: Iterable[LayerKind]) -> list[Copied]:
    """Return the sources that kinds need, each once, in the order of the kinds.

    Raises:
        ModelError: two Python layers define one name differently.
    """
    found: dict[str, Copied] = {}
    for kind in kinds:
        if kind.torch_class.startswith(OWN_MODULES):
            found.setdefault(kind.torch_class, _own(kind.torch_class))
        elif kind.code:
            found.setdefault(kind.code, _split(kind.display, kind.code))
    pieces = list(found.values())
    for index, piece in enumerate(pieces):
        for other in pieces[:index]:
            twice = sorted(piece.names & other.names)
            if twice:
                raise ModelError(
                    f"'{other.title}' and '{piece.title}' both define '{twice[0]}': rename it in one of them."
                )
    return pieces


def imports(pieces: Iterable[Copied], used: Iterable[str]) -> list[str]:
    """Return the import lines of a module, sorted, those of Python's own library first.

    ``used`` are the names among torch, nn, F and math that the written classes use.

    Raises:
        ModelError: two Python layers import different things by one name.
    """
    lines = {_PROVIDED[name] for name in used}
    meanings = {name: _meaning(line, name) for name, line in _PROVIDED.items()}
    for piece in pieces:
        for name, line in piece.imports:
            if meanings.setdefault(name, _meaning(line, name)) != _meaning(line, name):
                raise ModelError(f"'{piece.title}' imports '{name}' otherwise than the rest of the network: rename it.")
            lines.add(line)
    return list(_sorted(_without_twins(lines)))


def _meaning(line: str, name: str) -> str:
    """Return what an import binds, however it is said: ``import torch.nn as nn`` is ``from torch import nn``."""
    (statement,) = ast.parse(line).body
    assert isinstance(statement, ast.Import | ast.ImportFrom)
    alias = statement.names[0]
    if isinstance(statement, ast.ImportFrom):
        return f"{'.' * statement.level}{statement.module}.{alias.name}"
    return alias.name if alias.asname else name


def _without_twins(lines: set[str]) -> set[str]:
    """Leave out what the written classes import in their own way."""
    provided = {_meaning(line, name): line for name, line in _PROVIDED.items()}
    return {provided.get(_meaning(line, line.split()[-1]), line) if "as" in line.split() else line for line in lines}


def _own(path: str) -> Copied:
    """Return a class of ours with all that its module defines; it needs no postponed annotations."""
    module_path, _, name = path.rpartition(".")
    piece = _split(name, inspect.getsource(importlib.import_module(module_path)))
    needed = tuple(each for each in piece.imports if "__future__" not in each[1])
    return Copied(name, piece.names, piece.text, needed)


def _split(title: str, source: str) -> Copied:
    """Part a module's source from its imports and its docstring."""
    tree = ast.parse(source)
    rows = source.splitlines()
    bound: list[tuple[str, str]] = []
    names: set[str] = set()
    for index, statement in enumerate(tree.body):
        first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))])
        is_docstring = index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            bound += _bound(statement)
        else:
            names.update(_defined(statement))
        if is_docstring or isinstance(statement, ast.Import | ast.ImportFrom):
            rows[first - 1 : statement.end_lineno] = [""] * ((statement.end_lineno or first) - first + 1)
    return Copied(title, frozenset(names), "\n".join(row.rstrip() for row in rows).strip("\n"), tuple(bound))


def _bound(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, with an import of that name alone."""
    for alias in statement.names:
        alone: ast.stmt = ast.Import([alias])
        if isinstance(statement, ast.ImportFrom):
            alone = ast.ImportFrom(statement.module, [alias], statement.level)
        yield (alias.asname or alias.name).partition(".")[0], ast.unparse(alone)


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name
    else:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _sorted(lines: set[str]) -> Iterator[str]:
    """Yield the lines in sections (the future, Python's library, the rest), with a blank line between."""
    sections: dict[int, set[str]] = {}
    for line in lines:
        package = line.split()[1].partition(".")[0]
        place = 0 if package == "__future__" else 1 if package in sys.stdlib_module_names else 2
        sections.setdefault(place, set()).add(line)
    for index, place in enumerate(sorted(sections)):
        if index:
            yield ""
        yield from sorted(_merged(sections[place]), key=lambda line: (line.startswith("from"), line.split()[1], line))


def _merged(lines: set[str]) -> Iterator[str]:
    """Join what comes from one place: ``from torch import Tensor, nn``."""
    by_place: dict[str, list[str]] = {}
    for line in sorted(lines):
        head, found, names = line.partition(" import ")
        if found:
            by_place.setdefault(head, []).append(names)
        else:
            yield line
    yield from (f"{head} import {', '.join(sorted(names))}" for head, names in by_place.items())
