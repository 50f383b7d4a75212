"""The loss of every output as a function of its own, written for the shapes and weights that this project has.

What each does says ``core.training.criterion``; here stands only the part of it that the project uses.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from core.exporters._pruned import Pruned, pruned
from core.graph.names import snake_case
from core.graph.project import PYTHON_PREFIX
from core.signatures import import_class
from core.training import arranging
from core.training.criterion import Criterion, class_weights
from core.training.loss_modules import _reduce
from core.training.loss_options import make_loss, options_of
from core.training.objective import OutputObjective

_SIGNS = "torch.where(targets > 0, 1.0, -1.0)"
_READ = {
    "gaussian_nll": "outputs[:, 0], targets, F.softplus(outputs[:, 1])",
    "margin_ranking": f"outputs[:, 0], outputs[:, 1], {_SIGNS}",
    "cosine_embedding": f"outputs[:, 0], outputs[:, 1], {_SIGNS}",
    "triplet": "outputs[:, 0], outputs[:, 1], outputs[:, 2]",
    "triplet_distance": "outputs[:, 0], outputs[:, 1], outputs[:, 2]",
    "soft_margin": f"outputs, {_SIGNS}",
    "hinge_embedding": f"outputs, {_SIGNS}",
    "multilabel_margin": "outputs, listed",
    "ctc": "logs, targets.clamp(min=0), steps, lengths",
}
"""How losses read outputs and targets that take more than both as they are."""
_BEFORE = {
    "multilabel_margin": (
        "# The indices of the labels that hold, then -1.",
        "labels = targets.shape[1]",
        "listed = torch.where(targets > 0, torch.arange(labels, device=targets.device), labels).sort(1).values",
        "listed = torch.where(listed < labels, listed, -1)",
    ),
    "ctc": (
        "logs = F.log_softmax(outputs.float(), -1).transpose(0, 1)",
        "steps = torch.full((len(outputs),), outputs.shape[1], dtype=torch.int64, device=targets.device)",
        "lengths = (targets != -100).sum(1)",
    ),
}
"""What is made ready for that."""
_GIVEN = {"torch": "import torch", "nn": "from torch import nn"}


@dataclass(frozen=True)
class Example:
    """What stands before an output's loss: its raw outputs and prepared targets for a batch, and the class counts."""

    raw: Tensor
    targets: Tensor
    counts: Tensor | None
    weighted: bool
    """Whether every sample has a weight."""
    blended: bool
    """Whether training samples are blended in pairs, so that each counts in part for the target of another."""


@dataclass(frozen=True)
class WrittenLoss:
    """The functions ``NAME_loss`` and ``NAME_count``, the modules that they need, and what they import.

    Where torch's own mean is not the mean over what counts, or samples are blended, there is ``NAME_values`` besides:
    the losses that are to be added up, before ``NAME_count`` divides them.

    ``arranged`` are the lines that bring ``outputs`` before ``targets``. ``own`` is the file with the user's own loss,
    and its text ("" : there is none), ``instances`` what has to be on the device besides the network.
    """

    functions: tuple[str, ...]
    arranged: tuple[str, ...]
    imports: tuple[str, ...]
    modules: Pruned | None
    own: tuple[str, str] = ("", "")
    instances: tuple[str, ...] = ()


def written_loss(objective: OutputObjective, example: Example) -> WrittenLoss:
    """Write an output's loss."""
    if objective.loss.form == "own":
        return _Own(objective, example).written()
    return _Loss(objective, example).written()


