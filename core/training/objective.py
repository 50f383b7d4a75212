"""What each output shall learn: target, loss, weight and metrics, with sensible ones chosen by the kind of target."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core import units
from core.errors import did_you_mean
from core.graph.binding import target_of
from core.graph.edits import SetField, SetParameters, Together
from core.graph.project import OUTPUT, Field, Node, Project
from core.layers import catalogue
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.model.specs import TensorSpec
from core.parameters import resolve
from core.training.kinds import LossKind, MetricKind, TargetType
from core.training.losses import losses
from core.training.metrics import metrics

AUTO = "auto"
_LEARNABLE = ("number", "category", "flag", "image")
_MEASURED = ("number", "image")
"""Meanings that are predicted as values, not as classes."""
_MOST_FIXES = 3


@dataclass(frozen=True)
class OutputObjective:
    """One output's part in training. ``classes`` is 0 for a number; ``weight`` is its share in the total loss."""

    output: str
    target: Field
    loss: LossKind
    weight: float = 1.0
    metrics: tuple[MetricKind, ...] = ()
    classes: int = 0


@dataclass(frozen=True)
class Examined:
    """An output that was looked at: its objective, or None with the problems that stand against one."""

    objective: OutputObjective | None
    problems: tuple[Problem, ...] = ()


def class_count(target: Field) -> int:
    """Return how many classes a target has; 0 for a number and for images."""
    if target.meaning in _MEASURED:
        return 0
    return 2 if target.meaning == "flag" else len(target.categories)


def arriving(report: ShapeReport, output: str) -> TensorSpec | None:
    """Return what arrives at an output, or None while that is not known."""
    node = report.nodes.get(output)
    return node.inputs.get("input") if node else None


def output_width(spec: TensorSpec | None) -> int | None:
    """Return how many values an output gives per sample (the last dimension), or None while that is not known."""
    if spec is None or (spec.rank > 1 and not spec.dims[-1].fixed):
        return None
    return spec.dims[-1].a if spec.rank > 1 else 1


def target_type(target: Field, width: int | None) -> TargetType:
    """Return what is learnt from a target: two classes are a yes or no where the network gives a single value."""
    if target.meaning in _MEASURED:
        return "number"
    return "binary" if class_count(target) == 2 and width == 1 else "class"


def automatic_loss(wanted: TargetType) -> LossKind:
    """Return the loss that is chosen for a kind of target where the user chose none."""
    return next(loss for loss in losses if loss.automatic and loss.target == wanted)


def suits(loss: LossKind, target: Field) -> bool:
    """True where a loss can measure predictions of this target."""
    classes = class_count(target)
    if classes == 0:
        return loss.target == "number"
    return loss.target == "class" or (loss.target == "binary" and classes == 2)


def examine(project: Project, report: ShapeReport, node: Node) -> Examined:
    """Return an output's objective, or all that stands against it."""
    values, faults = resolve(catalogue[node.kind], node.params, project.variables)
    if faults:
        return Examined(None)  # The shape check reports parameters that do not fit.
    if not project.data.source:
        return Examined(None)
    target, problem = _target(project, node, values["target"])
    if target is None:
        return Examined(None, (problem,) if problem else ())
    kind = target_type(target, output_width(arriving(report, node.name)))
    loss, problems = _loss(node, target, kind, values["loss"])
    chosen, more = _metrics(node, target, kind if loss is None else loss.target, values["metrics"])
    problems += more
    if loss is None:
        return Examined(None, tuple(problems))
    weight = float(values["loss_weight"])
    return Examined(OutputObjective(node.name, target, loss, weight, chosen, class_count(target)), tuple(problems))


def _target(project: Project, node: Node, name: str) -> tuple[Field | None, Problem | None]:
    """Return the field that an output shall predict, or the problem with it."""
    target = project.data.field(name) if name else None
    if target is None:
        if name:
            near = did_you_mean(name, [each.name for each in project.data.fields])
            message = f"'{node.name}' shall predict '{name}', which the data does not have.{near}"
        else:
            message = f"'{node.name}' does not know what to predict: choose its target."
    elif target.meaning not in _LEARNABLE:
        message = (
            f"'{target.name}' holds {_plural(target.meaning)}, which cannot be predicted. Choose a number, a "
            "category or an image as the target, or change what the column means."
        )
    elif target.meaning not in _MEASURED and class_count(target) < 2:
        count = units.plural(class_count(target), "different value")
        message = f"The target '{target.name}' has {count}: there is nothing to learn."
    else:
        return target, None
    return None, Problem("error", message, node.name, parameter="target", fixes=_targets_to_choose(project, node))


def _article(target: Field) -> str:
    return {"number": "a number", "image": "an image"}.get(target.meaning, "a category")


def _plural(meaning: str) -> str:
    return {"identifier": "identifiers", "date": "dates"}.get(meaning, "texts")


def _targets_to_choose(project: Project, node: Node) -> tuple[Fix, ...]:
    fields = [each for each in project.data.fields if each.meaning in _LEARNABLE and class_count(each) != 1]
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


def _loss(node: Node, target: Field, kind: TargetType, name: str) -> tuple[LossKind | None, list[Problem]]:
    """Return the loss of an output, or the problem with it."""
    automatic = automatic_loss(kind)
    if name == AUTO:
        return automatic, []
    loss = losses.find(name)
    if loss is not None and suits(loss, target):
        return loss, []
    if loss is None:
        known = [AUTO, *(each.id for each in losses)]
        message = f"There is no loss '{name}'.{did_you_mean(name, known)}"
    else:
        classes = class_count(target)
        has = f"has {classes} classes" if classes else f"is {_article(target)}"
        wants = {"class": "classes", "binary": "a target with two values", "number": "numbers"}[loss.target]
        message = f"{loss.title} measures predictions of {wants}, but the target '{target.name}' {has}."
    fix = Fix(f"Use {automatic.title.lower()}", SetParameters({node.name: {"loss": automatic.id}}))
    return None, [Problem("error", message, node.name, parameter="loss", fixes=(fix,))]


def _metrics(
    node: Node, target: Field, kind: TargetType, names: tuple[str, ...]
) -> tuple[tuple[MetricKind, ...], list[Problem]]:
    """Return the metrics of an output, and the problems with those that do not fit (they are left out)."""
    chosen: dict[str, MetricKind] = {}
    problems = []
    for name in names:
        found = [each for each in metrics if each.automatic] if name == AUTO else [metrics.find(name)]
        for metric in found:
            message = ""
            if metric is None:
                message = f"There is no metric '{name}'.{did_you_mean(name, [AUTO, *(each.id for each in metrics)])}"
            elif metric.suits(kind):
                chosen[metric.id] = metric
            elif name != AUTO:
                message = f"{metric.title} says nothing about '{target.name}', which is {_article(target)}."
            if message:
                fix = Fix(f"Remove '{name}'", _without_metric(node, name, names))
                problems.append(Problem("warning", message, node.name, parameter="metrics", fixes=(fix,)))
    return tuple(chosen.values()), problems


def _without_metric(node: Node, name: str, names: tuple[str, ...]) -> SetParameters:
    return SetParameters({node.name: {"metrics": tuple(each for each in names if each != name)}})
