"""What a graph's calls are called: the name of a function, method or operator, as the tables of words know it."""

from __future__ import annotations

import operator
from typing import Any

import torch


def name_of(target: Any) -> tuple[str, bool]:
    """Return the name of a function, method or operator without the underscores of its variants, and whether it is
    one of PyTorch's operators.
    """
    if isinstance(target, str):
        return _plain(target), False
    if isinstance(target, torch._ops.OpOverload):
        return _plain(target._schema.name.partition("::")[2]), True
    name = getattr(target, "__name__", type(target).__name__)
    if getattr(operator, name, None) is target:
        return _plain(name), False
    return _plain(name), getattr(target, "__module__", "") not in ("torch.nn.functional", "torch.functional")


def _plain(name: str) -> str:
    return name.strip("_") if name.startswith("__") else name.lstrip("_").rstrip("_")
