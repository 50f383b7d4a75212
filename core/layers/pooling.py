"""Pooling: summaries of neighbouring positions, which make signals, images and volumes smaller – and their reverse."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Rule, Shape, Value

_FAMILY = "Pooling"
_AXES = {1: "length", 2: "height × width", 3: "depth × height × width"}
_NOUNS = {1: "signal", 2: "image", 3: "volume"}
_ARTICLES = {1: "a signal", 2: "an image", 3: "a volume"}
_SAMPLES: dict[int, tuple[tuple[Shape, ...], ...]] = {
    1: (((2, 4, 16),),),
    2: (((2, 3, 8, 8),), ((2, 3, 7, 9),)),
    3: (((2, 2, 4, 5, 6),),),
}
_KERNEL_SIZE = Parameter("kernel_size", "ints", 2, "How many positions each way become one.")
_STRIDE = Parameter("stride", "ints", None, "Distance between windows; empty: the same as kernel_size.", optional=True)
_KEYWORDS = ("downsample", "subsample", "shrink", "reduce")
_INDICES = Port("indices", "Where each largest value was found, for MaxUnpool.", dtype="int")
_MAXIMUM_FORMULA = "out = ⌊(in + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1"
_MEAN_FORMULA = "out = ⌊(in + 2·padding − kernel_size) / stride⌋ + 1"
_LP_FORMULA = "y = (Σ xᵖ)^(1/p) with p = norm_type, over every window"
_ADAPTIVE_FORMULA = "window i = [⌊i·in/out⌋, ⌈(i + 1)·in/out⌉)"
_UNPOOL_FORMULA = "out = (in − 1)·stride − 2·padding + kernel_size"


def _port(dimensions: int, whole: bool = False) -> Port:
    """Return the input over so many dimensions, of fractions or (``whole``) of whole numbers too."""
    return Port(
        "input",
        f"Batch × channels × {_AXES[dimensions]}.",
        dtype="any" if whole else "float",
        ranks=(dimensions + 2,),
        unbatched=(dimensions + 1,),
        refuses=("bool",) if whole else (),
    )


def _result(port: Port) -> Port:
    return Port("output", dtype=port.dtype)


def _maximum(dimensions: int) -> LayerKind:
    # PyTorch's kernel for max_pool1d without indices has no whole numbers.
    port = _port(dimensions, whole=dimensions > 1)
    return LayerKind(
        f"MaxPool{dimensions}d",
        _FAMILY,
        f"Keeps the largest value of every small window of {_ARTICLES[dimensions]}.",
        f"torch.nn.MaxPool{dimensions}d",
        stem="pool",
        inputs=(port,),
        outputs=(_result(port),),
        parameters=(_KERNEL_SIZE, _STRIDE),
        hidden=("return_indices",),
        face=("kernel_size", "stride"),
        keywords=("maximum", "max pooling", *_KEYWORDS),
        samples=_SAMPLES[dimensions],
        sample_parameters={"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        formula=_MAXIMUM_FORMULA,
    )


def _always(_shapes: Mapping[str, Shape], _values: Mapping[str, Value]) -> Value:
    return True


def _maximum_with_indices(dimensions: int) -> LayerKind:
    port = _port(dimensions, whole=True)
    return LayerKind(
        f"MaxPool{dimensions}dWithIndices",
        _FAMILY,
        f"Keeps the largest value of every small window of {_ARTICLES[dimensions]}, and tells where it was found.",
        f"torch.nn.MaxPool{dimensions}d",
        title=f"MaxPool{dimensions}d with indices",
        stem="pool",
        inputs=(port,),
        outputs=(_result(port), _INDICES),
        parameters=(_KERNEL_SIZE, _STRIDE),
        derived={"return_indices": _always},
        face=("kernel_size", "stride"),
        keywords=("maximum", "max pooling", "argmax", "unpool", "segnet", "return_indices", *_KEYWORDS),
        samples=_SAMPLES[dimensions],
        sample_parameters={"kernel_size": 3, "stride": 2, "padding": 1},
        formula=_MAXIMUM_FORMULA,
    )


def _mean(dimensions: int) -> LayerKind:
    port = _port(dimensions, whole=True)
    return LayerKind(
        f"AvgPool{dimensions}d",
        _FAMILY,
        f"Averages every small window of {_ARTICLES[dimensions]}.",
        f"torch.nn.AvgPool{dimensions}d",
        stem="pool",
        inputs=(port,),
        outputs=(_result(port),),
        parameters=(_KERNEL_SIZE, _STRIDE),
        face=("kernel_size", "stride"),
        keywords=("mean", "average pooling", *_KEYWORDS),
        samples=_SAMPLES[dimensions],
        sample_parameters={"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
        formula=_MEAN_FORMULA,
    )


def _power_mean(dimensions: int) -> LayerKind:
    port = Port(
        "input",
        f"Batch × channels × {_AXES[dimensions]}.",
        dtype="any",
        ranks=(dimensions + 2,),
        unbatched=(dimensions + 1,),
    )
    return LayerKind(
        f"LPPool{dimensions}d",
        _FAMILY,
        f"Takes the p-norm of every small window of {_ARTICLES[dimensions]}: 1 adds up, a large p takes the largest.",
        f"torch.nn.LPPool{dimensions}d",
        stem="pool",
        inputs=(port,),
        parameters=(
            Parameter("norm_type", "float", 2.0, "The power p. Where it is not even, negative values may give nan."),
            _KERNEL_SIZE,
            _STRIDE,
        ),
        face=("norm_type", "kernel_size", "stride"),
        keywords=("power average", "norm", "lp pooling", *_KEYWORDS),
        samples=_SAMPLES[dimensions],
        sample_parameters={"norm_type": 4.0, "kernel_size": 3, "stride": 1, "ceil_mode": True},
        formula=_LP_FORMULA,
    )


def _one_of_both(_shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask for exactly one of the two ways to say how large the output is."""
    size, ratio = values.get("output_size"), values.get("output_ratio")
    if (size is None) == (ratio is None):
        given = "Both are" if size is not None else "Neither is"
        return f"Either output_size or output_ratio is needed. {given} given: fill in one, leave the other empty."
    return ""


