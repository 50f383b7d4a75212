"""What an output's numbers say in the terms of its target: class names with probabilities, units, texts, masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.data.fitted import FittedField
from core.data.preprocessing import Preprocessing
from core.data.source import Array
from core.graph.binding import INPUT_TARGET
from core.training.criterion import Criterion
from core.training.kinds import TargetType
from core.training.objective import OutputObjective
from core.training.statistics.reading import Reader, reader
from core.training.statistics.sequences import best_path

AnswerKind = Literal["class", "labels", "number", "mask", "text", "values"]


@dataclass(frozen=True, eq=False)
class Answer:
    """What an output says of some rows, the rows first.

    ``values`` are by ``kind``

    - class: objects ``(rows,)`` of class names
    - labels: objects ``(rows,)`` of tuples of the labels that apply
    - number: float64 ``(rows, …)`` in the target's units (images in 0..1); objects where lengths differ
    - mask: int64 ``(rows, height, width)``, each the index of a pixel's class
    - text: objects ``(rows,)`` of str
    - values: float64 ``(rows, …)`` as the network gives them (of a loss that compares nothing)

    ``probabilities`` float64 ``(rows, classes)`` are there for a class (softmax; of one score sigmoid, no and yes) and
    for labels (sigmoid); they are what the loss makes of the scores, and as trustworthy as the loss.
    """

    output: str
    target: str
    kind: AnswerKind
    classes: tuple[str, ...]
    values: Array
    probabilities: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def confidence(self) -> NDArray[np.float64] | None:
        """The probability of each row's class ``(rows,)``; None where there is none."""
        if self.kind != "class" or self.probabilities is None:
            return None
        return np.asarray(self.probabilities.max(axis=1))


def together(answers: Sequence[Answer]) -> Answer:
    """Join an output's answers of several batches."""
    first = answers[0]
    probabilities = [each.probabilities for each in answers if each.probabilities is not None]
    shares = np.concatenate(probabilities) if probabilities else None
    values = joined([each.values for each in answers])
    return Answer(first.output, first.target, first.kind, first.classes, values, shares)


def joined(blocks: Sequence[Array]) -> Array:
    """Join blocks along the rows; as objects where the shapes of their rows differ."""
    if len({each.shape[1:] for each in blocks}) > 1:
        blocks = [as_objects(list(block)) for block in blocks]
    return np.concatenate(blocks)


def as_objects(values: Sequence[Any]) -> Array:
    """Return values as an array of objects ``(rows,)``, whatever they are."""
    objects = np.empty(len(values), dtype=object)
    for row, each in enumerate(values):
        objects[row] = each
    return objects


