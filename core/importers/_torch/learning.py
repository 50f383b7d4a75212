"""Finds out what calls are given while training, by tracing a module once more as it learns.

A network is read as it predicts. There ``F.dropout(x, 0.3, self.training)`` and ``F.dropout(x, 0.3, False)`` are one
and the same call, though the first one drops while training, and the second never does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from torch import fx, nn

from core.importers._torch.parametrised import copied
from core.importers._torch.targets import name_of

ASKING = frozenset(
    "dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout feature_alpha_dropout batch_norm "
    "instance_norm rrelu scaled_dot_product_attention".split()
)
"""Functions that are told whether the network learns."""
TRAINING = "training"
"""Where a node keeps what it is given while training: positional arguments and named ones."""


def note_training(module: nn.Module, graph: fx.Graph, trace: Callable[[nn.Module], fx.Graph]) -> tuple[str, ...]:
    """Note at the calls of a module's graph what they are given while training, where that can be found out.

    The functions that are called while training alone are returned. ``trace`` makes the graph of a module. It is given
    a copy with the same parameters, whose forward may count, or keep what it was given, without leaving a trace in the
    module itself.
    """
    if not any(True for _ in _asking(graph)) and not any(map(_looks, module.modules())):
        return ()
    try:
        learning = copied(module, {id(each): each for each in module.parameters()}).train()
        learned = trace(learning)
    except Exception:  # the module's own code: what it does while training may be anything
        return ()
    found = dict(_asking(learned))
    for key, node in _asking(graph):
        if key in found:
            node.meta[TRAINING] = (found[key].args, found[key].kwargs)
    return tuple((_called(learned) - _called(graph)).keys())


def _called(graph: fx.Graph) -> Counter[str]:
    return Counter(
        name_of(node.target)[0] if node.op != "call_module" else str(node.target)
        for node in graph.nodes
        if node.op.startswith("call_")
    )


def _looks(module: nn.Module) -> bool:
    """True where a class's own code looks whether it is trained."""
    own = [each for each in type(module).__mro__ if not each.__module__.startswith("torch.")]
    functions = (value for each in own for value in vars(each).values() if isinstance(value, FunctionType))
    return any("training" in each.__code__.co_names for each in functions)


def _asking(graph: fx.Graph) -> Iterator[tuple[tuple[Any, ...], fx.Node]]:
    """Yield the calls that are told, each with what it is: which call of a function where in the network."""
    count: Counter[tuple[Any, ...]] = Counter()
    for node in graph.nodes:
        if node.op not in ("call_function", "call_method"):
            continue
        name = name_of(node.target)[0]
        if name in ASKING:
            place = (name, node.meta.get("scopes", ()))
            count[place] += 1
            yield (*place, count[place]), node
