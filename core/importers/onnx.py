"""Networks from ONNX files: the operators become editable layers with their weights, and the result is proved."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from core.errors import ImportFailed
from core.graph.names import free_name
from core.graph.project import End
from core.importers._folding import folded
from core.importers._kind import Imported, ImporterKind, ImportRequest
from core.importers._onnx.arranging import permuted
from core.importers._onnx.file import package, read_model
from core.importers._onnx.flow import MOST_FLOWING, Flow
from core.importers._onnx.known import constant
from core.importers._onnx.model import Network, Op, Refused, opened
from core.importers._onnx.operators import kept_opaque, made_live, step
from core.importers._onnx.proof import prove
from core.importers._onnx.scopes import scopes_of
from core.importers._onnx.stacking import stack
from core.importers._onnx.written import written
from core.model.specs import BATCH, MAX_NAMES, input_spec
from core.progress import report

_KINDS = {1: "float32", 6: "int64", 7: "int64", 9: "bool", 10: "float32", 11: "float32", 16: "float32"}
_NARROW = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 12: "uint32", 13: "uint64"}
_NARROW |= {21: "uint4", 22: "int4", 25: "uint2", 26: "int2"}
_WIDE = {10: "float16", 11: "float64", 16: "bfloat16", 23: "float4e2m1", 24: "float8e8m0"}
_WIDE |= {17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz"}
_KINDS |= dict.fromkeys(_NARROW, "int64") | dict.fromkeys(_WIDE, "float32")


def _read(request: ImportRequest) -> Imported:
    path = Path(request.source)
    report(0, 0, path.name)
    model = read_model(path)
    return imported(model, request, path.stem)


def imported(model: Any, request: ImportRequest, name: str) -> Imported:
    """Return the network of a model whose tensors were read, after it was proved.

    Raises:
        ImportFailed: it is damaged, holds what cannot be expressed, or gives other numbers.
    """
    _check(model)
    network = opened(model)
    flow = _best(network, request)
    if flow.single:
        flow.draft.note(
            "Axis 0 of what the model takes is no batch: every input is one sample with all axes of the model, and "
            "batches have to be of size 1."
        )
    flow.draft.project = _named(flow, name or network.name)
    stack(flow.draft)
    flat = flow.draft.finished()
    report(len(network.ops), len(network.ops), "comparing with the model")
    grouped = folded(flat, flow.scopes)
    try:
        notes, found = prove(flow, grouped), grouped
    except ImportFailed:
        if grouped is flat:
            raise
        notes, found = prove(flow, flat), flat
    for note in notes:
        flow.draft.note(note)
    return Imported(found.project, found.weights, found.names, tuple(flow.draft.notes), found.opaque)


def _best(network: Network, request: ImportRequest) -> Flow:
    """Walk through a network with axis 0 as the batch; where that does not work out, with one sample at a time."""
    found, refusal = None, None
    for single in (False, True):
        try:
            flow = walked(network, request, single)
        except Stuck as error:
            refusal = refusal or error
            continue
        if not flow.draft.opaque:
            return flow
        found = found or flow
    if found is None:
        raise ImportFailed(str(refusal)) from refusal
    return found


def _named(flow: Flow, name: str) -> Any:
    from dataclasses import replace

    return replace(flow.draft.project, name=name or "Imported")


def _check(model: Any) -> None:
    """Have the standard's checker look at the model, whose size is known by now."""
    onnx = package()
    try:
        if model.ByteSize() < 2**31 - 1:
            onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        said = str(error).strip().splitlines()
        if said and said[0].startswith("Field 'shape'"):
            return  # shapes need not be said: they follow, or the request says them
        raise ImportFailed(f"The model is not valid ONNX: {said[0] if said else 'the checker refuses it'}") from error
    except (ValueError, RuntimeError) as error:
        raise ImportFailed(f"The model cannot be checked: {error}") from error


class Stuck(Exception):
    """The walk came to an operation without layers, or axis 0 is no batch; the message is for the user."""


