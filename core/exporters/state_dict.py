"""Weights as a PyTorch state dict, which ``torch.load(path, weights_only=True)`` reads."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.exporters._kind import Exported, ExporterKind, ExportRequest

if TYPE_CHECKING:
    from torch import Tensor


def to_state_dict(weights: Mapping[str, Tensor]) -> bytes:
    """Return the content of a file for ``torch.load``."""
    import torch

    buffer = io.BytesIO()
    torch.save(dict(weights), buffer)
    return buffer.getvalue()


def from_state_dict(content: bytes) -> dict[str, Tensor]:
    """Return the weights in the content of a file; nothing in it is executed."""
    import torch

    weights: dict[str, Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return weights


def _export(request: ExportRequest) -> Exported:
    from core.exporters._network import exportable, verify_weights, write

    network = exportable(request)
    content = to_state_dict(network.weights)
    verify_weights(network, from_state_dict(content))
    write(request.path, content)
    return Exported(request.path)


KINDS = (
    ExporterKind(
        "state-dict",
        "Weights (PyTorch state dict)",
        ".pt",
        "The weights alone, for torch.load(path, weights_only=True) and load_state_dict.",
        _export,
    ),
)
