"""The curve of an activation, drawn from what the real module gives: a picture for the learner, not a formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.kinds import LayerKind, Value
from core.model.probe import TORCH_ERRORS, call_layer, construct, quietly

_REACH = 4.0
_POINTS = 161


@dataclass(frozen=True)
class Curve:
    """What an activation gives (``y``) for inputs (``x``) from -4 to 4."""

    x: tuple[float, ...]
    y: tuple[float, ...]


def activation_curve(kind: LayerKind, arguments: Mapping[str, Value]) -> Curve | None:
    """Return the curve of a layer that treats every value by itself; None for any other.

    ``arguments`` are all values of its parameters, derived ones included. May be called once torch is loaded.
    """
    import torch

    if kind.family != "Activation" or "dim" in arguments or len(kind.inputs) != 1 or len(kind.outputs) != 1:
        return None
    x = torch.linspace(-_REACH, _REACH, _POINTS)
    try:
        with quietly():
            module = construct(kind, arguments, device="cpu")
            y = next(iter(call_layer(kind, module, arguments, {kind.inputs[0].name: x}).values()))
    except TORCH_ERRORS:
        return None  # it wants channels, or pairs of values
    if y.shape != x.shape or not bool(y.isfinite().all()):
        return None
    return Curve(tuple(x.tolist()), tuple(y.tolist()))
