"""How well what was typed matches a text: words, initials, letters in order, and words with a typo. No Qt."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[\w+\-]+")
_EXACT, _START, _WORDS, _INITIALS, _INSIDE, _TYPO, _LETTERS = range(7)
"""Ways to match, the best first."""
_LEAST_FOR_TYPO = 4
"""Letters that a word must have for one of them to be wrong; twice as many for two."""
_LEAST_FOR_LETTERS = 3


def match(query: str, text: str, more: str = "") -> tuple[int, int] | None:
    """Return how well a query matches a text (smaller is better), or None where it does not.

    ``more`` holds further words, such as the menu, which count only beside a word of the text or on their own at last.
    """
    query, text, more = folded(query), folded(text), folded(more)
    if not query:
        return _EXACT, 0
    words = _WORD.findall(text)
    if query == text:
        return _EXACT, 0
    if text.startswith(query):
        return _START, len(text)
    typed = _WORD.findall(query)
    if not typed:
        return None
    ranks = [_word(each, words, _WORD.findall(more)) for each in typed]
    if None not in ranks:
        return max(rank for rank in ranks if rank is not None), len(text)
    joined = "".join(typed)
    if len(joined) > 1 and "".join(word[0] for word in words).startswith(joined):
        return _INITIALS, len(text)
    if len(joined) >= _LEAST_FOR_LETTERS and _in_order(joined, words):
        return _LETTERS, len(text)
    return None


def folded(text: str) -> str:
    """Return a text in lower case without accents."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _word(typed: str, words: list[str], more: list[str]) -> int | None:
    if any(word.startswith(typed) for word in words):
        return _WORDS
    if len(typed) > 1 and any(typed in word for word in words):
        return _INSIDE
    if any(word.startswith(typed) for word in more):
        return _INSIDE
    allowed = len(typed) // _LEAST_FOR_TYPO
    if allowed and any(_distance(typed, word[: len(typed) + cut]) <= allowed for word in words for cut in (-1, 0, 1)):
        return _TYPO
    return None


def _in_order(letters: str, words: list[str]) -> bool:
    """True where the letters come in this order, the first of them at the start of a word."""
    text = "".join(words)
    starts = [sum(map(len, words[:at])) for at in range(len(words))]
    for start in starts:
        if text[start] == letters[0]:
            rest = iter(text[start:])
            if all(letter in rest for letter in letters):
                return True
    return False


def _distance(first: str, second: str) -> int:
    """Return how many letters must be changed, added, left out or swapped with the next (Damerau, Levenshtein)."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, letter in enumerate(first, start=1):
        older, before, row = before, row, [at]
        for to, other in enumerate(second, start=1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != other))
            if at > 1 and to > 1 and letter == second[to - 2] and first[at - 2] == other:
                cost = min(cost, older[to - 2] + 1)
            row.append(cost)
    return row[-1]
