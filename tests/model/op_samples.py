"""PyTorch's own operation database in the catalogue's terms: which sample is which kind, parameters and inputs."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.importers._torch.translations import DTYPES, Found, NoWords
from core.importers._torch.words import WORDS, Words, bound, parameters
from core.kinds import LayerKind
from core.layers import catalogue
from core.model.specs import TensorSpec
from tests.model.databases import Inexpressible, Sample, spec_of

if TYPE_CHECKING:
    from torch.testing._internal.opinfo.core import OpInfo, SampleInput

_SEED = 1234


def words_of(op: OpInfo) -> Words | None:
    """Return what an operation is in the catalogue, None where it is nothing there."""
    return WORDS.get(f"{op.name}.{op.variant_test_name}") or WORDS.get(op.name)


@cache
def operations() -> list[OpInfo]:
    """Return the operations of the database that the catalogue has words for. Loading it takes seconds."""
    with warnings.catch_warnings():  # at import it advises packages that are not needed here
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    return [op for op in op_db if words_of(op) is not None]


def samples(op: OpInfo) -> Iterator[Sample | Inexpressible]:
    """Yield all samples of an operation, of each dtype: also of those that it does not take."""
    for dtype in DTYPES:
        taken = dtype in op.supported_dtypes("cpu")
        for number, sample in enumerate(
            _given(op.sample_inputs_func(op, "cpu", dtype if taken else torch.float32, False))
        ):
            drawn = sample if taken else sample.transform(lambda value, dtype=dtype: _cast(value, dtype))
            yield _sample(op, drawn, f"{op.name}[{number}] {dtype}")


def _given(samples: Iterable[Any]) -> Iterator[Any]:
    """Yield samples each drawn from the same seed, as ``OpInfo.sample_inputs`` does.

    That looks through the stack for a test of its own before every one, and seeds GPUs that are not there, which takes
    most of the time.
    """
    following = iter(samples)
    while True:
        torch.default_generator.manual_seed(_SEED)
        random.seed(_SEED)
        np.random.seed(_SEED)
        try:
            yield next(following)
        except StopIteration:
            return


def error_samples(op: OpInfo) -> Iterator[Sample | Inexpressible]:
    """Yield an operation's samples of wrong use."""
    if op.error_inputs_func is not None:
        for number, each in enumerate(_given(op.error_inputs_func(op, "cpu"))):
            yield _sample(op, each.sample_input, f"{op.name}[error {number}]")


def _cast(value: Any, dtype: torch.dtype) -> Any:
    floating = isinstance(value, torch.Tensor) and value.dtype == torch.float32
    return value.to(dtype) if floating else value


def _sample(op: OpInfo, drawn: SampleInput, name: str) -> Sample | Inexpressible:
    words = words_of(op)
    assert words is not None
    try:
        found = words.say(bound(words, (drawn.input, *drawn.args), drawn.kwargs)) | words.fixed
        kind = catalogue[words.kind if isinstance(words.kind, str) else words.kind(found)]
        inputs = dict(_inputs(kind, found))
        return Sample(
            name,
            (lambda: _called(op, drawn, words),),
            kind,
            dict(parameters(kind, found)),
            inputs,
        )
    except NoWords as error:
        return Inexpressible(name, str(error))


def _called(op: OpInfo, drawn: SampleInput, words: Words) -> Any:
    result = op.op(drawn.input, *drawn.args, **{**drawn.kwargs, **words.always})
    return result[0] if words.first_only and isinstance(result, tuple) else result


def _inputs(kind: LayerKind, found: Found) -> Iterator[tuple[str, TensorSpec]]:
    for name, value in found.items():
        several = kind.input_port(f"{name}.0") is not None
        if several and isinstance(value, tuple | list):
            yield from ((f"{name}.{index}", spec_of(name, each)) for index, each in enumerate(value))
        elif value is not None and (several or kind.input_port(name) is not None):
            yield (f"{name}.0" if several else name), spec_of(name, value)
