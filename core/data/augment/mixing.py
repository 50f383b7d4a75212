"""Samples blended with one another: the loss is then blended by the same shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.data.augment._draws import Draws
from core.data.augment._kind import AugmentKind, Mixing, Options
from core.data.augment.colours import rectangle
from core.graph.project import Meaning
from core.kinds import Parameter

if TYPE_CHECKING:
    from torch import Tensor

_TRIES = 40
"""Every second pair of numbers or more is taken: with so many tries practically one always is."""


def _mixup(values: Tensor, draws: Draws, options: Options) -> tuple[Tensor, Mixing]:
    """Zhang et al., "mixup: beyond empirical risk minimization", 2018."""
    mixing = _mixing(draws, "mixup", options)
    shares = mixing.shares.view(-1, *[1] * (values.dim() - 1))
    return shares * values + (1 - shares) * values.index_select(0, mixing.partners), mixing


def _cutmix(images: Tensor, draws: Draws, options: Options) -> tuple[Tensor, Mixing]:
    """Yun et al., "CutMix: regularization strategy to train strong classifiers", 2019."""
    import torch

    mixing = _mixing(draws, "cutmix", options)
    side = (1 - mixing.shares).sqrt()
    inside = rectangle(images, side, side, draws, "cutmix") & (side > 0).view(-1, 1, 1)
    mixed = torch.where(inside[:, None], images.index_select(0, mixing.partners), images)
    return mixed, Mixing(mixing.partners, 1 - inside.float().mean((1, 2)))


def _mixing(draws: Draws, purpose: str, options: Options) -> Mixing:
    """Draw a partner for each sample, and its own share: the larger of (s, 1 - s) with s from Beta(alpha, alpha)."""
    import torch

    count = draws.count
    own = torch.arange(count, device=draws.uniform(purpose).device)
    away = (draws.uniform(f"{purpose} partner")[:, 0] * max(count - 1, 1)).long()
    share = _beta(draws, f"{purpose} share", float(options["alpha"]))
    share = torch.maximum(share, 1 - share)
    chosen = draws.chance(purpose, float(options["probability"])) & (count > 1)
    return Mixing((own + 1 + away) % max(count, 1), torch.where(chosen, share, torch.ones_like(share)))


def _beta(draws: Draws, purpose: str, alpha: float) -> Tensor:
    """Draw from Beta(alpha, alpha), alpha up to 1 (Jöhnk, 1964): the first pair whose powers sum to at most 1."""
    powers = draws.uniform(purpose, 2 * _TRIES).view(-1, _TRIES, 2).clamp(min=1e-7) ** (1 / alpha)
    sums = powers.sum(-1)
    first = ((sums <= 1) & (sums > 0)).long().argmax(1, keepdim=True)
    share: Tensor = (powers[..., 0] / sums.clamp(min=1e-30)).gather(1, first)[:, 0]
    return share


_OPTIONS = (
    Parameter(
        "alpha",
        "float",
        0.2,
        "How evenly samples are blended: 1 is any share alike, near 0 is hardly at all.",
        minimum=0.05,
        maximum=1,
    ),
    Parameter("probability", "float", 1.0, "How likely it is for each sample.", minimum=0, maximum=1),
)
_BLENDED: tuple[Meaning, ...] = ("image", "array", "number", "audio")

KINDS = (
    AugmentKind(
        "mixup", "Mixup", "Blends each sample with another, and the loss alike.", _BLENDED, _OPTIONS, mix=_mixup
    ),
    AugmentKind(
        "cutmix",
        "CutMix",
        "Puts a rectangle of another image into each, and blends the loss by the areas.",
        ("image",),
        _OPTIONS,
        mix=_cutmix,
    ),
)