class _Written:
    """What is written alike of every loss; the lines that compute it are the matter of its kind.

    ``said`` is what the loss says, in words; ``by_hand`` is True where torch's own mean is not that over what counts.
    """

    said: str
    by_hand: bool

    def __init__(self, objective: OutputObjective, example: Example) -> None:
        self.loss, self.example, self.name = objective.loss, example, objective.output

    def mean(self) -> list[str]:
        """Return the lines that end with returning the mean loss, where it is not taken by hand."""
        raise NotImplementedError

    def values(self) -> tuple[list[str], int]:
        """Return the lines that make ``values``, the losses each times what it counts, and how many axes they have."""
        raise NotImplementedError

    def counted(self) -> list[str]:
        """Return the lines that make ``counts``, what each target counts; none where all samples count alike."""
        return []

    def functions(self) -> list[str]:
        """Return the functions of the loss."""
        found = [self._loss_function(), self._count_function()]
        return [self._values_function(), *found] if self.by_hand or self.example.blended else found

    def _loss_function(self) -> str:
        given, weights = (", weights: Tensor", ", weights") if self.example.weighted else ("", "")
        counted = ".clamp(min=1e-30)" if weights or self.counted() else ""
        lines = [
            f"total = {self.name}_values(outputs, targets{weights}).sum()",
            f"return total / {self.name}_count(targets{weights}){counted}",
        ]
        return _function(
            f"def {self.name}_loss(outputs: Tensor, targets: Tensor{given}) -> Tensor:",
            f"Return {self.said}: the mean over what counts in a batch.",
            lines if self.by_hand else self.mean(),
        )

    def _values_function(self) -> str:
        lines, dims = self.values()
        given = self._given(maybe=self.by_hand)
        return _function(
            f"def {self.name}_values(outputs: Tensor, targets: Tensor{given}) -> Tensor:",
            f"Return {self.said} before the mean is taken, each value times what it counts.",
            [*lines, f"return {_weighed('values', dims, given)}"],
        )

    def _count_function(self) -> str:
        given, lines = self._given(maybe=True), self.counted()
        if lines:
            counts = _weighed("counts", self.example.targets.dim(), given)
            lines += [f"counts = {counts}"] if given else []
            kind, lines = "Tensor", [*lines, "return counts.sum()"]
        elif not given:
            kind, lines = "float", ["return float(len(targets))"]
        elif given == _MAYBE:
            kind, lines = "Tensor | float", ["return float(len(targets)) if weights is None else weights.sum()"]
        else:
            kind, lines = "Tensor", ["return weights.sum()"]
        head = f"def {self.name}_count(targets: Tensor{given}) -> {kind}:"
        return _function(head, "Return what the mean over a batch divides by.", lines)

    def _given(self, *, maybe: bool) -> str:
        """Return the parameter for how much samples count; ``maybe``: only those that are blended give it."""
        if self.example.weighted or (self.example.blended and not maybe):
            return ", weights: Tensor"
        return _MAYBE if self.example.blended else ""


_MAYBE = ", weights: Tensor | None = None"


def _function(head: str, documentation: str, lines: Iterable[str]) -> str:
    return "\n".join([head, f'    """{documentation}"""', *(f"    {line}" for line in lines)])


def _weighed(values: str, dims: int, given: str) -> str:
    """Return the expression that multiplies values of so many axes, samples first, by the weights that are given."""
    times = f"{values} * weights.view(-1{', 1' * (dims - 1)})" if dims > 1 else f"{values} * weights"
    return f"{values} if weights is None else {times}" if given == _MAYBE else times if given else values


