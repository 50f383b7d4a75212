"""Reductions: figures over dimensions, which vanish, and the running sum."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import DType, LayerKind, Parameter, Port, Rule, Shape, Value
from core.layers._writing import ANY_INPUT, ANY_OUTPUT, dim, each_once, function

_FAMILY = "Arithmetic"
_ALONG = Parameter(
    "dim",
    "ints",
    (-1,),
    "The dimensions that are summed up; -1 is the last. Empty: all, the batch included.",
    optional=True,
)
_KEEP = Parameter("keepdim", "bool", False, "Whether the dimensions stay, with size 1.")


def _some_dimension(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    if not values["dim"] and shapes["input"] and not values.get("keepdim"):
        return "dim needs at least one dimension, such as -1 for the last."
    return ""


def _reduction(
    name: str,
    function_name: str,
    help: str,
    *keywords: str,
    dtype: DType = "any",
    own: tuple[Parameter, ...] = (),
    formula: str = "",
    along: Parameter = _ALONG,
    rules: tuple[Rule, ...] = (),
) -> LayerKind:
    """Declare a figure over some dimensions."""
    defaults = {each.name: each.default for each in own}
    return LayerKind(
        name,
        _FAMILY,
        help,
        inputs=(Port("input", dtype=dtype),),
        outputs=ANY_OUTPUT,
        parameters=(along, *own, _KEEP),
        face=("dim",),
        keywords=("reduce", *keywords),
        call=function(function_name, "dim", **defaults, keepdim=False),
        samples=(((2, 10),), ((2, 5, 7),)),
        sample_parameters={"keepdim": True},
        rules=(each_once, *rules),
        formula=formula,
        docs=function_name,
    )


_CORRECTION = Parameter(
    "correction", "float", 1.0, "What is subtracted from the number of values: 1 for a sample, 0 for all."
)
_REQUIRED_ALONG = Parameter("dim", "ints", (-1,), "The dimensions that are summed up; -1 is the last.")

_REDUCTIONS = (
    _reduction(
        "Mean",
        "torch.mean",
        "Takes the mean over dimensions: over 2, 3 of images it is global average pooling.",
        "average",
        "global average pooling",
        "pool",
        dtype="float",
        formula="y = (1/n) · Σᵢ xᵢ",
    ),
    _reduction(
        "Sum",
        "torch.sum",
        "Adds up over dimensions, such as all steps of a sequence.",
        "total",
        "add",
        formula="y = Σᵢ xᵢ",
    ),
    _reduction(
        "Max",
        "torch.amax",
        "Takes the largest value over dimensions: over 2, 3 of images it is global max pooling.",
        "largest",
        "global max pooling",
        "amax",
        formula="y = maxᵢ xᵢ",
    ),
    _reduction(
        "Min", "torch.amin", "Takes the smallest value over dimensions.", "smallest", "amin", formula="y = minᵢ xᵢ"
    ),
    _reduction(
        "Std",
        "torch.std",
        "Takes the standard deviation over dimensions: how widely values are spread.",
        "standard deviation",
        "spread",
        "statistics pooling",
        dtype="float",
        own=(_CORRECTION,),
        formula="y = √( Σᵢ (xᵢ − x̄)² / (n − correction) )",
    ),
    _reduction(
        "Variance",
        "torch.var",
        "Takes the variance over dimensions: the square of the standard deviation.",
        "var",
        "spread",
        dtype="float",
        own=(_CORRECTION,),
        formula="y = Σᵢ (xᵢ − x̄)² / (n − correction)",
    ),
    _reduction(
        "Norm",
        "torch.linalg.vector_norm",
        "Takes the length of vectors over dimensions, such as a distance from zero.",
        "length",
        "euclidean",
        "l2",
        "l1",
        "distance",
        dtype="float",
        own=(
            Parameter("ord", "float", 2.0, "The order: 2 for the Euclidean length, 1 for the sum of absolute values."),
        ),
        formula="y = (Σᵢ |xᵢ|ᵖ)^(1/p),  p = ord",
    ),
    _reduction(
        "LogSumExp",
        "torch.logsumexp",
        "Takes a soft maximum over dimensions, computed without overflow.",
        "soft maximum",
        "log partition",
        "smooth max",
        formula="y = log Σᵢ exp(xᵢ)",
        along=_REQUIRED_ALONG,
        rules=(_some_dimension,),
    ),
)


_CUMULATIVE_SUM = LayerKind(
    "CumulativeSum",
    _FAMILY,
    "Adds up step by step along a dimension: every entry becomes the sum so far.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(dim(1, "The dimension along which it is added up; 1 is right after the batch, -1 the last."),),
    face=("dim",),
    keywords=("cumsum", "running total", "integrate", "prefix sum"),
    call=function("torch.cumsum", "dim"),
    samples=(((2, 10),), ((2, 5, 7),)),
    formula="yₜ = x₁ + … + xₜ",
    docs="torch.cumsum",
)

KINDS = (*_REDUCTIONS, _CUMULATIVE_SUM)
