"""ONNX's sequences of tensors, as far as what is in them is known ahead: they vanish, and their tensors stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.graph.project import End
from core.importers._onnx.arranging import squeezed, unsqueezed
from core.importers._onnx.known import Known, constant
from core.importers._onnx.model import Op, Refused

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

    Held = Known | End

_MOST = 1024
"""Tensors that a sequence may hold."""
_MAKING = ("Identity", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SplitToSequence")


def is_listing(flow: Flow, op: Op) -> bool:
    """True for an operation that takes or makes sequences, but for those that run graphs."""
    if op.domain or op.type in ("If", "Loop", "Scan"):
        return False
    return op.type in _MAKING[1:] or any(name in flow.lists for name in op.inputs)


def listed(flow: Flow, op: Op) -> tuple[Held, ...]:
    """Keep the sequence that an operation makes, or return the value that it takes out of one.

    Raises:
        Refused: what it makes or takes depends on values that arrive, or it is no operation on sequences.
    """
    if op.type in _MAKING:
        found = _made(flow, op)
        if len(found) > _MOST:
            raise Refused(f"its sequence would hold {len(found):,} tensors; {_MOST:,} are possible")
        flow.lists[op.outputs[0]] = found
        return ()
    if op.type == "SequenceLength":
        return (constant(np.array(len(_sequence(flow, op)))),)
    if op.type == "SequenceAt":
        held = _sequence(flow, op)
        return (held[_place(flow, op, 1, len(held), len(held))],)
    if op.type == "ConcatFromSequence":
        return (_joined(flow, op),)
    raise Refused("it takes a sequence of tensors, and a single tensor has layers alone")


def _sequence(flow: Flow, op: Op) -> tuple[Held, ...]:
    found = flow.lists.get(op.inputs[0]) if op.has(0) else None
    if found is None:
        raise Refused("what its sequence holds depends on values that arrive")
    return found


def _made(flow: Flow, op: Op) -> tuple[Held, ...]:
    if op.type == "SequenceEmpty":
        return ()
    if op.type == "SequenceConstruct":
        if any(name in flow.lists for name in op.inputs):
            raise Refused("it puts sequences into a sequence")
        return tuple(flow.values[name] for name in op.inputs)
    if op.type == "SplitToSequence":
        return _parts(flow, op)
    held = list(_sequence(flow, op))
    if op.type == "SequenceInsert":
        place = _place(flow, op, 2, len(held), len(held) + 1) if op.has(2) else len(held)
        held.insert(place, flow.values[op.inputs[1]])
    elif op.type == "SequenceErase":
        del held[_place(flow, op, 1, len(held), len(held)) if op.has(1) else len(held) - 1]
    return tuple(held)


def _place(flow: Flow, op: Op, index: int, count: int, places: int) -> int:
    """Return a place in a sequence of ``count``, counted from the front; ``places`` is where the last one ends."""
    array = flow.fixed(op, index)
    if array is None or array.size != 1:
        raise Refused("the place that it names depends on values that arrive")
    place = int(array.reshape(()))
    if not -count <= place < places:
        raise Refused(f"it names place {place} in a sequence of {count}")
    return place + count if place < 0 else place


def _parts(flow: Flow, op: Op) -> tuple[Held, ...]:
    end = flow.end(op)
    axis = flow.axis(end, int(op.get("axis", 0)))
    (size,) = flow.fixed_sizes(end, (axis,))
    split = flow.fixed(op, 1)
    if op.has(1) and split is None:
        raise Refused("the sizes of its parts depend on values that arrive")
    if split is not None and split.ndim:
        sizes = tuple(int(each) for each in split.ravel())
    else:
        step = 1 if split is None else int(split)
        if step < 1 or size > step * _MOST:
            raise Refused(f"it makes parts of {step} out of {size:,}")
        sizes = tuple(min(step, size - start) for start in range(0, size, step))
    if not sizes or min(sizes) < 1 or sum(sizes) != size or len(sizes) > _MOST:
        raise Refused(f"its parts do not come to {size:,}")
    out = flow.add("Split", {"sizes": sizes, "dim": axis}, [end]) if len(sizes) > 1 else end
    ends = [flow.port(out, f"outputs.{index}") for index in range(len(sizes))] if len(sizes) > 1 else [end]
    if split is None and not op.get("keepdims", 1):
        ends = [squeezed(flow, each, (axis,)) for each in ends]
    return tuple(ends)


def _joined(flow: Flow, op: Op) -> Held:
    ends = [flow.placed(each) for each in _sequence(flow, op)]
    if not ends:
        raise Refused("its sequence is empty")
    new = int(op.get("new_axis", 0))
    axis = flow.axis(ends[0], int(op.get("axis", 0)), new=new)
    if new:
        ends = [unsqueezed(flow, end, (axis,)) for end in ends]
    return ends[0] if len(ends) == 1 else flow.add("Concatenate", {"dim": axis}, ends)
