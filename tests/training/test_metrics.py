"""Metrics of classes over batches of any size are those of scikit-learn over the whole set."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as reference

from core.training.meter import Meter
from core.training.metrics import metrics
from core.training.statistics import Head, make
from core.training.statistics.classes import MOST_CLASSES
from tests.training.measuring import CPU, SAMPLES, SIZES, WEIGHTED, assert_equal, drawn, measured, metered, objective
from tests.training.measuring import sample_weights as weights_of

CLASSES = 6


def _quietly(function: Any, *arguments: Any, **options: Any) -> Any:
    """Call scikit-learn where it warns of classes that are never true or never predicted, which is meant here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def _averages(truth: np.ndarray, predicted: np.ndarray, averages: dict[str, str], w: Any = None) -> dict[str, float]:
    functions = {"precision": reference.precision_score, "recall": reference.recall_score, "f1": reference.f1_score}
    return {
        name + suffix: _quietly(function, truth, predicted, average=average, sample_weight=w)
        for name, function in functions.items()
        for suffix, average in averages.items()
    }


def _specificity(truth: np.ndarray, predicted: np.ndarray, w: Any = None) -> list[float]:
    present = sorted(set(truth) | set(predicted))
    tables = reference.multilabel_confusion_matrix(truth, predicted, labels=present, sample_weight=w)
    return [table[0, 0] / table[0].sum() for table in tables]


def _by_counts(truth: np.ndarray, predicted: np.ndarray, w: Any = None) -> dict[str, float]:
    return {
        "accuracy": reference.accuracy_score(truth, predicted, sample_weight=w),
        "balanced_accuracy": _quietly(reference.balanced_accuracy_score, truth, predicted, sample_weight=w),
        "kappa": reference.cohen_kappa_score(truth, predicted, sample_weight=w),
        "kappa_quadratic": reference.cohen_kappa_score(truth, predicted, weights="quadratic", sample_weight=w),
        "mcc": reference.matthews_corrcoef(truth, predicted, sample_weight=w),
        "specificity": float(np.mean(_specificity(truth, predicted, w))),
        "iou": reference.jaccard_score(truth, predicted, average="macro", sample_weight=w),
        "dice": reference.f1_score(truth, predicted, average="macro", sample_weight=w),
        **_averages(truth, predicted, {"": "macro", "_micro": "micro", "_weighted": "weighted"}, w),
    }


def _calibration(shares: np.ndarray, truth: np.ndarray, w: np.ndarray) -> float:
    """The definition of Guo et al., bin by bin."""
    confidence, right = shares.max(1), shares.argmax(1) == truth
    total = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            share = w[inside].sum() / w.sum()
            gap = np.average(right[inside], weights=w[inside]) - np.average(confidence[inside], weights=w[inside])
            total += share * abs(gap)
    return total


def _many() -> tuple[torch.Tensor, torch.Tensor]:
    """Scores of six classes, one of which is never true, so that metrics by class have something to leave out."""
    truth = torch.randint(0, CLASSES - 1, (SAMPLES,), generator=drawn(0))
    scores = torch.randn(SAMPLES, CLASSES, generator=drawn(1))
    scores[torch.arange(SAMPLES), truth] += 1.0
    return scores, truth


@SIZES
@WEIGHTED
def test_metrics_of_counts_are_those_of_the_whole_set(size: int, weighted: bool) -> None:
    scores, truth = _many()
    weights, w = weights_of(weighted=weighted)
    expected = _by_counts(truth.numpy(), scores.argmax(1).numpy(), w)
    assert_equal(measured(expected, scores, truth, size=size, weights=weights), expected)