class _Loss(_Written):
    """Writes a loss of PyTorch or of ours."""

    def __init__(self, objective: OutputObjective, example: Example) -> None:
        super().__init__(objective, example)
        title = self.loss.title
        self.said = f"the {title if title.isupper() else title.lower()}"
        self.options = dict(objective.options)
        self.criterion = Criterion.of(objective, example.counts)
        self.weights = class_weights(objective, example.counts)
        overlaps = "mask" in self.loss.meanings
        several = self.loss.target == "class" and example.targets.dim() > 1
        self.padded = self.criterion.padded
        self.weighs = self.weights is not None and self.loss.target in ("class", "binary") and not overlaps
        whole = overlaps or self.loss.form in ("steps", "triplet")
        self.counts = not whole and (several or self.padded or self.weighs)
        self.known = "~targets.isnan()" if self.loss.target == "number" else "targets >= 0"
        nothing = self.weights is not None and bool((self.weights == 0).any())
        elsewhere = self.padded or nothing or (self.weighs and not self.loss.weight)
        self.by_hand = example.weighted or elsewhere or (several and not overlaps)

    def written(self) -> WrittenLoss:
        functions = self.functions()
        own = not self.loss.torch_class.startswith("torch.")
        return WrittenLoss(
            (*self._constants(), *functions),
            tuple(self._arranged()),
            ("from torch.nn import functional as F",) if "F." in "\n".join(functions) else (),
            _modules_of(self.loss.torch_class) if own else None,
        )

    def mean(self) -> list[str]:
        return [
            *self._ready(),
            f"loss: Tensor = {self._module(self.loss.mean)}({self._arguments()})",
            "return loss",
        ]

    def values(self) -> tuple[list[str], int]:
        lines, dims = self._ready(), self._unreduced_dims()
        arguments = self._arguments()
        if self.padded:
            lines.append(f"targets_or_0 = torch.where({self.known}, targets, torch.zeros_like(targets))")
            arguments = arguments.replace("targets", "targets_or_0")
        lines.append(f"values = {self._module('none')}({arguments})")
        if self.loss.id == "ctc":
            lines.append("values = values / lengths.clamp(min=1)")
        if self.loss.mean == "batchmean":
            lines.append("values = values.flatten(1).sum(1)")
            dims = 1
        if self.counts:
            if not (self.loss.weight and self.loss.target == "class"):
                lines += self._counted("outputs")
                lines.append("values = torch.where(counts > 0, values, torch.zeros_like(values)) * counts")
        elif dims > 1:
            lines.append("values = values.flatten(1).mean(1)")
            dims = 1
        return lines, dims

    def counted(self) -> list[str]:
        return self._counted("targets") if self.counts else []

    # --- parts of the text --------------------------------------------------------------------------------------------

    def _module(self, reduction: str) -> str:
        """Return the expression that makes the loss's module."""
        values = {each.name: each.default for each in options_of(self.loss) if not each.required}
        values = _torch_defaults(self.loss.torch_class, values)
        chosen = {each.name: each.default for each in self.loss.options if not each.required} | self.options
        given = {name: value for name, value in chosen.items() if values.get(name) != value}
        arguments = [f"{name}={value!r}".replace("'", '"') for name, value in given.items()]
        if self.weights is not None and self.loss.weight:
            arguments.insert(0, f"{self.loss.weight}=weight")
        if reduction != "mean":
            arguments.append(f'reduction="{reduction}"')
        own = not self.loss.torch_class.startswith("torch.")
        name = self.loss.torch_class.rpartition(".")[2]
        return f"{name if own else f'nn.{name}'}({', '.join(arguments)})"

    def _arguments(self) -> str:
        return _READ.get(self.loss.id, "outputs, targets")

    def _arranged(self) -> list[str]:
        """Return the line that brings the outputs before the targets, where they are not there already."""
        raw, targets = self.example.raw, self.example.targets
        arranged = self.criterion.arrange(raw, targets)
        if arranged.shape == raw.shape:
            return []
        if targets.dim() == 1 and raw.dim() == 2 and raw.shape[1] == 1:
            return ["outputs = outputs.squeeze(1)"]
        if self.loss.form == "class":
            return ["outputs = outputs.movedim(-1, 1)"]
        shape = "len(outputs), 2, *targets.shape[1:]" if self.loss.form == "two" else "targets.shape"
        return [f"outputs = outputs.reshape({shape})"]

    def _ready(self) -> list[str]:
        """Return the lines that come before the loss itself."""
        weight = [] if self.weights is None else [f"weight = outputs.new_tensor({self._weights_name})"]
        return [*weight, *self._arranged(), *_BEFORE.get(self.loss.id, ())]

    @property
    def _weights_name(self) -> str:
        return f"{self.name}_class_weights"

    def _constants(self) -> list[str]:
        if self.weights is None:
            return []
        return ["\n".join([f"{self._weights_name} = [", *(f"    {each!r}," for each in self.weights.tolist()), "]"])]

    def _unreduced_dims(self) -> int:
        """Return how many axes the losses have before any mean."""
        module = make_loss(self.loss, self.options, "none", self.weights if self.loss.weight else None)
        outputs = self.criterion.arrange(self.example.raw, self.example.targets)
        targets = self.example.targets.nan_to_num().clamp(min=0) if self.padded else self.example.targets
        with torch.no_grad():
            values: Tensor = module(*arranging.arguments(self.loss, outputs, targets))
        return values.dim()

    def _counted(self, like: str) -> list[str]:
        lines = [f"counts = ({self.known}).float()"]
        if self.weighs:
            if like != "outputs":
                lines.append(f"weight = {like}.new_tensor({self._weights_name}, dtype=torch.float32)")
            lines.append("counts = counts * weight[targets.long().clamp(min=0)]")
        return lines


