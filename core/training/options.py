"""The options of an optimizer, read from its torch signature, and the optimizer itself made from them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.kinds import Parameter, Value
from core.parameters import ParameterProblem, check_named
from core.signatures import import_class
from core.training.kinds import OptimizerKind

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from core.training.parameter_groups import ParameterGroup

_HIDDEN = frozenset("self params lr foreach fused capturable differentiable maximize".split())
_PACKED = {
    "betas": ("beta1", "beta2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("step_min", "step_max"),
    "eps": ("eps1", "eps2"),
}
"""Options of torch that hold several numbers, and what each is called here."""

_HELP = {
    "momentum": "Share of the last step that is kept: speeds up along steady directions.",
    "dampening": "How much the newest gradient is held back in the momentum.",
    "weight_decay": "Pulls the weights towards zero at every step.",
    "nesterov": "Look ahead along the momentum before taking the gradient. Needs momentum.",
    "beta1": "How long the mean of the gradients remembers.",
    "beta2": "How long the mean of the squared gradients remembers.",
    "rho": "How long the mean of the squared gradients remembers.",
    "eps": "Added to the divisor so that it is never zero.",
    "amsgrad": "Never let the divisor shrink.",
    "alpha": "How long the mean of the squared gradients remembers.",
    "centered": "Divide by the variance of the gradients, not by their square.",
    "lambd": "How fast the learning rate falls with the steps.",
    "lr_decay": "How fast the learning rate falls with the steps: rate / (1 + lr_decay · steps).",
    "initial_accumulator_value": "What the sum of squared gradients starts from.",
    "momentum_decay": "How fast the momentum grows to its full value.",
    "decoupled_weight_decay": "Keep weight decay apart from the gradients, as AdamW does.",
    "tolerance_grad": "A step ends where no gradient is larger.",
    "tolerance_change": "A step ends where loss and weights change by less.",
}
_BELOW_ONE = frozenset({"beta1", "beta2", "alpha", "rho", "momentum"})
_FUSED_DEVICES = frozenset({"cpu", "cuda", "mps", "xpu"})
_FUSED_FEWER = {"torch.optim.Adagrad": frozenset({"cpu", "cuda"})}
"""Where torch has a fused kernel for fewer devices."""
_BESIDE_MUON = "torch.optim.AdamW"
_SHARED_WITH_MUON = "weight_decay"


@lru_cache
def options_of(kind: OptimizerKind) -> tuple[Parameter, ...]:
    """Return the options that a user may set, with torch's own defaults; ``betas`` becomes ``beta1`` and ``beta2``."""
    return signature_options(kind.torch_class, kind.parameters, (*_HIDDEN, *kind.hidden))


def signature_options(
    torch_class: str, declared: Iterable[Parameter] = (), hidden: Iterable[str] = ()
) -> tuple[Parameter, ...]:
    """Return a class's constructor arguments as options, in their order, those declared in place of the read ones."""
    own = {each.name: each for each in declared}
    found: list[Parameter] = []
    for name, argument in inspect.signature(import_class(torch_class).__init__).parameters.items():
        if name in hidden:
            continue
        for option, default in _unpacked(name, argument.default):
            found.append(own[option] if option in own else _option(option, default))
    return tuple(found)


def _unpacked(name: str, default: Value) -> Iterable[tuple[str, Value]]:
    packed = name in _PACKED and isinstance(default, tuple)
    return zip(_PACKED[name], default, strict=True) if packed else [(name, default)]


def _option(name: str, default: bool | float) -> Parameter:
    if isinstance(default, bool):
        return Parameter(name, "bool", default, _HELP.get(name, ""))
    maximum = 1.0 if name in _BELOW_ONE else None
    unit = "0–1" if maximum else ""
    return Parameter(name, "float", float(default), _HELP.get(name, ""), minimum=0.0, maximum=maximum, unit=unit)


