"""Classes of a text that cannot be drawn as layers in Python: the class with all of the text that it uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from typing import Any

from core.graph.names import free_class_name
from core.graph.project import PythonLayer
from core.graph.python_layer import python_kind, source_problems

_TAKEN = frozenset({"Net", "F"})
"""Names of the written network that no layer may have."""
_TYPES = (bool, int, float, str)


def python_layer(text: str, name: str, given: Mapping[str, Any], taken: Collection[str]) -> PythonLayer | None:
    """Return a class of a text as a layer in Python; None where a layer in Python cannot be what the class is.

    ``given`` is what it is built with: arguments that say nothing of their type get that of their value.
    """
    if name not in _definitions(text):
        return None
    source, wanted = extract(_annotated(text, name, given), name), name
    if name in _TAKEN or not name[0].isupper():
        wanted = f"Whole{name[0].upper()}{name[1:]}"
        source = re.sub(rf"\b{name}\b", wanted, source)
    free = free_class_name(wanted, taken)
    if free != wanted:
        source = re.sub(rf"\b{wanted}\b", free, source)
    layer = PythonLayer(free, source)
    return None if source_problems(python_kind(layer)) else layer


def extract(text: str, name: str) -> str:
    """Return the text of a definition with the imports and the definitions of a text that it needs, in their order."""
    definitions, needed, waiting = _definitions(text), {name}, [name]
    imports: dict[ast.stmt, set[str]] = {}
    for each in ast.parse(text).body:
        if isinstance(each, ast.Import | ast.ImportFrom):
            imports[each] = {alias.asname or alias.name.partition(".")[0] for alias in each.names}
    used: set[str] = set()
    while waiting:
        read = {each.id for each in ast.walk(definitions[waiting.pop()]) if isinstance(each, ast.Name)}
        used |= read
        more = (read & definitions.keys()) - needed
        needed |= more
        waiting += sorted(more)
    statements = {id(definitions[each]): definitions[each] for each in needed}
    parts = [_segment(text, each) for each in sorted(statements.values(), key=lambda each: each.lineno)]
    head = [_segment(text, each) for each, names in imports.items() if names & used or "*" in names]
    return "\n\n\n".join((["\n".join(head)] if head else []) + parts) + "\n"


def _definitions(text: str) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for each in ast.parse(text).body:
        if isinstance(each, ast.ClassDef | ast.FunctionDef):
            found[each.name] = each
        elif isinstance(each, ast.Assign | ast.AnnAssign):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            found |= {name.id: each for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


def _segment(text: str, statement: ast.stmt) -> str:
    """Return the text of a statement with its decorators."""
    first = min((each.lineno for each in getattr(statement, "decorator_list", ())), default=statement.lineno)
    return "\n".join(text.splitlines()[first - 1 : statement.end_lineno])


def _annotated(text: str, name: str, given: Mapping[str, Any]) -> str:
    """Return a text in which the arguments of a class say their types."""
    owner = _definitions(text)[name]
    lines = text.splitlines()
    for method in owner.body if isinstance(owner, ast.ClassDef) else ():
        if not isinstance(method, ast.FunctionDef) or method.name != "__init__":
            continue
        plain = [*method.args.posonlyargs, *method.args.args]
        needed = plain[: len(plain) - len(method.args.defaults)]
        for each in sorted(needed, key=lambda each: (each.lineno, each.col_offset), reverse=True):
            kind = type(given.get(each.arg))
            if each.annotation is None and kind in _TYPES and each.end_col_offset is not None:
                line = lines[each.lineno - 1].encode()
                end = each.end_col_offset
                lines[each.lineno - 1] = (line[:end] + f": {kind.__name__}".encode() + line[end:]).decode()
    return "\n".join(lines) + "\n"
