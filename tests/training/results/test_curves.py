"""Thinned curves keep their ends, their number of points and their areas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from core.training.results.curves import MOST_POINTS, curve_of


def _rows(truth: np.ndarray, scores: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack([np.ones(len(truth)), truth, scores], 1))


@pytest.mark.parametrize("share", [0.5, 0.02, 0.0005])
@pytest.mark.parametrize("skill", [0.0, 0.7, 4.0])
@pytest.mark.parametrize("digits", [15, 2])
def test_areas_stay_within_a_thousandth(share: float, skill: float, digits: int) -> None:
    random = np.random.default_rng(round(share * 1e5 + skill * 10 + digits))
    truth = (random.random(40_000) < share).astype(float)
    scores = (random.normal(size=len(truth)) + skill * truth).round(digits)
    curve = curve_of(_rows(truth, scores), 0, "yes")
    assert curve.auroc == pytest.approx(reference.roc_auc_score(truth, scores), abs=1e-9)
    assert curve.average_precision == pytest.approx(reference.average_precision_score(truth, scores), abs=1e-9)
    (fallout, hits), (recall, precision) = curve.roc, curve.precision_recall
    assert max(len(fallout), len(recall)) <= MOST_POINTS
    assert np.trapezoid(hits, fallout) == pytest.approx(curve.auroc, abs=1e-3)
    assert np.sum(np.diff(recall) * precision[1:]) == pytest.approx(curve.average_precision, abs=1e-3)
    assert (fallout[0], hits[0], fallout[-1], hits[-1]) == (0, 0, 1, 1)
    assert (recall[0], recall[-1]) == (0, 1)
    assert (np.diff(fallout) >= 0).all()
    assert (np.diff(recall) >= 0).all()


def test_a_class_without_samples_has_no_area() -> None:
    curve = curve_of(_rows(np.zeros(5), np.arange(5.0)), 0, "never")
    assert np.isnan(curve.auroc)
    assert np.isnan(curve.average_precision)
    assert curve.positives == 0
