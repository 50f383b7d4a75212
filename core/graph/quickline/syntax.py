"""Reads a quick line into a tree: layers with their arguments, chains, branches, repetitions. Knows no layer kinds.

Nothing raises: the first thing that cannot be read becomes a problem with its place, and the tree holds what came
before it, so that a half-typed line can be shown already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["layer", "name", "value", "operator", "times"]
LONGEST = 2_000
"""Characters of a line."""
_DEEPEST = 20
_NAME = re.compile(r"[^\W\d]\w*(?::(?=[^\W\d])\w+)?(?:-(?=[^\W\d])\w+)*")
_ARGUMENT_NAME = re.compile(r"([^\W\d]\w*)\s*=\s*")
_TIMES = re.compile(r"[x×](?:([0-9]+)(?![\w.])|(?=\())")
_OUTPUT = re.compile(r":(\w+)")
_ARROWS = ("->", ">", "→")
_CLOSERS = {"[": "]", "(": ")"}


@dataclass(frozen=True)
class LineProblem:
    """What is wrong in a line, and from which character to which."""

    start: int
    end: int
    message: str


@dataclass(frozen=True)
class Token:
    """A piece of the line, for colouring."""

    start: int
    end: int
    kind: TokenKind


@dataclass(frozen=True)
class Argument:
    """What is written behind a layer's name; ``name`` is empty unless it reads ``name=text``."""

    start: int
    end: int
    text: str
    name: str = ""


@dataclass(frozen=True)
class Layer:
    """A layer's name and its arguments; ``output`` names the output that goes on (empty: the first)."""

    start: int
    end: int
    name: str
    arguments: tuple[Argument, ...] = ()
    output: str = ""

    def text_at(self, problem: LineProblem) -> str:
        """Return the nameless argument that a problem is about, or nothing."""
        return next((each.text for each in self.arguments if each.start == problem.start and not each.name), "")


@dataclass(frozen=True)
class Chain:
    """Items one after the other; an empty chain passes on what arrives."""

    start: int
    end: int
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Branches:
    """Chains side by side."""

    start: int
    end: int
    chains: tuple[Chain, ...]


@dataclass(frozen=True)
class Times:
    """An item that is repeated; ``count`` is a whole number or an expression."""

    start: int
    end: int
    item: Item
    count: str


Item = Layer | Chain | Branches | Times


@dataclass(frozen=True)
class Parsed:
    """A line as read: the tree, the pieces in their order, and the first problem."""

    chain: Chain
    tokens: tuple[Token, ...]
    problem: LineProblem | None = None


def parse(text: str) -> Parsed:
    """Read a line."""
    reader = _Reader(text)
    chain = reader.line()
    return Parsed(chain, tuple(reader.tokens), reader.problem)


