"""Which shape of output each form of loss reads: one place for the check, the proposals and the loss at work.

Shapes are those of one sample, without the batch; a name stands for a size that is open. Of a target (…) the output is

- "class": (classes), for steps (steps, classes), for pixels (classes, height, width);
- "same": the target's own shape, of a single value also (1);
- "two": two values for each of the target's, stacked on the first axis: (2), (2, …);
- "pair", "triplet": two or three vectors of any one length, stacked: (2, D), (3, D);
- "steps": (any number of steps, symbols), for a text without alignment;
- "own": whatever the user's own loss takes.
"""

from __future__ import annotations

from core.training.kinds import LossKind

Sizes = tuple[int | str, ...]

ANY = "D"
"""A size that may be any."""


def expected(loss: LossKind, target: Sizes, classes: int) -> Sizes | None:
    """Return the shape of a sample's output that a loss reads for a target of that shape; None: any."""
    if loss.form == "class":
        return (*target, classes) if len(target) == 1 else (classes, *target)
    if loss.form == "same":
        return (1,) if single(target) else target
    if loss.form == "two":
        return (2,) if single(target) else (2, *target)
    if loss.form in ("pair", "triplet"):
        return (2 if loss.form == "pair" else 3, ANY)
    return (ANY, classes) if loss.form == "steps" else None


def single(shape: Sizes) -> bool:
    """True where a sample has one value: (), (1), (1, 1)…"""
    return all(size == 1 for size in shape)


def described(shape: Sizes) -> str:
    """Return a shape with its batch, as the user reads it: ``N × 3 × 32 × 32``."""
    return " × ".join(map(str, ("N", *shape)))


def matches(loss: LossKind, wanted: Sizes, found: Sizes) -> bool:
    """True where a sample's output of one shape is what a loss reads as another; axes of size 1 make no difference."""
    if loss.form == "same":
        wanted, found = (tuple(size for size in each if size != 1) for each in (wanted, found))
    return len(wanted) == len(found) and all(a in (ANY, b) for a, b in zip(wanted, found, strict=True))
