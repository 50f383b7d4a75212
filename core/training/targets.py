"""What can be learnt from a field: how many classes it has, what shape of target, which losses suit it."""

from __future__ import annotations

from dataclasses import replace

from core.errors import ModelError
from core.graph.binding import INPUT_TARGET, NEXT_TARGET, Entry, input_sample, input_signature
from core.graph.meanings import meanings
from core.graph.project import Field, Project
from core.training.forms import Sizes
from core.training.kinds import LossKind, TargetType
from core.training.losses import losses

_CHOSEN = ("category", "flag", "mask", "labels", "text")
"""Meanings that are predicted as classes; others are measured."""
_LABELS_ONLY = "pos_weight"
"""The constructor's argument for the weights of labels; a single yes or no is weighed by its class."""


def class_count(target: Field) -> int:
    """Return how many classes (or labels, or tokens) a target has; 0 for what is measured."""
    return meanings[target.meaning].classes(target) if target.meaning in _CHOSEN else 0


def target_shape(project: Project, target: Field) -> Sizes:
    """Return the shape of one sample of a target; a name stands for an open length, as at the Inputs.

    Raises:
        ModelError: the field has no shape as a target; the message says why.
    """
    if target.name.startswith(INPUT_TARGET) and project.data.field(target.name) is None:
        return input_signature(project, project.graph.nodes[target.name.removeprefix(INPUT_TARGET)]).shape
    if meanings[target.meaning].parts:
        name = target.name if project.data.field(target.name) else target.name.removeprefix(NEXT_TARGET)
        return input_sample(project, Entry(replace(target, name=name))).shape
    shape = meanings[target.meaning].as_target(target).shape
    return () if target.meaning == "number" else shape


def can_be_learnt(field: Field) -> bool:
    """True where a field can be a target at all."""
    try:
        meanings[field.meaning].as_target(field)
    except ModelError:
        return False
    return class_count(field) != 1


def possible(target: Field) -> tuple[TargetType, ...]:
    """Return what may be learnt from a target, what is usual first."""
    if target.name.startswith(NEXT_TARGET):
        return ("class",)
    if target.meaning == "text":
        return ("text", "class")
    if target.meaning == "labels":
        return ("labels",)
    if target.meaning not in _CHOSEN:
        return ("number",)
    return ("class", "binary") if class_count(target) == 2 else ("class",)


def target_type(target: Field, width: int | None) -> TargetType:
    """Return what is learnt from a target: two classes are a yes or no where the network gives a single value."""
    found = possible(target)
    return "binary" if "binary" in found and width == 1 else found[0]


def automatic_loss(wanted: TargetType) -> LossKind:
    """Return the loss that is chosen for a kind of target where the user chose none."""
    return adapted(next(loss for loss in losses if loss.automatic and wanted in (loss.target, *loss.also)), wanted)


def adapted(loss: LossKind, wanted: TargetType) -> LossKind:
    """Return a loss as it is for a kind of target, which is its ``target`` then."""
    if wanted == loss.target or loss.target == "none":
        return replace(loss, weight="") if loss.weight == _LABELS_ONLY else loss
    if wanted == "binary" and loss.form == "class":
        return replace(loss, target=wanted, form="same", activation="Sigmoid", expects="one score per pixel")
    return replace(loss, target=wanted, expects=f"{loss.expects} per label")


def fitting_type(loss: LossKind, target: Field, usual: TargetType) -> TargetType | None:
    """Return what a loss learns from a target (``usual`` where it can), or None where it does not suit it."""
    if loss.meanings and target.meaning not in loss.meanings:
        return None
    if loss.target == "none":
        return loss.target
    types = (loss.target, *loss.also)
    return next((each for each in (usual, *possible(target)) if each in types and each in possible(target)), None)


def suits(loss: LossKind, target: Field) -> bool:
    """True where a loss can measure predictions of this target."""
    return fitting_type(loss, target, possible(target)[0]) is not None


def described(target: Field) -> str:
    """Say what a target is, for "the target 'x' …": ``has 3 classes``, ``is a number``."""
    classes = class_count(target)
    if target.meaning in ("category", "flag"):
        return f"has {classes} classes"
    if target.meaning == "labels":
        return f"has {classes} labels"
    if target.meaning == "mask":
        return f"is a mask of {classes} classes"
    return f"is {article(target)}"


def article(target: Field) -> str:
    """Return what a target is, with its article: ``a number``, ``an image``."""
    noun = {"category": "category", "flag": "flag", "labels": "set of labels"}.get(target.meaning, target.meaning)
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
