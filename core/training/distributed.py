"""Several processes that train one run together: who they are, and how they add up, tell and agree.

They are started by ``torchrun``, ``accelerate launch`` or ``layerwright train --processes``, which tell each by the
same environment variables which one it is. Hugging Face Accelerate reads them, chooses the backend (gloo on the CPU,
NCCL on GPUs) and the device, and connects the processes. The rest of it is not used, because it would change what is
computed: its data loaders repeat rows so that every process gets equally many (1,088 of 1,031), and its gradients are
the mean over processes, not over samples. Here every process takes its slice of each global batch, and sums go round.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase as _Normalisation

from core.errors import LayerwrightError, TrainingError
from core.loading import load
from core.training.averaging import Exponential, OverEpochs
from core.training.batches import Batch, Samples
from core.training.devices import pick_device

T = TypeVar("T")
_SILENCE = timedelta(minutes=30)
"""A process that says nothing for so long is taken for dead."""
_BUCKET = 1 << 24
"""Values that are added up at once: more would double the memory that gradients take."""
_ODD = 0x9E3779B97F4A7C15
"""Parts the random streams of the processes."""


class TeamLost(TrainingError):
    """Another process has ended or cannot be reached."""

    def __init__(self) -> None:
        super().__init__(
            "Another process of this training has ended or cannot be reached, so that this one cannot go on. "
            "What was learned up to the last checkpoint is kept: resume the run to go on from there."
        )


def processes_around() -> int:
    """Return how many processes the environment says were started together; 1 where this one is alone."""
    try:
        return int(os.environ.get("WORLD_SIZE", "1"))
    except ValueError:
        return 1


def is_main_process() -> bool:
    """Return False in all but the first of several processes, which alone writes."""
    return processes_around() == 1 or os.environ.get("RANK", "0") == "0"


class Team:
    """The processes of a training, each of which has one. All of them have to make the same calls in the same order.

    ``rank`` counts from 0; that of rank 0 is ``is_main``: it alone writes and is steered.

    Every method raises TeamLost where another process is gone.
    """

    def __init__(self, rank: int, size: int, device: torch.device) -> None:
        self.rank, self.size, self.device = rank, size, device

    @property
    def is_main(self) -> bool:
        """True in the one process that writes."""
        return self.rank == 0

    # --- what goes round ----------------------------------------------------------------------------------------------

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over the processes; the same bits arrive everywhere."""
        plain = [torch.view_as_real(each) if each.is_complex() else each for each in tensors]
        for bucket in _buckets(plain):
            flat = torch.cat([each.reshape(-1) for each in bucket])
            with _connected():
                torch.distributed.all_reduce(flat)
            parts = torch.split(flat, [each.numel() for each in bucket])
            torch._foreach_copy_(bucket, [part.view_as(each) for part, each in zip(parts, bucket, strict=True)])

    def sums(self, numbers: Sequence[float]) -> list[float]:
        """Return the sum of each number over the processes."""
        tensor = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        with _connected():
            torch.distributed.all_reduce(tensor)
        found: list[float] = tensor.tolist()
        return found

    def most(self, numbers: Sequence[float]) -> list[float]:
        """Return the largest of each number over the processes."""
        tensor = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        with _connected():
            torch.distributed.all_reduce(tensor, op=torch.distributed.ReduceOp.MAX)
        found: list[float] = tensor.tolist()
        return found

    def told(self, value: T) -> T:
        """Return what the main process has as ``value``; it may be anything that can be pickled."""
        held = [value]
        with _connected():
            torch.distributed.broadcast_object_list(held, src=0)
        return held[0]

    def gathered(self, value: T) -> list[T]:
        """Return the value of every process, in the order of their ranks."""
        held: list[Any] = [None] * self.size
        with _connected():
            torch.distributed.all_gather_object(held, value)
        return held

    def by_main(self, work: Callable[[], T]) -> T:
        """Let the main process do something; return its result, or raise its error, in all of them.

        Raises:
            LayerwrightError: what the work raised there.
        """
        result: list[T] = []
        failure: LayerwrightError | None = None
        if self.is_main:
            try:
                result.append(work())
            except LayerwrightError as error:
                failure = error
        result, message = self.told((result, "" if failure is None else str(failure)))
        if message:
            raise failure or TrainingError(message)
        return result[0]

    def part(self) -> None:
        """Wait for the others, so that nobody closes a connection that another one still listens to."""
        with suppress(RuntimeError):
            torch.distributed.barrier()

    # --- the network --------------------------------------------------------------------------------------------------

    def share(self, module: nn.Module) -> None:
        """Give a module the weights and buffers that it has in the main process."""
        with torch.no_grad(), _connected():
            for each in module.state_dict().values():
                if isinstance(each, Tensor):
                    torch.distributed.broadcast(each, src=0)

    def synchronise(self, module: nn.Module) -> None:
        """Let batch normalisation measure whole batches, where there is a way to: on GPUs."""
        if self.device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(module)  # type: ignore[no-untyped-call]

    def settle(self, module: nn.Module, average: Exponential | OverEpochs | None) -> None:
        """Make buffers alike: running statistics of normalisation become their mean, others the main process's.

        A running mean is linear in what it saw, so that it does not matter how often this is done. Instance
        normalisation, whose statistics are means over samples, comes to those of one process where slices are equal.
        """
        layers = [each for each in module.modules() if isinstance(each, _Normalisation) and each.track_running_stats]
        measured = {id(each) for layer in layers for each in (layer.running_mean, layer.running_var)}
        buffers = dict(module.named_buffers())
        means = [each for each in buffers.values() if id(each) in measured]
        if average is not None:
            kept = zip(average.copy.names, average.copy.kept, strict=True)
            means += [each for name, each in kept if name in buffers and id(buffers[name]) in measured]
        with torch.no_grad():
            self.add_up(means)
            for each in means:
                each.div_(self.size)
            for each in buffers.values():
                if id(each) not in measured:
                    with _connected():
                        torch.distributed.broadcast(each, src=0)

    def sow(self, seed: int) -> None:
        """Seed torch: the main process as one that is alone, the others each with a stream of its own."""
        torch.manual_seed((seed + self.rank * _ODD) % 2**63)


