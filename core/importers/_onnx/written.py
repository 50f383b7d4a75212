"""Operations that PyTorch has and the catalogue lacks: Python layers of a line or two, written here from literals.

They are trusted without anybody having looked at them. That nothing of a file runs with them does not rest on those who
write the rows alone: a source is only made of the words below, of numbers, and of names that it defines itself.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

from core.graph.project import End
from core.importers._onnx.model import Refused

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

LETTERS = "abcdefgh"
_FUNCTIONS = frozenset("F float nn range self slice torch tuple ValueError".split())
_WORDS = frozenset(
    """Module acos acosh amax amin arange argmax asin asinh atan atanh bitwise_and bitwise_left_shift bitwise_not
    bitwise_or bitwise_right_shift bitwise_xor bool cat clamp complex conv1d conv2d conv3d cosh cumprod cumsum det
    device double dtype empty erf expand fft flatten flip float float8_e4m3fn float8_e4m3fnuz float8_e5m2
    float8_e5m2fnuz fmod gather ifft index_put indices isinf isnan isneginf isposinf linalg long maximum mean
    minimum movedim narrow new_tensor numel ones ones_like pad pow prod remainder reshape rfft round rsqrt scatter
    scatter_reduce shape sigmoid sinh sort sqrt square squeeze stack sum tan tanh tensor to transpose tril triu type
    unflatten unfold unsqueeze values view_as_real where zeros zeros_like""".split()
)
"""All attributes, functions and methods that such a source names."""
_TEXTS = frozenset({"meta", "sum", "prod", "amax", "amin", "inf", "-inf", "nan"})
_PARTS = (
    *(ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.If, ast.For, ast.Raise),
    ast.Expr,
    *(ast.Call, ast.keyword, ast.Tuple, ast.List, ast.Subscript, ast.Slice, ast.BinOp, ast.UnaryOp, ast.BoolOp),
    *(ast.Compare, ast.GeneratorExp, ast.comprehension, ast.JoinedStr, ast.FormattedValue, ast.expr_context),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)
_IMPORTS = ("import torch", "import torch.nn.functional as F", "from torch import nn")
_LONGEST = 100_000


def written(
    flow: Flow, what: str, rows: str | Sequence[str], inputs: Sequence[End], *, outputs: int = 1, suffix: str = ""
) -> tuple[End, ...]:
    """Add a Python layer and return its outputs.

    ``rows`` are those of its ``forward``, in terms of a, b, c… for the inputs; the last of them is what it returns.

    Raises:
        Refused: it does not take what arrives, or would say more than such a layer may.
    """
    rows = [rows] if isinstance(rows, str) else list(rows)

    def source(name: str) -> str:
        text = _source(name, what, rows, len(inputs), outputs)
        _require_plain(text)
        return text

    end = flow.add(flow.draft.define_own(what[:1].upper() + what[1:], source), {}, inputs, suffix=suffix)
    if outputs == 1:
        return (end,)
    return tuple(End(end.node, f"output{number}") for number in range(1, outputs + 1))


def _require_plain(source: str) -> None:
    """Raise Refused for a source that holds anything but one class of arithmetic in known words."""
    try:
        body = ast.parse(source).body if len(source) <= _LONGEST else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        body = []
    made = body[-1] if body else None
    if not isinstance(made, ast.ClassDef) or any(ast.unparse(each) not in _IMPORTS for each in body[:-1]):
        raise Refused("no layer can be written from what it says")
    found = list(ast.walk(made))
    own = {each.id for each in found if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)} | {*LETTERS}
    said = (*made.body[:1], *(each for each in found if isinstance(each, ast.Raise)))
    messages = {id(part) for each in said for part in ast.walk(each) if isinstance(part, ast.Constant)}
    if not all(_is_plain(each, own) or id(each) in messages for each in found):
        raise Refused("no layer can be written from what it says")


def _is_plain(part: ast.AST, own: Container[str]) -> bool:
    if isinstance(part, ast.Name):
        return part.id in own or part.id in _FUNCTIONS
    if isinstance(part, ast.Attribute):
        return part.attr in _WORDS
    if isinstance(part, ast.Constant):
        return not isinstance(part.value, str | bytes) or part.value in _TEXTS
    return isinstance(part, _PARTS)


def _source(name: str, what: str, rows: Sequence[str], inputs: int, outputs: int) -> str:
    arguments = ", ".join(LETTERS[:inputs])
    variables = ["output"] if outputs == 1 else [f"output{number}" for number in range(1, outputs + 1)]
    lines = [
        *_IMPORTS,
        "",
        "",
        f"class {name}(nn.Module):",
        f'    """{what} of ONNX."""',
        "",
        f"    def forward(self, {arguments}):" if inputs else "    def forward(self):",
        *(f"        {row}" for row in rows[:-1]),
        f"        {', '.join(variables)} = {rows[-1]}",
        f"        return {', '.join(variables)}",
    ]
    return "\n".join(line for line in lines if "F." in "".join(rows) or line != _IMPORTS[1]) + "\n"