def check_options(kind: OptimizerKind, options: Mapping[str, Value]) -> tuple[ParameterProblem, ...]:
    """Return what is wrong with options, in plain words."""
    problems = check_named(kind.title, options_of(kind), options)
    if problems:
        return tuple(problems)
    values = {each.name: each.default for each in options_of(kind)} | dict(options)
    own = {each.name for each in kind.parameters}
    for name in sorted(_BELOW_ONE & values.keys() - own):
        if values[name] >= 1:
            problems.append(ParameterProblem(name, f"{name} must be below 1, not {values[name]}."))
    if values.get("nesterov") and not (values.get("momentum", 0) and not values.get("dampening", 0)):
        problems.append(ParameterProblem("nesterov", "nesterov needs a momentum above 0 and a dampening of 0."))
    if values.get("step_min", 0) > values.get("step_max", 0):
        problems.append(ParameterProblem("step_min", "step_min must not be larger than step_max."))
    return tuple(problems)


# --- the optimizer ----------------------------------------------------------------------------------------------------


def make_optimizer(
    kind: OptimizerKind,
    weights: Iterable[Tensor] | Iterable[ParameterGroup],
    learning_rate: float,
    options: Mapping[str, Value],
) -> Optimizer:
    """Return the torch optimizer over ``weights``, fused where torch has such a kernel.

    Weights given as groups (``core.training.parameter_groups``) become parameter groups in their order, each with its
    ``name``, its ``learning_rate_factor``, and a weight decay of 0 where it has none. Weights that the optimizer does
    not take (Muon: all but matrices of hidden layers) go to AdamW; both are then one optimizer (``Together``). Plain
    tensors are one group; of those Muon takes the ones with two dimensions.
    """
    from core.training.parameter_groups import as_groups

    by_muon = kind.gradients == "matrices"
    groups = as_groups(weights, matrices_apart=by_muon)
    if not kind.grouped:
        groups = as_groups([tensor for group in groups for tensor in group.tensors])
    if not by_muon:
        return _made(kind.torch_class, groups, learning_rate, _arguments(kind, options), kind.fused)
    from core.training.together import Together

    parts = []
    matrices = [each for each in groups if each.matrices]
    rest = [each for each in groups if not each.matrices]
    if matrices:
        parts.append(_made(kind.torch_class, matrices, learning_rate, _arguments(kind, options)))
    if rest:
        defaults = {each.name: each.default for each in options_of(kind)} | dict(options)
        shared = {_SHARED_WITH_MUON: defaults[_SHARED_WITH_MUON]}
        parts.append(_made(_BESIDE_MUON, rest, learning_rate, shared, fused=True))
    return Together(parts) if len(parts) > 1 else parts[0]


def _arguments(kind: OptimizerKind, options: Mapping[str, Value]) -> dict[str, Any]:
    """Return the constructor's arguments: all declared options, those of the user before their defaults, packed."""
    values = {each.name: each.default for each in kind.parameters} | dict(options)
    defaults = {each.name: each.default for each in options_of(kind)}
    for packed, names in _PACKED.items():
        if any(name in values for name in names):
            values[packed] = tuple(values.pop(name, defaults[name]) for name in names)
    return values


def _made(
    torch_class: str,
    groups: Sequence[ParameterGroup],
    learning_rate: float,
    arguments: Mapping[str, Any],
    fused: bool = False,
) -> Optimizer:
    made = import_class(torch_class)
    has_decay = "weight_decay" in inspect.signature(made.__init__).parameters
    entries = []
    for group in groups:
        entry: dict[str, Any] = {
            "params": list(group.tensors),
            "lr": learning_rate * group.factor,
            "name": group.name,
            "learning_rate_factor": group.factor,
        }
        if has_decay and not group.decays:
            entry["weight_decay"] = 0.0
        entries.append(entry)
    more = {"fused": True} if fused and _can_fuse(torch_class, groups) else {}
    optimizer: Optimizer = made(entries, lr=learning_rate, **arguments, **more)
    return optimizer


def _can_fuse(torch_class: str, groups: Sequence[ParameterGroup]) -> bool:
    """True where all weights are fractions on devices for which torch has fused kernels."""
    devices = _FUSED_FEWER.get(torch_class, _FUSED_DEVICES)
    tensors = [tensor for group in groups for tensor in group.tensors]
    return all(each.is_floating_point() and each.device.type in devices for each in tensors)
