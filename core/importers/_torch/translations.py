"""What takes more than other names to say in the catalogue's terms what a call of PyTorch's function says.

Each function turns arguments by the catalogue's names into what the catalogue's kind is given, or raises ``NoWords``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Found = dict[str, Any]
"""Tensors and values by the names that the catalogue has for them."""
DTYPES = (torch.float32, torch.int64, torch.bool)
NOTHING = "is nothing in the catalogue"
"""How the reason ends where there is no more to say than that there is no layer."""


class NoWords(Exception):
    """The catalogue has no words for this."""


def _need(holds: bool, reason: str) -> None:
    if not holds:
        raise NoWords(reason)


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list | torch.Size) else (value,)


# --- what takes more than other names ---------------------------------------------------------------------------------


def sized(*names: str) -> Callable[[Found], Found]:
    """Write one dimension as a row of one."""

    def say(found: Found) -> Found:
        return {**found, **{name: _tuple(found[name]) for name in names if found.get(name) is not None}}

    return say


def given(name: str) -> Callable[[Found], Found]:
    def say(found: Found) -> Found:
        _need(found.get(name) is not None, f"without {name}")
        return found

    return say


def number_as(port: str, parameter: str) -> Callable[[Found], Found]:
    """Take a number where a tensor may arrive as well."""

    def say(found: Found) -> Found:
        other = found.pop(port)
        return {**found, port if isinstance(other, torch.Tensor) else parameter: other}

    return say


def power(found: Found) -> Found:
    other, tensor = found["exponent"], found["input"]
    _need(isinstance(tensor, torch.Tensor), "input is a number")
    whole = isinstance(other, int) and not tensor.is_floating_point()
    _need(not whole, "whole numbers to the power of a whole number: the catalogue's power is a fraction")
    return number_as("exponent", "power")(found)


def rounding(found: Found) -> Found:
    return {**found, "rounding": found.get("rounding") or "none"}


def degrees_of_freedom(found: Found) -> Found:
    unbiased = found.pop("unbiased")
    if isinstance(found["dim"], bool):  # std(input, unbiased) has no dim
        unbiased, found["dim"] = found["dim"], None
    correction = 1 if found["correction"] is None else found["correction"]
    return sized("dim")({**found, "correction": correction if unbiased is None else int(unbiased)})


def parts(found: Found) -> Found:
    """Say the size of every part, also where all are to be of one size."""
    size, tensor = found["sizes"], found["input"]
    if isinstance(size, int):
        whole = tensor.shape[found["dim"]]
        found["sizes"] = tuple(min(size, whole - start) for start in range(0, whole, size))
    return found


def chunks(found: Found) -> Found:
    """PyTorch may give fewer parts than asked for, of which the catalogue wants to know."""
    return {**found, "chunks": len(torch.chunk(found["input"], found["chunks"], found["dim"]))}


def from_start(found: Found) -> Found:
    start, length, axis, shape = found["start"], found.pop("length"), found["dim"], found["input"].shape
    _need(isinstance(start, int), "start is a tensor")
    whole = shape[axis] if -len(shape) <= axis < len(shape) else start + length
    _need(length >= 0 and -whole <= start <= whole - length, "a slice beyond the end, which the catalogue shortens")
    return {**found, "stop": start + length if start >= 0 or start + length else None}


def sliced(found: Found) -> Found:
    return {**found, "start": found.get("start") or 0}


def row_of_indices(found: Found) -> Found:
    _need(found["index"].dim() == 1, "index is no row")
    _need(found["input"].dim() > 0, "a number, which index_select takes as a row of one")
    return {**found, "index": tuple(found["index"].tolist())}


def in_order(found: Found) -> Found:
    _need(found.pop("sorted", True), "sorted=False")
    return found


def past_the_batch(found: Found) -> Found:
    _need(found.get("start_dim", 0) != 0, "start_dim=0: the catalogue keeps the first dimension")
    return found


def all_dimensions(found: Found) -> Found:
    _need(len(found["repeats"]) >= found["input"].dim(), "repeats for the last dimensions only, which repeat refuses")
    return found


def one_number(name: str) -> Callable[[Found], Found]:
    def say(found: Found) -> Found:
        _need(isinstance(found[name], int), f"{name} is a tensor")
        return given("dim")(found)

    return say


def classes(found: Found) -> Found:
    _need(found.get("num_classes", -1) != -1, "without num_classes")
    return {**found, "as_float": False}


def mode(name: str) -> Callable[[Found], Found]:
    def say(found: Found) -> Found:
        value = found.get("value")
        return {"mode": name, **found, "value": 0.0 if value is None else value}

    return say


def cast_to(found: Found) -> Found:
    dtype = found.get("dtype")
    _need(isinstance(dtype, torch.dtype), "to another tensor's dtype")
    _need(dtype in DTYPES, f"to {dtype}")
    return {**found, "dtype": str(dtype).removeprefix("torch.")}


def limits(found: Found) -> Found:
    limits = [found[name] for name in ("minimum", "maximum") if found.get(name) is not None]
    tensor = found["input"]
    _need(isinstance(tensor, torch.Tensor), "input is a number")
    whole = any(isinstance(limit, int) for limit in limits) and not tensor.is_floating_point()
    _need(not whole, "whole numbers with whole limits: those of the catalogue are fractions")
    return found


def apart(found: Found) -> Found:
    _need(found.get("min_val", -1) != found.get("max_val", 1), "min_val = max_val, which the class refuses")
    return found


def corners(found: Found) -> Found:
    """No word about the corners is False."""
    return {**found, "align_corners": bool(found.get("align_corners"))}


def unpooled(found: Found) -> Found:
    """PyTorch takes the output's size with batch and channels or without."""
    size = found["output_size"]
    return found if size is None else {**found, "output_size": tuple(size)[2 - found["input"].dim() :]}


