"""Does what an output gives fit its loss and target? If not: why, and which edits would make it fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from core.graph.edits import DEFAULT, Connect, Edit, RemoveNodes, SetField, SetKind, SetParameters, Together
from core.graph.meanings import meanings
from core.graph.project import End, Project
from core.layers import catalogue
from core.model.fixes import insertion
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.model.specs import TensorSpec
from core.model.trail import Hop, Place, way_back
from core.training.fit_shape import shape_problem, width_fix
from core.training.forms import expected, matches
from core.training.objective import OutputObjective
from core.training.targets import article, automatic_loss

_FARTHEST = 200
"""How many layers before an output are looked at."""
_SOME = 4
"""How long a text is that the loss is tried with."""
# What stands between a head and its output without changing what the values mean.
_PASSING = frozenset({"Identity", "Dropout", "Flatten", "Squeeze"})
_OPTION = {"Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid", "LogSigmoid": "log_sigmoid"}
"""What an activation is called as a property of a layer."""
_NOT_NEGATIVE = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "Sigmoid": "sigmoid",
    "Hardsigmoid": "hardsigmoid",
    "Softmax": "softmax",
    "Softplus": "softplus",
}
"""Activations that give no value below 0, and what they are called as a property of a layer."""
_CENTRED = ("standardise", "robust")
"""Encodings that put the middle of a target at 0."""


def fit_problems(project: Project, report: ShapeReport, objective: OutputObjective, spec: TensorSpec) -> list[Problem]:
    """Return what keeps an output from being trained: dtype, rank, width, and an activation that the loss applies."""
    trail = tuple(islice(way_back(project, report, objective.output), _FARTHEST))
    root = Place(project, report)
    return [
        *_misfits(root, trail, objective, spec),
        *_doubled_activation(trail, objective),
        *_never_below_zero(trail, objective),
        *_missing_activation(root, trail, objective),
        *_scaled(objective),
        *_too_few_steps(objective, spec),
        *_unsteady(trail, objective),
    ]


def _misfits(root: Place, trail: tuple[Hop, ...], objective: OutputObjective, spec: TensorSpec) -> Iterator[Problem]:
    name, values = objective.output, spec.dims[1:]
    wanted = expected(objective.loss, objective.shape, objective.classes)
    single = wanted == (1,)
    if spec.dtype != "float32":
        yield Problem("error", f"'{name}' gives whole numbers ({spec.dtype}); a loss needs float32.", name, "input")
    elif not spec.starts_with_batch:
        yield Problem("error", f"'{name}' gives {spec}: the first dimension has to be the batch, N.", name, "input")
    elif wanted is None:
        yield from _refusals(objective, spec)
    elif len(wanted) > 1 or not isinstance(wanted[0], int):
        fits = matches(objective.loss, wanted, spec.shape[1:])
        yield from _refusals(objective, spec) if fits else [shape_problem(root, trail, objective, spec, wanted)]
    elif spec.rank > 2 and not (single and all(dim.fixed and dim.a == 1 for dim in values)):
        yield _rank_problem(root, trail, objective, spec, wanted[0])
    elif spec.rank == 2 and not values[0].fixed:
        yield Problem("error", f"'{name}' gives {spec}: its number of values has to be fixed.", name, "input")
    else:
        width = values[0].a if values else 1
        if width != wanted[0]:
            yield _width_problem(root, trail, objective, width, wanted[0])
        else:
            yield from _refusals(objective, spec)


def _refusals(objective: OutputObjective, spec: TensorSpec) -> Iterator[Problem]:
    from core.training.criterion import refusal

    name, open_sizes = objective.output, {dim.name: dim.a for dim in spec.dims}
    sample = tuple(size if isinstance(size, int) else open_sizes.get(size, _SOME) for size in objective.shape)
    if reason := refusal(objective.loss, spec.dtype, spec.probe(0), sample, objective.options):
        yield Problem("error", f"The loss refuses what '{name}' gives ({spec}): {reason}", name, "input")


# --- the number of values ---------------------------------------------------------------------------------------------


def _width_problem(root: Place, trail: tuple[Hop, ...], objective: OutputObjective, width: int, wanted: int) -> Problem:
    name, target, loss = objective.output, objective.target.name, objective.loss
    gives = "1 value" if width == 1 else f"{width} values"
    if loss.form == "two":
        message = f"{loss.title} needs 2 values for '{target}' ({loss.expects}); the output gives {gives}."
    elif loss.target == "binary":
        message = f"The target '{target}' is a yes or no, for which {loss.title.lower()} needs 1 value; got {gives}."
    elif loss.target in ("class", "labels"):
        noun = "classes" if loss.target == "class" else "labels"
        message = f"The target '{target}' has {wanted} {noun}, the output gives {gives}."
    else:
        what = "one number" if wanted == 1 else f"{article(objective.target)} of {wanted} values"
        message = f"The target '{target}' is {what}, the output gives {gives}."
    fixes = [width_fix(root, trail, name, wanted)]
    if loss.target == "binary" and loss.form == "same" and width == 2:
        other = automatic_loss("class")
        fixes.append(Fix(f"Use {other.title.lower()}", SetParameters({name: {"loss": other.id, "loss_options": ()}})))
    too_many_scores = loss.target == "class" and width > wanted
    if too_many_scores:
        message += " The others are never right."
    return Problem("warning" if too_many_scores else "error", message, name, "input", fixes=tuple(fixes))


# --- the number of dimensions -----------------------------------------------------------------------------------------


def _rank_problem(
    root: Place, trail: tuple[Hop, ...], objective: OutputObjective, spec: TensorSpec, wanted: int
) -> Problem:
    name = objective.output
    hops = list(_while_ranked(trail))
    recurrent = [hop for hop in hops if hop.kind is not None and hop.kind.short_axis]
    what = "A sequence" if recurrent and spec.rank == 3 else "A feature map"
    shape = " × ".join(("N", str(wanted)))
    each = {"class": "one value per class", "labels": "one value per label"}.get(objective.loss.target)
    needs = f"{each or ('one value' if wanted == 1 else f'{wanted} values')}, {shape}"
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
        for kind, option in _OPTION.items():
            own = hop.report.arguments.get("activation") == option
            if own or hop.node.kind == kind:
                edit = SetParameters({hop.node.name: {"activation": DEFAULT}}) if own else _without(hop)
                same = kind.removeprefix("Log") == activation
                yield (_doubled if same else _foreign)(hop, objective, kind, edit)
        if hop.node.kind not in _PASSING:
            return


def _foreign(hop: Hop, objective: OutputObjective, kind: str, edit: Edit) -> Problem:
    """Say that scores are squeezed before a loss that takes them of any size: softmax of one value is always 1."""
    word, applied = catalogue[kind].display, catalogue[objective.loss.activation].display.lower()
    message = (
        f"{objective.loss.title} takes scores of any size and sign and applies {applied} itself; the {word.lower()} of "
        f"'{hop.node.name}' before it squeezes them, so that '{objective.output}' can never be sure of anything."
    )
    fix = Fix(f"Remove {word.lower()} before the loss", hop.place.edit(edit))
    return Problem("warning", message, hop.node.name, fixes=(fix,), path=hop.place.path)


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


def _never_below_zero(trail: tuple[Hop, ...], objective: OutputObjective) -> Iterator[Problem]:
    """An activation without negative values before a target of which about half are negative."""
    target, loss = objective.target, objective.loss
    if loss.target != "number" or loss.gives != "values" or target.encoding not in _CENTRED:
        return
    for hop in trail:
        option = hop.report.arguments.get("activation")
        own = isinstance(option, str) and option in _NOT_NEGATIVE.values()
        if own or hop.node.kind in _NOT_NEGATIVE:
            word = str(option) if own else catalogue[hop.node.kind].display
            message = (
                f"The {word} of '{hop.node.name}' gives nothing below 0, but '{target.name}' is prepared by "
                f"{target.encoding}, so that many of its values are below 0: they can never be predicted."
            )
            edit = SetParameters({hop.node.name: {"activation": DEFAULT}}) if own else _without(hop)
            fix = Fix(f"Remove {word} before '{objective.output}'", hop.place.edit(edit))
            yield Problem("warning", message, hop.node.name, fixes=(fix,), path=hop.place.path)
            return
        if hop.node.kind not in _PASSING:
            return


def _missing_activation(root: Place, trail: tuple[Hop, ...], objective: OutputObjective) -> Iterator[Problem]:
    """A loss that takes probabilities as they are, behind an output that gives something else."""
    needs, name = objective.loss.needs, objective.output
    if not needs:
        return
    for hop in trail:
        if hop.node.kind == needs or hop.report.arguments.get("activation") == _OPTION[needs]:
            return
        if hop.node.kind not in _PASSING or hop.node.kind == "Dropout":
            break
    title = catalogue[needs].display
    message = (
        f"{objective.loss.title} takes what '{name}' gives as {objective.loss.expects}, but no {title} makes it so."
    )
    fixes = [Fix(f"Insert {title}", insertion(root.graph, needs, End(name, "input")))]
    first = trail[0] if trail else None
    if first is not None and needs == f"Log{first.node.kind}":
        fixes = [Fix(f"Change {first.node.name} to {title}", first.place.edit(SetKind(first.node.name, needs)))]
    yield Problem("warning", message, name, "input", fixes=tuple(fixes))


def _scaled(objective: OutputObjective) -> Iterator[Problem]:
    """A loss to which zero means something, with a target that is shifted and scaled."""
    target, loss = objective.target, objective.loss
    if loss.unscaled and target.encoding != "none" and "standardise" in meanings[target.meaning].target_encodings:
        message = f"{loss.title} needs '{target.name}' in its own units, but it is prepared by {target.encoding}."
        fix = Fix(f"Leave '{target.name}' as it is", SetField(replace(target, encoding="none")))
        yield Problem("error", message, objective.output, parameter="loss", fixes=(fix,))


def _too_few_steps(objective: OutputObjective, spec: TensorSpec) -> Iterator[Problem]:
    """Texts of a set length that is longer than the steps that CTC may spell them with."""
    length = objective.shape[0] if objective.loss.form == "steps" else ""
    if isinstance(length, int) and spec.rank == 3 and spec.dims[1].fixed and spec.dims[1].a < length:
        message = (
            f"'{objective.output}' gives {spec.dims[1].a} steps, but '{objective.target.name}' has up to {length} "
            "symbols: CTC cannot spell a text with fewer steps than symbols, and leaves such samples out. Shorten the "
            "sequence less on its way."
        )
        yield Problem("warning", message, objective.output, "input")


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
