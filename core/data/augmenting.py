"""Augments batches of training samples as a project's fields ask for it; the same for any batch size and on resuming.

Fields are augmented as the network gets them, prepared and on the device, a whole batch at once. Images are brought
back to 0..1 meanwhile, so that light and colour mean the same however they are scaled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.data.augment import augmentations
from core.data.augment._draws import Draws
from core.data.augment._kind import AugmentKind, Mixing, Options
from core.data.preparing._kind import IGNORE
from core.data.preprocessing import Preprocessing
from core.errors import did_you_mean
from core.graph.binding import INPUT_TARGET
from core.graph.meanings import meanings
from core.graph.project import Field, Project
from core.parameters import check_named

if TYPE_CHECKING:
    from torch import Tensor

_PICTURES = 4
"""Images in a batch have four dimensions."""


@dataclass(frozen=True)
class _Space:
    """How far prepared images are from 0..1: pixel = value · scale + offset, one of each a channel."""

    offset: tuple[float, ...]
    scale: tuple[float, ...]

    def tensors(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return (
            like.new_tensor(self.offset).view(1, -1, 1, 1),
            like.new_tensor(self.scale).view(1, -1, 1, 1),
        )


@dataclass(frozen=True)
class _Step:
    """One augmentation of the columns ``start`` to ``stop`` (all of them: None) of an input."""

    input: int
    kind: AugmentKind
    options: Options
    purpose: str
    columns: tuple[int, int] | None = None
    space: _Space | None = None


@dataclass(frozen=True)
class Augmented:
    """A batch after augmentation; ``mixing`` is None where no samples were blended."""

    inputs: list[Tensor]
    targets: list[Tensor]
    mixing: Mixing | None


class Augmenter:
    """Applies the augmentations of a project's fields. False where there are none."""

    def __init__(self, steps: Sequence[_Step], seed: int, spaces: Mapping[int, _Space] | None = None) -> None:
        """``spaces`` are those of targets that are images, by their place."""
        self.steps = tuple(steps)
        self.spaces = dict(spaces or {})
        self._seed = seed

    def __bool__(self) -> bool:
        return bool(self.steps)

    def __call__(self, inputs: Sequence[Tensor], targets: Sequence[Tensor], rows: Tensor, epoch: int) -> Augmented:
        """Return a batch as the network shall see it in this epoch.

        Args:
            inputs: tensors in the order of the inputs, samples first.
            targets: targets of the same samples; masks and images of the size of an image that is moved move with it.
            rows: int64 numbers of the samples within their part.
            epoch: counted from 0.
        """
        changed, wanted, mixing = list(inputs), list(targets), None
        for step in self.steps:
            draws = Draws(self._seed, epoch, rows).within(step.purpose)
            if step.kind.move is not None:
                self._move(step, draws, changed, wanted)
            elif step.kind.mix is not None:
                if mixing is None:
                    values, mixing = step.kind.mix(changed[step.input], draws, step.options)
                    changed[step.input] = values
            elif step.kind.change is not None:
                changed[step.input] = _changed(step, draws, changed[step.input])
        return Augmented(changed, wanted, mixing)

    def _move(self, step: _Step, draws: Draws, inputs: list[Tensor], targets: list[Tensor]) -> None:
        assert step.kind.move is not None
        size = inputs[step.input].shape[-2:]
        inputs[step.input] = _moved(step, draws, inputs[step.input], step.space)
        for index, target in enumerate(targets):
            if target.shape[-2:] != size:
                continue
            if index in self.spaces:
                targets[index] = _moved(step, draws, target, self.spaces[index])
            elif target.dim() in (_PICTURES - 1, _PICTURES):
                targets[index] = _moved_target(step, draws, target)


def _moved(step: _Step, draws: Draws, images: Tensor, space: _Space | None) -> Tensor:
    """Return images with their pixels moved; where nothing was there is black, whatever they are scaled by."""
    assert step.kind.move is not None
    if space is None:
        return step.kind.move(images, draws, step.options, False, 0.0)
    offset, scale = space.tensors(images)
    return (step.kind.move(images * scale + offset, draws, step.options, False, 0.0) - offset) / scale


