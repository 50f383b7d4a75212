"""What the names in a text mean before any of it runs: PyTorch's, as whatever they are imported, and the text's own."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

_KNOWN = {"torch": "torch", "nn": "torch.nn"}
"""Names that a text has without importing them."""
_MODULE, _SEQUENTIAL, _NN = "torch.nn.Module", "torch.nn.Sequential", "torch.nn."
_SAME = frozenset("to eval train cpu cuda float double half requires_grad_ apply".split())
"""Methods of a module that return the module."""


class Names:
    """The full names behind those of a text, as its imports say."""

    def __init__(self, tree: ast.Module) -> None:
        self._full = dict(_KNOWN)
        self._stars: list[str] = []
        self._own = set(defined(tree))
        for each in ast.walk(tree):
            if isinstance(each, ast.Import):
                for alias in each.names:
                    first = alias.name.partition(".")[0]
                    self._full[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
                self._stars += [each.module for alias in each.names if alias.name == "*"]
                self._full |= {
                    alias.asname or alias.name: f"{each.module}.{alias.name}"
                    for alias in each.names
                    if alias.name != "*"
                }

    def full(self, expression: ast.expr) -> str:
        """Return the full name of what an expression names ("torch.nn.Linear"); the text's own names as they are."""
        path = ast.unparse(expression)
        first, dot, rest = path.partition(".")
        if first in self._own:
            return path
        if first in self._full:
            return self._full[first] + dot + rest
        return f"{_NN}{path}" if "torch.nn" in self._stars or path == "Module" else path

    def is_module_class(self, expression: ast.expr) -> bool:
        """True for ``nn.Module`` and the modules of PyTorch, under any name."""
        return self.full(expression).startswith(_NN)

    def is_row(self, expression: ast.expr) -> bool:
        """True for ``nn.Sequential`` under any name."""
        return self.full(expression) == _SEQUENTIAL


def defined(tree: ast.Module) -> dict[str, ast.stmt]:
    """Return what a text defines at its top, by name."""
    found: dict[str, ast.stmt] = {}
    for each in tree.body:
        for name in _bound(each):
            found[name] = each
    return found


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (each.id for each in statement.targets if isinstance(each, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id


class Makers:
    """Which values and functions of a text are networks, as far as that can be read off."""

    def __init__(self, tree: ast.Module, names: Names, classes: Collection[str]) -> None:
        self._definitions, self._names, self._classes = defined(tree), names, classes

    def made_by(self, name: str) -> str:
        """Return the class that a value is of or a function gives: the text's, "Sequential", or "" for neither."""
        statement = self._definitions[name]
        if isinstance(statement, ast.FunctionDef):
            return self._returned(statement, frozenset({name}))
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            return self._class_of(statement.value, {}, frozenset({name}))
        return ""

    def _returned(self, function: ast.FunctionDef, seen: frozenset[str]) -> str:
        local = {
            name: each.value for each in ast.walk(function) if isinstance(each, ast.Assign) for name in _bound(each)
        }
        given = (each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value is not None)
        found = [self._class_of(each, local, seen) for each in given]
        return found[-1] if found and all(found) else ""

    def _class_of(self, value: ast.expr, local: dict[str, ast.expr], seen: frozenset[str]) -> str:
        if isinstance(value, ast.Call):
            if self._names.is_row(value.func):
                return "Sequential"
            if isinstance(value.func, ast.Attribute) and value.func.attr in _SAME:
                return self._class_of(value.func.value, local, seen)
            if not isinstance(value.func, ast.Name):
                return ""
            if value.func.id in self._classes:
                return value.func.id
            maker = self._definitions.get(value.func.id)
            if isinstance(maker, ast.FunctionDef) and maker.name not in seen:
                return self._returned(maker, seen | {maker.name})
        if isinstance(value, ast.Name) and value.id not in seen:
            if value.id in local:
                return self._class_of(local[value.id], {k: v for k, v in local.items() if k != value.id}, seen)
            if isinstance(self._definitions.get(value.id), ast.Assign | ast.AnnAssign):
                return self._class_of_value(value.id, seen)
        return ""

    def _class_of_value(self, name: str, seen: frozenset[str]) -> str:
        statement = self._definitions[name]
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        return self._class_of(value, {}, seen | {name}) if value is not None else ""


def relative_import(tree: ast.Module) -> ast.ImportFrom | None:
    """Return the first import from a package that a text would have to stand in."""
    return next((each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.level), None)
