"""Merges: several branches become one."""

from __future__ import annotations

from core.kinds import Call, LayerKind, Parameter, Port

_FAMILY = "Merge"
_INPUTS = (Port("inputs", "Any number of branches.", dtype="any", variadic=True),)
_OUTPUT = (Port("output", dtype="any"),)


def _call_add(call: Call) -> str:
    """Write ``add1 = a + b``."""
    return f"{call.output} = {' + '.join(call.inputs['inputs'])}"


def _call_multiply(call: Call) -> str:
    """Write ``multiply1 = a * b``."""
    return f"{call.output} = {' * '.join(call.inputs['inputs'])}"


def _call_concatenate(call: Call) -> str:
    """Write ``concat1 = torch.cat([a, b], dim=1)``."""
    return f"{call.output} = torch.cat([{', '.join(call.inputs['inputs'])}], dim={call.arguments['dim']!r})"


_ADD = LayerKind(
    "Add",
    _FAMILY,
    "Adds branches value by value, as in residual networks; their shapes must match.",
    inputs=_INPUTS,
    outputs=_OUTPUT,
    keywords=("sum", "plus", "residual", "skip connection", "resnet", "merge"),
    call=_call_add,
    samples=(((2, 10), (2, 10)), ((2, 3, 8, 8), (2, 3, 8, 8), (2, 3, 8, 8))),
)

_MULTIPLY = LayerKind(
    "Multiply",
    _FAMILY,
    "Multiplies branches value by value, so that one can gate another; their shapes must match.",
    inputs=_INPUTS,
    outputs=_OUTPUT,
    keywords=("product", "times", "gate", "attention", "mask", "merge"),
    call=_call_multiply,
    samples=(((2, 10), (2, 10)), ((2, 3, 8, 8), (2, 3, 1, 1))),
)

_CONCATENATE = LayerKind(
    "Concatenate",
    _FAMILY,
    "Puts branches one after another along one dimension, by default features or channels.",
    stem="concat",
    inputs=_INPUTS,
    outputs=_OUTPUT,
    parameters=(
        Parameter(
            "dim", "int", 1, "The dimension along which they are joined: 1 for features or channels, -1 the last."
        ),
    ),
    face=("dim",),
    keywords=("join", "cat", "stack", "append", "merge", "two inputs", "densenet", "unet"),
    call=_call_concatenate,
    samples=(((2, 10), (2, 5)), ((2, 3, 8, 8), (2, 1, 8, 8), (2, 4, 8, 8))),
)

KINDS = (_ADD, _MULTIPLY, _CONCATENATE)
