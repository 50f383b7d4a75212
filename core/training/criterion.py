"""A loss at work: the one place that decides which shape of output meets which shape of target."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

from core.signatures import import_class
from core.training.kinds import LossKind


class Criterion:
    """The loss module of one output. Outputs are never broadcast against targets: shapes agree, or it raises."""

    def __init__(self, loss: LossKind) -> None:
        self.kind = loss
        self.module: nn.Module = import_class(loss.torch_class)()

    def prepare(self, targets: Tensor) -> Tensor:
        """Return targets as the loss needs them: int64 for classes, else float32.

        Those of shape (N,) or (N, 1) become (N,); images, (N, channels, height, width), stay as they are.
        """
        arranged = targets.reshape(len(targets)) if targets.shape[1:].numel() == 1 else targets
        return arranged.long() if self.kind.target == "class" else arranged.float()

    def arrange(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return outputs as loss and metrics need them.

        They are (N, classes), (N,) where each sample gives one value, or images as they come.

        Raises:
            RuntimeError: they hold more or fewer than one value for each target.
        """
        if self.kind.target == "class" or outputs.dim() == 1 or targets.dim() > 1:
            return outputs
        return outputs.reshape(targets.shape)

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of arranged outputs and prepared targets, a tensor of shape ()."""
        if self.kind.target != "class" and outputs.shape != targets.shape:
            raise RuntimeError(f"outputs {tuple(outputs.shape)} do not match targets {tuple(targets.shape)}")
        loss: Tensor = self.module(outputs, targets)
        return loss


@lru_cache(maxsize=1024)
def refusal(loss: LossKind, dtype: str, shape: tuple[int, ...], sample: tuple[int, ...] = ()) -> str:
    """Return why PyTorch's loss refuses a batch of outputs of this shape (batch included), or an empty string.

    ``sample`` is the shape of one sample's target. Runs the loss on the meta device: no data, no memory.
    """
    criterion = Criterion(loss)
    outputs = torch.empty(shape, dtype=getattr(torch, dtype), device="meta")
    targets = criterion.prepare(torch.empty((shape[0], *sample), dtype=torch.int64, device="meta"))
    try:
        result = criterion(criterion.arrange(outputs, targets), targets)
    except (RuntimeError, ValueError, IndexError) as error:
        return str(error).splitlines()[0]
    return "" if result.shape == () else f"the loss has shape {tuple(result.shape)}"
