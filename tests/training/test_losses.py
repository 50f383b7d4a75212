"""Every loss works on the outputs and targets that it says it expects, and never broadcasts."""

from __future__ import annotations

import pytest
import torch

from core.training.criterion import Criterion, refusal
from core.training.kinds import LossKind
from core.training.losses import losses

ALL = pytest.mark.parametrize("loss", tuple(losses), ids=lambda loss: loss.id)


def _batch(loss: LossKind, samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(samples)
    if loss.target == "class":
        return torch.randn(samples, 5, generator=generator), torch.randint(0, 5, (samples,), generator=generator)
    outputs = torch.randn(samples, 1, generator=generator)
    if loss.target == "binary":
        return outputs, torch.randint(0, 2, (samples,), generator=generator)
    return outputs, torch.randn(samples, 1, generator=generator)


@ALL
def test_a_loss_is_the_mean_over_samples(loss: LossKind) -> None:
    criterion = Criterion(loss)
    raw, targets = _batch(loss, 8)
    targets = criterion.prepare(targets)
    outputs = criterion.arrange(raw, targets)
    each = [criterion(outputs[row : row + 1], targets[row : row + 1]) for row in range(8)]
    assert torch.isclose(criterion(outputs, targets), torch.stack(each).mean())


@ALL
@pytest.mark.parametrize("samples", [1, 8])
def test_a_loss_never_broadcasts(loss: LossKind, samples: int) -> None:
    if loss.target == "class":
        assert refusal(loss, "float32", (samples, 5, 3))
        return
    criterion = Criterion(loss)
    targets = criterion.prepare(torch.zeros(samples, 1))
    with pytest.raises(RuntimeError):
        criterion.arrange(torch.zeros(samples, 3), targets)
    with pytest.raises(RuntimeError, match="do not match"):
        criterion(torch.zeros(samples, 1), targets)


@ALL
def test_a_loss_says_what_it_expects_and_one_of_its_kind_is_automatic(loss: LossKind) -> None:
    assert loss.title
    assert loss.help.endswith(".")
    assert loss.expects
    assert [each.target for each in losses if each.automatic].count(loss.target) == 1


@ALL
def test_the_loss_itself_accepts_what_fits_on_the_meta_device(loss: LossKind) -> None:
    assert refusal(loss, "float32", (4, 5) if loss.target == "class" else (4, 1)) == ""
