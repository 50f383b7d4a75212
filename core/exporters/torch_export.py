"""The network as PyTorch's own graph of operators, which ``torch.export.load`` reads without the source."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.exporters._kind import Exported, ExporterKind, ExportRequest

if TYPE_CHECKING:
    from torch import nn

    from core.exporters._network import Exportable, Runner


def _export(request: ExportRequest) -> Exported:
    from core.exporters._converting import Conversion
    from core.exporters._network import exportable, write

    network = exportable(request, rows=True)
    conversion = Conversion("torch.export", network, lambda module, _names: _content(network, module), _open)
    content = conversion.converted()
    conversion.verify(content)
    write(request.path, content)
    return Exported(request.path, network.notes)


def _content(network: Exportable, module: nn.Module) -> bytes:
    import torch

    from core.exporters._converting import ERRORS, exported, is_fixed
    from core.exporters._recurrent import with_loops
    from core.model.probe import quietly

    buffer = io.BytesIO()
    try:
        program = exported(network, module)
    except ERRORS as error:
        looped = with_loops(module)
        if looped is module or not is_fixed(error):
            raise
        with torch.no_grad():
            program = exported(network, looped)
    with quietly():
        torch.export.save(program, buffer, extra_files={f"{key}.txt": each for key, each in network.metadata.items()})
    return buffer.getvalue()


def _open(content: bytes, names: Sequence[str]) -> Runner:
    import torch

    from core.exporters._network import by_name
    from core.model.probe import quietly

    with quietly():
        module = torch.export.load(io.BytesIO(content)).module()
    return lambda inputs: by_name(module(*inputs), names)


KINDS = (
    ExporterKind(
        "pt2",
        "PyTorch program (torch.export)",
        ".pt2",
        "Operators and weights in one file, for any batch size; PyTorch runs it in Python or C++ without the source: "
        "torch.export.load('net.pt2').module().",
        _export,
    ),
)
