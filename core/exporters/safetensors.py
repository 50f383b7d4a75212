"""Weights as safetensors: exact, quick to load, and unable to carry code."""

from __future__ import annotations

from core.exporters._kind import Exported, ExporterKind, ExportRequest


def _export(request: ExportRequest) -> Exported:
    from safetensors.torch import load

    from core.exporters._network import exportable, verify_weights, write
    from core.training.checkpoints import weights_bytes

    network = exportable(request)
    content = weights_bytes(network.weights, network.metadata)
    verify_weights(network, load(content))
    write(request.path, content)
    return Exported(request.path)


KINDS = (
    ExporterKind(
        "safetensors",
        "Weights (safetensors)",
        ".safetensors",
        "The weights alone, in the format that most libraries read. It cannot carry code.",
        _export,
    ),
)
