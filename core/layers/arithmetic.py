"""Arithmetic: figures over dimensions, comparisons, and conversions of values."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import ModelError
from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value
from core.layers._expression import rewrite, trial_error
from core.layers._writing import ANY_INPUT, ANY_OUTPUT, arriving, each_once, written

_FAMILY = "Arithmetic"
_MASK = (Port("output", "Yes or no for every value (bool).", dtype="bool"),)
_FLOAT_INPUT = (Port("input"),)
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def _call_clamp(call: Call) -> str:
    """Write ``clamp1 = torch.clamp(x, min=0.0, max=1.0)``."""
    bounds = (("min", call.arguments["minimum"]), ("max", call.arguments["maximum"]))
    written_bounds = [f"{name}={value!r}" for name, value in bounds if value is not None]
    return f"{call.output} = torch.clamp({', '.join((call.input, *written_bounds))})"


def _call_compare(call: Call) -> str:
    """Write ``compare1 = a > 0.5``, or with a second input ``compare1 = a > b``."""
    first, *others = arriving(call)
    second = others[0] if others else repr(call.arguments["value"])
    return f"{call.output} = {first} {call.arguments['comparison']} {second}"


def _call_power(call: Call) -> str:
    """Write ``power1 = torch.pow(x, 2.0)``, or with a second input ``power1 = torch.pow(x, e)``."""
    first, *others = arriving(call)
    return f"{call.output} = torch.pow({first}, {others[0] if others else repr(call.arguments['power'])})"


def _call_normalise(call: Call) -> str:
    """Write ``normalise1 = F.normalize(x, dim=-1)``."""
    order, along, eps = (call.arguments[name] for name in ("ord", "dim", "eps"))
    rest = (f", p={order!r}" if order != 2 else "") + (f", dim={written(along)}" if along != (1,) else "")
    return f"{call.output} = F.normalize({call.input}{rest}{f', eps={eps!r}' if eps != 1e-12 else ''})"


def _call_cast(call: Call) -> str:
    """Write ``cast1 = x.to(torch.float32)``."""
    return f"{call.output} = {call.input}.to(torch.{call.arguments['dtype']})"


def _call_detach(call: Call) -> str:
    """Write ``detach1 = x.detach()``."""
    return f"{call.output} = {call.input}.detach()"


def _call_expression(call: Call) -> str:
    """Write ``expression1 = torch.exp(x) + 1``."""
    names = {port: variables[0] for port, variables in call.inputs.items()}
    return f"{call.output} = {rewrite(call.arguments['expression'], names)}"


def _one_bound(_shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    if values["minimum"] is None and values["maximum"] is None:
        return "Give minimum, maximum or both: without them nothing is limited."
    return ""


def _expression(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    try:
        rewrite(values["expression"], {name: name for name in shapes})
    except ModelError as error:
        return error.message
    return ""


def _expression_dtypes(dtypes: Mapping[str, str], values: Mapping[str, Value]) -> str:
    if set(dtypes.values()) == {"float32"}:
        return ""
    said = trial_error(values["expression"], dtypes)
    found = ", ".join(f"{name} is {dtype}" for name, dtype in dtypes.items())
    return f"The expression does not work with these dtypes ({found}). PyTorch says: {said}" if said else ""


def _no_bool_powers(dtypes: Mapping[str, str], _values: Mapping[str, Value]) -> str:
    if len(dtypes) == 2 and set(dtypes.values()) == {"bool"}:
        return "A power takes numbers, not yes and no (bool) on both sides. Put a Cast in between."
    return ""


_CLAMP = LayerKind(
    "Clamp",
    _FAMILY,
    "Keeps every value within limits: what is lower or higher becomes the limit.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("minimum", "float", 0.0, "The least value; empty for no limit below.", optional=True),
        Parameter("maximum", "float", None, "The greatest value; empty for no limit above.", optional=True),
    ),
    face=("minimum", "maximum"),
    keywords=("clip", "limit", "bound", "saturate"),
    call=_call_clamp,
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    sample_parameters={"maximum": 1.0},
    rules=(_one_bound,),
    formula="y = min(max(x, minimum), maximum)",
    docs="torch.clamp",
)

_COMPARE = LayerKind(
    "Compare",
    _FAMILY,
    "Says yes or no for every value, compared with a number or a second input: it makes masks.",
    inputs=(
        Port("a", "What is compared.", dtype="any"),
        Port("b", "What it is compared with; without it the number below.", dtype="any", optional=True),
    ),
    outputs=_MASK,
    parameters=(
        Parameter("comparison", "choice", ">", "Which comparison gives yes.", choices=_COMPARISONS),
        Parameter("value", "float", 0.0, "The number it is compared with where nothing is linked to b."),
    ),
    face=("comparison", "value"),
    keywords=("equal", "greater", "less", "threshold", "mask", "eq", "ne", "gt", "ge", "lt", "le", "if"),
    call=_call_compare,
    samples=(((2, 10), (2, 10)), ((2, 5, 7), (2, 1, 7))),
    docs="torch.gt",
)

_POWER = LayerKind(
    "Power",
    _FAMILY,
    "Raises every value to a power, a fixed one or that of a second input.",
    inputs=(
        Port("input", dtype="any"),
        Port("exponent", "The power of every value; without it the number below.", dtype="any", optional=True),
    ),
    outputs=ANY_OUTPUT,
    parameters=(Parameter("power", "float", 2.0, "The power where nothing is linked to exponent."),),
    face=("power",),
    keywords=("exponent", "pow", "square", "root", "cube", "gamma"),
    call=_call_power,
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    dtype_rules=(_no_bool_powers,),
    formula="y = xᵖ",
    docs="torch.pow",
)

_NORMALISE = LayerKind(
    "Normalise",
    _FAMILY,
    "Scales vectors to length 1, so that only their direction counts, as for comparing embeddings.",
    inputs=_FLOAT_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("ord", "float", 2.0, "The kind of length: 2 is the Euclidean one, 1 the sum of absolute values."),
        Parameter("dim", "ints", (1,), "The dimensions that hold a vector; 1 is features or channels, -1 the last."),
        Parameter("eps", "float", 1e-12, "The least length that is divided by, so that zeros stay zeros.", minimum=0),
    ),
    face=("dim",),
    keywords=("normalize", "unit length", "l2 norm", "cosine", "unit norm", "embedding"),
    call=_call_normalise,
    samples=(((2, 10),), ((2, 5, 7),)),
    rules=(each_once,),
    formula="y = x / max(‖x‖, eps)",
    docs="torch.nn.functional.normalize",
)


_SCALAR_EXPRESSION = LayerKind(
    "ScalarExpression",
    _FAMILY,
    "Computes a formula of your own, value by value, from up to four inputs a, b, c and d.",
    title="Expression",
    stem="expression",
    inputs=(
        Port("a", "What a stands for.", dtype="any"),
        *(Port(name, f"What {name} stands for.", dtype="any", optional=True) for name in "bcd"),
    ),
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter(
            "expression",
            "text",
            "2*a",
            "The formula: a to d, numbers, + - * / ** and brackets, exp log sqrt sin cos tanh sigmoid abs min max.",
        ),
    ),
    face=("expression",),
    keywords=("formula", "lambda", "custom", "function", "scale", "shift", "equation", "calculate"),
    call=_call_expression,
    samples=(((2, 10),), ((2, 3, 8, 8), (2, 3, 1, 1), (2, 3, 8, 8), (2, 1, 8, 8))),
    sample_parameters={"expression": "exp(-a**2) + 1"},
    rules=(_expression,),
    dtype_rules=(_expression_dtypes,),
)

_CAST = LayerKind(
    "Cast",
    _FAMILY,
    "Turns values into another kind of number: fractions, whole numbers, or yes and no.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter(
            "dtype",
            "choice",
            "float32",
            "float32 are fractions, int64 whole numbers (rounded towards zero), bool yes where a value is not 0.",
            choices=("float32", "int64", "bool"),
        ),
    ),
    face=("dtype",),
    keywords=("convert", "type", "float", "long", "integer", "bool", "to"),
    call=_call_cast,
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    docs="torch.Tensor.to",
)

_DETACH = LayerKind(
    "Detach",
    _FAMILY,
    "Passes values on but stops learning there: what lies before gets no gradient through it.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    keywords=("stop gradient", "freeze", "no grad", "block gradient"),
    call=_call_detach,
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    docs="torch.Tensor.detach",
)

KINDS = (
    _POWER,
    _CLAMP,
    _NORMALISE,
    _SCALAR_EXPRESSION,
    _COMPARE,
    _CAST,
    _DETACH,
)
