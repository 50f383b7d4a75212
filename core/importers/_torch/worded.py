"""Calls that read in the catalogue as the table of words says: one kind, with other names for the arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from core.graph.project import End
from core.importers._torch.aliases import ATEN, DROPPED, FUNCTIONS
from core.importers._torch.graph import Reader
from core.importers._torch.modules import different, tensors_in
from core.importers._torch.records import Call
from core.importers._torch.translations import NOTHING, NoWords
from core.importers._torch.words import WORDS, Words, bound, parameters
from core.kinds import LayerKind
from core.layers import catalogue

_WEIGHTS = ("weight", "bias", "running_mean", "running_var")


def by_words(reader: Reader, call: Call, name: str) -> None:
    """Add the node of a call.

    Raises:
        NoWords: the table has no words for it.
    """
    words = _words(call, name)
    args, kwargs = _plain_arguments(call)
    refuse_open(call)
    raw = bound(words, args, kwargs)
    found = words.say(dict(raw)) | dict(words.fixed)
    kind = catalogue[words.kind if isinstance(words.kind, str) else words.kind(found)]
    tensors = {}
    if kind.has_module:
        tensors = {
            key: raw[key]
            for key in _WEIGHTS
            if isinstance(raw.get(key), Tensor) and not isinstance(found.get(key), Tensor)
        }
    reader.require_held(tensors.values())
    params = different(kind, dict(parameters(kind, found)))
    inputs = dict(_inputs(reader, kind, found))
    path = call.leaf or _path_of(reader, tensors) or reader.path(call, kind.name_stem)
    end = reader.layer(kind, params, inputs, tensors, path)
    out = next(tensors_in(call.out)) if words.first_only else call.out
    reader.results(kind, params, end.node, out)


def _words(call: Call, name: str) -> Words:
    found = (ATEN if call.aten else FUNCTIONS).get(name)
    found = found or WORDS.get(f"nn.functional.{name}") or WORDS.get(name) or ATEN.get(name)
    if found is None:
        raise NoWords(f"{call.name} {NOTHING}")
    return found


def _plain_arguments(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """Leave out what neither changes what is computed nor is known to the table."""
    kwargs = {key: value for key, value in call.kwargs.items() if key not in DROPPED}
    if kwargs.get("dtype", "") is None:
        del kwargs["dtype"]
    kwargs = {"input" if key == "self" else key: value for key, value in kwargs.items()}
    args = list(call.args)
    while args and args[-1] is None:
        args.pop()
    if call.name in _INPLACE and args and isinstance(args[-1], bool):
        args.pop()
    return args, kwargs


_INPLACE = frozenset(
    "relu relu6 selu elu celu leaky_relu hardtanh hardsigmoid hardswish silu mish threshold rrelu".split()
)


def refuse_open(call: Call) -> None:
    """Refuse numbers that follow from the batch: a parameter is one number."""
    if list(_numbers((call.args, call.kwargs))) != list(_numbers((call.other_args, call.other_kwargs))):
        raise NoWords("a number that follows from the batch")


def _numbers(value: Any) -> Any:
    if isinstance(value, tuple | list | torch.Size):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, Mapping):
        yield from _numbers(list(value.values()))
    elif not isinstance(value, Tensor):
        yield repr(value)


def _inputs(reader: Reader, kind: LayerKind, found: Mapping[str, Any]) -> Any:
    for name, value in found.items():
        if value is None:
            continue
        if kind.input_port(f"{name}.0") is not None:
            many = value if isinstance(value, tuple | list) else (value,)
            yield from ((f"{name}.{number}", _end(reader, each)) for number, each in enumerate(many))
        elif kind.input_port(name) is not None:
            yield name, _end(reader, value)


def _end(reader: Reader, value: Any) -> End:
    if isinstance(value, bool | int | float):
        return reader.end(torch.tensor(value, dtype=torch.float32 if isinstance(value, float) else None))
    if not isinstance(value, Tensor):
        raise NoWords(f"a {type(value).__name__} where a tensor arrives")
    return reader.end(value)


def _path_of(reader: Reader, tensors: Mapping[str, Tensor]) -> str:
    """Return what the module is called that the weights belong to, where they are all of one."""
    names = [reader.held[id(each)].name if id(each) in reader.held else "" for each in tensors.values()]
    owners = {name.rpartition(".")[0] for name, key in zip(names, tensors, strict=True) if name.endswith(f".{key}")}
    return owners.pop() if len(owners) == 1 and all(names) else ""
