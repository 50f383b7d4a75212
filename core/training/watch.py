"""Notices NaN and infinity before they reach the weights, at a cost that no one notices.

On the CPU every step is looked at before the optimizer takes it: one pass over the gradients and one number read. On a
GPU reading a number would stop the queue of work at every step. There the same pass raises a flag that stays on the
device; fused optimizers look at it themselves and leave the weights alone from that step on (the way in which
``torch.amp.GradScaler`` hands it to them), and the loop reads it only when it reports. Optimizers without such a
kernel are put back to the weights of the last report.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


class NotFiniteError(Exception):
    """The loss or a gradient is not a number any more; the weights are those before. ``what`` says which of them."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Watch:
    """Looks at loss and gradients of every step. ``keep`` is called before a step, ``check`` after its gradients.

    ``scaled`` gradients of float16 may overflow: their steps are left out by the scaler, and only losses are looked at.
    """

    def __init__(
        self,
        module: nn.Module,
        optimizers: Sequence[Optimizer],
        device: torch.device,
        *,
        scaled: bool,
        at_once: bool | None = None,
    ) -> None:
        """``at_once`` says whether every step is looked at before it is made (None: on the CPU alone)."""
        self._waits = device.type == "cpu" if at_once is None else at_once
        self._scaled = scaled
        self._found = torch.zeros((), device=device)
        self._one = torch.ones((), device=device)
        self.weights = [each for each in module.parameters() if each.requires_grad]
        """Those that learn."""
        self._all_dense = True
        self._buffers = [each for each in module.buffers() if each.is_floating_point()]
        self._masked = not scaled and bool(optimizers) and all(_reads_flag(each) for each in optimizers)
        kept = [] if self._waits or self._masked else [each.detach() for each in module.parameters()]
        self._live = [*kept, *self._buffers]
        self._copies = [each.detach().clone() for each in self._live]
        if not self._waits and self._masked:
            for optimizer in optimizers:
                optimizer.found_inf = self._found  # type: ignore[attr-defined]  # as GradScaler does
                optimizer.grad_scale = None  # type: ignore[attr-defined]

    def keep(self) -> None:
        """Remember what the next step may spoil besides the weights: running statistics."""
        if self._buffers and self._waits:
            torch._foreach_copy_(self._copies, self._live)

    def check(self, loss: Tensor) -> None:
        """Look at a loss and the gradients; on a GPU only note what is found, for ``verify``.

        Raises:
            NotFiniteError: (CPU) one of them is not finite.
        """
        if self._waits:
            if not math.isfinite(loss.item()):
                self._refuse("loss")
            if not self._scaled:
                self._look_at_gradients()
                if self._found.item():
                    self._refuse("gradient")
        else:
            torch._amp_foreach_non_finite_check_and_unscale_([loss.detach()], self._found, self._one)
            if not self._scaled:
                self._look_at_gradients()

    def _look_at_gradients(self) -> None:
        if self._all_dense:
            try:
                gradients: Any = [each.grad for each in self.weights]
                torch._amp_foreach_non_finite_check_and_unscale_(gradients, self._found, self._one)
                return
            except (TypeError, RuntimeError):
                # A weight without a gradient, or one that is not plain: from now on each is looked at first.
                self._all_dense = False
        if gradients := _dense(self.weights):
            torch._amp_foreach_non_finite_check_and_unscale_(gradients, self._found, self._one)

    def follow(self, module: nn.Module) -> None:
        """Look at the weights that may change now: layers were frozen or freed."""
        self.weights = [each for each in module.parameters() if each.requires_grad]
        self._all_dense = True

    def verify(self) -> None:
        """Read the flag back, and where all is well take the present state as the last good one.

        Raises:
            NotFiniteError: a step since the last call was not finite; the weights are those before it, or where the
                optimizer has no fused kernel those of the last call.
        """
        if self._waits:
            return
        if self._found.item():
            self._refuse("loss or the gradient")
        if self._live:
            with torch.no_grad():
                torch._foreach_copy_(self._copies, self._live)

    def reset(self) -> None:
        """Forget what was found: the weights were put back."""
        self._found.zero_()
        if self._live:
            with torch.no_grad():
                torch._foreach_copy_(self._copies, self._live)

    def _refuse(self, what: str) -> None:
        with torch.no_grad():
            for live, copy in zip(self._live, self._copies, strict=True):
                live.copy_(copy)
        raise NotFiniteError(what)


def _dense(weights: Iterable[Tensor]) -> list[Tensor]:
    """Return the gradients that one pass can look at: all but those of complex and sparse tensors."""
    return [
        grad
        for each in weights
        if (grad := each.grad) is not None and grad.layout == torch.strided and grad.is_floating_point()
    ]


def _reads_flag(optimizer: Optimizer) -> bool:
    return all(group.get("fused") for group in optimizer.param_groups)
