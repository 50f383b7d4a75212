"""Which optimizers cannot be used for a project, and why: the choice is then disabled, and the check says it."""

from __future__ import annotations

from collections.abc import Iterator

from core.graph.project import OUTPUT, Project
from core.kinds import LayerKind
from core.model.reports import ShapeReport
from core.model.trail import Place, places, way_back
from core.training.kinds import OptimizerKind
from core.weights import LEARNING_RATE_FACTOR

_MIXING = ("mixup", "cutmix")
_MATRIX_FAMILIES = ("Core", "Recurrent", "Attention")
"""Families of layers whose weights are matrices, but for those that are tables or have three dimensions."""
_NO_MATRICES = ("Embedding", "EmbeddingBag", "LearnedPositionalEncoding", "Bilinear")
_STACKED = "Transformer"
"""How the ids of whole blocks of PyTorch begin, whose weights are not one by one to be chosen for."""


def impossible(kind: OptimizerKind, project: Project, shapes: ShapeReport) -> str:
    """Return why an optimizer cannot train this project, in one sentence, or an empty string where it can."""
    if kind.gradients == "sparse":
        return (
            f"{kind.title} needs sparse gradients, and the layers of this network give dense ones: choose Adam instead."
        )
    if kind.gradients == "matrices" and shapes.ok and not any(_hidden_matrices(project, shapes)):
        return (
            f"{kind.title} trains the weight matrices of hidden layers, and this network has none: "
            "choose AdamW, or add a Linear before the last one."
        )
    return _closure_reason(kind, project, shapes) if kind.closure else ""


def doubtful(kind: OptimizerKind, batch_size: int, samples: int) -> str:
    """Return why an optimizer will hardly do well with batches of this size, in one sentence, or an empty string."""
    if not kind.closure or batch_size >= samples:
        return ""
    return (
        f"{kind.title} estimates the curvature of one loss, but every batch of {batch_size:,} has another, so that it "
        f"may jump far away: set batch_size to {samples:,}, which is the whole training part."
    )


def _closure_reason(kind: OptimizerKind, project: Project, shapes: ShapeReport) -> str:
    """Say what stands against running the network several times a step over the same batch."""
    training = project.training
    if training.accumulate > 1:
        return f"{kind.title} runs each batch several times a step: set accumulate to 1."
    if training.precision == "float16":
        return f"{kind.title} compares losses exactly, which float16 cannot: choose float32."
    if any(each in _MIXING for field in project.data.fields for each in field.augment):
        return f"{kind.title} needs the same loss at every run of a batch: switch mixing of samples off."
    if training.decay == "matrices":
        return f"{kind.title} treats all weights alike and has no weight decay: let decay be for all."
    if shapes.ok and any(_own_rates(project, shapes)):
        return f"{kind.title} has one learning rate for all weights: set {LEARNING_RATE_FACTOR.name} to 1 everywhere."
    return ""


def _own_rates(project: Project, shapes: ShapeReport) -> Iterator[bool]:
    for place in places(project, shapes):
        for report in place.report.nodes.values():
            yield report.arguments.get(LEARNING_RATE_FACTOR.name, 1.0) != 1.0


def _hidden_matrices(project: Project, shapes: ShapeReport) -> Iterator[bool]:
    """Yield True for every layer with a weight matrix that may learn and gives no output itself."""
    heads = set()
    for output in project.graph.of_kind(OUTPUT):
        for hop in way_back(project, shapes, output.name):
            if hop.kind is not None and may_have_weights(hop.kind):
                if hop.place.once:
                    heads.add((hop.place.path, hop.node.shares or hop.node.name))
                break
    yield from _learning_matrices(Place(project, shapes), heads)


def _learning_matrices(place: Place, heads: set[tuple[tuple[str, ...], str]]) -> Iterator[bool]:
    for name in place.report.order:
        node, found = place.graph.nodes[name], place.report.nodes[name]
        kind = place.kind(node)
        if kind is None or node.shares or found.arguments.get("frozen") or (place.path, name) in heads:
            continue
        inside = place.inside(node) if kind.group else None
        if inside is not None:
            yield from _learning_matrices(inside, heads)
        elif _has_matrix(kind):
            yield True


def _has_matrix(kind: LayerKind) -> bool:
    """True where a layer has a weight matrix, or may have one that only its own code knows of."""
    if kind.code:
        return True
    return may_have_weights(kind) and kind.family in _MATRIX_FAMILIES and kind.id not in _NO_MATRICES


def may_have_weights(kind: LayerKind) -> bool:
    """True for a layer with weights, or one whose own code may have some."""
    return bool(kind.weights or kind.code) or kind.id.startswith(_STACKED)