def without_indices(found: Found) -> Found:
    found.pop("return_indices", None)
    return found


# --- functions that are given weights, which a layer makes itself -----------------------------------------------------


def _weights(found: Found, *names: str) -> list[torch.Tensor | None]:
    weights = [found.pop(name, None) for name in names]
    _need(all(each is None or each.dtype == torch.float32 for each in weights), "weights that are not float32")
    return weights


def _is(fits: bool) -> None:
    _need(fits, "weights whose sizes do not follow from the input")


def convolution(rank: int, transposed: bool) -> Callable[[Found], Found]:
    def say(found: Found) -> Found:
        weight, bias = _weights(found, "weight", "bias")
        assert weight is not None
        tensor, groups = found["input"], found.get("groups", 1)
        _is(tensor.dim() > rank and weight.dim() == rank + 2)
        outgoing, incoming = (
            (weight.shape[1] * groups, weight.shape[0]) if transposed else (weight.shape[0], weight.shape[1] * groups)
        )
        _is(tensor.shape[-rank - 1] == incoming and (bias is None or bias.shape == (outgoing,)))
        sizes = {"out_channels": outgoing, "kernel_size": tuple(weight.shape[2:]), "bias": bias is not None}
        return {**found, **sizes}

    return say


def dense(found: Found) -> Found:
    weight, bias = _weights(found, "weight", "bias")
    assert weight is not None
    inputs = [tensor for name, tensor in found.items() if name.startswith("input")]
    _is(weight.dim() == len(inputs) + 1)
    _is(tuple(tensor.shape[-1] for tensor in inputs if tensor.dim()) == tuple(weight.shape[1:]))
    _is(bias is None or bias.shape == weight.shape[:1])
    return {**found, "out_features": weight.shape[0], "bias": bias is not None}


def over_the_last(found: Found) -> Found:
    shape = tuple(found.pop("normalized_shape"))
    weight, bias = _weights(found, "weight", "bias")
    _is(shape == tuple(found["input"].shape[-len(shape) :]) and len(shape) > 0)
    _is(all(each is None or tuple(each.shape) == shape for each in (weight, bias)))
    _need(weight is not None or bias is None, "a bias without a weight")
    eps = found.get("eps")
    _need(eps is None or isinstance(eps, float), "eps is no fraction")
    return {**found, "trailing_dims": len(shape), "elementwise_affine": weight is not None}


def layer_norm(found: Found) -> Found:
    has_bias = found.get("bias") is not None
    said = over_the_last(found)
    return {**said, "bias": has_bias} if said["elementwise_affine"] else said


def _by_channel(found: Found) -> Found:
    """Take the weights of a normalisation that go by channel, and its running values."""
    weight, bias = _weights(found, "weight", "bias")
    running = _weights(found, "running_mean", "running_var")
    _is(found["input"].dim() > 1)
    sizes = (found["input"].shape[1],)
    _is(all(each is None or tuple(each.shape) == sizes for each in (weight, bias, *running)))
    _need(weight is not None or bias is None, "a bias without a weight")
    _need((running[0] is None) == (running[1] is None), "one of two running values")
    said = {**found, "affine": weight is not None}
    if weight is not None:
        said["bias"] = bias is not None
    return {**said, "track_running_stats": running[0] is not None}


def group_norm(found: Found) -> Found:
    said = _by_channel(found)
    said.pop("track_running_stats")
    return said


def batch_norm(found: Found) -> Found:
    said = _by_channel(found)
    training = said.pop("training", False)
    _need(training or said["track_running_stats"], "neither running values nor those of the batch")
    many = found["input"].numel() > found["input"].shape[1]
    _need(training or many, "one value per channel in prediction, where training would refuse it")
    return said


def instance_norm(found: Found) -> Found:
    said = _by_channel(found)
    _need(said.pop("use_input_stats", True) or said["track_running_stats"], "no values to normalise by")
    return said


def prelu(found: Found) -> Found:
    (weight,) = _weights(found, "weight")
    assert weight is not None
    tensor = found["input"]
    channels = tensor.shape[1] if tensor.dim() > 1 else 1
    _is(weight.dim() < 2 and weight.numel() in (1, channels))
    return {**found, "slopes": "shared" if weight.numel() == 1 else "channels"}


def embedding(found: Found) -> Found:
    (weight,) = _weights(found, "weight")
    assert weight is not None
    _need(weight.dim() == 2, "an embedding that is no matrix")
    return {**found, "num_embeddings": weight.shape[0], "embedding_dim": weight.shape[1]}


def for_rank(name: str, extra: int = 2) -> Callable[[Found], str]:
    """Name the class by the dimensions that follow the batch and the channels."""
    return lambda found: f"{name}{max(1, found['input'].dim() - extra)}d"


def with_indices(name: str) -> Callable[[Found], str]:
    return lambda found: name + ("WithIndices" if found.pop("return_indices", False) else "")
