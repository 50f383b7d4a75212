"""Writes ``augment.py``: how training samples change, drawn to the same bits as the application draws them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from core.data.augment._kind import AugmentKind
from core.data.augmenting import Augmenter, make_augmenter
from core.exporters._package.gathered import gathered
from core.exporters._pruned import module_text
from core.training.session import Session

_DRAWS = ("core.data.augment._draws", "Draws")
_HEAD = '''def augment(
    inputs: Sequence[Tensor], targets: Mapping[str, Tensor], rows: Tensor, epoch: int
) -> tuple[tuple[Tensor, ...], dict[str, Tensor]MIXING]:
    """Return samples as they are seen in an epoch (from 0)SAID.

    ``rows`` are their numbers within the training part.
    """
    values, wanted = list(inputs), dict(targets)'''
_DOCUMENTATION = "How training samples change, by chance that follows from the seed, the epoch and the sample alone."


def augmenter_of(session: Session) -> Augmenter:
    """Return what augments a session's training samples."""
    outputs = [each.output for each in session.network.objectives]
    return make_augmenter(session.project, session.prepared.preprocessing, session.network.built.inputs, outputs)


def unwritten(session: Session) -> list[str]:
    """Return what of a session's augmentation cannot be written, in plain words."""
    found = []
    for step in augmenter_of(session).steps:
        if not _function(step.kind).__module__.startswith("core."):
            why = "comes from a plug-in, and a package holds the source of this application alone"
            found.append(f"{step.kind.title} ({step.purpose}) {why}. Take it away, and train again.")
    return found


def blends(session: Session) -> bool:
    """Return whether training samples are blended in pairs (mixup, CutMix)."""
    return any(step.kind.mix for step in augmenter_of(session).steps)


def _function(kind: AugmentKind) -> Any:
    return kind.move or kind.change or kind.mix


def augment_text(session: Session) -> str:
    """Return ``augment.py``; an empty string where nothing is augmented."""
    augmenter = augmenter_of(session)
    return _Writer(session, augmenter).text() if augmenter else ""


class _Writer:
    """Writes the function that takes one step after another."""

    def __init__(self, session: Session, augmenter: Augmenter) -> None:
        self.augmenter = augmenter
        self.seed = session.project.training.seed
        self.outputs = [each.output for each in session.network.objectives]
        batch = session.training.part(0, 1)
        self.inputs, self.targets = batch.inputs, batch.targets
        self.wanted = [_DRAWS]

    def text(self) -> str:
        steps = list(self.augmenter.steps)
        blending = [each for each in steps if each.kind.mix]
        for each in blending[1:]:  # samples are blended once
            steps.remove(each)
        lines = [line for step in steps for line in self._step(step)]
        left = gathered(self.wanted)
        imports = ["from torch import Tensor", "from collections.abc import Mapping, Sequence", *left.imports]
        head = _HEAD.replace("MIXING", ", Mixing" if blending else "")
        head = head.replace("SAID", ", and how they were blended" if blending else "")
        lines.append(f"return tuple(values), wanted{', mixing' if blending else ''}")
        function = "\n".join([head, *(f"    {line}" for line in lines)])
        return module_text(_DOCUMENTATION, imports, [f"SEED = {self.seed}", *left.definitions, function])

    def _step(self, step: Any) -> list[str]:
        kind: AugmentKind = step.kind
        made = _function(kind)
        self.wanted.append((made.__module__, made.__name__))
        at, options = step.input, _written(step.options)
        lines = [
            f"draws = Draws(SEED, epoch, rows).within({json.dumps(step.purpose, ensure_ascii=False)})",
            f"options = {options}",
        ]
        if kind.mix is not None:
            return [*lines, f"values[{at}], mixing = {made.__name__}(values[{at}], draws, options)"]
        if kind.move is None:
            return [*lines, *self._changed(made.__name__, at, step)]
        lines += _in_space(f"values[{at}]", step.space, f"{made.__name__}(VALUES, draws, options, False, 0.0)")
        for place, target in enumerate(self.targets):
            if target.shape[-2:] == self.inputs[at].shape[-2:]:
                lines += self._with(made.__name__, place, target)
        return lines

    def _changed(self, function: str, at: int, step: Any) -> list[str]:
        name = f"values[{at}]"
        if step.columns is None:
            return _in_space(name, step.space, f"{function}(VALUES, draws, options)")
        start, stop = step.columns
        part = f"{name}[..., {start}:{stop}]"
        return [f"{name} = {name}.clone()", f"{part} = {function}({part}.contiguous(), draws, options)"]

    def _with(self, function: str, place: int, target: Tensor) -> list[str]:
        """Return how a target of the size of an image moves with it."""
        name = f'wanted["{self.outputs[place]}"]'
        indices = not target.is_floating_point()
        if place in self.augmenter.spaces:
            return _in_space(name, self.augmenter.spaces[place], f"{function}(VALUES, draws, options, False, 0.0)")
        if target.dim() == 4:
            return [f"{name} = {function}({name}, draws, options, {indices}, 0.0)"]
        if target.dim() == 3:
            return [
                "# A class for every pixel: what comes in at the border does not count.",
                f"moved = {function}({name}[:, None].float(), draws, options, {indices}, -100.0)",
                f"{name} = moved[:, 0].round().to({name}.dtype)",
            ]
        return []


def _in_space(name: str, space: Any, call: str) -> list[str]:
    """Return the lines that change values, images brought back to 0..1 meanwhile."""
    if space is None or (set(space.offset) == {0.0} and set(space.scale) == {1.0}):
        return [f"{name} = {call.replace('VALUES', name)}"]
    return [
        f"offset = {name}.new_tensor({list(space.offset)}).view(1, -1, 1, 1)",
        f"scale = {name}.new_tensor({list(space.scale)}).view(1, -1, 1, 1)",
        f"{name} = ({call.replace('VALUES', f'{name} * scale + offset')} - offset) / scale",
    ]


def _written(options: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f'"{name}": {value!r}' for name, value in options.items()) + "}"
