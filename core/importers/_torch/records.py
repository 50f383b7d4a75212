"""What is kept of a graph while it is read: its calls, the tensors that it holds, and what could not be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn
from torch.nn.utils.rnn import PackedSequence

from core.graph.project import End


@dataclass(frozen=True)
class Call:
    """A call with its arguments and results for both batches; ``name`` is the function's, ``path`` where it stands.

    ``aten`` says that the arguments are in the order of PyTorch's operators, not in that of its functions in Python.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    other_args: tuple[Any, ...]
    other_kwargs: Mapping[str, Any]
    out: Any
    other_out: Any
    path: str = ""
    aten: bool = False
    leaf: str = ""
    """The module that the call is all of, where the graph says so: its node is called like it."""
    training: tuple[tuple[Any, ...], Mapping[str, Any]] | None = None
    """What the call is given while training, as far as that is plain values; None where that is not known."""

    def said(self, *names: str) -> dict[str, Any]:
        """Return what it is given by name; ``names`` are those of the arguments, in their order."""
        return by_name(names, self.args, self.kwargs)

    def other_said(self, *names: str) -> dict[str, Any]:
        """Return what it is given by name for the other batch."""
        return by_name(names, self.other_args, self.other_kwargs)

    def of_first(self, name: str) -> Call:
        """Return a call of another function that is given the first argument alone, and gives the same."""
        one, other = self.args[:1], self.other_args[:1]
        return replace(self, name=name, args=one, kwargs={}, other_args=other, other_kwargs={}, training=None)


def by_name(names: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments by name; ``names`` are those that may be given by their order."""
    return dict(zip(names, args, strict=False)) | dict(kwargs)


@dataclass(frozen=True)
class LeafCall:
    """A call of a module that has no kind: for both batches what it takes and what it gives."""

    module: nn.Module
    path: str
    args: tuple[Any, ...]
    other_args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    out: Any
    other_out: Any


@dataclass
class Held:
    """A tensor that the network holds: what it is called, whether it is learned, and its node once it needs one."""

    name: str
    learned: bool
    node: str = ""


@dataclass(frozen=True)
class Unsaid:
    """A call that no kind of layer does, why, and the module that it stands in."""

    name: str
    reason: str
    path: str


class ChangedInPlace(Exception):
    """A tensor was changed through another one that looks at the same numbers (``x[:, 0] = 0``)."""


class StaysPacked(Exception):
    """A packed sequence is used otherwise than by a recurrent layer; ``path`` is the module in which that is."""

    def __init__(self, path: str) -> None:
        super().__init__("a packed sequence is computed with")
        self.path = path


@dataclass(frozen=True)
class Pack:
    """What a packed sequence holds: where the sequences come from (batch first), and how long each is."""

    source: End
    lengths: End
    steps: int


def reads_packed(call: LeafCall) -> bool:
    """True for a recurrent layer that is given a packed sequence."""
    return bool(call.args) and isinstance(call.args[0], PackedSequence)
