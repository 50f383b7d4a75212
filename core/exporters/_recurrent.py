"""Recurrent layers as a loop over the steps, which PyTorch's exporter keeps for any length.

It unrolls ``nn.LSTM``, ``nn.GRU`` and ``nn.RNN`` into as many steps as its example has, so that the program would take
no other length. Written with ``scan`` the loop stays a loop.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

State = tuple[Tensor, ...]
Cell = Callable[[State, Tensor, Tensor], State]
"""From the state (N, hidden), what the input says of this step and the recurrent part (N, gates) to the next state."""


def with_loops(module: nn.Module) -> nn.Module:
    """Return a network that shares the weights and computes the same, with its recurrent layers as loops.

    It is the module itself where there are none.
    """
    if not any(type(each) in _CELLS for each in module.modules()):
        return module
    shared = {id(each): each for each in (*module.parameters(), *module.buffers())}
    changed: nn.Module = copy.deepcopy(module, dict(shared))
    for parent in tuple(changed.modules()):
        for name, child in tuple(parent.named_children()):
            if isinstance(child, nn.RNNBase) and type(child) in _CELLS:
                setattr(parent, name, _Loop(child))
    return changed


class _Loop(nn.Module):
    """A recurrent layer in evaluation mode; weights keep their names."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        for name, weight in layer.named_parameters(recurse=False):
            self.register_parameter(name, weight)
        self.layers = layer.num_layers
        self.directions = ("", "_reverse") if layer.bidirectional else ("",)
        self.batch_first = layer.batch_first
        self.hidden = layer.hidden_size
        self.projected = layer.proj_size
        self.cell = _CELLS[type(layer)]
        if isinstance(layer, nn.RNN) and layer.nonlinearity == "relu":
            self.cell = _relu
        self.has_memory = isinstance(layer, nn.LSTM)
        self.eval()

    def forward(self, input: Tensor, hx: Tensor | State | None = None) -> tuple[Tensor, Tensor | State]:
        """Return the outputs of all steps and the last states, as the layer does."""
        steps = input.transpose(0, 1) if self.batch_first else input
        given = hx if isinstance(hx, tuple) else None if hx is None else (hx,)
        ends: list[State] = []
        for number in range(self.layers):
            found = []
            for reverse in self.directions:
                place = len(ends)
                start = self._zeros(steps) if given is None else tuple(each[place] for each in given)
                end, outputs = self._run(steps, start, f"_l{number}{reverse}", bool(reverse))
                ends.append(end)
                found.append(outputs)
            steps = torch.cat(found, -1) if len(found) > 1 else found[0]
        states = tuple(torch.stack(each) for each in zip(*ends, strict=True))
        outputs = steps.transpose(0, 1) if self.batch_first else steps
        return outputs, states if self.has_memory else states[0]

    def _zeros(self, steps: Tensor) -> State:
        sizes = (self.projected or self.hidden, self.hidden) if self.has_memory else (self.hidden,)
        return tuple(steps.new_zeros(steps.shape[1], size) for size in sizes)

    def _run(self, steps: Tensor, start: State, suffix: str, reverse: bool) -> tuple[State, Tensor]:
        from torch._higher_order_ops.scan import scan

        weights = dict(self.named_parameters(recurse=False))
        recurrent, bias = weights[f"weight_hh{suffix}"], weights.get(f"bias_hh{suffix}")
        projection = weights.get(f"weight_hr{suffix}")
        entering = functional.linear(steps, weights[f"weight_ih{suffix}"], weights.get(f"bias_ih{suffix}"))

        def step(state: State, entered: Tensor) -> tuple[State, Tensor]:
            after = self.cell(state, entered, functional.linear(state[0], recurrent, bias))
            if projection is not None:
                after = (functional.linear(after[0], projection), *after[1:])
            return after, after[0].clone()

        end, outputs = scan(step, start, entering.flip(0) if reverse else entering)
        return tuple(end), outputs.flip(0) if reverse else outputs


def _lstm(state: State, entered: Tensor, recurrent: Tensor) -> State:
    enter, forget, new, leave = (entered + recurrent).chunk(4, 1)
    memory = torch.sigmoid(forget) * state[1] + torch.sigmoid(enter) * torch.tanh(new)
    return torch.sigmoid(leave) * torch.tanh(memory), memory


def _gru(state: State, entered: Tensor, recurrent: Tensor) -> State:
    (reset, update, new), (own_reset, own_update, own_new) = entered.chunk(3, 1), recurrent.chunk(3, 1)
    kept = torch.sigmoid(update + own_update)
    fresh = torch.tanh(new + torch.sigmoid(reset + own_reset) * own_new)
    return ((1 - kept) * fresh + kept * state[0],)


def _tanh(_state: State, entered: Tensor, recurrent: Tensor) -> State:
    return (torch.tanh(entered + recurrent),)


def _relu(_state: State, entered: Tensor, recurrent: Tensor) -> State:
    return (torch.relu(entered + recurrent),)


_CELLS: dict[type[nn.Module], Cell] = {nn.LSTM: _lstm, nn.GRU: _gru, nn.RNN: _tanh}
