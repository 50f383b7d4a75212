"""Arithmetic over project variables (``2*width``) in numeric parameters: no other names, no calls, no attributes."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from core.errors import ExpressionError, did_you_mean

Number = int | float
_LIMIT = 2**53
LONGEST = 200
"""How many characters an expression may have."""

_BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


def evaluate(expression: str, variables: Mapping[str, Number]) -> Number:
    """Return the value of an arithmetic expression; whole-number results of ``/`` stay whole (``8/2`` is 4).

    Raises:
        ExpressionError: it is not arithmetic, names an unknown variable, divides by zero, or is beyond 2**53.
    """
    if len(expression) > LONGEST:
        raise ExpressionError(f"An expression has at most {LONGEST} characters.")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ExpressionError(f"'{expression}' is not an arithmetic expression such as 2*width.") from error
    return _value(tree.body, variables)


def is_expression(text: str) -> bool:
    """True where ``text`` is arithmetic as ``evaluate`` wants it, whatever its variables come to."""
    if len(text) > LONGEST:
        return False
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return False
    return _is_arithmetic(tree.body)


def names_in(expression: str) -> frozenset[str]:
    """Return the variables that an expression uses (none where it does not parse)."""
    if len(expression) > LONGEST:
        return frozenset()
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _is_arithmetic(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub | ast.UAdd) and _is_arithmetic(node.operand)
    if isinstance(node, ast.BinOp):
        return type(node.op) in _BINARY and _is_arithmetic(node.left) and _is_arithmetic(node.right)
    return isinstance(node, ast.Name)


def _value(node: ast.expr, variables: Mapping[str, Number]) -> Number:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return _bounded(node.value)
    if isinstance(node, ast.Name):
        if node.id not in variables:
            raise ExpressionError(f"There is no variable '{node.id}'.{did_you_mean(node.id, variables)}")
        return _bounded(variables[node.id])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, variables)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _value(node.left, variables), _value(node.right, variables)
        try:
            return _bounded(_BINARY[type(node.op)](left, right))
        except ZeroDivisionError as error:
            raise ExpressionError(f"'{ast.unparse(node)}' divides by zero.") from error
    raise ExpressionError(f"'{ast.unparse(node)}' is not allowed: use numbers, variables, + - * / // % and brackets.")


def _bounded(value: Number) -> Number:
    if not abs(value) <= _LIMIT:  # also true of NaN
        raise ExpressionError("The value of an expression must stay within ±2**53.")
    return int(value) if isinstance(value, float) and value.is_integer() else value
