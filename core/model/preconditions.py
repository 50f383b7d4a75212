"""What has to hold before a layer is run: ranks, dtypes and axes, where running on ``meta`` would accept too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from core.graph.project import OUTPUT
from core.kinds import LayerKind, Port, Value
from core.model.problems import Severity
from core.model.specs import BATCH, TensorSpec

AXIS_PARAMETERS = ("dim", "dims", "start_dim", "end_dim")
_NEW_AXIS = ("Unsqueeze", "Stack")
"""Kinds whose ``dim`` is the place of a new dimension."""
_SEQUENCE_FAMILIES = ("Recurrent", "Attention")
_SEQUENCES = ("input", "query", "key", "value", "src", "tgt")
"""Ports of these families that take batch × time × features."""


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
    if found:
        return found
    if not inputs:
        return tuple(_declared(kind, arguments, inputs))
    return tuple(trouble for rule in _RULES for trouble in rule(kind, arguments, inputs))


def takes(port: Port, spec: TensorSpec) -> bool:
    """True where a port takes this number of dimensions and this dtype."""
    return not _refusal(port, spec)


def _refusal(port: Port, spec: TensorSpec) -> str:
    """Return the rule that speaks against a spec at a port, or an empty string."""
    ranks = port.ranks if spec.starts_with_batch else (*port.ranks, *port.unbatched)
    if port.ranks and spec.rank not in ranks:
        return "rank"
    if port.dtype == "float" and not spec.dtype.startswith("float"):
        return "float wanted"
    if port.dtype == "int" and spec.dtype != "int64":
        return "int wanted"
    if port.dtype == "bool" and spec.dtype != "bool":
        return "bool wanted"
    return "dtype refused" if spec.dtype in port.refuses else ""


def _ports(kind: LayerKind, inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    for slot, spec in inputs.items():
        port = kind.input_port(slot)
        refusal = _refusal(port, spec) if port else ""
        if refusal:
            yield Trouble(refusal, slot)


def _declared(kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    shapes = {slot: spec.probe(0) for slot, spec in inputs.items()}
    dtypes = {slot: spec.dtype for slot, spec in inputs.items()}
    messages = [rule(shapes, arguments) for rule in kind.rules]
    messages += [rule(dtypes, arguments) for rule in kind.dtype_rules]
    yield from (Trouble("said", text=message) for message in messages if message)


def _axes(kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    new = kind.id in _NEW_AXIS
    places = max(1, max(spec.rank for spec in inputs.values()) + new)  # a single number counts as a row of one
    for name in AXIS_PARAMETERS:
        axes = _along(kind, arguments, name, places)
        if any(not -places <= axis < places for axis in axes):
            yield Trouble("axis", parameter=name)
        elif name != "end_dim" and not new and _mixes(axes, inputs):
            yield Trouble("batch axis", parameter=name, severity="warning")


def _along(kind: LayerKind, arguments: Mapping[str, Value], name: str, rank: int) -> tuple[int, ...]:
    """Return the axes that a parameter stands for: an operation whose ``dim`` is left empty works along all."""
    axes = arguments.get(name, ())
    if axes is None:
        return () if kind.torch_class else tuple(range(rank))
    return tuple(axis for axis in _each(axes) if isinstance(axis, int))


def _mixes(axes: tuple[int, ...], inputs: Mapping[str, TensorSpec]) -> bool:
    return any(axis % spec.rank == 0 for spec in inputs.values() if spec.starts_with_batch for axis in axes)


def _squeezed(kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    """A dimension that may be 1 at one time and longer at another would leave and stay by turns."""
    for slot, spec in inputs.items() if kind.id == "Squeeze" else ():
        for axis in _each(arguments["dim"]):
            if -spec.rank <= axis < spec.rank and not spec.dims[axis].fixed:
                text = f"Only dimensions of size 1 can be removed: dimension {axis} is {spec.dims[axis]} in {spec}."
                yield Trouble("said", slot, "dim", text)


def _feature_map(
    kind: LayerKind, _arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]
) -> Iterator[Trouble]:
    slot, spec = next(iter(inputs.items()))
    if kind.id == "Linear" and spec.rank == 4 and all(dim.fixed for dim in spec.dims[1:]):
        yield Trouble("feature map", slot, severity="warning")


def _too_long(_kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    """Refuse more positions than were learned; an open length is known only when data arrive."""
    limit, spec = arguments.get("max_length"), next(iter(inputs.values()))
    length = spec.dims[-2] if spec.rank > 1 else None
    if isinstance(limit, int) and length and length.fixed and length.a > limit:
        text = f"max_length is {limit}, but a sequence of {length.a} steps arrives: set it to {length.a} or more."
        yield Trouble("said", parameter="max_length", text=text)


def _time_first(
    kind: LayerKind, _arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]
) -> Iterator[Trouble]:
    """Sequences whose batch comes second: the layer would take time for the batch, without a word from PyTorch."""
    for slot, spec in inputs.items() if kind.family in _SEQUENCE_FAMILIES else ():
        if slot in _SEQUENCES and spec.rank == 3 and spec.dims[1].name == BATCH and not spec.starts_with_batch:
            yield Trouble("time first", slot, severity="warning")


def _over_the_batch(
    _kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]
) -> Iterator[Trouble]:
    count, spec = arguments.get("trailing_dims"), next(iter(inputs.values()))
    if isinstance(count, int) and spec.starts_with_batch and count >= spec.rank:
        text = (
            f"trailing_dims must be at most {spec.rank - 1} for an input of {spec.rank} dimensions, not {count}: "
            "the batch is never normalised over."
        )
        yield Trouble("said", parameter="trailing_dims", text=text)


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


def _uneven_same(
    _kind: LayerKind, arguments: Mapping[str, Value], _inputs: Mapping[str, TensorSpec]
) -> Iterator[Trouble]:
    """PyTorch says this once in a process; the check says it each time."""
    if arguments.get("padding") != "same" or arguments.get("padding_mode") != "zeros":
        return
    kernel, dilation = _each(arguments["kernel_size"]), _each(arguments["dilation"])
    if any(size % 2 == 0 for size in kernel) and any(gap % 2 for gap in dilation):
        yield Trouble("uneven same", parameter="kernel_size", severity="warning")


def _output(kind: LayerKind, _arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]) -> Iterator[Trouble]:
    if kind.id == OUTPUT:
        yield from (Trouble("batch first", slot) for slot, spec in inputs.items() if not spec.starts_with_batch)


def _each(value: Value) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


_RULES: tuple[Callable[[LayerKind, Mapping[str, Value], Mapping[str, TensorSpec]], Iterator[Trouble]], ...] = (
    _axes,
    _declared,
    _squeezed,
    _feature_map,
    _uneven_same,
    _time_first,
    _output_padding,
    _too_long,
    _over_the_batch,
    _output,
)
