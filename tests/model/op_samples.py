"""PyTorch's own operation database in the catalogue's terms: which sample is which kind, parameters and inputs."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from core.kinds import LayerKind, Value
from core.layers import catalogue
from core.model.specs import TensorSpec
from core.parameters import parameters_of
from tests.model.databases import DTYPES, Inexpressible, NoWords, Sample, spec_of
from tests.model.op_translations import Found
from tests.model.op_words import WORDS, Words

with warnings.catch_warnings():  # at import it advises packages that are not needed here
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.opinfo.core import OpInfo, SampleInput

_PLAIN = (bool, int, float, str, type(None))
_NEVER_NEGATIVE = ("eps", "momentum", "divisor_override")
"""Parameters that PyTorch takes with any sign, though below zero they give no numbers, or wrong ones."""


def words_of(op: OpInfo) -> Words | None:
    """Return what an operation is in the catalogue, None where it is nothing there."""
    return WORDS.get(f"{op.name}.{op.variant_test_name}") or WORDS.get(op.name)


def operations() -> list[OpInfo]:
    """Return the operations of the database that the catalogue has words for."""
    return [op for op in op_db if words_of(op) is not None]


def samples(op: OpInfo) -> Iterator[Sample | Inexpressible]:
    """Yield all samples of an operation, of each dtype: also of those that it does not take."""
    for dtype in DTYPES:
        taken = dtype in op.supported_dtypes("cpu")
        for number, sample in enumerate(op.sample_inputs("cpu", dtype if taken else torch.float32)):
            drawn = sample if taken else sample.transform(lambda value, dtype=dtype: _cast(value, dtype))
            yield _sample(op, drawn, f"{op.name}[{number}] {dtype}")


def error_samples(op: OpInfo) -> Iterator[Sample | Inexpressible]:
    """Yield an operation's samples of wrong use."""
    if op.error_inputs_func is not None:
        for number, each in enumerate(op.error_inputs("cpu")):
            yield _sample(op, each.sample_input, f"{op.name}[error {number}]")


def _cast(value: Any, dtype: torch.dtype) -> Any:
    floating = isinstance(value, torch.Tensor) and value.dtype == torch.float32
    return value.to(dtype) if floating else value


def _sample(op: OpInfo, drawn: SampleInput, name: str) -> Sample | Inexpressible:
    words = words_of(op)
    assert words is not None
    try:
        found = words.say(_bound(words, drawn)) | words.fixed
        kind = catalogue[words.kind if isinstance(words.kind, str) else words.kind(found)]
        inputs = dict(_inputs(kind, found))
        return Sample(
            name,
            (lambda: _called(op, drawn, words),),
            kind,
            dict(_parameters(kind, found)),
            inputs,
        )
    except NoWords as error:
        return Inexpressible(name, str(error))


def _called(op: OpInfo, drawn: SampleInput, words: Words) -> Any:
    result = op.op(drawn.input, *drawn.args, **{**drawn.kwargs, **words.always})
    return result[0] if words.first_only and isinstance(result, tuple) else result


def _bound(words: Words, drawn: SampleInput) -> Found:
    """Return the arguments of a call by the catalogue's names."""
    given, found, left = [drawn.input, *drawn.args], {}, dict(drawn.kwargs)
    for argument in words.arguments.split():
        theirs, ours, default = _read(argument)
        if argument.startswith("*"):
            one = len(given) == 1 and isinstance(given[0], tuple | list | torch.Size)
            value = left.pop(ours) if ours in left else tuple(given[0] if one else given)
            given = []
        elif given:
            value = given.pop(0)
        elif theirs in left or default:
            value = left.pop(theirs) if theirs in left else ast.literal_eval(default)
        else:
            continue
        if not argument.startswith("-"):
            found[ours] = value
    unknown = [name for name, value in left.items() if value is not None]
    if given or unknown:
        raise NoWords(f"argument {unknown[0] if unknown else given[0]}")
    return found


def _read(argument: str) -> tuple[str, str, str]:
    """Return PyTorch's name of an argument, the catalogue's and the default: see ``op_words``."""
    names, _, default = argument.lstrip("*-").partition("=")
    theirs, _, ours = names.partition(":")
    return theirs, ours or theirs, default


def _inputs(kind: LayerKind, found: Found) -> Iterator[tuple[str, TensorSpec]]:
    for name, value in found.items():
        several = kind.input_port(f"{name}.0") is not None
        if several and isinstance(value, tuple | list):
            yield from ((f"{name}.{index}", spec_of(name, each)) for index, each in enumerate(value))
        elif value is not None and (several or kind.input_port(name) is not None):
            yield (f"{name}.0" if several else name), spec_of(name, value)


def _parameters(kind: LayerKind, found: Found) -> Iterator[tuple[str, Value]]:
    known = {each.name: each for each in parameters_of(kind)}
    for name, given in found.items():
        if kind.input_port(name) is not None or kind.input_port(f"{name}.0") is not None:
            continue
        value = tuple(given) if isinstance(given, list | torch.Size) else given
        for each in value if isinstance(value, tuple) else (value,):
            if not isinstance(each, _PLAIN):
                raise NoWords(f"{name} is a {type(each).__name__}")
            if isinstance(each, float) and abs(each) == float("inf"):
                raise NoWords(f"{name} is infinite")
            if name in _NEVER_NEGATIVE and each is not None and each < 0:
                raise NoWords(f"a negative {name}, which has no meaning")
        if name not in known:
            raise NoWords(f"argument {name}")
        if isinstance(value, tuple) and len(value) == 1 and known[name].length > 1:
            value = value[0]  # a row of one stands for every dimension alike
        yield name, value
