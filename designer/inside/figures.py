"""The figures of a layer while it learns: what they are called, how they are written, and when one looks wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication

from core.training.diagnostics.advice import DEAD, LARGE_UPDATE, SATURATED, SMALL_UPDATE, VANISHING
from core.units import duration

Verdict = Literal["", "low", "high"]
"""Outside the range of a rule of thumb, below or above it; empty: within, or there is no rule."""
MARKS: Mapping[Verdict, str] = {"": "", "low": "▼", "high": "▲"}


def _number(value: float) -> str:
    return f"{value:.3g}"


def _share(value: float) -> str:
    return f"{value * 100:.3g} %"


def seconds_text(value: float) -> str:
    """Write a time of a layer: milliseconds where it is short, as it mostly is."""
    if value < 1e-3:
        return f"{value * 1e6:.3g} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else duration(value)


@dataclass(frozen=True)
class Figure:
    """One column: the key that events have for it, and how it is written. ``logarithmic``: its curve is, too."""

    key: str
    written: Callable[[float], str] = _number
    logarithmic: bool = False
    least: float | None = None
    most: float | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return _titles()[self.key][0]

    @property
    def tip(self) -> str:
        """What it is, and what is usual."""
        return _titles()[self.key][1]

    def judge(self, value: float, largest: float) -> Verdict:
        """Say whether a value is outside what is usual; ``largest`` is the largest of all layers."""
        if self.key == "gradient_norm":
            return "low" if value < VANISHING * largest else ""
        if self.least is not None and 0 < value < self.least:
            return "low"
        return "high" if self.most is not None and value >= self.most else ""


FIGURES: tuple[Figure, ...] = (
    Figure("gradient_norm", logarithmic=True),
    Figure("update_ratio", logarithmic=True, least=SMALL_UPDATE, most=LARGE_UPDATE),
    Figure("dead", _share, most=DEAD),
    Figure("saturated", _share, most=SATURATED),
    Figure("weight_norm"),
    Figure("mean"),
    Figure("std"),
    Figure("forward_seconds", seconds_text),
    Figure("backward_seconds", seconds_text),
    Figure("min"),
    Figure("max"),
)
BY_KEY: Mapping[str, Figure] = {each.key: each for each in FIGURES}
ON_NODES = ("gradient_norm", "update_ratio", "dead", "saturated", "weight_norm", "forward_seconds", "backward_seconds")
"""Those by which nodes are coloured: they are never below 0, so that they have a share of the largest."""
PREFIX = "inside_"
"""What the measures of the canvas's colours begin with that are these."""
BROKEN = ("activations_not_finite", "gradients_not_finite", "weights_not_finite")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Inside", text)


def _titles() -> dict[str, tuple[str, str]]:
    return {
        "gradient_norm": (
            _tr("Gradient"),
            _tr("Norm of the gradient that the optimizer was given.\n▼ a hundred-thousandth of the largest or less."),
        ),
        "update_ratio": (
            _tr("Update"),
            _tr("How far a step moves the weights, relative to them: 0.001 is usual.\n▲ from 0.03, ▼ below 1e-5."),
        ),
        "dead": (_tr("Dead"), _tr("Units of a ReLU that give 0 for every sample looked at.\n▲ from 40 %.")),
        "saturated": (
            _tr("Saturated"),
            _tr("Outputs of tanh, sigmoid and their like at an end of their range.\n▲ from 50 %."),
        ),
        "weight_norm": (_tr("Weights"), _tr("Norm of the weights.")),
        "mean": (_tr("Mean"), _tr("Mean of the outputs.")),
        "std": (_tr("Std"), _tr("Standard deviation of the outputs.")),
        "min": (_tr("Min"), _tr("Smallest output.")),
        "max": (_tr("Max"), _tr("Largest output.")),
        "forward_seconds": (_tr("Forward"), _tr("Time of the forward pass of the samples looked at.")),
        "backward_seconds": (_tr("Backward"), _tr("Time of the backward pass of the samples looked at.")),
    }


def judged(figures: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, Verdict]]:
    """Return what is outside its range, by node and figure."""
    largest = max((each.get("gradient_norm", 0.0) for each in figures.values()), default=0.0)
    found: dict[str, dict[str, Verdict]] = {}
    for node, values in figures.items():
        for key, value in values.items():
            verdict = BY_KEY[key].judge(value, largest) if key in BY_KEY else ""
            if verdict:
                found.setdefault(node, {})[key] = verdict
    return found
