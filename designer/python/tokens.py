"""Splits a line of Python into coloured parts, knowing only whether the line before ended inside a long text."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Role = Literal["keyword", "name", "text", "number", "comment", "decorator", "definition"]
ROLES: tuple[Role, ...] = ("keyword", "name", "text", "number", "comment", "decorator", "definition")
"""What is coloured; "name" are Python's own names (``self``, ``len``), "definition" the name after def or class."""

PLAIN = 0
_QUOTES = ('"""', "'''")
_OWN_NAMES = frozenset({"self", "cls", *(each for each in dir(builtins) if each[0].islower())})
_CONSTANTS = frozenset({"True", "False", "None"})
_TOKEN = re.compile(
    r"""(?P<comment>\#.*)
    |(?P<quote>[rRbBuUfF]{0,2}(?:\"{3}|'{3}|\"|'))
    |(?P<number>(?<![\w.])(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
        |(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?[jJ]?))
    |(?P<word>[^\W\d]\w*)
    |(?P<decorator>@)""",
    re.VERBOSE,
)


class Part(NamedTuple):
    """A part of a line: where it starts, how long it is, and what it is."""

    start: int
    length: int
    role: Role


def parts_of(line: str, state: int = PLAIN) -> tuple[list[Part], int]:
    """Return the coloured parts of a line and the state that the next one starts in.

    A state is PLAIN, or 1 or 2 inside a text in three double or single quotes.
    """
    found: list[Part] = []
    at = 0
    if state != PLAIN:
        at, state = _text_end(line, 0, _QUOTES[state - 1])
        found.append(Part(0, at, "text"))
    after = ""
    while state == PLAIN and (match := _TOKEN.search(line, at)):
        start, at, kind = match.start(), match.end(), match.lastgroup
        if kind == "quote":
            at, state = _text_end(line, at, match[0].lstrip("rRbBuUfF"))
            found.append(Part(start, at - start, "text"))
        elif kind == "decorator":
            if not line[:start].strip():
                at = start + len(re.match(r"@\s*[\w.]*", line[start:])[0])  # type: ignore[index]  # it starts with @
                found.append(Part(start, at - start, "decorator"))
        elif kind == "word":
            found += _word(match[0], start, after, line)
        else:
            found.append(Part(start, at - start, "comment" if kind == "comment" else "number"))
        after = match[0]
    return found, state


def _text_end(line: str, start: int, quote: str) -> tuple[int, int]:
    """Return where a text that began before ``start`` ends, and the state after the line."""
    escaped = re.compile(rf"(?:\\.|(?!{quote}).)*{quote}", re.DOTALL)
    match = escaped.match(line, start)
    if match:
        return match.end(), PLAIN
    return len(line), _QUOTES.index(quote) + 1 if quote in _QUOTES else PLAIN


def _word(word: str, start: int, after: str, line: str) -> Iterator[Part]:
    role: Role | None = None
    if after in ("def", "class"):
        role = "definition"
    elif start and line[start - 1] == ".":
        return
    elif keyword.iskeyword(word) and word not in _CONSTANTS:
        role = "keyword"
    elif word in _CONSTANTS:
        role = "number"
    elif word in _OWN_NAMES:
        role = "name"
    if role:
        yield Part(start, len(word), role)
