"""Guidance by kind of problem: the loss, last layer and metrics that textbooks recommend, as one edit with its reason.

What has to change in the network is not decided here: the check says what does not fit the recommended loss, and the
fixes that it offers are taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from core.graph.binding import INPUT_TARGET, NEXT_TARGET, bound_fields, input_signature, target_field, target_of
from core.graph.edits import Edit, SetParameters, Together
from core.graph.project import INPUT, Field, Node, Project
from core.model.problems import Problem
from core.model.reports import ShapeReport
from core.model.shapes import check as check_shapes
from core.training.fit import fit_problems
from core.training.forms import Sizes
from core.training.losses import losses
from core.training.metrics import metrics
from core.training.objective import arriving, examine
from core.training.problem_types import (
    AUTOENCODER,
    COUNT,
    EACH_TOKEN,
    MANY_CLASSES,
    MANY_LABELS,
    NEXT_TOKEN,
    NUMBER,
    ORDERING,
    PIXELS,
    PROBLEM_TYPES,
    SEVERAL_NUMBERS,
    SIMILARITY,
    TWO_CLASSES,
    WITHOUT_ALIGNMENT,
    ProblemType,
)
from core.training.targets import adapted, class_count, fitting_type, possible, target_shape

_MOST_ROUNDS = 6
"""How many fixes in a row are taken: a feature map may need a Flatten, a Linear and no softmax."""
_OF_PAIRS = {"cosine_embedding": SIMILARITY, "hinge_embedding": SIMILARITY, "margin_ranking": ORDERING}


@dataclass(frozen=True)
class Proposal:
    """What is recommended for an output: one undoable edit, and why. ``left`` is what remains to be done by hand."""

    type: ProblemType
    why: str
    edit: Edit
    left: tuple[str, ...] = ()
    changes: bool = True
    """False where the project is as it is recommended already."""


def problem_type(project: Project, report: ShapeReport, node: Node) -> ProblemType | None:
    """Return what kind of problem an Output poses, or None while it has no target."""
    target = target_field(project, node)
    if target is None:
        return None
    chosen = node.params.get("loss")
    if target.name.startswith(INPUT_TARGET) or _enters(project, target):
        return AUTOENCODER
    if chosen == "poisson_nll" and target.meaning == "number":
        return COUNT
    if class_count(target) == 2 and target.meaning in ("category", "flag"):
        return _OF_PAIRS.get(str(chosen)) or (SIMILARITY if _gives_pairs(report, node) else TWO_CLASSES)
    if target.meaning == "text" and not target.name.startswith(NEXT_TARGET):
        return _of_text(project, report, node, target)
    return _usual(target)


def _of_text(project: Project, report: ShapeReport, node: Node, target: Field) -> ProblemType:
    """Return what is usual for a text: one that enters too is continued, one with a step for every token is tagged."""
    if _is_bound(project, target.name):
        return NEXT_TOKEN
    loss = losses.find(str(node.params.get("loss", "")))
    if loss is not None and loss.target == "class":
        return EACH_TOKEN
    spec, (length,) = arriving(report, node.name), target_shape(project, target)
    aligned = spec is not None and spec.rank == 3 and spec.dims[1].fixed and spec.dims[1].a == length
    return EACH_TOKEN if aligned and loss is None else WITHOUT_ALIGNMENT


def _is_bound(project: Project, field: str) -> bool:
    return any(field in bound_fields(each) for each in project.graph.of_kind(INPUT))


def _usual(target: Field) -> ProblemType:
    if target.name.startswith(NEXT_TARGET):
        return NEXT_TOKEN
    by_meaning = {
        "category": MANY_CLASSES,
        "flag": TWO_CLASSES,
        "labels": MANY_LABELS,
        "mask": PIXELS,
        "text": WITHOUT_ALIGNMENT,
        "number": NUMBER,
    }
    return by_meaning.get(target.meaning, SEVERAL_NUMBERS)


def _enters(project: Project, target: Field) -> bool:
    """True where the network is given what it shall predict, and that is more than a label."""
    shaped = target.meaning in ("image", "array", "audio", "sequence")
    return shaped and _is_bound(project, target.name)


def _gives_pairs(report: ShapeReport, node: Node) -> bool:
    spec = arriving(report, node.name)
    return spec is not None and spec.rank == 3 and spec.shape[1] == 2


def possible_types(project: Project, report: ShapeReport, node: Node) -> tuple[ProblemType, ...]:
    """Return the kinds of problem that an Output could pose with this data, the one that it poses first."""
    target = target_field(project, node)
    found = [problem_type(project, report, node)]
    if target is not None and class_count(target) == 2 and target.meaning in ("category", "flag"):
        found += [TWO_CLASSES, MANY_CLASSES, SIMILARITY, ORDERING]
    elif target is not None and target.meaning == "number":
        found += [NUMBER, COUNT]
    elif target is not None and found[0] in (WITHOUT_ALIGNMENT, EACH_TOKEN):
        found += [WITHOUT_ALIGNMENT, EACH_TOKEN]
    elif target is not None and found[0] not in (AUTOENCODER, NEXT_TOKEN):
        found.append(_usual(target))
    found += [each for each in (AUTOENCODER, NEXT_TOKEN) if _target_for(project, node, each)]
    return tuple(each for each in dict.fromkeys(found) if each is not None)


def _target_for(project: Project, node: Node, kind: ProblemType) -> str:
    """Return the target that a kind of problem needs, the present one where that will do; "" where there is none."""
    present = target_of(node)
    target = target_field(project, node)
    if kind is AUTOENCODER:
        if target is not None and (present.startswith(INPUT_TARGET) or _enters(project, target)):
            return present
        inputs = [each for each in project.graph.of_kind(INPUT) if bound_fields(each)]
        names = [each.name for each in inputs if input_signature(project, each).dtype == "float32"]
        return f"{INPUT_TARGET}{names[0]}" if names else ""
    if kind is NEXT_TOKEN:
        if target is not None and present.startswith(NEXT_TARGET):
            return present
        texts = [each.name for each in project.data.fields if each.meaning == "text" and _is_bound(project, each.name)]
        texts.sort(key=lambda each: each != present)
        return f"{NEXT_TARGET}{texts[0]}" if texts else ""
    return present if target is not None else ""


def propose(project: Project, report: ShapeReport, node: Node, chosen: str = "") -> Proposal | None:
    """Return what is recommended for an Output, or None where it has no target that could be learnt.

    ``report`` is the shape check's of the project; ``chosen`` is the id of a kind of problem, where the user knows
    better than ``problem_type``. An Output without a target gets the first field that is marked as one.
    """
    edits: list[Edit] = []
    if target_field(project, node) is None and not chosen:
        choose = [fix.edit for problem in examine(project, report, node).problems for fix in problem.fixes][:1]
        if not choose:
            return None
        edits += choose
        project_now = choose[0].apply(project)
        node = project_now.graph.nodes[node.name]
    else:
        project_now = project
    kind = next((each for each in PROBLEM_TYPES if each.id == chosen), None) or problem_type(project_now, report, node)
    target_name = _target_for(project_now, node, kind) if kind else ""
    if kind is None or not target_name:
        return None
    if target_name != target_of(node):
        edits.append(SetParameters({node.name: {"target": target_name}}))
        project_now = edits[-1].apply(project_now)
    edits += _settings(project_now, node.name, kind)
    label = f"Set up '{node.name}' for: {kind.title.lower()}"
    fixes, left = _fixed(Together(tuple(edits), label).apply(project), node.name)
    edit = Together((*edits, *fixes), label)
    after = edit.apply(project)
    return Proposal(kind, _why(after, node.name, kind), edit, left, after != project)


def _settings(project: Project, output: str, kind: ProblemType) -> Iterator[Edit]:
    """Yield the edit that sets loss and metrics; options and class weights stay where the loss stays."""
    node = project.graph.nodes[output]
    target = target_field(project, node)
    loss = losses[kind.loss]
    wanted = fitting_type(loss, target, possible(target)[0]) if target else None
    if target is None or wanted is None:
        return
    known = (adapted(loss, wanted).target, target.meaning, class_count(target))
    names = [each for each in kind.metrics if (metric := metrics.find(each)) and metric.suits(*known)]
    params = {"loss": loss.id, "metrics": tuple(names) or ("auto",)}
    if node.params.get("loss") not in (None, "auto", loss.id):
        params |= {"loss_options": (), "class_weights": "none"}
    yield SetParameters({output: params})


def _fixed(project: Project, output: str) -> tuple[list[Edit], tuple[str, ...]]:
    """Return the fixes that make an output fit its loss, one after the other, and what none of them could mend."""
    edits: list[Edit] = []
    seen: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        problems = _misfits(project, output)
        fixable = [each for each in problems if each.fixes and each.message not in seen]
        if not fixable:
            break
        seen.add(fixable[0].message)
        edits.append(fixable[0].fixes[0].edit)
        project = edits[-1].apply(project)
    left = [each.message for each in _misfits(project, output) if each.severity == "error"]
    return edits, tuple(left)


def _misfits(project: Project, output: str) -> list[Problem]:
    report = check_shapes(project)
    examined = examine(project, report, project.graph.nodes[output])
    spec = arriving(report, output)
    problems = [each for each in examined.problems if each.severity == "error"]
    if examined.objective is not None and spec is not None:
        problems += fit_problems(project, report, examined.objective, spec)
    return [each for each in problems if each.severity != "info"]


def _why(project: Project, output: str, kind: ProblemType) -> str:
    target = target_field(project, project.graph.nodes[output])
    if target is None:
        return kind.help
    count = class_count(target) or _value_count(target_shape(project, target))
    name = target.name.removeprefix(INPUT_TARGET).removeprefix(NEXT_TARGET)
    return kind.why.format(target=name, count=count)


def _value_count(shape: Sizes) -> int | str:
    sizes = [size for size in shape if isinstance(size, int)]
    return math.prod(sizes) if len(sizes) == len(shape) else "several"
