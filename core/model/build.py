"""Builds the module: compiles the written source, so that what runs is what is read, and errors find their node."""

from __future__ import annotations

import itertools
import linecache
import os
import traceback
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import units
from core.errors import LayerwrightError, ModelError
from core.graph.project import Project
from core.model.cost import CostReport, cost
from core.model.probe import TORCH_ERRORS, quietly
from core.model.shapes import ShapeReport, check
from core.model.source import compose

if TYPE_CHECKING:
    from torch import nn

_CLASS = "Net"
_NO_MEMORY = ("DefaultCPUAllocator", "can't allocate memory", "out of memory")
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
    """Return a module of the project's network, initialised from the project's seed, in training mode on the CPU.

    Torch's random state is neither used nor changed.

    Raises:
        ModelError: the check found errors (all are listed), there is no Output, the weights do not fit into memory, or
            a layer could not be constructed.
    """
    from core.model.seeding import Seeded

    report = report or check(project)
    source = compose(project, report, _CLASS)
    _require_memory(cost(project, report))
    filename = f"<layerwright network {next(_numbers)}>"
    namespace: dict[str, Any] = {"__name__": "layerwright_network"}
    exec(compile(source.text, filename, "exec"), namespace)
    network: type[nn.Module] = namespace[_CLASS]
    linecache.cache[filename] = (len(source.text), None, source.text.splitlines(keepends=True), filename)
    weakref.finalize(network, linecache.cache.pop, filename, None)
    try:
        with Seeded(project.training.seed), quietly():  # what there is to warn of, the check has said
            module = network()
    except (*TORCH_ERRORS, MemoryError) as error:
        node = _node_at(filename, source.nodes_by_line, error)
        where = f"'{node}'" if node else "The network"
        reason = "there is not enough memory for its weights." if is_out_of_memory(error) else str(error)
        raise ModelError(f"{where} could not be constructed: {reason}", node=node) from error
    return Built(module, source.text, report, source.inputs, source.outputs, filename, source.nodes_by_line)


def _require_memory(costs: CostReport) -> None:
    """Raise ModelError for weights that exceed the machine's memory: Linux would promise it, then end the process."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return  # Windows says so itself
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if 0 < memory < costs.parameter_bytes:
        largest = max(costs.nodes, key=lambda name: costs.nodes[name].parameter_bytes)
        raise ModelError(
            f"The weights take {units.size(costs.parameter_bytes)}, most of them in '{largest}'; this machine has "
            f"{units.size(memory)} of memory. Use smaller sizes.",
            node=largest,
        )


def is_out_of_memory(error: BaseException) -> bool:
    """True where PyTorch found no memory, which it reports on a CPU as an ordinary RuntimeError."""
    return isinstance(error, MemoryError) or any(each in str(error) for each in _NO_MEMORY)


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
