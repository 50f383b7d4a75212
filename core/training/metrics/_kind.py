"""What a metric is: the declaration that the editors, the check and the meter read alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.registry import Registry
from core.training.kinds import TargetType

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class MetricKind:
    """A metric, declared once: a function of sums over all samples, so that batches never matter.

    ``statistic`` names the sums (see ``core.training.statistics.STATISTICS``); ``compute`` gets their result, a
    float64 tensor on the CPU, and returns NaN where the metric is undefined, such as an area under a curve of one
    class. ``label_statistic`` takes the place of ``statistic`` for targets of type "labels".

    ``targets`` are the types of target it is for, ``meanings`` limits it to fields of these meanings, ``apart`` takes
    some out, ``two_classes`` limits classes to two, of which the second is the one looked for. ``automatic`` are
    the types of target for which it is chosen where the user chose none. ``formula`` is a line of mathematics,
    ``source`` whose definition it is. ``percent`` says that people read it in per cent. ``numbered`` makes the metric
    of another number, where the id ends in one: ``top_5``.
    """

    id: str
    title: str
    help: str
    targets: tuple[TargetType, ...]
    statistic: str
    compute: Callable[[Tensor], float]
    better: Literal["higher", "lower"]
    formula: str
    source: str = ""
    automatic: tuple[TargetType, ...] = ()
    meanings: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    two_classes: bool = False
    label_statistic: str = ""
    percent: bool = False
    numbered: Callable[[int], MetricKind] | None = None

    def suits(self, target: TargetType, meaning: str = "", classes: int = 0) -> bool:
        """True where the metric says something about predictions of this kind.

        ``meaning`` is that of the target's field, ``classes`` how many it has; empty and 0 while they are not known.
        """
        if target not in self.targets or meaning in self.apart or (self.meanings and meaning not in self.meanings):
            return False
        return not self.two_classes or target != "class" or classes == 2

    def chosen(self, target: TargetType, meaning: str = "", classes: int = 0) -> bool:
        """True where the metric is taken for predictions of this kind if the user chose none; see ``suits``."""
        return target in self.automatic and self.suits(target, meaning, classes)

    def statistic_for(self, target: TargetType) -> str:
        """Return the name of the sums that the metric needs for targets of this type."""
        return self.label_statistic if target == "labels" and self.label_statistic else self.statistic


class MetricRegistry(Registry[MetricKind]):
    """The metrics by id. Those with a number in their id are found by any number of 1 to 999, listed by a few."""

    def __contains__(self, entry_id: str) -> bool:
        return self.find(entry_id) is not None

    def __getitem__(self, entry_id: str) -> MetricKind:
        return self.find(entry_id) or super().__getitem__(entry_id)

    def find(self, entry_id: str) -> MetricKind | None:
        """Return the metric, or None where there is none of that id."""
        found = self.entries.get(entry_id)
        stem, _, number = entry_id.rpartition("_")
        if found is not None or not (number.isascii() and number.isdigit() and 0 < int(number[:4]) < 1000):
            return found
        makers = (each.numbered for each in self if each.numbered and each.id.rpartition("_")[0] == stem)
        maker = next(makers, None)
        return maker(int(number)) if maker and str(int(number)) == number else None
