"""Metrics of numbers over batches of any size are those of scikit-learn and scipy, in the target's own units."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from sklearn import metrics as reference
from torch import Tensor

from core.training.metrics import metrics
from core.training.statistics import kept
from tests.training.measuring import SAMPLES, SIZES, WEIGHTED, assert_equal, drawn, measured, metered, sample_weights

SCALE, OFFSET = 77.0, 400.0


def _values(mean: float = 0.0) -> tuple[Tensor, Tensor]:
    wanted = torch.randn(SAMPLES, generator=drawn(0)) + mean
    return wanted + 0.3 * torch.randn(SAMPLES, generator=drawn(1)), wanted


def _own(values: Tensor) -> np.ndarray:
    found: np.ndarray = (values.double() * SCALE + OFFSET).numpy()
    return found


def _expected(given: np.ndarray, wanted: np.ndarray, w: np.ndarray | None = None) -> dict[str, float]:
    ones = np.ones(len(wanted)) if w is None else w
    covariance = np.cov(given, wanted, aweights=ones, ddof=0)
    symmetric = 2 * np.abs(given - wanted) / (np.abs(given) + np.abs(wanted))
    return {
        "mae": reference.mean_absolute_error(wanted, given, sample_weight=w),
        "mse": reference.mean_squared_error(wanted, given, sample_weight=w),
        "rmse": reference.root_mean_squared_error(wanted, given, sample_weight=w),
        "max_error": reference.max_error(wanted, given),
        "r2": reference.r2_score(wanted, given, sample_weight=w),
        "explained_variance": reference.explained_variance_score(wanted, given, sample_weight=w),
        "mape": reference.mean_absolute_percentage_error(wanted, given, sample_weight=w),
        "smape": np.average(symmetric, weights=w),
        "pearson": covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]),
        "spearman": stats.spearmanr(given, wanted).statistic,
        "poisson_deviance": reference.mean_poisson_deviance(wanted, given, sample_weight=w),
    }


@SIZES
@WEIGHTED
@pytest.mark.parametrize("mean", [0.0, 1000.0])
def test_metrics_are_those_of_the_whole_set(size: int, weighted: bool, mean: float) -> None:
    given, wanted = _values(mean)
    weights, w = sample_weights(weighted=weighted)
    expected = _expected(_own(given), _own(wanted), w)
    found = measured(
        expected, given, wanted, size=size, target="number", weights=weights, scale=SCALE, offset=OFFSET, centre=mean
    )
    assert_equal(found, expected)


@SIZES
def test_padding_of_sequences_does_not_count(size: int) -> None:
    wanted = torch.randn(SAMPLES, 6, generator=drawn(2))
    given = wanted + torch.randn(SAMPLES, 6, generator=drawn(3))
    wanted[torch.rand(wanted.shape, generator=drawn(4)) < 0.4] = torch.nan
    there = ~wanted.isnan()
    expected = _expected(_own(given[there]), _own(wanted[there]))
    found = measured(expected, given, wanted, size=size, target="number", scale=SCALE, offset=OFFSET)
    assert_equal(found, expected)


def test_the_two_known_correlations_agree_with_scipy() -> None:
    given, wanted = _values()
    expected = {
        "pearson": stats.pearsonr(given, wanted).statistic,
        "spearman": stats.spearmanr(given, wanted).statistic,
    }
    assert_equal(measured(expected, given, wanted, size=7, target="number"), expected)


def test_equal_values_share_their_rank() -> None:
    given, wanted = ((each * 3).round() for each in _values())
    expected = {"spearman": stats.spearmanr(given, wanted).statistic}
    assert_equal(measured(expected, given, wanted, size=7, target="number"), expected)


@pytest.mark.parametrize(("error", "r2"), [(0.0, 1.0), (0.5, 0.0)])
def test_a_constant_target_is_as_in_scikit_learn(error: float, r2: float) -> None:
    wanted = torch.full((20,), 3.0)
    given = wanted + error
    found = measured(
        ["r2", "explained_variance", "pearson", "spearman"], given, wanted, size=7, target="number", centre=3.0
    )
    # Correlations with a constant do not exist and are left out.
    assert_equal(found, {"r2": r2, "explained_variance": 1.0})
    assert reference.r2_score(wanted, given) == r2
    assert reference.explained_variance_score(wanted, given) == 1.0


def test_rates_that_are_not_above_zero_have_no_deviance() -> None:
    found = measured(["poisson_deviance", "mae"], torch.tensor([0.0, 1.0]), torch.ones(2), size=1, target="number")
    assert_equal(found, {"mae": 0.5})


def test_counts_of_zero_have_a_deviance() -> None:
    given, wanted = torch.tensor([0.5, 2.0, 3.0]), torch.tensor([0.0, 1.0, 5.0])
    expected = {"poisson_deviance": reference.mean_poisson_deviance(wanted, given)}
    assert_equal(measured(expected, given, wanted, size=2, target="number"), expected)


@SIZES
@WEIGHTED
def test_cosines_are_averaged_over_samples(size: int, weighted: bool) -> None:
    given, wanted = (torch.randn(SAMPLES, 5, generator=drawn(seed)) for seed in (5, 6))
    weights, w = sample_weights(weighted=weighted)
    cosines = reference.pairwise.paired_cosine_distances(given.double(), wanted.double())
    expected = {"cosine_similarity": np.average(1 - cosines, weights=w)}
    assert_equal(measured(expected, given, wanted, size=size, target="number", weights=weights), expected)


# --- images -----------------------------------------------------------------------------------------------------------


def _images(height: int = 17) -> tuple[Tensor, Tensor]:
    wanted = torch.rand(20, 3, height, 14, generator=drawn(7))
    return (wanted + 0.1 * torch.randn(wanted.shape, generator=drawn(8))).clamp(0, 1), wanted


def _similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Wang et al., with the Gaussian blur of scipy, cut to 11 pixels, where the window lies inside."""

    def blurred(image: np.ndarray) -> np.ndarray:
        whole: np.ndarray = ndimage.gaussian_filter(image, 1.5, radius=5)
        return whole[5:-5, 5:-5]

    means = blurred(one), blurred(other)
    spreads = [blurred(image * image) - mean**2 for image, mean in zip((one, other), means, strict=True)]
    both = blurred(one * other) - means[0] * means[1]
    c1, c2 = 0.01**2, 0.03**2
    upper = (2 * means[0] * means[1] + c1) * (2 * both + c2)
    return float((upper / ((means[0] ** 2 + means[1] ** 2 + c1) * (spreads[0] + spreads[1] + c2))).mean())


