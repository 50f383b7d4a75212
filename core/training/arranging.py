"""How each form of loss reads outputs and targets: the tensors that the module is given, and what its values mean."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from core.training.kinds import LossKind

IGNORE = -100
"""A class that counts neither in a loss nor in a metric: padding, pixels of which nobody knows."""


def arrange(loss: LossKind, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return an output as a loss needs it; see ``Criterion.arrange``."""
    if loss.form == "class":
        return outputs.movedim(-1, 1) if targets.dim() == 2 and outputs.dim() == 3 else outputs
    if loss.form == "same" and outputs.shape != targets.shape:
        return _squeezed(outputs, targets)
    if loss.form == "two" and outputs.dim() == targets.dim() + 1 and outputs.shape[1] == 2:
        return outputs
    if loss.form == "two":
        return outputs.reshape(len(outputs), 2, *targets.shape[1:])
    if loss.form == "own" and outputs.shape[1:].numel() == targets.shape[1:].numel() == 1:
        return outputs.reshape(targets.shape)
    return outputs


def _squeezed(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return outputs in the shape of the targets, from which they may differ in axes of size 1 alone."""
    sizes, wanted = ([size for size in each.shape[1:] if size != 1] for each in (outputs, targets))
    if len(outputs) != len(targets) or sizes != wanted:
        raise RuntimeError(f"outputs {tuple(outputs.shape)} do not match targets {tuple(targets.shape)}")
    return outputs.reshape(targets.shape)


def check_shapes(loss: LossKind, outputs: Tensor, targets: Tensor) -> None:
    """Refuse shapes that PyTorch would broadcast, or read as something else.

    Raises:
        RuntimeError: the shapes do not agree.
    """
    shape, wanted = outputs.shape, targets.shape
    if loss.form == "same":
        fits = shape == wanted
    elif loss.form == "class":
        fits = len(shape) == len(wanted) + 1 and shape[:1] == wanted[:1] and shape[2:] == wanted[1:]
    elif loss.form == "two":
        fits = len(shape) == len(wanted) + 1 and shape[:2] == (*wanted[:1], 2) and shape[2:] == wanted[1:]
    elif loss.form in ("pair", "triplet"):
        fits = len(shape) == 3 and shape[0] == wanted[0] and shape[1] == (2 if loss.form == "pair" else 3)
    elif loss.form == "steps":
        fits = len(shape) == 3 and len(wanted) == 2 and shape[0] == wanted[0]
    else:
        fits = bool(shape) and shape[0] == wanted[0]
    if not fits:
        raise RuntimeError(f"outputs {tuple(shape)} do not match targets {tuple(wanted)}")


def arguments(loss: LossKind, outputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    """Return what the module of a loss is given."""
    reader = _READERS.get(loss.id)
    return reader(outputs, targets) if reader else (outputs, targets)


def reads_otherwise(loss: LossKind) -> bool:
    """True where the module is given something else than outputs and targets as they are."""
    return loss.id in _READERS


def _gaussian(outputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    return outputs[:, 0], targets, functional.softplus(outputs[:, 1])


def _ranking(outputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    return outputs[:, 0], outputs[:, 1], _signs(targets)


def _pair(outputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    return outputs[:, 0], outputs[:, 1], _signs(targets)


def _triplet(outputs: Tensor, _targets: Tensor) -> tuple[Tensor, ...]:
    return outputs[:, 0], outputs[:, 1], outputs[:, 2]


def _signed(outputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    return outputs, _signs(targets)


def _signs(targets: Tensor) -> Tensor:
    """Return 1 for yes and -1 for no."""
    return torch.where(targets > 0, 1.0, -1.0)


def _listed(outputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    """Return labels as the indices of those that hold, then -1, as ``MultiLabelMarginLoss`` reads them."""
    labels = targets.shape[1]
    indices = torch.where(targets > 0, torch.arange(labels, device=targets.device), labels).sort(1).values
    return outputs, torch.where(indices < labels, indices, -1)


def _steps(outputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    """Return log-probabilities (T, N, C), texts without padding's -100, and the lengths of both."""
    logs = functional.log_softmax(outputs.float(), -1).transpose(0, 1)
    lengths = torch.full((len(outputs),), outputs.shape[1], dtype=torch.int64, device=targets.device)
    return logs, targets.clamp(min=0), lengths, (targets != IGNORE).sum(1)


_READERS = {
    "gaussian_nll": _gaussian,
    "margin_ranking": _ranking,
    "cosine_embedding": _pair,
    "triplet": _triplet,
    "triplet_distance": _triplet,
    "soft_margin": _signed,
    "hinge_embedding": _signed,
    "multilabel_margin": _listed,
    "ctc": _steps,
}


def by_sample(loss: LossKind, values: Tensor, targets: Tensor) -> Tensor:
    """Return unreduced losses so that the mean over them is the loss's own mean."""
    if loss.id == "ctc":
        return values / (targets != IGNORE).sum(1).clamp(min=1)
    return values.flatten(1).sum(1) if loss.mean == "batchmean" else values


def counting(loss: LossKind, targets: Tensor) -> Tensor:
    """Return which of the prepared targets count, as bool."""
    if loss.target == "number":
        return ~targets.isnan()
    return targets >= 0


def least_steps(texts: Tensor) -> Tensor:
    """Return how many steps CTC needs at least for each text (N, S; padded with -100): one more for each repetition."""
    counts = texts != IGNORE
    repeated = (texts[:, 1:] == texts[:, :-1]) & counts[:, 1:]
    return counts.sum(1) + repeated.sum(1)
