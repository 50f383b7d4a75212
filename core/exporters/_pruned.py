"""Takes out of a module of ours what a project needs, so that what is exported holds nothing that it does not use."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_OWN = ("augment", "data", "losses", "metrics", "model", "preprocess")
"""The modules of an exported package."""


@dataclass(frozen=True)
class Pruned:
    """The imports and the definitions that are left, as text."""

    imports: tuple[str, ...]
    definitions: tuple[str, ...]


def pruned(source: str, wanted: Iterable[str], replaced: Mapping[str, str] | None = None) -> Pruned:
    """Return what the ``wanted`` top-level names of a module need, in its order.

    ``replaced`` gives definitions by name that take the place of the module's. Imports of ours are left out: what they
    name has to be given from elsewhere.
    """
    replaced = replaced or {}
    lines = source.splitlines()
    tree = ast.parse(source)
    texts: dict[str, str] = {}
    imports: dict[str, tuple[str, str]] = {}
    for place, statement in enumerate(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports |= _imported(statement)
        for name in _defined(statement):
            texts[name] = replaced.get(name) or _text(lines, tree.body, place)
    kept, names = _reached(wanted, texts)
    left = {module_line for name, module_line in imports.items() if name in names and not _ours(module_line[0])}
    definitions = dict.fromkeys(text for name, text in texts.items() if name in kept)
    return Pruned(tuple(_lines(left)), tuple(definitions))


def _imported(statement: ast.Import | ast.ImportFrom) -> dict[str, tuple[str, str]]:
    """Return by name the module and, of a ``from``, the name that it is taken from it."""
    if isinstance(statement, ast.Import):
        return {
            (each.asname or each.name): (each.name, f"as {each.asname}" if each.asname else "")
            for each in statement.names
        }
    module = statement.module or ""
    return {
        (each.asname or each.name): (module, f"from {each.name}{f' as {each.asname}' if each.asname else ''}")
        for each in statement.names
    }


def _defined(statement: ast.stmt) -> tuple[str, ...]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return (statement.name,)
    targets: Sequence[ast.expr] = ()
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = (statement.target,)
    return tuple(each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))


def _text(lines: Sequence[str], body: Sequence[ast.stmt], place: int) -> str:
    """Return a definition with its decorators and, of a constant, the text behind it that explains it."""
    statement = body[place]
    decorators: Sequence[ast.expr] = getattr(statement, "decorator_list", ())
    first = min([statement.lineno, *(each.lineno for each in decorators)])
    last = statement.end_lineno or first
    after = body[place + 1] if place + 1 < len(body) else None
    if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
        last = after.end_lineno or last
    return "\n".join(lines[first - 1 : last])


def _reached(wanted: Iterable[str], texts: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """Return the definitions that are needed, and all names that they use."""
    kept: set[str] = set()
    names: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in kept or name not in texts:
            continue
        kept.add(name)
        used = {each.id for each in ast.walk(ast.parse(texts[name])) if isinstance(each, ast.Name)}
        names |= used
        waiting += used
    return kept, names


def _ours(module: str) -> bool:
    return module.partition(".")[0] in ("core", "__future__")


def _lines(imports: Iterable[tuple[str, str]]) -> list[str]:
    """Write imports as lines, one a module."""
    plain, taken = [], dict[str, list[str]]()
    for module, what in imports:
        if what.startswith("from "):
            taken.setdefault(module, []).append(what.removeprefix("from "))
        else:
            plain.append(f"import {module} {what}".strip())
    return [*plain, *(f"from {module} import {', '.join(_in_order(names))}" for module, names in taken.items())]


def _in_order(names: Iterable[str]) -> list[str]:
    """Sort as import sorters do: constants, classes, the rest."""
    return sorted(set(names), key=lambda each: (not each.isupper(), not each[0].isupper(), each.lower()))


# --- a module of what is left -----------------------------------------------------------------------------------------


def module_text(docstring: str, imports: Iterable[str], definitions: Iterable[str]) -> str:
    """Return a module: its docstring, imports in their groups, and definitions with the blank lines between them."""
    head = [f'"""{docstring}"""', "", "from __future__ import annotations", *_grouped(imports)]
    text = "\n".join(head) + "\n"
    before_is_constant = False
    for number, definition in enumerate(definitions):
        constant = not definition.startswith(("def ", "class ", "@"))
        gap = "\n" if constant and number == 0 else "" if constant and before_is_constant else "\n\n"
        text += f"{gap}{definition.rstrip()}\n"
        before_is_constant = constant
    return text


def _grouped(lines: Iterable[str]) -> list[str]:
    merged = _merged(lines)
    groups: dict[int, list[str]] = {}
    for line in merged:
        root = line.split()[1].partition(".")[0]
        place = 0 if root in sys.stdlib_module_names else 2 if root in _OWN or root.startswith("own_") else 1
        groups.setdefault(place, []).append(line)
    return [
        row
        for _place, members in sorted(groups.items())
        for row in ("", *sorted(members, key=lambda line: (line.startswith("from "), line.split()[1])))
    ]


def _merged(lines: Iterable[str]) -> list[str]:
    names: dict[str, list[str]] = {}
    plain = set()
    for line in lines:
        if line.startswith("from "):
            module, _, taken = line.removeprefix("from ").partition(" import ")
            names.setdefault(module, []).extend(each.strip() for each in taken.split(","))
        else:
            plain.add(line)
    return [*plain, *(f"from {module} import {', '.join(_in_order(taken))}" for module, taken in names.items())]
