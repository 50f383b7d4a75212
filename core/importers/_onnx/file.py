"""An ONNX file as it lies on the disk: read with every size checked first, and never anything beside its folder."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ImportFailed, reason_of
from core.loading import load
from core.machine import physical_memory
from core.units import size as written_size

if TYPE_CHECKING:
    import onnx

LARGEST = 2**31 - 1
"""Bytes that a model file may have: what protobuf, in which it is written, can hold. Weights may lie beside it."""
_DEEPEST = 20
_MOST_AXES = 64
"""Dimensions that a tensor may have: what numpy and PyTorch hold."""
_WIDTHS = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2}
_WIDTHS |= {17: 1, 18: 1, 19: 1, 20: 1, 24: 1}
_HALF = (21, 22, 23, 25, 26)
"""Element types of ONNX by their numbers: bytes each, and those narrower than a byte."""
_LISTS = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def package() -> Any:
    """Return the package that knows the format.

    Raises:
        ImportFailed: it is not installed.
    """
    try:
        return load("onnx")
    except ImportError as error:
        raise ImportFailed("Reading ONNX needs the package onnx: pip install layerwright[onnx].") from error


def read_model(path: Path) -> onnx.ModelProto:
    """Return the model in a file, with the weights that lie beside it read into it.

    Raises:
        ImportFailed: it cannot be read, is no ONNX model, is too large, or names data outside its folder.
    """
    content = _content(path)
    model: onnx.ModelProto = package().ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # protobuf's own exceptions depend on which implementation is installed
        raise ImportFailed(
            f"'{path.name}' cannot be read as ONNX: it is damaged, cut short, nested too deeply, or of another format."
        ) from error
    if not model.ir_version or not model.opset_import or not (model.graph.output or model.graph.node):
        raise ImportFailed(f"'{path.name}' is no ONNX model: it holds no network.")
    del model.training_info[:]
    budget = _Budget()
    for tensor in _tensors(model):
        _complete(tensor, path, budget)
    return model


def _content(path: Path) -> bytes:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise ImportFailed(f"'{path}' is no file.")
        if state.st_size > LARGEST:
            size = written_size(state.st_size)
            raise ImportFailed(f"'{path.name}' has {size}; a model file has at most {written_size(LARGEST)}.")
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise ImportFailed(f"'{path}' cannot be read: {reason_of(error)}.") from error


class _Budget:
    """How much may be read from beside the model, all in all."""

    def __init__(self) -> None:
        self.left = (physical_memory() or 2**40) // 2  # they are held twice, as bytes and as numbers

    def take(self, count: int, name: str) -> None:
        self.left -= count
        if self.left < 0:
            raise ImportFailed(f"The weights (up to '{name}') take more memory than this machine has.")


def _tensors(model: onnx.ModelProto) -> Iterator[Any]:
    yield from _in_graph(model.graph, 0)
    for function in model.functions:
        yield from _in_nodes(function.node, 0)
        yield from _in_attributes(function.attribute_proto, 0)


def _in_graph(graph: Any, depth: int) -> Iterator[Any]:
    if depth > _DEEPEST:
        raise ImportFailed(f"The model's graphs are nested more than {_DEEPEST} deep.")
    yield from graph.initializer
    if graph.sparse_initializer:
        raise ImportFailed("The model holds sparse weights, which are not supported: save it with dense ones.")
    yield from _in_nodes(graph.node, depth)


def _in_nodes(nodes: Any, depth: int) -> Iterator[Any]:
    for node in nodes:
        yield from _in_attributes(node.attribute, depth)


def _in_attributes(attributes: Any, depth: int) -> Iterator[Any]:
    for attribute in attributes:
        if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
            raise ImportFailed(f"'{attribute.name}' holds sparse numbers, which are not supported: save dense ones.")
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        for graph in (attribute.g, *attribute.graphs) if attribute.HasField("g") else attribute.graphs:
            yield from _in_graph(graph, depth + 1)


def _complete(tensor: Any, model: Path, budget: _Budget) -> None:
    """Check that a tensor holds as much as its shape says, and read it in where it lies beside the model."""
    name = tensor.name or "a constant"
    if len(tensor.dims) > _MOST_AXES:
        raise ImportFailed(f"'{name}' has {len(tensor.dims):,} dimensions; {_MOST_AXES} are possible.")
    if any(size < 0 for size in tensor.dims):
        raise ImportFailed(f"'{name}' has a negative size: the model is damaged.")
    count = math.prod(tensor.dims)
    if tensor.data_location == 1:
        _read_beside(tensor, model, _bytes_of(tensor, count, name), budget)
    if tensor.data_type == 8:
        held = len(tensor.string_data)
    elif tensor.HasField("raw_data"):
        held, count = len(tensor.raw_data), _bytes_of(tensor, count, name)
    else:
        held = next((len(getattr(tensor, each)) for each in _LISTS if len(getattr(tensor, each))), 0)
        count = _entries(tensor.data_type, count)
    if held != count:
        shape = " × ".join(map(str, tensor.dims)) or "a number"
        raise ImportFailed(f"'{name}' should be {shape}, but the file holds another amount: the model is damaged.")


def _entries(kind: int, count: int) -> int:
    if kind in _HALF:
        return -(-count // (4 if kind in (25, 26) else 2))
    return 2 * count if kind in (14, 15) else count


def _bytes_of(tensor: Any, count: int, name: str) -> int:
    if tensor.data_type in _HALF:
        return -(-count // (4 if tensor.data_type in (25, 26) else 2))
    if tensor.data_type not in _WIDTHS:
        raise ImportFailed(f"'{name}' is of a kind of number that nobody knows ({tensor.data_type}).")
    return count * _WIDTHS[tensor.data_type]


def _read_beside(tensor: Any, model: Path, wanted: int, budget: _Budget) -> None:
    """Read a tensor from its file, which has to lie in the model's folder, itself and not by way of a link."""
    name, told = tensor.name or "a constant", {each.key: each.value for each in tensor.external_data}
    location = told.get("location", "")
    path = _inside(model, location, name)
    try:
        offset, length = int(told.get("offset") or 0), int(told.get("length") or wanted)
    except ValueError as error:
        raise ImportFailed(f"Where '{name}' lies in '{location}' is no number: the model is damaged.") from error
    if offset < 0 or length != wanted:
        raise ImportFailed(f"'{name}' needs {wanted:,} bytes of '{location}', but {length:,} are named.")
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or offset + length > state.st_size:
                raise ImportFailed(f"'{location}' is too short for '{name}': it is damaged or of another model.")
            budget.take(length, name)
            file.seek(offset)
            tensor.raw_data = file.read(length)
    except OSError as error:
        raise ImportFailed(f"'{location}', which holds '{name}', cannot be read: {reason_of(error)}.") from error
    tensor.data_location = 0
    del tensor.external_data[:]


