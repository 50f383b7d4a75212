"""Values: what a network holds beside its layers (learned or fixed tensors), and what is made for each batch."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value
from core.layers._writing import ANY_INPUT, ANY_OUTPUT

_FAMILY = "Values"
_STARTS = {
    "zeros": "torch.zeros({shape})",
    "ones": "torch.ones({shape})",
    "normal": "{std} * torch.randn({shape})",
    "truncated_normal": "nn.init.trunc_normal_(torch.empty({shape}), std={std})",
}
_SHAPE_HELP = "Its whole shape; the first size is 1 where it is later expanded to the batch."


def _construct_parameter(values: Mapping[str, Value]) -> str:
    """Write ``nn.Parameter(0.02 * torch.randn(1, 1, 64))``."""
    shape = ", ".join(map(str, values["shape"])) or "()"
    return f"nn.Parameter({_STARTS[values['init']].format(shape=shape, std=values['std'])})"


def _construct_constant(values: Mapping[str, Value]) -> str:
    """Write ``nn.Buffer(torch.full((1, 4), 0.5))``, or ``torch.tensor([…]).reshape(…)`` of several numbers."""
    numbers, shape, dtype = values["values"], values["shape"], values["dtype"]
    given = (int(each) if dtype == "int64" else bool(each) if dtype == "bool" else each for each in numbers)
    entries = [repr(each) for each in given]
    kind = f", dtype=torch.{dtype}" if dtype == "float32" else ""
    if len(entries) == 1 and shape is not None:
        return f"nn.Buffer(torch.full({shape!r}, {entries[0]}{kind}))"
    arranged = f".reshape({shape!r})" if shape and shape != (len(entries),) else ""
    return f"nn.Buffer(torch.tensor([{', '.join(entries)}]{kind}){arranged})"


def _call_value(call: Call) -> str:
    """Write ``token1 = self.token1``."""
    return f"{call.output} = {call.module}"


def _call_expand(call: Call) -> str:
    """Write ``expand1 = token.expand(x.shape[0], *token.shape[1:])``."""
    token, reference = call.inputs["input"][0], call.inputs["reference"][0]
    return f"{call.output} = {token}.expand({reference}.shape[0], *{token}.shape[1:])"


def _call_positions(call: Call) -> str:
    """Write ``positions1 = torch.arange(x.shape[1], device=x.device)``."""
    return f"{call.output} = torch.arange({call.input}.shape[{call.arguments['dim']}], device={call.input}.device)"


def _numbers_fill_shape(_shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    numbers, shape = values["values"], values["shape"]
    if not numbers:
        return "values needs at least one number."
    if len(numbers) == 1 or not shape or math.prod(shape) == len(numbers):
        return ""
    wanted = " × ".join(map(str, shape))
    return f"shape {wanted} holds {math.prod(shape):,} numbers, but values gives {len(numbers)}: give as many, or one."


def _whole_numbers(_shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    broken = next((each for each in values["values"] if not float(each).is_integer()), None)
    if values["dtype"] != "int64" or broken is None:
        return ""
    return f"values of dtype int64 are whole numbers, not {broken}."


def _one_for_all(shapes: Mapping[str, Shape], _values: Mapping[str, Value]) -> str:
    token, reference = shapes["input"], shapes["reference"]
    if not token or not reference:
        return "Both inputs need at least one dimension: the first of input is expanded to the batch of reference."
    if token[0] in (1, reference[0]):
        return ""
    return f"The first dimension of input must be 1 to be expanded to the batch, but it is {token[0]}."


_FREE_PARAMETER = LayerKind(
    "FreeParameter",
    _FAMILY,
    "A tensor that is learned by itself, such as a class token or the positions of a transformer.",
    title="Free parameter",
    stem="parameter",
    inputs=(),
    outputs=(Port("output"),),
    parameters=(
        Parameter("shape", "ints", (1, 1, 64), _SHAPE_HELP, minimum=1),
        Parameter("init", "choice", "normal", "How its values start.", choices=tuple(_STARTS)),
        Parameter("std", "float", 0.02, "The standard deviation of the normal starts.", minimum=0, exclusive=True),
    ),
    face=("shape", "init"),
    keywords=(
        "learnable",
        "token",
        "class token",
        "positional embedding",
        "weight",
        "variable",
        "nn.parameter",
        "bias",
    ),
    call=_call_value,
    construct=_construct_parameter,
    samples=((),),
    docs="torch.nn.parameter.Parameter",
)

_CONSTANT = LayerKind(
    "Constant",
    _FAMILY,
    "A tensor of fixed numbers that is saved with the network and never learned.",
    inputs=(),
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("values", "floats", (0.0,), "The numbers, row by row; a single one fills the whole shape."),
        Parameter("shape", "ints", None, "Its whole shape; empty for a row of the numbers.", minimum=1, optional=True),
        Parameter("dtype", "choice", "float32", "Kind of number.", choices=("float32", "int64", "bool")),
    ),
    face=("values", "shape"),
    keywords=("buffer", "fixed", "number", "mean and standard deviation", "scalar", "register_buffer"),
    call=_call_value,
    construct=_construct_constant,
    samples=((),),
    rules=(_numbers_fill_shape, _whole_numbers),
    docs="torch.nn.parameter.Buffer",
)

_EXPAND_BATCH = LayerKind(
    "ExpandBatch",
    _FAMILY,
    "Repeats a tensor for every sample of the batch, such as the class token in front of image patches.",
    title="Expand to batch",
    stem="expand",
    inputs=(
        Port("input", "What is repeated; its first dimension is 1.", dtype="any"),
        Port("reference", "Where the number of samples is read off.", dtype="any"),
    ),
    outputs=ANY_OUTPUT,
    keywords=("broadcast", "class token", "repeat", "batch", "vit"),
    call=_call_expand,
    samples=(((1, 1, 7), (2, 5, 7)),),
    rules=(_one_for_all,),
    docs="torch.Tensor.expand",
)

_POSITIONS = LayerKind(
    "Positions",
    _FAMILY,
    "Numbers the places along a dimension (0, 1, 2, …), for an Embedding of positions.",
    inputs=ANY_INPUT,
    outputs=(Port("output", "Whole numbers (int64), one per place.", dtype="int"),),
    parameters=(Parameter("dim", "int", 1, "The dimension whose places are numbered; 1 is time."),),
    face=("dim",),
    keywords=("arange", "range", "positional embedding", "index", "gpt", "bert"),
    call=_call_positions,
    samples=(((2, 5, 7),),),
    docs="torch.arange",
)

_REPARAMETERISE = LayerKind(
    "Reparameterise",
    _FAMILY,
    "Draws a sample around a mean so that learning passes through: the heart of a variational autoencoder.",
    "core.modules.reparameterise.Reparameterise",
    inputs=(
        Port("mean", "The mean of every value."),
        Port("log_variance", "The logarithm of every variance, of the same shape."),
    ),
    outputs=(Port("output"),),
    parameters=(
        Parameter(
            "kl_weight",
            "float",
            0.0,
            "How much the training loss grows as the distributions leave the standard normal one (Kullback-Leibler "
            "divergence, summed over values, averaged over samples); 0 lets them go where they want.",
            minimum=0,
        ),
    ),
    face=("kl_weight",),
    penalty="kl_weight",
    keywords=(
        "vae",
        "kl divergence",
        "variational",
        "sampling",
        "noise",
        "latent",
        "reparameterize",
        "normal distribution",
    ),
    samples=(((2, 10), (2, 10)),),
    mode="both",
    formula="y = μ + exp(½·log σ²) · ε,  ε ~ N(0, 1)",
)

KINDS = (_FREE_PARAMETER, _CONSTANT, _EXPAND_BATCH, _POSITIONS, _REPARAMETERISE)
