"""What PyTorch's two databases of samples share here: samples in the catalogue's terms, and their comparison."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from core.importers._torch.translations import DTYPES, NoWords
from core.kinds import LayerKind, Value
from core.model.probe import TORCH_ERRORS, Outcome, run_layer
from core.model.specs import Dim, TensorSpec
from core.parameters import resolve

Shapes = tuple[tuple[str, tuple[int, ...]], ...]
"""dtype and shape of every output, in order."""
_OF_NUMBERS = re.compile("index out of range in self|index .* is out of bounds|Class values must be")
"""What PyTorch says of the numbers in a tensor, which no check of shapes sees."""


@dataclass(frozen=True)
class Sample:
    """One sample of a database: the real calls, and the same in the catalogue's terms.

    Every call has to give the same: they are one and the same layer in prediction and while training.
    """

    name: str
    calls: tuple[Callable[[], Any], ...]
    kind: LayerKind
    parameters: Mapping[str, Value]
    inputs: Mapping[str, TensorSpec]


@dataclass(frozen=True)
class Inexpressible:
    """A sample that the catalogue has no words for, and why."""

    name: str
    reason: str


def spec_of(name: str, value: Any) -> TensorSpec:
    """Return what arrives as a sample's input, nothing of it open.

    Raises:
        NoWords: it is no tensor, an empty one, or of a dtype that does not occur.
    """
    if not isinstance(value, torch.Tensor):
        raise NoWords(f"{name} is a {type(value).__name__}")
    if value.dtype not in DTYPES:
        raise NoWords(f"{value.dtype} does not occur")
    if 0 in value.shape:
        raise NoWords("an empty tensor")
    return TensorSpec(_name(value), tuple(Dim(size, size) for size in value.shape))


def run(sample: Sample) -> Shapes | None:
    """Run a sample on the CPU; None where PyTorch refuses it, or nothing is left.

    Raises:
        NoWords: PyTorch refuses not the shapes but the numbers.
    """
    results = [_ran(call) for call in sample.calls]
    if None in results or any(0 in shape for result in results for _dtype, shape in result or ()):
        return None
    assert len(set(results)) == 1, f"{sample.name} gives {results}"
    return results[0]


def _ran(call: Callable[[], Any]) -> Shapes | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PyTorch advises is not compared
        try:
            return tuple(_shapes(call()))
        except TORCH_ERRORS as error:
            if _OF_NUMBERS.search(str(error)):
                raise NoWords("numbers that are out of range") from error
            return None


def _shapes(result: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    if isinstance(result, torch.Tensor):
        yield _name(result), tuple(result.shape)
    elif isinstance(result, tuple | list):
        for each in result:
            yield from _shapes(each)


_outcomes: dict[tuple[object, ...], Outcome] = {}
"""What the check says, which sees no numbers: many samples are the same to it."""


def _checked(sample: Sample) -> Shapes | None:
    """Return what the check says of a sample: dtypes and shapes of its outputs, or None where it reports an error."""
    values, problems = resolve(sample.kind, sample.parameters, {})
    if problems:
        return None
    key = (sample.kind.id, repr(values), tuple(sample.inputs.items()))
    outcome = _outcomes.get(key)
    if outcome is None:
        outcome = _outcomes[key] = run_layer(sample.kind, values, sample.inputs, ())
    if any(trouble.severity == "error" for trouble in outcome.troubles):
        return None
    return tuple((spec.dtype, spec.probe(0)) for spec in outcome.outputs.values())


def differences(samples: Iterable[Sample | Inexpressible], counts: Counter[str]) -> Iterator[str]:
    """Yield where the check and PyTorch differ, and count what was compared and what could not be, by reason."""
    for sample in samples:
        if isinstance(sample, Inexpressible):
            counts[f"not expressible: {sample.reason.partition('=')[0]}"] += 1
            continue
        try:
            real = run(sample)
        except NoWords as error:
            counts[f"not expressible: {error}"] += 1
            continue
        counts["compared"] += 1
        counts["refused by PyTorch"] += real is None
        told = _checked(sample)
        if real != told:
            arrives = {slot: (spec.dtype, spec.probe(0)) for slot, spec in sample.inputs.items()}
            what = f"{sample.name}, {sample.kind.id} {dict(sample.parameters)} of {arrives}"
            yield f"{what}: PyTorch {real}, the check {told}"


def summary(title: str, counts: Counter[str], wrong: list[str]) -> str:
    """Say in a line for the one who runs the tests how much was compared, and what was not, and why."""
    left_out = [f"{count} {name.partition(': ')[2]}" for name, count in counts.most_common() if ": " in name]
    return (
        f"{title}: {counts['compared']} samples compared ({counts['refused by PyTorch']} refused by PyTorch), "
        f"{len(wrong)} differ; not expressible: {', '.join(left_out) or 'none'}"
    )


def _name(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
