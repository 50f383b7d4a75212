"""Layers of Keras that PyTorch has no twin of, written as Python layers.

They are trusted from the start: nothing of a file gets into them. A source is made of the texts in these modules alone;
what a file says only chooses among them (an activation by its name), its numbers are parameters of the node.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.importers._keras.activation import BEFORE_3
from core.importers._keras.file import Json
from core.importers._keras.flow import Step, Unsupported

_ACTIVATIONS: Mapping[str, str] = {
    "": "{}",
    "tanh": "torch.tanh({})",
    "sigmoid": "torch.sigmoid({})",
    "relu": "torch.relu({})",
    "relu6": "nn.functional.relu6({})",
    "hard_sigmoid": "nn.functional.hardsigmoid({})",
    BEFORE_3: "torch.clamp(0.2 * ({}) + 0.5, 0, 1)",
    "hard_silu": "nn.functional.hardswish({})",
    "hard_swish": "nn.functional.hardswish({})",
    "hard_tanh": "nn.functional.hardtanh({})",
    "elu": "nn.functional.elu({})",
    "selu": "nn.functional.selu({})",
    "gelu": "nn.functional.gelu({})",
    "silu": "nn.functional.silu({})",
    "swish": "nn.functional.silu({})",
    "mish": "nn.functional.mish({})",
    "softplus": "nn.functional.softplus({})",
    "softsign": "nn.functional.softsign({})",
    "log_sigmoid": "nn.functional.logsigmoid({})",
    "leaky_relu": "nn.functional.leaky_relu({}, 0.2)",
    "exponential": "torch.exp({})",
}
"""By Keras's name: what an activation is inside a written layer."""
GATES: Mapping[str, int] = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
"""By class of Keras: how many times its units the kernels are wide."""
_MOST_STEPS = 20_000
_IMPORTS = "import torch\nfrom torch import nn\n\n\n"

_RECURRENT = '''\
class {name}(nn.Module):
    """{what} as Keras computes it, one step after another.

    Args:
        units: Size of the state.
        use_bias: Whether biases are learned.
        backwards: Whether steps are read from the last to the first; outputs come in that order.
        zero_masked: Whether masked steps give zeros rather than what the step before them gave.
    """

    def __init__(self, in_features, units: int, use_bias=True, backwards=False, zero_masked=False):
        super().__init__()
        self.units, self.backwards, self.zero_masked = units, backwards, zero_masked
        self.kernel = nn.Parameter(torch.empty(in_features, {gates} * units))
        self.recurrent_kernel = nn.Parameter(torch.empty(units, {gates} * units))
        self.bias = nn.Parameter(torch.zeros({bias})) if use_bias else None
        nn.init.xavier_uniform_(self.kernel)
        nn.init.xavier_uniform_(self.recurrent_kernel)

    def forward(self, input, mask=None, {arguments}):
        """Go through sequences.

        Args:
            input: Sequences: batch × time × features.
            mask: True for the steps that count, the others leave the state as it is: batch × time.
            hidden: The state to start from, zeros where free: batch × units.
        """
        start = input.new_zeros(input.shape[0], self.units)
{prepared}
        shown, outputs = start, []
        shapes_alone = input.device.type == "meta"
        steps = range(1 if shapes_alone else input.shape[1])
        for step in reversed(steps) if self.backwards else steps:
{step}
            if mask is None:
                {kept_all}
            else:
                real = mask[:, step].bool().unsqueeze(-1)
                shown = torch.where(real, new, torch.zeros_like(shown) if self.zero_masked else shown)
{kept}
            outputs.append(shown)
        output, last = torch.stack(outputs, 1).expand(-1, input.shape[1], -1), shown
        return output, last, {states}
'''
_GIVEN = "        given = input @ self.kernel if self.bias is None else input @ self.kernel + self.bias"
_HIDDEN = "        hidden = start if hidden is None else hidden"
_CELL = "        cell = start if cell is None else cell"
_TWO_BIASES = """\
        given = input @ self.kernel if self.bias is None else input @ self.kernel + self.bias[0]
        more = 0.0 if self.bias is None else self.bias[1]"""
_SPLIT = """\
        to_gates = self.recurrent_kernel[:, : 2 * self.units]
        to_new = self.recurrent_kernel[:, 2 * self.units :]"""
