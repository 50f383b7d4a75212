"""What becomes of an operation that no kind of layer does: a Python layer that keeps its place, shapes and weights.

Its source is written here from literals alone, so that it is trusted from the start. It passes the check of the network
with the shapes that were recorded; built for real it refuses, saying what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from keyword import iskeyword, kwlist
from typing import TYPE_CHECKING

from core.graph.names import RESERVED_CLASSES
from core.graph.project import PYTHON_PREFIX, End
from core.importers._draft import Draft

if TYPE_CHECKING:
    from torch import Tensor

Size = int | str | tuple[int, int]
"""A length of an output: a number, "N" for the batch (dimension 0 of the first input), or (input, dimension)."""
_LONGEST = 60


def opaque(
    draft: Draft,
    what: str,
    inputs: Sequence[End],
    output_shapes: Sequence[Sequence[Size]],
    dtypes: Sequence[str] = (),
    name: str = "",
    tensors: Mapping[str, Tensor] | None = None,
) -> tuple[End, ...]:
    """Add a node that stands for an operation that cannot be expressed, and return its output ends.

    ``what`` says what it was, as its format calls it: "NonMaxSuppression of ONNX"; its first word becomes the name of
    the layer. ``output_shapes`` are those of each output with the batch, ``dtypes`` their dtypes ("float32"; missing
    ones are that). ``tensors`` are its weights by any names; floating ones are parameters, others buffers.
    """
    what = " ".join(what.split())[: 2 * _LONGEST] or "operation"
    kinds = [*dtypes, *["float32"] * len(output_shapes)][: len(output_shapes)]
    stored = {_identifier(key): tensor for key, tensor in (tensors or {}).items()}
    shapes = [tuple(each) for each in output_shapes]
    kind = draft.define_own(_stem(what), lambda own: _source(own, what, len(inputs), shapes, kinds, stored))
    called = {_identifier(key): key for key in tensors or {}}
    end = draft.add(
        kind, {}, tuple(inputs), name=name or kind.removeprefix(PYTHON_PREFIX).lower(), tensors=stored, called=called
    )
    draft.opaque.append(end.node)
    draft.note(
        f"No layer here does what {what} does: '{end.node}' keeps its place and its shapes, but cannot be run. Replace "
        "it, or write its code."
    )
    if len(output_shapes) == 1:
        return (end,)
    return tuple(End(end.node, f"output{number}") for number in range(1, len(output_shapes) + 1))


def _identifier(name: str) -> str:
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    usable = plain.isidentifier() and not plain.startswith("_") and not iskeyword(plain)
    return plain if usable else f"tensor_{plain}"


def _stem(what: str) -> str:
    """Return what the layer is called that stands for an operation: the first word of what it was."""
    words = re.sub(r"\W", " ", what, flags=re.ASCII).split() or ["Operation"]
    stem = "".join(re.findall(r"[A-Za-z0-9_]+", words[0]))[:_LONGEST] or "Operation"
    stem = stem[0].upper() + stem[1:]
    return stem if stem[0].isalpha() and stem not in (*RESERVED_CLASSES, *kwlist) else f"Layer{stem}"


def _source(
    name: str,
    what: str,
    inputs: int,
    shapes: Sequence[tuple[Size, ...]],
    dtypes: Sequence[str],
    tensors: Mapping[str, Tensor],
) -> str:
    arguments = [f"input{number}" for number in range(1, inputs + 1)] if inputs > 1 else ["input"]
    given = ", ".join(f"{each}=None" for each in arguments) if not inputs else ", ".join(arguments)
    rows = [
        "import torch",
        "from torch import nn",
        "",
        "",
        f"class {name}(nn.Module):",
        f"    # Stands for {ascii(what)[1:-1]}. Only its shapes are known: write here what it does.",
        "",
        "    def __init__(self):",
        "        super().__init__()",
        '        if torch.empty(0).device.type != "meta":',
        f"            what = {what!a}",
        "            raise NotImplementedError(",
        '                f"{what} has no layer here, so that it cannot be run: replace it by layers that do the "',
        '                "same, or write its code."',
        "            )",
        *(f"        {_stored(key, tensor)}" for key, tensor in tensors.items()),
        "",
        f"    def forward(self, {given}):",
    ]
    results = []
    for number, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True), 1):
        variable = f"output{number}" if len(shapes) > 1 else "output"
        sizes = "".join(f"{_size(each, arguments, inputs)}, " for each in shape).strip()
        rows.append(f'        {variable} = torch.empty(({sizes}), dtype=torch.{dtype}, device="meta")')
        results.append(variable)
    rows.append(f"        return {', '.join(results)}")
    return "\n".join(rows) + "\n"


def _size(size: Size, arguments: Sequence[str], inputs: int) -> str:
    if isinstance(size, int):
        return str(size)
    at, axis = (0, 0) if isinstance(size, str) else size
    return f"{arguments[at]}.shape[{axis}]" if inputs else "1"


def _stored(key: str, tensor: Tensor) -> str:
    made = f"torch.empty({tuple(tensor.shape)}, dtype={tensor.dtype})"
    if tensor.is_floating_point():
        return f"self.{key} = nn.Parameter({made})"
    return f'self.register_buffer("{key}", {made})'
