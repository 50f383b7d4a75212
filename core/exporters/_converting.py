"""What ONNX and torch.export have in common: convert, read back, compare, and name the node where that fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from torch import nn
from torch.export import Dim, ExportedProgram, export

from core.errors import ExportError, reason_of
from core.exporters._network import Exportable, Runner, first_difference, open_axes
from core.exporters._values import first_differing, first_failing, nodes_of, with_values
from core.model.probe import quietly
from core.progress import report

T = TypeVar("T")
ERRORS = (RuntimeError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError, AssertionError)
"""What PyTorch's exporters raise; their own exceptions are kinds of RuntimeError and AssertionError."""
_OPERATOR = re.compile(r"torch\.ops\.(\w+\.\w+)|OpOverload\(op='([\w.:]+)'")
_FIXED = re.compile(r"You marked L\['(\w+)'\]\.size\(\)\[(\d+)\] as dynamic but your code specialized")
_MOST = 300


class Conversion(Generic[T]):
    """A way to convert networks: ``convert`` takes a module and the names of what it returns, ``open`` makes it run."""

    def __init__(
        self,
        title: str,
        network: Exportable,
        convert: Callable[[nn.Module, Sequence[str]], T],
        open: Callable[[T, Sequence[str]], Runner],
    ) -> None:
        self._title = title
        self._network = network
        self._convert = convert
        self._open = open

    def converted(self) -> T:
        """Return the converted network.

        Raises:
            ExportError: it cannot be converted; the message names the node and the operator.
        """
        report(0, 0, f"Converting to {self._title}")
        built = self._network.built
        try:
            return self._convert(built.module, built.outputs)
        except ERRORS as error:
            why = _reason(error)
        report(0, 0, "Looking for the node that cannot be converted")
        node = first_failing(built, self._convert, ERRORS)
        place = f"'{node}' " if node else "The network "
        raise ExportError(f"{place}cannot be exported to {self._title}: {why}", node=node or None)

    def verify(self, content: T) -> None:
        """Raise ExportError, which names the first node that differs, unless it computes what the network does."""
        difference = first_difference(self._network, self._open(content, self._network.built.outputs))
        if not difference:
            return
        report(0, 0, "Looking for the node that differs")
        node = self._differing()
        place = f" '{node}' is the first node that differs." if node else ""
        raise ExportError(
            f"{self._title} computes something else than the network, so nothing was written: {difference}.{place}",
            node=node or None,
        )

    def _differing(self) -> str:
        built = self._network.built
        nodes = nodes_of(built)
        network = with_values(built, nodes)
        try:
            run = self._open(self._convert(network, nodes), nodes)
        except ERRORS:
            return ""
        return first_differing(network, run, self._network.batches)


def _reason(error: Exception) -> str:
    """Return an exporter's error in a sentence: the operator it has no way to express, or its own first words."""
    chain: list[BaseException] = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    found = _OPERATOR.search("\n".join(map(str, chain)))
    if found and "No ONNX function found" in "\n".join(map(str, chain)):
        return f"it has no operator for {found[1] or found[2]}."
    if fixed := _FIXED.search("\n".join(map(str, chain))):
        what = "batch size" if fixed[2] == "0" else "length"
        return (
            f"PyTorch's exporter makes it for one {what} of '{fixed[1]}' only. Give the field a fixed length in the "
            "data panel, or choose another format."
        )
    text = reason_of(chain[-1]) if isinstance(chain[-1], Exception) else str(chain[-1])
    words = " ".join(text.split())
    return words if len(words) <= _MOST else f"{words[:_MOST]}…"


def is_fixed(error: Exception) -> bool:
    """True where tracing gave up for it would work for one batch size or length only."""
    return _FIXED.search(str(error)) is not None


def exported(network: Exportable, module: nn.Module, *, fixed_length: bool = False) -> ExportedProgram:
    """Return a module as a graph of operators; batch and open lengths may vary.

    With ``fixed_length`` the graph may be for the example's length only, as PyTorch makes it of recurrent layers.

    Raises:
        RuntimeError, ValueError, AssertionError…: PyTorch cannot trace it, or it works for one size only.
    """
    length = Dim.AUTO if fixed_length else Dim.DYNAMIC
    shapes = {
        name: {place: Dim.DYNAMIC if place == 0 else length for place in open_axes(spec)}
        for name, spec in network.specs.items()
    }
    with quietly():
        return export(module, network.example, dynamic_shapes=shapes, strict=False)
