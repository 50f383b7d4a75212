"""What only the data shows to be doubtful of targets: texts too long for CTC, counts below zero, no distributions."""

from __future__ import annotations

import pytest
import torch

from core.errors import TrainingError
from core.graph.project import Field
from core.training.losses import losses
from core.training.objective import OutputObjective
from core.training.target_doubts import doubts


def _said(loss: str, targets: torch.Tensor, steps: int | None = None) -> list[str]:
    objective = OutputObjective("out", Field("y", "number"), losses[loss])
    return list(doubts(objective, targets, steps))


def test_texts_that_ctc_cannot_spell_are_counted() -> None:
    texts = torch.tensor([[1, 1, 2], [1, 2, 3], [4, -100, -100]])
    (message,) = _said("ctc", texts, 3)
    assert message.startswith(
        "1 of 3 samples have a 'y' that needs up to 4 steps, but 'out' gives 3: they are left out."
    )
    assert _said("ctc", texts, 4) == []
    assert _said("ctc", texts) == []


def test_texts_none_of_which_ctc_can_spell_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"Every 'y' needs at least 3 steps, but 'out' gives 2"):
        _said("ctc", torch.tensor([[1, 2, 3], [1, 1, -100]]), 2)


def test_targets_that_are_no_counts_and_no_distributions_are_told() -> None:
    assert "2 of the counts in 'y' are below 0" in _said("poisson_nll", torch.tensor([1.0, -1.0, -2.0]))[0]
    assert "1 of the values in 'y' are 0" in _said("mape", torch.tensor([1.0, 0.0]))[0]
    assert "is no distribution" in _said("kl_div", torch.tensor([[0.5, 0.5], [0.5, 0.6]]))[0]
    assert _said("kl_div", torch.tensor([[0.5, 0.5]])) == []
