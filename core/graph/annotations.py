"""Reads the annotations and defaults in a user's source as types of parameters, from the syntax tree alone."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import ExpressionError
from core.expressions import evaluate
from core.kinds import ParameterType, Value

_SCALARS: dict[str, ParameterType] = {"bool": "bool", "int": "int", "float": "float", "str": "text"}
_SEQUENCES = frozenset({"tuple", "Tuple", "list", "List", "Sequence"})
_TENSOR = "Tensor"


class _Unreadable:
    """The value of a default that is more than a constant."""


UNREADABLE = _Unreadable()


@dataclass(frozen=True)
class Hint:
    """What an annotation says: the type, how many numbers a tuple has (0: any), words, None allowed.

    ``single`` says that a number may stand for a tuple of equal ones (``int | tuple[int, int]``).
    """

    type: ParameterType
    length: int = 0
    choices: tuple[str, ...] = ()
    optional: bool = False
    single: bool = True


def last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name (``Literal`` of ``typing.Literal``), or an empty string."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def unquoted(node: ast.expr) -> ast.expr:
    """Return the annotation that a text holds; other nodes as they are."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError):
            return node
    return node


def members(node: ast.expr) -> list[ast.expr]:
    """Return the members of a union, however it is written."""
    node = unquoted(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return members(node.left) + members(node.right)
    if isinstance(node, ast.Subscript) and last_name(node.value) == "Optional":
        return [*members(node.slice), ast.Constant(None)]
    if isinstance(node, ast.Subscript) and last_name(node.value) == "Union":
        return [each for part in elements(node.slice) for each in members(part)]
    return [node]


def elements(node: ast.expr) -> list[ast.expr]:
    """Return what stands between the brackets of ``tuple[int, int]``."""
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def is_none(node: ast.expr) -> bool:
    """True for the constant None."""
    return isinstance(node, ast.Constant) and node.value is None


def sequence(node: ast.expr) -> list[ast.expr] | None:
    """Return the types in ``tuple[…]`` or ``list[…]``, or None where it is something else."""
    if isinstance(node, ast.Subscript) and last_name(node.value) in _SEQUENCES:
        return elements(node.slice)
    return None


def read_hint(node: ast.expr) -> Hint | None:
    """Return what an annotation says, or None where no parameter can be of that type."""
    optional = any(is_none(each) for each in members(node))
    types = [each for each in members(node) if not is_none(each)]
    tuples = [each for each in types if sequence(each) is not None]
    if tuples:
        return _sizes(tuples[0], optional, single=len(types) > 1)
    words = [_words(each) for each in types]
    if words and all(words):
        return Hint("choice", choices=tuple(word for each in words for word in each), optional=optional)
    names = [last_name(each) for each in types]
    if not names or any(name not in _SCALARS for name in names):
        return None
    if set(names) == {"int", "float"}:
        return Hint("float", optional=optional)
    return Hint(_SCALARS[names[0]], optional=optional) if len(set(names)) == 1 else None


def _sizes(node: ast.expr, optional: bool, single: bool) -> Hint | None:
    parts = [part for part in sequence(node) or [] if not (isinstance(part, ast.Constant) and part.value is ...)]
    names = {last_name(part) for part in parts}
    if not names or not names <= {"int", "float"}:
        return None
    kind: ParameterType = "floats" if "float" in names else "ints"
    fixed = isinstance(node, ast.Subscript) and last_name(node.value) in ("tuple", "Tuple")
    length = len(parts) if fixed and len(parts) == len(sequence(node) or []) else 0
    return Hint(kind, length, optional=optional, single=single)


def _words(node: ast.expr) -> tuple[str, ...]:
    if not isinstance(node, ast.Subscript) or last_name(node.value) != "Literal":
        return ()
    found = [each.value for each in elements(node.slice) if isinstance(each, ast.Constant)]
    return tuple(map(str, found)) if all(isinstance(each, str) for each in found) else ()


def hint_of_value(value: Value) -> Hint | None:
    """Return the type that a default shows where there is no annotation."""
    if isinstance(value, tuple):
        numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
        kind: ParameterType = "ints" if all(isinstance(each, int) for each in value) else "floats"
        return Hint(kind, len(value), single=False) if value and numbers else None
    found = _SCALARS.get(type(value).__name__)
    return Hint(found) if found else None


def read_value(node: ast.expr, constants: Mapping[str, Value]) -> Value | _Unreadable:
    """Return what a default comes to: a literal, a constant of the same text, or arithmetic with these."""
    try:
        return _plain(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        pass
    if isinstance(node, ast.Name):
        return constants.get(node.id, UNREADABLE)
    numbers = {name: value for name, value in constants.items() if type(value) in (int, float)}
    try:
        return evaluate(ast.unparse(node), numbers)
    except (ExpressionError, RecursionError):
        return UNREADABLE


def _plain(value: object) -> Value | _Unreadable:
    if isinstance(value, list | tuple):
        items = tuple(_plain(each) for each in value)
        return UNREADABLE if UNREADABLE in items else items
    if isinstance(value, float) and not math.isfinite(value):
        return UNREADABLE
    return value if value is None or type(value) in (bool, int, float, str) else UNREADABLE


def mentions_tensor(node: ast.expr | None) -> bool:
    """True where an annotation is a tensor's, or there is none."""
    return node is None or any(last_name(each) == _TENSOR for each in members(node))
