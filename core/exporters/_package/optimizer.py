"""The optimizer of a package, with the arguments that differ from PyTorch's and the groups of weights trained apart."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.signatures import import_class
from core.training.session import Session

_BY_NAME = "weights = dict(network.named_parameters())"


@dataclass(frozen=True)
class WrittenOptimizer:
    """The lines before an optimizer, and the expression that makes it."""

    lines: tuple[str, ...]
    made: str


def written_optimizers(session: Session) -> list[WrittenOptimizer]:
    """Write the optimizers that ``core.training.options.make_optimizer`` makes; Muon has one beside it."""
    made = session.optimizer()
    parts = getattr(made, "parts", (made,))
    names = {id(each): name for name, each in session.network.module.named_parameters()}
    found = []
    for number, part in enumerate(parts):
        lines: list[str] = []
        if len(part.param_groups) == 1 and len(parts) == 1:
            frozen = len(part.param_groups[0]["params"]) < len(names)
            weights = (
                "[each for each in network.parameters() if each.requires_grad]" if frozen else "network.parameters()"
            )
        else:
            lines = [_BY_NAME]
            variable = f"groups_{number}" if len(parts) > 1 else "groups"
            lines += [
                f"{variable} = [",
                *(f"    {line}" for group in part.param_groups for line in _group(group, names, part.defaults)),
                "]",
            ]
            weights = variable
        arguments = ", ".join(f"{name}={value!r}" for name, value in _arguments(part).items())
        text = f"torch.optim.{type(part).__name__}({weights}, lr=LEARNING_RATE{', ' + arguments if arguments else ''})"
        found.append(WrittenOptimizer(tuple(lines), text))
    return found


def _group(group: Mapping[str, Any], names: Mapping[int, str], defaults: Mapping[str, Any]) -> list[str]:
    members = [f'            "{names[id(each)]}",' for each in group["params"]]
    factor = group["learning_rate_factor"]
    rate = [] if factor == 1.0 else [f'    "lr": {factor!r} * LEARNING_RATE,']
    decay = ['    "weight_decay": 0.0,'] if group.get("weight_decay", 0.0) != defaults.get("weight_decay", 0.0) else []
    return [
        "{",
        f"    # {group['name']}",
        '    "params": [',
        "        weights[name]",
        "        for name in (",
        *members,
        "        )",
        "    ],",
        *rate,
        *decay,
        "},",
    ]


def _arguments(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return the arguments of an optimizer's constructor that differ from PyTorch's own."""
    signature = inspect.signature(import_class(f"torch.optim.{type(optimizer).__name__}").__init__)
    defaults = {name: each.default for name, each in signature.parameters.items()}
    found = {}
    for name, value in optimizer.defaults.items():
        if name in ("lr", "params", "differentiable", "capturable", "foreach", "maximize") or name not in defaults:
            continue
        if value != defaults[name]:
            found[name] = value
    return found


def optimizer_text(optimizers: Sequence[WrittenOptimizer]) -> str:
    """Return the function that makes the optimizer, or the two of them."""
    if len(optimizers) == 1:
        return "\n".join(
            [
                "def make_optimizer(network: Net) -> torch.optim.Optimizer:",
                '    """Return the optimizer over the weights that may change."""',
                *(f"    {line}" for line in optimizers[0].lines),
                f"    return {optimizers[0].made}",
            ]
        )
    lines = [f"    {line}" for each in optimizers for line in each.lines if line != _BY_NAME]
    made = ",\n        ".join(each.made for each in optimizers)
    return "\n".join(
        [
            "def make_optimizers(network: Net) -> list[torch.optim.Optimizer]:",
            '    """Return an optimizer for the matrices of hidden layers, and one for all other weights."""',
            f"    {_BY_NAME}",
            *lines,
            f"    return [\n        {made},\n    ]",
        ]
    )
