"""Keras's dense layers, embeddings, and what rearranges values or drops them while training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from string import ascii_lowercase

from core.importers._keras.activation import activated, as_option, keep
from core.importers._keras.flow import (
    Flow,
    Handler,
    Step,
    Unsupported,
    channels_first,
    feature_order,
    moves_nothing,
    natural,
)
from core.kinds import Value


def _dense(step: Step) -> Flow:
    x = step.scope.cast(step.x, "float32")
    if step.shared:
        x = step.scope.plain(x)
    x = x if x.rows else step.scope.plain(x)
    units, bias = step.whole("units"), bool(step.get("use_bias", True))
    weights = step.weights()
    kernel = weights.take(0, "kernel", [x.fixed(-1), units])
    if x.rows:
        kernel = kernel[feature_order(*x.rows)]
    tensors = {"weight": kernel.T.contiguous()}
    if bias:
        tensors["bias"] = weights.take(1, "bias", [units])
    if step.get("lora_rank") or step.get("quantization_mode"):
        raise Unsupported("its weights are quantised, or split for LoRA")
    option = as_option(step)
    params: dict[str, Value] = {"out_features": units}
    params |= {} if bias else {"bias": False}
    params |= {"activation": option} if option else {}
    made = step.add("Linear", params, [replace(x, rows=None)], tensors=tensors, called=weights.called(weight=0, bias=1))
    return made if option else activated(step, made)


def _einsum_dense(step: Step) -> Flow:
    """EinsumDense as the einsum of what arrives with a free parameter."""
    x = step.scope.plain(step.scope.cast(step.x, "float32"))
    equation = str(step.get("equation", "")).replace(" ", "")
    if equation.count("->") != 1 or equation.count(",") != 1:
        raise Unsupported(f"its equation is {equation[:60]}")
    weights = step.weights()
    given, _, letters = equation.partition("->")[0].partition(",")
    free = [letter for letter in ascii_lowercase if letter not in equation]
    equation = equation.replace("...", "".join(free[: max(x.rank - len(given.replace("...", "")), 0)]))
    kernel = weights.take(0, "kernel", [None] * len(letters))
    parameter = step.scope.parameter(kernel, f"{step.layer.name}_kernel", weights.called(k=0)["k"])
    made = step.add("Einsum", {"equation": equation}, [x, parameter])
    if step.get("bias_axes"):
        value = weights.take(1, "bias", [None] * weights.found[1][1].dim() if len(weights) > 1 else [None])
        bias = step.scope.parameter(value, f"{step.layer.name}_bias", weights.called(b=1)["b"])
        made = step.add("Add", {}, [made, bias], "sum")
    return activated(step, made)


def _embedding(step: Step) -> Flow:
    x = step.scope.cast(step.scope.plain(step.x), "int64")
    rows, width = step.whole("input_dim"), step.whole("output_dim")
    weights = step.weights()
    tensors = {"weight": weights.take(0, "embeddings", [rows, width])}
    params = {"num_embeddings": rows, "embedding_dim": width}
    made = step.add("Embedding", params, [x], tensors=tensors, called=weights.called(weight=0))
    if not step.get("mask_zero", False):
        return made
    return replace(made, mask=step.add("Compare", {"comparison": "!=", "value": 0.0}, [x], "mask"))


def _flatten(step: Step) -> Flow:
    x = step.x
    if x.rank == 2:
        return keep(step, "Identity", {}, x)
    if x.rank == 1:
        return step.add("Unsqueeze", {"dim": 1}, [x])
    if str(step.get("data_format", "channels_last")) == "channels_first":  # Keras turns it to channels-last itself
        turned = step.scope.plain(x)
        order = (0, *range(2, turned.rank), 1)
        x = step.add("Permute", {"order": order}, [turned], "permuted")
    sizes = [x.size(axis) for axis in range(1, x.rank)]
    fixed = tuple(size for size in sizes if isinstance(size, int))
    if x.order != natural(x.rank) and step.rows_fit and len(fixed) == len(sizes):
        if moves_nothing(fixed, x.order):
            return step.add("Flatten", {}, [x])
        return replace(step.add("Flatten", {}, [x]), rows=(fixed, x.order))
    return step.add("Flatten", {}, [step.scope.plain(x)])


def _reshape(step: Step) -> Flow:
    shape = tuple(step.get("target_shape", ()))
    if not all(isinstance(size, int) and (size > 0 or size == -1) for size in shape) or shape.count(-1) > 1:
        raise Unsupported(f"its shape is {str(shape)[:60]}")
    if not shape:
        return step.add("Reshape", {"shape": (-1,), "keep_batch": False}, [step.scope.plain(step.x)])
    rank = len(shape) + 1
    if step.x.rank == 2 and rank in step.scope.images and set(shape[:-1]) == {1}:  # channels alone: nothing moves
        turned = (shape[-1], *shape[:-1])
        return step.add("Reshape", {"shape": turned}, [step.scope.plain(step.x)], order=channels_first(rank))
    return step.add("Reshape", {"shape": shape}, [step.scope.plain(step.x)])


def _permute(step: Step) -> Flow:
    """Permute: where the order it asks for is the one that PyTorch has already, nothing moves."""
    dims = tuple(step.get("dims", ()))
    x = step.scope.plain(step.x) if step.x.rows else step.x
    if sorted(dims) != list(range(1, x.rank)):
        raise Unsupported(f"its order is {str(dims)[:60]}")
    wanted = (0, *dims)  # axis i of the result is axis wanted[i] of what arrives
    order = tuple(wanted.index(axis) for axis in x.order)
    return keep(step, "Identity", {}, x) if wanted == natural(x.rank) else _moved(step, x, order, wanted)


def _moved(step: Step, x: Flow, order: tuple[int, ...], wanted: tuple[int, ...]) -> Flow:
    if order == natural(x.rank):
        return replace(step.add("Identity", {}, [x]), order=order)
    return step.add("Permute", {"order": tuple(x.dim(axis) for axis in wanted)}, [x])


def _repeat_vector(step: Step) -> Flow:
    x = step.scope.plain(step.x)
    made = step.add("Unsqueeze", {"dim": 1}, [x], "row")
    return step.add("Tile", {"repeats": (1, step.whole("n"), 1)}, [made])


def _dropout(step: Step) -> Flow:
    return keep(step, "Dropout", {"p": step.number("rate", 0.5)}, step.scope.cast(step.x, "float32"))


def _alpha_dropout(step: Step) -> Flow:
    return keep(step, "AlphaDropout", {"p": step.number("rate", 0.5)}, step.scope.cast(step.x, "float32"))


def _spatial_dropout(dimensions: int) -> Handler:
    def handler(step: Step) -> Flow:
        x = step.scope.cast(step.x, "float32")
        if x.rank != dimensions + 2:
            raise Unsupported(f"it is given {x.rank} dimensions")
        first = step.get("data_format", "channels_last") == "channels_first"
        x = step.scope.turn(x, natural(x.rank) if first else channels_first(x.rank))
        return keep(step, f"Dropout{dimensions}d", {"p": step.number("rate", 0.5)}, x)

    return handler


def _identity(step: Step) -> Flow:
    return keep(step, "Identity", {}, step.x)


def _only_in_training(step: Step) -> Flow:
    step.note(
        f"'{step.layer.name}' ({step.layer.cls}) changes values at random while training, and nothing in predictions; "
        "there is no such layer here: it became an Identity."
    )
    return keep(step, "Identity", {}, step.x)


def _layer_scale(step: Step) -> Flow:
    """ConvNeXt's factor for every channel."""
    x = step.scope.cast(step.x, "float32")
    x = step.scope.plain(x) if x.rows else x
    weights = step.weights()
    tensors = {"weight": weights.take(0, "gamma", [x.fixed(-1)])}
    dim = x.dim(-1)
    params = {} if dim == x.rank - 1 else {"dim": dim}
    return step.add("LayerScale", params, [x], order=x.order, tensors=tensors, called=weights.called(weight=0))


