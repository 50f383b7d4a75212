"""The proof of an import: the model runs in ONNX's own runtime, the network here, and both have to say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ImportFailed, ModelError
from core.graph.project import OUTPUT, End, Graph, Node, Project
from core.importers._kind import Imported
from core.importers._onnx.flow import plain
from core.importers._onnx.model import Network, Refused
from core.loading import load
from core.model.build import build

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.importers._onnx.flow import Flow

_BATCH = 3
_LENGTHS = (7, 16, 32, 5, 64, 224)
_RELATIVE, _ABSOLUTE = 1e-4, 1e-5
_COARSE = 2e-2
"""By how much outputs may differ where the model computes in half precision."""
_HALF = (10, 16)
_MOST_COMPARED = 400
_FEW = 0.05
_WIDE = 8.0
"""How far from 0 wide random inputs are."""


def run_model(network: Network, given: Mapping[str, np.ndarray], extra: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Run the model itself, and return its outputs (and the values named in ``extra``).

    Raises:
        RuntimeError: no runtime can.
    """
    onnx = load("onnx")
    model = network.proto
    if extra:
        model = onnx.ModelProto()
        model.CopyFrom(network.proto)
        known = {each.name for each in model.graph.output}
        model.graph.output.extend(
            onnx.helper.make_value_info(name, onnx.TypeProto()) for name in extra if name not in known
        )
    names = [each.name for each in model.graph.output]
    problems = []
    for runner in (_onnxruntime, _reference):
        try:
            return dict(zip(names, runner(model, names, given), strict=True))
        except Exception as error:  # neither has exceptions of its own kind
            problems.append(str(error).strip().partition("\n")[0])
    raise RuntimeError("; ".join(dict.fromkeys(problems)))


