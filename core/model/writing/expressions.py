"""Numbers that are written as an expression, and the proof that a text comes to the values that the check found."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import CodeType

from core.expressions import Number
from core.kinds import Value
from core.model.lines import Written

_NAME = re.compile(r"(?<![\w.\"'])[^\W\d]\w*")


def evaluated(text: str, names: Mapping[str, Value]) -> Value:
    """Return what an expression that the writer made comes to in Python; None where it fails."""
    try:
        return eval(_compiled(text), {"__builtins__": {}, "int": int}, dict(names))
    except (ArithmeticError, NameError, TypeError, ValueError, SyntaxError):
        return None


@lru_cache(maxsize=4096)
def _compiled(text: str) -> CodeType:
    return compile(text, "<layerwright expression>", "eval")


def holds(text: str, values: Sequence[Value], environments: Sequence[Mapping[str, Value]]) -> bool:
    """True where the expression comes to the value of every use; a whole number must come out as one."""
    for value, names in zip(values, environments, strict=True):
        found = evaluated(text, names)
        if found is None or found != value or (isinstance(value, int) and not isinstance(found, int)):
            return False
    return True


def translated(expression: str, names: Mapping[str, str | Number]) -> str:
    """Return an expression with its names replaced by expressions or numbers; empty where one is unknown."""
    tree = ast.parse(expression.strip(), mode="eval")
    if not all(node.id in names for node in ast.walk(tree) if isinstance(node, ast.Name)):
        return ""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.parse(str(names[node.id]), mode="eval").body

        def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
            self.generic_visit(node)
            outer, inner = _factor(node), _factor(node.right)
            if outer is None or inner is None or not isinstance(node.right, ast.BinOp):
                return node
            return ast.BinOp(ast.Constant(outer * inner), ast.Mult(), node.right.right)

    return ast.unparse(Rename().visit(tree))


def _factor(node: ast.expr) -> int | None:
    """Return 2 for ``2 * width``."""
    number = node.left if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) else None
    return number.value if isinstance(number, ast.Constant) and isinstance(number.value, int) else None


def renamed(text: str, name: Callable[[str], str]) -> str:
    """Return a line of source with its names (not attributes, not texts) replaced."""
    return _NAME.sub(lambda found: name(found[0]), text)


def names_of(text: str) -> list[str]:
    """Return the variables in an expression, in their order."""
    return [name for name in _NAME.findall(text) if name != "int"]


def wholes(text: str) -> tuple[str, ...]:
    """Return the ways to write an expression: as it is, divided without remainder, or made whole at the end."""
    return (text, text.replace(" / ", " // "), f"int({text})") if "/" in text else (text, f"int({text})")


def total(terms: Sequence[str]) -> str:
    """Write a sum, equal terms and numbers gathered: ``in_channels + 2 * growth``."""
    counts: dict[str, int] = {}
    constant = 0
    for term in terms:
        if term.lstrip("-").isdecimal():
            constant += int(term)
        else:
            counts[term] = counts.get(term, 0) + 1
    parts = [term if count == 1 else f"{count} * {bracketed(term)}" for term, count in counts.items()]
    return " + ".join([*parts, *([str(constant)] if constant or not parts else [])])


def bracketed(text: str) -> str:
    """Put an expression into brackets where it is more than a name, a number, or an attribute."""
    return text if re.fullmatch(r"-?[\w.]+|int\(.*\)", text) else f"({text})"


def plain(value: Value) -> bool:
    """True where no part of a value is written as an expression."""
    return not any(isinstance(each, Written) for each in (value if isinstance(value, tuple) else (value,)))


def agrees(line: str, wanted: str, names: Mapping[str, Value]) -> bool:
    """True where a line with expressions in it says what ``wanted`` says with numbers.

    Names of arguments (also as ``self.name``) count as their values and arithmetic on numbers as its result.
    """
    if line == wanted:
        return True
    try:
        return _folded(line, names) == _folded(wanted, {})
    except SyntaxError:
        return False


def _folded(line: str, names: Mapping[str, Value]) -> str:
    class Fold(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            known = isinstance(node.ctx, ast.Load) and node.id in names
            return _constant(names[node.id]) if known else node

        def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
            owned = isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in names
            return _constant(names[node.attr]) if owned else self.generic_visit(node)

        def generic_visit(self, node: ast.AST) -> ast.AST:
            node = super().generic_visit(node)
            if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Call | ast.Constant):
                value = evaluated(ast.unparse(node), {})
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return _constant(value)
            return node

    return ast.dump(Fold().visit(ast.parse(line)))


def _constant(value: Value) -> ast.expr:
    if isinstance(value, tuple):
        return ast.Tuple([_constant(each) for each in value], ast.Load())
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return ast.Constant(int(value) if isinstance(value, int) and not isinstance(value, bool) else value)
