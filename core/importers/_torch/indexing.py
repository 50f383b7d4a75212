"""Square brackets on tensors, one dimension after another, and the parts of a tensor one by one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from core.graph.project import End
from core.importers._torch.graph import Reader
from core.importers._torch.records import Call
from core.importers._torch.translations import NoWords


def indexed(reader: Reader, call: Call, _name: str) -> None:
    """``x[:, 0]``, ``x[..., 1:]``, ``x[:, None]``, ``x[:, [0, 2]]``: a Select, Slice, Unsqueeze or Select several."""
    tensor, index = call.args
    other = call.other_args[1]
    if not isinstance(tensor, Tensor):
        raise NoWords("an entry of something else")
    if isinstance(index, Tensor) and index.dim() > 1 and index.dtype == torch.int64:
        params = {"dim": 0, "index": _several(reader, index.flatten() if reader.is_fixed(index) else index)}
        rows = reader.node("IndexSelect", params, [reader.end(tensor)], reader.path(call, "pick"))
        shape = {"shape": tuple(call.out.shape), "keep_batch": False}
        reader.give(call.out, reader.node("Reshape", shape, [rows], reader.path(call, "reshape")))
        return
    if _one_step_each(reader, call):
        reader.give(call.out, _last_steps(reader, call))
        return
    said = (each if isinstance(each, tuple) else (each,) for each in (index, other))
    entries, others = (_written_out(each, tensor.dim()) for each in said)
    end, axis = reader.end(tensor), 0
    sizes = list(zip(tensor.shape, reader.twin(tensor).shape, strict=True))
    for entry, second in zip(entries, others, strict=True):
        size = sizes.pop(0) if entry is not None else (1, 1)
        end, kept = _step(reader, call, end, axis, (entry, second), size)
        axis += kept
    reader.give(call.out, end)


def _one_step_each(reader: Reader, call: Call) -> bool:
    """True for ``x[torch.arange(len(x)), step]``: of each sequence one step, which arrives."""
    for tensor, index in (call.args, call.other_args):
        plain = isinstance(index, tuple | list) and len(index) == 2 and all(isinstance(each, Tensor) for each in index)
        if not plain or tensor.dim() != 3 or index[1].shape != tensor.shape[:1]:
            return False
        if not torch.equal(index[0], torch.arange(len(tensor))) or index[1].dtype != torch.int64:
            return False
    return id(call.args[1][1]) in reader.ends


def _last_steps(reader: Reader, call: Call) -> End:
    """Add the layer that takes the last step of each sequence by its length, the step that is named and one more."""
    tensor, (_samples, step) = call.args
    end, path = reader.end(step), reader.path(call, "last")
    made = reader.draft.graph.nodes[end.node]
    if made.kind == "ScalarExpression" and made.params.get("expression") == "a - 1":
        lengths = next(source for target, source in reader.draft.graph.links.items() if target.node == made.name)
    else:
        lengths = reader.node("ScalarExpression", {"expression": "a + 1"}, [end], f"{path}_length")
    return reader.node("LastStep", {}, {"input": reader.end(tensor), "lengths": lengths}, path)


def _written_out(entries: tuple[Any, ...], rank: int) -> list[Any]:
    """Return an entry for each dimension, and None for each new one."""
    used = sum(1 for each in entries if each is not None and each is not Ellipsis)
    found: list[Any] = []
    for each in entries:
        found += [slice(None)] * (rank - used) if each is Ellipsis else [each]
    missing = rank - sum(1 for each in found if each is not None)
    return found + [slice(None)] * missing


def _step(
    reader: Reader, call: Call, end: End, axis: int, entry: tuple[Any, Any], size: tuple[int, int]
) -> tuple[End, int]:
    """Take one entry along one dimension; return what is left, and by how many dimensions that moves on."""
    first, second = entry
    if first is None:
        return reader.node("Unsqueeze", {"dim": axis}, [end], reader.path(call, "unsqueeze")), 1
    if isinstance(first, slice):
        limits = [each.indices(length) for each, length in zip(entry, size, strict=True)]
        whole = all(each == (0, length, 1) for each, length in zip(limits, size, strict=True))
        if whole:
            return end, 1
        start, stop, step = (_fixed(one, two) for one, two in zip(_parts(first), _parts(second), strict=True))
        if step is not None and step < 1:
            raise NoWords("a step backwards")
        params = {"dim": axis, "start": start or 0, "stop": stop, "step": step or 1}
        if stop is not None and stop >= max(size):
            params["stop"] = None
        return reader.node("Slice", params, [end], reader.path(call, "slice")), 1
    if isinstance(first, Tensor) and first.dim() == 0 and id(first) not in reader.ends:
        first, second = int(first), int(second)
    if isinstance(first, int) and not isinstance(first, bool):
        params = {"dim": axis, "index": _fixed(first, second)}
        return reader.node("Select", params, [end], reader.path(call, "select")), 0
    return reader.node(
        "IndexSelect", {"dim": axis, "index": _several(reader, first)}, [end], reader.path(call, "pick")
    ), 1


def sliced(reader: Reader, call: Call, _name: str) -> None:
    """``aten.slice``: a range along one dimension."""
    names = ("input", "dim", "start", "end", "step")
    named, other = call.said(*names), call.other_said(*names)
    tensor, axis = named["input"], int(named.get("dim", 0))
    axis %= tensor.dim()
    one, two = (slice(each.get("start"), each.get("end"), each.get("step")) for each in (named, other))
    size = (tensor.shape[axis], reader.twin(tensor).shape[axis])
    reader.give(call.out, _step(reader, call, reader.end(tensor), axis, (one, two), size)[0])


def _several(reader: Reader, index: Any) -> tuple[int, ...]:
    known = isinstance(index, Tensor) and (id(index) not in reader.ends or reader.is_fixed(index))
    if known and index.dim() == 1 and index.dtype == torch.int64:
        return tuple(int(each) for each in index.tolist())
    if isinstance(index, list) and all(type(each) is int for each in index):
        return tuple(index)
    raise NoWords("an index that is computed")


def _parts(part: slice) -> tuple[Any, Any, Any]:
    return part.start, part.stop, part.step


def _fixed(one: Any, two: Any) -> Any:
    if isinstance(one, Tensor):
        one, two = int(one), int(two)
    if one != two:
        raise NoWords("an index that follows from the batch")
    return one


def unbound(reader: Reader, call: Call, _name: str) -> None:
    """Each entry along a dimension by itself."""
    tensor = call.args[0]
    dim = call.kwargs.get("dim", call.args[1] if len(call.args) > 1 else 0)
    if len(call.out) != len(call.other_out):
        raise NoWords("as many parts as samples")
    source = reader.end(tensor)
    for number, part in enumerate(call.out):
        params = {"dim": dim, "index": number}
        reader.give(part, reader.node("Select", params, [source], reader.path(call, "select")))


def scattered(reader: Reader, call: Call, name: str) -> None:
    """A tensor of which an entry or a range along one dimension is another one: the parts of both put together."""
    names = (
        ("input", "src", "dim", "index")
        if name == "select_scatter"
        else ("input", "src", "dim", "start", "end", "step")
    )
    said, other = call.said(*names), call.other_said(*names)
    tensor, axis = said["input"], int(said.get("dim", 0)) % said["input"].dim()
    whole = (tensor.shape[axis], reader.twin(tensor).shape[axis])
    found = [_range(name, each, size) for each, size in zip((said, other), whole, strict=True)]
    if said.get("step", 1) == 1 and all(each == (0, size) for each, size in zip(found, whole, strict=True)):
        reader.give(call.out, reader.end(said["src"]))
        return
    if said.get("step", 1) != 1 or (found[0] != found[1] and whole[0] == whole[1]) or axis == 0:
        raise NoWords("a change of entries that follow from the batch, or do not lie together")
    (start, stop), end, path = found[0], reader.end(tensor), reader.path(call, "slice")
    new = reader.end(said["src"])
    if name == "select_scatter":
        new = reader.node("Unsqueeze", {"dim": axis}, [new], reader.path(call, "unsqueeze"))
    parts = [new]
    if start > 0:
        parts.insert(0, reader.node("Slice", {"dim": axis, "start": 0, "stop": start, "step": 1}, [end], path))
    if stop < whole[0]:
        parts.append(reader.node("Slice", {"dim": axis, "start": stop, "stop": None, "step": 1}, [end], path))
    if len(parts) > 1:
        new = reader.node("Concatenate", {"dim": axis}, parts, reader.path(call, "concatenate"))
    reader.give(call.out, new)


def _range(name: str, said: dict[str, Any], size: int) -> tuple[int, int]:
    if name == "select_scatter":
        return said["index"] % size, said["index"] % size + 1
    start, stop, _step = slice(said.get("start"), said.get("end"), 1).indices(size)
    return start, stop
