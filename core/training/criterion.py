"""A loss at work: the one place that decides which shape of output meets which shape of target, and what counts.

Outputs are never broadcast against targets: shapes agree, or it raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.kinds import Value
from core.model.python_code import running
from core.training import arranging
from core.training.kinds import LossKind
from core.training.loss_options import make_loss

if TYPE_CHECKING:
    from core.training.objective import OutputObjective

_PADDED = ("sequence", "mask")
"""Meanings whose values do not all count."""
_WHOLE = ("own", "steps", "triplet")
"""Forms of losses that look at a sample as a whole: none of its values is left out."""


class Criterion:
    """The loss module of one output.

    For a batch (N samples first; which shapes a loss reads is in ``core.training.forms``)::

        targets = criterion.prepare(targets)          # once, as far as the data is held: dtype and shape for the loss
        outputs = criterion.arrange(raw, targets)     # each batch: the network's output, brought before the targets
        loss = criterion(outputs, targets, weights)   # (): the mean over what counts
        count = criterion.count(targets, weights)     # what that mean divides by: a float, or a tensor () on the device
        each = criterion.each(outputs, targets)       # (N,): of every sample by itself
        loss, count = criterion.mixed(outputs, targets, partners, shares, weights)   # where samples were mixed

    *Exact sums.* Over the batches of an epoch (or of an accumulated step) ``sum(loss * count) / sum(count)`` is the
    loss over all of them at once, however they were cut. A batch in which nothing counts has a loss and a count of 0.

    *What counts.* Samples, each with the mean over its values; but single tokens and pixels where the target has one
    of a class for each, and single values where a series of open length is padded: there -100 does not count as a
    class, nor (where ``padded`` says that there may be some) NaN as a number or what is below 0 as a yes or no.
    ``weights`` (N,) multiply what a sample counts.

    *Class weights* (one a class) multiply what a target of that class counts, and the mean divides by their sum, as
    cross-entropy's does in PyTorch: their scale does not matter. Of labels they are factors of a label's yes
    (``pos_weight``), and divide nothing; of dice and Tversky they weigh the mean over the classes.

    What outputs mean to metrics (scores, probabilities, the logarithm of a rate…) is ``kind.gives``.

    *The user's own loss* may return one number, the mean over the samples, or a tensor with a value (or several) for
    each sample; only with the latter can samples be weighed.
    """

    def __init__(
        self,
        loss: LossKind,
        options: Mapping[str, Value] | None = None,
        class_weights: Tensor | None = None,
        *,
        padded: bool = False,
    ) -> None:
        self.kind = loss
        self.options = dict(options or {})
        self._form = loss.form
        self._direct = loss.form in ("class", "same") and not (arranging.reads_otherwise(loss) or _overlaps(loss))
        self.padded = padded and loss.form not in _WHOLE and not _overlaps(loss)
        within = class_weights if loss.weight else None
        self.module = make_loss(loss, self.options, loss.mean, within)
        self._unreduced = self.module if loss.form == "own" else make_loss(loss, self.options, "none", within)
        self._class_weights = class_weights
        self._weighs_elements = class_weights is not None and loss.target in ("class", "binary") and not _overlaps(loss)
        nothing = class_weights is not None and bool((class_weights == 0).any())
        by_hand = self.padded or nothing or (self._weighs_elements and not loss.weight)
        self._plain_dims = 0 if by_hand else _plain_dims(loss)

    @classmethod
    def of(cls, objective: OutputObjective, counts: Tensor | None = None) -> Criterion:
        """Return the criterion of an objective; ``counts`` (classes,) are its class counts in the training part.

        Of labels they are preceded by the number of samples: see ``class_counts``. Needed for balanced class weights.
        """
        weights = class_weights(objective, counts)
        padded = objective.target.meaning in _PADDED and objective.loss.target != "class"
        return cls(objective.loss, dict(objective.options), weights, padded=padded)

    def to(self, device: torch.device) -> Criterion:
        """Move what the loss holds to a device; return the criterion itself."""
        self.module.to(device)
        self._unreduced.to(device)
        if self._class_weights is not None:
            self._class_weights = self._class_weights.to(device)
        return self

    def prepare(self, targets: Tensor) -> Tensor:
        """Return targets as the loss needs them: int64 for classes and texts, else float32.

        Yes or no and numbers of shape (N, 1) become (N,); others, such as (N, channels, height, width), and the tokens
        of texts with a single one, stay as they are.
        """
        keep = self.kind.target in ("class", "text", "labels")
        arranged = targets if keep or targets.shape[1:].numel() != 1 else targets.reshape(len(targets))
        return arranged.long() if self.kind.target in ("class", "text") else arranged.float()

    def arrange(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return an output as the loss needs it for prepared targets.

        Classes come to axis 1 (N, classes, …); one value a target takes the targets' shape; others stay as they are.

        Raises:
            RuntimeError: it holds more or fewer than one value for each target.
        """
        if targets.dim() == 1:
            if self._form == "class":
                return outputs
            if self._form == "same" and outputs.dim() == 2 and outputs.shape[1] == 1:
                return outputs.squeeze(1)
        return arranging.arrange(self.kind, outputs, targets)

    def __call__(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the mean loss of arranged outputs and prepared targets, a tensor of shape ().

        Raises:
            RuntimeError, ValueError: the shapes do not agree.
        """
        if weights is not None or targets.dim() > self._plain_dims:
            arranging.check_shapes(self.kind, outputs, targets)
            values, shares = self._weighed(outputs, targets, weights)
            return values.sum() / _positive(shares.sum())
        loss: Tensor
        alike = outputs.shape == targets.shape if self._form == "same" else outputs.dim() == targets.dim() + 1
        if alike and self._direct:
            loss = self.module(outputs, targets)
            return loss
        arranging.check_shapes(self.kind, outputs, targets)
        if self._form == "own":
            return self._own(outputs, targets).mean()
        loss = self.module(*arranging.arguments(self.kind, outputs, targets))
        return loss

    def each(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of every sample by itself (N,): the mean over what counts of it, 0 where nothing does."""
        arranging.check_shapes(self.kind, outputs, targets)
        values, shares = self._elements(outputs, targets)
        if shares is None:
            return values.flatten(1).mean(1) if values.dim() > 1 else values
        return values.flatten(1).sum(1) / _positive(shares.flatten(1).sum(1))

    def count(self, targets: Tensor, weights: Tensor | None = None) -> Tensor | float:
        """Return what the mean over a batch divides by: a number of samples, tokens or pixels, or a sum of weights."""
        shares = self._shares(targets)
        if shares is None:
            return float(len(targets)) if weights is None else weights.sum()
        return (shares if weights is None else shares * _along(weights, shares)).sum()

    def mixed(
        self, outputs: Tensor, targets: Tensor, partners: Tensor, shares: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the mean loss and the count where each sample was mixed with another one of its batch.

        ``share · loss(target) + (1 − share) · loss(target of the partner)``; ``partners`` are int64 (N,), ``shares``
        float32 (N,): see ``Batch``.
        """
        others = targets.index_select(0, partners)
        own = shares if weights is None else shares * weights
        rest = 1 - shares if weights is None else (1 - shares) * weights
        arranging.check_shapes(self.kind, outputs, targets)
        first, first_shares = self._weighed(outputs, targets, own)
        second, second_shares = self._weighed(outputs, others, rest)
        count = first_shares.sum() + second_shares.sum()
        return (first.sum() + second.sum()) / _positive(count), count

    def _elements(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the losses (N, …), each multiplied by what it counts, and that (N, …); None: 1 each."""
        shares = self._shares(targets)
        filled = targets
        if self.padded and shares is not None:
            filled = torch.where(arranging.counting(self.kind, targets), targets, torch.zeros_like(targets))
        if self.kind.form == "own":
            return self._own(outputs, filled, each=True), None
        arguments = arranging.arguments(self.kind, outputs, filled)
        values = arranging.by_sample(self.kind, self._unreduced(*arguments), targets)
        if shares is not None and not (self.kind.weight and self.kind.target == "class"):
            values = torch.where(shares > 0, values, torch.zeros_like(values)) * shares
        return values, shares

    def _own(self, outputs: Tensor, targets: Tensor, *, each: bool = False) -> Tensor:
        """Return what the user's own loss says; where it must be of ``each`` sample (N, …), ask for one by one."""
        values: object = self.module(outputs, targets)
        if not isinstance(values, Tensor):
            raise RuntimeError(f"forward returned a {type(values).__name__}; a loss has to be a tensor")
        if not each or (values.dim() and len(values) == len(targets)):
            return values
        rows = range(len(targets))
        return torch.stack([self._own(outputs[row : row + 1], targets[row : row + 1]).mean() for row in rows])

    def _weighed(self, outputs: Tensor, targets: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return losses and what they count, both (N, …), with the weights of the samples."""
        values, shares = self._elements(outputs, targets)
        if shares is None:
            values = values.flatten(1).mean(1) if values.dim() > 1 else values
            shares = torch.ones_like(values)
        if weights is None:
            return values, shares
        return values * _along(weights, values), shares * _along(weights, shares)

    def _shares(self, targets: Tensor) -> Tensor | None:
        """Return what each target counts (its class's weight, 0 where it is to be ignored); None: 1 each."""
        if _overlaps(self.kind) or self.kind.form in _WHOLE:
            return None
        several = self.kind.target == "class" and targets.dim() > 1
        if not (self._weighs_elements or self.padded or several):
            return None
        counts = arranging.counting(self.kind, targets).float()
        if self._weighs_elements and self._class_weights is not None:
            counts = counts * self._class_weights[targets.long().clamp(min=0)]
        return counts


def class_counts(loss: LossKind, targets: Tensor, classes: int) -> Tensor:
    """Return how often each class stands in prepared targets, float64 (classes,) on the CPU.

    Of labels the number of samples comes first, then how often each label holds: (1 + labels,).
    """
    if loss.target == "labels":
        return torch.cat((torch.tensor([float(len(targets))]).double(), targets.double().sum(0).cpu()))
    found = targets.flatten().long()
    return torch.bincount(found[found >= 0], minlength=classes)[:classes].double().cpu()


def class_weights(objective: OutputObjective, counts: Tensor | None) -> Tensor | None:
    """Return an objective's class weights (classes,), or None where classes count alike.

    Balanced is ``n / (K · n[k])`` of the counts n[k] of the K classes that occur, 0 for those that do not (of which
    nothing can be learned), as scikit-learn has it; of labels ``(n - n[k]) / n[k]``, no against yes.

    Raises:
        ValueError: balanced weights need counts.
    """
    chosen = objective.class_weights
    if chosen in ("none", ()):
        return None
    if not isinstance(chosen, str):
        return torch.tensor([float(each) for each in chosen])
    if counts is None:
        raise ValueError("balanced class weights need the class counts of the training part")
    if objective.loss.target == "labels":
        samples, held = counts[0], counts[1:]
        return torch.where(held > 0, (samples - held) / held.clamp(min=1), torch.ones_like(held)).float()
    present = counts > 0
    balanced = counts.sum() / (present.sum() * counts.clamp(min=1))
    return torch.where(present, balanced, torch.zeros_like(balanced)).float()


def _overlaps(loss: LossKind) -> bool:
    """True for losses of whole areas, which ignore pixels and weigh classes within a sample themselves."""
    return "mask" in loss.meanings


def _plain_dims(loss: LossKind) -> int:
    """Return the most dimensions that targets may have so that torch's own mean is the mean over what counts."""
    return 1 if loss.target == "class" and not _overlaps(loss) else 99


def _positive(divisor: Tensor) -> Tensor:
    """Return a divisor as it is, but 1 where nothing counts."""
    return torch.where(divisor > 0, divisor, torch.ones_like(divisor))


def _along(weights: Tensor, like: Tensor) -> Tensor:
    """Return weights (N,) shaped so that they multiply (N, …) sample by sample."""
    return weights.view(-1, *(1,) * (like.dim() - 1))


@lru_cache(maxsize=1024)
def _criterion(loss: LossKind, options: tuple[tuple[str, Value], ...]) -> Criterion:
    return Criterion(loss, dict(options))


@lru_cache(maxsize=1024)
def refusal(
    loss: LossKind,
    dtype: str,
    shape: tuple[int, ...],
    sample: tuple[int, ...] = (),
    options: tuple[tuple[str, Value], ...] = (),
) -> str:
    """Return why a loss refuses a batch of outputs of this shape (batch included), or an empty string.

    ``sample`` is the shape of one sample's target. PyTorch's losses are run on the meta device: no data, no memory.
    The user's own, which must be trusted, and CTC, which looks at numbers, are run with two samples on the CPU.
    """
    device = "cpu" if loss.form in _WHOLE[:2] else "meta"
    sizes = (2, *shape[1:]) if device == "cpu" else shape
    try:
        with running(loss.code, device) if loss.code else nullcontext():
            criterion = _criterion(loss, options)
            outputs = torch.zeros(sizes, dtype=getattr(torch, dtype), device=device)
            targets = criterion.prepare(torch.zeros((sizes[0], *sample), dtype=torch.int64, device=device))
            result = criterion(criterion.arrange(outputs, targets), targets)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        return str(error).splitlines()[0]
    return "" if result.shape == () else f"the loss has shape {tuple(result.shape)}"
