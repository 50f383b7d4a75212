"""What is counted of predicted sequences: tokens at their places, and the edits between two sequences."""

from __future__ import annotations

import torch
from torch import Tensor

from core.training.statistics._base import Head, Statistic, log_probabilities, spread, true_classes

_MULTIPLIERS = (0x1E3779B97F4A7C15, 0x3F58476D1CE4E5B9)


class Tokens(Statistic):
    """Places and sequences, (5,): weight of places, of those predicted right, sum of -log of the true token's
    probability; weight of sequences, of those with every place right. Outputs (N, tokens, …), targets (N, …).
    """

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(5)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        truth, counted = true_classes(self.head, targets)
        logs = log_probabilities(self.head, outputs, self.dtype)
        surprise = -logs.gather(1, truth.reshape(-1, 1))[:, 0]
        right = (outputs.argmax(1) == truth) & counted
        weight = spread(weights, counted, self.dtype)
        surprise = torch.where(weight > 0, surprise, 0.0)
        places = torch.stack((torch.ones_like(weight), right.reshape(-1).to(self.dtype), surprise)) @ weight
        exact = (right == counted).reshape(len(targets), -1).all(1)
        whole = spread(weights, counted.reshape(len(targets), -1).any(1), self.dtype)
        self.sums += torch.cat((places, torch.stack((whole.sum(), (whole * exact).sum()))))


class Edits(Statistic):
    """Sums over sequences, (4,): edits, tokens of the reference, sequences without an edit, sequences; all weighted.

    For "text" outputs are scores (N, steps, symbols) and the best symbol of each step is taken, repeats are
    joined and blanks (0) left out (Graves et al., Connectionist temporal classification, 2006, best path decoding);
    else they are (N, tokens, places), and the places that do not count in the target are left out.
    """

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(4)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        counted, lengths = self.each(outputs, targets)
        edits = counted.to(self.dtype)
        weight = torch.ones_like(edits) if weights is None else weights.to(self.dtype)
        exact = (edits == 0).to(self.dtype)
        self.sums += torch.stack((edits, lengths.to(self.dtype), exact, torch.ones_like(edits))) @ weight

    def each(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the edits of every sequence of a batch, and the lengths of the references: (N,) int64 each."""
        wanted = targets.reshape(len(targets), -1)
        reference, lengths = self.pieces(*packed(wanted, wanted >= 0))
        if self.head.target == "text":
            given, given_lengths = self.pieces(*best_path(outputs))
        else:
            given, given_lengths = self.pieces(*packed(outputs.argmax(1).reshape(wanted.shape), wanted >= 0))
        return distances(reference, lengths, given, given_lengths), lengths

    def pieces(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is compared: here the tokens themselves."""
        return tokens, lengths


class Words(Edits):
    """The same over words: runs of tokens between ``Head.space``. Where there is no such token, each token is a word.

    A word is told by a 64-bit sum of its letters scrambled with their places.
    """

    def pieces(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return words for tokens."""
        if self.head.space is None:
            return tokens, lengths
        place = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
        letter = (tokens != self.head.space) & (place < lengths[:, None])
        before = torch.zeros_like(letter)
        before[:, 1:] = letter[:, :-1]
        begins = letter & ~before
        word = (begins.long().cumsum(1) - 1).clamp(min=0)
        start = torch.where(begins, place, 0).cummax(1).values
        mixed = (tokens + 1) * _MULTIPLIERS[0] ^ (place - start + 1) * _MULTIPLIERS[1]
        mixed = (mixed ^ (mixed >> 29)) * _MULTIPLIERS[0]
        words = torch.zeros_like(tokens).scatter_add_(1, word, torch.where(letter, mixed ^ (mixed >> 32), 0))
        return words, begins.sum(1)


def best_path(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return the symbols (N, T) that CTC's scores (N, T, symbols) stand for, at the left, and how many there are.

    The best symbol of each step, repeats joined and blanks (0) left out.
    """
    best = scores.argmax(2)
    changed = torch.ones_like(best, dtype=torch.bool)
    changed[:, 1:] = best[:, 1:] != best[:, :-1]
    return packed(best, changed & (best != 0))


def packed(tokens: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Return the tokens (N, T) that are kept, moved to the left, and how many each row has, (N,)."""
    order = torch.sort((~kept).to(torch.uint8), dim=1, stable=True).indices
    return tokens.gather(1, order), kept.sum(1)


def distances(reference: Tensor, lengths: Tensor, given: Tensor, given_lengths: Tensor) -> Tensor:
    """Return how many insertions, deletions and replacements make one sequence the other, (N,) int64.

    ``reference`` (N, R) and ``given`` (N, T) count up to their lengths (N,). Wagner and Fischer's table, 1974, row by
    row for all sequences at once: the insertions of a row are a running minimum.
    """
    place = torch.arange(given.shape[1] + 1, device=given.device)
    row = place.expand(len(given), -1)
    found = row
    for index in range(reference.shape[1]):
        replaced = row[:, :-1] + (given != reference[:, index : index + 1])
        best = torch.cat((row[:, :1] + 1, torch.minimum(row[:, 1:] + 1, replaced)), 1)
        row = (best - place).cummin(1).values + place
        found = torch.where((lengths == index + 1)[:, None], row, found)
    return found.gather(1, given_lengths[:, None])[:, 0]