@contextmanager
def joined(wanted: str) -> Iterator[Team | None]:
    """Join the processes that were started together, for as long as the block takes; None where there is one alone.

    Args:
        wanted: the device that the training asks for.

    Raises:
        TrainingError: Accelerate is missing, the device has no way to work together, or the others do not answer.
    """
    if processes_around() < 2:
        yield None
        return
    device = pick_device(wanted)
    if device.type not in ("cpu", "cuda", "xpu"):
        raise TrainingError(f"Several processes cannot train together on '{device.type}': choose the device cpu.")
    try:
        accelerate = load("accelerate")
    except ImportError as error:
        raise TrainingError(
            "Training in several processes needs Accelerate: pip install layerwright[distributed]."
        ) from error
    try:
        state = accelerate.PartialState(cpu=device.type == "cpu", timeout=_SILENCE, **_backend(device))
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrainingError(f"The processes of this training do not find each other: {reason}") from error
    try:
        team = Team(state.process_index, state.num_processes, state.device)
        yield team
        team.part()
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        state._reset_state()


def _backend(device: torch.device) -> dict[str, str]:
    """Processes that share a GPU, which NCCL refuses, talk by way of gloo."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    shared = device.type == "cuda" and here > torch.cuda.device_count()
    return {"backend": "gloo"} if shared else {}


@contextmanager
def _connected() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # both gloo and NCCL raise it where a connection is closed or nobody answers
        raise TeamLost from error


def _buckets(tensors: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    """Yield tensors in groups of one type that are not too large together."""
    by_type: dict[torch.dtype, list[Tensor]] = {}
    for each in tensors:
        bucket = by_type.setdefault(each.dtype, [])
        bucket.append(each)
        if sum(held.numel() for held in bucket) >= _BUCKET:
            yield by_type.pop(each.dtype)
    yield from by_type.values()


# --- what each process reads ------------------------------------------------------------------------------------------


class Shared(Samples):
    """Samples of which ``batches`` gives this process its slice of every global batch; ``count`` is that of all.

    A process that gets nothing of a batch, because it is too small, is given one of no samples. ``least`` is how many
    samples a slice must hold: batch normalisation cannot train on one.
    """

    def __init__(self, whole: Samples, team: Team, least: int = 1) -> None:
        self.whole = whole
        self._team = team
        self._least = least

    @property
    def count(self) -> int:
        """The number of samples, of all processes."""
        return self.whole.count

    def take(self, rows: Tensor, epoch: int | None = None) -> Batch:
        """Return the samples with these numbers (int64), in that order: all of them."""
        return self.whole.take(rows, epoch)

    def batches(self, rows: Iterable[Tensor], epoch: int | None = None) -> Iterator[Batch]:
        """Yield this process's part of a batch for each of ``rows``; nothing else is read."""
        idle: deque[bool] = deque()

        def own() -> Iterator[Tensor]:
            for each in rows:
                start, stop = share_of(len(each), self._team.rank, self._team.size, self._least)
                idle.append(start == stop)
                yield each[:1] if start == stop else each[start:stop]

        for batch in self.whole.batches(own(), epoch):
            yield _emptied(batch) if idle.popleft() else batch


def share_of(count: int, rank: int, size: int, least: int = 1) -> tuple[int, int]:
    """Return where a process's slice of so many samples begins and ends; all slices together are the whole, once.

    Those of the first processes are as equal as can be, and hold at least ``least`` where there are as many; the rest
    of the processes get nothing.
    """
    busy = min(size, max(1, count // least))
    if rank >= busy:
        return 0, 0
    return count * rank // busy, count * (rank + 1) // busy


def _emptied(batch: Batch) -> Batch:
    return Batch([each[:0] for each in batch.inputs], [each[:0] for each in batch.targets], batch.rows[:0])
