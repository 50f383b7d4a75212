"""Merges: several branches become one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value
from core.layers._writing import (
    ANY_OUTPUT,
    BRANCHES,
    arriving,
    dim,
    function,
    nested,
    one_dtype,
    operator,
    pair,
    written,
)

_FAMILY = "Merge"
_LETTERS = re.compile(r"[A-Za-z.,> \-]*")


def _call_concatenate(call: Call) -> str:
    """Write ``concat1 = torch.cat([a, b], dim=1)``."""
    return f"{call.output} = torch.cat([{', '.join(arriving(call))}], dim={call.arguments['dim']})"


def _call_stack(call: Call) -> str:
    """Write ``stack1 = torch.stack([a, b], dim=1)``."""
    return f"{call.output} = torch.stack([{', '.join(arriving(call))}], dim={call.arguments['dim']})"


def _call_divide(call: Call) -> str:
    """Write ``divide1 = a / b``, or ``torch.div`` where the quotient is rounded."""
    rounding = call.arguments["rounding"]
    if rounding == "none":
        return operator("/")(call)
    return f"{call.output} = torch.div({', '.join(arriving(call))}, rounding_mode={written(rounding)})"


def _call_average(call: Call) -> str:
    """Write ``average1 = (a + b) / 2``."""
    branches = arriving(call)
    return f"{call.output} = ({' + '.join(branches)}) / {len(branches)}"


def _call_einsum(call: Call) -> str:
    """Write ``einsum1 = torch.einsum("nij,njk->nik", a, b)``."""
    return f"{call.output} = torch.einsum({', '.join((written(call.arguments['equation']), *arriving(call)))})"


def _call_where(call: Call) -> str:
    """Write ``where1 = torch.where(mask, a, b)``, with a number where there is no second branch."""
    otherwise = next(iter(call.inputs.get("b", ())), repr(call.arguments["otherwise"]))
    return f"{call.output} = torch.where({call.inputs['condition'][0]}, {call.inputs['a'][0]}, {otherwise})"


def _inner_sizes(shapes: Mapping[str, Shape], _values: Mapping[str, Value]) -> str:
    a, b = shapes["a"], shapes["b"]
    if not a or not b:
        return "A matrix product needs at least one dimension on each side, but a single number arrives."
    axis = -2 if len(b) > 1 else -1
    if a[-1] == b[axis]:
        return ""
    where = "second last" if axis == -2 else "only"
    return (
        f"The last dimension of a ({a[-1]}) must equal the {where} dimension of b ({b[axis]}): each row of a is "
        "multiplied with each column of b. Transpose one of them, or change its size."
    )


def _no_bool_product(dtypes: Mapping[str, str], _values: Mapping[str, Value]) -> str:
    if "bool" in dtypes.values():
        return "A matrix product takes numbers, not yes and no (bool). Put a Cast in between."
    return ""


def _not_both_bool(dtypes: Mapping[str, str], values: Mapping[str, Value]) -> str:
    if values["rounding"] != "none" and set(dtypes.values()) == {"bool"}:
        return "Rounded division takes numbers, not yes and no (bool). Put a Cast in between, or set rounding to none."
    return ""


def _equation(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Say what is wrong with an equation that PyTorch's own words would not make clear."""
    text = values["equation"]
    if not _LETTERS.fullmatch(text) or not text.strip():
        return "equation takes letters, commas and ->, such as nij,njk->nik: a letter for each dimension of each input."
    terms = text.partition("->")[0].split(",")
    if len(terms) != len(shapes):
        inputs = "1 input arrives" if len(shapes) == 1 else f"{len(shapes)} inputs arrive"
        return f"equation describes {len(terms)} of the inputs (separated by commas), but {inputs}."
    return ""


def _einsum_dtypes(dtypes: Mapping[str, str], values: Mapping[str, Value]) -> str:
    """Run the equation on tiny tensors: which dtypes it takes depends on what it comes to (a product, a sum)."""
    if set(dtypes.values()) == {"float32"}:
        return ""
    import torch

    terms = [term.replace("...", "").replace(" ", "") for term in values["equation"].partition("->")[0].split(",")]
    try:
        tiny = [
            torch.ones((2,) * len(term), dtype=getattr(torch, dtype))
            for term, dtype in zip(terms, dtypes.values(), strict=True)
        ]
        torch.einsum(values["equation"], *tiny)
    except (RuntimeError, ValueError) as error:
        if "dtype" in str(error) or "scalar type" in str(error) or "not implemented" in str(error):
            return (
                f"This equation takes inputs of one kind of number, but {', '.join(dtypes.values())} arrive. "
                "Put a Cast to float32 in between."
            )
    return ""


