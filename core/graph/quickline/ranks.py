"""How many dimensions a layer gives, from its parameters and what arrives: enough to tell Conv1d from Conv2d.

Only an estimate for choosing among twins while a line is read; the shape check has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.kinds import LayerKind, Value

_GIVES = {
    "EmbeddingBag": 2,
    "RNNCell": 2,
    "LSTMCell": 2,
    "GRUCell": 2,
    "LastStep": 2,
    "MaskFromLengths": 2,
    "MultiheadAttention": 3,
    "RNN": 3,
    "LSTM": 3,
    "GRU": 3,
    "Unfold": 3,
    "Fold": 4,
}
_ADDS = {
    "Embedding": 1,
    "OneHot": 1,
    "Stack": 1,
    "Unsqueeze": 1,
    "Select": -1,
    "CosineSimilarity": -1,
    "PairwiseDistance": -1,
    "Dot": -1,
}
_REDUCES = frozenset({"Mean", "Sum", "Max", "Min", "Std", "Variance", "Norm", "LogSumExp", "ArgMax", "ArgMin"})
_USUAL = {"Linear": 2, "Bilinear": 2, "Embedding": 3}
"""What is meant by a layer that takes any rank, where nothing is known of what arrives."""


def rank_after(kind: LayerKind, values: Mapping[str, Value], arriving: tuple[int | None, ...]) -> int | None:
    """Return the rank (batch included) of a kind's first output; None where nobody can say.

    ``values`` are the parameters as set.
    """
    known = [rank for rank in arriving if rank is not None]
    rank = max(known) if known else None
    if kind.id in _GIVES:
        return _GIVES[kind.id]
    if kind.id in _SHAPED:
        return _SHAPED[kind.id](values, rank)
    if kind.inputs and len(kind.inputs[0].ranks) == 1:
        rank = kind.inputs[0].ranks[0]
    if rank is None:
        return _USUAL.get(kind.id)
    if kind.id in _REDUCES:
        return rank if values.get("keepdim") else max(1, rank - _length(values.get("dim"), 1))
    return rank + _ADDS.get(kind.id, 0)


def _length(value: Value, otherwise: int) -> int:
    return len(value) if isinstance(value, tuple) else otherwise


def _flattened(values: Mapping[str, Value], rank: int | None) -> int | None:
    first, last = values.get("start_dim", 1), values.get("end_dim", -1)
    if not isinstance(first, int) or not isinstance(last, int):
        return None
    if last == -1 and first >= 0:
        return first + 1
    if rank is None:
        return None
    return max(1, rank - (last % rank - first % rank))


def _unflattened(values: Mapping[str, Value], rank: int | None) -> int | None:
    return rank - 1 + _length(values.get("unflattened_size"), 2) if rank else None


def _reshaped(values: Mapping[str, Value], _rank: int | None) -> int | None:
    return _length(values.get("shape"), 1) + (1 if values.get("keep_batch", True) else 0)


def _squeezed(values: Mapping[str, Value], rank: int | None) -> int | None:
    return max(1, rank - _length(values.get("dim"), 1)) if rank else None


def _input(values: Mapping[str, Value], _rank: int | None) -> int | None:
    return None if values.get("fields") else _length(values.get("shape"), 1) + 1


def _own(values: Mapping[str, Value], _rank: int | None) -> int | None:
    return _length(values.get("shape"), 3)


_SHAPED: dict[str, Callable[[Mapping[str, Value], int | None], int | None]] = {
    "Flatten": _flattened,
    "Unflatten": _unflattened,
    "Reshape": _reshaped,
    "Squeeze": _squeezed,
    "Input": _input,
    "FreeParameter": _own,
    "Permute": lambda values, rank: rank or _length(values.get("order"), 3),
    "Einsum": lambda _values, _rank: None,
}
