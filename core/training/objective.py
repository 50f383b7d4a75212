"""What each output shall learn: target, loss, weight and metrics, with sensible ones chosen by the kind of target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core import units
from core.errors import ModelError, did_you_mean
from core.graph.binding import target_field, target_of, target_problem
from core.graph.edits import SetField, SetParameters, Together
from core.graph.meanings import meanings
from core.graph.project import OUTPUT, Field, Node, Project
from core.kinds import Value
from core.layers import catalogue
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.model.specs import TensorSpec
from core.parameters import resolve
from core.training.forms import Sizes
from core.training.kinds import LossKind, TargetType
from core.training.loss_options import check_options
from core.training.losses import losses
from core.training.measured import chosen_metrics
from core.training.metrics import MetricKind
from core.training.own_loss import is_own, own_loss
from core.training.targets import (
    adapted,
    automatic_loss,
    can_be_learnt,
    class_count,
    described,
    fitting_type,
    target_shape,
    target_type,
)

AUTO = "auto"
_MOST_FIXES = 3


@dataclass(frozen=True)
class OutputObjective:
    """One output's part in training.

    ``loss`` is as it is for this target (see ``core.training.targets.adapted``), ``options`` what was set of its own.
    ``weight`` is its share in the total loss: the losses times their weights add up to it. ``classes`` is 0 for a
    number. ``class_weights`` are "none", "balanced" or one number a class. ``shape`` is that of one sample's target,
    names standing for open lengths: () for a single value.
    """

    output: str
    target: Field
    loss: LossKind
    weight: float = 1.0
    metrics: tuple[MetricKind, ...] = ()
    classes: int = 0
    options: tuple[tuple[str, Value], ...] = ()
    class_weights: str | tuple[float, ...] = "none"
    shape: Sizes = ()


@dataclass(frozen=True)
class Examined:
    """An output that was looked at: its objective, or None with the problems that stand against one."""

    objective: OutputObjective | None
    problems: tuple[Problem, ...] = ()


def arriving(report: ShapeReport, output: str) -> TensorSpec | None:
    """Return what arrives at an output, or None while that is not known."""
    node = report.nodes.get(output)
    return node.inputs.get("input") if node else None


def output_width(spec: TensorSpec | None) -> int | None:
    """Return how many values an output gives per sample (the last dimension), or None while that is not known."""
    if spec is None or (spec.rank > 1 and not spec.dims[-1].fixed):
        return None
    return spec.dims[-1].a if spec.rank > 1 else 1


def examine(project: Project, report: ShapeReport, node: Node) -> Examined:
    """Return an output's objective, or all that stands against it."""
    values, faults = resolve(catalogue[node.kind], node.params, project.variables)
    if faults or not project.data.source:
        return Examined(None)  # The shape check reports parameters that do not fit, the check that there is no data.
    target, problem = _target(project, node, values["target"])
    if target is None:
        return Examined(None, (problem,) if problem else ())
    kind = target_type(target, _scores(target, arriving(report, node.name)))
    options = _options(values["loss_options"])
    loss, problems = _loss(project, node, target, kind)
    chosen, more = chosen_metrics(node, target, kind if loss is None else loss.target, values["metrics"])
    problems += more
    if loss is None:
        return Examined(None, tuple(problems))
    problems += _option_problems(node, loss, options)
    problems += _weight_problems(node, target, loss, values["class_weights"])
    objective = OutputObjective(
        node.name,
        target,
        loss,
        float(values["loss_weight"]),
        chosen,
        class_count(target),
        tuple(options.items()),
        values["class_weights"],
        target_shape(project, target),
    )
    sound = not any(each.severity == "error" for each in problems)
    return Examined(objective if sound else None, tuple(problems))


def combined(project: Project, objectives: Sequence[OutputObjective]) -> tuple[OutputObjective, ...]:
    """Return objectives with weights whose sum over the losses is the project's total: the sum, or the mean."""
    whole = sum(each.weight for each in objectives)
    if project.training.combine == "sum" or whole <= 0:
        return tuple(objectives)
    return tuple(replace(each, weight=each.weight / whole) for each in objectives)


def _scores(target: Field, spec: TensorSpec | None) -> int | None:
    """Return how many values an output gives for each target: of a mask the channels, else the last dimension."""
    if target.meaning == "mask" and spec is not None and spec.rank == 4 and spec.dims[1].fixed:
        return spec.dims[1].a
    if target.meaning == "mask":
        return 1 if spec is not None and spec.rank == 3 else None
    return output_width(spec)


def _options(pairs: Sequence[tuple[str, Value]]) -> dict[str, Value]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in pairs}


# --- the target -------------------------------------------------------------------------------------------------------


