"""Functions of every single value, and of yes and no."""

from __future__ import annotations

from core.kinds import LayerKind, Port
from core.layers._writing import ANY_OUTPUT, BRANCHES, function, nested

_FAMILY = "Arithmetic"


def _elementwise(
    name: str,
    function_name: str,
    help: str,
    *keywords: str,
    formula: str = "",
    refuses: tuple[str, ...] = (),
) -> LayerKind:
    """Declare a function of every single value."""
    return LayerKind(
        name,
        _FAMILY,
        help,
        inputs=(Port("input", dtype="any", refuses=refuses),),
        outputs=ANY_OUTPUT,
        keywords=("elementwise", *keywords),
        call=function(function_name),
        samples=(((2, 10),), ((2, 3, 8, 8),)),
        formula=formula,
        docs=function_name,
    )


_BOOL = ("bool",)
_ELEMENTWISE = (
    _elementwise(
        "Abs",
        "torch.abs",
        "Takes every value without its sign.",
        "absolute",
        "magnitude",
        formula="y = |x|",
        refuses=_BOOL,
    ),
    _elementwise(
        "Exp", "torch.exp", "Raises e to every value; the result is always positive.", "exponential", formula="y = eˣ"
    ),
    _elementwise(
        "Log", "torch.log", "Takes the natural logarithm of positive values.", "logarithm", "ln", formula="y = ln x"
    ),
    _elementwise(
        "Sqrt",
        "torch.sqrt",
        "Takes the square root of values that are not negative.",
        "square root",
        "root",
        formula="y = √x",
    ),
    _elementwise("Square", "torch.square", "Multiplies every value by itself.", "power", "squared", formula="y = x²"),
    _elementwise(
        "Negative",
        "torch.neg",
        "Turns the sign of every value.",
        "minus",
        "neg",
        "invert",
        formula="y = −x",
        refuses=_BOOL,
    ),
    _elementwise(
        "Reciprocal", "torch.reciprocal", "Divides 1 by every value.", "inverse", "one over", formula="y = 1/x"
    ),
    _elementwise(
        "Sin",
        "torch.sin",
        "Takes the sine of every value, in radians.",
        "sine",
        "wave",
        "positional",
        formula="y = sin x",
    ),
    _elementwise(
        "Cos",
        "torch.cos",
        "Takes the cosine of every value, in radians.",
        "cosine",
        "wave",
        "positional",
        formula="y = cos x",
    ),
    _elementwise(
        "Sign",
        "torch.sign",
        "Gives −1, 0 or 1 by the sign of every value; nothing is learned through it.",
        "signum",
        formula="y = sgn x",
    ),
    _elementwise(
        "Floor",
        "torch.floor",
        "Rounds every value down; nothing is learned through it.",
        "round down",
        "integer",
        formula="y = ⌊x⌋",
        refuses=_BOOL,
    ),
    _elementwise(
        "Ceil",
        "torch.ceil",
        "Rounds every value up; nothing is learned through it.",
        "round up",
        "integer",
        formula="y = ⌈x⌉",
        refuses=_BOOL,
    ),
    _elementwise(
        "Round",
        "torch.round",
        "Rounds every value to the nearest whole number, halves to the even one.",
        "quantise",
        "integer",
        refuses=_BOOL,
    ),
    _elementwise(
        "LogicalNot",
        "torch.logical_not",
        "Turns yes into no and no into yes (0 counts as no).",
        "invert",
        "mask",
        "not",
        "negate",
    ),
)


def _logical(name: str, function_name: str, help: str, *keywords: str) -> LayerKind:
    return LayerKind(
        name,
        _FAMILY,
        help,
        inputs=BRANCHES,
        outputs=ANY_OUTPUT,
        keywords=("mask", "boolean", *keywords),
        call=nested(function_name),
        samples=(((2, 10), (2, 10)), ((2, 5, 5), (2, 1, 5))),
        docs=function_name,
    )


_LOGICAL = (
    _logical("LogicalAnd", "torch.logical_and", "Yes where all branches say yes, as to join masks.", "and", "both"),
    _logical("LogicalOr", "torch.logical_or", "Yes where any branch says yes.", "or", "any"),
    _logical("LogicalXor", "torch.logical_xor", "Yes where exactly one of two branches says yes.", "xor", "either"),
)


KINDS = (*_ELEMENTWISE, *_LOGICAL)
