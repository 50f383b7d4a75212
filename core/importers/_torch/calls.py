"""What a call of one of PyTorch's functions, methods or operators becomes: by the table of words, or as told here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from core.importers._torch.aliases import ALIASES, CASTS, IDENTITIES
from core.importers._torch.graph import Reader
from core.importers._torch.indexing import indexed, scattered, sliced, unbound
from core.importers._torch.modes import DROPOUTS, attended, dropped, leaked, normalised
from core.importers._torch.modules import dtype_name, tensors_in
from core.importers._torch.packed import laid_out, packed
from core.importers._torch.records import Call
from core.importers._torch.recurrent import cell, recurrent
from core.importers._torch.shapes import expanded, flattened, reshaped, squeezed, tiled
from core.importers._torch.translations import NoWords
from core.importers._torch.worded import by_words, refuse_open
from core.layers import catalogue

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "true_divide": "/", "div": "/", "rsub": "-"}
_KINDS = {"add": "Add", "sub": "Subtract", "mul": "Multiply", "true_divide": "Divide", "div": "Divide"}


def translate(reader: Reader, call: Call) -> None:
    """Add the nodes of a call.

    Raises:
        NoWords: the catalogue has no words for it.
    """
    name = ALIASES.get(call.name, call.name)
    handler = _HANDLERS.get(name)
    if handler is not None:
        handler(reader, call, name)
        return
    if name in IDENTITIES or (name in CASTS and _same_dtype(call)):
        _passed(reader, call, name)
        return
    by_words(reader, call, name)


def _same_dtype(call: Call) -> bool:
    return isinstance(call.out, Tensor) and isinstance(call.args[0], Tensor) and call.out.dtype == call.args[0].dtype


def _passed(reader: Reader, call: Call, _name: str) -> None:
    """Pass on what arrives."""
    tensor = next(each for each in tensors_in(call.args))
    reader.give(call.out, reader.end(tensor))


# --- arithmetic with numbers ------------------------------------------------------------------------------------------


def _arithmetic(reader: Reader, call: Call, name: str) -> None:
    """Add what has a number on one side as a formula, and the rest as its own kind."""
    refuse_open(call)
    values = dict(zip(("a", "b"), call.args, strict=False))
    values |= {
        key: each
        for key, each in zip("ab", (call.kwargs.get("input"), call.kwargs.get("other")), strict=True)
        if each is not None
    }
    a, b, scale = values["a"], values["b"], call.kwargs.get("alpha", call.args[2] if len(call.args) > 2 else 1)
    rounding = call.kwargs.get("rounding_mode")
    if name == "rsub":
        a, b = b, a
    number = next((each for each in (a, b) if not isinstance(each, Tensor)), None)
    if number is None and scale == 1:
        params = {"rounding": rounding} if rounding else {}
        kind = _KINDS.get(name, "Subtract")
        end = reader.node(kind, params, [reader.end(a), reader.end(b)], reader.path(call, catalogue[kind].name_stem))
        reader.give(call.out, end)
        return
    if rounding or (isinstance(number, float) and not math.isfinite(number)) or isinstance(number, bool):
        raise NoWords("a number that a formula cannot hold")
    letters = iter("ab")
    one, two = (next(letters) if isinstance(each, Tensor) else repr(each) for each in (a, b))
    two = two if scale == 1 else f"{scale!r} * {two}"
    text = f"{one} {_SIGNS[name]} {two}" if not two.startswith("-") else f"{one} {_SIGNS[name]} ({two})"
    ends = [reader.end(each) for each in (a, b) if isinstance(each, Tensor)]
    end = reader.node("ScalarExpression", {"expression": text}, ends, reader.path(call, name))
    reader.give(call.out, end)


def _formula(text: str) -> Callable[[Reader, Call, str], None]:
    """Return the handler of a function that is a formula of what arrives."""

    def handle(reader: Reader, call: Call, name: str) -> None:
        ends = [reader.end(each) for each in tensors_in(call.args)]
        reader.give(call.out, reader.node("ScalarExpression", {"expression": text}, ends, reader.path(call, name)))

    return handle


def _power(reader: Reader, call: Call, name: str) -> None:
    base, exponent = call.args
    if isinstance(base, Tensor) and isinstance(exponent, int | float) and base.is_floating_point():
        refuse_open(call)
        path = reader.path(call, "power")
        kind, params = ("Square", {}) if exponent == 2 else ("Power", {"power": float(exponent)})
        reader.give(call.out, reader.node(kind, params, [reader.end(base)], path))
        return
    if isinstance(exponent, Tensor) and isinstance(base, int | float):
        text = f"{base!r} ** a"
        reader.give(
            call.out,
            reader.node("ScalarExpression", {"expression": text}, [reader.end(exponent)], reader.path(call, name)),
        )
        return
    by_words(reader, call, "pow")


def _sum_of_products(reader: Reader, call: Call, name: str) -> None:
    """addmm, addbmm, baddbmm: a matrix product and what is added."""
    if any(call.kwargs.get(key, 1) != 1 for key in ("alpha", "beta")):
        raise NoWords("a factor")
    bias, one, two = (reader.end(each) for each in call.args[:3])
    product = reader.node("MatMul", {}, [one, two], reader.path(call, "matmul"))
    reader.give(call.out, reader.node("Add", {}, [bias, product], reader.path(call, name)))


def _linear(reader: Reader, call: Call, name: str) -> None:
    """A dense layer; of weights that are computed, the product that it is."""
    try:
        by_words(reader, call, name)
    except NoWords:
        tensors = list(tensors_in((call.args, dict(call.kwargs))))
        if len(tensors) < 2 or tensors[1].dim() != 2:
            raise
        path = reader.path(call, "matmul")
        turned = reader.node("Transpose", {"dim0": 0, "dim1": 1}, [reader.end(tensors[1])], f"{path}_turn")
        end = reader.node("MatMul", {}, [reader.end(tensors[0]), turned], path)
        if len(tensors) > 2:
            end = reader.node("Add", {}, [end, reader.end(tensors[2])], reader.path(call, "add"))
        reader.give(call.out, end)


def _einsum(reader: Reader, call: Call, _name: str) -> None:
    equation, *given = call.args
    ends = [reader.end(each) for each in tensors_in(given)]
    reader.give(call.out, reader.node("Einsum", {"equation": equation}, ends, reader.path(call, "einsum")))


def _lerp(reader: Reader, call: Call, name: str) -> None:
    one, two, share = call.args
    given, text = ([one, two], repr(share)) if not isinstance(share, Tensor) else ([one, two, share], "c")
    ends = [reader.end(each) for each in given]
    params = {"expression": f"a + {text} * (b - a)"}
    reader.give(call.out, reader.node("ScalarExpression", params, ends, reader.path(call, name)))


def _clamped(reader: Reader, call: Call, name: str) -> None:
    """Limits; whole ones of whole numbers as a formula, which keeps them whole."""
    tensor = next(tensors_in(call.args))
    limits = [each for each in (*call.args[1:], *call.kwargs.values()) if each is not None]
    if tensor.is_floating_point() or not all(type(each) is int for each in limits):
        by_words(reader, call, name)
        return
    refuse_open(call)
    keys = {"clamp": ("min", "max"), "clamp_min": ("min",), "clamp_max": ("max",)}[name]
    given = call.said("input", *keys)
    text = "a" if given.get("min") is None else f"max(a, {given['min']})"
    text = text if given.get("max") is None else f"min({text}, {given['max']})"
    reader.give(
        call.out, reader.node("ScalarExpression", {"expression": text}, [reader.end(tensor)], reader.path(call, name))
    )


# --- masks ------------------------------------------------------------------------------------------------------------


def _masked_fill(reader: Reader, call: Call, _name: str) -> None:
    tensor, mask, value = call.args
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise NoWords("several values")
        value = value.item()
    value = max(min(float(value), torch.finfo(torch.float32).max), torch.finfo(torch.float32).min)
    path = reader.path(call, "where")
    mask_end = reader.end(mask)
    if mask.dtype != torch.bool:
        raise NoWords("a mask that is not of yes and no")
    unmasked = reader.node("LogicalNot", {}, [mask_end], f"{path}_not")
    end = reader.node("Where", {"otherwise": value}, {"condition": unmasked, "a": reader.end(tensor)}, path)
    reader.give(call.out, end)


def _where(reader: Reader, call: Call, _name: str) -> None:
    condition, a, b = call.args
    path, ends = reader.path(call, "where"), {"condition": reader.end(condition)}
    if isinstance(a, Tensor):
        ends["a"] = reader.end(a)
    else:
        ends["a"] = reader.constant(torch.tensor(float(a)), f"{path}_a")
        reader.placed(ends["a"].node)
    params = {} if isinstance(b, Tensor) else {"otherwise": float(b)}
    if isinstance(b, Tensor):
        ends["b"] = reader.end(b)
    reader.give(call.out, reader.node("Where", params, ends, path))


def _compare(reader: Reader, call: Call, name: str) -> None:
    if isinstance(call.args[1], Tensor):
        by_words(reader, call, name)
        return
    refuse_open(call)
    sign = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}[name]
    params = {"comparison": sign, "value": float(call.args[1])}
    reader.give(call.out, reader.node("Compare", params, [reader.end(call.args[0])], reader.path(call, "compare")))


def _logical(reader: Reader, call: Call, name: str) -> None:
    if any(each.dtype != torch.bool for each in tensors_in(call.args)):
        raise NoWords("bits")
    by_words(reader, call, name)


# --- the rest ---------------------------------------------------------------------------------------------------------


def _padded(reader: Reader, call: Call, name: str) -> None:
    refuse_open(call)
    given = call.said(*(("input", "pad", "value") if name == "constant_pad_nd" else ("input", "pad", "mode", "value")))
    params = {"pad": tuple(given["pad"]), "mode": given.get("mode") or "constant"}
    if given.get("value"):
        params["value"] = float(given["value"])
    reader.give(call.out, reader.node("Pad", params, [reader.end(given["input"])], reader.path(call, "pad")))


def _extreme(reader: Reader, call: Call, name: str) -> None:
    """max and min: of two tensors, over everything, or over a dimension, with where it was."""
    refuse_open(call)
    dim = call.kwargs.get("dim", call.args[1] if len(call.args) > 1 else None)
    keep = bool(call.kwargs.get("keepdim", call.args[2] if len(call.args) > 2 else False))
    word = "Max" if name == "max" else "Min"
    path = reader.path(call, word.lower())
    tensors = list(tensors_in((call.args, dict(call.kwargs))))
    if len(tensors) > 1:
        kind = "Maximum" if name == "max" else "Minimum"
        reader.give(call.out, reader.node(kind, {}, [reader.end(each) for each in tensors], path))
        return
    source = reader.end(tensors[0])
    if dim is None:
        reader.give(call.out, reader.node(word, {"dim": None}, [source], path))
        return
    values, indices = tensors_in(call.out)
    reader.give(values, reader.node(word, {"dim": (dim,), "keepdim": keep}, [source], path))
    reader.give(indices, reader.node(f"Arg{word}", {"dim": dim, "keepdim": keep}, [source], f"{path}_index"))


def _interpolated(reader: Reader, call: Call, name: str) -> None:
    """Resizing; where the size was computed from what arrives, as the number that came out."""
    tensor = next(tensors_in(call.args))
    params: dict[str, Any] = {"size": tuple(call.out.shape[2:]), "scale_factor": None}
    if call.aten:
        params["mode"] = name.removeprefix("upsample_").rstrip("123d").replace("_exact", "-exact")
        flags = [each for each in call.args if isinstance(each, bool)]
        params["align_corners"] = bool(flags and flags[0])
        scale = next((each for each in call.args[2:] if isinstance(each, tuple | list)), None)
    else:
        keys = ("input", "size", "scale_factor", "mode", "align_corners", "recompute_scale_factor", "antialias")
        given = call.said(*keys)
        params["mode"] = given.get("mode", "nearest")
        params |= {key: bool(given.get(key)) for key in keys[4:]}
        scale = given.get("scale_factor")
    if scale is not None:
        each = scale if isinstance(scale, tuple | list) else (scale,)
        each = each[:1] if len(set(each)) == 1 else each
        params |= {"size": None, "scale_factor": tuple(float(one) for one in each)}
    path = reader.path(call, "interpolate")
    reader.give(call.out, reader.node("Interpolate", params, [reader.end(tensor)], path))


def _cast(reader: Reader, call: Call, name: str) -> None:
    if _same_dtype(call):
        _passed(reader, call, name)
        return
    dtype = dtype_name(call.out.dtype)
    dtype = {"float64": "float32", "int32": "int64"}.get(dtype, dtype)
    if dtype not in ("float32", "int64", "bool"):
        raise NoWords(f"numbers of {dtype}")
    source = reader.end(next(tensors_in(call.args)))
    reader.give(call.out, reader.node("Cast", {"dtype": dtype}, [source], reader.path(call, "cast")))


def _moved(reader: Reader, call: Call, _name: str) -> None:
    """Permutations of dimensions that are said in other words: t, T, mT, movedim."""
    tensor = call.args[0]
    rank = tensor.dim()
    order = list(range(rank))
    if call.name in ("movedim", "moveaxis"):
        source, target = (each if isinstance(each, tuple | list) else (each,) for each in call.args[1:3])
        moved = {to % rank: of % rank for of, to in zip(source, target, strict=True)}
        left = iter(each for each in order if each not in moved.values())
        order = [moved[place] if place in moved else next(left) for place in range(rank)]
    else:
        order = order[:-2] + order[:-3:-1] if call.name not in ("T", "numpy_T") else order[::-1]
    reader.give(
        call.out, reader.node("Permute", {"order": tuple(order)}, [reader.end(tensor)], reader.path(call, "permute"))
    )


def _filled(reader: Reader, call: Call, _name: str) -> None:
    """A tensor with one fixed number everywhere, which follows from nothing that arrives."""
    values = list(tensors_in((call.args, dict(call.kwargs))))[1:]
    if any(id(each) in reader.ends and not reader.is_fixed(each) for each in values):
        raise NoWords("a number that is computed")


def _copied(reader: Reader, call: Call, name: str) -> None:
    """What is written into a tensor, in that tensor's size."""
    source = call.args[1]
    if not isinstance(source, Tensor) or not reader.is_live(source):
        return  # a fixed tensor
    if source.dtype != call.out.dtype:
        raise NoWords("numbers of another kind")
    if source.shape == call.out.shape:
        reader.give(call.out, reader.end(source))
        return
    expanded(reader, replace(call, args=(source,), other_args=(call.other_args[1],), kwargs={}), name)


