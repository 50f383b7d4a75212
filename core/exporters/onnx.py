"""The network as ONNX, for other frameworks and runtimes; what was written is run in onnxruntime before it counts."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ExportError, reason_of
from core.exporters._kind import Exported, ExporterKind, ExportRequest
from core.loading import load

if TYPE_CHECKING:
    from torch import nn

    from core.exporters._network import Exportable, Runner

_PACKAGES = ("onnx", "onnxruntime", "onnxscript")
_STRUCTURE = {"pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"}
_OWN_MODULE = re.compile(r"(?<=')(?!torch\.|aten\.)[\w.<>-]+\.(?=\w+')")
"""The Python module of a class that is none of PyTorch's: the one that the network was built in, or ours."""
_LARGEST = 1_900_000_000
"""Bytes of weights that are kept in the file itself: ONNX files end at 2 GiB. More go into one file beside it."""


def _export(request: ExportRequest) -> Exported:
    _require_packages()
    from core.exporters._converting import Conversion
    from core.exporters._network import exportable, write

    network = exportable(request, rows=True)
    conversion = Conversion("ONNX", network, lambda module, names: to_onnx(network, module, names), _runner)
    model = conversion.converted()
    repair(model)
    _describe(model, network)
    if sum(each.nbytes for each in network.built.module.state_dict().values()) > _LARGEST:
        return Exported(write_in_two(request.path, model, conversion.verify), network.notes)
    conversion.verify(model)
    write(request.path, model.SerializeToString())
    return Exported(request.path, network.notes)


def _require_packages() -> None:
    missing = []
    for name in _PACKAGES:
        try:
            load(name)
        except ImportError:
            missing.append(name)
    if missing:
        raise ExportError(f"ONNX needs {', '.join(missing)}: pip install layerwright[onnx].")


def to_onnx(network: Exportable, module: nn.Module, names: Sequence[str]) -> Any:
    """Return a module as an ONNX model (``onnx.ModelProto``) whose inputs and outputs are called as the nodes are.

    Raises:
        RuntimeError, ValueError…: an operator cannot be expressed, or works for one size only.
    """
    import torch

    from core.exporters._converting import ERRORS, exported, is_fixed
    from core.exporters._network import open_axes
    from core.model.probe import quietly

    fixed = False
    try:
        program = exported(network, module)
    except ERRORS as error:
        if not is_fixed(error):
            raise
        # Tracing fixes a length; whether ONNX's operators take others shows the comparison.
        program, fixed = exported(network, module, fixed_length=True), True
    with quietly(), _silent():
        converted = torch.onnx.export(
            program,
            network.example,
            dynamo=True,
            input_names=list(network.built.inputs),
            output_names=list(names),
            verbose=False,
        )
    assert converted is not None
    model = converted.model_proto
    _name_axes(model, {name: open_axes(spec) for name, spec in network.specs.items()})
    if fixed:
        _forget_sizes(model)
    return model


def _name_axes(model: Any, axes: Mapping[str, Mapping[int, str]]) -> None:
    """Give the axes that vary the names of the design, at inputs and outputs, instead of those made in tracing."""
    names = {}
    for value in model.graph.input:
        for place, name in axes.get(value.name, {}).items():
            dim = value.type.tensor_type.shape.dim[place]
            names[dim.dim_param] = name
            dim.dim_param = name
    for value in (*model.graph.output, *model.graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in names:
                dim.dim_param = names[dim.dim_param]


def _forget_sizes(model: Any) -> None:
    """Drop the sizes that were noted for one length, inside and at the outputs."""
    del model.graph.value_info[:]
    for value in model.graph.output:
        for dim in value.type.tensor_type.shape.dim[1:]:
            dim.Clear()


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the exporter from telling of packages that it would also support."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def repair(model: Any) -> None:
    """Put right what exporters are known to get wrong, in place.

    PyTorch's GRU applies the reset gate after the recurrent product, its bias included: ``linear_before_reset`` of
    ONNX's operator, which some versions leave at 0. That computes something else, and no checker notices.
    """
    import onnx

    for node in (*model.graph.node, *(node for function in model.functions for node in function.node)):
        if node.op_type != "GRU":
            continue
        kept = [each for each in node.attribute if each.name != "linear_before_reset"]
        del node.attribute[:]
        node.attribute.extend([*kept, onnx.helper.make_attribute("linear_before_reset", 1)])


def _describe(model: Any, network: Exportable) -> None:
    """Say whose network it is, and of what the exporter notes keep only in which modules each operation stands."""
    for part in (model.graph, *model.functions):
        for each in (*part.node, *part.value_info, *getattr(part, "input", ()), *getattr(part, "output", ())):
            if hasattr(each, "metadata_props"):
                _keep_structure(each)
            if hasattr(each, "doc_string"):
                each.doc_string = ""
    model.producer_name = "layerwright"
    for key, value in network.metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value


def _keep_structure(part: Any) -> None:
    """Leave out where the exporter's own source lies on this machine; names and classes of the modules stay."""
    noted = {each.key: each.value for each in part.metadata_props}
    del part.metadata_props[:]
    for key in _STRUCTURE & noted.keys():
        entry = part.metadata_props.add()
        entry.key, entry.value = key, _OWN_MODULE.sub("", noted[key])


def _runner(model: Any, names: Sequence[str]) -> Runner:
    """Return what runs a model (or the one in a file) in onnxruntime."""
    import torch

    onnxruntime: Any = load("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    content = str(model) if isinstance(model, Path) else model.SerializeToString()
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exceptions have no common kind
        raise ExportError(f"onnxruntime cannot open what was exported: {reason_of(error)}") from error
    taken = [each.name for each in session.get_inputs()]

    def run(inputs: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
        given = {name: each.numpy() for name, each in zip(taken, inputs, strict=True)}
        try:
            found = session.run(list(names), given)
        except Exception as error:  # as above
            sizes = " and ".join(" × ".join(map(str, each.shape)) for each in inputs)
            why = f"onnxruntime cannot run it for inputs of {sizes}"
            raise ExportError(f"ONNX cannot express this network for every length: {why}.") from error
        return {name: torch.from_numpy(each) for name, each in zip(names, found, strict=True)}

    return run


def write_in_two(path: Path, model: Any, verify: Callable[[Any], None]) -> Path:
    """Write the weights into ``PATH.data`` beside the model, and compare before either replaces anything."""
    import onnx

    beside = f"{path.name}.data"
    try:
        with tempfile.TemporaryDirectory(prefix=".layerwright-", dir=path.parent) as folder:
            written = Path(folder, path.name)
            onnx.save_model(model, str(written), save_as_external_data=True, location=beside, size_threshold=1024)
            verify(written)
            Path(folder, beside).replace(path.with_name(beside))
            written.replace(path)
    except OSError as error:
        raise ExportError(f"'{path}' could not be written: {reason_of(error)}.") from error
    return path


KINDS = (
    ExporterKind(
        "onnx",
        "ONNX",
        ".onnx",
        "For other frameworks and runtimes, with any batch size and length. It is run in onnxruntime and compared with "
        "the network; needs the packages of layerwright[onnx].",
        _export,
    ),
)