@SIZES
@WEIGHTED
def test_metrics_of_probabilities_are_those_of_the_whole_set(size: int, weighted: bool) -> None:
    scores, truth = _many()
    weights, w = weights_of(weighted=weighted)
    shares = scores.double().softmax(1).numpy()
    labels = range(CLASSES)
    wide = np.eye(CLASSES)[truth.numpy()]
    expected = {
        "log_loss": reference.log_loss(truth, shares, labels=labels, sample_weight=w),
        "brier": reference.brier_score_loss(truth, shares, labels=list(labels), sample_weight=w),
        "calibration_error": _calibration(shares, truth.numpy(), np.ones(SAMPLES) if w is None else w),
        "top_1": reference.accuracy_score(truth, scores.argmax(1), sample_weight=w),
        "top_3": reference.top_k_accuracy_score(truth, scores, k=3, labels=labels, sample_weight=w),
        "top_5": reference.top_k_accuracy_score(truth, scores, k=5, labels=labels, sample_weight=w),
        # The class that is never true has no curve.
        "auroc": np.mean([reference.roc_auc_score(wide[:, i], shares[:, i], sample_weight=w) for i in range(5)]),
        "average_precision": np.mean(
            [reference.average_precision_score(wide[:, i], shares[:, i], sample_weight=w) for i in range(5)]
        ),
    }
    assert_equal(measured(expected, scores, truth, size=size, weights=weights), expected)


def test_the_area_under_the_curves_is_one_against_the_rest() -> None:
    scores, truth = _many()
    scores = scores[:, :5].contiguous()
    expected = reference.roc_auc_score(truth, scores.double().softmax(1).numpy(), multi_class="ovr", average="macro")
    assert_equal(measured(["auroc"], scores, truth, size=7), {"auroc": expected})


@SIZES
@WEIGHTED
def test_metrics_of_yes_and_no_are_those_of_the_whole_set(size: int, weighted: bool) -> None:
    truth = torch.rand(SAMPLES, generator=drawn(2)) < 0.3
    # Rounded, so that many scores are equal.
    scores = ((torch.randn(SAMPLES, generator=drawn(3)) + truth) * 5).round() / 5
    scores = torch.where(scores == 0, 0.1, scores)
    weights, w = weights_of(weighted=weighted)
    said, share, true = (scores > 0).numpy(), scores.double().sigmoid().numpy(), truth.numpy()
    both = np.stack((1 - share, share), 1)
    expected = {
        **_by_counts(true, said, w),
        **_averages(true, said, {"_positive": "binary"}, w),
        "specificity_positive": reference.recall_score(true, said, pos_label=0, sample_weight=w),
        "iou_positive": reference.jaccard_score(true, said, sample_weight=w),
        "dice_positive": reference.f1_score(true, said, sample_weight=w),
        "log_loss": reference.log_loss(true, share, sample_weight=w),
        "brier": reference.brier_score_loss(true, share, sample_weight=w),
        "calibration_error": _calibration(both, true, np.ones(SAMPLES) if w is None else w),
        "auroc": reference.roc_auc_score(true, share, sample_weight=w),
        "average_precision": reference.average_precision_score(true, share, sample_weight=w),
        "verification_accuracy": max(
            reference.accuracy_score(true, share >= limit, sample_weight=w) for limit in [*share, 2.0]
        ),
    }
    found = measured(expected, scores, truth.float(), size=size, target="binary", weights=weights)
    assert_equal(found, expected)


@SIZES
def test_pixels_that_do_not_count_are_left_out(size: int) -> None:
    scores = torch.randn(SAMPLES, 3, 4, 5, generator=drawn(4))
    truth = torch.randint(0, 3, (SAMPLES, 4, 5), generator=drawn(5))
    truth[torch.rand(truth.shape, generator=drawn(6)) < 0.3] = -100
    counts = truth.numpy() >= 0
    true, said = truth.numpy()[counts], scores.argmax(1).numpy()[counts]
    expected = {
        "pixel_accuracy": reference.accuracy_score(true, said),
        "iou": reference.jaccard_score(true, said, average="macro"),
        "dice": reference.f1_score(true, said, average="macro"),
        "log_loss": reference.log_loss(true, scores.double().softmax(1).movedim(1, -1).numpy()[counts]),
        "top_3": 1.0,
    }
    assert_equal(measured(expected, scores, truth, size=size), expected)


def test_weights_count_for_every_pixel_of_a_sample() -> None:
    scores = torch.randn(9, 3, 2, 2, generator=drawn(7))
    truth = torch.randint(0, 3, (9, 2, 2), generator=drawn(8))
    weights = torch.arange(9) + 1.0
    spread = weights.repeat_interleave(4).numpy()
    expected = reference.accuracy_score(truth.flatten(), scores.argmax(1).flatten(), sample_weight=spread)
    assert_equal(measured(["accuracy"], scores, truth, size=4, weights=weights), {"accuracy": expected})