def _moved_target(step: _Step, draws: Draws, target: Tensor) -> Tensor:
    assert step.kind.move is not None
    indices = not target.is_floating_point()
    if target.dim() == _PICTURES:
        return step.kind.move(target, draws, step.options, indices, 0.0)
    moved = step.kind.move(target[:, None].float(), draws, step.options, indices, float(IGNORE))
    return moved[:, 0].round().to(target.dtype)


def _changed(step: _Step, draws: Draws, values: Tensor) -> Tensor:
    assert step.kind.change is not None
    if step.columns is not None:
        start, stop = step.columns
        whole = values.clone()
        whole[..., start:stop] = step.kind.change(values[..., start:stop].contiguous(), draws, step.options)
        return whole
    if step.space is not None:
        offset, scale = step.space.tensors(values)
        return (step.kind.change(values * scale + offset, draws, step.options) - offset) / scale
    return step.kind.change(values, draws, step.options)


def make_augmenter(
    project: Project, preprocessing: Preprocessing, inputs: Sequence[str], outputs: Sequence[str] = ()
) -> Augmenter:
    """Return what augments the samples of a project.

    ``inputs`` and ``outputs`` are its nodes in the order of the batch's inputs and targets.
    """
    steps = []
    for index, node in enumerate(inputs):
        start = 0
        names = preprocessing.inputs[node]
        for name in names:
            entry = preprocessing.entry(name)
            field = project.data.field(entry.field.name)
            width = _width(entry.field)
            if field is not None and not entry.part:
                columns = (start, start + width) if len(names) > 1 else None
                state = preprocessing.fields[field.name].state
                steps += _steps(field, index, columns, state)
            start += width
    shown = ((place, _target_space(preprocessing, name)) for place, name in enumerate(outputs))
    return Augmenter(steps, project.training.seed, {place: space for place, space in shown if space is not None})


def _target_space(preprocessing: Preprocessing, output: str) -> _Space | None:
    """Return how far an output's targets are from 0..1, where they are images; None where they are not."""
    fitted = preprocessing.target(output)
    if fitted is None:
        names = preprocessing.inputs[preprocessing.targets[output].removeprefix(INPUT_TARGET)]
        fitted = preprocessing.fields[preprocessing.entry(names[0]).field.name]
    return _space(fitted.state) if fitted.field.meaning == "image" else None


def _space(state: Mapping[str, Any]) -> _Space:
    return _Space(tuple(state.get("offset", (0.0,))), tuple(state.get("scale", (1.0,))))


def _width(field: Field) -> int:
    shape = meanings[field.meaning].as_input(field).shape
    return shape[-1] if shape and isinstance(shape[-1], int) else 1


def _steps(field: Field, index: int, columns: tuple[int, int] | None, state: Mapping[str, Any]) -> list[_Step]:
    """Return a field's augmentations, in the order of the registry, with all options filled in."""
    found = []
    space = None
    if field.meaning == "image":
        space = _space(state)
    for kind in augmentations:
        if kind.id in field.augment and suits(kind, field):
            set_by_user = field.augment[kind.id]
            options = {each.name: set_by_user.get(each.name, each.default) for each in kind.options}
            found.append(_Step(index, kind, options, f"{field.name}/{kind.id}", columns, space))
    return found


def suits(kind: AugmentKind, field: Field) -> bool:
    """True where an augmentation makes sense for a field as it is prepared."""
    return field.meaning in kind.suits and (not kind.encodings or field.encoding in kind.encodings)


def augment_problems(field: Field) -> list[str]:
    """Return what is wrong with a field's augmentations, in plain words."""
    problems = []
    for name, options in field.augment.items():
        kind = augmentations.find(name)
        if kind is None:
            near = did_you_mean(name, [each.id for each in augmentations])
            problems.append(f"'{field.name}': there is no augmentation '{name}'.{near}")
        elif not suits(kind, field):
            problems.append(f"'{field.name}': {kind.title} is not for a field that holds {field.meaning} data.")
        else:
            problems += [f"'{field.name}': {each.message}" for each in check_named(kind.title, kind.options, options)]
    return problems
