"""Operations that PyTorch has and the catalogue lacks: Python layers of a line or two, written here from literals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import trust
from core.errors import SaveError
from core.graph.names import RESERVED_CLASSES, free_class_name
from core.graph.project import End, PythonLayer

if TYPE_CHECKING:
    from core.importers._onnx_flow import Flow

LETTERS = "abcdefgh"


def written(
    flow: Flow, what: str, rows: str | Sequence[str], inputs: Sequence[End], *, outputs: int = 1, suffix: str = ""
) -> tuple[End, ...]:
    """Add a Python layer and return its outputs.

    ``rows`` are those of its ``forward``, in terms of a, b, c… for the inputs; the last of them is what it returns.

    Raises:
        Refused: it does not take what arrives.
    """
    rows = [rows] if isinstance(rows, str) else list(rows)
    stem = what[:1].upper() + what[1:]
    taken = {*flow.draft.project.groups, *RESERVED_CLASSES}
    while True:
        name = free_class_name(stem, taken)
        layer = PythonLayer(name, _source(name, what, rows, len(inputs), outputs))
        if flow.draft.project.code.get(name, layer) == layer:
            break
        taken.add(name)
    try:
        if not trust.is_trusted(layer.source):
            trust.trust(layer.source)
    except SaveError as error:
        flow.draft.note(str(error))
    end = flow.add(flow.draft.define(layer), {}, inputs, suffix=suffix)
    if outputs == 1:
        return (end,)
    return tuple(End(end.node, f"output{number}") for number in range(1, outputs + 1))


def _source(name: str, what: str, rows: Sequence[str], inputs: int, outputs: int) -> str:
    arguments = ", ".join(LETTERS[:inputs])
    variables = ["output"] if outputs == 1 else [f"output{number}" for number in range(1, outputs + 1)]
    lines = [
        "import torch",
        "import torch.nn.functional as F",
        "from torch import nn",
        "",
        "",
        f"class {name}(nn.Module):",
        f'    """{what} of ONNX."""',
        "",
        f"    def forward(self, {arguments}):" if inputs else "    def forward(self):",
        *(f"        {row}" for row in rows[:-1]),
        f"        {', '.join(variables)} = {rows[-1]}",
        f"        return {', '.join(variables)}",
    ]
    return (
        "\n".join(line for line in lines if "F." in "".join(rows) or line != "import torch.nn.functional as F") + "\n"
    )