class _Own(_Written):
    """Writes the user's own loss, whose source is a file of its own."""

    def __init__(self, objective: OutputObjective, example: Example) -> None:
        super().__init__(objective, example)
        known = {each.name: each.default for each in options_of(self.loss) if not each.required}
        assert self.loss.expression is not None
        self.made = self.loss.expression(known | dict(objective.options))
        self.said = f"what {self.loss.title} says"
        self.by_hand = example.weighted or (self.loss.target == "class" and example.targets.dim() > 1)

    def written(self) -> WrittenLoss:
        made = self.made.partition("(")[0]
        module = f"own_{snake_case(self.loss.id.removeprefix(PYTHON_PREFIX))}"
        name = f"{self.name}_own"
        file = (f"{module}.py", _importing(self.loss.code))
        functions = (f"{name} = {self.made}", *self.functions())
        imports = (f"from {module} import {made}",)
        return WrittenLoss(functions, tuple(self._arranged()), imports, None, file, (name,))

    def mean(self) -> list[str]:
        return [*self._arranged(), f"loss: Tensor = {self.name}_own(outputs, targets)", "return loss.mean()"]

    def values(self) -> tuple[list[str], int]:
        lines = [
            *self._arranged(),
            f"values: Tensor = {self.name}_own(outputs, targets)",
            "if values.dim() == 0 or len(values) != len(targets):",
            "    pairs = zip(outputs.split(1), targets.split(1), strict=True)",
            f"    values = torch.stack([{self.name}_own(*pair).mean() for pair in pairs])",
            "values = values.flatten(1).mean(1) if values.dim() > 1 else values",
        ]
        return lines, 1

    def _arranged(self) -> list[str]:
        raw, targets = self.example.raw, self.example.targets
        arranged = arranging.arrange(self.loss, raw, targets)
        return [] if arranged.shape == raw.shape else ["outputs = outputs.reshape(targets.shape)"]


def _importing(source: str) -> str:
    """Return the user's source with the imports of torch and nn, which the application gives to it unasked."""
    tree = ast.parse(source)
    names = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    bound = {
        (each.asname or each.name).partition(".")[0]
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for each in statement.names
    }
    lines = [line for name, line in _GIVEN.items() if name in names - bound]
    if not lines:
        return source
    first = 0
    for statement in tree.body:
        documented = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not (documented or future):
            break
        first = statement.end_lineno or first
    rows = source.splitlines()
    left = "\n".join(rows[first:]).strip("\n")
    gap = [] if left.startswith(("import ", "from ")) else ["", ""]
    return "\n".join([*rows[:first], *([""] if first else []), *lines, *gap, left]) + "\n"


def _torch_defaults(torch_class: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return a loss's arguments with PyTorch's own defaults where it has some, which may differ from ours."""
    parameters = inspect.signature(import_class(torch_class).__init__).parameters
    own = {name: each.default for name, each in parameters.items() if each.default is not inspect.Parameter.empty}
    return {**known, **{name: own[name] for name in known if name in own}}


def _modules_of(torch_class: str) -> Pruned:
    """Return the source of a loss that PyTorch lacks, with all that it needs."""
    made: Any = import_class(torch_class)
    module = inspect.getmodule(made)
    assert isinstance(module, ModuleType)
    own = pruned(inspect.getsource(module), (made.__name__,))
    shared = pruned(inspect.getsource(_reduce), ("reduced", "Reduction"))
    return joined([shared, own])


def joined(parts: Sequence[Pruned]) -> Pruned:
    """Return several parts as one, each definition once."""
    return Pruned(
        tuple(line for part in parts for line in part.imports),
        tuple(dict.fromkeys(text for part in parts for text in part.definitions)),
    )
