"""ONNX operators over signals: Fourier transforms, whose real and imaginary parts lie in a last dimension of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.graph.project import End
from core.importers._onnx.arithmetic import Handler
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.written import written

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow


def _transform(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    rank, inverse, half = flow.rank(end), bool(op.get("inverse", 0)), bool(op.get("onesided", 0))
    (parts,) = flow.fixed_sizes(end, (rank - 1,))
    length = flow.numbers(op, 1)
    axes = flow.numbers(op, 2) if op.version >= 20 else (int(op.get("axis", 1)),)
    axis = flow.axis(end, axes[0] if axes else -2)
    if parts not in (1, 2) or axis == rank - 1 or (half and (inverse or parts == 2)):
        raise Refused("it gives back half of a spectrum, or takes something else than real or complex numbers")
    values = "a[..., 0]" if parts == 1 else "torch.complex(a[..., 0], a[..., 1])"
    name = "rfft" if half else "ifft" if inverse else "fft"
    text = f"torch.view_as_real(torch.fft.{name}({values}, {length[0] if length else None}, {axis}))"
    return written(flow, "DFT", text, [end])[0]


def _short_transforms(flow: Flow, op: Op) -> End:
    """Take the spectrum of one frame after another."""
    end, step, length = flow.end(op), flow.numbers(op, 1), flow.numbers(op, 3)
    real = flow.rank(end) == 2 or (flow.rank(end) == 3 and flow.fixed_sizes(end, (2,)) == (1,))
    if not real or not step or step[0] < 1:
        raise Refused("its signal is not real, or its frames do not move on")
    window = flow.end(op, 2) if op.has(2) else None
    if length is None and window is None:
        raise Refused("it does not say how long its frames are")
    size = length[0] if length else flow.fixed_sizes(window, (0,))[0] if window is not None else 0
    frames = f"a{'[..., 0]' if flow.rank(end) == 3 else ''}.unfold(1, {size}, {step[0]})"
    name = "rfft" if op.get("onesided", 1) else "fft"
    text = f"torch.view_as_real(torch.fft.{name}({frames}{' * b' if window is not None else ''}, {size}, -1))"
    return written(flow, "STFT", text, [end, *([window] if window is not None else [])])[0]


OPERATORS: dict[str, Handler] = {"DFT": _transform, "STFT": _short_transforms}
