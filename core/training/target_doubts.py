"""What only the data shows of targets: texts too long for CTC, counts below zero, shares that do not add up to 1."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from core import units
from core.errors import TrainingError
from core.training.arranging import least_steps
from core.training.objective import OutputObjective


def doubts(objective: OutputObjective, targets: Tensor, steps: int | None = None) -> Iterator[str]:
    """Yield what is doubtful in the prepared targets of one part, a sentence each.

    ``steps`` is how many steps the output gives for the longest sample, as far as that is known.

    Raises:
        TrainingError: nothing can be learnt from any of them.
    """
    name, loss, options = objective.target.name, objective.loss, dict(objective.options)
    total = units.plural(len(targets), "sample")
    if loss.form == "steps" and steps is not None:
        most = least_steps(targets)
        long = int((most > steps).sum())
        if long == len(targets):
            raise TrainingError(
                f"Every '{name}' needs at least {int(most.min())} steps, but '{objective.output}' gives {steps}: "
                "there is nothing to learn. Shorten the sequence less on its way."
            )
        if long:
            what = "they are left out" if options.get("zero_infinity", True) else "their loss is infinite"
            yield (
                f"{long} of {total} have a '{name}' that needs up to {int(most.max())} steps, but '{objective.output}' "
                f"gives {steps}: {what}. Shorten the sequence less on its way, or leave long texts out."
            )
    if loss.id == "poisson_nll" and (wrong := int((targets < 0).sum())):
        yield f"{wrong} of the counts in '{name}' are below 0, which no count is: take another loss, such as Huber."
    if loss.id == "mape" and (wrong := int((targets == 0).sum())):
        yield f"{wrong} of the values in '{name}' are 0, of which no percentage can be taken: they outweigh all others."
    if loss.id == "kl_div":
        shares = targets.exp() if options.get("log_target") else targets
        sums = shares.flatten(1).sum(1)
        wrong = int(((sums - 1).abs() > 1e-3).sum() + (shares < 0).any(1).sum())
        if wrong or bool(torch.isnan(sums).any()):
            yield f"'{name}' is no distribution for some of {total}: values have to be at least 0 and add up to 1."
