"""How large weights and gradients are, and how far a step moves the weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from core.training.diagnostics.histograms import values_of
from core.training.diagnostics.places import Place

_MOST_COPIED = 1_000_000
"""Of larger tensors evenly spaced values are copied to see how far they move: the ratio of norms hardly differs."""
Figures = dict[str, float]


class Weights:
    """Follows the weights of some places through one step: ``before`` it, at its ``gradients``, ``after`` it."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = [each for each in places.values() if each.weights]
        self._tensors = list(dict.fromkeys(each for place in self._places for each in place.weights))
        self._strides = [math.ceil(each.numel() / _MOST_COPIED) or 1 for each in self._tensors]
        self._copies: list[Tensor] = []
        self._norms: dict[Tensor, Tensor] = {}
        self.gradient_values: dict[str, Tensor] = {}

    def before(self) -> None:
        """Copy the weights that are about to move."""
        self._norms = {}
        self.gradient_values = {}
        self._copies = [each.clone() for each in self._parts()]

    def _parts(self) -> list[Tensor]:
        pairs = zip(self._tensors, self._strides, strict=True)
        return [each.detach().reshape(-1)[::stride] for each, stride in pairs]

    def gradients(self, scale: float = 1.0) -> None:
        """Look at the gradients, which are ``scale`` times too large. Nothing is read back from the device."""
        found = {each: _dense(each.grad, scale) for each in self._tensors if each.grad is not None}
        self._norms = dict(zip(found, _norms(list(found.values())), strict=True))
        for place in self._places:
            if learning := [found[each] for each in place.weights if each in found]:
                self.gradient_values[place.path] = values_of(learning)

    def after(self) -> dict[str, Figures]:
        """Return the figures of every place that has weights; "" holds those of all together."""
        parts = self._parts()
        moved = [now - before for now, before in zip(parts, self._copies, strict=True)]
        columns = (_norms(self._tensors), _norms(moved), _norms(self._copies), list(self._norms.values()))
        sizes = [len(each) for each in columns]
        together = [norm for column in columns for norm in column]
        numbers = iter(torch.stack(together).tolist() if together else ())
        now, moves, was, slopes = ([next(numbers) for _ in range(size)] for size in sizes)
        norm = dict(zip(self._tensors, now, strict=True))
        steps = dict(zip(self._tensors, zip(moves, was, self._strides, strict=True), strict=True))
        slope = dict(zip(self._norms, slopes, strict=True))
        found = {each.path: _figures(each.weights, norm, steps, slope) for each in self._places}
        found[""] = _figures(self._tensors, norm, steps, slope)
        self._copies = []
        return found


def _dense(gradient: Tensor, scale: float) -> Tensor:
    """Return the values of a gradient that may be sparse; where a row comes up several times, their sum."""
    gradient = gradient.detach()
    values = gradient.coalesce().values() if gradient.is_sparse else gradient
    return values if scale == 1.0 else values / scale


def _norms(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the Euclidean norms as float32 scalars."""
    return [each.float() for each in torch._foreach_norm([each.detach() for each in tensors])] if tensors else []


def _figures(
    weights: Sequence[Tensor],
    norm: Mapping[Tensor, float],
    steps: Mapping[Tensor, tuple[float, float, int]],
    slope: Mapping[Tensor, float],
) -> Figures:
    found = {"weight_norm": _together(norm[each] for each in weights)}
    learning = [each for each in weights if each in slope]
    if learning:
        found["gradient_norm"] = _together(slope[each] for each in learning)
    moving = [each for each in weights if each.requires_grad]
    was = _together(steps[each][1] * math.sqrt(steps[each][2]) for each in moving)
    if was > 0:
        found["update_ratio"] = _together(steps[each][0] * math.sqrt(steps[each][2]) for each in moving) / was
    return found


def _together(norms: Iterable[float]) -> float:
    return math.sqrt(sum(each * each for each in norms))
