"""An ONNX model as the importer walks it: its operations in order, functions unrolled, and what each is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import ImportFailed, reason_of
from core.importers._onnx.file import array_of, package
from core.loading import load

MAIN = ("", "ai.onnx")
"""The domain of the standard's operators, by both of its names."""
OLDEST = 7
"""The version of the operators from which on they are read as they are; older ones are converted first."""
_MOST_NODES = 20_000
_MOST_AXES = 64
_DEEPEST = 40
_CONTROL = ("If", "Loop", "Scan", "SequenceMap")


class Refused(Exception):
    """An operation, or this use of it, has no layers; the message says why and goes on to a person."""


@dataclass(frozen=True, eq=False)
class Op:
    """One operation: what it is, what it takes and gives by name, and its attributes as plain values."""

    type: str
    name: str
    domain: str
    version: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    proto: Any

    @property
    def place(self) -> str:
        """What a person may search for in the source: the operation's name, or that of what it gives."""
        return self.name or next(iter(self.outputs), "")

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute's value."""
        return self.attributes.get(name, default)

    def has(self, index: int) -> bool:
        """True where an input is given: optional ones may be left out or empty."""
        return index < len(self.inputs) and bool(self.inputs[index])

    def wants(self, index: int) -> bool:
        """True where an output has a name."""
        return index < len(self.outputs) and bool(self.outputs[index])


@dataclass(frozen=True)
class Network:
    """What a model is made of. ``opset`` is the version of the standard's operators."""

    name: str
    opset: int
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    initialisers: Mapping[str, np.ndarray]
    ops: tuple[Op, ...]
    uses: Mapping[str, int]
    proto: Any


def opened(model: Any) -> Network:
    """Return a model as a network: functions of its own unrolled, very old operators brought up to date.

    Raises:
        ImportFailed: it is no valid graph (cyclic, a value is missing or made twice), or too large.
    """
    model = _converted(_unrolled(model))
    versions = _versions(model)
    graph = model.graph
    if len(graph.node) > _MOST_NODES:
        raise ImportFailed(f"The model has {len(graph.node):,} operations; {_MOST_NODES:,} are possible.")
    initialisers = {each.name: array_of(each) for each in graph.initializer}
    inputs = tuple(each for each in graph.input if each.name not in initialisers)
    if any(len(each.type.tensor_type.shape.dim) > _MOST_AXES for each in inputs):
        raise ImportFailed(f"An input of the model has more than {_MOST_AXES} dimensions.")
    ops = _in_order([read(node, versions) for node in graph.node], {*initialisers, *(each.name for each in inputs)})
    given = {name for op in ops for name in op.outputs} | set(initialisers) | {each.name for each in inputs}
    lost = next((each.name for each in graph.output if each.name not in given), None)
    if lost is not None or not graph.output:
        raise ImportFailed(f"The model's output '{lost or ''}' is made by nothing in it: it is damaged.")
    ops = _needed(model, ops)
    uses = Counter(name for op in ops for name in op.inputs if name)
    uses.update(name for op in ops for name in _captured(op.proto))
    uses.update(each.name for each in graph.output)
    opset = next((version for domain, version in versions.items() if domain in MAIN), 1)
    return Network(graph.name, opset, inputs, tuple(graph.output), initialisers, ops, uses, model)


def _versions(model: Any) -> dict[str, int]:
    return {each.domain: each.version for each in model.opset_import}


def _unrolled(model: Any) -> Any:
    if not model.functions:
        return model
    _require_few(model)
    try:
        return load("onnx.inliner").inline_local_functions(model)
    except Exception as error:  # the C++ library raises whatever it finds
        raise ImportFailed(f"The model's own functions cannot be unrolled: {error}") from error


def _require_few(model: Any) -> None:
    """Raise ImportFailed where functions that call functions come to too many operations."""
    bodies = {(each.domain, each.name): each.node for each in model.functions}
    counts: dict[tuple[str, str], int] = {}

    def count(nodes: Any, within: tuple[tuple[str, str], ...]) -> int:
        total = 0
        for node in nodes:
            key = (node.domain, node.op_type)
            if key in within or len(within) > _DEEPEST:
                raise ImportFailed(f"The function '{node.op_type}' of the model calls itself: it is damaged.")
            if key in bodies and key not in counts:
                counts[key] = count(bodies[key], (*within, key))
            total += counts.get(key, 1)
            for each in node.attribute:
                for graph in (each.g, *each.graphs):
                    total += count(graph.node, within)
        return total

    found = count(model.graph.node, ())
    if found > _MOST_NODES:
        raise ImportFailed(f"With its functions the model has {found:,} operations; {_MOST_NODES:,} are possible.")


def _needed(model: Any, ops: Sequence[Op]) -> tuple[Op, ...]:
    """Leave out the operations that lead to no output, also from the model itself, which is run for the proof."""
    wanted = {each.name for each in model.graph.output}
    found = []
    for op in reversed(ops):
        if not wanted.isdisjoint(op.outputs):
            found.append(op)
            wanted.update(op.inputs)
            wanted.update(_captured(op.proto))
    if len(found) < len(ops):
        kept = [op.proto for op in reversed(found)]
        del model.graph.node[:]
        model.graph.node.extend(kept)
    return tuple(reversed(found))


