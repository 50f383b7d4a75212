"""Metrics over batches of any size are those of scikit-learn over the whole set."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from core.graph.project import Field
from core.training.losses import losses
from core.training.meter import Meter
from core.training.metrics import metrics
from core.training.objective import OutputObjective, automatic_loss

SAMPLES = 501
CPU = torch.device("cpu")
SIZES = pytest.mark.parametrize("size", [1, 7, 64, SAMPLES])


def _measured(
    objective: OutputObjective, width: int, outputs: torch.Tensor, targets: torch.Tensor, size: int, scale: float = 1.0
) -> dict[str, float]:
    centre = float(targets.float().mean())
    meter = Meter([objective], [width], [scale], [centre], CPU)
    for start in range(0, len(targets), size):
        part = targets[start : start + size]
        meter.update([outputs[start : start + size]], [part], [part.float().mean()])
    return meter.values()


def _classified(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    return {
        "accuracy": reference.accuracy_score(truth, predicted),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, predicted),
        "f1": reference.f1_score(truth, predicted, average="macro"),
    }


def _objective(target: str, classes: int) -> OutputObjective:
    field = Field("y", "category" if classes else "number", "target")
    loss = next(each for each in losses if each.automatic and each.target == target)
    return OutputObjective("out", field, loss, 1.0, tuple(each for each in metrics if each.suits(loss.target)), classes)


@SIZES
def test_metrics_of_classes_are_those_of_the_whole_set(size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(SAMPLES, 6, generator=generator)
    # One class is never true, so that metrics by class have something to leave out.
    truth = torch.randint(0, 5, (SAMPLES,), generator=generator)
    found = _measured(_objective("class", 6), 6, scores, truth, size)
    for name, value in _classified_quietly(truth.numpy(), scores.argmax(1).numpy()).items():
        assert found[f"out/{name}"] == pytest.approx(value, abs=1e-6)


def _classified_quietly(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """scikit-learn warns of classes that are predicted and never true; that is what is tested here."""
    if set(predicted) - set(truth):
        with pytest.warns(UserWarning, match="not in y_true"):
            return _classified(truth, predicted)
    return _classified(truth, predicted)


@SIZES
def test_metrics_of_yes_and_no_are_those_of_the_whole_set(size: int) -> None:
    generator = torch.Generator().manual_seed(1)
    truth = torch.rand(SAMPLES, generator=generator) < 0.2
    scores = torch.randn(SAMPLES, generator=generator) + truth
    found = _measured(_objective("binary", 2), 1, scores, truth.float(), size)
    for name, value in _classified(truth.numpy(), (scores > 0).numpy()).items():
        assert found[f"out/{name}"] == pytest.approx(value, abs=1e-6)


@SIZES
@pytest.mark.parametrize("mean", [0.0, 1000.0])
def test_metrics_of_numbers_are_in_the_targets_units(size: int, mean: float) -> None:
    generator = torch.Generator().manual_seed(2)
    scaled = torch.randn(SAMPLES, generator=generator) + mean
    outputs = scaled + 0.3 * torch.randn(SAMPLES, generator=generator)
    scale, offset = 77.0, 152.0
    found = _measured(_objective("number", 0), 1, outputs, scaled, size, scale)
    truth, predicted = (each.double().numpy() * scale + offset for each in (scaled, outputs))
    assert found["out/mae"] == pytest.approx(reference.mean_absolute_error(truth, predicted), rel=1e-6)
    assert found["out/rmse"] == pytest.approx(reference.root_mean_squared_error(truth, predicted), rel=1e-6)
    assert found["out/r2"] == pytest.approx(reference.r2_score(truth, predicted), abs=1e-6)


@pytest.mark.parametrize(("error", "expected"), [(0.0, 1.0), (0.5, 0.0)])
def test_r2_of_a_constant_target_is_as_in_scikit_learn(error: float, expected: float) -> None:
    truth = torch.full((20,), 3.0)
    found = _measured(_objective("number", 0), 1, truth + error, truth, 7)
    assert found["out/r2"] == reference.r2_score(truth.numpy(), (truth + error).numpy()) == expected


@SIZES
def test_the_loss_is_the_mean_over_samples_whatever_the_batches(size: int) -> None:
    objective = _objective("number", 0)
    meter = Meter([objective], [1], [1.0], [0.0], CPU)
    values = torch.randn(SAMPLES, generator=torch.Generator().manual_seed(3))
    for part in values.split(size):
        meter.update([part], [torch.zeros_like(part)], [(part * part).mean()])
    assert meter.values()["out/loss"] == pytest.approx(float((values.double() ** 2).mean()), abs=1e-6)


def test_sums_that_were_stored_go_on_as_if_nothing_had_happened() -> None:
    objective = _objective("class", 4)
    scores = torch.randn(90, 4, generator=torch.Generator().manual_seed(4))
    truth = torch.arange(90) % 4
    whole, first, second = (Meter([objective], [4], [1.0], [0.0], CPU) for _ in range(3))
    for meter, rows in ((whole, slice(0, 90)), (first, slice(0, 40))):
        meter.update([scores[rows]], [truth[rows]], [torch.tensor(1.0)])
    second.load_state(first.state())
    second.update([scores[40:]], [truth[40:]], [torch.tensor(1.0)])
    assert second.values() == pytest.approx(whole.values())


def test_every_kind_of_target_has_an_automatic_loss_and_metric() -> None:
    for target in ("class", "binary", "number"):
        loss = automatic_loss(target)
        assert loss.target == target
        assert any(each.automatic and each.suits(target) for each in metrics)
    for metric in metrics:
        assert metric.title
        assert metric.help.endswith(".")
