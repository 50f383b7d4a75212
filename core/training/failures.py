"""Says in plain words why training could not go on, and at which node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.errors import LayerwrightError
from core.model.build import Built, is_out_of_memory, node_of_error
from core.training.network import Network


def explain(error: Exception, built: Built | None, batch_size: int) -> tuple[str, str]:
    """Return a message for the user and the node's name (or an empty string) for an exception that ended training."""
    if isinstance(error, LayerwrightError):
        return str(error), error.node or ""
    node = (node_of_error(built, error) if built else None) or ""
    text = str(error)
    if is_out_of_memory(error):
        return (
            f"There is not enough memory for this network with a batch size of {batch_size}. Choose a smaller batch "
            "size, a smaller network, or another device.",
            node,
        )
    where = f"'{node}' could not be computed" if node else "Training could not go on"
    if "Expected more than 1 value per channel" in text:
        return f"{where}: batch normalisation needs at least 2 samples in a batch. Choose a larger batch size.", node
    if isinstance(error, IndexError) and "index out of range" in text:
        return f"{where}: an index is beyond the end of its table. Make num_embeddings larger than every index.", node
    reason = text.splitlines()[0] if text else ""
    return f"{where}: {type(error).__name__}{': ' if reason else ''}{reason}", node


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


def first_not_finite(network: Network, inputs: Sequence[Tensor]) -> str:
    """Return the node at which the first NaN or infinite value appears for a batch, or an empty string.

    The forward pass is run again without gradients; buffers (such as running means) are put back afterwards.
    """
    for name, tensor in zip(network.built.inputs, inputs, strict=True):
        if tensor.is_floating_point() and not _is_finite(tensor):
            return name
    buffers = [(each, each.clone()) for each in network.module.buffers()]
    try:
        with torch.no_grad(), _StopAtNotFinite():
            network.forward(inputs)
    except _NotFiniteError as error:
        return node_of_error(network.built, error) or ""
    finally:
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
    return ""


def not_finite_message(what: str, node: str, epoch: int, step: int, learning_rate: float) -> str:
    """Return the message for a loss or weights that became NaN or infinite."""
    where = f" The first such values come out of '{node}'." if node else ""
    return (
        f"The {what} became infinite or not a number in epoch {epoch}, at or shortly before step {step}.{where} "
        f"Usual causes: a learning rate that is too high (it is {learning_rate:g}), or data with huge values that "
        "were not standardised. Earlier checkpoints were kept."
    )
