"""Losses of how far two areas overlap, for masks in which most pixels are background."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.training.loss_modules._reduce import Reduction, reduced


class TverskyLoss(nn.Module):
    """One minus Tversky's index of overlap, of each sample by itself.

    ``1 - (tp + s) / (tp + alpha fp + beta fn + s)`` for each class, with sums over a sample's pixels of probabilities
    where pixels are right (tp), claimed wrongly (fp) and missed (fn); then the mean over the classes. From Salehi,
    Erdogmus, Gholipour: Tversky loss function for image segmentation (2017). Inputs are scores (N, C, …) with targets
    class indices (N, …), or one score a pixel, of the shape of targets 0 or 1; targets below 0 do not count.

    Args:
        alpha: How much pixels count that are claimed wrongly.
        beta: How much pixels count that are missed.
        smooth: Added above and below, so that an empty area has a loss too.
        weight: One factor a class (C,), for the mean over the classes.
    """

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        smooth: float = 1.0,
        weight: Tensor | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.alpha, self.beta, self.smooth = alpha, beta, smooth
        self.reduction: Reduction = reduction
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss, of shape () or, unreduced, (N,)."""
        counts = (target >= 0).unsqueeze(1)
        if input.dim() == target.dim():
            claimed, wanted = torch.sigmoid(input).unsqueeze(1), target.clamp(min=0).to(input.dtype).unsqueeze(1)
        else:
            claimed = torch.softmax(input, 1)
            classes = functional.one_hot(target.long().clamp(min=0), input.shape[1])
            wanted = classes.movedim(-1, 1).to(input.dtype)
        claimed, wanted = (claimed * counts).flatten(2), (wanted * counts).flatten(2)
        right = (claimed * wanted).sum(2)
        divisor = right + self.alpha * (claimed.sum(2) - right) + self.beta * (wanted.sum(2) - right)
        values = 1 - (right + self.smooth) / (divisor + self.smooth)
        return reduced(self._over_classes(values), self.reduction)

    def _over_classes(self, values: Tensor) -> Tensor:
        if self.weight is None or values.shape[1] == 1:
            return values.mean(1)
        weight = self.get_buffer("weight")
        return values @ weight / weight.sum()


class DiceLoss(TverskyLoss):
    """One minus the Dice coefficient ``2 |A ∩ B| / (|A| + |B|)``, of each sample by itself.

    From Milletari, Navab, Ahmadi: V-Net (2016), with plain sums below. Inputs and targets as for ``TverskyLoss``, of
    which it is the case of ``alpha`` = ``beta`` = ½ (there ``smooth`` is halved).

    Args:
        smooth: Added above and below, so that an empty area has a loss too.
        weight: One factor a class (C,), for the mean over the classes.
    """

    def __init__(self, smooth: float = 1.0, weight: Tensor | None = None, reduction: Reduction = "mean") -> None:
        super().__init__(0.5, 0.5, smooth / 2, weight, reduction)
