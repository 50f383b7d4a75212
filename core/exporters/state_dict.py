"""Weights as a PyTorch state dict, which ``torch.load(path, weights_only=True)`` reads."""

from __future__ import annotations

from pathlib import Path

from core.exporters._kind import ExporterKind, ExportRequest


def _export(request: ExportRequest) -> Path:
    from core.exporters._network import exportable, verify_weights, write
    from core.exporters._state_dict import from_state_dict, to_state_dict

    network = exportable(request)
    content = to_state_dict(network.weights)
    verify_weights(network, from_state_dict(content))
    write(request.path, content)
    return request.path


KINDS = (
    ExporterKind(
        "state-dict",
        "Weights (PyTorch state dict)",
        ".pt",
        "The weights alone, for torch.load(path, weights_only=True) and load_state_dict.",
        _export,
    ),
)
