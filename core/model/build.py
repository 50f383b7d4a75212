"""Builds the module: compiles the written source, so that what runs is what is read, and errors find their node."""

from __future__ import annotations

import itertools
import linecache
import traceback
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import LayerwrightError, ModelError
from core.graph.project import Project
from core.model.probe import TORCH_ERRORS
from core.model.shapes import ShapeReport, check
from core.model.source import compose

if TYPE_CHECKING:
    from torch import nn

_CLASS = "Net"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Built:
    """A module and the source that it is an instance of.

    ``inputs`` are the arguments of ``forward`` in their order, ``outputs`` the names of what it returns (one: a tensor;
    several: a dictionary). ``filename`` is the name under which tracebacks show the source.
    """

    module: nn.Module
    source: str
    report: ShapeReport
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    filename: str
    nodes_by_line: Mapping[int, str]


def build(project: Project, report: ShapeReport | None = None) -> Built:
    """Return a freshly initialised module of the project's network, in training mode on the CPU.

    Raises:
        ModelError: the check found errors (all are listed), there is no Output, or a layer could not be constructed.
    """
    report = report or check(project)
    source = compose(project, report, _CLASS)
    filename = f"<layerwright network {next(_numbers)}>"
    namespace: dict[str, Any] = {"__name__": "layerwright_network"}
    exec(compile(source.text, filename, "exec"), namespace)
    network: type[nn.Module] = namespace[_CLASS]
    linecache.cache[filename] = (len(source.text), None, source.text.splitlines(keepends=True), filename)
    weakref.finalize(network, linecache.cache.pop, filename, None)
    try:
        module = network()
    except (*TORCH_ERRORS, MemoryError) as error:
        node = _node_at(filename, source.nodes_by_line, error)
        where = f"'{node}'" if node else "The network"
        raise ModelError(f"{where} could not be constructed: {error}", node=node) from error
    return Built(module, source.text, report, source.inputs, source.outputs, filename, source.nodes_by_line)


def node_of_error(built: Built, error: BaseException) -> str | None:
    """Return the node in whose line of the source an exception arose, or None where it came from elsewhere."""
    return _node_at(built.filename, built.nodes_by_line, error)


def _node_at(filename: str, nodes_by_line: Mapping[int, str], error: BaseException) -> str | None:
    if isinstance(error, LayerwrightError) and error.node:
        return error.node
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_code.co_filename == filename and line in nodes_by_line:
            return nodes_by_line[line]
    return None
