"""Metrics of labels are those of scikit-learn; those of sequences those of their plain definitions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from sklearn import metrics as reference
from torch import Tensor

from core.training.meter import Meter
from core.training.statistics import Head
from tests.training.measuring import (
    CPU,
    SAMPLES,
    SIZES,
    WEIGHTED,
    assert_equal,
    drawn,
    measured,
    objective,
    sample_weights,
)

LABELS = 5


def _labels() -> tuple[Tensor, Tensor]:
    truth = (torch.rand(SAMPLES, LABELS, generator=drawn(0)) < 0.35).float()
    scores = ((torch.randn(SAMPLES, LABELS, generator=drawn(1)) + truth) * 4).round() / 4 + 0.1
    # Some samples carry no label, some all; of some none is predicted.
    truth[:5], truth[5:8], scores[3:6] = 0.0, 1.0, -1.0
    return scores, truth


@SIZES
@WEIGHTED
def test_metrics_of_labels_are_those_of_the_whole_set(size: int, weighted: bool) -> None:
    scores, truth = _labels()
    weights, w = sample_weights(weighted=weighted)
    true, said = truth.int().numpy(), (scores > 0).int().numpy()
    functions = {"precision": reference.precision_score, "recall": reference.recall_score, "f1": reference.f1_score}
    expected = {
        name + suffix: function(true, said, average=average, sample_weight=w, zero_division=0)
        for name, function in functions.items()
        for suffix, average in {"": "macro", "_micro": "micro", "_weighted": "weighted"}.items()
    } | {
        "f1_samples": reference.f1_score(true, said, average="samples", sample_weight=w, zero_division=0),
        "subset_accuracy": reference.accuracy_score(true, said, sample_weight=w),
        "hamming": reference.hamming_loss(true, said, sample_weight=w),
        "label_ranking": reference.label_ranking_average_precision_score(true, scores, sample_weight=w),
        "auroc": reference.roc_auc_score(true, scores, sample_weight=w),
        "average_precision": reference.average_precision_score(true, scores, sample_weight=w),
    }
    assert_equal(measured(expected, scores, truth, size=size, target="labels", weights=weights), expected)


def test_a_label_that_never_occurs_does_not_count() -> None:
    scores, truth = _labels()
    scores[:, 0], truth[:, 0] = -1.0, 0.0
    found = measured(["f1", "auroc"], scores, truth, size=64, target="labels")
    kept = measured(["f1", "auroc"], scores[:, 1:], truth[:, 1:], size=64, target="labels")
    assert found == pytest.approx(kept)


# --- sequences --------------------------------------------------------------------------------------------------------


def _distance(one: Sequence[object], other: Sequence[object]) -> int:
    """Levenshtein's distance by its recursive definition, with a table."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i, first in enumerate(one, 1):
        for j, second in enumerate(other, 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (first != second))
    return table[len(one), len(other)]


def _decoded(scores: Tensor) -> list[int]:
    best = scores.argmax(1).tolist()
    return [symbol for symbol, before in zip(best, [0, *best[:-1]], strict=True) if symbol not in (0, before)]


def _words(tokens: Sequence[int], space: int | None) -> list[tuple[int, ...]]:
    if space is None:
        return [(each,) for each in tokens]
    text = "".join(" " if each == space else chr(100 + each) for each in tokens)
    return [tuple(map(ord, word)) for word in text.split()]


def _texts() -> tuple[Tensor, Tensor, list[list[int]], list[list[int]]]:
    """Scores (N, steps, symbols) that mostly say the targets; symbol 2 is the space."""
    symbols, steps, longest = 5, 24, 9
    scores = torch.randn(SAMPLES, steps, symbols, generator=drawn(2))
    targets = torch.randint(1, symbols, (SAMPLES, longest), generator=drawn(3))
    lengths = torch.randint(0, longest + 1, (SAMPLES,), generator=drawn(4))
    targets[torch.arange(longest) >= lengths[:, None]] = -100
    for row in range(SAMPLES):
        for place in range(int(lengths[row])):
            scores[row, 2 * place + 1, targets[row, place]] += 2.0
            scores[row, 2 * place + 2, 0] += 2.0
        if row < 9:  # These are right from beginning to end.
            scores[row] = torch.eye(symbols)[0] * 9
            for place in range(int(lengths[row])):
                scores[row, 2 * place + 1] = torch.eye(symbols)[targets[row, place]]
    meant = [row[row >= 0].tolist() for row in targets]
    return scores, targets, meant, [_decoded(row) for row in scores]


