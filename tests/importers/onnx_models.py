"""Small ONNX models made by hand, and how what was read from them is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from core.importers import Imported, ImportRequest, importers
from core.model.build import build

Sizes = Sequence[int | str]


def model_of(
    nodes: Sequence[Any],
    inputs: Mapping[str, Sizes],
    outputs: Sequence[str],
    weights: Mapping[str, np.ndarray] | None = None,
    *,
    opset: int = 20,
    kind: int = TensorProto.FLOAT,
    functions: Sequence[Any] = (),
    domains: Sequence[str] = (),
) -> onnx.ModelProto:
    """Return a model with these nodes."""
    graph = helper.make_graph(
        list(nodes),
        "made",
        [helper.make_tensor_value_info(name, kind, list(shape)) for name, shape in inputs.items()],
        [helper.make_value_info(name, helper.make_tensor_type_proto(TensorProto.FLOAT, None)) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=8)


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    """Write a model and return its path."""
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def read(source: onnx.ModelProto | Path, folder: Path, **given: Any) -> Imported:
    """Return what is read from a model."""
    path = source if isinstance(source, Path) else saved(source, folder)
    return importers["onnx"].read(ImportRequest(str(path), **given))


def run(imported: Imported, *inputs: torch.Tensor) -> list[torch.Tensor]:
    """Return the outputs of what was read, with its weights."""
    module = build(imported.project).module
    module.load_state_dict(dict(imported.weights))
    with torch.no_grad():
        found = module.eval()(*inputs)
    return list(found.values()) if isinstance(found, dict) else [found]


def runs_alike(model: onnx.ModelProto, imported: Imported, *given: np.ndarray) -> bool:
    """Say whether what was read from a model gives what the model gives in ONNX's own runtime."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    wanted = session.run(None, {each.name: array for each, array in zip(session.get_inputs(), given, strict=True)})
    by_name = {each.name: torch.from_numpy(array) for each, array in zip(session.get_inputs(), given, strict=True)}
    found = run(imported, *(by_name[name] for name in build(imported.project).inputs))
    return all(
        np.allclose(one.numpy(), other, atol=1e-5, equal_nan=True) for one, other in zip(found, wanted, strict=True)
    )


def kinds(imported: Imported) -> list[str]:
    """Return the kinds of all nodes but inputs and outputs, in the order in which they were found."""
    return [node.kind for node in imported.project.graph.nodes.values() if node.kind not in ("Input", "Output")]


def random(*shape: int) -> np.ndarray:
    """Return the same random numbers for every call with a shape."""
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)