def test_one_class_only() -> None:
    scores = torch.tensor([[2.0, 1.0, 0.0]]).repeat(10, 1)
    truth = torch.zeros(10, dtype=torch.int64)
    names = ["accuracy", "balanced_accuracy", "f1", "mcc", "kappa", "kappa_quadratic", "auroc", "average_precision"]
    found = measured(names, scores, truth, size=3)
    # Agreement by chance and areas under curves that do not exist are left out.
    assert_equal(found, {"accuracy": 1, "balanced_accuracy": 1, "f1": 1, "mcc": 0, "average_precision": 1})
    assert _quietly(reference.matthews_corrcoef, truth, scores.argmax(1)) == 0


def test_nothing_predicted_as_yes_is_no_division_by_zero() -> None:
    truth = torch.tensor([1.0, 0.0, 1.0])
    names = ["precision_positive", "recall_positive", "f1_positive", "specificity_positive"]
    found = measured(names, torch.full((3,), -1.0), truth, size=2, target="binary")
    assert_equal(found, dict(zip(names, [0, 0, 0, 1], strict=True)))


def test_a_sure_mistake_costs_no_more_than_in_scikit_learn() -> None:
    scores = torch.tensor([[200.0, 0.0], [0.0, 3.0]])
    truth = torch.tensor([1, 1])
    expected = reference.log_loss(truth, scores.double().softmax(1).numpy(), labels=[0, 1])
    assert_equal(measured(["log_loss"], scores, truth, size=1), {"log_loss": expected})


def test_equal_scores_are_ranked_as_in_scikit_learn() -> None:
    scores = torch.randint(0, 3, (SAMPLES, CLASSES), generator=drawn(9)).float()
    truth = torch.randint(0, CLASSES, (SAMPLES,), generator=drawn(10))
    expected = {
        f"top_{k}": reference.top_k_accuracy_score(truth, scores, k=k, labels=range(CLASSES)) for k in (1, 2, 3, 5)
    }
    assert_equal(measured(expected, scores, truth, size=64), expected)


def test_top_k_is_found_by_any_number() -> None:
    assert metrics["top_7"].title == "Top-7 accuracy"
    assert metrics.find("top_7") is not None
    assert "top_10" in metrics
    for wrong in ("top_0", "top_07", "top_x", "top_", "f1_3", "top_1000", "top_²"):
        assert wrong not in metrics
    assert [each.id for each in metrics if each.id.startswith("top_")] == ["top_3", "top_5"]


@WEIGHTED
def test_thousands_of_classes_are_counted_without_a_matrix(weighted: bool) -> None:
    classes = MOST_CLASSES + 1
    truth = torch.randint(0, classes, (SAMPLES,), generator=drawn(11))
    scores = torch.randn(SAMPLES, classes, generator=drawn(12))
    scores[torch.arange(SAMPLES), truth] += 3.0
    weights, w = weights_of(weighted=weighted)
    true, said = truth.numpy(), scores.argmax(1).numpy()
    expected = {
        "accuracy": reference.accuracy_score(true, said, sample_weight=w),
        "f1": reference.f1_score(true, said, average="macro", sample_weight=w),
        "mcc": reference.matthews_corrcoef(true, said, sample_weight=w),
        # Classes that do not occur keep their place between the others.
        "kappa_quadratic": reference.cohen_kappa_score(
            true, said, labels=range(classes), weights="quadratic", sample_weight=w
        ),
    }
    meter, found = metered(expected, scores, truth, size=50, weights=weights)
    assert_equal(found, expected)
    assert meter.confusion("out") is None


def test_the_confusion_matrix_is_there_as_counts() -> None:
    scores, truth = _many()
    meter, _ = metered(["accuracy"], scores, truth, size=64)
    matrix = meter.confusion("out")
    assert matrix is not None
    assert matrix.tolist() == reference.confusion_matrix(truth, scores.argmax(1), labels=range(CLASSES)).tolist()
    assert meter.confusion("another") is None


def test_single_classes_can_be_looked_at() -> None:
    scores, truth = _many()
    meter, _ = metered(["f1"], scores, truth, size=50)
    found = meter.by_class("out")
    said = scores.argmax(1).numpy()
    labels = list(range(CLASSES))
    rows = _quietly(reference.precision_recall_fscore_support, truth, said, labels=labels)
    for name, expected in zip(("precision", "recall", "f1", "samples"), rows, strict=True):
        assert found[name] == pytest.approx(expected)
    assert found["iou"] == pytest.approx(_quietly(reference.jaccard_score, truth, said, labels=labels, average=None))


