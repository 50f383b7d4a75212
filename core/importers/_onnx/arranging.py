"""Shapes of ONNX values changed: reshaping that leaves the batch open, and transposing that undoes itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.graph.project import End
from core.importers._onnx.model import Refused
from core.importers._onnx.written import written
from core.model.specs import Dim, fit

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

_MOST_LISTED = 2**24
Pair = tuple[int, int]
"""A size in both probes."""


def pairs(flow: Flow, end: End) -> list[Pair]:
    """Return the sizes at an end in both probes."""
    return [(dim.a, dim.b) for dim in flow.spec(end).dims]


def require_few(count: int) -> None:
    """Raise Refused where more values would be listed than an operation of any use has."""
    if count > _MOST_LISTED:
        raise Refused(f"it would list {count:,} places")


def permuted(flow: Flow, end: End, order: Sequence[int]) -> End:
    """Return an end with its dimensions in another order; what a permutation before it did is taken together."""
    order = tuple(order)
    before, node = flow.source(end), flow.node_of(end)
    if node.kind == "Permute" and before is not None:
        order = tuple(node.params.get("order", (0, 2, 1))[axis] % flow.rank(end) for axis in order)
        return permuted(flow, before, order)
    if node.kind == "Transpose" and before is not None:
        return permuted(flow, before, [_swapped(flow, end, axis) for axis in order])
    moved = [axis for axis, source in enumerate(order) if axis != source]
    if not moved:
        return end
    if len(moved) == 2:
        return flow.add("Transpose", {"dim0": moved[0], "dim1": moved[1]}, [end])
    return flow.add("Permute", {"order": order}, [end])


def _swapped(flow: Flow, end: End, axis: int) -> int:
    params, rank = flow.node_of(end).params, flow.rank(end)
    one, two = params.get("dim0", 1) % rank, params.get("dim1", 2) % rank
    return two if axis == one else one if axis == two else axis


def unsqueezed(flow: Flow, end: End, axes: Sequence[int]) -> End:
    """Return an end with new dimensions of size 1, which are counted in the result."""
    for axis in sorted(axes):
        end = flow.add("Unsqueeze", {"dim": axis}, [end])
    return end


def squeezed(flow: Flow, end: End, axes: Sequence[int]) -> End:
    """Return an end without these dimensions of size 1."""
    axes = sorted(axes)
    if not axes:
        return end
    node, before = flow.node_of(end), flow.source(end)
    if node.kind == "Unsqueeze" and before is not None and node.params.get("dim", 1) in axes:
        added = node.params.get("dim", 1)
        return squeezed(flow, before, [axis - (axis > added) for axis in axes if axis != added])
    if any(pairs(flow, end)[axis] != (1, 1) for axis in axes):
        if flow.batch == 1 and axes[0] == 0:
            raise Refused("it takes away the batch (axis 0), which stays open here")
        raise Refused("it takes away dimensions whose size is not 1")
    return flow.add("Squeeze", {"dim": tuple(axes)}, [end])


def reshaped(flow: Flow, end: End, wanted: Sequence[Pair]) -> End:
    """Return an end in another shape, by the layer that says best what happens.

    Raises:
        Refused: no layer can do it for every batch and length.
    """
    have, wanted = pairs(flow, end), [(one, two) for one, two in wanted]
    if have == wanted:
        return end
    for which in (0, 1):
        if math.prod(each[which] for each in have) != math.prod(each[which] for each in wanted):
            raise Refused(f"{flow.spec(end)} cannot become {_named(flow, wanted)}")
    undone = _undone(flow, end, wanted)
    if undone is not None:
        return undone
    if [each for each in have if each != (1, 1)] == [each for each in wanted if each != (1, 1)]:
        return _ones(flow, end, have, wanted)
    groups = _groups(have, wanted)
    changed = [group for group in groups if have[group[0] : group[1]] != wanted[group[2] : group[3]]]
    if len(changed) == 1 and _simple(wanted, changed[0]):
        return _one_group(flow, end, wanted, changed[0])
    for keep in (True, False):
        rest = wanted[1:] if keep else wanted
        if (not keep or (wanted and have and wanted[0] == have[0])) and sum(one != two for one, two in rest) <= 1:
            shape = tuple(one if one == two else -1 for one, two in rest)
            return flow.add("Reshape", {"shape": shape, "keep_batch": keep}, [end])
    if all(_simple(wanted, group) for group in changed):
        for group in reversed(changed):
            end = _one_group(flow, end, wanted, group)
        return end
    return _by_references(flow, end, wanted)


def _named(flow: Flow, wanted: Sequence[Pair]) -> str:
    return " × ".join(str(Dim(one, two, fit(one, two, flow.names).name)) for one, two in wanted)


def _undone(flow: Flow, end: End, wanted: Sequence[Pair]) -> End | None:
    """Return what a reshape before began with where that is wanted again, also through a permutation of the rest."""
    node, before = flow.node_of(end), flow.source(end)
    if before is None:
        return None
    if node.kind in ("Unflatten", "Flatten", "Reshape", "Unsqueeze", "Squeeze") and pairs(flow, before) == wanted:
        return before
    if node.kind != "Transpose" or flow.node_of(before).kind != "Unflatten":
        return None
    rank = flow.rank(end)
    one, two = node.params.get("dim0", 1), node.params.get("dim1", 2)
    first = flow.source(before)
    if first is None or max(one, two) >= rank - 2 or flow.node_of(before).params.get("dim", 1) != rank - 2:
        return None
    order = [two if axis == one else one if axis == two else axis for axis in range(rank - 1)]
    have = pairs(flow, first)
    return permuted(flow, first, order) if [have[axis] for axis in order] == wanted else None


def _ones(flow: Flow, end: End, have: Sequence[Pair], wanted: Sequence[Pair]) -> End:
    """Add and take away dimensions of size 1, and nothing else."""
    drop, add, at = [], [], 0
    for axis, size in enumerate(wanted):
        while at < len(have) and have[at] == (1, 1) and size != (1, 1):
            drop.append(at)
            at += 1
        if at < len(have) and have[at] == size:
            at += 1
        else:
            add.append(axis)
    drop += range(at, len(have))
    return unsqueezed(flow, squeezed(flow, end, drop), add)


def _groups(have: Sequence[Pair], wanted: Sequence[Pair]) -> list[tuple[int, int, int, int]]:
    """Return the smallest runs of dimensions that hold as many values before and after: (from, to, from, to)."""
    found, start, begin, i, j = [], 0, 0, 0, 0
    one, two = [1, 1], [1, 1]
    while i < len(have) or j < len(wanted):
        left = (one[0], one[1])
        if left == (two[0], two[1]) and i > start and j > begin:
            found.append((start, i, begin, j))
            start, begin, one, two = i, j, [1, 1], [1, 1]
        elif i < len(have) and (j >= len(wanted) or (one[0] <= two[0] and i - start <= j - begin) or one[0] < two[0]):
            one = [one[0] * have[i][0], one[1] * have[i][1]]
            i += 1
        else:
            two = [two[0] * wanted[j][0], two[1] * wanted[j][1]]
            j += 1
    found.append((start, i, begin, j))
    return found


def _simple(wanted: Sequence[Pair], group: tuple[int, int, int, int]) -> bool:
    start, stop, begin, end = group
    many, made = stop - start, wanted[begin:end]
    return many >= 1 and len(made) >= 1 and (len(made) == 1 or sum(one != two for one, two in made) <= 1)


def _one_group(flow: Flow, end: End, wanted: Sequence[Pair], group: tuple[int, int, int, int]) -> End:
    start, stop, begin, last = group
    if stop - start > 1:
        if start:
            to = stop - 1 if stop < flow.rank(end) else -1
            end = flow.add("Flatten", {"start_dim": start, "end_dim": to}, [end])
        else:  # the batch and more in one row, which no layer of the catalogue does
            end = written(flow, "FlattenBatch", f"a.flatten(0, {stop - 1})", [end])[0]
    made = wanted[begin:last]
    if len(made) > 1:
        sizes = tuple(one if one == two else -1 for one, two in made)
        end = flow.add("Unflatten", {"dim": start, "unflattened_size": sizes}, [end])
    return end


def open_size(flow: Flow, pair: Pair) -> tuple[End, int] | None:
    """Return where a size that stays open can be read off: an end and its dimension."""
    for end, spec in flow.specs.items():
        for axis, dim in enumerate(spec.dims):
            if (dim.a, dim.b) == pair:
                return end, axis
    return None


def size_texts(flow: Flow, wanted: Sequence[Pair], inputs: list[End]) -> list[str]:
    """Return sizes as they are written in a Python layer; ``inputs`` gets the ends besides that they are read off."""
    texts = []
    for pair in wanted:
        if pair[0] == pair[1]:
            texts.append(str(pair[0]))
            continue
        place = open_size(flow, pair)
        if place is None:
            raise Refused("a length follows from what arrives in a way that no layer can compute")
        if place[0] not in inputs:
            inputs.append(place[0])
        texts.append(f"{'abcdefgh'[inputs.index(place[0])]}.shape[{place[1]}]")
    return texts


def _by_references(flow: Flow, end: End, wanted: Sequence[Pair]) -> End:
    """Reshape where several lengths stay open: they are read off other values."""
    inputs = [end]
    inferred = next((axis for axis, (one, two) in enumerate(wanted) if one != two), -1)
    fixed = [pair if axis != inferred else (-1, -1) for axis, pair in enumerate(wanted)]
    texts = size_texts(flow, fixed, inputs)
    return written(flow, "ReshapeLike", f"a.reshape({', '.join(texts)})", inputs)[0]


def expanded(flow: Flow, end: End, wanted: Sequence[Pair]) -> End:
    """Return an end repeated along dimensions of size 1, as broadcasting does it."""
    have = pairs(flow, end)
    missing = max(0, len(wanted) - len(have))
    full = [(1, 1)] * (len(have) - len(wanted)) + [(one, two) for one, two in wanted]
    have = [(1, 1)] * missing + have
    goal = [size if other == (1, 1) else other for size, other in zip(have, full, strict=True)]
    if any(size not in ((1, 1), other) for size, other in zip(have, goal, strict=True)):
        raise Refused(f"{flow.spec(end)} cannot be repeated to {_named(flow, full)}")
    if goal == have and not missing:
        return end
    opened = [
        axis
        for axis, (size, other) in enumerate(zip(have, goal, strict=True))
        if size != other and other[0] != other[1]
    ]
    if opened:
        return _expanded_like(flow, end, goal, have, missing)
    sizes = tuple(-1 if size == other else other[0] for size, other in zip(have, goal, strict=True))
    if missing:
        end = unsqueezed(flow, end, range(missing))
    return end if all(size == -1 for size in sizes) else flow.add("Expand", {"sizes": sizes}, [end])


def _expanded_like(flow: Flow, end: End, goal: Sequence[Pair], have: Sequence[Pair], missing: int) -> End:
    place = open_size(flow, goal[0])
    others_kept = all(size == other for size, other in zip(have[1:], goal[1:], strict=True))
    if place is not None and place[1] == 0 and others_kept:
        end = unsqueezed(flow, end, range(missing))
        return flow.add("ExpandBatch", {}, {"input": end, "reference": place[0]})
    inputs = [end]
    texts = size_texts(flow, goal, inputs)
    return written(flow, "ExpandLike", f"a.expand({', '.join(texts)})", inputs)[0]
