"""Which parts of an input an answer rests on: gradients, integrated gradients and Grad-CAM, computed by captum.

Gradients: how much a score changes with each value (Simonyan, Vedaldi and Zisserman, Deep inside convolutional
networks, 2014). Integrated gradients: their mean along the straight way from a baseline, times the way; the parts add
up to what the score gains on it (Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, 2017). Grad-CAM:
the channels of a convolution weighted by their mean gradient, as far as they speak for the score (Selvaraju et al.,
Grad-CAM, 2017).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.data.source import Array
from core.errors import TrainingError, did_you_mean
from core.loading import load
from core.training.results.attributing import Input, inputs_of
from core.training.results.given import Raw
from core.training.results.predicting import Block, Feeder
from core.training.results.reading import OutputReader, joined
from core.training.results.resting import at_rest
from core.training.results.trained import Trained

Method = Literal["gradients", "integrated gradients", "grad-cam"]
METHODS: tuple[Method, ...] = ("gradients", "integrated gradients", "grad-cam")
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_ROWS = 16
"""So many rows are explained at once: integrated gradients take as many passes for each as they have steps."""
_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each part of what entered at an Input counts, rows first; objects where lengths differ.

    ``values`` are, by ``meaning``

    - image, mask: (rows, height, width), a heat map of the size that the network sees
    - audio: (rows, samples) of a waveform, (rows, mels, frames) of a spectrogram; Grad-CAM (rows, samples or frames)
    - text: (rows, tokens), whose words are in ``tokens``
    - cells: (rows, columns) named in ``columns``, the parts of one-hot and the like added up; (rows, steps, columns)
      with windows
    - else the shape of the input.

    Gradients and Grad-CAM are never negative; integrated gradients are where a part speaks against the answer.
    """

    input: str
    meaning: str
    values: Array
    columns: tuple[str, ...] = ()
    tokens: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why an output answers as it does, for the given rows that have an answer (``rows``, from 0).

    ``scores`` are what was explained: of a class its score (before softmax), of a number the number as the network
    gives it, of many places their sum. ``chosen`` names the class of each row (None: there is none). ``gaps`` is by how
    much integrated gradients fail to add up to the gain of the score over the baseline: more steps make it smaller. All
    Inputs of numbers take the way from the baseline together, each one of words or indices by itself.
    ``problems`` says of the other rows why they have no answer.
    """

    method: Method
    output: str
    rows: NDArray[np.int64]
    chosen: tuple[str | None, ...]
    scores: NDArray[np.float64]
    attributions: Mapping[str, Attribution]
    gaps: NDArray[np.float64]
    problems: Mapping[int, str]


class _Part(NamedTuple):
    """What was found of some rows."""

    rows: NDArray[np.int64]
    chosen: list[str | None]
    scores: NDArray[np.float64]
    values: dict[str, Array]
    tokens: dict[str, list[tuple[str, ...]]]
    gaps: NDArray[np.float64]


def explain(
    trained: Trained,
    columns: Raw,
    method: Method = "integrated gradients",
    *,
    output: str = "",
    target: str | None = None,
    layer: str = "",
    steps: int = 50,
) -> Explanation:
    """Return which parts of raw rows the answers of a network rest on. It reports through ``core.progress``.

    Args:
        trained: the network.
        columns: raw values, as for a prediction.
        method: see above. The baseline of integrated gradients is 0 as the network sees it: the mean of what was
            standardised, black where nothing was scaled; of text, padding.
        output: whose answer is explained; "": the first.
        target: the class or label that is explained; None: of each row the one that the network chose.
        layer: for Grad-CAM, the node of the convolution; "": the last one.
        steps: for integrated gradients, points on the way from the baseline.

    Raises:
        TrainingError: captum is not installed, there is no such output, class or layer, or the method does not apply.
        DataError: a column that the inputs need is not there, or columns differ in length.
        Cancelled: whoever watches the progress wants no more of it.
    """
    explainer = _Explainer(trained, method, trained.reader(output), target, layer, steps)
    feeder = Feeder(trained.network, trained.preprocessing, columns, _ROWS)
    parts = [explainer.explained(block) for block in feeder.blocks()]
    return explainer.together(parts, dict(sorted(feeder.problems.items())))


class _Explainer:
    """One network, one output and one method."""

    def __init__(
        self, trained: Trained, method: Method, reader: OutputReader, target: str | None, layer: str, steps: int
    ) -> None:
        if method not in METHODS:
            raise TrainingError(f"There is no method '{method}'. There are: {', '.join(METHODS)}.")
        self._captum = _captum()
        self._network = trained.network
        self._method = method
        self.reader = reader
        self._head = [each.output for each in trained.readers].index(reader.output)
        self._wanted = None if target is None else _class_index(reader, target)
        self._layer = layer
        self._steps = steps
        self._inputs = inputs_of(trained)
        self.attributed = [each for each in self._inputs if each.explained]

    # --- the score ------------------------------------------------------------------------------------------------

    def _said(self, inputs: Sequence[Tensor]) -> Tensor:
        raw = self._network.forward(inputs)[self._head]
        return self.reader.said(self.reader.arranged(raw))

    def _choose(self, said: Tensor) -> Tensor:
        """Return the index of the class that is explained (N, …), zeros where there are no classes."""
        target = self.reader.target
        if target in ("class", "labels", "text"):
            axis = 2 if target == "text" else 1
            found = said.argmax(axis)
        elif target == "binary":
            found = (said > 0).long()
        else:
            return torch.zeros(len(said), dtype=torch.int64, device=said.device)
        return found if self._wanted is None else torch.full_like(found, self._wanted)

    def _score(self, said: Tensor, chosen: Tensor) -> Tensor:
        """Return what is explained, one number a row (N,)."""
        target = self.reader.target
        if target in ("class", "labels", "text"):
            axis = 2 if target == "text" else 1
            values = said.gather(axis, chosen.unsqueeze(axis))
        elif target == "binary":
            values = torch.where(chosen > 0, said, -said)
        else:
            values = said
        return values.flatten(1).sum(1) if values.dim() > 1 else values

    def _function(self, order: Sequence[int]) -> Any:
        """Return the score as a function of the inputs in this order, followed by the classes."""

        def function(*given: Tensor) -> Tensor:
            inputs = [given[order.index(place)] for place in range(len(order))]
            return self._score(self._said(inputs), given[len(order)])

        return function

    # --- some rows --------------------------------------------------------------------------------------------------

    def explained(self, block: Block) -> _Part:
        """Explain the answers for some rows."""
        inputs = [each.detach().clone() for each in block.inputs]
        with at_rest(self._network, gradients=True), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            with torch.no_grad():
                said = self._said(inputs)
                chosen = self._choose(said)
                scores = self._score(said, chosen).double().cpu().numpy()
            raw, gaps = self._attribute(inputs, chosen)
        values = {
            each.name: each.reduced(raw[each.name].detach().double().cpu().numpy(), signed=self._signed)
            for each in self.attributed
        }
        tokens = {each.name: each.tokens(inputs[each.place]) for each in self.attributed if each.meaning == "text"}
        return _Part(block.rows, self._names(chosen), scores, values, tokens, gaps)

    def together(self, parts: Sequence[_Part], problems: Mapping[int, str]) -> Explanation:
        """Join what was found of some rows after the other."""
        attributions = {}
        for each in self.attributed if parts else ():
            values = joined([part.values[each.name] for part in parts])
            tokens = tuple(row for part in parts for row in part.tokens.get(each.name, ()))
            attributions[each.name] = Attribution(each.name, each.meaning, values, each.columns, tokens)
        return Explanation(
            self._method,
            self.reader.output,
            np.concatenate([np.zeros(0, dtype=np.int64), *(part.rows for part in parts)]),
            tuple(name for part in parts for name in part.chosen),
            np.concatenate([np.zeros(0), *(part.scores for part in parts)]),
            attributions,
            np.concatenate([np.zeros(0), *(part.gaps for part in parts)]),
            problems,
        )

    @property
    def _signed(self) -> bool:
        return self._method == "integrated gradients"

    def _names(self, chosen: Tensor) -> list[str | None]:
        classes = self.reader.classes
        if chosen.dim() != 1 or not classes:
            return [None] * len(chosen)
        return [classes[each] if each < len(classes) else str(each) for each in chosen.tolist()]

    def _attribute(self, inputs: list[Tensor], chosen: Tensor) -> tuple[dict[str, Tensor], NDArray[np.float64]]:
        floats = [each.place for each in self._inputs if inputs[each.place].is_floating_point()]
        for place in floats:
            inputs[place].requires_grad_()
        order = [*floats, *(place for place in range(len(inputs)) if place not in floats)]
        first = tuple(inputs[place] for place in floats)
        others = (*(inputs[place] for place in order[len(floats) :]), chosen)
        if self._method == "grad-cam":
            return self._grad_cam(inputs, order, chosen), np.zeros(len(chosen))
        found: dict[str, Tensor] = {}
        gaps = np.zeros(len(chosen))
        if first:
            values, gaps = self._of_numbers(self._function(order), first, others)
            found = {each.name: values[floats.index(each.place)] for each in self.attributed if each.place in floats}
        for each in self.attributed:
            if each.name not in found:
                found[each.name], gap = self._of_indices(each, inputs, chosen)
                gaps = np.maximum(gaps, gap)
        return found, gaps

    def _of_numbers(
        self, function: Any, inputs: tuple[Tensor, ...], others: tuple[Tensor, ...]
    ) -> tuple[tuple[Tensor, ...], NDArray[np.float64]]:
        """Return the attributions of all inputs of numbers, and by how much they fail to add up."""
        if self._method == "gradients":
            values = self._captum.Saliency(function).attribute(inputs, additional_forward_args=others)
            return values, np.zeros(len(inputs[0]))
        values, delta = self._captum.IntegratedGradients(function).attribute(
            inputs,
            additional_forward_args=others,
            n_steps=self._steps,
            internal_batch_size=_AT_ONCE,
            return_convergence_delta=True,
        )
        return values, np.abs(delta.detach().double().cpu().numpy())

    def _of_indices(self, one: Input, inputs: list[Tensor], chosen: Tensor) -> tuple[Tensor, NDArray[np.float64]]:
        """Return the attributions (N, steps) of tokens or categories, by way of the Embedding that reads them."""
        embedding = self._embedding(one, inputs)
        order = [one.place, *(place for place in range(len(inputs)) if place != one.place)]
        given = tuple(inputs[place].detach() for place in order)
        function, others = self._function(order), (*given[1:], chosen)
        if self._method == "gradients":
            return _embedding_gradients(embedding, lambda: function(*given, chosen)).norm(dim=-1), np.zeros(len(chosen))
        values, delta = self._captum.LayerIntegratedGradients(function, embedding).attribute(
            given[0],
            baselines=torch.zeros_like(given[0]),
            additional_forward_args=others,
            n_steps=self._steps,
            internal_batch_size=_AT_ONCE,
            return_convergence_delta=True,
        )
        return values.sum(-1), np.abs(delta.detach().double().cpu().numpy())

    def _embedding(self, one: Input, inputs: list[Tensor]) -> nn.Module:
        """Return the Embedding that an Input goes into."""
        wanted = inputs[one.place]
        for module, given, _ in _calls(self._network.module, (nn.Embedding,), lambda: self._said(inputs)):
            if given.shape == wanted.shape and torch.equal(given, wanted):
                return module
        raise TrainingError(
            f"The Input '{one.name}' does not go straight into an Embedding, so that nothing can be said of its parts."
        )

    # --- Grad-CAM -----------------------------------------------------------------------------------------------------

    def _grad_cam(self, inputs: list[Tensor], order: list[int], chosen: Tensor) -> dict[str, Tensor]:
        layer, rank = self._convolution(inputs)
        given = tuple(inputs[place] for place in order)
        cam: Tensor = self._captum.LayerGradCam(self._function(order), layer).attribute(
            given, additional_forward_args=(chosen,), relu_attributions=True
        )
        self.attributed = [each for each in self._inputs if each.explained and each.extent(inputs, rank)]
        if not self.attributed:
            raise TrainingError(
                f"Grad-CAM looks at a layer of {rank - 2} dimensions, which no Input has: choose integrated gradients."
            )
        found = {}
        for each in self.attributed:
            way = {1: "linear", 2: "bilinear", 3: "trilinear"}[rank - 2]
            whole = nn.functional.interpolate(cam, each.extent(inputs, rank), mode=way, align_corners=False)
            found[each.name] = whole
        return found

    def _convolution(self, inputs: list[Tensor]) -> tuple[nn.Module, int]:
        """Return the layer that was chosen or the last convolution, and how many dimensions its output has."""
        module = self._network.module
        named = dict(module.named_modules())
        if self._layer and self._layer not in named:
            hint = did_you_mean(self._layer, [name for name, each in named.items() if isinstance(each, _CONVOLUTIONS)])
            raise TrainingError(f"There is no layer '{self._layer}'.{hint}")
        kinds = (type(named[self._layer]),) if self._layer else _CONVOLUTIONS
        with torch.no_grad():
            calls = list(_calls(module, kinds, lambda: self._said(inputs)))
        if self._layer:
            calls = [each for each in calls if each[0] is named[self._layer]]
        if not calls:
            raise TrainingError("Grad-CAM looks at a convolution, and there is none: choose integrated gradients.")
        layer, _, result = calls[-1]
        if not 3 <= result.dim() <= 5:
            raise TrainingError(
                f"'{self._layer}' gives {result.dim() - 1} dimensions a sample; Grad-CAM needs channels and at least "
                "one more: choose a convolution."
            )
        return layer, result.dim()


def _class_index(reader: OutputReader, target: str) -> int:
    if target in reader.classes:
        return reader.classes.index(target)
    if not reader.classes:
        raise TrainingError(f"'{reader.output}' predicts no classes, of which '{target}' could be one.")
    raise TrainingError(f"'{reader.output}' has no class '{target}'.{did_you_mean(target, reader.classes)}")


def _calls(module: nn.Module, kinds: tuple[type, ...], run: Any) -> Iterator[tuple[nn.Module, Tensor, Tensor]]:
    """Yield the layers of some kinds in the order in which a run calls them, each with its input and its output."""
    seen: list[tuple[nn.Module, Tensor, Tensor]] = []

    def note(layer: nn.Module, given: tuple[Any, ...], result: Any) -> None:
        if given and isinstance(given[0], Tensor) and isinstance(result, Tensor):
            seen.append((layer, given[0].detach(), result.detach()))

    hooks = [each.register_forward_hook(note) for each in module.modules() if isinstance(each, kinds)]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    yield from seen


def _embedding_gradients(embedding: nn.Module, score: Any) -> Tensor:
    """Return the gradients of a score by what an Embedding gives, (N, steps, features)."""
    given: list[Tensor] = []

    def keep(_layer: nn.Module, _inputs: Any, result: Tensor) -> Tensor:
        given.append(result.detach().requires_grad_())
        return given[-1]

    hook = embedding.register_forward_hook(keep)
    try:
        total = score().sum()
    finally:
        hook.remove()
    (gradients,) = torch.autograd.grad(total, given[:1])
    return gradients


def _captum() -> Any:
    try:
        return load("captum.attr")
    except ImportError as error:
        raise TrainingError(
            "What an answer rests on is computed by captum, which is not installed: pip install layerwright[explain]"
        ) from error
