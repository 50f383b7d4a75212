"""Words about sizes: what must divide what, how wide something must be, how many values there are."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from core.graph.project import End
from core.model import fixes
from core.model.adapters import Link, to_match
from core.model.case import Case
from core.model.problems import Fix
from core.model.specs import Dim
from core.model.words.translation import Translation


def groups(case: Case) -> Translation | None:
    """Groups of a convolution that do not divide its channels."""
    arriving, leaving = case.spec.dims[1], case.arguments.get("out_channels")
    if not arriving.fixed or not isinstance(leaving, int):
        return None
    common = math.gcd(arriving.a, leaving)
    return Translation(
        f"groups of {case.name} must divide both the {arriving} channels that arrive from {case.giver()} and its "
        f"out_channels {leaving}: {case.arguments['groups']} does not.",
        "groups",
        fixes.nearest_divisors(case, "groups", common),
    )


def heads(case: Case) -> Translation | None:
    """Heads that do not divide the features among them."""
    name = "nhead" if "nhead" in case.arguments else "num_heads"
    slot = next((each for each in ("query", "src", "tgt", "input") if each in case.inputs), case.slot)
    width = case.inputs[slot].dims[-1]
    if not isinstance(case.arguments.get(name), int):
        return None
    ways = fixes.nearest_divisors(case, name, width.a) if width.fixed else ()
    only = len(set(case.sources.values())) == 1
    wider = fixes.nearest_multiples(case, slot, -1, case.arguments[name]) if width.fixed and only else ()
    return Translation(
        f"{name} of {case.name} must divide the width of what arrives, because each head takes an equal part of the "
        f"features: {case.gives(slot)}, and {name} is {case.arguments[name]}.",
        name,
        (*ways, *wider),
    )


def halves(case: Case) -> Translation | None:
    """GLU along a dimension that cannot be halved."""
    spec, dim = case.spec, case.arguments.get("dim", -1)
    if not isinstance(dim, int) or not -spec.rank <= dim < spec.rank:
        return None
    axis = dim % spec.rank
    others = [each for each in range(1, spec.rank) if spec.dims[each].fixed and spec.dims[each].a % 2 == 0]
    ways = [fixes.set_parameter(case.node.name, "dim", each) for each in others[:1]]
    size = spec.dims[axis]
    if size.fixed and axis:
        ways += fixes.nearest_multiples(case, case.slot, axis, 2)
        if axis == spec.rank - 1:
            wide = {"out_features": size.a + 1}
            what = f"with {size.a + 1} outputs"
            ways.append(fixes.insert(case.project, "Linear", End(case.node.name, case.slot), wide, what))
    return Translation(
        f"{case.name} ({case.kind.display}) multiplies one half of dimension {axis} by the other, so its size must be "
        f"even, not {size}: {case.gives()}.",
        "dim",
        tuple(ways),
    )


def divided(case: Case) -> tuple[str, tuple[Fix, ...]]:
    """Return the parameter that a rule of the kind is about, and the values for it that would divide what arrives."""
    spec = case.spec
    if case.kind.id in ("GroupNorm", "ChannelShuffle"):
        name = "num_groups" if case.kind.id == "GroupNorm" else "groups"
        channels = spec.dims[1]
        if channels.fixed and channels.a % case.arguments[name]:
            multiples = fixes.nearest_multiples(case, case.slot, 1, case.arguments[name])
            return name, (*fixes.nearest_divisors(case, name, channels.a), *multiples)
    if case.kind.id == "PixelShuffle" and spec.dims[-3].fixed:
        channels, factor = spec.dims[-3], case.arguments["upscale_factor"]
        if channels.a % factor**2:
            fitting = [each for each in range(2, factor) if channels.a % each**2 == 0][-1:]
            ways = [fixes.set_parameter(case.node.name, "upscale_factor", each) for each in fitting]
            return "upscale_factor", (*ways, *_more_channels(case, factor**2))
    if case.kind.id == "PixelUnshuffle" and all(dim.fixed for dim in spec.dims[-2:]):
        common, factor = math.gcd(spec.dims[-2].a, spec.dims[-1].a), case.arguments["downscale_factor"]
        if common % factor:
            return "downscale_factor", fixes.nearest_divisors(case, "downscale_factor", common)
    return "", ()


def _more_channels(case: Case, factor: int) -> tuple[Fix, ...]:
    """Offer the next multiple of a number of channels: at the layer that gives them, else by a convolution."""
    found = fixes.nearest_multiples(case, case.slot, case.spec.rank - 3, factor)
    if found or case.spec.rank != 4:
        return found
    channels = -(-case.spec.dims[1].a // factor) * factor
    params = {"out_channels": channels, "kernel_size": 1}
    what = f"1×1 with {channels} channels"
    return (fixes.insert(case.project, "Conv2d", End(case.node.name, case.slot), params, what),)


def channels(case: Case) -> Translation | None:
    """A layer that was made for another number of channels or features."""
    sizes = {name: value for name, value in case.arguments.items() if name.startswith(("in_", "num_features"))}
    made_for = "".join(f" (made for {name} {value})" for name, value in sizes.items())
    return Translation(f"{case.name}{made_for} does not fit the number of channels or features: {case.gives()}.")


_MADE_FOR = (
    r"to have (?P<wanted>\d+) channels, but got (?P<found>\d+)",
    r"shapes cannot be multiplied \(\d+x(?P<found>\d+) and (?P<wanted>\d+)x\d+\)",
    r"running_mean should contain (?P<found>\d+) elements not (?P<wanted>\d+)",
    r"normalized_shape=\[(?P<wanted>\d+)\].*got input of size\s*\[(?:\d+, )*(?P<found>\d+)\]",
    r"input\.size\(-1\) must be equal to input_size\. Expected (?P<wanted>\d+), got (?P<found>\d+)",
)


def made_for(case: Case, text: str) -> Translation | None:
    """Code of the user's own whose layers were made for another number of channels or features than arrives."""
    match = next((found for pattern in _MADE_FOR if (found := re.search(pattern, text, re.DOTALL))), None)
    if match is None or len(case.inputs) != 1:
        return None
    wanted, arriving = int(match["wanted"]), int(match["found"])
    axes = [axis for axis, dim in enumerate(case.spec.dims) if axis and dim.fixed and dim.a == arriving]
    if not axes:
        return None
    names = [name for name, value in case.arguments.items() if value == wanted and type(value) is int]
    ways = [fixes.set_parameter(case.node.name, name, arriving) for name in names[:1]]
    axis = axes[0] if "channels" in match[0] else axes[-1]
    dims = (*case.spec.dims[:axis], Dim(wanted, wanted), *case.spec.dims[axis + 1 :])
    link = Link(case.project, End(case.node.name, case.slot), case.spec)
    ways += to_match(link, replace(case.spec, dims=dims))
    what = "channels" if "channels" in match[0] or case.spec.rank > 3 else "features"
    return Translation(
        f"{case.name} ({case.kind.display}) was made for {wanted} {what}, but {case.giver()} gives {arriving}: "
        f"{case.spec}. Its code says: {text}",
        names[0] if names else "",
        tuple(ways),
    )