def walked(network: Network, request: ImportRequest, single: bool) -> Flow:
    """Walk through a network, operation by operation.

    Raises:
        Stuck: one of them has no layers, and its shapes are unknown.
    """
    shapes = [_shape(each, index, request) for index, each in enumerate(network.inputs)]
    if not network.inputs:
        raise ImportFailed("The model takes nothing: a network needs an input.")
    sizes = {shape[0]: value.name for value, shape in zip(network.inputs, shapes, strict=True) if shape}
    fixed = [size for size in sizes if isinstance(size, int)]
    if len(fixed) > 1 and not single:
        raise Stuck(
            f"Axis 0 of every input has to be the batch, but it is {fixed[0]} of '{sizes[fixed[0]]}' and {fixed[1]} of "
            f"'{sizes[fixed[1]]}'."
        )
    batch = fixed[0] if fixed else None
    called = _open_names(shapes, single)
    names = tuple(sorted(set(called.values())))
    if len(names) > MAX_NAMES:
        raise ImportFailed(f"The model has {len(names)} lengths that stay open; {MAX_NAMES} are possible.")
    flow = Flow(network, names, None if single else batch, single, made_live)
    flow.called = called
    for op in network.ops:
        for name in filter(None, op.inputs):
            flow.readers.setdefault(name, []).append(op)
    flow.values.update({name: constant(array, name) for name, array in network.initialisers.items()})
    for value, shape in zip(network.inputs, shapes, strict=True):
        try:
            _add_input(flow, value, shape)
        except Refused as error:
            raise Stuck(f"The input '{value.name}' cannot be taken: {error}.") from error
    for index, op in enumerate(network.ops):
        report(index, len(network.ops), op.place)
        flow.done = index
        _step(flow, op)
    for value in network.outputs:
        _add_output(flow, value.name)
    flow.prune()
    unused = [name for name, node in flow.inputs.items() if node not in flow.draft.graph.nodes]
    for name in unused:
        flow.draft.note(f"The model's input '{name}' is left out: nothing depends on it.")
        del flow.inputs[name]
    return flow


def _step(flow: Flow, op: Op) -> None:
    flow.scope = scopes_of(op)
    try:
        step(flow, op)
    except Refused as error:
        why = str(error)
        name = f"{op.domain}.{op.type}" if op.domain else op.type
        message = f"'{op.place}' ({name}) has no layers: {why}."
        try:
            kept = kept_opaque(flow, op)
        except Refused:
            kept = False
        if not kept:
            raise Stuck(message) from error
        flow.draft.note(message)


def _shape(value: Any, index: int, request: ImportRequest) -> list[int | str | None]:
    """Return the sizes that an input says, axis 0 included: numbers, names, or None where nothing is said."""
    if not value.type.HasField("tensor_type"):
        kind = value.type.WhichOneof("value") or "nothing"
        raise ImportFailed(
            f"The input '{value.name}' is no tensor ({kind.removesuffix('_type')}): networks take tensors."
        )
    tensor = value.type.tensor_type
    if tensor.elem_type not in _KINDS:
        label = package().TensorProto.DataType.Name(tensor.elem_type).lower() if tensor.elem_type else "unknown"
        raise ImportFailed(f"The input '{value.name}' holds {label}: networks take float32, int64 or bool.")
    if index < len(request.shapes):
        return [None, *request.shapes[index]]
    if not tensor.HasField("shape"):
        raise ImportFailed(
            f"The model does not say the shape of its input '{value.name}': give the shape of one sample."
        )
    sizes: list[int | str | None] = []
    for dim in tensor.shape.dim:
        if dim.HasField("dim_value"):
            if dim.dim_value < 1:
                raise ImportFailed(f"The input '{value.name}' has a size of {dim.dim_value}: there is nothing in it.")
            sizes.append(int(dim.dim_value))
        else:
            sizes.append(dim.dim_param or None)
    if math.prod(size for size in sizes if isinstance(size, int)) > MOST_FLOWING:
        raise ImportFailed(f"The input '{value.name}' would hold more than {MOST_FLOWING:,} values.")
    return sizes