def test_single_labels_can_be_looked_at() -> None:
    scores, truth = torch.tensor([[1.0, -1.0], [1.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    meter, _ = metered(["f1"], scores, truth, size=1, target="labels")
    found = meter.by_class("out")
    assert found["samples"] == found["recall"] == [1.0, 1.0]
    assert found["precision"] == [0.5, 1.0]
    assert meter.by_class("another") == {}


@pytest.mark.parametrize("weighted", [False, True])
def test_what_was_measured_in_inference_mode_is_read_outside(weighted: bool) -> None:
    scores, truth = _many()
    weights = torch.rand(SAMPLES, generator=drawn(15)) if weighted else None
    names = [each.id for each in metrics if each.suits("class", "category", 6)]
    meter = Meter([objective("class", names, CLASSES)], [Head(width=CLASSES)], CPU)
    with torch.inference_mode():
        for part in torch.arange(SAMPLES).split(5):
            some = None if weights is None else weights[part]
            meter.update([scores[part] * 1], [truth[part]], [torch.tensor(0.5)], None, some)
    found = {name.removeprefix("out/"): value for name, value in meter.values().items()}
    assert found == pytest.approx(measured(names, scores, truth, size=64, weights=weights))


def test_unknown_places_leave_metrics_out_where_nothing_counts() -> None:
    truth = torch.full((4,), -100)
    found = measured(["accuracy", "log_loss", "top_3", "auroc"], torch.randn(4, 3, generator=drawn(13)), truth, size=2)
    assert_equal(found, {})


def test_every_kind_of_target_has_automatic_metrics() -> None:
    def chosen(target: Any, meaning: str = "", classes: int = 0) -> list[str]:
        return [each.id for each in metrics if each.chosen(target, meaning, classes)]

    assert chosen("class", "category", 3) == chosen("binary", "flag", 2) == chosen("class") == ["accuracy"]
    assert chosen("class", "mask", 3) == ["pixel_accuracy", "iou"]
    assert chosen("class", "text", 90) == ["token_accuracy", "perplexity"]
    assert chosen("text", "text", 30) == ["cer"]
    assert chosen("labels", "labels", 4) == ["subset_accuracy", "hamming", "f1"]
    assert chosen("number", "number") == ["mae", "r2"]
    assert chosen("none") == []


def test_metrics_of_two_classes_are_for_two_classes() -> None:
    kind = metrics["f1_positive"]
    assert kind.suits("binary")
    assert kind.suits("class", "category", 2)
    assert not kind.suits("class", "category", 3)
    assert not metrics["psnr"].suits("number", "number")
    assert metrics["psnr"].suits("number", "image")
    assert not metrics["mae"].suits("class")


def test_every_metric_says_what_it_is() -> None:
    for metric in metrics:
        assert metric.title
        assert metric.help.endswith(".")
        assert metric.formula
        assert metric.targets
        for target in metric.targets:
            make(metric.statistic_for(target), Head(target, 3), CPU)
    assert len({each.title for each in metrics}) == len(list(metrics))


def test_sums_of_every_metric_that_were_stored_go_on_to_the_same_bit() -> None:
    scores, truth = _many()
    names = [each.id for each in metrics if each.suits("class", "category", 6)]
    whole, first, second = (Meter([objective("class", names, CLASSES)], [Head(width=CLASSES)], CPU) for _ in range(3))
    weights = torch.rand(SAMPLES, generator=drawn(14))
    for meter, rows in ((whole, slice(0, 40)), (whole, slice(40, None)), (first, slice(0, 40))):
        meter.update([scores[rows]], [truth[rows]], [torch.tensor(1.0)], [3.0], weights[rows], torch.tensor(0.25))
        meter.flush()
    state = first.state()
    first.update([scores[:9]], [truth[:9]], [torch.tensor(1.0)])
    first.flush()  # What was stored is a copy.
    second.load_state(state)
    rows = slice(40, None)
    second.update([scores[rows]], [truth[rows]], [torch.tensor(1.0)], [3.0], weights[rows], torch.tensor(0.25))
    assert second.values() == whole.values()
