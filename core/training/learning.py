"""Can the network learn anything with these settings: weights that may change, batches that can be normalised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.graph.edits import DEFAULT, SetParameters, SetTraining
from core.graph.project import INPUT, OUTPUT, Project
from core.kinds import LayerKind
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.model.trail import Place, places

_ENOUGH = 2


def nothing_to_learn(project: Project, report: ShapeReport) -> Iterator[Problem]:
    """Yield what keeps a network without errors from learning: it has no weights, or all are frozen."""
    graph = report.graph
    if not report.ok or not graph.of_kind(INPUT) or not graph.of_kind(OUTPUT):
        return
    learning, frozen = _weights(Place(project, report))
    if learning:
        return
    if not frozen:
        yield Problem("info", "The network has no weights, so there is nothing to train: add a layer such as Linear.")
        return
    place, name = frozen[-1]
    edit = place.edit(SetParameters({name: {"frozen": DEFAULT}}))
    message = (
        "All layers with weights are frozen, so there is nothing to train. Unfreeze at least the last one, "
        f"'{name}', if the network shall learn."
    )
    yield Problem("info", message, name, parameter="frozen", fixes=(Fix(f"Unfreeze {name}", edit),), path=place.path)


def _weights(place: Place) -> tuple[bool, list[tuple[Place, str]]]:
    """Return whether any layer may learn, and where layers (or whole groups) are frozen."""
    frozen = []
    for name in place.report.order:
        node = place.graph.nodes[name]
        kind = place.kind(node)
        if kind is None or node.shares:
            continue
        inside = place.inside(node) if kind.group else None
        if place.report.nodes[name].arguments.get("frozen"):
            if inside is None or any(_weights(inside)):
                frozen.append((place, name))
        elif inside is not None:
            learning, below = _weights(inside)
            if learning:
                return True, []
            frozen += below
        elif _may_learn(kind):
            return True, []
    return False, frozen


def _may_learn(kind: LayerKind) -> bool:
    """True where a kind has weights, or may have some that only it knows of."""
    return bool(kind.weights or kind.code or kind.construct)


def small_batches(project: Project, report: ShapeReport) -> Iterator[Problem]:
    """Yield what batch normalisation says to a batch of one sample: there is nothing to take a mean over."""
    if project.training.batch_size != 1:
        return
    for place in places(project, report):
        for name, node in place.graph.nodes.items():
            found, kind = place.report.nodes[name], place.kind(node)
            if kind is None or "BatchNorm" not in kind.id or not found.ok or found.arguments.get("frozen"):
                continue
            spec = found.inputs["input"]
            single = all(dim.fixed and dim.a == 1 for dim in spec.dims[2:])
            if single:
                why = "with a batch of 1 there is a single value of each, which PyTorch refuses to train on"
            else:
                why = "with a batch of 1 it knows a single sample while training, but many later"
            yield Problem(
                "error" if single else "warning",
                f"'{name}' normalises each feature over the batch: {why}. Set batch_size to {_ENOUGH} or more.",
                name,
                fixes=(_larger(project),),
                path=place.path,
            )


def _larger(project: Project) -> Fix:
    training = replace(project.training, batch_size=_ENOUGH)
    return Fix(f"Set batch_size to {_ENOUGH}", SetTraining(training))