def _rate(meant: Sequence[Sequence[object]], said: Sequence[Sequence[object]], w: np.ndarray) -> float:
    edits = [_distance(one, other) for one, other in zip(meant, said, strict=True)]
    return float(np.dot(edits, w) / np.dot(list(map(len, meant)), w))


@SIZES
@WEIGHTED
@pytest.mark.parametrize("space", [None, 2])
def test_error_rates_without_alignment_are_those_of_the_whole_set(size: int, weighted: bool, space: int | None) -> None:
    scores, targets, meant, said = _texts()
    weights, w = sample_weights(weighted=weighted)
    w = np.ones(SAMPLES) if w is None else w
    words = [[_words(each, space) for each in texts] for texts in (meant, said)]
    expected = {
        "cer": _rate(meant, said, w),
        "wer": _rate(words[0], words[1], w),
        "exact_match": np.average([one == other for one, other in zip(meant, said, strict=True)], weights=w),
    }
    assert 0.02 < expected["exact_match"] < 0.5
    assert_equal(measured(expected, scores, targets, size=size, target="text", weights=weights, space=space), expected)


@SIZES
@WEIGHTED
def test_metrics_of_tokens_are_those_of_the_whole_set(size: int, weighted: bool) -> None:
    scores = torch.randn(SAMPLES, 7, 6, generator=drawn(5))
    targets = torch.randint(0, 7, (SAMPLES, 6), generator=drawn(6))
    scores.scatter_add_(1, targets[:, None], torch.full((SAMPLES, 1, 6), 3.0))
    targets[torch.arange(6) >= torch.randint(1, 7, (SAMPLES, 1), generator=drawn(7))] = -100
    weights, w = sample_weights(weighted=weighted)
    w = np.ones(SAMPLES) if w is None else w
    there = (targets >= 0).numpy()
    each = (there * w[:, None])[there]
    true, said = targets.numpy(), scores.argmax(1).numpy()
    shares = scores.double().softmax(1).movedim(1, -1).numpy()[there]
    surprise = reference.log_loss(true[there], shares, labels=range(7), sample_weight=each)
    rows = [(true[i][there[i]].tolist(), said[i][there[i]].tolist()) for i in range(SAMPLES)]
    expected = {
        "token_accuracy": reference.accuracy_score(true[there], said[there], sample_weight=each),
        "perplexity": math.exp(surprise),
        "bits_per_token": surprise / math.log(2),
        "exact_match": np.average([one == other for one, other in rows], weights=w),
        "cer": _rate([one for one, _ in rows], [other for _, other in rows], w),
        "wer": _rate([one for one, _ in rows], [other for _, other in rows], w),
    }
    assert_equal(measured(expected, scores, targets, size=size, weights=weights), expected)


def test_sequences_of_other_lengths_may_come_in_every_batch() -> None:
    scores, targets, meant, said = _texts()
    whole = measured(["cer"], scores, targets, size=SAMPLES, target="text")
    assert whole["cer"] == pytest.approx(_rate(meant, said, np.ones(SAMPLES)))
    meter = Meter([objective("text", ["cer"])], [Head("text")], CPU)
    for start in range(0, SAMPLES, 10):
        part = targets[start : start + 10]
        longest = max(1, int((part >= 0).sum(1).max()))
        meter.update([scores[start : start + 10]], [part[:, :longest]], [torch.tensor(1.0)])
    assert meter.values()["out/cer"] == pytest.approx(whole["cer"])


def test_an_impossible_token_makes_perplexity_infinite() -> None:
    scores = torch.tensor([[[0.0], [5000.0]]])
    found = measured(["perplexity"], scores, torch.zeros(1, 1, dtype=torch.int64), size=1)
    assert found["perplexity"] == math.inf


def test_words_are_told_apart_by_the_order_of_their_letters() -> None:
    def said(text: Sequence[int]) -> Tensor:
        return torch.nn.functional.one_hot(torch.tensor([text]), 9).float()

    meant = torch.tensor([[3, 4, 2, 2, 5, 3]])
    found = measured(["wer"], said([3, 4, 0, 2, 3, 5, 2]), meant, size=1, target="text", space=2)
    assert found["wer"] == 0.5
    found = measured(["wer"], said([2, 3, 4, 2, 5, 3, 0]), meant, size=1, target="text", space=2)
    assert found["wer"] == 0.0
