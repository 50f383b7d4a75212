"""Keras's ConvLSTM layers: an LSTM whose products are convolutions, written as a Python layer for each rank.

PyTorch has none (Shi et al. 2015 without peepholes). Kernels hold input, forget, new and output gate one behind the
other; the input is convolved as the layer says, the state with "same" padding and steps of 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.importers._keras.activation import name_of
from core.importers._keras.convolution import same_padding, turned_kernel
from core.importers._keras.flow import Flow, Handler, Step, Unsupported, flows_in
from core.importers._keras.masks import mask_of
from core.importers._keras.written import applied, require_few, tell_of_steps
from core.kinds import Value

_SOURCE = '''\
import torch
from torch import nn


class {name}(nn.Module):
    """ConvLSTM of Keras over {rank} dimensions of space: batch × time × channels × space.

    Args:
        channels: Channels that arrive.
        filters: Channels of the state.
        kernel_size: Size of the kernels.
        stride: Steps of the kernel over the input.
        dilation: Distance of the kernel's points over the input.
        padding: Zeros before and after each dimension of the input, the last dimension first.
        use_bias: Whether a bias is learned.
        backwards: Whether steps are read from the last to the first; outputs come in that order.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...] = {ones},
        dilation: tuple[int, ...] = {ones},
        padding: tuple[int, ...] = {zeros},
        use_bias=True,
        backwards=False,
    ):
        super().__init__()
        self.filters, self.stride, self.dilation = filters, stride, dilation
        self.padding, self.backwards = padding, backwards
        self.kernel = nn.Parameter(torch.empty(4 * filters, channels, *kernel_size))
        self.recurrent_kernel = nn.Parameter(torch.empty(4 * filters, filters, *kernel_size))
        self.bias = nn.Parameter(torch.zeros(4 * filters)) if use_bias else None
        nn.init.xavier_uniform_(self.kernel)
        nn.init.xavier_uniform_(self.recurrent_kernel)

    def forward(self, input, hidden=None, cell=None):
        """Go through sequences.

        Args:
            input: Sequences of images: batch × time × channels × space.
            hidden: The state to start from, zeros where free.
            cell: The cell to start from, zeros where free.
        """
        padded = nn.functional.pad(input.flatten(0, 1), self.padding)
        given = nn.functional.conv{rank}d(padded, self.kernel, self.bias, self.stride, dilation=self.dilation)
        given = given.unflatten(0, input.shape[:2])
        start = torch.zeros_like(given[:, 0, : self.filters])
        hidden = start if hidden is None else hidden
        cell = start if cell is None else cell
        outputs = []
        shapes_alone = input.device.type == "meta"
        steps = range(1 if shapes_alone else input.shape[1])
        for step in reversed(steps) if self.backwards else steps:
            old = nn.functional.conv{rank}d(hidden, self.recurrent_kernel, padding="same")
            enter, forget, fresh, leave = (given[:, step] + old).chunk(4, 1)
            cell = {forget} * cell + {enter} * {fresh}
            hidden = {leave} * {cell}
            outputs.append(hidden)
        output = torch.stack(outputs, 1).expand(-1, input.shape[1], {rest})
        return output, hidden, cell
'''


def _conv_lstm(rank: int) -> Handler:
    def handler(step: Step) -> list[Flow]:
        if mask_of(step) is not None:
            raise Unsupported("it is given a mask")
        first = step.get("data_format", "channels_last") == "channels_first"
        order = tuple(range(rank + 3)) if first else (0, 1, rank + 2, *range(2, rank + 2))
        x = step.scope.cast(step.x, "float32")
        if x.rank != rank + 3:
            raise Unsupported(f"it is given {x.rank} dimensions, not {rank + 3}")
        require_few(x.size(1))
        x = step.scope.turn(x, order)
        after = (0, *(axis - 1 for axis in order[2:]))
        given = flows_in(list(step.args))[1:] + flows_in(step.kwargs.get("initial_state"))
        if len(given) not in (0, 2):
            raise Unsupported(f"it starts from {len(given)} states")
        states = [step.scope.turn(each, after) for each in given]
        kind = step.scope.draft.define_own(f"KerasConvLSTM{rank}D", _source(step, rank))
        kernel, filters = step.each("kernel_size", rank), step.whole("filters")
        weights = step.first_weights(("cell",), ())
        channels = x.spec.dims[2].a
        tensors = {"kernel": turned_kernel(weights.take(0, "kernel", [*kernel, channels, 4 * filters]))}
        found = weights.take(1, "recurrent kernel", [*kernel, filters, 4 * filters])
        tensors["recurrent_kernel"] = turned_kernel(found)
        if step.get("use_bias", True):
            tensors["bias"] = weights.take(2, "bias", [4 * filters])
        inputs = {"input": x, **dict(zip(("hidden", "cell"), states, strict=False))}
        called = weights.called(**{key: at for at, key in enumerate(tensors)})
        params = {"channels": channels, **_params(step, x, rank)}
        made = step.add_all(kind, params, inputs, tensors=tensors, called=called)
        sequence, hidden, cell = (
            Flow(flow.end, flow.spec, way) for flow, way in zip(made, (order, after, after), strict=True)
        )
        result = sequence if step.get("return_sequences", False) else hidden
        return [result, hidden, cell] if step.get("return_state", False) else [result]

    return handler


def _source(step: Step, rank: int) -> Callable[[str], str]:
    """Return what writes the layer under a name."""
    activation = name_of(step.config.get("activation", "tanh"))
    gate = name_of(step.config.get("recurrent_activation", "sigmoid"))
    parts = {each: applied(gate, each) for each in ("enter", "forget", "leave")}
    parts |= {each: applied(activation, each) for each in ("fresh", "cell")}
    shape = {
        "rank": rank,
        "rest": ", ".join(["-1"] * (rank + 1)),
        "ones": str((1,) * rank),
        "zeros": str((0, 0) * rank),
    }
    return lambda name: _SOURCE.format(name=name, **parts, **shape)


def _params(step: Step, x: Flow, rank: int) -> dict[str, Value]:
    """Return the parameters that differ from the defaults."""
    kernel, strides = step.each("kernel_size", rank), step.each("strides", rank)
    dilation = step.each("dilation_rate", rank)
    params: dict[str, Value] = {"filters": step.whole("filters"), "kernel_size": kernel}
    params |= {"stride": strides} if set(strides) != {1} else {}
    params |= {"dilation": dilation} if set(dilation) != {1} else {}
    if str(step.get("padding", "valid")).lower() == "same":
        spans = [(size - 1) * gap + 1 for size, gap in zip(kernel, dilation, strict=True)]
        sides = same_padding(step, x, spans, strides, first=3)
        numbers = tuple(number for before, after in reversed(sides) for number in (before, after))
        params |= {"padding": numbers} if any(numbers) else {}
    params |= {} if step.get("use_bias", True) else {"use_bias": False}
    params |= {"backwards": True} if step.get("go_backwards", False) else {}
    tell_of_steps(step, step.config, stateful=bool(step.get("stateful")))
    return params


LAYERS: Mapping[str, Handler] = {f"ConvLSTM{rank}D": _conv_lstm(rank) for rank in (1, 2, 3)}
"""By class of Keras: what makes nodes of it."""
