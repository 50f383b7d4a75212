"""What an output says, for metrics: scores, numbers, whatever form its loss reads them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from core.kinds import Value
from core.training.kinds import LossKind

Reader = Callable[[Tensor], Tensor]
_LEAST_PROBABILITY = 1e-12


def reader(loss: LossKind, options: Mapping[str, Value]) -> Reader | None:
    """Return the function from outputs arranged for a loss to what ``TargetType`` describes; None: they are that.

    A yes is a score above 0: of two scores their difference; of two vectors their cosine, counted from the middle
    between what the loss wants of equal and of different ones; of a distance likewise; of a probability its logit.
    A number is the mean, of a mean and a variance, and a rate or probability, of its logarithm.
    """
    if loss.target == "binary" and loss.form == "pair":
        middle = (1 + float(options.get("margin", 0.0))) / 2
        return lambda outputs: functional.cosine_similarity(outputs[:, 0], outputs[:, 1], dim=-1) - middle
    if loss.target == "binary" and loss.form == "two":
        return lambda outputs: outputs[:, 0] - outputs[:, 1]
    if loss.gives == "distance":
        half = float(options.get("margin", 1.0)) / 2
        return lambda outputs: half - outputs
    if loss.gives == "probabilities":
        return _logits
    if loss.target == "number" and loss.form == "two":
        return lambda outputs: outputs[:, 0]
    if loss.target == "number" and loss.gives == "log-rates":
        return torch.exp if options.get("log_input", True) else None
    if loss.target == "number" and loss.gives == "log-probabilities":
        return None if options.get("log_target", False) else torch.exp
    return None


def _logits(outputs: Tensor) -> Tensor:
    wide = outputs if outputs.device.type == "mps" else outputs.double()
    return torch.logit(wide, eps=_LEAST_PROBABILITY)
