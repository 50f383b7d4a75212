"""The options of an optimizer, read from its torch signature, and the optimizer itself made from them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from core.kinds import Parameter, Value
from core.parameters import ParameterProblem, check_named
from core.signatures import import_class
from core.training.kinds import OptimizerKind

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

_HIDDEN = frozenset("self params lr foreach fused capturable differentiable maximize decoupled_weight_decay".split())
_PACKED = {"betas": ("beta1", "beta2")}
"""Options of torch that hold several numbers, and what each is called here."""

_HELP = {
    "momentum": "Share of the last step that is kept: speeds up along steady directions.",
    "dampening": "How much the newest gradient is held back in the momentum.",
    "weight_decay": "Pulls the weights towards zero at every step.",
    "nesterov": "Look ahead along the momentum before taking the gradient. Needs momentum.",
    "beta1": "How long the mean of the gradients remembers.",
    "beta2": "How long the mean of the squared gradients remembers.",
    "eps": "Added to the divisor so that it is never zero.",
    "amsgrad": "Never let the divisor shrink.",
    "alpha": "How long the mean of the squared gradients remembers.",
    "centered": "Divide by the variance of the gradients, not by their square.",
}
_BELOW_ONE = frozenset({"beta1", "beta2", "alpha"})


@lru_cache
def options_of(kind: OptimizerKind) -> tuple[Parameter, ...]:
    """Return the options that a user may set, with torch's own defaults; ``betas`` becomes ``beta1`` and ``beta2``."""
    found: list[Parameter] = []
    for name, parameter in inspect.signature(import_class(kind.torch_class).__init__).parameters.items():
        if name in _HIDDEN:
            continue
        values = zip(_PACKED[name], parameter.default, strict=True) if name in _PACKED else [(name, parameter.default)]
        found.extend(_option(option, default) for option, default in values)
    return tuple(found)


def _option(name: str, default: bool | float) -> Parameter:
    if isinstance(default, bool):
        return Parameter(name, "bool", default, _HELP.get(name, ""))
    maximum = 1.0 if name in _BELOW_ONE else None
    return Parameter(name, "float", float(default), _HELP.get(name, ""), minimum=0.0, maximum=maximum)


def check_options(kind: OptimizerKind, options: Mapping[str, Value]) -> tuple[ParameterProblem, ...]:
    """Return what is wrong with options, in plain words."""
    problems = check_named(kind.title, options_of(kind), options)
    wrong = {each.name for each in problems}
    for name in sorted(_BELOW_ONE - wrong):
        if options.get(name, 0) >= 1:
            problems.append(ParameterProblem(name, f"{name} must be below 1, not {options[name]}."))
    if options.get("nesterov") and not (options.get("momentum", 0) and not options.get("dampening", 0)):
        problems.append(ParameterProblem("nesterov", "nesterov needs a momentum above 0 and a dampening of 0."))
    return tuple(problems)


def make_optimizer(
    kind: OptimizerKind, weights: Iterable[Tensor], learning_rate: float, options: Mapping[str, Value]
) -> Optimizer:
    """Return the torch optimizer over ``weights``, fused where torch has such a kernel."""
    arguments = dict(options)
    defaults = {option.name: option.default for option in options_of(kind)}
    for packed, names in _PACKED.items():
        if any(name in arguments for name in names):
            arguments[packed] = tuple(arguments.pop(name, defaults[name]) for name in names)
    if kind.fused:
        arguments["fused"] = True
    optimizer: Optimizer = import_class(kind.torch_class)(list(weights), lr=learning_rate, **arguments)
    return optimizer
