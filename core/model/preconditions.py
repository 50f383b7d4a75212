"""What has to hold before a layer is run: ranks, dtypes and axes, where running on ``meta`` would accept too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from core.graph.project import OUTPUT
from core.kinds import LayerKind, Value
from core.model.problems import Severity
from core.model.specs import TensorSpec

AXIS_PARAMETERS = ("dim", "start_dim", "end_dim")


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a node, before it is put into words: the rule broken, or what PyTorch said."""

    rule: str
    port: str = ""
    parameter: str = ""
    text: str = ""
    severity: Severity = "error"


def broken_rules(
    kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]
) -> tuple[Trouble, ...]:
    """Return everything that speaks against running the layer on these inputs (by slot), and warnings."""
    found = tuple(_ports(kind, inputs))
    if found or not inputs:
        return found
    return tuple(trouble for rule in _RULES for trouble in rule(kind, arguments, inputs))


def _ports(kind: LayerKind, inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    for slot, spec in inputs.items():
        port = kind.input_port(slot)
        if port is None:
            continue
        if port.ranks and spec.rank not in port.ranks:
            yield Trouble("rank", slot)
        elif port.dtype == "float" and not spec.dtype.startswith("float"):
            yield Trouble("float wanted", slot)
        elif port.dtype == "int" and spec.dtype != "int64":
            yield Trouble("int wanted", slot)


def _axes(kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    rank = min(spec.rank for spec in inputs.values())
    for name in AXIS_PARAMETERS:
        axis = arguments.get(name)
        if not isinstance(axis, int):
            continue
        if not -rank <= axis < rank:
            yield Trouble("axis", parameter=name)
        elif axis % rank == 0 and name != "end_dim":
            yield Trouble("batch axis", parameter=name, severity="warning")


def _feature_map(
    kind: LayerKind, _arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]
) -> Iterator[Trouble]:
    slot, spec = next(iter(inputs.items()))
    if kind.id == "Linear" and spec.rank == 4 and all(dim.fixed for dim in spec.dims[1:]):
        yield Trouble("feature map", slot, severity="warning")


def _output_padding(
    _kind: LayerKind, arguments: Mapping[str, Value], _inputs: Mapping[str, TensorSpec]
) -> Iterator[Trouble]:
    if not arguments.get("output_padding"):
        return
    extra, *limits = (_each(arguments.get(*each)) for each in (("output_padding", 0), ("stride", 1), ("dilation", 1)))
    width = max(map(len, (extra, *limits)))
    extra, stride, dilation = (each * width if len(each) == 1 else each for each in (extra, *limits))
    if any(each >= max(step, gap) for each, step, gap in zip(extra, stride, dilation, strict=False)):
        yield Trouble("output padding", parameter="output_padding")


def _output(kind: LayerKind, _arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    if kind.id == OUTPUT:
        yield from (Trouble("batch first", slot) for slot, spec in inputs.items() if not spec.starts_with_batch)


def _each(value: Value) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


_RULES: tuple[Callable[[LayerKind, Mapping[str, Value], Mapping[str, TensorSpec]], Iterator[Trouble]], ...] = (
    _axes,
    _feature_map,
    _output_padding,
    _output,
)
