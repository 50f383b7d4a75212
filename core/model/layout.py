"""Lays out lines of source as a formatter would: breaks long ones at their brackets, aligns trailing comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

WIDTH = 100
_WIDEST_ALIGNED = 64
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def wrapped(line: str, indent: int) -> list[str]:
    """Return a statement as lines of at most WIDTH, broken at its outermost brackets where it is longer."""
    margin = " " * indent
    if len(margin + line) <= WIDTH:
        return [margin + line]
    start = _opening(line)
    if start is None:
        return _operands(line, margin)
    tail = line.rstrip(",:")
    suffix = line[len(tail) :]
    close = _match(line, start)
    head, inner, rest = line[: start + 1], line[start + 1 : close], line[close:]
    one_line = f"{margin}    {inner}"
    if len(one_line) <= WIDTH:
        return [margin + head, one_line, margin + rest]
    item, *rest_of_generator = _parts(inner, " for ")
    if rest_of_generator and len(list(_parts(item, ", "))) == 1:
        loop, *conditions = _parts(f"for {rest_of_generator[0]}", " if ")
        clauses = [f"{margin}    {each}" for each in (loop, *(f"if {each}" for each in conditions))]
        return [margin + head, *wrapped(item, indent + 4), *clauses, margin + rest]
    items = [item for part in _parts(inner, ", ") for item in wrapped(f"{part},", indent + 4)]
    return [margin + head, *items, margin + (rest or suffix)]


def commented(statements: Sequence[tuple[list[str], str]]) -> Iterator[list[str]]:
    """Yield each statement's lines with its comment at the end of the last, aligned where that is not far."""
    lengths = [len(lines[-1]) for lines, comment in statements if comment]
    column = max((length for length in lengths if length <= _WIDEST_ALIGNED), default=0)
    for lines, comment in statements:
        last = f"{lines[-1]:<{column}}  # {comment}" if comment else lines[-1]
        yield [*lines[:-1], last if len(last) <= WIDTH else lines[-1]]


def _opening(line: str) -> int | None:
    """Return where the bracket that ends the statement opens (``x = f(…)``, ``f(…),``, ``def f(…) -> T:``)."""
    line = blanked(line)
    start = max(line.find(" = "), 0)
    for index, character in enumerate(line[start:], start):
        if character in _CLOSING:
            rest = line[_match(line, index) + 1 :]
            return index if not rest or rest == "," or rest.startswith(" -> ") else None
    return None


def blanked(line: str) -> str:
    """Return a line with nothing but underscores in its texts, so that a bracket there opens nothing."""
    return re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', lambda text: "_" * len(text[0]), line)


def _match(line: str, start: int) -> int:
    """Return where the bracket at ``start`` closes."""
    line, depth = blanked(line), 0
    for index in range(start, len(line)):
        depth += (line[index] in "([{") - (line[index] in ")]}")
        if depth == 0:
            return index
    return len(line) - 1


def _parts(text: str, separator: str) -> Iterator[str]:
    """Yield what stands between the separators outside all brackets."""
    depth, start, whole = 0, 0, text
    text = blanked(text)
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and text.startswith(separator, index):
            yield whole[start:index]
            start = index + len(separator)
    if text[start:].strip():
        yield whole[start:].rstrip(",")


def _operands(line: str, margin: str) -> list[str]:
    """Break a long sum or product before its operators, inside brackets."""
    target, equals, value = line.partition(" = ")
    for operator in ("+", "*"):
        parts = list(_parts(value, f" {operator} "))
        if equals and len(parts) > 1:
            first, *others = parts
            inner = [f"{margin}    {first}", *(f"{margin}    {operator} {part}" for part in others)]
            return [f"{margin}{target} = (", *inner, f"{margin})"]
    return [margin + line]
