"""How the network computes: mixed precision, compilation, and what makes a GPU quick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn

from core.errors import TrainingError
from core.graph.project import TrainingSettings

Say = Callable[[str, str], None]
"""Takes a text for the user and a topic."""

_TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}
_FEWEST_STEPS_WORTH_TUNING = 100
"""cuDNN tries its algorithms on the first batch of every size."""


class Precision:
    """Mixed precision of a run: ``forward`` computes in fewer bits, losses and weights stay in float32.

    float16 has so small a range that gradients are scaled up, and a step whose scaled gradients overflow is left out
    (Micikevicius et al. 2018); bfloat16 has the range of float32 and needs none of that.
    """

    def __init__(self, settings: TrainingSettings, device: torch.device) -> None:
        self._device = device.type
        self._dtype = _TYPES.get(settings.precision)
        _require_support(settings.precision, device)
        self.scaler = torch.amp.GradScaler(device.type) if settings.precision == "float16" else None

    @property
    def mixed(self) -> bool:
        """True where the forward pass is not plain float32."""
        return self._dtype is not None

    def forward(self) -> AbstractContextManager[object]:
        """Return the context for the forward pass."""
        if self._dtype is None:
            return nullcontext()
        return torch.autocast(self._device, self._dtype)


def _require_support(precision: str, device: torch.device) -> None:
    if precision == "bfloat16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise TrainingError("This GPU has no bfloat16. Choose float16 or float32 as the precision.")


def compiled(module: nn.Module, example: tuple[torch.Tensor, ...], say: Say) -> Callable[..., object]:
    """Return the module compiled by ``torch.compile``, or as it is where that fails on an example, saying why.

    All that training asks for is tried: the outputs with their gradients, and the outputs alone. Buffers, gradients,
    mode and the random state are left as they were.
    """
    before = {name: each.clone() for name, each in module.named_buffers()}
    gradients, training = [each.grad for each in module.parameters()], module.training
    try:
        fast: Callable[..., object] = torch.compile(module)
        with torch.random.fork_rng(devices=_cuda_devices(example)):
            module.train()
            _learn_from(fast(*example))
            module.eval()
            with torch.inference_mode():
                fast(*example)
    # Compilers fail in as many ways as there are machines: a missing C++ compiler, no Triton, an unknown operation.
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        say(f"torch.compile does not work here, so the network is trained as it is. {reason}", "compile")
        return module
    finally:
        module.train(training)
        for parameter, gradient in zip(module.parameters(), gradients, strict=True):
            parameter.grad = gradient
        for name, buffer in module.named_buffers():
            buffer.detach().copy_(before[name])
    return fast


def _learn_from(outputs: object) -> None:
    """Work out the gradients of the sum of all outputs that have some."""
    found = outputs.values() if isinstance(outputs, Mapping) else (outputs,)
    total = [each.sum() for each in found if isinstance(each, torch.Tensor) and each.requires_grad]
    if total:
        torch.stack(total).sum().backward()  # type: ignore[no-untyped-call]


def _cuda_devices(example: tuple[torch.Tensor, ...]) -> list[int]:
    return sorted({each.device.index or 0 for each in example if each.device.type == "cuda"})


@contextmanager
def tuned(device: torch.device, steps: int) -> Iterator[None]:
    """Let a CUDA GPU use TF32 and the quickest convolutions inside the block; elsewhere, and after it, nothing changes.

    TF32 keeps float32's range with 10 bits of mantissa in matrix products, which training does not notice.
    """
    if device.type != "cuda":
        yield
        return
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark
    matmul.allow_tf32 = cudnn.allow_tf32 = True
    cudnn.benchmark = steps >= _FEWEST_STEPS_WORTH_TUNING
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = before


def channels_last(module: nn.Module, device: torch.device) -> bool:
    """Store images with the channels last where that is quicker: convolutions in two dimensions on a CUDA GPU.

    Return whether that was done; inputs of four dimensions should then be laid out alike.
    """
    wanted = device.type == "cuda" and any(isinstance(each, nn.Conv2d) for each in module.modules())
    if wanted:
        for parameter in module.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return wanted
