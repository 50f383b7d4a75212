"""The whole check of a project: its shapes, and what training needs besides: data, targets, losses, settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.augment import augmentations
from core.data.augmenting import augment_problems
from core.data.sources import sources
from core.errors import did_you_mean
from core.graph.binding import NEXT_TARGET, bound_fields, input_signature, target_of
from core.graph.edits import SetField, SetParameters, SetSampling
from core.graph.meanings import meanings
from core.graph.project import INPUT, OUTPUT, UNUSABLE, End, Field, Node, Project
from core.model.advice import advice
from core.model.problems import Fix, Problem, Severity
from core.model.reports import ShapeReport
from core.model.shapes import check as check_shapes
from core.model.trail import Place, places, way_up
from core.model.weight_files import weight_file_problems
from core.training.fit import fit_problems
from core.training.learning import nothing_to_learn, small_batches
from core.training.objective import OutputObjective, arriving, combined, examine
from core.training.settings_check import setting_problems

_GIVEN_BACK = ("image", "array", "audio", "sequence")
"""Meanings whose fields may be input and target at once: that makes an autoencoder."""


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

    Pure but for the files of weights that it starts from: ``base`` is the folder against which their paths are read.
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
    problems += _shares(objectives)
    problems += _input_problems(project)
    problems += _short_tables(project, shapes)
    problems += advice(project, shapes)
    problems += weight_file_problems(project, base, shapes)
    problems += setting_problems(project, shapes, objectives)
    problems += _source_problems(project)
    problems += _augment_problems(project)
    problems += _sampling_problems(project, objectives)
    problems += small_batches(project, shapes)
    missing = [*_missing(project), *nothing_to_learn(project, shapes)]
    blockers = [problem for problem in problems if problem.severity == "error"] + missing
    return CheckReport(shapes, (*problems, *missing), combined(project, objectives), tuple(blockers))


def _missing(project: Project) -> Iterator[Problem]:
    """Yield what an unfinished project still lacks: no mistake, but nothing can be trained without it."""
    graph = project.graph
    if not graph.of_kind(INPUT):
        yield Problem("info", "The network has no input yet: add an Input.")
    if not graph.of_kind(OUTPUT):
        yield Problem("info", "The network has no output yet: add an Output.")
    if not project.data.source:
        yield Problem("info", "There is no data yet: choose some to train with.")


def _shares(objectives: list[OutputObjective]) -> Iterator[Problem]:
    """Say that no output counts in the total loss."""
    if objectives and not any(each.weight for each in objectives):
        message = "Every output has the loss_weight 0, so that nothing would be learned: set one above 0."
        names = [each.output for each in objectives]
        fix = Fix("Set loss_weight to 1", SetParameters({name: {"loss_weight": 1.0} for name in names}))
        yield Problem("error", message, names[0], parameter="loss_weight", fixes=(fix,))


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
        if name in targets and field and field.meaning in _GIVEN_BACK:
            message = f"'{targets[name]}' learns to give back '{name}', which '{node.name}' takes: an autoencoder."
            yield Problem("info", message, targets[name], parameter="target")
        elif name in targets:
            message = f"'{node.name}' is given '{name}', which '{targets[name]}' shall predict: it would only copy it."
            rest = tuple(each for each in names if each != name)
            fixes = [Fix(f"Take '{name}' out of the input", SetParameters({node.name: {"fields": rest}}))]
            if field and field.meaning == "text":
                following = SetParameters({targets[name]: {"target": f"{NEXT_TARGET}{name}"}})
                fixes.insert(0, Fix(f"Predict the next token of '{name}'", following))
            yield Problem("warning", message, node.name, parameter="fields", fixes=tuple(fixes))


def _short_tables(project: Project, shapes: ShapeReport) -> Iterator[Problem]:
    """Yield embeddings with fewer rows than what they look up has indices: on a GPU that would end the process."""
    for place in places(project, shapes):
        for node in place.graph.of_kind("Embedding"):
            found = place.report.nodes[node.name]
            rows, link = found.arguments.get("num_embeddings"), place.link_into(node.name)
            feeding = _looked_up(place, link) if found.ok and not node.shares else None
            if feeding is None or not isinstance(rows, int):
                continue
            bound = [field for name in bound_fields(feeding) if (field := project.data.field(name))]
            largest = max(bound, key=_indices, default=None)
            if largest is not None and _indices(largest) > rows:
                yield _short_table(place, node, rows, largest)


def _indices(field: Field) -> int:
    """Return how many different indices a field may have: of a text as many as its vocabulary has room for."""
    return meanings[field.meaning].classes(field) if field.meaning == "text" else len(field.categories)


def _short_table(place: Place, node: Node, rows: int, field: Field) -> Problem:
    wanted, name = _indices(field), "num_embeddings"
    if field.meaning == "text":
        has = f"'{field.name}' may have {wanted:,} tokens. Training ends at the first that has no row"
    else:
        has = f"'{field.name}' has {wanted} categories, each of which needs a row of its own"
    message = f"'{node.name}' has {rows} rows ({name}), but {has}."
    severity: Severity = "warning" if field.meaning == "text" and field.encoding != "byte" else "error"
    fixes = (place.setting(node, name, wanted),)
    return Problem(severity, message, node.name, parameter=name, fixes=fixes, path=place.path)


def _looked_up(place: Place, link: End | None) -> Node | None:
    """Return the Input of the project whose numbers arrive at a link as they are."""
    for hop in way_up(place, link):
        if hop.node.kind == INPUT:
            return hop.node
        if hop.kind is None or hop.kind.family != "Shape":
            return None
    return None


# --- the source -------------------------------------------------------------------------------------------------------


def _source_problems(project: Project) -> Iterator[Problem]:
    source = project.data.source
    if source and source not in sources:
        hint = did_you_mean(source, [each.id for each in sources])
        yield Problem("error", f"There is no data source '{source}'.{hint} Choose the data again.", parameter="source")


def _augment_problems(project: Project) -> Iterator[Problem]:
    """Yield augmentations that there are not, that do not suit their field, or whose options are wrong."""
    for field in project.data.fields:
        messages = augment_problems(field) if field.augment and field.role == "input" else []
        if messages:
            each = field.augment.items()
            fine = {name: own for name, own in each if not augment_problems(replace(field, augment={name: own}))}
            fix = Fix("Take it out", SetField(replace(field, augment=fine)))
            yield Problem("error", " ".join(messages), parameter="augment", fixes=(fix,))
    yield from _mixed_in_part(project)


def _mixed_in_part(project: Project) -> Iterator[Problem]:
    """Say that samples are blended at one Input, while the network is given more of them at another."""
    taken = [bound_fields(node) for node in project.graph.of_kind(INPUT)]
    for field in project.data.fields:
        mixing = [kind for name in field.augment if (kind := augmentations.find(name)) and kind.mix is not None]
        others = [f"'{name}'" for names in taken if field.name not in names for name in names]
        if mixing and others and any(field.name in names for names in taken):
            rest = {name: own for name, own in field.augment.items() if name not in [each.id for each in mixing]}
            message = (
                f"{mixing[0].title} blends '{field.name}' with that of another sample, but the network takes "
                f"{', '.join(others[:3])} too, which would stay with one of them."
            )
            fix = Fix("Take it out", SetField(replace(field, augment=rest)))
            yield Problem("warning", message, parameter="augment", fixes=(fix,))


def _sampling_problems(project: Project, objectives: list[OutputObjective]) -> Iterator[Problem]:
    """Say that there are no classes that could be drawn equally often."""
    if project.data.sampling != "balanced" or not objectives:
        return
    if not any(each.target.meaning in ("category", "flag") for each in objectives):
        message = "Balanced sampling draws every class equally often, but no output learns classes: it changes nothing."
        fix = Fix("Draw every sample once", SetSampling(project.data.window, "shuffle"))
        yield Problem("warning", message, parameter="sampling", fixes=(fix,))