@pytest.mark.parametrize("size", [1, 7, 20])
def test_images_are_compared_one_by_one(size: int) -> None:
    given, wanted = _images()
    pairs = [(one.double().numpy(), other.double().numpy()) for one, other in zip(given, wanted, strict=True)]
    expected = {
        "psnr": np.mean([10 * np.log10(1 / np.mean((one - other) ** 2)) for one, other in pairs]),
        "ssim": np.mean([_similarity(a, b) for one, other in pairs for a, b in zip(one, other, strict=True)]),
    }
    found = measured(
        expected, (given - 0.4) / 0.2, (wanted - 0.4) / 0.2, size=size, target="number", scale=0.2, offset=0.4
    )
    assert found == pytest.approx(found | expected, rel=1e-5)


def test_bytes_are_compared_over_their_span() -> None:
    given, wanted = _images()
    names = ["psnr", "ssim"]
    found = measured(names, given * 255, wanted * 255, size=8, target="number", span=255.0)
    assert found == pytest.approx(measured(names, given, wanted, size=8, target="number"), rel=1e-4)


@pytest.mark.parametrize("height", [1, 4, 11])
def test_equal_images_are_equal_however_small(height: int) -> None:
    _, wanted = _images(height)
    assert_equal(measured(["psnr", "ssim"], wanted, wanted, size=6, target="number"), {"psnr": 100.0, "ssim": 1.0})


# --- values that are kept ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 64, 3000])
def test_beyond_what_can_be_kept_a_random_part_stays_that_does_not_depend_on_batches(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_VALUES", 3000)
    # The classes take turns, so that every second row would be of one class only.
    truth = (torch.arange(3000) % 2).float()
    scores = torch.randn(3000, generator=drawn(9)) + truth
    meter, found = metered(["auroc", "accuracy"], scores, truth, size=size, target="binary")
    whole = reference.roc_auc_score(truth, scores)
    assert found["auroc"] == pytest.approx(whole, abs=0.05)
    assert found["auroc"] == measured(["auroc"], scores, truth, size=500, target="binary")["auroc"]
    (note,) = meter.notes().values()
    assert note.startswith("estimated from ")
    assert note.endswith(" of 3,000 values, drawn at random")
    assert set(meter.notes()) == {"out/auroc"}


def test_what_was_thinned_and_stored_goes_on_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_VALUES", 300)
    given, wanted = _values()
    whole, found = metered(["spearman"], given, wanted, size=50, target="number")
    first, _ = metered(["spearman"], given[:150], wanted[:150], size=50, target="number")
    second, _ = metered(["spearman"], given[:1], wanted[:1], size=1, target="number")
    second.load_state(first.state())
    second.update([given[150:]], [wanted[150:]], [torch.tensor(0.5)])
    assert second.values()["out/spearman"] == found["spearman"]
    assert second.notes() == whole.notes() != {}


def test_what_is_kept_is_all_below_the_limit() -> None:
    given, wanted = _values()
    meter, _ = metered(["spearman", "mae"], given, wanted, size=50, target="number")
    assert meter.notes() == {}
    assert metrics["spearman"].statistic == "kept"
