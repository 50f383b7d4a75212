"""Element-wise formulas over tensors: checked against a short list of what is allowed, and written as PyTorch code."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

from core.errors import ModelError, did_you_mean

FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "abs")
EXTREMES = {"min": ("torch.minimum", "max"), "max": ("torch.maximum", "min")}
"""By name: the function of two tensors, and the bound of ``torch.clamp`` that does the same with a number."""

_LONGEST = 200
_NUMBERS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_ALLOWED = f"numbers, a, b, c, d, + - * / ** and brackets, and {', '.join((*FUNCTIONS, *EXTREMES))}"


def rewrite(expression: str, variables: Mapping[str, str]) -> str:
    """Return the expression as PyTorch code, its names replaced by ``variables``: ``torch.exp(x1) + 1``.

    Raises:
        ModelError: it holds anything but what is allowed, a name that is not among the variables, or no name.
    """
    if len(expression) > _LONGEST:
        raise ModelError(f"An expression has at most {_LONGEST} characters.")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"'{expression}' is not an expression such as 2*a + b.") from error
    written, is_tensor = _Rewriter(variables).visit(tree)
    if not is_tensor:
        raise ModelError(f"'{expression}' uses nothing that arrives: name an input, such as 2*a.")
    return ast.unparse(written)


class _Rewriter:
    """Turns one expression into PyTorch code; every part comes back with whether it is a tensor or a number."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def visit(self, node: ast.expr) -> tuple[ast.expr, bool]:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            _number(node)
            return node, False
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner, is_tensor = self.visit(node.operand)
            return (ast.UnaryOp(node.op, inner) if isinstance(node.op, ast.USub) else inner), is_tensor
        if isinstance(node, ast.BinOp) and type(node.op) in _NUMBERS:
            (left, one), (right, two) = self.visit(node.left), self.visit(node.right)
            made = ast.BinOp(left, node.op, right)
            if not one and not two:
                _number(made)
            return made, one or two
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return self._call(node.func.id, [self.visit(each) for each in node.args]), True
        raise ModelError(f"'{ast.unparse(node)}' is not allowed: use {_ALLOWED}.")

    def _name(self, node: ast.Name) -> tuple[ast.expr, bool]:
        if node.id not in self.variables:
            known = f"Nothing is linked to '{node.id}'." if node.id in "abcd" else f"There is no input '{node.id}'."
            raise ModelError(f"{known}{did_you_mean(node.id, self.variables)} Linked: {', '.join(self.variables)}.")
        return ast.Name(self.variables[node.id]), True

    def _call(self, name: str, arguments: list[tuple[ast.expr, bool]]) -> ast.expr:
        if name in FUNCTIONS:
            if len(arguments) != 1 or not arguments[0][1]:
                raise ModelError(f"{name} takes one thing that arrives, such as {name}(a).")
            return ast.Call(ast.Name(f"torch.{name}"), [arguments[0][0]], [])
        if name in EXTREMES:
            tensors = [node for node, is_tensor in arguments if is_tensor]
            numbers = [node for node, is_tensor in arguments if not is_tensor]
            if len(arguments) < 2 or not tensors:
                raise ModelError(f"{name} takes at least two things, such as {name}(a, b) or {name}(a, 0).")
            return _extreme(name, tensors, numbers)
        known = (*FUNCTIONS, *EXTREMES)
        raise ModelError(f"There is no function '{name}'.{did_you_mean(name, known)} Use {', '.join(known)}.")


def _extreme(name: str, tensors: list[ast.expr], numbers: list[ast.expr]) -> ast.expr:
    function, bound = EXTREMES[name]
    made = tensors[0]
    for other in tensors[1:]:
        made = ast.Call(ast.Name(function), [made, other], [])
    for number in numbers:
        made = ast.Call(ast.Name("torch.clamp"), [made], [ast.keyword(bound, number)])
    return made


def _number(node: ast.expr) -> float:
    """Return what numbers alone come to, in floating point, which is quick however large the powers are.

    Raises:
        ModelError: it divides by zero, or comes to nothing finite.
    """
    try:
        value = _value(node)
    except (ArithmeticError, ValueError) as error:
        raise ModelError(f"'{ast.unparse(node)}' has no finite value.") from error
    if not math.isfinite(value):
        raise ModelError(f"'{ast.unparse(node)}' has no finite value.")
    return value


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant):
        assert isinstance(node.value, int | float)
        return float(node.value)
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand)
    assert isinstance(node, ast.BinOp)
    return _NUMBERS[type(node.op)](_value(node.left), _value(node.right))


def trial_error(expression: str, dtypes: Mapping[str, str]) -> str:
    """Return what PyTorch says when the expression is run on single ones of these dtypes, or an empty string.

    ``meta`` lets pass what the CPU refuses: differences of bools, whole numbers to negative powers.
    """
    import torch

    try:
        text = rewrite(expression, {name: name for name in dtypes})
        ones = {name: torch.ones((), dtype=getattr(torch, dtype)) for name, dtype in dtypes.items()}
        eval(compile(text, "<expression>", "eval"), {"torch": torch, **ones})
    except ModelError:
        return ""  # the rule about the expression itself speaks of it
    except (RuntimeError, TypeError, ValueError, ArithmeticError) as error:
        return str(error).splitlines()[0]
    return ""
