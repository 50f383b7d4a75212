"""What a module of Python says before any of it runs: its classes, which of them is a network, and what was changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.graph.python_source import SourceProblem

_MODULES = frozenset({"Module", "nn.Module", "torch.nn.Module"})
_NN = ("nn.", "torch.nn.")


@dataclass(frozen=True)
class NetworkClass:
    """A class that is an ``nn.Module``: its line (from 1), the arguments of ``forward`` and what ``__init__`` needs.

    ``inputs`` are the arguments of ``forward`` that have no default; ``needed`` those of ``__init__``. A class that is
    ``used`` is built by another one of the text.
    """

    name: str
    line: int
    inputs: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    used: bool = False


def problem_of(text: str) -> SourceProblem | None:
    """Return why Python cannot read a text, with the line; None where it can. Nothing of it is run."""
    try:
        compile(ast.parse(text), "<network>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return SourceProblem(error.lineno or 1, f"Python cannot read this: {error.msg}.")
    except (ValueError, RecursionError, MemoryError) as error:
        return SourceProblem(1, f"Python cannot read this: {error}.")
    return None


def networks(text: str) -> tuple[NetworkClass, ...]:
    """Return the classes of a text that are modules, in its order; none where Python cannot read it."""
    if problem_of(text) is not None:
        return ()
    classes = _classes(text)
    modules = {name for name in classes if _is_module(name, classes)}
    used = {
        each.id
        for name, owner in classes.items()
        for each in ast.walk(owner)
        if isinstance(each, ast.Name) and each.id in modules and each.id != name
    }
    return tuple(_read(classes[name], classes, name in used) for name in classes if name in modules)


def default_network(found: tuple[NetworkClass, ...], own: str = "Net") -> str:
    """Return which of several classes is the network: our own name for it, else the last that no other one uses."""
    names = [each.name for each in found]
    free = [each.name for each in found if not each.used]
    return own if own in names else (free or names or [""])[-1]


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


def _classes(text: str) -> dict[str, ast.ClassDef]:
    return {name: each for name, each in _definitions(text).items() if isinstance(each, ast.ClassDef)}


def _definitions(text: str) -> dict[str, ast.stmt]:
    """Return what a text defines at its top, by name."""
    found: dict[str, ast.stmt] = {}
    for each in ast.parse(text).body:
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


def _read_by(statement: ast.stmt) -> set[str]:
    return {each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _is_module(name: str, classes: Mapping[str, ast.ClassDef], seen: frozenset[str] = frozenset()) -> bool:
    for base in classes[name].bases:
        path = ast.unparse(base)
        if path in _MODULES or path.startswith(_NN):
            return True
        if path in classes and path not in seen and _is_module(path, classes, seen | {name}):
            return True
    return False


def _read(owner: ast.ClassDef, classes: Mapping[str, ast.ClassDef], used: bool) -> NetworkClass:
    return NetworkClass(
        owner.name, owner.lineno, _needed(owner, "forward", classes), _needed(owner, "__init__", classes), used
    )


def _needed(owner: ast.ClassDef, method: str, classes: Mapping[str, ast.ClassDef]) -> tuple[str, ...]:
    """Return the arguments of a method without a default."""
    for each in owner.body:
        if isinstance(each, ast.FunctionDef) and each.name == method:
            plain = [*each.args.posonlyargs, *each.args.args][1:]
            free = plain[: len(plain) - len(each.args.defaults)] if each.args.defaults else plain
            pairs = zip(each.args.kwonlyargs, each.args.kw_defaults, strict=True)
            return tuple(arg.arg for arg in (*free, *(arg for arg, default in pairs if default is None)))
    bases = [classes[path] for base in owner.bases if (path := ast.unparse(base)) in classes and path != owner.name]
    return _needed(bases[0], method, {k: v for k, v in classes.items() if k != owner.name}) if bases else ()
