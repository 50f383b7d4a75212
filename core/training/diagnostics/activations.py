"""What comes out of the nodes: where values lie, which units are dead, what is saturated, how long it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from core.training.diagnostics.histograms import values_of
from core.training.diagnostics.places import Place, Places
from core.training.diagnostics.recording import Recording
from core.training.diagnostics.undisturbed import undisturbed
from core.training.network import Network

_MOST_LOOKED_AT = 2**20
"""Values of one node; of larger outputs fewer samples are looked at, one at least."""
_SATURATED = 0.97
"""Of a range from −1 to 1: where tanh is beyond, its slope is below 0.06 (the threshold of Karpathy's lectures)."""
_SEQUENCE = 3


@dataclass
class Seen:
    """Figures by path, and values of the outputs for histograms."""

    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    values: dict[str, Tensor] = field(default_factory=dict)


def look(network: Network, places: Places, inputs: Sequence[Tensor]) -> Seen:
    """Run the network on some samples, as it is while it learns, and return what can be seen of it.

    Nothing is left behind: see ``undisturbed``. Gradients of the weights are not touched.
    """
    seen = Seen()
    weights = [each for each in network.module.parameters() if each.requires_grad]
    recording = Recording(network.built, places, network.device)
    with undisturbed(network), torch.enable_grad():
        with recording, network.precision.forward():
            result = network.module(*inputs)
        with torch.no_grad():
            for path, output in recording.outputs().items():
                if output.numel():
                    fewer = _fewer(output)
                    seen.figures[path] = _figures(places.by_path[path], fewer)
                    seen.values[path] = values_of([fewer])
        recording.backward(ends_of(result), weights)
    for path, seconds in recording.seconds().items():
        seen.figures.setdefault(path, {}).update(seconds)
    return seen


def ends_of(result: Any) -> list[Tensor]:
    """Return what a network returned as a list."""
    return list(result.values()) if isinstance(result, dict) else [result]


def _fewer(output: Tensor) -> Tensor:
    output = torch.view_as_real(output) if output.is_complex() else output
    if output.dim() < 2:
        return output.float()
    each = output.numel() // len(output)
    return output[: max(1, _MOST_LOOKED_AT // max(each, 1))].float()


def _figures(place: Place, output: Tensor) -> dict[str, float]:
    smallest, largest = output.aminmax()
    deviation, mean = torch.std_mean(output, correction=0)
    counted = _counted(place, output)
    tensors = [mean, deviation, smallest, largest, *([] if counted is None else [counted])]
    numbers = torch.stack(tensors).tolist()
    found = dict(zip(("mean", "std", "min", "max"), numbers[:4], strict=True))
    if counted is not None:
        found[place.measure] = numbers[4]
    if not all(map(math.isfinite, numbers)):
        share = 1 - float(output.isfinite().float().mean())
        return {**({"activations_not_finite": share} if share else {})}
    return found


def _counted(place: Place, output: Tensor) -> Tensor | None:
    """Return the share of dead units, or that of saturated values; None where neither means anything."""
    if place.measure == "dead" and output.dim() > 1:
        units = output.dim() - 1 if output.dim() == _SEQUENCE and not place.channels_first else 1
        others = [axis for axis in range(output.dim()) if axis != units]
        return (output.abs().amax(others) == 0).float().mean()
    if place.measure == "saturated":
        low, high = place.ends
        centred = (output - low) * (2 / (high - low)) - 1
        return (centred.abs() > _SATURATED).float().mean()
    return None
