"""Says in plain words why training could not go on, at which node, and which settings would help."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.errors import LayerwrightError
from core.graph.project import TrainingSettings
from core.model.build import Built, is_out_of_memory, node_of_error
from core.training.batches import Batch
from core.training.network import Network


@dataclass(frozen=True)
class Explained:
    """What went wrong in words, the node it belongs to ("" : none), and training settings that would help."""

    message: str
    node: str = ""
    offer: Mapping[str, Any] = field(default_factory=dict)


def explain(error: Exception, built: Built | None, settings: TrainingSettings) -> Explained:
    """Return what to tell the user of an exception that ended training."""
    if isinstance(error, LayerwrightError):
        return Explained(str(error), error.node or "")
    node = (node_of_error(built, error) if built else None) or ""
    text = str(error)
    if is_out_of_memory(error):
        return _out_of_memory(node, settings)
    where = f"'{node}' could not be computed" if node else "Training could not go on"
    if "Expected more than 1 value per channel" in text:
        message = f"{where}: batch normalisation needs at least 2 samples in a batch. Choose a larger batch size."
        return Explained(message, node)
    if isinstance(error, IndexError) and "index out of range" in text:
        message = f"{where}: an index is beyond the end of its table. Make num_embeddings larger than every index."
        return Explained(message, node)
    reason = text.splitlines()[0] if text else ""
    return Explained(f"{where}: {type(error).__name__}{': ' if reason else ''}{reason}", node)


def _out_of_memory(node: str, settings: TrainingSettings) -> Explained:
    size, count = settings.batch_size, settings.accumulate
    message = f"There is not enough memory for this network with a batch size of {size}. "
    if size < 2:
        return Explained(message + "Choose a smaller network, or another device.", node)
    offer = {"batch_size": size // 2, "accumulate": count * 2}
    message += (
        f"With a batch size of {size // 2} and {count * 2} batches to a step (accumulate) it learns alike in about "
        "half the memory. Otherwise choose a smaller network, or another device."
    )
    return Explained(message, node, offer)


class _NotFiniteError(Exception):
    """Raised inside forward, so that its traceback names the line, and with it the node."""


class _StopAtNotFinite(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, types: Iterable[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for each in result if isinstance(result, tuple | list) else (result,):
            if isinstance(each, Tensor) and each.is_floating_point() and not _is_finite(each):
                raise _NotFiniteError
        return result


def _is_finite(tensor: Tensor) -> bool:
    return bool(tensor.isfinite().all())


def first_not_finite(network: Network, batch: Batch) -> tuple[str, str]:
    """Return what is the first NaN or infinite value for a batch, and its node; two empty strings where all is finite.

    Forward and backward pass are run again; gradients are dropped, buffers (such as running means) put back.
    """
    for name, tensor in zip(network.built.inputs, batch.inputs, strict=True):
        if tensor.is_floating_point() and not _is_finite(tensor):
            return "values of the data", name
    buffers = [(each, each.clone()) for each in network.module.buffers()]
    try:
        with torch.no_grad(), _StopAtNotFinite():
            network.forward(batch.inputs)
        return _beyond_forward(network, batch)
    except _NotFiniteError as error:
        return "values", node_of_error(network.built, error) or ""
    finally:
        network.module.zero_grad(set_to_none=True)
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)


def _beyond_forward(network: Network, batch: Batch) -> tuple[str, str]:
    """Look at the losses, and then at the gradients on their way back."""
    followed = _FollowGradients(network.built)
    with torch.enable_grad():
        with followed:
            raw = network.forward(batch.inputs)
        losses = network.losses(raw, batch).losses
        for objective, loss in zip(network.objectives, losses, strict=True):
            if not _is_finite(loss):
                return "loss", objective.output
        torch.autograd.backward(network.total(losses))
    if followed.first:
        return "gradients", followed.first
    for name, weight in network.module.named_parameters():
        if weight.grad is not None and not _is_finite(weight.grad):
            return "gradients", name.rpartition(".")[0]
    return "", ""


class _FollowGradients(TorchFunctionMode):
    """Notes the node whose line hands back the first gradient that is not finite."""

    def __init__(self, built: Built) -> None:
        super().__init__()
        self._built = built
        self.first = ""

    def __torch_function__(
        self, func: Any, types: Iterable[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        node = self._node()
        for each in args if node else ():
            if isinstance(each, Tensor) and each.requires_grad:
                each.register_hook(partial(self._look, node))  # type: ignore[no-untyped-call]
        return func(*args, **(kwargs or {}))

    def _look(self, node: str, gradient: Tensor) -> None:
        if not self.first and not _is_finite(gradient):
            self.first = node

    def _node(self) -> str:
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename == self._built.filename and frame.f_lineno in self._built.nodes_by_line:
                return self._built.nodes_by_line[frame.f_lineno]
            frame = frame.f_back  # type: ignore[assignment]  # the last one has none
        return ""


def not_finite_message(what: str, found: tuple[str, str], epoch: int, step: int, learning_rate: float) -> str:
    """Return the message for a loss, gradients or weights that became NaN or infinite.

    ``found`` is what ``first_not_finite`` says, ``step`` the one that was not taken.
    """
    values, node = found
    where = f" The first such {values} come out of '{node}'." if node else ""
    if node and values == "loss":
        where = f" It is the loss of '{node}'."
    return (
        f"The {what} became infinite or not a number in epoch {epoch}, at step {step}.{where} "
        f"Usual causes: a learning rate that is too high (it is {learning_rate:g}), or data with huge values that "
        "were not standardised. The last good weights are kept."
    )
