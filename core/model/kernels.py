"""The kernels of recurrent layers by formula: on ``meta`` PyTorch would unroll them step by step, at great cost.

Only the kernel is replaced. Everything that the module itself checks and arranges around it is the real thing, and a
test holds shapes and dtypes against real runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class QuickKernels(TorchFunctionMode):
    """A context in which the kernels of LSTM, GRU and RNN return empty tensors of the right shapes.

    Sequences are (batch, time, features) or, without ``batch_first``, (time, batch, features); the output has as many
    features as the state, twice that where bidirectional, and the final states are shaped like the initial ones.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Answer for a recurrent kernel; let everything else pass."""
        name = getattr(func, "__name__", "")
        if name not in ("lstm", "gru", "rnn_tanh", "rnn_relu") or len(args) != 9 or kwargs:
            return func(*args, **(kwargs or {}))
        sequence, states, *_weights_and_settings, bidirectional, _batch_first = args
        states = states if isinstance(states, tuple | list) else (states,)
        width = states[0].shape[-1] * (2 if bidirectional else 1)
        output = sequence.new_empty((*sequence.shape[:-1], width))
        return output, *(torch.empty_like(each) for each in states)
