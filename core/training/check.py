"""The whole check of a project: its shapes, and what training needs besides: data, targets, losses, settings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.data.sources import sources
from core.errors import did_you_mean
from core.graph.binding import bound_fields, input_signature, target_of
from core.graph.edits import SetParameters
from core.graph.project import INPUT, OUTPUT, UNUSABLE, End, Field, Node, Project
from core.model.advice import advice
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.model.shapes import check as check_shapes
from core.model.trail import Place, places, way_up
from core.model.weight_files import weight_file_problems
from core.training.fit import fit_problems
from core.training.learning import nothing_to_learn, small_batches
from core.training.objective import OutputObjective, arriving, examine
from core.training.optimizers import optimizers
from core.training.options import check_options


@dataclass(frozen=True)
class CheckReport:
    """All findings about a project. ``blockers`` are those that keep it from being trained."""

    shapes: ShapeReport
    problems: tuple[Problem, ...]
    objectives: tuple[OutputObjective, ...]
    blockers: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """True where nothing is wrong; there may still be something missing (see ``ready``)."""
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def ready(self) -> bool:
        """True where the project can be trained as it is."""
        return not self.blockers


def check_project(project: Project, base: Path | None = None) -> CheckReport:
    """Return all that is wrong with a project, or missing for training; unchanged parts cost next to nothing.

    Pure but for the files of weights that groups name: ``base`` is the folder against which their paths are read.
    """
    shapes = check_shapes(project)
    problems = list(shapes.problems)
    objectives = []
    for node in project.graph.of_kind(OUTPUT):
        examined = examine(project, shapes, node)
        problems += examined.problems
        spec = arriving(shapes, node.name)
        if examined.objective:
            objectives.append(examined.objective)
            if spec is not None:
                problems += fit_problems(project, shapes, examined.objective, spec)
    problems += _input_problems(project)
    problems += _short_tables(project, shapes)
    problems += advice(project, shapes)
    problems += weight_file_problems(project, base)
    problems += _setting_problems(project)
    problems += small_batches(project, shapes)
    missing = [*_missing(project), *nothing_to_learn(project, shapes)]
    blockers = [problem for problem in problems if problem.severity == "error"] + missing
    return CheckReport(shapes, (*problems, *missing), tuple(objectives), tuple(blockers))


def _missing(project: Project) -> Iterator[Problem]:
    """Yield what an unfinished project still lacks: no mistake, but nothing can be trained without it."""
    graph = project.graph
    if not graph.of_kind(INPUT):
        yield Problem("info", "The network has no input yet: add an Input.")
    if not graph.of_kind(OUTPUT):
        yield Problem("info", "The network has no output yet: add an Output.")
    if not project.data.source:
        yield Problem("info", "There is no data yet: choose some to train with.")


# --- inputs -----------------------------------------------------------------------------------------------------------


def _input_problems(project: Project) -> Iterator[Problem]:
    if not project.data.source:
        return
    targets = {target_of(node): node.name for node in project.graph.of_kind(OUTPUT)}
    for node in project.graph.of_kind(INPUT):
        names = bound_fields(node)
        if not names:
            yield _unbound(project, node)
        elif not input_signature(project, node).problem:
            yield from _leaks(project, node, names, targets)


def _unbound(project: Project, node: Node) -> Problem:
    """Say that an input takes nothing from the data, and offer what it could take."""
    targets = {target_of(output) for output in project.graph.of_kind(OUTPUT)}
    columns = [each for each in project.data.with_role("input") if each.name not in targets]
    usable = [each for each in columns if each.meaning not in UNUSABLE]
    fixes = []
    if columns := [each for each in usable if not each.shape]:
        fixes.append(Fix("Use all input columns", _bind(node, _joinable(columns))))
    fixes += [Fix(f"Use '{each.name}'", _bind(node, [each])) for each in usable if each.shape]
    message = f"'{node.name}' takes nothing from the data yet: choose its fields."
    return Problem("error", message, node.name, parameter="fields", fixes=tuple(fixes))


def _joinable(columns: list[Field]) -> list[Field]:
    """Return the columns that can stand side by side: category indices join only with one another."""
    values = [each for each in columns if not (each.meaning == "category" and each.encoding == "index")]
    return values or columns


def _bind(node: Node, fields: list[Field]) -> SetParameters:
    return SetParameters({node.name: {"fields": tuple(each.name for each in fields)}})


def _leaks(project: Project, node: Node, names: tuple[str, ...], targets: dict[str, str]) -> Iterator[Problem]:
    for name in names:
        field = project.data.field(name)
        if name in targets and field and field.meaning == "image":
            message = f"'{targets[name]}' learns to give back '{name}', which '{node.name}' takes: an autoencoder."
            yield Problem("info", message, targets[name], parameter="target")
        elif name in targets:
            message = f"'{node.name}' is given '{name}', which '{targets[name]}' shall predict: it would only copy it."
            rest = tuple(each for each in names if each != name)
            fix = Fix(f"Take '{name}' out of the input", SetParameters({node.name: {"fields": rest}}))
            yield Problem("warning", message, node.name, parameter="fields", fixes=(fix,))


def _short_tables(project: Project, shapes: ShapeReport) -> Iterator[Problem]:
    """Yield embeddings with fewer rows than the category that they look up: on a GPU that would end the process."""
    for place in places(project, shapes):
        for node in place.graph.of_kind("Embedding"):
            found = place.report.nodes[node.name]
            rows, link = found.arguments.get("num_embeddings"), place.link_into(node.name)
            feeding = _looked_up(place, link) if found.ok and not node.shares else None
            if feeding is None or not isinstance(rows, int):
                continue
            bound = [field for name in bound_fields(feeding) if (field := project.data.field(name))]
            largest = max(bound, key=lambda field: len(field.categories), default=None)
            if largest is not None and len(largest.categories) > rows:
                wanted = len(largest.categories)
                message = (
                    f"'{node.name}' has {rows} rows (num_embeddings), but '{largest.name}' has {wanted} categories, "
                    "each of which needs a row of its own."
                )
                fixes = (place.setting(node, "num_embeddings", wanted),)
                name = "num_embeddings"
                yield Problem("error", message, node.name, parameter=name, fixes=fixes, path=place.path)


def _looked_up(place: Place, link: End | None) -> Node | None:
    """Return the Input of the project whose numbers arrive at a link as they are."""
    for hop in way_up(place, link):
        if hop.node.kind == INPUT:
            return hop.node
        if hop.kind is None or hop.kind.family != "Shape":
            return None
    return None


# --- settings ---------------------------------------------------------------------------------------------------------


def _setting_problems(project: Project) -> Iterator[Problem]:
    training = project.training
    rate = training.learning_rate
    if not (math.isfinite(rate) and rate > 0):
        yield Problem("error", f"The learning rate must be above 0, not {rate}.", parameter="learning_rate")
    for name, value in (("batch_size", training.batch_size), ("epochs", training.epochs)):
        if value < 1:
            yield Problem("error", f"{name} must be at least 1, not {value}.", parameter=name)
    if not 0 <= training.seed < 2**63:
        yield Problem("error", f"seed must be from 0 to 2**63 - 1, not {training.seed}.", parameter="seed")
    source = project.data.source
    if source and source not in sources:
        hint = did_you_mean(source, [each.id for each in sources])
        yield Problem("error", f"There is no data source '{source}'.{hint} Choose the data again.", parameter="source")
    kind = optimizers.find(training.optimizer)
    if kind is None:
        hint = did_you_mean(training.optimizer, [each.id for each in optimizers])
        yield Problem("error", f"There is no optimizer '{training.optimizer}'.{hint}", parameter="optimizer")
    elif training.optimizer_options:
        for each in check_options(kind, training.optimizer_options):
            yield Problem("error", each.message, parameter=each.name)
