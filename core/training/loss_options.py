"""The options of a loss, read from its constructor as those of layers are, and the module that is made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.kinds import Parameter, Value
from core.model.python_code import construct
from core.parameters import ParameterProblem, check_named
from core.signatures import editable_arguments, import_class, read_parameter
from core.training.kinds import LossKind

if TYPE_CHECKING:
    from torch import Tensor, nn

_HIDDEN = frozenset(
    "reduction size_average reduce weight pos_weight ignore_index blank distance_function".split(),
)
"""What is decided elsewhere: how batches are summed, class weights, what does not count."""


@lru_cache(maxsize=256)
def options_of(loss: LossKind) -> tuple[Parameter, ...]:
    """Return what may be set of a loss: its constructor's arguments in their order; declared ones take their place."""
    declared = {each.name: each for each in loss.options}
    if not loss.torch_class:
        return tuple(declared.values())
    module = import_class(loss.torch_class)
    names = [name for name in editable_arguments(module) if name not in _HIDDEN]
    return tuple(declared[name] if name in declared else _read(module, name) for name in names)


def _read(module: type[Any], name: str) -> Parameter:
    found = read_parameter(module, name)
    return replace(found, minimum=0.0, exclusive=True) if name == "eps" else found


def check_options(loss: LossKind, options: Mapping[str, Value]) -> list[ParameterProblem]:
    """Return what is wrong with options of a loss, in plain words."""
    return check_named(loss.title, options_of(loss), options)


def make_loss(loss: LossKind, options: Mapping[str, Value], reduction: str, weight: Tensor | None = None) -> nn.Module:
    """Return the module of a loss with torch's ``reduction``; ``weight`` goes where the loss takes class weights.

    Raises:
        CodeError: the loss is the user's own, and its code is not trusted or raised.
    """
    values = {each.name: each.default for each in options_of(loss) if not each.required} | dict(options)
    if loss.code and loss.expression is not None:
        return construct(loss.code, loss.expression(values), True, "cpu")
    arguments: dict[str, Any] = {**values, "reduction": reduction}
    if weight is not None and loss.weight:
        arguments[loss.weight] = weight
    made: nn.Module = import_class(loss.torch_class)(**arguments)
    return made
