"""The ways to end trials early that go badly. Another one is another entry."""

from __future__ import annotations

from typing import Any

from core.search._optuna import optuna
from core.search.kinds import PrunerKind, kind_in

_BEFORE_JUDGING = 5
"""Trials that are trained to their end before any is judged."""


def _none(_epochs: int) -> Any:
    return optuna().pruners.NopPruner()


def _median(epochs: int) -> Any:
    return optuna().pruners.MedianPruner(n_startup_trials=_BEFORE_JUDGING, n_warmup_steps=max(1, epochs // 10))


def _halving(epochs: int) -> Any:
    return optuna().pruners.SuccessiveHalvingPruner(min_resource=max(1, epochs // 27), reduction_factor=3)


def _hyperband(epochs: int) -> Any:
    least = max(1, min(epochs // 27, epochs))
    return optuna().pruners.HyperbandPruner(min_resource=least, max_resource=max(epochs, least), reduction_factor=3)


PRUNERS: tuple[PrunerKind, ...] = (
    PrunerKind("median", "Median", "Ends what is worse than the median of earlier trials at the same epoch.", _median),
    PrunerKind(
        "halving", "Successive halving", "Only the best third goes on at 1, 3, 9, 27… shares of the way.", _halving
    ),
    PrunerKind("hyperband", "Hyperband", "Successive halving, begun at several epochs at once.", _hyperband),
    PrunerKind("none", "None", "Every trial trains all its epochs.", _none),
)


def pruner_kind(name: str) -> PrunerKind:
    """Return a way to end trials early.

    Raises:
        UnknownKindError: there is none of that id.
    """
    return kind_in(PRUNERS, "pruner", name)
