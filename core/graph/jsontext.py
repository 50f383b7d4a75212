"""JSON as project files hold it: read with every doubtful thing found at once, written so that it diffs well in git."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_DEEPEST = 64
_TOO_DEEP = f"Lists and objects are nested deeper than {_DEEPEST} levels."
_EXPANDED = 2
"""Objects nested less deeply than this have a line per key; one level further down, lists have a line per item."""

Path = tuple[str | int, ...]


class JsonTextError(ValueError):
    """Text is not JSON, or a value cannot become JSON; the message says where and why, in plain words."""


class _Object(dict[str, Any]):
    """An object of the text, with the keys that it gave more than once."""

    repeated: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) != len(pairs):
        times = Counter(key for key, _value in pairs)
        found.repeated = tuple(key for key in found if times[key] > 1)
    return found


def parse(text: str) -> tuple[Any, list[str]]:
    """Return what the text says, objects as dicts and lists as lists, and its ``doubts``.

    Raises:
        JsonTextError: it is empty, truncated, nested too deeply, or not JSON at all.
    """
    if not text.strip():
        raise JsonTextError("The file is empty.")
    conflict = re.search(r"^<{7} ", text, re.MULTILINE)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        raise JsonTextError(f"Line {line} begins a merge conflict that is not resolved yet.")
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise JsonTextError(f"The file ends too early or a quote is missing ({error.msg}, {where}).") from error
        raise JsonTextError(f"This is not JSON: {error.msg}, {where}.") from error
    except RecursionError as error:
        raise JsonTextError(_TOO_DEEP) from error
    except ValueError as error:
        raise JsonTextError(f"It holds a number with too many digits ({error}).") from error
    return value, doubts(value)


def doubts(value: Any, path: Path = ()) -> list[str]:
    """Return what JSON readers disagree about or a file cannot keep, one line each, with its place in the file.

    Raises:
        JsonTextError: it is nested too deeply.
    """
    found: list[str] = []
    _collect(value, path, found)
    return found


def _collect(value: Any, path: Path, found: list[str]) -> None:
    if len(path) > _DEEPEST:
        raise JsonTextError(_TOO_DEEP)
    if isinstance(value, str):
        if not _encodable(value):
            found.append(f"{place(path)}: holds half a character (a lone surrogate), which is no text.")
    elif isinstance(value, Mapping):
        found.extend(f"{place((*path, key))}: is given more than once." for key in getattr(value, "repeated", ()))
        for key, each in value.items():
            if not isinstance(key, str) or not _encodable(key):
                found.append(f"{place(path)}: has the key {key!r}, which is no text.")
            else:
                _collect(each, (*path, key), found)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            _collect(each, (*path, index), found)
    elif isinstance(value, float):
        if not math.isfinite(value):
            found.append(f"{place(path)}: is {value}, which is no finite number.")
    elif value is not None and type(value) not in (bool, int):
        found.append(f"{place(path)}: is a {type(value).__name__}, which a project file cannot hold.")


def _encodable(text: str) -> bool:
    return not re.search("[\ud800-\udfff]", text)


def place(path: Iterable[str | int]) -> str:
    """Write a place in the file: ``graph.nodes[3].kind``; empty for the whole file."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if part.isidentifier() else json.dumps(part))
    return text or "file"


def short(value: Any) -> str:
    """Write a value on at most 60 characters, for a message."""
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:59] + "…"


def short_type(value: Any) -> str:
    """Name the JSON type of a value, with its article."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list | tuple):
        return "a list"
    return "an object" if isinstance(value, Mapping) else "a number"


def frozen(value: Any) -> Any:
    """Return the value with tuples in place of lists, as projects hold it."""
    if isinstance(value, Mapping):
        return {key: frozen(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(frozen(each) for each in value)
    return value


def layout(value: Any, level: int = 0, expanded: int = _EXPANDED) -> str:
    """Write a value without ``doubts`` as JSON text: outer objects a line per key, outer lists a line per item.

    The items of the outermost lists are definitions: objects with a line per key themselves.
    """
    indent, closing = "  " * (level + 1), "\n" + "  " * level
    if isinstance(value, Mapping) and value and level < expanded:
        lines = [f"{indent}{_inline(key)}: {layout(each, level + 1, expanded)}" for key, each in value.items()]
        return "{\n" + ",\n".join(lines) + closing + "}"
    if isinstance(value, list | tuple) and value and level <= expanded:
        below = expanded + 1 if level == 1 else level
        return "[\n" + ",\n".join(indent + layout(each, level + 1, below) for each in value) + closing + "]"
    return _inline(value)


def _inline(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
