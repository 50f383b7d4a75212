"""Two texts laid over each other: what was added, left out and taken for something else, at the fewest edits."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

Mark = Literal["same", "missing", "added"]


def marks(truth: str, read: str) -> Iterator[tuple[Mark, str]]:
    """Yield the pieces of both texts in their order: those in both, those missing in what was read, those added."""
    for what, a, b, c, d in SequenceMatcher(None, truth, read, autojunk=False).get_opcodes():
        if what == "equal":
            yield "same", truth[a:b]
            continue
        if b > a:
            yield "missing", truth[a:b]
        if d > c:
            yield "added", read[c:d]
