"""Focal loss: cross-entropy in which what is predicted well already counts little, for rare classes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.training.loss_modules._reduce import Reduction, reduced

IGNORED = -100


class FocalLoss(nn.Module):
    """``-w[y] (1 - p)^gamma log(p)``, p being softmax's probability of the right class y.

    From Lin, Goyal, Girshick, He, Dollár: Focal Loss for Dense Object Detection (2017), equations 4 and 5. Inputs are
    scores (N, C, …), targets class indices (N, …); -100 does not count.

    Args:
        gamma: How much less a target counts that is predicted well; 0 is cross-entropy.
        weight: One factor a class (C,).
    """

    def __init__(self, gamma: float = 2.0, weight: Tensor | None = None, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.gamma = gamma
        self.reduction: Reduction = reduction
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss, of shape () or, unreduced, (N, …). Its mean divides by the weights of what counts."""
        weight = self.get_buffer("weight") if self.weight is not None else None
        entropy = functional.cross_entropy(input, target, reduction="none", ignore_index=IGNORED)
        values = (-torch.expm1(-entropy)).clamp(min=torch.finfo(entropy.dtype).tiny) ** self.gamma * entropy
        counts = (target != IGNORED).to(values.dtype)
        if weight is not None:
            counts = counts * weight[target.clamp(min=0)]
        values = values * counts
        return values.sum() / counts.sum() if self.reduction == "mean" else reduced(values, self.reduction)


class BinaryFocalLoss(nn.Module):
    """``-a (1 - p)^gamma log(p)``, p being the sigmoid's probability of the right answer.

    a is ``alpha`` for yes and ``1 - alpha`` for no; from the paper named at ``FocalLoss``. Inputs are scores, targets 0
    or 1, both of one shape.

    Args:
        gamma: How much less a target counts that is predicted well; 0 is cross-entropy.
        alpha: How much yes counts, no counting the rest up to 1; empty means both count 1.
    """

    def __init__(self, gamma: float = 2.0, alpha: float | None = 0.25, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.gamma = gamma
        self.alpha = alpha
        self.reduction: Reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss, of shape () or, unreduced, that of the targets."""
        entropy = functional.binary_cross_entropy_with_logits(input, target, reduction="none")
        wrong = torch.sigmoid(torch.where(target > 0, -input, input))
        values = wrong.clamp(min=torch.finfo(wrong.dtype).tiny) ** self.gamma * entropy
        if self.alpha is not None:
            values = values * torch.where(target > 0, self.alpha, 1 - self.alpha)
        return reduced(values, self.reduction)
