"""What a loss, an optimizer and a metric are: declarations that the editors, the check and the loop read alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

TargetType = Literal["class", "binary", "number"]
"""What a loss predicts: one of many classes, yes or no, a number."""


@dataclass(frozen=True)
class LossKind:
    """A loss, declared once.

    ``torch_class`` is the dotted path of the module; ``expects`` says in plain words what the output has to give.
    ``activation`` is the layer kind that the loss applies itself, so that the network must not end in it.
    ``automatic`` marks the one chosen for its kind of target where the user chose none.
    """

    id: str
    title: str
    help: str
    torch_class: str
    target: TargetType
    expects: str
    activation: str = ""
    automatic: bool = False


@dataclass(frozen=True)
class OptimizerKind:
    """An optimizer, declared once; its options are read from the torch signature (see ``options.options_of``).

    ``learning_rate`` is a good one to start from. ``fused`` says that torch has a kernel that updates all weights in
    one call, on every device.
    """

    id: str
    title: str
    help: str
    torch_class: str
    learning_rate: float
    fused: bool = False


@dataclass(frozen=True)
class MetricKind:
    """A metric, declared once: a function of sums over all samples, so that batches never matter.

    ``statistic`` names the sums: "confusion", a matrix (true class, predicted class) of counts; or "errors", the
    vector of ``core.training.statistics.Errors``. ``compute`` gets them as a float64 tensor on the CPU.
    """

    id: str
    title: str
    help: str
    statistic: Literal["confusion", "errors"]
    compute: Callable[[Tensor], float]
    better: Literal["higher", "lower"]
    automatic: bool = False

    def suits(self, target: TargetType) -> bool:
        """True where the metric says something about predictions of this kind."""
        return (self.statistic == "errors") == (target == "number")