_STEPS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    # by cell: the shape of its bias, what is prepared, and one step in rows; {r…} is a gate, {a…} an activation
    "LSTM": (
        "4 * units",
        (_HIDDEN, _CELL, _GIVEN),
        """\
            enter, forget, fresh, leave = (given[:, step] + hidden @ self.recurrent_kernel).chunk(4, -1)
            new_cell = R[forget] * cell + R[enter] * A[fresh]
            new = R[leave] * A[new_cell]""",
    ),
    "GRU": (
        "2, 3 * units",
        (_HIDDEN, _TWO_BIASES),
        """\
            update, reset, fresh = given[:, step].chunk(3, -1)
            old_update, old_reset, old_fresh = (hidden @ self.recurrent_kernel + more).chunk(3, -1)
            update, reset = R[update + old_update], R[reset + old_reset]
            new = update * hidden + (1 - update) * A[fresh + reset * old_fresh]""",
    ),
    "GRU before": (
        "3 * units",
        (_HIDDEN, _GIVEN, _SPLIT),
        """\
            update, reset, fresh = given[:, step].chunk(3, -1)
            old_update, old_reset = (hidden @ to_gates).chunk(2, -1)
            update, reset = R[update + old_update], R[reset + old_reset]
            new = update * hidden + (1 - update) * A[fresh + (reset * hidden) @ to_new]""",
    ),
    "SimpleRNN": (
        "units",
        (_HIDDEN, _GIVEN),
        "            new = A[given[:, step] + hidden @ self.recurrent_kernel]",
    ),
}


def applied(activation: str, value: str) -> str:
    """Return the expression that applies an activation of Keras.

    Raises:
        Unsupported: it is not known here.
    """
    if activation not in _ACTIVATIONS:
        raise Unsupported(f"its activation '{activation[:40]}' has no equal inside such a layer")
    return _ACTIVATIONS[activation].format(value)


def _filled(text: str, activation: str, gate: str) -> str:
    """Put the expressions of both activations in the place of A[…] and R[…]."""
    for mark, called in (("A[", activation), ("R[", gate)):
        while mark in text:
            head, _, tail = text.partition(mark)
            depth, end = 1, 0
            while depth:
                depth += {"[": 1, "]": -1}.get(tail[end], 0)
                end += 1
            text = head + applied(called, tail[: end - 1]) + tail[end:]
    return text


def recurrent(step: Step, cls: str, activation: str, gate: str, *, reset_after: bool = True) -> str:
    """Define a recurrent layer of Keras and return its kind; it holds ``kernel``, ``recurrent_kernel`` and ``bias``.

    Its outputs are the sequence, its last step, and the states. Formulas: Hochreiter and Schmidhuber 1997 with a forget
    gate (LSTM), Cho et al. 2014 (GRU), the latter with the reset gate before or after the product.

    Raises:
        Unsupported: an activation is not known here.
    """
    before = cls == "GRU" and not reset_after
    bias, prepared, rows = _STEPS["GRU before" if before else cls]
    states = ("hidden", "cell") if cls == "LSTM" else ("hidden",)
    news = ("new", "new_cell")[: len(states)]
    kept = [f"                {old} = torch.where(real, {new}, {old})" for old, new in zip(states, news, strict=True)]
    order = ", with the reset gate before the product" if before else ""
    parts = {
        "what": f"{cls}{order}",
        "gates": str(GATES[cls]),
        "bias": bias,
        "arguments": ", ".join(f"{each}=None" for each in states),
        "prepared": "\n".join(prepared),
        "step": _filled(rows, activation, gate),
        "kept_all": f"{', '.join(('shown', *states))} = {', '.join((news[0], *news))}",
        "kept": "\n".join(kept),
        "states": ", ".join(states),
    }
    return step.scope.draft.define_own(f"Keras{cls}", lambda name: _IMPORTS + _RECURRENT.format(name=name, **parts))


def require_few(steps: int | str) -> None:
    """Raise Unsupported for sequences that are too long to go through in Python."""
    if isinstance(steps, int) and steps > _MOST_STEPS:
        raise Unsupported(
            f"its sequences have {steps:,} steps, and at most {_MOST_STEPS:,} are gone through one by one, as "
            "is needed where PyTorch has no such layer"
        )


def tell_of_steps(step: Step, config: Mapping[str, Json], *, stateful: bool) -> None:
    """Say what a recurrent layer, or the cell of this configuration in it, does in Keras alone."""
    if stateful:
        step.note(f"'{step.layer.name}' keeps its state between batches in Keras; here every batch starts from zeros.")
    if config.get("dropout") or config.get("recurrent_dropout"):
        step.note(f"'{step.layer.name}' drops values inside its steps while training in Keras; here it drops none.")
