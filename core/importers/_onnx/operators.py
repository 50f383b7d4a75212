"""All operators of ONNX that have layers, by name, and what is done with those that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.graph.project import End
from core.importers._onnx import (
    activations,
    arithmetic,
    layers,
    quantised,
    recurrent,
    reductions,
    shaping,
    signals,
    vision,
)
from core.importers._onnx.control import taken_out
from core.importers._onnx.file import package
from core.importers._onnx.known import Known, constant, folded
from core.importers._onnx.listing import is_listing, listed
from core.importers._onnx.model import Op, Refused, is_control, read
from core.importers._opaque import Size, opaque
from core.progress import report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.importers._onnx.arithmetic import Handler
    from core.importers._onnx.flow import Flow, Result

OPERATORS: dict[str, Handler] = {
    **activations.OPERATORS,
    **arithmetic.OPERATORS,
    **layers.OPERATORS,
    **quantised.OPERATORS,
    **recurrent.OPERATORS,
    **reductions.OPERATORS,
    **shaping.OPERATORS,
    **signals.OPERATORS,
    **vision.OPERATORS,
}
_DEEPEST = 12
_ENDINGS = (".weight", "_weight", "/kernel", ".bias")
_KINDS = {1: "float32", 7: "int64", 9: "bool", 6: "int64", 10: "float32", 11: "float32", 16: "float32"}
_MISTAKES = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    MemoryError,
)
"""What reading attributes and sizes raises where a file says something impossible."""


def step(flow: Flow, op: Op, depth: int = 0, around: Mapping[str, str] | None = None) -> None:
    """Turn one operation into layers, or work it out ahead, and keep what it gives.

    ``depth`` says in how many graphs inside others it stands, and ``around`` what the values there are called here.

    Raises:
        Refused: it has no layers; the message says why.
    """
    if id(op) in flow.fused:
        return
    flow.stem = stem(flow, op)
    try:
        made: tuple[Result | None, ...] | None = None
        made = listed(flow, op) if is_listing(flow, op) else _worked_out(flow, op, depth)
        if made is None:
            made = _translated(flow, op, depth, around or {})
    except _MISTAKES as error:
        raise Refused(f"what the model says of it is impossible ({type(error).__name__}: {error})") from error
    flow.keep(op, made)


def _worked_out(flow: Flow, op: Op, depth: int) -> tuple[Known, ...] | None:
    """Return what an operation on nothing but constants and shapes gives."""
    if op.domain or is_control(op):
        return None
    if op.type == "Constant":
        held = _constant(op)
        flow.fold(held.first.size if depth else 0)
        return (held,)
    inputs = [flow.values[name] if name else None for name in op.inputs]
    if any(isinstance(each, End) for each in inputs) or (not inputs and op.type.startswith("Random")):
        return None
    made = folded(op, [each for each in inputs if not isinstance(each, End)])
    flow.fold(sum(each.first.size + (each.second is not each.first) * each.second.size for each in made))
    return made


def _constant(op: Op) -> Known:
    for name, kind in (("value", None), ("value_float", np.float32), ("value_int", np.int64)):
        if name in op.attributes:
            return constant(np.asarray(op.get(name), kind))
    for name, kind in (("value_floats", np.float32), ("value_ints", np.int64)):
        if name in op.attributes:
            return constant(np.asarray(op.get(name), kind))
    raise Refused("it holds no numbers")


def made_live(flow: Flow, op: Op) -> tuple[Result, ...]:
    """Return what an operation gives as layers, whatever is known ahead; they are called as it is."""
    before, flow.stem = flow.stem, stem(flow, op)
    made = _made(flow, op)
    flow.stem = before
    return made


def _made(flow: Flow, op: Op) -> tuple[Result, ...]:
    made = shaping.live(flow, op)
    if made is None:
        handler = OPERATORS.get(op.type)
        if handler is None:
            raise Refused(f"{op.type} depends on open lengths in a way that no layer computes")
        found = handler(flow, op)
        return found if isinstance(found, tuple) else (found,)
    return (made,)


def _translated(flow: Flow, op: Op, depth: int, around: Mapping[str, str]) -> tuple[Result | None, ...]:
    handler = OPERATORS.get(op.type) if not op.domain else None
    if op.type in ("If", "Loop", "Scan") and not op.domain:
        if depth >= _DEEPEST:
            raise Refused(f"it stands in more than {_DEEPEST} graphs")
        versions = {"": op.version, **flow.versions}
        return taken_out(flow, op, around, lambda nodes, names: _inside(flow, op, nodes, names, versions, depth))
    refusal = None
    if handler is not None:
        try:
            found = handler(flow, op)
            return found if isinstance(found, tuple) else (found,)
        except Refused as error:
            refusal = error
    unrolled = _unrolled(flow, op, depth) if depth < _DEEPEST else None
    if unrolled is not None:
        return unrolled
    raise refusal or Refused("there is no layer for it")


def _inside(
    flow: Flow, op: Op, nodes: Sequence[Any], names: dict[str, str], versions: dict[str, int], depth: int
) -> None:
    """Walk through the nodes of a graph inside an operation; ``names`` maps theirs to those of the whole model."""
    for node in nodes:
        report(flow.done, len(flow.network.ops), op.place)
        place = f"{op.place}@{flow.count_unrolled()}"
        copy = package().NodeProto()
        copy.CopyFrom(node)
        for index, name in enumerate(node.input):
            copy.input[index] = names.get(name, name)
        for index, name in enumerate(node.output):
            names[name] = copy.output[index] = f"{place}/{name}" if name else ""
        copy.name = op.place
        step(flow, read(copy, versions), depth + 1, names)


def _unrolled(flow: Flow, op: Op, depth: int) -> tuple[Result | None, ...] | None:
    """Take an operator by its definition in simpler ones, where the standard has one."""
    function = _definition(flow, op)
    if function is None:
        return None
    given = {each.name: each for each in op.proto.attribute}
    schema = package().defs.get_schema(op.type, op.version, op.domain)
    defaults = {name: each.default_value for name, each in schema.attributes.items() if each.default_value.name}
    nodes = []
    for node in function.node:
        copy = package().NodeProto()
        copy.CopyFrom(node)
        del copy.attribute[:]
        for each in node.attribute:
            found = given.get(each.ref_attr_name) or defaults.get(each.ref_attr_name) if each.ref_attr_name else each
            if found is not None:
                added = copy.attribute.add()
                added.CopyFrom(found)
                added.name = each.name
        nodes.append(copy)
    names = {inner: op.inputs[index] if op.has(index) else "" for index, inner in enumerate(function.input)}
    standard = flow.versions.get("", flow.versions.get("ai.onnx", op.version)) if op.domain else op.version
    versions = {"": standard} | {each.domain: each.version for each in function.opset_import}
    _inside(flow, op, nodes, names, versions, depth)
    return tuple(flow.values.get(names.get(each, "")) for each in function.output)


def _definition(flow: Flow, op: Op) -> Any:
    onnx = package()
    try:
        schema = onnx.defs.get_schema(op.type, op.version, op.domain)
    except onnx.defs.SchemaError:
        return None
    function = onnx.FunctionProto()
    if schema.has_function:
        versions = [each for each in schema.function_opset_versions if each <= op.version]
        content = schema.get_function_with_opset_version(max(versions)) if versions else b""
    elif schema.has_context_dependent_function:
        versions = [each for each in schema.context_dependent_function_opset_versions if each <= op.version]
        types = [_type(flow, op, index) for index in range(len(op.inputs))]
        if not versions:
            return None
        content = schema.get_context_dependent_function_with_opset_version(
            max(versions), op.proto.SerializeToString(), types
        )
    else:
        return None
    if not content:
        return None
    function.ParseFromString(content)
    return function


def _type(flow: Flow, op: Op, index: int) -> bytes:
    """Return what flows into an operation as ONNX says it; the sizes of the first probe stand for open ones."""
    helper, value = package().helper, flow.value(op, index)
    if value is None:
        return bytes(package().TypeProto().SerializeToString())
    if isinstance(value, End):
        kind = {"float32": 1, "int64": 7, "bool": 9}[flow.spec(value).dtype]
        shape: list[Any] = [dim.a if dim.fixed else None for dim in flow.spec(value).dims]
    else:
        kind, shape = helper.np_dtype_to_tensor_dtype(value.first.dtype), list(value.first.shape)
    return bytes(helper.make_tensor_type_proto(kind, shape).SerializeToString())


def kept_opaque(flow: Flow, op: Op) -> bool:
    """Keep an operation without layers as a node of its shapes; False where those are not known."""
    if any(name in flow.lists for name in op.inputs):
        return False
    shapes: list[tuple[Size, ...]] = []
    kinds = []
    names = [name for name in op.outputs if name]
    try:
        ends = [
            flow.end(op, index)
            for index in range(len(op.inputs))
            if op.has(index) and isinstance(flow.value(op, index), End)
        ]
    except Refused:
        return False
    for name in names:
        found = flow.inferred().get(name)
        if found is None or found.elem_type not in _KINDS or not found.HasField("shape"):
            return False
        sizes = [_opaque_size(flow, ends, dim, axis) for axis, dim in enumerate(found.shape.dim)]
        if any(size is None for size in sizes):
            return False
        shapes.append(tuple(size for size in sizes if size is not None))
        kinds.append(_KINDS[found.elem_type])
    if not ends or not shapes:
        return False
    made = opaque(flow.draft, f"{op.type} of ONNX", ends, shapes, kinds, name=flow.stem)
    flow.specs.update(flow.traced(made))
    flow.values.update(zip(names, made, strict=True))
    return True


def _opaque_size(flow: Flow, ends: list[End], dim: Any, axis: int) -> Size | None:
    opens = axis == 0 and ends and flow.spec(ends[0]).starts_with_batch
    if opens and (dim.dim_param or dim.dim_value == flow.batch):
        return "N"
    if dim.HasField("dim_value") and dim.dim_value > 0:
        return int(dim.dim_value)
    for place, end in enumerate(ends):
        for index, each in enumerate(flow.spec(end).dims):
            if dim.dim_param and not each.fixed and each.name == flow.called.get(dim.dim_param):
                return (place, index)
    return None


def stem(flow: Flow, op: Op) -> str:
    """Return what the node of an operation is called: as its weights are, or as the operation is in the file."""
    weights = [value.name for value in map(flow.values.get, op.inputs) if isinstance(value, Known)]
    for name in weights:
        owner = next((name.removesuffix(ending) for ending in _ENDINGS if name.endswith(ending)), "")
        if owner:
            return owner
    parts = [part for part in op.name.removeprefix("node_").split("/") if part]
    if len(parts) > 1 and parts[-1].partition("_")[0] == op.type:
        parts.pop()
    return (parts[-1] if parts else "") or op.type.lower()