_ADD = LayerKind(
    "Add",
    _FAMILY,
    "Adds branches value by value, as in residual networks; their shapes must match.",
    inputs=BRANCHES,
    outputs=ANY_OUTPUT,
    keywords=("sum", "plus", "residual", "skip connection", "resnet", "merge"),
    call=operator("+"),
    samples=(((2, 10), (2, 10)), ((2, 3, 8, 8), (2, 3, 8, 8), (2, 3, 8, 8))),
    formula="y = a + b + …",
    docs="torch.add",
)

_SUBTRACT = LayerKind(
    "Subtract",
    _FAMILY,
    "Subtracts one branch from another value by value, as for a difference or an error.",
    inputs=pair("What is subtracted from.", "What is subtracted.", ("bool",)),
    outputs=ANY_OUTPUT,
    keywords=("minus", "difference", "sub", "residual", "merge"),
    call=operator("-"),
    samples=(((2, 10), (2, 10)), ((2, 3, 8, 8), (2, 3, 1, 1))),
    formula="y = a − b",
    docs="torch.sub",
)

_MULTIPLY = LayerKind(
    "Multiply",
    _FAMILY,
    "Multiplies branches value by value, so that one can gate another; their shapes must match.",
    inputs=BRANCHES,
    outputs=ANY_OUTPUT,
    keywords=("product", "times", "gate", "attention", "mask", "merge"),
    call=operator("*"),
    samples=(((2, 10), (2, 10)), ((2, 3, 8, 8), (2, 3, 1, 1))),
    formula="y = a · b · …",
    docs="torch.mul",
)

_DIVIDE = LayerKind(
    "Divide",
    _FAMILY,
    "Divides one branch by another value by value; whole numbers become fractions unless it rounds.",
    inputs=pair("What is divided.", "What it is divided by."),
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter(
            "rounding",
            "choice",
            "none",
            "How the quotient is rounded: floor goes down, trunc towards zero.",
            choices=("none", "floor", "trunc"),
        ),
    ),
    keywords=("quotient", "ratio", "div", "fraction", "normalise"),
    call=_call_divide,
    samples=(((2, 10), (2, 10)), ((2, 3, 8, 8), (2, 3, 1, 1))),
    dtype_rules=(_not_both_bool,),
    formula="y = a / b",
    docs="torch.div",
)

_CONCATENATE = LayerKind(
    "Concatenate",
    _FAMILY,
    "Puts branches one after another along one dimension, by default features or channels.",
    stem="concat",
    inputs=BRANCHES,
    outputs=ANY_OUTPUT,
    parameters=(dim(1, "The dimension along which they are joined: 1 for features or channels, -1 the last."),),
    face=("dim",),
    keywords=("join", "cat", "stack", "append", "merge", "two inputs", "densenet", "unet"),
    call=_call_concatenate,
    samples=(((2, 10), (2, 5)), ((2, 3, 8, 8), (2, 1, 8, 8), (2, 4, 8, 8))),
    docs="torch.cat",
)

_STACK = LayerKind(
    "Stack",
    _FAMILY,
    "Puts branches of equal shape side by side along a new dimension, such as steps into a sequence.",
    inputs=BRANCHES,
    outputs=ANY_OUTPUT,
    parameters=(dim(1, "Where the new dimension is put: 1 is right after the batch, -1 the last."),),
    face=("dim",),
    keywords=("join", "pile", "new axis", "sequence", "merge"),
    call=_call_stack,
    samples=(((2, 10), (2, 10)), ((2, 3, 8), (2, 3, 8), (2, 3, 8))),
    docs="torch.stack",
)

_AVERAGE = LayerKind(
    "Average",
    _FAMILY,
    "Takes the mean of branches value by value, as for an ensemble of several paths.",
    inputs=BRANCHES,
    outputs=ANY_OUTPUT,
    keywords=("mean", "ensemble", "merge", "blend"),
    call=_call_average,
    samples=(((2, 10), (2, 10)), ((2, 3, 8), (2, 3, 8), (2, 3, 8))),
    formula="y = (a + b + …) / number of branches",
)

