"""Finds the code that a source such as ``python:package.module:factory`` names, and runs it once it is trusted."""

from __future__ import annotations

import importlib
import importlib.machinery
import linecache
import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core import trust
from core.errors import ImportFailed, reason_of

if TYPE_CHECKING:
    from torch import nn

_PREFIX = "python:"
_MOST_BYTES = 8 * 1024**2


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
            f"There is no module '{name}' with a Python source here: is it installed, or in this folder?"
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
    if code.module:
        return importlib.import_module(code.module)
    name = f"layerwright_imported_{abs(hash(str(code.path)))}"
    module = types.ModuleType(name)
    module.__file__ = str(code.path)
    sys.modules[name] = module
    linecache.cache[str(code.path)] = (len(code.text), None, code.text.splitlines(keepends=True), str(code.path))
    with _beside(code.path.parent):
        exec(compile(code.text, str(code.path), "exec", dont_inherit=True), module.__dict__)
    return module


@contextmanager
def _beside(folder: Path) -> Iterator[None]:
    """Let imports find what lies beside the file."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
