"""Says in plain words what figures of a network mean that learns badly, and what usually helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from core.training.events import Diagnosed

Topic = Literal["not finite", "dead units", "saturated", "updates too large", "updates too small", "vanishing"]

DEAD = 0.4
"""Share of dead units from which it is said. Lecture notes of CS231n (Stanford) give 40 % as what too high a learning
rate does; Lu et al. 2019, "Dying ReLU and Initialization", on why units die."""
SATURATED = 0.5
"""Share of saturated outputs. Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
networks", show layers that stop learning as most of their units saturate; one half is our convention."""
LARGE_UPDATE = 0.03
SMALL_UPDATE = 1e-5
"""Update-to-weight ratios. About 10⁻³ is the rule of thumb (CS231n); one and a half decades above and two below it are
our convention, so that only what is far off is said."""
VANISHING = 1e-5
"""A node's gradient norm relative to the largest of any node: the gap that Bengio, Simard & Frasconi 1994 and Glorot &
Bengio 2010 describe; the value is our convention."""


@dataclass(frozen=True)
class Finding:
    """What looks wrong at a node (by path), in plain words with what usually helps."""

    node: str
    topic: Topic
    text: str


def advice(diagnosed: Diagnosed) -> list[Finding]:
    """Return what looks wrong, node by node; groups are left out where the nodes inside them speak for themselves.

    A single look is a sample: what matters shows in several of them.
    """
    groups = {path.rpartition("/")[0] for path in diagnosed.nodes if "/" in path}
    groups |= {each.rpartition("/")[0] for each in groups}
    nodes = {path: figures for path, figures in diagnosed.nodes.items() if path not in groups}
    largest = max((figures.get("gradient_norm", 0.0) for figures in nodes.values()), default=0.0)
    found = []
    for path, figures in nodes.items():
        for rule in (_not_finite, _dead, _saturated, _update):
            found += [Finding(path, topic, text) for topic, text in rule(path, figures)]
        norm = figures.get("gradient_norm")
        if norm is not None and norm < VANISHING * largest:
            text = (
                f"Almost no gradient reaches '{path}': it is {norm:.1e}, elsewhere up to {largest:.1e}. "
                "It hardly learns. Shortcuts, normalisation layers, or ReLU in place of tanh and sigmoid help."
            )
            found.append(Finding(path, "vanishing", text))
    return found


_Found = Iterator[tuple[Topic, str]]
_Rule = Callable[[str, Mapping[str, float]], _Found]


def _not_finite(path: str, figures: Mapping[str, float]) -> _Found:
    for what in ("activations", "gradients", "weights"):
        if share := figures.get(f"{what}_not_finite"):
            what = "outputs" if what == "activations" else what
            text = (
                f"{share * 100:.0f} % of the {what} of '{path}' are infinite or not a number. "
                "Choose a smaller learning rate, or limit the gradients (clip)."
            )
            yield "not finite", text


def _dead(path: str, figures: Mapping[str, float]) -> _Found:
    share = figures.get("dead", 0.0)
    if share >= DEAD:
        text = (
            f"{share * 100:.0f} % of the units of '{path}' give 0 whatever comes in, and so learn nothing any more. "
            "A smaller learning rate, He initialisation or LeakyReLU help."
        )
        yield "dead units", text


def _saturated(path: str, figures: Mapping[str, float]) -> _Found:
    share = figures.get("saturated", 0.0)
    if share >= SATURATED:
        text = (
            f"{share * 100:.0f} % of the outputs of '{path}' are at an end of their range, where the slope is near 0. "
            "Normalise what comes in, start from smaller weights (Xavier), or use ReLU."
        )
        yield "saturated", text


def _update(path: str, figures: Mapping[str, float]) -> _Found:
    ratio = figures.get("update_ratio", 0.0)
    if ratio > LARGE_UPDATE:
        text = (
            f"A step moves the weights of '{path}' by {ratio * 100:.1f} % of their size; about 0.1 % is usual. "
            "A smaller learning rate or a warm-up makes training calmer."
        )
        yield "updates too large", text
    elif 0 < ratio < SMALL_UPDATE:
        text = (
            f"A step moves the weights of '{path}' by only {ratio:.1e} of their size; about 1e-3 is usual. "
            "It would learn faster with a larger learning rate."
        )
        yield "updates too small", text
