"""Takes functions and classes of ours with all that they need, from however many modules, into one file of a package.

What an exported package computes is then what the application computes, because it is the same text.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.exporters._pruned import Pruned, pruned

_TENSOR = "from torch import Tensor"
_WITHIN = re.compile(r"^ +import torch\n\n", re.MULTILINE)
"""Where the application imports PyTorch late, because it takes long; a package needs it from the start."""


@dataclass
class _Found:
    """What was taken so far: definitions by name, in an order in which each stands behind what it needs."""

    replaced: Mapping[str, str]
    imports: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)


def gathered(
    wanted: Iterable[tuple[str, str]], without: Sequence[str] = (), replaced: Mapping[str, str] | None = None
) -> Pruned:
    """Return the definitions that these names (module and name) need, each once.

    ``without`` names methods that are left out of every class; ``replaced`` gives definitions by name that take the
    place of ours.
    """
    found = _Found(replaced or {})
    for module, name in wanted:
        _take(module, name, found, tuple(without))
    return Pruned(tuple(found.imports), tuple(found.texts.values()))


def _take(module: str, name: str, found: _Found, without: tuple[str, ...]) -> None:
    if (module, name) in found.seen:
        return
    found.seen.add((module, name))
    source = inspect.getsource(importlib.import_module(module))
    left = pruned(source, (name,), {**_shortened(source, without), **found.replaced})
    used = {each.id for text in left.definitions for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Name)}
    for each, (origin, original) in _imports_of_ours(source).items():
        if each in used:
            _take(origin, original, found, without)
    found.imports += [*left.imports, *([_TENSOR] if "Tensor" in used else [])]
    for text in left.definitions:
        plain = _WITHIN.sub("", text)
        found.imports += ["import torch"] if plain != text else []
        _add(plain, found)


def _add(text: str, found: _Found) -> None:
    """Add a definition; two modules of ours may have the same small function."""
    named = _name_of(text)
    before = found.texts.setdefault(named, text)
    assert _meaning(before) == _meaning(text), f"two things are called {named}"


def _name_of(text: str) -> str:
    statement = ast.parse(text).body[0]
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return statement.name
    assert isinstance(statement, ast.Assign | ast.AnnAssign)
    return ast.unparse(statement.targets[0] if isinstance(statement, ast.Assign) else statement.target)


def _meaning(text: str) -> str:
    """Return a definition without its docstring, which may be put in other words."""
    statement = ast.parse(text).body[0]
    if isinstance(statement, ast.FunctionDef):
        statement.body = statement.body[1:]
    return ast.unparse(statement)


def _shortened(source: str, without: tuple[str, ...]) -> Mapping[str, str]:
    """Return a module's classes without the methods that are not wanted."""
    lines, found = source.splitlines(), {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.ClassDef):
            dropped = {
                line
                for each in statement.body
                if isinstance(each, ast.FunctionDef) and each.name in without
                for line in range(each.lineno - 1, (each.end_lineno or each.lineno) + 1)
            }
            first = min([statement.lineno, *(each.lineno for each in statement.decorator_list)])
            kept = [
                lines[at - 1]
                for at in range(first, (statement.end_lineno or first) + 1)
                if at not in dropped or at == first
            ]
            found[statement.name] = "\n".join(kept).rstrip()
    return found


def _imports_of_ours(source: str) -> dict[str, tuple[str, str]]:
    """Return by name the module of ours that it is taken from, and what it is called there."""
    return {
        (each.asname or each.name): (statement.module or "", each.name)
        for statement in ast.parse(source).body
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").partition(".")[0] == "core"
        for each in statement.names
    }
