"""From the parts of the prepared data to samples on the device, and what metrics and losses know of the targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from core.data.augmenting import Augmenter
from core.data.dataset import Part, Prepared
from core.errors import DataError
from core.model.reports import ShapeReport
from core.training.batches import Held, Samples
from core.training.criterion import Criterion, class_counts
from core.training.network import Network
from core.training.objective import OutputObjective, arriving, output_width
from core.training.statistics import Head
from core.training.streaming import Streamed
from core.training.target_doubts import doubts


def samples_of(
    part: Part, network: Network, heads: Sequence[Head], augmenter: Augmenter | None = None
) -> Samples | None:
    """Return a part of the data as samples for the network's device, or None where it is empty.

    Raises:
        DataError: a class index is outside of what its output can give.
    """
    if not len(part):
        return None
    if part.streamed:
        outputs = [(each.output, of) for each, of in zip(network.objectives, network.criteria, strict=True)]
        return Streamed(part, network.built.inputs, outputs, network.device, augmenter)
    inputs = tuple(part.inputs[name].to(network.device) for name in network.built.inputs)
    weights = None if part.weights is None else part.weights.to(network.device)
    targets = []
    for objective, criterion, head in zip(network.objectives, network.criteria, heads, strict=True):
        values = part.targets[objective.output]
        if objective.classes and head.target in ("class", "binary"):
            _check_classes(values, max(head.width, 2), objective.target.name)
        targets.append(criterion.prepare(values).to(network.device))
    return Held(inputs, targets, weights, augmenter)


def _check_classes(values: Tensor, classes: int, name: str) -> None:
    # On a GPU an index beyond the classes would end the whole process's use of it.
    counted = values[values >= 0] if values.is_floating_point() or int(values.min()) < 0 else values
    if not counted.numel():
        return
    high = int(counted.max())
    if high >= classes:
        raise DataError(f"The target '{name}' holds class {high}; there are {classes}, from 0.")


def head_of(prepared: Prepared, report: ShapeReport, objective: OutputObjective) -> Head:
    """Return what statistics have to know of an output."""
    offset, scale = (0.0, 1.0) if objective.classes else prepared.target_scale(objective.output)
    tokens = prepared.classes[objective.output]
    space = tokens.index(" ") if objective.target.meaning == "text" and " " in tokens else None
    spec = arriving(report, objective.output)
    pixels = objective.target.meaning == "mask" and spec is not None and spec.rank == 4
    width = spec.dims[1].a if pixels and spec is not None else output_width(spec) or 1
    centre = 0.0
    if not objective.classes:
        values = prepared.training.seen_targets[objective.output].double()
        centre = float(torch.nanmean(values)) if values.numel() else 0.0
    return Head(objective.loss.target, max(width, objective.classes), scale, offset, centre, space=space)


def counts_of(prepared: Prepared, objective: OutputObjective) -> Tensor | None:
    """Return how often each class stands in the training part, where class weights are to balance them."""
    if objective.class_weights != "balanced" or not objective.classes:
        return None
    targets = prepared.training.seen_targets[objective.output]
    as_indices = Criterion(objective.loss, dict(objective.options)).prepare(targets)
    return class_counts(objective.loss, as_indices, objective.classes)


def data_doubts(prepared: Prepared, report: ShapeReport, network: Network) -> Iterator[str]:
    """Yield what only the data shows to be doubtful of the outputs' targets, a sentence each."""
    for objective, criterion in zip(network.objectives, network.criteria, strict=True):
        spec = arriving(report, objective.output)
        steps = spec.dims[1].a if spec is not None and spec.rank > 2 and spec.dims[1].fixed else None
        yield from doubts(objective, criterion.prepare(prepared.training.seen_targets[objective.output]), steps)
