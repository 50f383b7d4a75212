"""Several optimizers that appear as one, so that schedules, clipping and checkpoints need not know of the parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class Together(Optimizer):
    """Optimizers over different weights: one step, one list of parameter groups, one state.

    ``param_groups`` holds the parts' own groups in their order: what is changed there reaches the parts. The last part
    has to take any weight: groups that are added later are its.
    """

    def __init__(self, parts: Sequence[Optimizer]) -> None:
        """Join at least one optimizer; no weight may be in two of them."""
        self.parts: tuple[Optimizer, ...] = ()
        super().__init__([group for part in parts for group in part.param_groups], {})
        self.parts = tuple(parts)
        self._join()

    def _join(self) -> None:
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    @property  # type: ignore[override]  # torch has an attribute of its own here
    def state(self) -> Mapping[Tensor, Any]:
        """The parts' states by weight, to be read."""
        return {weight: state for part in self.parts for weight, state in part.state.items()}

    @state.setter
    def state(self, _empty: Mapping[Tensor, Any]) -> None:
        """Leave the parts' states alone: torch starts every optimizer with an empty one."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Give weights to the last part."""
        if not self.parts:
            super().add_param_group(param_group)
            return
        self.parts[-1].add_param_group(param_group)
        self._join()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Let every part make its step; ``closure`` is called once, before the first."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for part in self.parts:
            part.step()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all weights."""
        for part in self.parts:
            part.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """Return the parts' states, in plain containers and tensors."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a stored state.

        Raises:
            ValueError: it is of other parts.
        """
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._join()
