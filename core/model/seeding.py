"""Fresh weights from a seed, without touching the random state that a training in another thread draws from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Seeded(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch leaves this class unannotated
    """A context in which this thread draws from a generator of its own: the same seed gives the same numbers.

    It reaches every operation that fills a tensor in place, as all initialisers of ``torch.nn`` do, and those that make
    a tensor of random numbers, such as ``torch.randn``.
    """

    def __init__(self, seed: int) -> None:
        """Start the generator; a seed outside of what PyTorch takes is wrapped around."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._generator = torch.Generator().manual_seed(seed % 2**63)

    def __torch_dispatch__(
        self,
        func: Any,
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation; one that draws is given the generator."""
        kwargs = dict(kwargs or {})
        func = _drawing_from(func)
        if kwargs.get("generator") is None and any(each.name == "generator" for each in func._schema.arguments):
            kwargs["generator"] = self._generator
        return func(*args, **kwargs)


@cache
def _drawing_from(func: Any) -> Any:
    """Return the overload of a random operation that takes a generator (``randn.generator``), else the operation."""
    wanted = _types(func)
    if torch.Tag.nondeterministic_seeded not in func.tags or "generator" in wanted:
        return func
    others = (getattr(func.overloadpacket, name) for name in func.overloadpacket.overloads())
    for other in others:
        found = _types(other)
        if found.pop("generator", None) and list(found.items()) == list(wanted.items()):
            return other
    return func


def _types(func: Any) -> dict[str, str]:
    return {each.name: str(each.type) for each in func._schema.arguments}
