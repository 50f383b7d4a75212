"""What differs between two texts, line by line: small where little was changed, and exact always."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

Hunk = tuple[int, int, list[str]]
"""The first line that differs (counted in the old text), how many lines are replaced, and by what."""
_MANY = 400
"""Where more lines than this are new, all between the first and the last of them are replaced: finding them costs."""


def hunks_between(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """Return what turns the old lines into the new ones, from the first line to the last."""
    start, shortest = 0, min(len(old), len(new))
    while start < shortest and old[start] == new[start]:
        start += 1
    end = 0
    while end < shortest - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if not before and not after:
        return []
    if len(before) == len(after):
        return _line_by_line(before, after, start)
    known = set(before)
    if sum(line not in known for line in after) > _MANY:
        return [(start, len(before), list(after))]
    steps = SequenceMatcher(None, before, after).get_opcodes()
    return [(start + i, j - i, list(after[k:m])) for tag, i, j, k, m in steps if tag != "equal"]


def _line_by_line(before: Sequence[str], after: Sequence[str], start: int) -> list[Hunk]:
    found: list[Hunk] = []
    for index, (old, new) in enumerate(zip(before, after, strict=True), start):
        if old == new:
            continue
        if found and found[-1][0] + found[-1][1] == index:
            first, count, lines = found.pop()
            found.append((first, count + 1, [*lines, new]))
        else:
            found.append((index, 1, [new]))
    return found


def apply_hunks(lines: Sequence[str], hunks: Sequence[Hunk]) -> list[str]:
    """Return the new lines.

    Raises:
        ValueError: the hunks are not of these lines.
    """
    made: list[str] = []
    at = 0
    for start, count, replaced in hunks:
        if start < at or count < 0 or start + count > len(lines):
            raise ValueError(f"lines {start} to {start + count} of {len(lines)}")
        made += lines[at:start]
        made += replaced
        at = start + count
    return [*made, *lines[at:]]
