"""Does what an output gives fit its loss and target? If not: why, and which edits would make it fit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from core.graph.edits import DEFAULT, Connect, Edit, RemoveNodes, SetParameters, Together
from core.graph.project import End, Project
from core.layers import catalogue
from core.model.fixes import insertion
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.model.specs import TensorSpec
from core.model.trail import Hop, Place, way_back
from core.training.fit_image import image_problem
from core.training.objective import OutputObjective, automatic_loss

_FARTHEST = 200
"""How many layers before an output are looked at."""
# What stands between a head and its output without changing what the values mean.
_PASSING = frozenset({"Identity", "Dropout", "Flatten", "Squeeze"})
_OPTION = {"Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid", "LogSigmoid": "log_sigmoid"}
"""What an activation is called as a property of a layer."""


def fit_problems(project: Project, report: ShapeReport, objective: OutputObjective, spec: TensorSpec) -> list[Problem]:
    """Return what keeps an output from being trained: dtype, rank, width, and an activation that the loss applies."""
    trail = tuple(islice(way_back(project, report, objective.output), _FARTHEST))
    root = Place(project, report)
    return [
        *_misfits(root, trail, objective, spec),
        *_doubled_activation(trail, objective),
        *_unsteady(trail, objective),
    ]


def _misfits(root: Place, trail: tuple[Hop, ...], objective: OutputObjective, spec: TensorSpec) -> Iterator[Problem]:
    name, single = objective.output, objective.loss.target != "class"
    values = spec.dims[1:]
    if spec.dtype != "float32":
        yield Problem("error", f"'{name}' gives whole numbers ({spec.dtype}); a loss needs float32.", name, "input")
    elif not spec.starts_with_batch:
        yield Problem("error", f"'{name}' gives {spec}: the first dimension has to be the batch, N.", name, "input")
    elif objective.target.shape and (problem := image_problem(root, objective, spec)):
        yield problem
    elif objective.target.shape:
        yield from _refusals(objective, spec)
    elif spec.rank > 2 and not (single and all(dim.fixed and dim.a == 1 for dim in values)):
        yield _rank_problem(root, trail, objective, spec)
    elif spec.rank == 2 and not values[0].fixed:
        yield Problem("error", f"'{name}' gives {spec}: its number of values has to be fixed.", name, "input")
    else:
        width = values[0].a if values else 1
        if width != wanted_width(objective):
            yield _width_problem(root, trail, objective, width)
        else:
            yield from _refusals(objective, spec)


def _refusals(objective: OutputObjective, spec: TensorSpec) -> Iterator[Problem]:
    from core.training.criterion import refusal

    name = objective.output
    if reason := refusal(objective.loss, spec.dtype, spec.probe(0), objective.target.shape):
        yield Problem("error", f"The loss refuses what '{name}' gives ({spec}): {reason}", name, "input")


def wanted_width(objective: OutputObjective) -> int:
    """Return how many values per sample the loss needs."""
    return objective.classes if objective.loss.target == "class" else 1


# --- the number of values ---------------------------------------------------------------------------------------------


def _width_problem(root: Place, trail: tuple[Hop, ...], objective: OutputObjective, width: int) -> Problem:
    name, target, wanted = objective.output, objective.target.name, wanted_width(objective)
    gives = "1 value" if width == 1 else f"{width} values"
    if objective.loss.target == "class":
        message = f"The target '{target}' has {wanted} classes, the output gives {gives}."
    elif objective.loss.target == "binary":
        message = f"The target '{target}' is a yes or no, for which binary cross-entropy needs 1 value; got {gives}."
    else:
        message = f"The target '{target}' is one number, the output gives {gives}."
    fixes = [_width_fix(root, trail, name, wanted)]
    if objective.loss.target == "binary" and width == 2:
        other = automatic_loss("class")
        fixes.append(Fix(f"Use {other.title.lower()}", SetParameters({name: {"loss": other.id}})))
    too_many_scores = objective.loss.target == "class" and width > wanted
    if too_many_scores:
        message += " The others are never right."
    return Problem("warning" if too_many_scores else "error", message, name, "input", fixes=tuple(fixes))


def _width_fix(root: Place, trail: tuple[Hop, ...], output: str, wanted: int) -> Fix:
    """Change the layer that decides the width, or where there is none put one in front of the output."""
    for hop in trail:
        kind = hop.kind
        if hop.node.kind == "Linear" and not hop.node.shares:
            return hop.place.setting(hop.node, "out_features", wanted)
        if kind is None or (kind.family != "Activation" and kind.id not in ("Identity", "Dropout")):
            break
    label = f"Insert Linear with {wanted} output{'s' if wanted > 1 else ''}"
    return Fix(label, insertion(root.graph, "Linear", End(output, "input"), {"out_features": wanted}))


# --- the number of dimensions -----------------------------------------------------------------------------------------


def _rank_problem(root: Place, trail: tuple[Hop, ...], objective: OutputObjective, spec: TensorSpec) -> Problem:
    name, wanted = objective.output, wanted_width(objective)
    hops = list(_while_ranked(trail))
    recurrent = [hop for hop in hops if hop.kind is not None and hop.kind.short_axis]
    what = "A sequence" if recurrent and spec.rank == 3 else "A feature map"
    shape = " × ".join(("N", str(wanted)))
    needs = f"one value per class, {shape}" if objective.loss.target == "class" else f"one value, {shape}"
    message = f"{what} ({spec}) reaches the output '{name}'; to predict '{objective.target.name}' it needs {needs}."
    heads = [hop for hop in hops if hop.node.kind == "Linear"]
    place = heads[-1].place if heads else root
    link = (place.link_into(heads[-1].node.name) if heads else None) or End(name, "input")
    at_link = place.spec(link)
    fixes = []
    if recurrent and at_link is not None and at_link.rank == 3:
        fixes.append(_insert_fix(place, "LastStep", link, None if heads else wanted))
    if at_link is not None and all(dim.fixed for dim in at_link.dims[1:]):
        size = 1
        for dim in at_link.dims[1:]:
            size *= dim.a
        fixes.append(_insert_fix(place, "Flatten", link, None if heads or size == wanted else wanted))
    return Problem("error", message, name, "input", fixes=tuple(fixes))


def _while_ranked(trail: tuple[Hop, ...]) -> Iterator[Hop]:
    """Follow an output upstream as long as more than (batch, features) arrives."""
    for hop in trail:
        spec = hop.spec
        if spec is None or spec.rank <= 2:
            return
        yield hop


def _insert_fix(place: Place, kind: str, link: End, width: int | None) -> Fix:
    """Insert a layer into a link, and behind it a Linear of that width where one is still needed."""
    title = catalogue[kind].display
    first = insertion(place.graph, kind, link)
    if width is None:
        return Fix(f"Insert {title}", place.edit(first))
    edits: tuple[Edit, ...] = (first, insertion(place.graph, "Linear", link, {"out_features": width}))
    label = f"Insert {title} and Linear"
    return Fix(label, place.edit(Together(edits, label)))


# --- an activation that the loss applies itself -----------------------------------------------------------------------


def _doubled_activation(trail: tuple[Hop, ...], objective: OutputObjective) -> Iterator[Problem]:
    activation = objective.loss.activation
    if not activation:
        return
    for hop in trail:
        for kind in (activation, f"Log{activation}"):
            own = hop.report.arguments.get("activation") == _OPTION[kind]
            if own or hop.node.kind == kind:
                edit = SetParameters({hop.node.name: {"activation": DEFAULT}}) if own else _without(hop)
                yield _doubled(hop, objective, kind, edit)
        if hop.node.kind not in _PASSING:
            return


def _doubled(hop: Hop, objective: OutputObjective, kind: str, edit: Edit) -> Problem:
    applied = catalogue[objective.loss.activation].display.lower()
    word = applied if kind == objective.loss.activation else f"log-{applied}"
    harmless = kind == "LogSoftmax"
    if harmless:
        why = f"the {word} of '{hop.node.name}' before it changes nothing and may go."
    else:
        why = f"'{hop.node.name}' before it makes '{objective.output}' learn slowly and never reach a low loss."
    message = f"{objective.loss.title} applies {applied} itself; {why}"
    fix = Fix(f"Move {word} into the loss", hop.place.edit(edit))
    return Problem("info" if harmless else "warning", message, hop.node.name, fixes=(fix,), path=hop.place.path)


def _without(hop: Hop) -> Edit:
    """Take a node out of the way to an output; it stays for others that use it."""
    links = hop.place.graph.links
    readers = [target for target, source in links.items() if source.node == hop.node.name]
    fed_by = hop.place.link_into(hop.node.name)
    if len(readers) > 1 and fed_by is not None:
        return Connect(links[fed_by], hop.link)
    return RemoveNodes(frozenset({hop.node.name}), bridge=True)


# --- layers that make an output unsteady ------------------------------------------------------------------------------


def _unsteady(trail: tuple[Hop, ...], objective: OutputObjective) -> Iterator[Problem]:
    """Dropout and batch normalisation right before the output (of a group only where it serves nothing else)."""
    for hop in trail:
        kind = hop.kind
        dropout = kind is not None and "Dropout" in kind.id
        norm = kind is not None and "BatchNorm" in kind.id
        if (dropout or norm) and hop.place.once:
            if dropout:
                why = "it blanks out predictions at random during training, so that they can never all be right"
            else:
                why = "what is predicted for a sample depends on the others of its batch, and its scale is taken away"
            message = f"'{hop.node.name}' stands right before the output '{objective.output}': {why}."
            fix = Fix(f"Remove {hop.node.name}", hop.place.edit(_without(hop)))
            yield Problem("warning", message, hop.node.name, fixes=(fix,), path=hop.place.path)
        elif hop.node.kind not in _PASSING:
            return
