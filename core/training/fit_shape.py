"""Does an output have the shape that its loss reads? If not: why, and which layers would bring it there.

For targets that are more than one value a sample: images (as autoencoders have them), masks, series, tokens, texts
without alignment, and vectors that are compared with one another. Single values are in ``core.training.fit``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from core.graph.edits import RemoveNodes, SetKind, Together
from core.graph.project import End
from core.kinds import Value
from core.layers import catalogue
from core.model.fixes import insertion
from core.model.problems import Fix, Problem
from core.model.specs import TensorSpec
from core.model.trail import Hop, Place
from core.training.forms import ANY, Sizes, described
from core.training.objective import OutputObjective
from core.training.targets import article

Trail = tuple[Hop, ...]


class _Step(NamedTuple):
    """A layer on the way to the target's shape, and what its name is followed by in the fix."""

    kind: str
    params: Mapping[str, Value]
    what: str = ""


def shape_problem(root: Place, trail: Trail, objective: OutputObjective, spec: TensorSpec, wanted: Sizes) -> Problem:
    """Return what is wrong with an output that has another shape than the ``wanted`` one, with ways out."""
    name, form = objective.output, objective.loss.form
    if objective.target.meaning == "mask" and form == "same":
        wanted = (1, *wanted)
    if form in ("pair", "triplet"):
        count = "two" if form == "pair" else "three"
        message = (
            f"{objective.loss.title} compares {count} vectors in one output, N × {wanted[0]} × any length, but "
            f"'{name}' gets {spec}. Link the {count} branches to a Stack along dimension 1, and that to '{name}'."
        )
        fixes = _stacked(trail, int(wanted[0]))
    else:
        message = f"The target '{objective.target.name}' {_what(objective)}, but '{name}' gets {spec}. "
        message += f"{_needs(objective)} {described(wanted).replace(ANY, 'steps')} is needed."
        fixes = _ways(root, trail, objective, spec, wanted)
    return Problem("error", message, name, "input", fixes=tuple(fixes))


def _what(objective: OutputObjective) -> str:
    """Say what the target is: ``is an image of 1 × 8 × 8 values``."""
    target, shape = objective.target, " × ".join(map(str, objective.shape))
    if target.meaning == "mask":
        return f"is a mask of {shape} pixels and {objective.classes} classes"
    if target.meaning == "text":
        return f"is a text with a vocabulary of {objective.classes}"
    return f"is {article(target)} of {shape} values"


def _needs(objective: OutputObjective) -> str:
    loss = objective.loss
    if loss.form == "same" and objective.target.meaning != "mask":
        return "The loss compares them value by value, so that"
    if loss.form == "two":
        return "The loss reads two values for each of them, stacked on axis 1, so that"
    if loss.form == "steps":
        return f"{loss.title} reads one score per symbol for every step, so that"
    where = "pixel" if objective.target.meaning == "mask" else "step"
    each = "one score" if loss.form == "same" else "one score per class"
    return f"The loss reads {each} for every {where}, so that"


# --- ways out ---------------------------------------------------------------------------------------------------------


def _ways(root: Place, trail: Trail, objective: OutputObjective, spec: TensorSpec, wanted: Sizes) -> Iterator[Fix]:
    sizes = tuple(size for size in wanted if isinstance(size, int))
    if len(sizes) == len(wanted) and not (objective.target.meaning == "text" and spec.rank == 3):
        steps = list(_steps(sizes, spec))
        if steps:
            yield _inserted(root, objective.output, steps)
        return
    along = len(wanted) if len(wanted) > 1 else 2
    width = wanted[-1] if len(wanted) > 1 else 1
    if not isinstance(width, int):
        return
    if spec.rank == along + 1 and wanted[0] in (ANY, spec.shape[1]):
        yield width_fix(root, trail, objective.output, width)
    elif spec.rank == along + 1 and spec.rank == 3 and wanted[0] in (ANY, spec.shape[2]):
        yield _inserted(root, objective.output, [_Step("Transpose", {})])
    elif spec.rank == 2:
        lasts = [hop for hop in trail if hop.node.kind == "LastStep"][:1]
        for hop in lasts:
            label = f"Remove {hop.node.name}, so that every step gives a prediction"
            yield Fix(label, hop.place.edit(RemoveNodes(frozenset({hop.node.name}), bridge=True)))


def _inserted(root: Place, output: str, steps: list[_Step]) -> Fix:
    end = End(output, "input")
    label = f"Insert {' and '.join(f'{catalogue[each.kind].display}{each.what}' for each in steps)}"
    return Fix(label, Together(tuple(insertion(root.graph, each.kind, end, each.params) for each in steps), label))


def _steps(wanted: tuple[int, ...], spec: TensorSpec) -> Iterator[_Step]:
    """Yield the layers that turn what arrives into the wanted shape, channels first; none where sizes stay open."""
    values, size = spec.dims[1:], math.prod(wanted)
    fixed = all(dim.fixed for dim in values)
    if fixed and math.prod(dim.a for dim in values) == size:
        yield _reshape(wanted)
    elif len(values) == len(wanted) == 3:
        if spec.shape[2:] != wanted[1:]:
            params = {"size": wanted[1:], "scale_factor": None}
            yield _Step("Upsample", params, f" to {' × '.join(map(str, wanted[1:]))}")
        if spec.shape[1] != wanted[0]:
            channels = "1 channel" if wanted[0] == 1 else f"{wanted[0]} channels"
            yield _Step("Conv2d", {"out_channels": wanted[0], "kernel_size": 1}, f" with {channels}")
    elif fixed:
        if len(values) > 1:
            yield _Step("Flatten", {})
        yield _Step("Linear", {"out_features": size}, f" with {size} outputs")
        yield _reshape(wanted)


def _reshape(wanted: tuple[int, ...]) -> _Step:
    return _Step("Reshape", {"shape": wanted}, f" to {' × '.join(map(str, wanted))}")


def _stacked(trail: Trail, count: int) -> Iterator[Fix]:
    """Offer to stack branches that are joined end to end."""
    for hop in trail[:1]:
        links = [end for end in hop.place.graph.links if end.node == hop.node.name]
        if hop.node.kind == "Concatenate" and len(links) == count:
            yield Fix(f"Change {hop.node.name} to Stack", hop.place.edit(SetKind(hop.node.name, "Stack")))


def width_fix(root: Place, trail: Trail, output: str, wanted: int) -> Fix:
    """Change the layer that decides the last dimension, or where there is none put one in front of the output."""
    for hop in trail:
        kind = hop.kind
        if hop.node.kind == "Linear" and not hop.node.shares:
            return hop.place.setting(hop.node, "out_features", wanted)
        if kind is None or (kind.family != "Activation" and kind.id not in ("Identity", "Dropout")):
            break
    label = f"Insert Linear with {wanted} output{'s' if wanted > 1 else ''}"
    return Fix(label, insertion(root.graph, "Linear", End(output, "input"), {"out_features": wanted}))
