"""The watch as on a GPU: a flag that is read now and then, while the weights stand still from the first fault on."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from core.training.watch import NotFiniteError, Watch

CPU = torch.device("cpu")


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))


def _step(module: nn.Module, optimizer: torch.optim.Optimizer, watch: Watch, factor: float) -> None:
    optimizer.zero_grad()
    watch.keep()
    loss = factor * module(torch.ones(8, 3) + torch.arange(24.0).view(8, 3) / 10).square().mean()
    loss.backward()
    watch.check(loss)
    optimizer.step()


def _weights(module: nn.Module) -> list[Tensor]:
    return [each.detach().clone() for each in module.parameters()]


def _same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_fused_optimizer_leaves_the_weights_alone_from_the_fault_on() -> None:
    module = _network()
    optimizer = torch.optim.Adam(module.parameters(), fused=True)
    watch = Watch(module, [optimizer], CPU, scaled=False, at_once=False)
    _step(module, optimizer, watch, 1.0)
    watch.verify()
    _step(module, optimizer, watch, 1.0)
    good = _weights(module)
    for factor in (float("nan"), 1.0, 1.0):
        _step(module, optimizer, watch, factor)
    assert _same(_weights(module), good), "to the bit those before the step that went wrong"
    with pytest.raises(NotFiniteError):
        watch.verify()
    assert _same(_weights(module), good)


def test_any_other_optimizer_is_put_back_to_the_last_look() -> None:
    module = _network()
    optimizer = torch.optim.RMSprop(module.parameters())
    watch = Watch(module, [optimizer], CPU, scaled=False, at_once=False)
    _step(module, optimizer, watch, 1.0)
    watch.verify()
    good = _weights(module)
    mean = module.get_submodule("1").running_mean.clone()
    for factor in (1.0, float("inf"), 1.0):
        _step(module, optimizer, watch, factor)
    with pytest.raises(NotFiniteError):
        watch.verify()
    assert _same(_weights(module), good)
    assert torch.equal(module.get_submodule("1").running_mean, mean)


def test_after_a_reset_all_is_well() -> None:
    module = _network()
    optimizer = torch.optim.Adam(module.parameters(), fused=True)
    watch = Watch(module, [optimizer], CPU, scaled=False, at_once=False)
    _step(module, optimizer, watch, float("nan"))
    watch.reset()
    before = _weights(module)
    _step(module, optimizer, watch, 1.0)
    watch.verify()
    assert not _same(_weights(module), before)


def test_at_once_a_fault_is_raised_before_the_step() -> None:
    module = _network()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    watch = Watch(module, [optimizer], CPU, scaled=False)
    _step(module, optimizer, watch, 1.0)
    good = _weights(module)
    with pytest.raises(NotFiniteError, match="loss"):
        _step(module, optimizer, watch, float("nan"))
    assert _same(_weights(module), good)


def test_a_weight_without_a_gradient_is_no_fault() -> None:
    module = _network()
    unused = nn.Parameter(torch.zeros(2))
    module.register_parameter("unused", unused)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    watch = Watch(module, [optimizer], CPU, scaled=False)
    for _ in range(2):
        _step(module, optimizer, watch, 1.0)
    module.get_submodule("0").weight.register_hook(lambda gradient: gradient * torch.nan)
    with pytest.raises(NotFiniteError, match="gradient"):
        _step(module, optimizer, watch, 1.0)