def _target(project: Project, node: Node, name: str) -> tuple[Field | None, Problem | None]:
    """Return the field that an output shall predict, or the problem with it."""
    target = target_field(project, node) if name else None
    if not name:
        message = f"'{node.name}' does not know what to predict: choose its target."
    else:
        message = target_problem(project, node)
    if target is not None and not message:
        if class_count(target) == 1 or (target.meaning in ("category", "flag", "mask") and not class_count(target)):
            count = units.plural(class_count(target), "different value")
            message = f"The target '{target.name}' has {count}: there is nothing to learn."
        else:
            message = _no_shape(project, target)
    if not message:
        return target, None
    return None, Problem("error", message, node.name, parameter="target", fixes=_targets_to_choose(project, node))


def _no_shape(project: Project, target: Field) -> str:
    try:
        target_shape(project, target)
    except ModelError as error:
        return error.message
    return ""


def _targets_to_choose(project: Project, node: Node) -> tuple[Fix, ...]:
    fields = [each for each in project.data.fields if can_be_learnt(each)]
    marked = [each for each in fields if each.role == "target"]
    taken = {target_of(each) for each in project.graph.of_kind(OUTPUT)}
    marked.sort(key=lambda each: each.name in taken)
    fixes = []
    for each in (marked or fields[::-1])[:_MOST_FIXES]:
        choose = SetParameters({node.name: {"target": each.name}})
        label = f"Predict '{each.name}'"
        if each.role == "target" or each.meaning == "image":
            fixes.append(Fix(label, choose))
        else:
            fixes.append(Fix(label, Together((SetField(replace(each, role="target")), choose), label)))
    return tuple(fixes)


# --- the loss ---------------------------------------------------------------------------------------------------------


def _loss(project: Project, node: Node, target: Field, kind: TargetType) -> tuple[LossKind | None, list[Problem]]:
    """Return the loss of an output, or the problem with it."""
    name = node.params.get("loss", AUTO)
    automatic = automatic_loss(kind)
    if name == AUTO:
        return automatic, []
    if is_own(name):
        found, message = own_loss(project, name, kind)
        if found is not None:
            return found, []
    else:
        loss = losses.find(name)
        wanted = fitting_type(loss, target, kind) if loss else None
        if loss is not None and wanted is not None:
            return adapted(loss, wanted), []
        message = f"There is no loss '{name}'.{did_you_mean(name, [AUTO, *(each.id for each in losses)])}"
        if loss is not None:
            message = f"{loss.title} measures predictions of {_wants(loss)}, but the target '{target.name}' "
            message += f"{described(target)}."
    fix = Fix(f"Use {automatic.title.lower()}", SetParameters({node.name: {"loss": automatic.id, "loss_options": ()}}))
    return None, [Problem("error", message, node.name, parameter="loss", fixes=(fix,))]


def _wants(loss: LossKind) -> str:
    if loss.meanings and loss.target not in ("binary",):
        return " or ".join(f"{meanings[each].title.lower()}s".replace("ys", "ies") for each in loss.meanings)
    nouns = {"class": "classes", "binary": "a target with two values", "number": "numbers", "labels": "labels"}
    return nouns.get(loss.target, "texts")


def _option_problems(node: Node, loss: LossKind, options: Mapping[str, Value]) -> list[Problem]:
    problems = []
    for each in check_options(loss, options):
        left = tuple((name, value) for name, value in options.items() if name != each.name)
        fix = Fix(f"Use the default of {each.name}", SetParameters({node.name: {"loss_options": left}}))
        problems.append(Problem("error", each.message, node.name, parameter="loss_options", fixes=(fix,)))
    return problems


def _one_area(loss: LossKind) -> bool:
    """True for losses of the overlap of a single area, which has no classes to be weighed."""
    return loss.target == "binary" and loss.meanings == ("mask",)


def _weight_problems(node: Node, target: Field, loss: LossKind, weights: str | tuple[float, ...]) -> list[Problem]:
    """Return what is wrong with class weights: no classes, not one for each, a loss that takes none."""
    classes = class_count(target)
    message, fixes = "", [Fix("Count all classes alike", SetParameters({node.name: {"class_weights": "none"}}))]
    if weights == "none":
        return []
    if loss.target not in ("class", "binary", "labels"):
        message = f"Class weights say nothing about '{target.name}', which {described(target)}."
    elif loss.form == "own" or (loss.target == "labels" and not loss.weight) or _one_area(loss):
        other = automatic_loss(loss.target)
        message = f"{loss.title} takes no class weights; {other.title.lower()} does."
        change = {"loss": other.id, "loss_options": ()}
        fixes.append(Fix(f"Use {other.title.lower()}", SetParameters({node.name: change})))
    elif not isinstance(weights, str) and len(weights) != classes:
        given = units.plural(len(weights), "class weight")
        message = f"'{target.name}' {described(target)}, but '{node.name}' has {given}: give one number for each."
        fixes.append(Fix("Balance them", SetParameters({node.name: {"class_weights": "balanced"}})))
    elif not isinstance(weights, str) and not any(weights):
        message = f"All class weights of '{node.name}' are 0, so that nothing counts."
    return [Problem("error", message, node.name, parameter="class_weights", fixes=tuple(fixes))] if message else []
