"""Weights that a layer computes of others each time (weight norm, spectral norm), as the plain weights they come to."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm


def copied(network: nn.Module, memo: dict[int, Any] | None = None) -> nn.Module:
    """Return a copy of a network, also where it keeps tensors that were computed; ``memo`` is not copied."""
    kept = dict(memo or {})
    for module in network.modules():
        for value in vars(module).values():
            if isinstance(value, Tensor) and not value.is_leaf:
                kept[id(value)] = value.detach().clone()
    return copy.deepcopy(network, kept)


def made_of(module: nn.Module) -> list[str]:
    """Return the names of a layer's own tensors that are computed of others."""
    return [*_parametrised(module), *(each.name for each in _hooks(module).values())]


def _parametrised(module: nn.Module) -> list[str]:
    """Return the names of the tensors that a layer computes as newer functions of PyTorch arrange it."""
    found = getattr(module, "parametrizations", None) if parametrize.is_parametrized(module) else None
    return list(found) if isinstance(found, nn.ModuleDict) else []


def _hooks(module: nn.Module) -> dict[int, Any]:
    """Return what computes a tensor before each call, as older functions of PyTorch arrange it, by its number."""
    hooks = module._forward_pre_hooks
    return {key: each for key, each in hooks.items() if isinstance(each, WeightNorm | SpectralNorm)}


def worked_in(network: nn.Module) -> list[str]:
    """Let a network's computed tensors be plain parameters with the values that they have; return their names."""
    found = []
    for path, module in list(network.named_modules()):
        for name in made_of(module):
            found.append(f"{path}.{name}" if path else name)
        if parametrize.is_parametrized(module):
            _with_class_of_its_own(module)
            for name in _parametrised(module):
                parametrize.remove_parametrizations(module, name)
        for key, hook in _hooks(module).items():
            hook.remove(module)
            del module._forward_pre_hooks[key]
    return found


def _with_class_of_its_own(module: nn.Module) -> None:
    """Part a copy from its original, whose class it has: PyTorch keeps a computed tensor as a property of the class."""
    shared = type(module)
    own = {name: each for name, each in vars(shared).items() if name not in ("__dict__", "__weakref__")}
    module.__class__ = type(shared.__name__, shared.__bases__, own)