def _onnxruntime(model: Any, names: Sequence[str], given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    onnxruntime: Any = load("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # as it is written
    options.enable_cpu_mem_arena = False
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(list(names), dict(given)))


def _reference(model: Any, names: Sequence[str], given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    reference: Any = load("onnx.reference")
    with np.errstate(all="ignore"):
        return list(reference.ReferenceEvaluator(model).run(list(names), dict(given)))


def samples(flow: Flow, length: int, batch: int | None = None, *, wide: bool = False) -> dict[str, np.ndarray]:
    """Return random inputs as the model takes them, with this size of open lengths; ``wide`` ones are far from 0."""
    helper = load("onnx").helper
    numbers = np.random.default_rng(7)
    tables = [node.params.get("num_embeddings", 1000) for node in flow.draft.graph.of_kind("Embedding")]
    most = min([(100 if wide else 2) if not tables else 1000, *tables])
    found = {}
    for each in flow.network.inputs:
        kind = np.dtype(helper.tensor_dtype_to_np_dtype(each.type.tensor_type.elem_type))
        sizes = [dim.dim_value or length for dim in each.type.tensor_type.shape.dim]
        if each.name in flow.shapes:
            sizes = [size if isinstance(size, int) else length for size in flow.shapes[each.name]]
        if sizes and not flow.single:
            sizes[0] = batch or flow.batch or _BATCH
        if kind == np.bool_:
            found[each.name] = numbers.integers(0, 2, sizes).astype(kind)
        elif kind.kind in "iu":
            least = -most if wide and kind.kind == "i" and not tables else 0
            found[each.name] = numbers.integers(least, most, sizes).astype(kind)
        else:
            scale = _WIDE if wide else 1.0
            found[each.name] = (scale * numbers.standard_normal(sizes)).astype(np.float32).astype(kind)
    return found


def prove(flow: Flow, imported: Imported) -> tuple[str, ...]:
    """Compare the network with the model on random inputs, and return what a person should know of that.

    Raises:
        ImportFailed: they differ; the message names the first node that does.
    """
    if imported.opaque:
        return ("Because some operations have no layers, it could not be compared with the model.",)
    module = loaded(imported)
    if isinstance(module, str):
        raise ImportFailed(f"What was read cannot be built: {module}")
    said, wanted = "", dict[str, np.ndarray]()
    for length in _LENGTHS:
        given = samples(flow, length)
        try:
            wanted = run_model(flow.network, given)
            break
        except RuntimeError as error:
            said = str(error)
            if all(dim.dim_value for each in flow.network.inputs for dim in each.type.tensor_type.shape.dim[1:]):
                break
    if not wanted:
        return (f"It could not be compared with the model, which did not run here: {said[:300]}",)
    found = outputs(flow, module, given)
    differing = [name for name in wanted if not alike(flow, found[name], wanted[name])]
    if not differing:
        return _batches(flow, module, given, found) or _otherwise(flow, module, length)
    first = _first_different(flow, imported, given)
    raise ImportFailed(
        f"The network that was read gives other numbers than the model, first at '{first or differing[0]}'. It is not "
        "imported, because it would be wrong."
    )


def loaded(imported: Imported) -> nn.Module | str:
    """Return the network with its weights, ready to predict, or what speaks against it."""
    try:
        module = build(imported.project).module
        module.load_state_dict(dict(imported.weights), strict=True)
    except (ModelError, RuntimeError) as error:
        return str(error)
    return module.eval()


def outputs(
    flow: Flow, module: nn.Module, given: Mapping[str, np.ndarray], nodes: Mapping[str, str] | None = None
) -> dict[str, np.ndarray]:
    """Run the network on inputs as the model takes them; outputs by the model's names, as it gives them.

    ``nodes`` are the network's outputs by those names (else those of the walk).
    """
    import torch

    nodes = flow.outputs if nodes is None else nodes

    arguments: dict[str, Tensor] = {}
    for name, node in flow.inputs.items():
        array = plain(given[name])
        arguments[node] = torch.from_numpy(np.ascontiguousarray(array[None] if flow.single else array))
    order = [each for each in _arguments(module) if each in arguments]
    with torch.no_grad():
        try:
            result = module(*(arguments[each] for each in order))
        except (RuntimeError, IndexError, ValueError, TypeError) as error:
            raise ImportFailed(f"What was read does not run: {error}") from error
    named = result if isinstance(result, dict) else {next(iter(nodes.values())): result}
    return {name: _whole(flow, name, named[node].numpy()) for name, node in nodes.items()}


def _whole(flow: Flow, name: str, array: np.ndarray) -> np.ndarray:
    array = np.moveaxis(array, 0, flow.moved[name]) if name in flow.moved else array
    return array[0] if flow.single else array


def _arguments(module: nn.Module) -> list[str]:
    import inspect

    return list(inspect.signature(module.forward).parameters)


def alike(flow: Flow, found: np.ndarray, wanted: Any) -> bool:
    """True where both are the same but for rounding."""
    if not isinstance(wanted, np.ndarray):
        wanted = np.asarray(wanted)
    try:
        wanted = plain(wanted)
    except (Refused, ValueError, TypeError):
        return False
    if found.shape != wanted.shape or found.dtype.kind != wanted.dtype.kind:
        return False
    if wanted.dtype.kind != "f":
        return bool(np.array_equal(found, wanted))
    coarse = any(each.type.tensor_type.elem_type in _HALF for each in (*flow.network.inputs, *flow.network.outputs))
    scale = float(np.abs(wanted[np.isfinite(wanted)]).max(initial=1.0))
    relative, absolute = (_COARSE, _COARSE * scale) if coarse else (_RELATIVE, _ABSOLUTE * max(1.0, scale))
    return bool(np.allclose(found, wanted, rtol=relative, atol=absolute, equal_nan=True))


def _batches(
    flow: Flow, module: nn.Module, given: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]
) -> tuple[str, ...]:
    """Say where a batch of another size than the model was made for gives other numbers for the same samples."""
    if flow.single or flow.batch is None:
        return ()
    if any(array.shape[:1] != (flow.batch,) for array in found.values()):
        return ()
    twice = {name: np.concatenate([array, array]) for name, array in given.items()}
    try:
        again = outputs(flow, module, twice)
        same = all(alike(flow, again[name], np.concatenate([array, array])) for name, array in found.items())
    except ImportFailed:
        same = False
    if same:
        return ()
    return (
        f"The model was made for batches of {flow.batch}, and its samples depend on one another: with other batches "
        "the network gives other numbers, or does not run.",
    )


def _otherwise(flow: Flow, module: nn.Module, length: int) -> tuple[str, ...]:
    """Compare once more with other open lengths, another batch, and larger and negative numbers.

    Raises:
        ImportFailed: they differ.
    """
    given = samples(flow, next(each for each in _LENGTHS if each != length), flow.batch or _BATCH + 2, wide=True)
    try:
        wanted = run_model(flow.network, given)
    except RuntimeError:
        return ()  # the model takes no others
    try:
        found = outputs(flow, module, given)
    except ImportFailed:
        return ("With other lengths or larger numbers than it was compared with, the network does not run.",)
    differing = [
        name
        for name in wanted
        if not alike(flow, found[name], wanted[name]) and not _rounded(found[name], wanted[name])
    ]
    if differing:
        raise ImportFailed(
            "With other lengths or larger numbers the network gives other numbers than the model, at "
            f"'{differing[0]}'. It is not imported, because it would be wrong."
        )
    return ()


def _rounded(found: np.ndarray, wanted: np.ndarray) -> bool:
    """True where a few whole numbers differ, as where the largest of almost equal values is asked for."""
    wanted = np.asarray(wanted)
    few = found.dtype.kind in "ib" and found.shape == wanted.shape
    return few and float(np.mean(found != wanted)) <= _FEW


def _first_different(flow: Flow, imported: Imported, given: Mapping[str, np.ndarray]) -> str:
    """Return the first node whose output differs from the model's; an empty string where it cannot be told."""
    graph = imported.project.graph
    ends = {
        name: value
        for op in flow.network.ops
        for name in op.outputs
        if isinstance(value := flow.values.get(name), End) and value.node in graph.nodes
    }
    ends = dict(list(ends.items())[:_MOST_COMPARED])
    nodes = {name: node for name, node in graph.nodes.items() if node.kind != OUTPUT}
    links = {target: source for target, source in graph.links.items() if target.node in nodes}
    probes = {}
    for index, (name, end) in enumerate(ends.items()):
        probe = f"probe{index}"
        nodes[probe] = Node(probe, OUTPUT)
        links[End(probe, "input")] = end
        probes[name] = probe
    project = Project(graph=Graph(nodes, links), code=imported.project.code)
    module = loaded(replace(imported, project=project))
    if isinstance(module, str):
        return ""
    try:
        wanted = run_model(flow.network, given, list(ends))
        found = outputs(flow, module, given, probes)
    except (RuntimeError, ImportFailed):
        return ""
    for name, end in ends.items():
        if name in wanted and not alike(flow, found[name], wanted[name]):
            return end.node
    return ""
