"""The losses of an epoch are means over what counted in it, whose parts add up; outputs are read as losses do."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import log_loss

from core.graph.project import Field
from core.training.criterion import Criterion
from core.training.losses import losses
from core.training.meter import Meter, loss_values
from core.training.metrics import metrics
from core.training.objective import OutputObjective
from core.training.statistics import Head
from tests.training.measuring import CPU, SAMPLES, SIZES, drawn, objective

HEADS = (objective("number", output="a", weight=2.0), objective("number", output="b", weight=0.5))


def _meter() -> Meter:
    return Meter(HEADS, [Head("number"), Head("number")], CPU)


@SIZES
def test_the_loss_is_the_mean_over_samples_whatever_the_batches(size: int) -> None:
    meter = Meter([objective("number")], [Head("number")], CPU)
    values = torch.randn(SAMPLES, generator=drawn(3))
    for part in values.split(size):
        meter.update([part], [torch.zeros_like(part)], [(part * part).mean()])
    expected = float((values.double() ** 2).mean())
    assert meter.values() == pytest.approx({"loss": expected, "out/loss": expected}, abs=1e-6)
    assert meter.loss_sums() == [(pytest.approx(expected * SAMPLES), SAMPLES)]


@SIZES
@pytest.mark.parametrize("as_tensor", [False, True])
def test_every_head_counts_by_what_its_mean_was_divided_by(size: int, as_tensor: bool) -> None:
    values = torch.randn(2, SAMPLES, generator=drawn(4)).double()
    weights = torch.rand(2, SAMPLES, generator=drawn(5)).double()
    meter = _meter()
    for rows in torch.arange(SAMPLES).split(size):
        counts = weights[:, rows].sum(1)
        means = (values[:, rows] * weights[:, rows]).sum(1) / counts
        given = list(counts) if as_tensor else [float(counts[0]), counts[1]]
        meter.update([values[0, rows]] * 2, [values[0, rows]] * 2, list(means), given)
    a, b = ((values * weights).sum(1) / weights.sum(1)).tolist()
    assert meter.values() == pytest.approx({"loss": 2 * a + 0.5 * b, "a/loss": a, "b/loss": b}, abs=1e-6)


def test_parts_and_penalty_add_up_to_the_total() -> None:
    meter = _meter()
    for batch, size in enumerate((8, 8, 3)):
        losses = torch.rand(2, generator=drawn(batch))
        rows = [torch.zeros(size)] * 2
        meter.update(rows, rows, list(losses), None, None, torch.tensor(0.1 * batch))
    found = meter.values()
    parts = 2 * found["a/loss"] + 0.5 * found["b/loss"]
    assert found["penalty"] == pytest.approx((0.1 * 8 + 0.2 * 3) / 19)
    assert found["loss"] == pytest.approx(parts + found["penalty"], abs=1e-6)
    assert meter.penalty_sum() == (pytest.approx(0.1 * 8 + 0.2 * 3), 19)
    assert list(found) == ["loss", "a/loss", "b/loss", "penalty"]


def test_without_penalties_there_is_no_such_part() -> None:
    meter = _meter()
    meter.update([torch.zeros(2)] * 2, [torch.zeros(2)] * 2, [torch.tensor(1.0)] * 2)
    assert list(meter.values()) == ["loss", "a/loss", "b/loss"]
    assert meter.penalty_sum() is None


def test_a_batch_in_which_nothing_counts_changes_nothing() -> None:
    meter = _meter()
    rows = [torch.zeros(4)] * 2
    meter.update(rows, rows, [torch.tensor(3.0), torch.tensor(1.0)], [4.0, 4.0])
    meter.update(rows, rows, [torch.tensor(math.nan), torch.tensor(1.0)], [torch.tensor(0.0), 4.0])
    assert meter.values() == {"loss": 6.5, "a/loss": 3.0, "b/loss": 1.0}


def test_a_loss_that_is_not_finite_shows() -> None:
    meter = _meter()
    rows = [torch.zeros(4)] * 2
    meter.update(rows, rows, [torch.tensor(math.nan), torch.tensor(math.inf)])
    (a, _), (b, _) = meter.loss_sums()
    assert math.isnan(a)
    assert math.isinf(b)


def test_names_of_losses() -> None:
    assert loss_values(HEADS, [1.0, 4.0]) == {"loss": 4.0, "a/loss": 1.0, "b/loss": 4.0}
    assert loss_values(HEADS, [1.0, 4.0], 0.5) == {"loss": 4.5, "a/loss": 1.0, "b/loss": 4.0, "penalty": 0.5}


def test_a_meter_that_saw_nothing_has_no_values() -> None:
    meter = _meter()
    assert meter.values() == {}
    assert meter.state()["samples"] == 0


def test_losses_that_were_stored_go_on_to_the_same_bit() -> None:
    whole, first, second = _meter(), _meter(), _meter()
    rows = [torch.zeros(3)] * 2
    for batch in range(50):
        losses = list(torch.rand(2, generator=drawn(batch)))
        penalty = torch.rand((), generator=drawn(100 + batch))
        for meter in (whole, first if batch < 20 else second):
            meter.update(rows, rows, losses, None, None, penalty)
            meter.flush()
        if batch == 19:
            second.load_state(first.state())
    assert second.values() == whole.values()
    assert second.samples == 150


# --- what outputs say, by their loss ----------------------------------------------------------------------------------


def _said(loss: str, outputs: torch.Tensor, targets: torch.Tensor, *names: str, **options: object) -> dict[str, float]:
    kind = losses[loss]
    field = Field("y", "number" if kind.target == "number" else "flag", "target")
    chosen = tuple(metrics[name] for name in names)
    one = OutputObjective("out", field, kind, metrics=chosen, classes=2, options=tuple(options.items()))
    meter = Meter([one], [Head(kind.target, 3)], CPU)
    criterion = Criterion(kind, options)  # type: ignore[arg-type]
    prepared = criterion.prepare(targets)
    for start in range(0, len(targets), 3):
        rows = slice(start, start + 3)
        arranged = criterion.arrange(outputs[rows], prepared[rows])
        count = criterion.count(prepared[rows])
        meter.update([arranged], [prepared[rows]], [criterion(arranged, prepared[rows])], [count])
    return {
        name.removeprefix("out/"): value
        for name, value in meter.values().items()
        if name.removeprefix("out/") != "loss"
    }


def test_probabilities_say_yes_above_a_half() -> None:
    shares, truth = torch.tensor([0.2, 0.45, 0.55, 1.0]), torch.tensor([0.0, 1.0, 1.0, 1.0])
    found = _said("bce", shares[:, None], truth[:, None], "accuracy", "log_loss")
    assert found == pytest.approx(
        {"accuracy": 0.75, "log_loss": log_loss(truth, shares.double())},
        abs=1e-6,
    )


def test_logarithms_of_probabilities_are_scores() -> None:
    scores, truth = torch.randn(20, 3, generator=drawn(1)), torch.arange(20) % 3
    named = ("accuracy", "log_loss", "brier")
    found = _said("nll", scores.log_softmax(1), truth, *named)
    assert found == pytest.approx(_said("cross_entropy", scores, truth, *named), abs=1e-6)


def test_a_mean_with_its_variance_is_measured_as_the_mean() -> None:
    outputs, wanted = torch.randn(20, 2, generator=drawn(2)), torch.randn(20, 1, generator=drawn(3))
    assert _said("gaussian_nll", outputs, wanted, "mae") == _said("mse", outputs[:, :1], wanted, "mae")


@pytest.mark.parametrize("log_input", [True, False])
def test_rates_are_measured_as_rates(log_input: bool) -> None:
    rates, counts = torch.rand(20, 1, generator=drawn(4)) + 0.5, torch.arange(20.0)[:, None]
    found = _said("poisson_nll", rates.log() if log_input else rates, counts, "mae", log_input=log_input)
    assert found["mae"] == pytest.approx(float((rates - counts).abs().mean()))


def test_pairs_are_alike_by_their_cosine_and_distances_by_their_middle() -> None:
    one = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    other = torch.tensor([[1.0, 0.1], [0.0, 1.0], [1.0, 0.0]])
    truth = torch.tensor([1.0, 0.0, 1.0])
    found = _said("cosine_embedding", torch.stack((one, other), 1), truth, "accuracy", "verification_accuracy")
    assert found == pytest.approx({"accuracy": 2 / 3, "verification_accuracy": 2 / 3})
    assert _said("hinge_embedding", torch.tensor([[0.1], [1.5], [0.9]]), truth, "accuracy")["accuracy"] == 2 / 3
    ranked = torch.tensor([[2.0, 1.0], [2.0, 1.0], [0.0, 1.0]])
    assert _said("margin_ranking", ranked, truth, "accuracy")["accuracy"] == pytest.approx(1 / 3)