def _each_way(value: Value, dimensions: int) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,) * dimensions


def _windows_fit(dimensions: int) -> Rule:
    """Return the rule that the windows of a fractional pooling find room; in volumes PyTorch asks for one more."""

    def rule(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
        wanted, ratio = values["output_size"], values["output_ratio"]
        if (wanted is None) == (ratio is None):
            return ""
        kernels = _each_way(values["kernel_size"], dimensions)
        shares = _each_way(wanted if ratio is None else ratio, dimensions)
        for size, kernel, share in zip(shapes["input"][-dimensions:], kernels, shares, strict=True):
            out = share if ratio is None else int(size * share)
            if out < 1:
                return f"Nothing would be left: output_ratio {share} of what arrives is less than one position."
            needed = out + kernel - (dimensions < 3)
            if needed > size:
                return (
                    f"{out} windows of {kernel} positions need at least {needed} positions, and fewer "
                    "arrive. Choose a smaller kernel_size or a smaller output."
                )
        return ""

    return rule


def _fractional(dimensions: int) -> LayerKind:
    return LayerKind(
        f"FractionalMaxPool{dimensions}d",
        _FAMILY,
        f"Keeps the largest value of windows at random steps, so that {_ARTICLES[dimensions]} shrinks by any ratio.",
        f"torch.nn.FractionalMaxPool{dimensions}d",
        stem="pool",
        inputs=(_port(dimensions),),
        parameters=(
            _KERNEL_SIZE,
            Parameter("output_size", "ints", None, "How many positions come out; or give output_ratio.", optional=True),
            Parameter(
                "output_ratio",
                "floats",
                0.5,
                "The output's share of the input's size, between 0 and 1; or give output_size.",
                minimum=0,
                maximum=1,
                exclusive=True,
                length=dimensions,
                optional=True,
                unit="0–1",
            ),
        ),
        hidden=("return_indices",),
        face=("kernel_size", "output_size", "output_ratio"),
        keywords=("maximum", "random", "stochastic pooling", *_KEYWORDS),
        samples=_SAMPLES[dimensions],
        sample_parameters={"output_size": 2, "output_ratio": None},
        rules=(_one_of_both, _windows_fit(dimensions)),
        formula="out = ⌊output_ratio·in⌋, or output_size",
    )


def _adaptive(operation: str, dimensions: int, summary: str, *words: str) -> LayerKind:
    """Declare a pooling to an output of one size, such as ``AdaptiveAvgPool2d``."""
    size_help = "How many positions come out" + (
        ", one number or one each way; None leaves that dimension as it is." if dimensions > 1 else "."
    )
    return LayerKind(
        f"Adaptive{operation}Pool{dimensions}d",
        _FAMILY,
        summary,
        f"torch.nn.Adaptive{operation}Pool{dimensions}d",
        stem="pool",
        inputs=(_port(dimensions),),
        parameters=(Parameter("output_size", "ints", 1, size_help, wildcard="None" if dimensions > 1 else ""),),
        hidden=("return_indices",),
        face=("output_size",),
        keywords=(*words, "global pooling", "adaptive", *_KEYWORDS),
        samples=_SAMPLES[dimensions],
        sample_parameters={"output_size": 3},
        formula=_ADAPTIVE_FORMULA,
    )


def _call_unpool(call: Call) -> str:
    """Write ``unpool1 = self.unpool1(x, indices)``, with ``output_size`` where it is given."""
    values, indices = call.inputs["input"][0], call.inputs["indices"][0]
    size = call.arguments.get("output_size")
    wanted = "" if size is None else f", output_size={size if isinstance(size, tuple) else (size,)!r}"
    return f"{call.output} = {call.module}({values}, {indices}{wanted})"


def _reverse(dimensions: int) -> LayerKind:
    first = next(iter(_SAMPLES[dimensions]))[0]
    small = (*first[:2], *(size // 2 for size in first[2:]))
    return LayerKind(
        f"MaxUnpool{dimensions}d",
        _FAMILY,
        f"Puts the values of a max pooling back where they came from in {_ARTICLES[dimensions]}, zeros elsewhere.",
        f"torch.nn.MaxUnpool{dimensions}d",
        stem="unpool",
        inputs=(
            _port(dimensions),
            Port(
                "indices",
                f"The indices of MaxPool{dimensions}d with indices.",
                dtype="int",
                ranks=(dimensions + 2,),
                unbatched=(dimensions + 1,),
            ),
        ),
        parameters=(
            Parameter("kernel_size", "ints", 2, "The kernel_size of the pooling that is undone."),
            Parameter("stride", "ints", None, "Its stride; empty: the same as kernel_size.", optional=True),
            Parameter("padding", "ints", 0, "Its padding."),
            Parameter(
                "output_size",
                "ints",
                None,
                f"Size of the {_NOUNS[dimensions]} before the pooling, where it cannot be told from the rest.",
                minimum=1,
                length=dimensions,
                optional=True,
            ),
        ),
        own=("output_size",),
        face=("kernel_size", "stride"),
        keywords=("unpooling", "upsample", "enlarge", "decoder", "segnet"),
        call=_call_unpool,
        samples=((small, small),),
        formula=_UNPOOL_FORMULA,
    )


_AVERAGED = "Averages {} of any size down to the size you choose."
_LARGEST = "Keeps the largest values of {} of any size, down to the size you choose."
_NUMBERS = (1, 2, 3)

KINDS = (
    *(_maximum(number) for number in _NUMBERS),
    *(_maximum_with_indices(number) for number in _NUMBERS),
    *(_reverse(number) for number in _NUMBERS),
    *(_mean(number) for number in _NUMBERS),
    *(_power_mean(number) for number in _NUMBERS),
    *(_fractional(number) for number in (2, 3)),
    *(_adaptive("Avg", number, _AVERAGED.format(_ARTICLES[number]), "mean") for number in _NUMBERS),
    *(_adaptive("Max", number, _LARGEST.format(_ARTICLES[number]), "maximum") for number in _NUMBERS),
)
