"""Measures outputs against targets through a meter, in batches of any size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.graph.project import Field
from core.training.kinds import TargetType
from core.training.meter import Meter
from core.training.metrics import metrics
from core.training.objective import OutputObjective
from core.training.statistics import Head
from core.training.targets import automatic_loss

SAMPLES = 211
CPU = torch.device("cpu")
SIZES = pytest.mark.parametrize("size", [1, 7, 64, SAMPLES])
WEIGHTED = pytest.mark.parametrize("weighted", [False, True])


def objective(
    target: TargetType, names: Iterable[str] = (), classes: int = 0, output: str = "out", weight: float = 1.0
) -> OutputObjective:
    """Return an objective for that type of target, measured by the metrics of these ids."""
    field = Field("y", "number" if target == "number" else "category", "target")
    chosen = tuple(metrics[name] for name in names)
    return OutputObjective(output, field, automatic_loss(target), weight=weight, metrics=chosen, classes=classes)


def measured(
    names: Iterable[str],
    outputs: Tensor,
    targets: Tensor,
    *,
    size: int,
    target: TargetType = "class",
    weights: Tensor | None = None,
    **head: Any,
) -> dict[str, float]:
    """Return metrics by id, measured in batches of ``size`` samples."""
    return metered(names, outputs, targets, size=size, target=target, weights=weights, **head)[1]


def metered(
    names: Iterable[str],
    outputs: Tensor,
    targets: Tensor,
    *,
    size: int,
    target: TargetType = "class",
    weights: Tensor | None = None,
    **head: Any,
) -> tuple[Meter, dict[str, float]]:
    """Return the meter as well."""
    width = outputs.shape[1] if target in ("class", "labels") else 1
    meter = Meter([objective(target, names, width)], [Head(target, width, **head)], CPU)
    for rows in torch.arange(len(targets)).split(size):
        part = None if weights is None else weights[rows]
        meter.update([outputs[rows]], [targets[rows]], [torch.tensor(0.5)], None, part)
    return meter, {name.removeprefix("out/"): value for name, value in meter.values().items()}


def drawn(seed: int) -> torch.Generator:
    """Return a source of numbers."""
    return torch.Generator().manual_seed(seed)


def sample_weights(*, weighted: bool, count: int = SAMPLES) -> tuple[Tensor | None, np.ndarray | None]:
    """Return weights for the meter and for the reference, or None twice."""
    if not weighted:
        return None, None
    weights = torch.rand(count, generator=drawn(99)) + 0.1
    return weights, weights.double().numpy()


def assert_equal(found: dict[str, float], expected: dict[str, Any], names: Sequence[str] | None = None) -> None:
    """Check every expected value to 1e-6, and that no other was measured."""
    wanted = expected if names is None else {name: expected[name] for name in names}
    assert set(found) - {"loss"} == set(wanted)
    for name, value in wanted.items():
        assert found[name] == pytest.approx(float(value), rel=1e-6, abs=1e-6), name
