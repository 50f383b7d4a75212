"""Finds the code that a source such as ``python:package.module:factory`` names, and runs it once it is trusted."""

from __future__ import annotations

import ast
import importlib
import importlib.machinery
import importlib.util
import linecache
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core import errors, trust
from core.errors import ImportFailed, reason_of
from core.importers._source.text import default_network, networks, problem_of

if TYPE_CHECKING:
    from torch import nn

_PREFIX = "python:"
_MOST_BYTES = 8 * 1024**2
_brought: set[str] = set()
"""Names of the modules that sources brought in: they run anew with the next."""


@dataclass(frozen=True)
class Code:
    """The text that would run, where it is, and what of it is called."""

    text: str
    path: Path
    module: str
    factory: str


def source_text(source: str) -> str:
    """Return the text of the file whose code a source would run: what the user has to look at and trust.

    Nothing is run to find it. What it imports runs with it, as with any import.

    Raises:
        ImportFailed: there is no such module or file, or it is no text.
    """
    return find(source).text


def find(source: str) -> Code:
    """Return the code that a source names; see ``source_text``."""
    where, colon, factory = source.removeprefix(_PREFIX).rpartition(":")
    if not source.startswith(_PREFIX) or not colon or not where or not _is_path(factory):
        raise ImportFailed(
            f"'{source}' names no code: write python:package.module:factory or python:/path/file.py:factory."
        )
    is_file = where.endswith(".py") or os.sep in where
    path = Path(where).expanduser() if is_file else _module_file(where)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ImportFailed(f"'{path}' is larger than any source of a network: it was not read.")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ImportFailed(f"'{path}' cannot be read: {reason_of(error)}.") from error
    except UnicodeDecodeError as error:
        raise ImportFailed(f"'{path}' is no Python source in UTF-8.") from error
    return Code(text, path, "" if is_file else where, factory)


def offered(text: str) -> tuple[str, ...]:
    """Return the names in a text that can make a network, likely ones first; nothing of it is run.

    These are networks that have a name, classes of modules and public functions that need no arguments.
    """
    found = networks(text)
    if problem_of(text) is not None:
        return ()
    default = default_network(found)
    classes = [each.name for each in found if not each.needed and each.kind == "class"]
    values = [each.name for each in found if each.kind == "value" and not each.used]
    classes.sort(key=lambda name: (name != default, [each.used for each in found if each.name == name]))
    functions = [
        each.name
        for each in ast.parse(text).body
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_") and not _asks(each.args)
    ]
    offers = (*classes, *functions) if default in classes else (*functions, *classes)
    return (*values, *offers) if default in values else (*offers, *values)


def _asks(arguments: ast.arguments) -> bool:
    """Return True where a call has to give some of the arguments."""
    plain = len(arguments.posonlyargs) + len(arguments.args)
    return plain > len(arguments.defaults) or any(each is None for each in arguments.kw_defaults)


def _is_path(text: str) -> bool:
    return bool(text) and all(part.isidentifier() for part in text.split("."))


def _module_file(name: str) -> Path:
    """Return the file of a module without importing it or the packages that it is in."""
    if not _is_path(name):
        raise ImportFailed(f"'{name}' is no name of a module: write package.module.")
    places: list[str] | None = None
    spec = None
    for number in range(1, name.count(".") + 2):
        spec = importlib.machinery.PathFinder.find_spec(".".join(name.split(".")[:number]), places)
        if spec is None:
            break
        places = list(spec.submodule_search_locations or ())
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise ImportFailed(
            f"There is no module '{name}' with a Python source: install it beside Layerwright, or name its file, as in "
            "python:/path/file.py:factory."
        )
    return Path(spec.origin)


def made(source: str) -> tuple[nn.Module, str]:
    """Return the module that trusted code makes, and a name for it.

    Raises:
        ImportFailed: the code is not trusted or not there, it raised, or it makes no module.
    """
    from torch import nn

    code = find(source)
    if not trust.is_trusted(code.text):
        raise ImportFailed(
            f"'{code.path}' has not been run: look at its code and trust it. It would run with all your rights."
        )
    try:
        found = _run(code)
        for part in code.factory.split("."):
            found = getattr(found, part)
        if not isinstance(found, nn.Module) and callable(found):
            found = found()
    except AttributeError as error:
        if isinstance(error.obj, types.ModuleType):
            raise ImportFailed(f"There is no '{code.factory}' in '{code.path}'.") from error
        raise _raised(code, error) from error
    except (Exception, SystemExit) as error:  # the user's own code, which may raise anything
        raise _raised(code, error) from error
    if not isinstance(found, nn.Module):
        raise ImportFailed(
            f"'{code.factory}' in '{code.path}' gives a {type(found).__name__}, not a torch.nn.Module: name a module, "
            "a class of modules that takes no arguments, or a function that returns one."
        )
    return found, code.factory.rpartition(".")[2]


def _raised(code: Code, error: BaseException) -> ImportFailed:
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(code.path):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    where = f", line {lines[-1]}" if lines else ""
    return ImportFailed(f"The code in '{code.path}'{where} raised {type(error).__name__}: {error}")


def _run(code: Code) -> object:
    """Run the text that was trusted, and whatever of the user's it imports as it is now, not as it once was."""
    if code.module and not _is_own(code.path):
        return importlib.import_module(code.module)
    folder = code.path.absolute().parents[code.module.count(".") + (code.module != "" and code.path.stem == "__init__")]
    _forget()
    before = frozenset(sys.modules)
    try:
        return _run_module(code) if code.module else _run_file(code)
    finally:
        places = ((name, getattr(sys.modules[name], "__file__", None)) for name in sys.modules.keys() - before)
        _brought.update(name for name, place in places if place and _is_own(Path(place), folder))


def _run_module(code: Code) -> object:
    """Run a module within its package, which is imported first and may have run it already."""
    parent = code.module.rpartition(".")[0]
    before = frozenset(sys.modules)
    if parent:
        importlib.import_module(parent)
    if code.module in sys.modules.keys() - before:
        return sys.modules[code.module]
    spec = importlib.util.find_spec(code.module)
    if spec is None:
        raise ModuleNotFoundError(code.module)
    module = importlib.util.module_from_spec(spec)
    _executed(code, module, code.module)
    return module


def _run_file(code: Code) -> object:
    name = f"layerwright_imported_{abs(hash(str(code.path)))}"
    module = types.ModuleType(name)
    module.__file__ = str(code.path)
    with _beside(code.path.parent):
        _executed(code, module, name)
    return module


def _executed(code: Code, module: types.ModuleType, name: str) -> None:
    sys.modules[name] = module
    _brought.add(name)
    linecache.cache[str(code.path)] = (len(code.text), None, code.text.splitlines(keepends=True), str(code.path))
    exec(compile(code.text, str(code.path), "exec", dont_inherit=True), module.__dict__)


def _forget() -> None:
    """Forget the modules that earlier sources brought: their files may have been changed since."""
    for name in _brought:
        sys.modules.pop(name, None)
    _brought.clear()
    importlib.invalidate_caches()


def _is_own(place: Path, folder: Path | None = None) -> bool:
    """True for the user's own code (in a folder): neither an installed package nor a part of this application."""
    place = place.absolute()
    libraries = [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")]
    application = Path(errors.__file__).absolute().parent
    inside = any(place.is_relative_to(each) for each in (*libraries, application, application.with_name("designer")))
    return not inside and (folder is None or place.is_relative_to(folder))


@contextmanager
def _beside(folder: Path) -> Iterator[None]:
    """Let imports find what lies beside the file."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