def key_width(case: Case) -> Translation | None:
    """Attention compares queries with keys, which must be equally wide; each key has one value."""
    if not {"query", "key", "value"} <= case.inputs.keys():
        return None
    query, key, value = (case.inputs[slot] for slot in ("query", "key", "value"))
    if case.kind.id == "ScaledDotProductAttention" and query.dims[-1] != key.dims[-1]:
        ways: tuple[Fix, ...] = ()
        if query.dims[-1].fixed:
            params, what = (
                {"out_features": query.dims[-1].a},
                f"with {query.dims[-1]} outputs after {case.giver('key')}",
            )
            ways = (fixes.insert(case.project, "Linear", End(case.node.name, "key"), params, what),)
        return Translation(
            f"{case.name} multiplies each query by each key, so both must be equally wide: {case.gives('query')} but "
            f"{case.gives('key')}.",
            fixes=ways,
        )
    if key.rank > 1 and value.rank > 1 and key.dims[-2] != value.dims[-2]:
        return Translation(
            f"{case.name} takes one value for each key, so both must be equally long: {case.gives('key')} but "
            f"{case.gives('value')}.",
            fixes=(fixes.link_instead(case, "value", "key"),) if key.dims[:-1] != value.dims[:-1] else (),
        )
    return None


def reshape(case: Case) -> Translation | None:
    """Another number of values than the new shape holds."""
    shape = case.arguments.get("shape")
    if not isinstance(shape, tuple):
        return None
    wanted = " × ".join("?" if size == -1 else str(size) for size in shape)
    count = math.prod(size for size in shape if size != -1)
    needs = f"a multiple of {count:,}" if -1 in shape else f"{count:,}"
    rest = case.spec.dims[1:]
    arriving = f"{math.prod(dim.a for dim in rest):,}" if all(dim.fixed for dim in rest) else "a number that varies"
    return Translation(
        f"{case.name} cannot arrange a sample as {wanted}: that takes {needs} values, and {case.gives()}: {arriving} "
        "per sample.",
        "shape",
        (fixes.set_parameter(case.node.name, "shape", (-1,), "-1 (one row)"),),
    )


def flatten_order(case: Case) -> Translation | None:
    """Flatten that ends before it starts."""
    return Translation(
        f"{case.name} starts at dimension {case.arguments.get('start_dim')} and ends before it, at "
        f"{case.arguments.get('end_dim')}: {case.gives()}.",
        "start_dim",
        (fixes.set_parameter(case.node.name, "end_dim", -1),),
    )


def projection(case: Case) -> Translation | None:
    """A projection that widens instead of narrowing."""
    hidden = case.arguments.get("hidden_size")
    return Translation(
        f"proj_size of {case.name} narrows its output, so it must be smaller than hidden_size {hidden}, not "
        f"{case.arguments.get('proj_size')}. 0 means no narrowing.",
        "proj_size",
        (fixes.set_parameter(case.node.name, "proj_size", 0),),
    )


def padding_index(case: Case) -> Translation | None:
    """A padding row that the table does not have."""
    rows = case.arguments.get("num_embeddings")
    return Translation(
        f"padding_idx of {case.name} must be one of its {rows} rows (num_embeddings), not "
        f"{case.arguments.get('padding_idx')}.",
        "padding_idx",
        (fixes.set_parameter(case.node.name, "padding_idx", None),),
    )


def too_large(case: Case) -> Translation | None:
    """Sizes beyond anything that could be computed."""
    return Translation(f"{case.name} would be larger than any memory. Use smaller sizes. {case.gives()}.")