@dataclass(frozen=True, eq=False)
class OutputReader:
    """Reads one output. ``units`` is the field by which its numbers come back to their units (None: as they are)."""

    objective: OutputObjective
    criterion: Criterion
    classes: tuple[str, ...]
    units: FittedField | None
    says: Reader | None

    @classmethod
    def of(cls, objective: OutputObjective, criterion: Criterion, preprocessing: Preprocessing) -> OutputReader:
        """Return the reader of an objective; its classes and units are those that were fitted."""
        fitted = preprocessing.target(objective.output)
        classes = fitted.classes if fitted and objective.classes and objective.loss.target != "none" else ()
        if fitted is None:
            names = preprocessing.inputs[preprocessing.targets[objective.output].removeprefix(INPUT_TARGET)]
            fitted = preprocessing.fields[preprocessing.entry(names[0]).field.name] if len(names) == 1 else None
        return cls(objective, criterion, classes, fitted, reader(objective.loss, dict(objective.options)))

    @property
    def output(self) -> str:
        """The Output's name."""
        return self.objective.output

    @property
    def target(self) -> TargetType:
        """The type of what is learnt."""
        return self.objective.loss.target

    @property
    def kind(self) -> AnswerKind:
        """What form answers have."""
        meaning = self.objective.target.meaning
        if self.target == "none":
            return "values"
        if self.target in ("labels", "number"):
            return "labels" if self.target == "labels" else "number"
        if meaning == "text":
            return "text"
        return "mask" if meaning == "mask" else "class"

    # --- of raw outputs alone, without targets --------------------------------------------------------------------

    def arranged(self, raw: Tensor) -> Tensor:
        """Return the network's output (N, …) as it is arranged for the loss, of a target of the shape it must have."""
        sizes = self._target_sizes(raw)
        targets = self.criterion.prepare(torch.zeros((len(raw), *sizes), device=raw.device))
        return self.criterion.arrange(raw, targets)

    def _target_sizes(self, raw: Tensor) -> tuple[int, ...]:
        """Return the shape of a sample's target, open lengths as long as the output's."""
        shape, form = self.objective.shape, self.objective.loss.form
        fixed = [each for each in shape if isinstance(each, int)]
        if len(fixed) == len(shape):
            return tuple(fixed)
        given = list(raw.shape[1:])
        if form == "class":
            given = given[:1] if len(shape) == 1 else given[1:]
        elif form == "two":
            given = given[1:]
        if len(given) != len(shape):
            wide = iter([size for size in given if size != 1])
            given = [1 if each == 1 else next(wide, 1) for each in shape]
        return tuple(each if isinstance(each, int) else size for each, size in zip(shape, given, strict=True))

    def said(self, outputs: Tensor) -> Tensor:
        """Return arranged outputs as ``TargetType`` describes them: scores, numbers."""
        return outputs if self.says is None else self.says(outputs)

    def answer(self, outputs: Tensor, counts: Tensor | None = None) -> Answer:
        """Return what arranged outputs say; ``counts`` (N, steps) are the steps that hold a token, of a text."""
        said = self.said(outputs).detach()
        if self.kind == "text":
            return self._answer(self.read_texts(said, counts))
        if self.kind == "mask":
            chosen = said.argmax(1) if self.target == "class" else (said > 0).long()
            return self._answer(chosen.cpu().numpy())
        if self.kind == "number":
            return self._answer(self.in_units(said))
        if self.kind == "values":
            return self._answer(said.double().cpu().numpy())
        shares = self.probabilities(said).cpu().numpy()
        if self.kind == "labels":
            holds = (said > 0).cpu().numpy()
            words = [tuple(word for word, on in zip(self.classes, row, strict=True) if on) for row in holds]
            return self._answer(as_objects(words), shares)
        chosen = said.argmax(1) if self.target == "class" else (said > 0).long()
        return self._answer(self._names(chosen), shares)

    def _answer(self, values: Array, probabilities: NDArray[np.float64] | None = None) -> Answer:
        return Answer(self.output, self.objective.target.name, self.kind, self.classes, values, probabilities)

    def probabilities(self, said: Tensor) -> Tensor:
        """Return the probabilities (N, classes, …) that scores stand for, in float64 where the device has it."""
        wide = said if said.device.type == "mps" else said.double()
        if self.target == "class":
            return functional.softmax(wide, 1)
        yes = torch.sigmoid(wide)
        return yes if self.target == "labels" else torch.stack((1 - yes, yes), 1)

    def _names(self, indices: Tensor) -> Array:
        words = as_objects([*self.classes, None])
        places = indices.cpu().numpy().astype(np.int64)
        return np.asarray(words[np.where((places < 0) | (places >= len(self.classes)), len(self.classes), places)])

    def read_texts(self, said: Tensor, counts: Tensor | None) -> Array:
        """Return the texts that scores stand for, objects (N,); ``counts`` as in ``answer``."""
        if self.target == "text":
            tokens, lengths = best_path(said)
            places = torch.arange(tokens.shape[1], device=tokens.device)
            tokens = torch.where(places < lengths[:, None], tokens, 0)
        else:
            tokens = said.argmax(1)
            if counts is not None and counts.shape == tokens.shape:
                tokens = torch.where(counts, tokens, 0)
        return self._decoded_text(tokens)

    def _decoded_text(self, tokens: Tensor) -> Array:
        assert self.units is not None
        return self.units.decode(tokens.clamp(min=0).cpu().numpy())

    def in_units(self, values: Tensor) -> Array:
        """Return numbers (N, …) in the target's own units, float64."""
        numbers = values.detach().cpu().double().numpy()
        return numbers if self.units is None else np.asarray(self.units.decode(numbers), dtype=np.float64)

    # --- of targets -------------------------------------------------------------------------------------------------

    def truth(self, targets: Tensor) -> Array:
        """Return prepared targets in the form of an answer's values; None for a class that is not known."""
        if self.kind == "text":
            return self._decoded_text(targets)
        if self.kind == "number":
            return self.in_units(targets)
        if self.kind == "mask":
            return np.asarray(targets.long().cpu().numpy())
        if self.kind == "labels":
            holds = targets.cpu().numpy() > 0.5
            return as_objects([tuple(w for w, on in zip(self.classes, row, strict=True) if on) for row in holds])
        if self.kind == "values":
            return as_objects([None] * len(targets))
        return self._names(targets.long())
