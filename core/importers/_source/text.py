"""What a module of Python says before any of it runs: its classes, which of them is a network, and what was changed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from core.errors import sentence
from core.graph.python_source import SourceProblem
from core.importers._source.naming import Makers, Names, defined, relative_import


@dataclass(frozen=True)
class NetworkClass:
    """A class that is an ``nn.Module``: its line (from 1), the arguments of ``forward`` and what ``__init__`` needs.

    ``inputs`` are the arguments of ``forward`` that have no default; ``needed`` those of ``__init__``. A class that is
    ``used`` is built by another one of the text. A network may also be a "value" (``net = nn.Sequential(…)``) or what a
    "function" returns, of which ``needed`` are the arguments.
    """

    name: str
    line: int
    inputs: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    used: bool = False
    kind: Literal["class", "function", "value"] = "class"

    @property
    def lacking(self) -> str:
        """Why it cannot be built, for the user; empty where it can."""
        if not self.needed:
            return ""
        many = ", ".join(self.needed)
        if self.kind == "function":
            return f"Line {self.line}: {self.name} cannot be called without {many}. Give each a default."
        given = ", ".join(f"{each}=…" for each in self.needed)
        return (
            f"Line {self.line}: {self.name} cannot be built without {many}. Give each a default in __init__, or write "
            f"below the class: net = {self.name}({given})"
        )


def problem_of(text: str) -> SourceProblem | None:
    """Return why Python cannot read a text, with the line; None where it can. Nothing of it is run."""
    try:
        compile(ast.parse(text), "<network>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return SourceProblem(error.lineno or 1, sentence(f"Python cannot read this: {error.msg}"))
    except (ValueError, RecursionError, MemoryError) as error:
        return SourceProblem(1, sentence(f"Python cannot read this: {error}"))
    return None


def obstacle_of(text: str) -> SourceProblem | None:
    """Return why a text that stands by itself cannot be run, with the line: what Python cannot read, or would miss."""
    problem = problem_of(text)
    found = relative_import(ast.parse(text)) if problem is None else None
    if found is None:
        return problem
    names = ", ".join(alias.name for alias in found.names)
    return SourceProblem(
        found.lineno,
        f"'{'.' * found.level}{found.module or ''}' lies beside the file that this text comes from, and is not here. "
        f"Paste what defines {names} in its place, or import the file itself as a PyTorch module.",
    )


def networks(text: str) -> tuple[NetworkClass, ...]:
    """Return the classes of a text that are modules, and the values and functions that make one, in their order.

    There are none where Python cannot read it.
    """
    if problem_of(text) is not None:
        return ()
    tree = ast.parse(text)
    names, top = Names(tree), defined(tree)
    classes = {name: each for name, each in top.items() if isinstance(each, ast.ClassDef)}
    modules = {name: each for name, each in classes.items() if _is_module(name, classes, names)}
    found = {name: _read(each, classes) for name, each in modules.items()}
    makers = Makers(tree, names, modules.keys())
    for name, each in top.items():
        owner = "" if name in classes or name.startswith("_") else makers.made_by(name)
        if owner:
            inputs = found[owner].inputs if owner in found else ("input",)
            function = isinstance(each, ast.FunctionDef)
            needed = _without_default(each.args, 0) if isinstance(each, ast.FunctionDef) else ()
            found[name] = NetworkClass(name, each.lineno, inputs, needed, kind="function" if function else "value")
    return tuple(
        replace(each, used=any(name in _read_by(top[other]) for other in found if other != name))
        for name, each in sorted(found.items(), key=lambda item: item[1].line)
    )


def default_network(found: tuple[NetworkClass, ...], own: str = "Net") -> str:
    """Return which of several is the network.

    That is our own name for it if it can be built, else the last that can and that no other one uses: a value, if there
    is one.
    """
    ready = [each.name for each in found if not each.needed]
    if own in ready:
        return own
    free = [each for each in found if not each.used and not each.needed]
    last = [each.name for each in found if not each.used] or [each.name for each in found] or [""]
    return ([each.name for each in free if each.kind == "value"] or [each.name for each in free] or last)[-1]


def open_choice(found: tuple[NetworkClass, ...], own: str = "Net") -> bool:
    """True where several of a text could be the network as well as the one that is taken."""
    free = [each for each in found if not each.used and not each.needed]
    named = any(each.kind == "value" or each.name == own for each in free)
    return len(free) > 1 and not named


def unchanged(text: str, before: str) -> frozenset[str]:
    """Return the classes of a text that are as they were, with all the names of either text that they use."""
    now, then = _definitions(text), _definitions(before)
    same = {name for name, node in now.items() if name in then and ast.dump(node) == ast.dump(then[name])}
    while True:
        wrong = {name for name in same if any(each in now.keys() | then.keys() for each in _read_by(now[name]) - same)}
        if not wrong:
            return frozenset(name for name in same if isinstance(now[name], ast.ClassDef))
        same -= wrong


def segment(text: str, name: str) -> str:
    """Return the text of a class or function at the top of a text."""
    return ast.get_source_segment(text, _definitions(text)[name]) or ""


def _definitions(text: str) -> dict[str, ast.stmt]:
    return defined(ast.parse(text))


def _read_by(statement: ast.stmt) -> set[str]:
    return {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _is_module(
    name: str, classes: Mapping[str, ast.ClassDef], names: Names, seen: frozenset[str] = frozenset()
) -> bool:
    for base in classes[name].bases:
        path = ast.unparse(base)
        if names.is_module_class(base):
            return True
        if path in classes and path not in seen and _is_module(path, classes, names, seen | {name}):
            return True
    return False


def _read(owner: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> NetworkClass:
    return NetworkClass(
        owner.name, owner.lineno, _needed(owner, "forward", classes), _needed(owner, "__init__", classes)
    )


def _needed(owner: ast.ClassDef, method: str, classes: Mapping[str, ast.ClassDef]) -> tuple[str, ...]:
    """Return the arguments of a method without a default."""
    for each in owner.body:
        if isinstance(each, ast.FunctionDef) and each.name == method:
            return _without_default(each.args, 1)
    bases = [classes[path] for base in owner.bases if (path := ast.unparse(base)) in classes and path != owner.name]
    return _needed(bases[0], method, {k: v for k, v in classes.items() if k != owner.name}) if bases else ()


def _without_default(arguments: ast.arguments, first: int) -> tuple[str, ...]:
    """Return the arguments that a call has to give, from the one at ``first`` on."""
    plain = [*arguments.posonlyargs, *arguments.args]
    free = plain[first : len(plain) - len(arguments.defaults)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return tuple(arg.arg for arg in (*free, *(arg for arg, default in pairs if default is None)))
