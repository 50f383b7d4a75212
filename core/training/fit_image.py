"""Does an output give images of the shape that its target has? If not: why, and which layers would bring it there.

An autoencoder's target is the image that it was given, so that the loss compares value by value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from core.graph.edits import Together
from core.graph.project import End
from core.kinds import Value
from core.layers import catalogue
from core.model.fixes import insertion
from core.model.problems import Fix, Problem
from core.model.specs import TensorSpec
from core.model.trail import Place
from core.training.objective import OutputObjective


class _Step(NamedTuple):
    """A layer on the way to the target's shape, and what its name is followed by in the fix."""

    kind: str
    params: Mapping[str, Value]
    what: str = ""


def image_problem(root: Place, objective: OutputObjective, spec: TensorSpec) -> Problem | None:
    """Return what is wrong with the shape of an output whose target is images; None where it is the same."""
    wanted, name = objective.target.shape, objective.output
    if spec.shape[1:] == wanted:
        return None
    shape = " × ".join(map(str, wanted))
    message = (
        f"The target '{objective.target.name}' is an image of {shape} values, but '{name}' gets {spec}. The loss "
        f"compares them value by value, so that N × {shape} is needed."
    )
    steps = list(_steps(wanted, spec))
    end = End(name, "input")
    label = f"Insert {' and '.join(f'{catalogue[each.kind].display}{each.what}' for each in steps)}"
    edit = Together(tuple(insertion(root.graph, each.kind, end, each.params) for each in steps), label)
    return Problem("error", message, name, "input", fixes=(Fix(label, edit),) if steps else ())


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
