"""Sampling that gradients pass through, as variational autoencoders need it; PyTorch has no module for it."""

from __future__ import annotations

import torch
from torch import nn


class Reparameterise(nn.Module):
    """Draws from a normal distribution whose mean and variance were computed by the network.

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, section 2.4.

    In training ``y = mean + exp(log_variance / 2) · ε`` with ε from the standard normal distribution, so that gradients
    reach mean and variance; in evaluation the mean itself. Both inputs and the output have the same shape, (N, …).

    Args:
        kl_weight: How much the distance of the distribution from the standard normal one counts in the penalty.
    """

    def __init__(self, kl_weight: float = 0.0) -> None:
        super().__init__()
        self.kl_weight = kl_weight
        self.divergence: torch.Tensor | None = None

    def forward(self, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        """Return a sample of the shape of ``mean``; ValueError where the shapes differ."""
        if mean.shape != log_variance.shape:
            raise ValueError(f"mean {tuple(mean.shape)} and log_variance {tuple(log_variance.shape)} must match")
        if not self.training:
            return mean
        if self.kl_weight:
            terms = mean.square() + log_variance.exp() - 1 - log_variance
            self.divergence = 0.5 * terms.sum() / len(mean)
        return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)

    def penalty(self) -> torch.Tensor:
        """Return ``kl_weight`` times the Kullback-Leibler divergence of the latest call in training, taken once.

        It is summed over the values of a sample and averaged over samples, as in appendix B of the article; 0 where
        there was no such call.
        """
        divergence, self.divergence = self.divergence, None
        return torch.zeros(()) if divergence is None else self.kl_weight * divergence
