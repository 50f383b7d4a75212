"""Fresh weights from a seed, without touching the random state that a training in another thread draws from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Seeded(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch leaves this class unannotated
    """A context in which this thread draws from a generator of its own: the same seed gives the same numbers.

    It reaches every operation that fills a tensor in place, as all initialisers of ``torch.nn`` do.
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
        if kwargs.get("generator") is None and any(each.name == "generator" for each in func._schema.arguments):
            kwargs["generator"] = self._generator
        return func(*args, **kwargs)
