"""What ``train.py`` keeps while it trains: the means of losses, and an average of the weights."""

from __future__ import annotations

from core.graph.project import TrainingSettings

MEAN = '''class Mean:
    """The mean of a loss over an epoch, however it is cut into batches."""

    def __init__(self) -> None:
        self.total = self.count = 0.0

    def add(self, loss: Tensor, count: Tensor | float) -> None:
        """Take in a batch's mean, and what it was divided by."""
        if count > 0:
            self.total += loss.item() * float(count)
            self.count += float(count)

    def value(self) -> float:
        """Return the mean; NaN where nothing counted."""
        return self.total / self.count if self.count else math.nan'''

_AVERAGE = '''class Average:
    """DOCUMENTATION"""

    def __init__(self, network: Net) -> None:
        tensors = [*network.parameters(), *network.buffers()]
        self.live = [each.detach() for each in tensors if each.is_floating_point()]
        self.kept = [each.clone() for each in self.live]
        self.count = 0

UPDATE

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let the network be its average inside the block."""
READY        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for live, kept in zip(self.live, self.kept, strict=True):
            before = live.clone()
            live.copy_(kept)
            kept.copy_(before)'''
_AFTER_STEP = '''    def after_step(self) -> None:
        """Move the average a little towards the weights; less and less, from the first steps on."""
        self.count += 1
        decay = min(DECAY, (1 + self.count) / (10 + self.count))
        torch._foreach_lerp_(self.kept, self.live, 1.0 - decay)'''
_AFTER_EPOCH = '''    def after_epoch(self, epoch: intGIVEN) -> None:
        """Take the weights at the end of an epoch (from 1) into the mean, once training is far enough."""
        if epoch <= START * EPOCHS and epoch < EPOCHS:
            return
        self.count += 1
        torch._foreach_lerp_(self.kept, self.live, 1.0 / self.count)'''
_STATISTICS = """
        # The mean has running statistics of its own: they are measured anew, over the training data.
        with self.used(), measured_anew(network)AUTOCAST:
            for rows in torch.arange(len(part)).split(BATCH_SIZE):
                if len(rows) > 1:
                    network(*part.take(rows).inputs)"""
AUTOCAST = "torch.autocast(batch.device.type, torch.bfloat16)"
"""The context in which the network computes in fewer bits."""
_NOT_READY = """        if not self.count:
            yield
            return
"""


def average_text(settings: TrainingSettings, *, statistics: bool) -> list[str]:
    """Return the class that keeps an average of the weights; nothing where there is none.

    ``statistics`` says whether it is a mean over epochs of a network with batch normalisation.
    """
    if settings.average == "none":
        return []
    if settings.average == "ema":
        update = _AFTER_STEP.replace("DECAY", repr(settings.average_decay))
        text = "The exponential moving average of weights and running statistics."
    else:
        update = _AFTER_EPOCH.replace("START", repr(settings.average_start))
        update = update.replace("GIVEN", ", network: Net, part: Part" if statistics else "")
        mixed = f", {AUTOCAST.replace('batch', 'part')}" if settings.precision == "bfloat16" else ""
        update += _STATISTICS.replace("AUTOCAST", mixed) if statistics else ""
        text = "The mean of the weights over the last epochs."
    ready = "" if settings.average == "ema" else _NOT_READY
    return [_AVERAGE.replace("DOCUMENTATION", text).replace("UPDATE", update).replace("READY", ready)]
