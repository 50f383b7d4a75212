"""Does what an output gives fit its loss and target? If not: why, and which edits would make it fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.graph.edits import Connect, Edit, RemoveNodes, SetParameters, Together
from core.graph.project import End, Graph, Node
from core.layers import catalogue
from core.model.fixes import insertion
from core.model.problems import Fix, Problem
from core.model.shapes import ShapeReport
from core.model.specs import TensorSpec
from core.training.objective import OutputObjective, automatic_loss

# What stands between a head and its output without changing what the values mean.
_PASSING = frozenset({"Identity", "Dropout", "Flatten"})


@dataclass(frozen=True)
class Hop:
    """A node on the way from an output back to its origin, and the link through which it was reached."""

    node: Node
    link: End


def way_back(graph: Graph, output: str) -> Iterator[Hop]:
    """Follow the first input of each node upstream from an output."""
    link = _link_into(graph, output)
    while link is not None:
        source = graph.links[link]
        yield Hop(graph.nodes[source.node], link)
        link = _link_into(graph, source.node)


def _link_into(graph: Graph, name: str) -> End | None:
    """Return the first linked input of a node; looks at its ports alone, not at the whole graph."""
    kind = catalogue.find(graph.nodes[name].kind) if name in graph.nodes else None
    for port in kind.inputs if kind else ():
        slots = (f"{port.name}.{index}" for index in range(len(graph.links))) if port.variadic else (port.name,)
        for slot in slots:
            if End(name, slot) in graph.links:
                return End(name, slot)
    return None


def fit_problems(graph: Graph, report: ShapeReport, objective: OutputObjective, spec: TensorSpec) -> list[Problem]:
    """Return what keeps an output from being trained: dtype, rank, width, and an activation that the loss applies."""
    return [*_misfits(graph, report, objective, spec), *_doubled_activation(graph, objective)]


def _misfits(graph: Graph, report: ShapeReport, objective: OutputObjective, spec: TensorSpec) -> Iterator[Problem]:
    name, single = objective.output, objective.loss.target != "class"
    values = spec.dims[1:]
    if spec.dtype != "float32":
        yield Problem("error", f"'{name}' gives whole numbers ({spec.dtype}); a loss needs float32.", name, "input")
    elif not spec.starts_with_batch:
        yield Problem("error", f"'{name}' gives {spec}: the first dimension has to be the batch, N.", name, "input")
    elif spec.rank > 2 and not (single and all(dim.fixed and dim.a == 1 for dim in values)):
        yield _rank_problem(graph, report, objective, spec)
    elif spec.rank == 2 and not values[0].fixed:
        yield Problem("error", f"'{name}' gives {spec}: its number of values has to be fixed.", name, "input")
    else:
        width = values[0].a if values else 1
        if width != wanted_width(objective):
            yield _width_problem(graph, objective, width)
        elif reason := _refusal(objective, spec):
            yield Problem("error", f"The loss refuses what '{name}' gives ({spec}): {reason}", name, "input")


def _refusal(objective: OutputObjective, spec: TensorSpec) -> str:
    from core.training.criterion import refusal

    return refusal(objective.loss, spec.dtype, spec.probe(0))


def wanted_width(objective: OutputObjective) -> int:
    """Return how many values per sample the loss needs."""
    return objective.classes if objective.loss.target == "class" else 1


# --- the number of values ---------------------------------------------------------------------------------------------


def _width_problem(graph: Graph, objective: OutputObjective, width: int) -> Problem:
    name, target, wanted = objective.output, objective.target.name, wanted_width(objective)
    gives = "1 value" if width == 1 else f"{width} values"
    if objective.loss.target == "class":
        message = f"The target '{target}' has {wanted} classes, the output gives {gives}."
    elif objective.loss.target == "binary":
        message = f"The target '{target}' is a yes or no, for which binary cross-entropy needs 1 value; got {gives}."
    else:
        message = f"The target '{target}' is one number, the output gives {gives}."
    fixes = [_width_fix(graph, name, wanted)]
    if objective.loss.target == "binary" and width == 2:
        other = automatic_loss("class")
        fixes.append(Fix(f"Use {other.title.lower()}", SetParameters({name: {"loss": other.id}})))
    too_many_scores = objective.loss.target == "class" and width > wanted
    if too_many_scores:
        message += " The others are never right."
    return Problem("warning" if too_many_scores else "error", message, name, "input", fixes=tuple(fixes))


def _width_fix(graph: Graph, output: str, wanted: int) -> Fix:
    """Change the layer that decides the width, or where there is none put one in front of the output."""
    for hop in way_back(graph, output):
        kind = catalogue.find(hop.node.kind)
        if hop.node.kind == "Linear":
            label = f"Set out_features of {hop.node.name} to {wanted}"
            return Fix(label, SetParameters({hop.node.name: {"out_features": wanted}}))
        if kind is None or (kind.family != "Activation" and kind.id not in ("Identity", "Dropout")):
            break
    link = End(output, "input")
    label = f"Insert Linear with {wanted} output{'s' if wanted > 1 else ''}"
    return Fix(label, insertion(graph, "Linear", link, {"out_features": wanted}))


# --- the number of dimensions -----------------------------------------------------------------------------------------


def _rank_problem(graph: Graph, report: ShapeReport, objective: OutputObjective, spec: TensorSpec) -> Problem:
    name, wanted = objective.output, wanted_width(objective)
    hops = list(_while_ranked(graph, report, name))
    recurrent = [hop for hop in hops if catalogue[hop.node.kind].short_axis]
    what = "A sequence" if recurrent and spec.rank == 3 else "A feature map"
    shape = " × ".join(("N", str(wanted)))
    needs = f"one value per class, {shape}" if objective.loss.target == "class" else f"one value, {shape}"
    message = f"{what} ({spec}) reaches the output '{name}'; to predict '{objective.target.name}' it needs {needs}."
    heads = [hop for hop in hops if hop.node.kind == "Linear"]
    link = (_link_into(graph, heads[-1].node.name) if heads else None) or End(name, "input")
    at_link = report.spec(graph.links[link])
    fixes = []
    if recurrent and at_link is not None and at_link.rank == 3:
        fixes.append(_insert_fix(graph, "LastStep", link, None if heads else wanted))
    if at_link is not None and all(dim.fixed for dim in at_link.dims[1:]):
        size = 1
        for dim in at_link.dims[1:]:
            size *= dim.a
        fixes.append(_insert_fix(graph, "Flatten", link, None if heads or size == wanted else wanted))
    return Problem("error", message, name, "input", fixes=tuple(fixes))


def _while_ranked(graph: Graph, report: ShapeReport, output: str) -> Iterator[Hop]:
    """Follow an output upstream as long as more than (batch, features) arrives."""
    for hop in way_back(graph, output):
        spec = report.spec(graph.links[hop.link])
        if spec is None or spec.rank <= 2:
            return
        yield hop


def _insert_fix(graph: Graph, kind: str, link: End, width: int | None) -> Fix:
    """Insert a layer into a link, and behind it a Linear of that width where one is still needed."""
    title = catalogue[kind].display
    first = insertion(graph, kind, link)
    if width is None:
        return Fix(f"Insert {title}", first)
    edits: tuple[Edit, ...] = (first, insertion(graph, "Linear", link, {"out_features": width}))
    label = f"Insert {title} and Linear"
    return Fix(label, Together(edits, label))


# --- an activation that the loss applies itself -----------------------------------------------------------------------


def _doubled_activation(graph: Graph, objective: OutputObjective) -> Iterator[Problem]:
    activation = objective.loss.activation
    for hop in way_back(graph, objective.output):
        if activation and hop.node.kind == activation:
            word = catalogue[activation].display.lower()
            message = (
                f"{objective.loss.title} applies {word} itself; '{hop.node.name}' before it makes '{objective.output}' "
                "learn slowly and never reach a low loss."
            )
            fix = Fix(f"Move {word} into the loss", _without(graph, hop))
            yield Problem("warning", message, hop.node.name, fixes=(fix,))
        if hop.node.kind not in _PASSING:
            return


def _without(graph: Graph, hop: Hop) -> Edit:
    """Take a node out of the way to an output; it stays for others that use it."""
    readers = [target for target, source in graph.links.items() if source.node == hop.node.name]
    fed_by = _link_into(graph, hop.node.name)
    if len(readers) > 1 and fed_by is not None:
        return Connect(graph.links[fed_by], hop.link)
    return RemoveNodes(frozenset({hop.node.name}), bridge=True)
