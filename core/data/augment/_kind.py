"""What an augmentation is: a change of a whole batch at once, each sample by chance of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.augment._draws import Draws
from core.graph.project import Meaning
from core.kinds import Parameter, Value

if TYPE_CHECKING:
    from torch import Tensor

Options = Mapping[str, Value]
Change = Callable[["Tensor", Draws, Options], "Tensor"]


@dataclass(frozen=True)
class Mixing:
    """How samples of a batch were mixed: with whom (positions in the batch), and how much is left of each itself."""

    partners: Tensor
    shares: Tensor


Mix = Callable[["Tensor", Draws, Options], "tuple[Tensor, Mixing]"]
Move = Callable[["Tensor", Draws, Options, bool, float], "Tensor"]


@dataclass(frozen=True)
class AugmentKind:
    """An augmentation, declared once; exactly one of the three functions is given.

    ``change`` gets the values (samples first, as the network gets them, but images brought back to 0..1) and returns
    them changed, in a tensor of the same shape. ``move`` moves pixels about: it is given besides whether values are
    class indices, which must not be blended, and what stands where nothing was; it is done alike to all that shows
    the same scene, such as a target mask. ``mix`` blends each sample with another of its batch. ``suits`` are the
    meanings of the fields that it is for; ``encodings`` the encodings, where not all.
    """

    id: str
    title: str
    help: str
    suits: tuple[Meaning, ...]
    options: tuple[Parameter, ...] = ()
    change: Change | None = None
    move: Move | None = None
    mix: Mix | None = None
    encodings: tuple[str, ...] = ()
