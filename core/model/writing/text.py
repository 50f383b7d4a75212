"""The layout of a class: statements into lines, with the node that each belongs to."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.kinds import Value
from core.model.layout import WIDTH, blanked, commented, wrapped
from core.model.lines import Written, written
from core.model.writing.expressions import bracketed, renamed
from core.model.writing.group import Line


@dataclass(frozen=True)
class Statement:
    """One or several lines of a method, relative to its body, that belong to a node; ``node`` is "" for none.

    ``comment`` gives what stands beside the last of them, from the names of the class's arguments by placeholder.
    """

    lines: tuple[str, ...]
    node: str = ""
    comment: Callable[[Mapping[str, str]], str] | None = None


def laid_out(statements: Sequence[Statement], names: Mapping[str, str]) -> Iterator[Line]:
    """Yield the lines of a method's body, placeholders replaced by the names of the arguments."""
    pairs = []
    for statement in statements:
        rows = []
        for line in statement.lines:
            indent = len(line) - len(line.lstrip())
            rows += wrapped(renamed(line.strip(), lambda name: names.get(name, name)), 8 + indent)
        pairs.append((rows, statement.comment(names) if statement.comment else ""))
    for statement, rows in zip(statements, commented(pairs), strict=True):
        yield from (Line(row, statement.node) for row in rows)


def method(head: Sequence[str], body: Sequence[Statement], end: str, names: Mapping[str, str]) -> Iterator[Line]:
    """Yield a method after a blank line, nothing where its body would be empty."""
    if body:
        yield Line("")
        yield from map(Line, head)
        yield from laid_out(body, names)
        if end:
            yield Line(f"        {end}")


def names_read(statements: Sequence[Statement]) -> frozenset[str]:
    """Return the variables and modules that statements read; the names of keyword arguments are not among them."""
    return _found(r"(?<![\w.])([^\W\d]\w*)\b(?! ?=(?!=))", statements)


def attributes_read(statements: Sequence[Statement]) -> frozenset[str]:
    """Return the attributes of ``self`` that statements read."""
    return _found(r"(?<![\w.])self\.(\w+)", statements)


def functions_called(statements: Sequence[Statement]) -> frozenset[str]:
    """Return the functions that statements call by a bare name, such as ``range``."""
    return _found(r"(?<![\w.])([^\W\d]\w*)\(", statements)


def _found(pattern: str, statements: Sequence[Statement]) -> frozenset[str]:
    known = re.compile(pattern)
    return frozenset(name for each in statements for line in each.lines for name in known.findall(blanked(line)))


def stored(value: Value, constants: Container[str]) -> Value:
    """Return a value as ``forward`` reads it: its names are attributes of ``self``, except constants of the module."""

    def attribute(name: str) -> str:
        return name if name in constants else f"self.{name}"

    return _rewritten(value, lambda text: renamed(text, attribute))


def in_brackets(value: Value) -> Value:
    """Return a value whose expression stands in brackets."""
    return _rewritten(value, bracketed)


def _rewritten(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, tuple):
        return tuple(_rewritten(each, change) for each in value)
    is_written = isinstance(value, Written) and isinstance(value, int | float)
    return written(value, change(value.text)) if is_written else value


def free(name: str, taken: Container[str]) -> str:
    """Return a name that is not taken: with an underscore behind it where it is."""
    while name in taken:
        name += "_"
    return name


def printable(text: str) -> str:
    """Return a text of the user's in a form that is safe inside a comment or docstring."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown.replace("\\", "\\\\").replace('"""', "'''")


def paragraphs(text: str) -> str:
    """Return a text of the user's as the beginning of a docstring, broken into lines."""
    rows = [row for line in text.strip().splitlines() for row in textwrap.wrap(printable(line), WIDTH - 7) or [""]]
    return "\n".join(rows)
