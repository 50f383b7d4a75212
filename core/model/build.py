"""Builds the module: compiles the written source, so that what runs is what is read, and errors find their node."""

from __future__ import annotations

import itertools
import linecache
import traceback
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import trust, units
from core.errors import LayerwrightError, ModelError, reason_of
from core.graph.project import Project
from core.machine import physical_memory
from core.model.cost import CostReport, cost
from core.model.probe import TORCH_ERRORS, quietly
from core.model.reports import ShapeReport
from core.model.shapes import check
from core.model.source import Source, compose
from core.model.tensors import NETWORK_CLASS, shapes_in
from core.model.weight_files import fit_of, stored_shapes

if TYPE_CHECKING:
    from torch import nn

_MOST_DIFFERENCES = 8
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
    group_lines: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """By line: the group whose class it is in, and the node inside. ``nodes_by_line`` holds the network's own class."""


def build(project: Project, report: ShapeReport | None = None) -> Built:
    """Return a module of the project's network, initialised from the project's seed, in training mode on the CPU.

    A project that names a file of weights starts from it, as far as names and shapes fit; groups that name one start
    from theirs, which has to fit, and outranks the project's. Torch's random state is neither used nor changed.

    Raises:
        ModelError: the check found errors (all are listed), a Python layer is not trusted, there is no Output, the
            weights do not fit into memory, a layer could not be constructed, or a file of weights cannot be read or
            does not fit.
    """
    from core.model.seeding import Seeded

    report = report or check(project)
    source = compose(project, report, NETWORK_CLASS)
    _require_trust(source)
    _require_memory(cost(project, report, operations=False))
    filename = f"<layerwright network {next(_numbers)}>"
    namespace: dict[str, Any] = {"__name__": "layerwright_network"}
    # What the user's own code may raise is anything.
    errors = (Exception,) if project.code else (*TORCH_ERRORS, MemoryError)
    try:
        exec(compile(source.text, filename, "exec"), namespace)
        network: type[nn.Module] = namespace[NETWORK_CLASS]
        linecache.cache[filename] = (len(source.text), None, source.text.splitlines(keepends=True), filename)
        weakref.finalize(network, linecache.cache.pop, filename, None)
        with Seeded(project.training.seed), quietly():  # what there is to warn of, the check has said
            module = network()
    except errors as error:
        node = _node_at(filename, source.nodes_by_line, error)
        where = f"'{node}'" if node else "The network"
        reason = "there is not enough memory for its weights." if is_out_of_memory(error) else str(error)
        raise ModelError(f"{where} could not be constructed: {reason}", node=node) from error
    _load_weights(project, source, module)
    ends = (source.inputs, source.outputs)
    return Built(module, source.text, report, *ends, filename, source.nodes_by_line, source.group_lines)


def _load_weights(project: Project, source: Source, module: nn.Module) -> None:
    """Fill the network from its file, then every use of a group that names one; an outer group's outranks inner ones.

    Raises:
        ModelError: a file cannot be read, or a group's does not fit.
    """
    if project.weights:
        _load_what_fits(project, module)
    for class_name, group in source.classes.items():
        path = project.groups[group].weights
        uses = [each for each in module.modules() if type(each).__name__ == class_name] if path else []
        for use in uses:
            load_into(use, Path(path), f"The weights of '{group}'")


def _load_what_fits(project: Project, module: nn.Module) -> None:
    """Fill a network with the tensors of the project's file that fit by name and shape; others stay as they are."""
    from safetensors import SafetensorError, safe_open

    path = Path(project.weights)
    try:
        stored = stored_shapes(path)
    except ModelError as error:
        raise ModelError(f"The network starts from the weights in '{path}', but {error.message}.") from error
    own = module.state_dict()
    fit = fit_of(project, shapes_in(own), stored)
    try:
        with safe_open(path, "pt") as file:
            module.load_state_dict(own | {name: file.get_tensor(other) for name, other in fit.found.items()})
    except (OSError, SafetensorError) as error:
        raise ModelError(f"The weights cannot be read from '{path}': {reason_of(error)}.") from error


def load_into(module: nn.Module, path: Path, what: str) -> None:
    """Fill a module with the tensors of a ``.safetensors`` file, which must be the same by name and shape.

    ``what`` begins the message: "The weights of 'Encoder'".

    Raises:
        ModelError: the file cannot be read, or names or shapes differ; the message lists what does, up to a few.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        stored_shapes(path)
        found = load_file(path)
    except ModelError as error:
        raise ModelError(f"{what} cannot be read from '{path}': {error.message}.") from error
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{what} cannot be read from '{path}': {reason_of(error)}.") from error
    wanted = module.state_dict()
    problems = [f"'{name}' is missing in the file." for name in wanted.keys() - found.keys()]
    problems += [f"'{name}' is in the file, but not in the network." for name in found.keys() - wanted.keys()]
    for name in wanted.keys() & found.keys():
        have, need = (" × ".join(map(str, each[name].shape)) or "a number" for each in (found, wanted))
        if have != need:
            problems.append(f"'{name}' is {have} in the file; the network needs {need}.")
    if problems:
        shown = sorted(problems)[:_MOST_DIFFERENCES]
        if len(problems) > len(shown):
            shown.append(f"{len(problems) - len(shown)} more differ.")
        reason = "They are of another network, or the network has changed since they were saved."
        raise ModelError(f"{what} in '{path}' do not fit. {reason}", problems=shown)
    module.load_state_dict(found)


def _require_trust(source: Source) -> None:
    """Raise ModelError where code would run that is not trusted: a report may be older than the trust or the code."""
    for name, code in source.code.items():
        if not trust.is_trusted(code):
            raise ModelError(f"The Python layer '{name}' has not been run: look at its code and trust it.")


def _require_memory(costs: CostReport) -> None:
    """Raise ModelError for weights that exceed the machine's memory: Linux would promise it, then end the process."""
    memory = physical_memory()  # 0 on Windows, which says so itself
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
