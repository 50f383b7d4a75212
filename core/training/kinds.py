"""What a loss and an optimizer are: declarations that the editors, the check and the loop read alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from core.kinds import Parameter, Value

TargetType = Literal["class", "binary", "labels", "number", "text", "none"]
"""What a loss predicts, and with it what metrics compare (N samples first; ``arranged`` outputs, ``prepared`` targets).

- "class": one of many. Outputs are scores (N, classes, …), targets indices int64 (N, …); -100 does not count.
- "binary": yes or no. Outputs are one score a target (N, …), targets 0.0 or 1.0; below 0 does not count.
- "labels": any number of labels. Outputs are scores (N, labels), targets 0.0 or 1.0 of that shape.
- "number": values. Outputs and targets are of one shape; a target of NaN does not count.
- "text": symbols without alignment (CTC). Outputs are scores (N, steps, symbols), targets int64 (N, length), padded
  with -100; symbol 0 is the blank.
- "none": nothing is compared (triplets): there is a loss, but no metric.
"""

Form = Literal["class", "same", "two", "pair", "triplet", "steps", "own"]
"""What shape of output a loss reads, for a target of shape (N, …): see ``core.training.forms``."""

Gives = Literal["scores", "probabilities", "values", "log-rates", "log-probabilities", "mean", "distance"]
"""What the numbers of an output mean to a loss: scores are of any size and sign, above zero means yes."""


@dataclass(frozen=True)
class LossKind:
    """A loss, declared once.

    ``torch_class`` is the dotted path of the module, PyTorch's or one in ``core.training.loss_modules``; its options
    are read from the constructor (see ``core.training.loss_options``), declared ``options`` take the place of those of
    the same name. ``expects`` says in plain words what the output has to give. ``formula`` is a line of mathematics.
    ``target`` is what it usually predicts, ``also`` what it may predict besides; in an objective ``target`` is always
    what is predicted there. ``meanings`` limits it to fields of these meanings (empty: any).
    ``activation`` is the layer kind that the loss applies itself, so that the network must not end in it.
    ``needs`` is the layer kind that has to stand before the output, because the loss takes probabilities as they are.
    ``automatic`` marks the one chosen for its kind of target where the user chose none.
    ``mean`` is the torch reduction that is the mean over what counts; ``weight`` the constructor's argument that takes
    class weights ("": elements are multiplied by the weight of their class). ``aliases`` are further classes of
    ``torch.nn`` that this loss stands for. ``unscaled`` says that the target has to stay as it is, in its own units, as
    zero means something. ``code`` is the user's own source, which defines the class that
    ``expression`` makes: it must be trusted before it is run.
    """

    id: str
    title: str
    help: str
    torch_class: str
    target: TargetType
    expects: str
    activation: str = ""
    automatic: bool = False
    formula: str = ""
    form: Form = "same"
    gives: Gives = "values"
    also: tuple[TargetType, ...] = ()
    meanings: tuple[str, ...] = ()
    needs: str = ""
    options: tuple[Parameter, ...] = ()
    mean: str = "mean"
    weight: str = ""
    aliases: tuple[str, ...] = ()
    unscaled: bool = False
    code: str = ""
    expression: Callable[[Mapping[str, Value]], str] | None = None

    @property
    def documentation(self) -> str:
        """Address of PyTorch's page of the loss, or an empty string where it is none of PyTorch's."""
        own = not self.torch_class.startswith("torch.")
        return "" if own else f"https://docs.pytorch.org/docs/stable/generated/{self.torch_class}.html"


@dataclass(frozen=True)
class OptimizerKind:
    """An optimizer, declared once; its options are read from the torch signature (see ``options.options_of``).

    ``learning_rate`` is a good one to start from. ``fused`` says that torch has a kernel that updates all weights in
    one call, on every device. ``parameters`` overrides options of the same name, ``hidden`` leaves some out.
    ``closure`` marks one whose ``step`` is given a function that computes loss and gradients anew; one that is not
    ``grouped`` takes all weights alike. ``gradients`` is what it can follow: "dense" ones of any shape, "sparse" ones
    alone, or "matrices", for which it takes the weights of hidden layers and leaves the rest to AdamW.
    """

    id: str
    title: str
    help: str
    torch_class: str
    learning_rate: float
    fused: bool = False
    parameters: tuple[Parameter, ...] = ()
    hidden: tuple[str, ...] = ()
    closure: bool = False
    grouped: bool = True
    gradients: Literal["dense", "sparse", "matrices"] = "dense"