def _stochastic_depth(step: Step) -> Flow:
    return keep(step, "StochasticDepth", {"p": step.number("drop_path_rate", 0.1)}, step.scope.cast(step.x, "float32"))


def _scaled_branch(step: Step) -> Flow:
    """InceptionResNet's sum of a path and a branch that is scaled down."""
    if len(step.flows) != 2:
        raise Unsupported(f"it is given {len(step.flows)} tensors")
    flows = step.scope.alike(step.flows)
    text = f"a + {step.number('scale', 1.0)!r} * b"
    return step.add("ScalarExpression", {"expression": text}, flows, order=flows[0].order)


def _masking(step: Step) -> Flow:
    """Masking sets steps that hold one value throughout to zero, and has later layers skip them."""
    x = step.scope.plain(step.scope.cast(step.x, "float32"))
    other = step.add("Compare", {"comparison": "!=", "value": step.number("mask_value", 0.0)}, [x], "differs")
    counted = step.add("Cast", {"dtype": "float32"}, [other], "counted")
    kept = step.add("Max", {"dim": (-1,), "keepdim": True}, [counted], "kept")
    mask = step.add("Squeeze", {"dim": (-1,)}, [step.scope.cast(kept, "bool")], "mask")
    return replace(step.add("Multiply", {}, [x, kept]), mask=mask)


_RANDOM = (
    *("GaussianNoise", "GaussianDropout", "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation"),
    *("RandomTranslation", "RandomZoom", "RandomColorJitter", "RandomErasing", "RandomHue", "RandomSaturation"),
    *("RandomSharpness", "RandomShear", "RandomPerspective", "RandomGaussianBlur", "RandomGrayscale", "RandAugment"),
    *("RandomColorDegeneration", "RandomElasticTransform", "RandomInvert", "RandomPosterization", "AugMix"),
    *("CutMix", "MixUp"),
)
LAYERS: Mapping[str, Handler] = {
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat_vector,
    "Dropout": _dropout,
    "AlphaDropout": _alpha_dropout,
    "SpatialDropout1D": _spatial_dropout(1),
    "SpatialDropout2D": _spatial_dropout(2),
    "SpatialDropout3D": _spatial_dropout(3),
    "Identity": _identity,
    "ActivityRegularization": _identity,
    "Masking": _masking,
    "LayerScale": _layer_scale,
    "CustomScaleLayer": _scaled_branch,
    "StochasticDepth": _stochastic_depth,
    **dict.fromkeys(_RANDOM, _only_in_training),
}
"""By class of Keras: what makes nodes of it."""
ROWS_FIT = ("Dense", "Dropout", "AlphaDropout", "BatchNormalization", "ReLU", "LeakyReLU", "ELU", "Identity")
"""Layers that take a row of features in any order: by themselves, or because their weights are put in that order."""
ROWS_PASS = tuple(each for each in ROWS_FIT if each != "Dense")
"""Those of them whose output is in that order again."""