def _inside(model: Path, location: str, name: str) -> Path:
    folder = model.parent.resolve()
    parts = Path(location).parts
    outside = not parts or "\0" in location or "\\" in location or Path(location).is_absolute() or ".." in parts
    path = folder / location if not outside else folder
    walked = [folder.joinpath(*parts[: count + 1]) for count in range(len(parts))] if not outside else []
    if outside or any(":" in each for each in parts) or any(each.is_symlink() for each in walked):
        raise ImportFailed(
            f"The model keeps '{name}' in '{location}', outside its own folder or behind a link: that is never read. "
            "Put the file beside the model, and save the model with a plain file name."
        )
    return path


def array_of(tensor: Any) -> np.ndarray:
    """Return a tensor, whose size was checked, as an array.

    Raises:
        ImportFailed: it holds texts or kinds of number that no array has.
    """
    if tensor.data_location == 1:
        raise ImportFailed(f"'{tensor.name or 'a constant'}' lies in another file, where no weights are looked for.")
    if tensor.data_type == 8:
        raise ImportFailed(f"'{tensor.name or 'a constant'}' holds texts: networks take numbers.")
    try:
        return np.asarray(package().numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, NotImplementedError) as error:
        raise ImportFailed(f"'{tensor.name or 'a constant'}' cannot be read: {error}") from error
