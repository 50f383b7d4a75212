"""Holds what a program from outside computes to the memory of this machine: each result is foreseen before it is made.

A file of a few thousand bytes may double a tensor forty times. So every operator runs on ``meta`` first, which gives
the sizes of its results without the numbers; those that are too large are refused before memory is taken for them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.flop_counter import flop_registry

from core.errors import ImportFailed
from core.machine import physical_memory
from core.units import size

_UNKNOWN_MEMORY = 16 * 2**30
_SHARE, _LARGEST_SHARE = 4, 8
"""What part of the memory all tensors may take together, and any single one, as if nothing in it were repeated."""

_MOST_WORK = 5 * 10**12
"""Multiplications that one operator may take, a minute or two: it cannot be cancelled meanwhile."""
_LARGEST_NUMBER = 2**63


def plain_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return an operator of Python that takes nothing but numbers and gives none that is larger than sizes can be.

    Raises (the operator):
        ValueError: something else came, or a larger one would.
    """

    @functools.wraps(function)
    def compute(*given: Any) -> Any:
        if not all(isinstance(each, bool | int | float) for each in given):
            raise ValueError(f"'{function.__name__}' takes numbers alone here")
        if function.__name__ == "pow" and abs(given[-1]) >= 64:
            raise ValueError(f"a power of {given[-1]:g} is too large")
        found = function(*given)
        if isinstance(found, int) and abs(found) > _LARGEST_NUMBER:
            raise ValueError("a number is too large")
        return found

    return compute


class Bounded(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch leaves this class unannotated
    """While it is entered, operators that would make too much raise ``ImportFailed``. ``what`` names the program."""

    def __init__(self, what: str, memory: int | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.what = what
        whole = memory or physical_memory() or _UNKNOWN_MEMORY
        self._most, self._largest = whole // _SHARE, whole // _LARGEST_SHARE
        self._held: list[tuple[StorageWeakRef, int]] = []
        self._sum = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operator, once it is known that its results are not too large."""
        named = dict(kwargs or {})
        try:
            self._refuse_beyond(list(_foreseen(func, args, named)))
        except TooLong as error:
            raise ImportFailed(f"'{self.what}' was not opened: a single one of its steps computes too long.") from error
        found = func(*args, **named)
        given = {_place(each) for each in _tensors((args, named))}
        for each in _tensors(found):
            if _place(each) not in given:
                storage = each.untyped_storage()
                self._held.append((StorageWeakRef(storage), storage.nbytes()))  # type: ignore[no-untyped-call]
                self._sum += storage.nbytes()
        return found

    def _refuse_beyond(self, results: list[int]) -> None:
        """Raise ``ImportFailed`` where results of so many bytes are more than may be."""
        largest = max(results, default=0)
        if largest <= self._largest and self._sum + sum(results) > self._most:
            self._held = [each for each in self._held if not each[0].expired()]  # type: ignore[no-untyped-call]
            self._sum = sum(count for _held, count in self._held)
        if largest > self._largest or self._sum + sum(results) > self._most:
            raise ImportFailed(
                f"'{self.what}' was not opened: it computes tensors that take more memory than this machine can give "
                f"them ({size(max(largest, self._sum + sum(results)))})."
            )


def _tensors(value: Any) -> Iterator[Tensor]:
    return (each for each in tree_leaves(value) if isinstance(each, Tensor))


def _place(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _foreseen(func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Iterator[int]:
    """Yield how many bytes each result of an operator has."""
    if func.__name__.startswith("repeat_interleave.") and len(list(_tensors(args))) == 1:
        yield 8 * int(args[0].clamp(min=0).sum()) if args[0].dtype in (torch.int32, torch.int64) else 0
        return
    if func.__name__.startswith("bincount."):
        yield 8 * max(int(args[0].max()) + 1 if args[0].numel() else 0, *(int(each) for each in args[2:]), 0)
        return
    device = {"device": "meta"} if any(each.name == "device" for each in func._schema.arguments) else {}
    args, named = tree_map(_on_meta, (args, {**named, **device}))
    try:
        found = func(*args, **named)
    except Exception:  # without shapes there is nothing to foresee: it says itself what is wrong, or is a plain number
        return
    work = flop_registry.get(func.overloadpacket)
    if work is not None and work(*args, **named, out_val=found) > _MOST_WORK:
        raise TooLong
    for each in _tensors(found):
        yield math.prod(each.shape) * each.element_size()


class TooLong(Exception):
    """An operator would compute for minutes."""


def _on_meta(value: Any) -> Any:
    if isinstance(value, torch.device):
        return torch.device("meta")
    if not isinstance(value, Tensor) or value.layout is not torch.strided:
        return value
    return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