_MAXIMUM = LayerKind(
    "Maximum",
    _FAMILY,
    "Keeps the largest value of all branches at every place.",
    inputs=BRANCHES,
    outputs=ANY_OUTPUT,
    keywords=("max", "largest", "merge", "maxout", "elementwise"),
    call=nested("torch.maximum"),
    samples=(((2, 10), (2, 10)), ((2, 3, 8), (2, 3, 8), (2, 3, 8))),
    formula="y = max(a, b, …)",
    docs="torch.maximum",
)

_MINIMUM = LayerKind(
    "Minimum",
    _FAMILY,
    "Keeps the smallest value of all branches at every place.",
    inputs=BRANCHES,
    outputs=ANY_OUTPUT,
    keywords=("min", "smallest", "merge", "elementwise"),
    call=nested("torch.minimum"),
    samples=(((2, 10), (2, 10)), ((2, 3, 8), (2, 3, 8), (2, 3, 8))),
    formula="y = min(a, b, …)",
    docs="torch.minimum",
)

_MATMUL = LayerKind(
    "MatMul",
    _FAMILY,
    "Multiplies matrices, such as queries with keys in attention; leading dimensions are matched.",
    title="Matrix product",
    inputs=pair("The left matrices: … × rows × inner.", "The right matrices: … × inner × columns."),
    outputs=ANY_OUTPUT,
    keywords=("matrix multiplication", "matmul", "bmm", "mm", "product", "attention", "@", "linear algebra"),
    call=operator("@"),
    samples=(((2, 4, 5), (2, 5, 3)), ((2, 8, 4, 5), (2, 8, 5, 4))),
    rules=(_inner_sizes,),
    dtype_rules=(_no_bool_product, one_dtype),
    formula="yᵢₖ = Σⱼ aᵢⱼ · bⱼₖ",
    docs="torch.matmul",
)

_DOT = LayerKind(
    "Dot",
    _FAMILY,
    "Multiplies two vectors value by value and adds up: how alike they are, one number per pair.",
    title="Dot product",
    inputs=pair("The first vectors.", "The second vectors."),
    outputs=ANY_OUTPUT,
    parameters=(dim(-1, "The dimension that holds the vectors and vanishes; -1 is the last."),),
    face=("dim",),
    keywords=("inner product", "scalar product", "similarity", "vecdot", "two towers", "recommender"),
    call=function("torch.linalg.vecdot", dim=-1),
    samples=(((2, 10), (2, 10)), ((2, 5, 7), (2, 5, 7))),
    formula="y = Σᵢ aᵢ · bᵢ",
    docs="torch.linalg.vecdot",
)

_EINSUM = LayerKind(
    "Einsum",
    _FAMILY,
    "Any product and sum of tensors in one line: a letter for each dimension, missing letters are summed.",
    inputs=BRANCHES,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter(
            "equation",
            "text",
            "nij,njk->nik",
            "The letters of each input's dimensions, after the arrow those of the output; n may stand for the batch.",
        ),
    ),
    face=("equation",),
    keywords=("einstein", "contraction", "tensor product", "tensordot", "bilinear", "attention"),
    call=_call_einsum,
    samples=(((2, 4, 5), (2, 5, 3)),),
    rules=(_equation,),
    dtype_rules=(_einsum_dtypes,),
    docs="torch.einsum",
)

_WHERE = LayerKind(
    "Where",
    _FAMILY,
    "Chooses value by value: from a where the condition holds, else from b or a fixed number (a mask).",
    inputs=(
        Port("condition", "Yes or no for every value, as a comparison gives.", dtype="bool"),
        Port("a", "Taken where the condition holds.", dtype="any"),
        Port("b", "Taken elsewhere; without it the number below.", dtype="any", optional=True),
    ),
    outputs=ANY_OUTPUT,
    parameters=(Parameter("otherwise", "float", 0.0, "What stands where the condition fails and nothing is linked."),),
    keywords=("if", "choose", "mask", "masked fill", "switch", "select", "condition"),
    call=_call_where,
    samples=(((2, 10), (2, 10), (2, 10)), ((2, 1, 5), (2, 3, 5), (2, 3, 5))),
    formula="y = a where condition, else b",
    docs="torch.where",
)

KINDS = (
    _ADD,
    _SUBTRACT,
    _MULTIPLY,
    _DIVIDE,
    _CONCATENATE,
    _STACK,
    _AVERAGE,
    _MAXIMUM,
    _MINIMUM,
    _MATMUL,
    _DOT,
    _EINSUM,
    _WHERE,
)
