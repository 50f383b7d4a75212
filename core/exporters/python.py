"""The network as Python source, with its weights beside it: all that is needed to use it without Layerwright."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ExportError
from core.exporters._kind import Exported, ExporterKind, ExportRequest

if TYPE_CHECKING:
    from torch import nn


def _export(request: ExportRequest) -> Exported:
    """Write ``NAME.py``; of a run also ``NAME.pt``, ``NAME.safetensors`` and the preprocessing.

    A path that does not end in ``.py`` is a folder, made where it does not exist, and NAME is ``model``.
    """
    from core.exporters._network import exportable, verify_outputs, verify_weights, write
    from core.exporters.state_dict import from_state_dict, to_state_dict
    from core.training.checkpoints import weights_bytes

    network = exportable(request)
    source, state_dict = network.built.source, to_state_dict(network.weights)
    weights = from_state_dict(state_dict)
    verify_weights(network, weights)
    verify_outputs(network, lambda: instance(source), weights)
    is_file = request.path.suffix == ".py"
    path = request.path if is_file else _folder(request.path) / "model.py"
    if request.run is not None:
        prefix = f"{path.stem}." if is_file else ""
        preprocessing = json.dumps(request.run.preprocessing(), indent=2, ensure_ascii=False) + "\n"
        write(path.with_name(f"{prefix}preprocessing.json"), preprocessing.encode())
        write(path.with_suffix(".pt"), state_dict)
        write(path.with_suffix(".safetensors"), weights_bytes(network.weights, network.metadata))
    write(path, source.encode())
    return Exported(path)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder '{path}' cannot be made: {error.strerror or error}.") from error
    return path


def instance(source: str) -> nn.Module:
    """Run the source as a module of its own and return a new network."""
    namespace: dict[str, Any] = {"__name__": "model"}
    exec(compile(source, "model.py", "exec"), namespace)
    network: nn.Module = namespace["Net"]()
    return network


KINDS = (
    ExporterKind(
        "python",
        "Python source",
        ".py",
        "model.py, which needs nothing but PyTorch; of a trained run also its weights and preprocessing beside it. "
        "To use it: from model import Net; net = Net(); net.load_state_dict(torch.load('model.pt')); net.eval().",
        _export,
    ),
)
