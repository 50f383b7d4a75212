"""Calls that arrange values anew, whose sizes may follow from the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from core.graph.project import End
from core.importers._torch.graph import Reader
from core.importers._torch.modules import tensors_in
from core.importers._torch.records import Call
from core.importers._torch.translations import NoWords


def _shapes(reader: Reader, tensor: Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(tensor.shape), tuple(reader.twin(tensor).shape)


def reshaped(reader: Reader, call: Call, _name: str) -> None:
    """View and reshape: where the first size stays, the batch does."""
    tensor = call.args[0]
    (one, two), (out, other) = _shapes(reader, tensor), (tuple(call.out.shape), tuple(call.other_out.shape))
    source = reader.end(tensor)
    keeps = bool(out and one) and out[0] == one[0] and other[0] == two[0]
    if out == one and other == two:
        reader.give(call.out, source)
        return
    if keeps and len(out) == 2 and len(one) > 2:
        reader.give(call.out, reader.node("Flatten", {}, [source], reader.path(call, "flatten")))
        return
    start = int(keeps)
    sizes = _sizes(out[start:], other[start:], _said(call)[start:])
    params = {"shape": sizes, "keep_batch": keeps}
    reader.give(call.out, reader.node("Reshape", params, [source], reader.path(call, "reshape")))


def _said(call: Call) -> tuple[Any, ...]:
    """Return the sizes as they were said, as far as they were."""
    given = call.args[1:]
    if len(given) == 1 and isinstance(given[0], tuple | list):
        given = tuple(given[0])
    return tuple(given) if len(given) == call.out.dim() else (0,) * call.out.dim()


def _sizes(out: Sequence[int], other: Sequence[int], said: Sequence[Any]) -> tuple[int, ...]:
    """Return the sizes of a shape, -1 for the one that follows from the batch, or for which it was said."""
    found = [size if size == second else -1 for size, second in zip(out, other, strict=True)]
    if found.count(-1) > 1:
        raise NoWords("several sizes that follow from the batch")
    if -1 not in found:
        found = [-1 if each == -1 else size for size, each in zip(found, said, strict=True)]
    return tuple(found)


def flattened(reader: Reader, call: Call, name: str) -> None:
    """Flatten: the layer where it leaves the batch alone."""
    given = call.said("input", "start_dim", "end_dim")
    rank = call.args[0].dim()
    start, end = given.get("start_dim", 0), given.get("end_dim", -1)
    if start % max(rank, 1) == 0:
        reshaped(reader, call.of_first(call.name), name)
        return
    params = {"start_dim": start, "end_dim": end}
    if start < 0:
        params["start_dim"] = start % rank
    source = reader.end(call.args[0])
    reader.give(call.out, reader.node("Flatten", params, [source], reader.path(call, "flatten")))


def squeezed(reader: Reader, call: Call, _name: str) -> None:
    """Squeeze; without a dimension, those that are 1 whatever the batch."""
    tensor = call.args[0]
    dims = call.kwargs.get("dim", call.args[1] if len(call.args) > 1 else None)
    if dims is None:
        dims = [axis for axis, sizes in enumerate(zip(*_shapes(reader, tensor), strict=True)) if sizes == (1, 1)]
    dims = tuple(dims) if isinstance(dims, tuple | list) else (dims,)
    end = reader.end(tensor)
    if dims:
        end = reader.node("Squeeze", {"dim": dims}, [end], reader.path(call, "squeeze"))
    reader.give(call.out, end)


def _grown(reader: Reader, call: Call, end: End) -> tuple[End, list[int]]:
    """Return what has a row for every sample, and by which factor each dimension is still to grow."""
    tensor = call.args[0]
    (one, two), (out, other) = _shapes(reader, tensor), (tuple(call.out.shape), tuple(call.other_out.shape))
    if len(out) > len(one):
        size = (1,) * (len(out) - len(one)) + one
        params = {"shape": size, "keep_batch": False}
        if any(first != second for first, second in zip(one, two, strict=True)):
            raise NoWords("more dimensions for a batch")
        end = reader.node("Reshape", params, [end], reader.path(call, "reshape"))
        one = two = size
    factors = [size // before if before else 1 for before, size in zip(one, out, strict=True)]
    others = [size // before if before else 1 for before, size in zip(two, other, strict=True)]
    if factors[:1] != others[:1]:
        if one[0] != 1 or out[0] != reader.batch[0]:
            raise NoWords("rows that follow from the batch")
        end = reader.expanded(end, reader.path(call, "token"))
        factors[0] = others[0] = 1
    if factors != others:
        raise NoWords("a size that follows from the batch")
    return end, factors


def expanded(reader: Reader, call: Call, _name: str) -> None:
    """Expand: by the batch, by fixed numbers, or both."""
    end, factors = _grown(reader, call, reader.end(call.args[0]))
    if any(factor != 1 for factor in factors):
        sizes = tuple(-1 if factor == 1 else size for factor, size in zip(factors, call.out.shape, strict=True))
        end = reader.node("Expand", {"sizes": sizes}, [end], reader.path(call, "expand"))
    reader.give(call.out, end)


def tiled(reader: Reader, call: Call, _name: str) -> None:
    """Repeat, as expand, but of what may be longer than one."""
    end, factors = _grown(reader, call, reader.end(next(tensors_in(call.args))))
    if any(factor != 1 for factor in factors):
        end = reader.node("Tile", {"repeats": tuple(factors)}, [end], reader.path(call, "tile"))
    reader.give(call.out, end)