def _open_names(shapes: list[list[int | str | None]], single: bool) -> dict[str, str]:
    """Return the names that open lengths get, by those in the model; lengths without one get their places' names."""
    found: dict[str, str] = {}
    taken = {BATCH}
    for which, shape in enumerate(shapes):
        for axis, size in enumerate(shape):
            if isinstance(size, int) or (axis == 0 and not single):
                continue
            known = size or f"input {which} axis {axis}"
            shape[axis] = known
            if known not in found:
                plain = re.sub(r"\W", "_", size) if size else "L"
                name = free_name(plain if plain.isidentifier() else f"L_{plain}", taken)
                found[known] = name
                taken.add(name)
    return found


def _add_input(flow: Flow, value: Any, shape: list[int | str | None]) -> None:
    if not shape and not flow.single:
        raise Stuck(f"The input '{value.name}' is a single number: axis 0 of every input has to be the batch.")
    kind = value.type.tensor_type.elem_type
    rest = shape if flow.single else shape[1:]
    sizes = tuple(size if isinstance(size, int) else flow.called[str(size)] for size in rest)
    dtype = _KINDS[kind]
    end = flow.draft.input(value.name, sizes, dtype)
    flow.specs[end] = input_spec(dtype, sizes, flow.names)
    flow.inputs[value.name] = end.node
    flow.shapes[value.name] = shape
    flow.values[value.name] = _only_sample(flow, end) if flow.single else end
    if kind in _WIDE:
        flow.draft.note(f"What the model computes in {_WIDE[kind]} is computed in float32.")
    if kind in _NARROW:
        flow.draft.note(f"The input '{value.name}' is {_NARROW[kind]} in the model and int64 here: nothing overflows.")


def _only_sample(flow: Flow, end: End) -> End:
    """Return the whole of the one sample that arrives; several are refused as they run."""
    flow.stem = f"{end.node}_all"
    what = "This network was read from a model whose axis 0 is no batch: it takes one sample at a time, not "
    rows = [
        'if a.device.type != "meta" and a.shape[0] != 1:',
        f'    raise ValueError(f"{what}{{a.shape[0]}}.")',
        "a[0]",
    ]
    return written(flow, "OneSample", rows, [end])[0]


def _add_output(flow: Flow, name: str) -> None:
    flow.stem = name
    if name in flow.lists:
        raise Stuck(f"The output '{name}' is a sequence of tensors: networks give tensors, each by its own name.")
    try:
        end = flow.placed(flow.values[name])
        if flow.single:
            whole = flow.add("Unsqueeze", {"dim": 0}, [end], suffix="_sample")
            first = End(next(iter(flow.inputs.values()), ""), "output")
            end = flow.add("ExpandBatch", {}, {"input": whole, "reference": first}, suffix="_batch")
    except Refused as error:
        raise Stuck(f"The output '{name}' cannot be given: {error}.") from error
    if not flow.spec(end).starts_with_batch:
        places = [axis for axis, dim in enumerate(flow.spec(end).dims) if dim.name == BATCH]
        if len(places) != 1:
            raise Stuck(f"Axis 0 of the output '{name}' is not the batch: it is {flow.spec(end)}.")
        axis = flow.moved[name] = places[0]
        flow.draft.note(f"The batch is axis {axis} of the output '{name}' in the model; here it is moved to the front.")
        end = permuted(flow, end, [axis, *(each for each in range(flow.rank(end)) if each != axis)])
    flow.outputs[name] = flow.draft.output(name, End(end.node, end.port))


KINDS = (
    ImporterKind(
        "onnx",
        "ONNX",
        "A network that PyTorch, TensorFlow or another framework exported. Its operators become layers with their "
        "weights, and the result is compared with the model; needs the packages of layerwright[onnx].",
        _read,
        suffixes=(".onnx",),
    ),
)