def _captured(node: Any) -> Iterable[str]:
    """Yield the values that graphs inside an operation name."""
    for each in node.attribute:
        for graph in (each.g, *each.graphs):
            yield from (value.name for value in graph.output)
            for inner in graph.node:
                yield from inner.input
                yield from _captured(inner)


def _converted(model: Any) -> Any:
    version = next((number for domain, number in _versions(model).items() if domain in MAIN), None)
    if version is None or version >= OLDEST:
        return model
    try:
        return load("onnx.version_converter").convert_version(model, OLDEST)
    except Exception as error:  # as above
        raise ImportFailed(
            f"The model is written in version {version} of ONNX's operators, which cannot be brought up to date: "
            f"{reason_of(error)}. Export it anew, with version {OLDEST} or later."
        ) from error


def read(node: Any, versions: Mapping[str, int]) -> Op:
    """Return a node of the file as an operation."""
    domain = "" if node.domain in MAIN else node.domain
    version = versions.get(node.domain, versions.get("", versions.get("ai.onnx", 1)))
    attributes = {each.name: _value(each) for each in _typed(node, domain, version)}
    return Op(node.op_type, node.name, domain, version, tuple(node.input), tuple(node.output), attributes, node)


def _typed(node: Any, domain: str, version: int) -> Iterable[Any]:
    """Return a node's attributes, after each of the standard's was seen to be what the standard says it is.

    The standard's checker is not relied on: it ends with the first thing that it finds, and skips what a model's own
    functions hand on.
    """
    defs = package().defs
    if domain:
        return tuple(node.attribute)
    try:
        known = defs.get_schema(node.op_type, version, domain).attributes
    except defs.SchemaError as error:
        raise ImportFailed(
            f"'{node.name or node.op_type}' is '{node.op_type}', which version {version} of ONNX's operators lacks."
        ) from error
    for each in node.attribute:
        if each.name not in known or each.type != known[each.name].type.value or each.ref_attr_name:
            raise ImportFailed(
                f"The attribute '{each.name}' of '{node.name or node.op_type}' ({node.op_type}) is not what ONNX says "
                "it is: the model is damaged."
            )
    return tuple(node.attribute)


def _value(attribute: Any) -> Any:
    helper = package().helper
    found = helper.get_attribute_value(attribute)
    if attribute.type == attribute.TENSOR:
        return array_of(found) if found.data_type != 8 else found
    if isinstance(found, bytes):
        return found.decode("utf-8", "replace")
    if attribute.type in (attribute.INTS, attribute.FLOATS):
        return tuple(found)
    if attribute.type == attribute.STRINGS:
        return tuple(each.decode("utf-8", "replace") for each in found)
    return found


def _in_order(ops: Sequence[Op], known: Iterable[str]) -> tuple[Op, ...]:
    """Return the operations so that each comes after those whose results it takes."""
    makers: dict[str, Op] = {}
    taken = set(known)
    for op in ops:
        for name in filter(None, op.outputs):
            if name in makers or name in taken:
                raise ImportFailed(f"'{name}' is made twice in the model: it is damaged.")
            makers[name] = op
    done, found = set(taken), list[Op]()
    waiting = {id(op): {name for name in op.inputs if name and name not in taken} for op in ops}
    for op in ops:
        waiting[id(op)].update(name for name in _captured(op.proto) if name in makers and name not in op.outputs)
    readers: dict[str, list[Op]] = {}
    for op in ops:
        for name in waiting[id(op)]:
            if name not in makers:
                raise ImportFailed(
                    f"'{op.place}' ({op.type}) takes '{name}', which is neither in the model nor made by it: a weight "
                    "is missing."
                )
            readers.setdefault(name, []).append(op)
    ready = [op for op in reversed(ops) if not waiting[id(op)]]
    while ready:
        op = ready.pop()
        found.append(op)
        freed = []
        for name in filter(None, op.outputs):
            done.add(name)
            for reader in readers.get(name, ()):
                waiting[id(reader)].discard(name)
                if not waiting[id(reader)]:
                    freed.append(reader)
        ready.extend(reversed(freed))
    if len(found) < len(ops):
        stuck = next(op for op in ops if waiting[id(op)])
        raise ImportFailed(f"The model runs in a circle at '{stuck.place}' ({stuck.type}): it is damaged.")
    place = {id(op): index for index, op in enumerate(ops)}
    return tuple(found) if not _sorted(ops, taken) else tuple(sorted(found, key=lambda op: place[id(op)]))


def _sorted(ops: Sequence[Op], known: set[str]) -> bool:
    done, made = set(known), {name for op in ops for name in op.outputs}
    for op in ops:
        inner = (name for name in _captured(op.proto) if name in made)
        if any(name and name not in done for name in (*op.inputs, *inner)):
            return False
        done.update(op.outputs)
    return True


def is_control(op: Op) -> bool:
    """True for operations that hold graphs of their own, which run depending on values."""
    return op.type in _CONTROL or any(package().GraphProto is type(each) for each in op.attributes.values())