class _Reader:
    """Reads from left to right. Where something cannot be read, it jumps to the end, so that every loop finishes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.problem: LineProblem | None = None
        self.tokens: list[Token] = []

    def line(self) -> Chain:
        """Read all of it."""
        if len(self.text) > LONGEST:
            self._fail(LONGEST, len(self.text), f"A line has at most {LONGEST} characters.")
        chain = self._chain(0)
        if self.at < len(self.text):
            found = self.text[self.at]
            self._fail(self.at, self.at + 1, f"'{found}' closes nothing: there is no '{_opener(found)}' before it.")
        return chain

    # --- pieces -------------------------------------------------------------------------------------------------------

    def _fail(self, start: int, end: int, message: str) -> None:
        if self.problem is None:
            self.problem = LineProblem(start, max(end, start + 1), message)
        self.at = len(self.text)

    def _space(self) -> str:
        """Skip what is blank; return the next character, or nothing at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _mark(self, start: int, kind: TokenKind) -> None:
        self.tokens.append(Token(start, self.at, kind))

    def _arrow(self, take: bool = True) -> bool:
        self._space()
        found = next((arrow for arrow in _ARROWS if self.text.startswith(arrow, self.at)), "")
        if found and take:
            self.at += len(found)
            self._mark(self.at - len(found), "operator")
        return bool(found)

    def _sign(self) -> None:
        """Take one character that stands for itself."""
        self.at += 1
        self._mark(self.at - 1, "operator")

    # --- items --------------------------------------------------------------------------------------------------------

    def _chain(self, depth: int) -> Chain:
        self._space()
        start, items = self.at, []
        while (item := self._item(depth)) is not None:
            items.append(item)
            if not self._arrow():
                break
        end = items[-1].end if items else start
        return Chain(start, end, tuple(items))

    def _item(self, depth: int) -> Item | None:
        found, start = self._space(), self.at
        item: Item
        if depth > _DEEPEST:
            self._fail(start, start + 1, f"Brackets are at most {_DEEPEST} deep.")
            return None
        if self.problem:
            return None
        if found == "[":
            item = self._branches(depth)
        elif found == "(":
            item = self._bracket(depth)
        elif name := _NAME.match(self.text, self.at):
            item = self._layer(name[0])
        else:
            what = f"not '{found}'" if found else "such as conv 32 or relu"
            self._fail(start, start + 1, f"A layer is expected here, {what}.")
            return None
        return self._repeated(item)

    def _branches(self, depth: int) -> Branches:
        start, chains = self.at, list[Chain]()
        while not chains or self.text[self.at : self.at + 1] == "|":
            self._sign()
            empty = self._space() in ("|", "]")
            chains.append(Chain(self.at, self.at) if empty else self._chain(depth + 1))
            self._space()
        self._close(start, "or another branch after '|'")
        return Branches(start, self.at, tuple(chains))

    def _bracket(self, depth: int) -> Chain:
        start = self.at
        self._sign()
        inner = self._chain(depth + 1)
        self._close(start, "or '>' and another layer")
        return Chain(start, self.at, inner.items)

    def _close(self, start: int, otherwise: str) -> None:
        wanted = _CLOSERS[self.text[start]]
        found = self._space()
        if self.problem:
            return
        if found == wanted:
            self._sign()
        else:
            came = f", not '{found}'" if found else ""
            self._fail(
                self.at if found else start,
                self.at + 1 if found else start + 1,
                f"'{wanted}' is expected for this '{self.text[start]}', {otherwise}{came}.",
            )

    def _repeated(self, item: Item) -> Item:
        while True:
            self._space()
            start, found = self.at, _TIMES.match(self.text, self.at)
            if found is None or self.problem:
                break
            self.at = found.end()
            count = found[1] or self._piece()
            self._mark(start, "times")
            item = Times(start, self.at, item, count)
        following = self._space()
        if following and following not in "|])" and not self._arrow(take=False) and not self.problem:
            self._fail(self.at, self.at + 1, f"'>' is expected before '{following}'.")
        return item

    # --- layers -------------------------------------------------------------------------------------------------------

    def _layer(self, name: str) -> Layer:
        start = self.at
        self.at += len(name)
        self._mark(start, "layer")
        arguments: list[Argument] = []
        if self.text[self.at : self.at + 1] == "(":
            opening = self.at
            self._sign()
            arguments += self._arguments(")")
            self._close(opening, "or another parameter")
        arguments += self._arguments("")
        output = ""
        if (chosen := _OUTPUT.match(self.text, self.at)) and not self.problem:
            output, self.at = chosen[1], chosen.end()
            self._mark(chosen.start(), "name")
        return Layer(start, self.at, name, tuple(arguments), output)

    def _arguments(self, closing: str) -> list[Argument]:
        found = []
        while character := self._space():
            if character in "|])" or (character == ":" and not closing) or self._arrow(take=False):
                break
            if not closing and _TIMES.match(self.text, self.at):
                break
            if character == ",":
                self.at += 1
                continue
            if character == "[":
                self._fail(self.at, self.at + 1, "'>' is expected before '['.")
                break
            argument = self._argument()
            if argument is None:
                break
            found.append(argument)
        return found

    def _argument(self) -> Argument | None:
        start, name = self.at, ""
        if named := _ARGUMENT_NAME.match(self.text, self.at):
            name = named[1]
            self.at = start + len(name)
            self._mark(start, "name")
            self.at = named.end()
        begin = self.at
        text = self._piece()
        if self.problem:
            return None
        if not text:
            message = f"A value is expected after '{name}='." if name else "A parameter or '>' is expected here."
            self._fail(start, begin, message)
            return None
        self._mark(begin, "value")
        return Argument(start, self.at, text, name)

    def _piece(self) -> str:
        """Read up to the next blank or sign that is neither in brackets nor in quotes."""
        start, depth, quote = self.at, 0, ""
        while self.at < len(self.text):
            character = self.text[self.at]
            if quote:
                quote = "" if character == quote else quote
            elif character in "\"'":
                quote = character
            elif character == ")" and not depth:
                break
            elif character in "()":
                depth += 1 if character == "(" else -1
            elif not depth and (character.isspace() or character in ",|[]" or self._arrow_here()):
                break
            self.at += 1
        if quote or depth:
            self._fail(start, self.at, f"{'A quote' if quote else 'A bracket'} is not closed here.")
            return ""
        return self.text[start : self.at]

    def _arrow_here(self) -> bool:
        return any(self.text.startswith(arrow, self.at) for arrow in _ARROWS)


def _opener(closer: str) -> str:
    return next((opener for opener, each in _CLOSERS.items() if each == closer), "[")
