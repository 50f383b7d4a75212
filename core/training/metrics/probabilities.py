"""How good the probabilities are: log loss, Brier score and calibration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.training.metrics._by_class import quotient
from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor


def log_loss(sums: Tensor) -> float:
    """Return the mean of -log of the true class's probability."""
    return quotient(float(sums[1]), float(sums[0]))


def brier(sums: Tensor) -> float:
    """Return the mean squared distance of the probabilities from what is true."""
    return quotient(float(sums[2]), float(sums[0]))


def calibration_error(sums: Tensor) -> float:
    """Return the mean, over samples, of the gap between confidence and accuracy in the bin of the confidence."""
    _weight, confidence, right = sums[3:].view(3, -1)
    return quotient(float((confidence - right).abs().sum()), float(sums[0]))


def perplexity(sums: Tensor) -> float:
    """Return e to the mean of -log of the true token's probability."""
    mean = quotient(float(sums[2]), float(sums[0]))
    return math.exp(mean) if mean < 700 else math.inf


def bits_per_token(sums: Tensor) -> float:
    """Return the mean of -log2 of the true token's probability."""
    return quotient(float(sums[2]), float(sums[0])) / math.log(2)


KINDS = (
    MetricKind(
        "log_loss",
        "Log loss",
        "How surprised the probabilities are by the truth, without class weights or smoothing.",
        ("class", "binary"),
        "probabilities",
        log_loss,
        "lower",
        "-mean log p(y)",
        "Good, Rational decisions, 1952",
        apart=("text",),
    ),
    MetricKind(
        "brier",
        "Brier score",
        "Squared distance of the probabilities from what is true; half of it for two classes.",
        ("class", "binary"),
        "probabilities",
        brier,
        "lower",
        "mean Σ (p - y)²",
        "Brier, Verification of forecasts expressed in terms of probability, 1950",
        apart=("text",),
    ),
    MetricKind(
        "calibration_error",
        "Calibration error (ECE)",
        "How far the confidence is from the share that is right, over 15 bins of confidence.",
        ("class", "binary"),
        "probabilities",
        calibration_error,
        "lower",
        "Σ |right - confidence| over bins / N",
        "Guo et al., On calibration of modern neural networks, 2017",
        apart=("text",),
    ),
    MetricKind(
        "perplexity",
        "Perplexity",
        "Among how many equally likely tokens the network is undecided, on average.",
        ("class",),
        "tokens",
        perplexity,
        "lower",
        "exp(-mean log p(token))",
        "Jelinek et al., Perplexity: a measure of the difficulty of speech recognition tasks, 1977",
        automatic=("class",),
        meanings=("text",),
    ),
    MetricKind(
        "bits_per_token",
        "Bits per token",
        "How many bits the network needs to write a token down; bits per byte where tokens are bytes.",
        ("class",),
        "tokens",
        bits_per_token,
        "lower",
        "-mean log₂ p(token)",
        "Shannon, A mathematical theory of communication, 1948",
        meanings=("text",),
    ),
)