def _attribute(reader: Reader, call: Call, name: str) -> None:
    if call.args[1] in ("T", "mT", "H", "mH"):
        _moved(reader, call.of_first("T" if call.args[1] in ("T", "H") else "mT"), name)
        return
    if call.args[1] == "data":
        _passed(reader, call, name)
        return
    raise NoWords(f"the attribute {call.args[1]}")


_HANDLERS: Mapping[str, Callable[[Reader, Call, str], None]] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "true_divide", "rsub"), _arithmetic),
    **dict.fromkeys(("view", "reshape", "unsafe_view", "view_as", "reshape_as", "unflatten"), reshaped),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _compare),
    **dict.fromkeys(("logical_and", "logical_or", "logical_not"), _logical),
    **dict.fromkeys((*DROPOUTS, "feature_dropout"), dropped),
    **dict.fromkeys(("batch_norm", "instance_norm"), normalised),
    "rrelu": leaked,
    "pack_padded_sequence": packed,
    "pad_packed_sequence": laid_out,
    "scaled_dot_product_attention": attended,
    **dict.fromkeys(("pad", "constant_pad_nd"), _padded),
    **dict.fromkeys(("max", "min"), _extreme),
    **dict.fromkeys(("addmm", "baddbmm"), _sum_of_products),
    **dict.fromkeys(("t", "T", "mT", "numpy_T", "movedim", "moveaxis"), _moved),
    **dict.fromkeys(CASTS, _cast),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), recurrent),
    **dict.fromkeys(("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"), cell),
    **dict.fromkeys(
        ("interpolate", "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d",
         "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d", "upsample_nearest_exact2d"),
        _interpolated,
    ),
    "expand": expanded,
    "expand_as": expanded,
    "broadcast_to": expanded,
    "flatten": flattened,
    "squeeze": squeezed,
    "repeat": tiled,
    "getitem": indexed,
    "slice": sliced,
    "unbind": unbound,
    "fill": _filled,
    "copy": _copied,
    "select_scatter": scattered,
    "slice_scatter": scattered,
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), _clamped),
    "einsum": _einsum,
    "lerp": _lerp,
    "pow": _power,
    "linear": _linear,
    "masked_fill": _masked_fill,
    "where": _where,
    "getattr": _attribute,
    "rsqrt": _formula("1 / sqrt(a)"),
    "log1p": _formula("log(1 + a)"),
    "expm1": _formula("exp(a) - 1"),
}  # fmt: skip

HANDLED = frozenset(_HANDLERS)
"""The functions that are told here, by the names that the table has for them."""
