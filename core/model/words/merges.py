"""Words about merges: branches whose shapes do not go together, with both sources by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from core.graph.order import upstream
from core.graph.project import End
from core.model import fixes
from core.model.adapters import Link, to_match
from core.model.case import Case
from core.model.problems import Fix
from core.model.specs import Dim, TensorSpec
from core.model.words.translation import Translation

_MOST = 4
_ONE = Dim(1, 1)


def merge(case: Case) -> Translation | None:
    """Branches that cannot be joined, added, compared…: which two, and what would bring one to the other."""
    along = case.arguments.get("dim") if case.kind.id == "Concatenate" else None
    slots = [slot for slot in case.inputs if slot != "attn_mask"]
    clash = next((pair for pair in combinations(slots, 2) if not _fits(case, *pair, along)), None)
    if clash is None:
        return None
    both = " but ".join(case.gives(slot) for slot in clash)
    if along is None:
        message = f"{case.name} ({case.kind.display}) {_why(case.kind.id)}: {both}."
        return Translation(message, fixes=_ways(case, *clash))
    same_rank = case.inputs[clash[0]].rank == case.inputs[clash[1]].rank
    return Translation(
        f"{case.name} joins along dimension {along}; all other dimensions must be the same: {both}.",
        "dim" if same_rank else "",
        _other_axis(case) or _ways(case, *clash, along),
    )


def _why(kind: str) -> str:
    if kind == "Stack":
        return "puts its inputs side by side, so they must have the same shape"
    if kind == "MatMul":
        return "multiplies matrix by matrix, so all dimensions before the last two must match"
    if kind == "Bilinear":
        return "combines the values of both inputs place by place, so all but the last dimension must match"
    return "works value by value, so its inputs must have the same shape"


def inner_sizes(case: Case) -> tuple[Fix, ...]:
    """Offer to transpose a side of a matrix product, or to bring the left one to the width that the right one needs."""
    a, b = case.inputs["a"], case.inputs["b"]
    found = []
    if a.rank > 1 < b.rank:
        turned = {"dim0": -2, "dim1": -1}
        for slot, fits in (("b", a.dims[-1] == b.dims[-1]), ("a", a.dims[-2] == b.dims[-2])):
            if fits:
                target = End(case.node.name, slot)
                found.append(fixes.insert(case.project, "Transpose", target, turned, f"of {case.giver(slot)}"))
    if a.rank > 1 < b.rank and a.dtype == "float32" and a.dims[-1].fixed and b.dims[-2].fixed:
        width = b.dims[-2].a
        what = f"with {width} outputs after {case.giver('a')}"
        found.append(fixes.insert(case.project, "Linear", End(case.node.name, "a"), {"out_features": width}, what))
    return tuple(found)


def spread(case: Case) -> tuple[Fix, ...]:
    """Offer to take a dimension of size 1 away, or to add one, so that samples meet their own kind only."""
    found = []
    for slot, spec in case.inputs.items():
        others = [other for name, other in case.inputs.items() if name != slot]
        target = End(case.node.name, slot)
        for axis in [axis for axis in range(1, spec.rank) if spec.dims[axis] == _ONE]:
            if _all_fit(replace(spec, dims=(*spec.dims[:axis], *spec.dims[axis + 1 :])), others):
                what = f"after {case.giver(slot)}"
                found.append(fixes.insert(case.project, "Squeeze", target, {"dim": (axis,)}, what))
                break
        if _all_fit(replace(spec, dims=(*spec.dims[:1], _ONE, *spec.dims[1:])), others):
            found.append(fixes.insert(case.project, "Unsqueeze", target, {"dim": 1}, f"after {case.giver(slot)}"))
    return tuple(found)


def _all_fit(spec: TensorSpec, others: list[TensorSpec]) -> bool:
    return all(each.rank == spec.rank and _broadcasts(spec, each) for each in others)


# --- which shapes go together -----------------------------------------------------------------------------------------


def _fits(case: Case, first: str, second: str, along: int | None) -> bool:
    one, two = case.inputs[first], case.inputs[second]
    if case.kind.id == "Stack":
        return one.dims == two.dims
    if case.kind.id == "MatMul":
        return _broadcasts(replace(one, dims=one.dims[:-2]), replace(two, dims=two.dims[:-2]))
    if case.kind.id == "Bilinear":
        return one.dims[:-1] == two.dims[:-1]
    return _broadcasts(one, two) if along is None else _joins(one, two, along)


def _joins(one: TensorSpec, two: TensorSpec, along: int) -> bool:
    if one.rank != two.rank:
        return False
    axis = along % one.rank
    return one.dims[:axis] == two.dims[:axis] and one.dims[axis + 1 :] == two.dims[axis + 1 :]


def _broadcasts(one: TensorSpec, two: TensorSpec) -> bool:
    pairs = zip(reversed(one.dims), reversed(two.dims), strict=False)
    return all(a == b or _ONE in (a, b) for a, b in pairs)


# --- ways out ---------------------------------------------------------------------------------------------------------


def _other_axis(case: Case) -> tuple[Fix, ...]:
    """Offer the axis along which all branches could be joined, where there is exactly such a one."""
    specs = list(case.inputs.values())
    axes = [
        axis
        for axis in range(1, min(spec.rank for spec in specs))
        if all(_joins(specs[0], each, axis) for each in specs)
    ]
    return tuple(fixes.set_parameter(case.node.name, "dim", axis) for axis in axes[:1])


def _ways(case: Case, first: str, second: str, along: int | None = None) -> tuple[Fix, ...]:
    """Return what brings one of two branches to the other: first the shortcut, then the layer that decides a size."""
    shortcut, main = _shortcut_first(case, first, second)
    found = list(_adapted(case, shortcut, main, along))
    one, two = case.inputs[shortcut], case.inputs[main]
    differing = (
        [axis for axis in range(1, one.rank) if one.dims[axis] != two.dims[axis]] if one.rank == two.rank else []
    )
    if not found or 1 not in differing:
        found += _adapted(case, main, shortcut, along)
    if len(differing) == 1 and along is None and one.dims[differing[0]].fixed and two.dims[differing[0]].fixed:
        axis = differing[0]
        sized = fixes.resize(case, shortcut, axis, two.dims[axis].a) or fixes.resize(case, main, axis, one.dims[axis].a)
        found += sized
    if along is not None and one.rank != two.rank:
        found += _flattened(case, shortcut, main)
    return tuple({fix.label: fix for fix in found}.values())[:_MOST]


def _shortcut_first(case: Case, first: str, second: str) -> tuple[str, str]:
    """Return the two slots, first the one with the shorter way from the inputs: there an adapter is put."""
    one, two = (len(upstream(case.project.graph, [case.sources[slot].node])) for slot in (first, second))
    return (first, second) if one < two else (second, first)


def _adapted(case: Case, slot: str, other: str, along: int | None) -> Iterator[Fix]:
    one, wanted = case.inputs[slot], case.inputs[other]
    if case.kind.id in ("MatMul", "Bilinear"):
        return
    if along is not None and one.rank == wanted.rank:
        axis = along % one.rank
        wanted = replace(wanted, dims=(*wanted.dims[:axis], one.dims[axis], *wanted.dims[axis + 1 :]))
    if case.kind.id == "Stack" and one.rank != wanted.rank:
        return
    links = {each: Link(case.project, End(case.node.name, each), case.inputs[each]) for each in (slot, other)}
    for fix in to_match(links[slot], wanted, links[other].families):
        yield replace(fix, label=f"{fix.label} after {case.giver(slot)}")


def _flattened(case: Case, *slots: str) -> Iterator[Fix]:
    """Lay a feature map out in a row where it is to be joined with a vector."""
    for slot, other in (slots, reversed(slots)):
        spec = case.inputs[slot]
        if spec.rank > 2 and case.inputs[other].rank == 2 and all(dim.fixed for dim in spec.dims[1:]):
            what = f"after {case.giver(slot)}"
            yield fixes.insert(case.project, "Flatten", End(case.node.name, slot), what=what)
