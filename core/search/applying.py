"""From a project and the values of a trial to an ordinary project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.errors import EditError, LayerwrightError, SearchError
from core.graph.edits import Edit, SetKind, SetMode, SetParameters, SetRepeat, Within
from core.graph.kinds import kind_named, kind_of
from core.graph.project import Project, TrainingSettings
from core.kinds import Value
from core.parameters import parameters_of
from core.search.places import DATA, KIND, MODE, NODE, REPEAT, TRAINING, VARIABLE, Spot, node_of_place, options, spot

_FIRST = (f"/{KIND}", f".{KIND}", f"{TRAINING}/optimizer", f"{TRAINING}/schedule")
"""What decides which other places there are."""


def apply(project: Project, values: Mapping[str, Value]) -> Project:
    """Return the project with these values at their places. A parameter that the chosen kind has not is left out.

    Raises:
        SearchError: a place does not exist, or a value does not fit there; the message says which and why.
    """
    changed = project
    for place in sorted(values, key=lambda each: not each.endswith(_FIRST)):
        try:
            where = spot(project, place)
            if wrong := where.check(values[place]):
                raise SearchError(f"{where.title}: {wrong}")
            changed = _with(changed, where, values[place])
        except SearchError:
            raise
        except LayerwrightError as error:
            raise SearchError(f"{place}: {error}") from error
    return changed


def _with(project: Project, where: Spot, value: Value) -> Project:
    head, _, rest = where.place.partition("/")
    if head == VARIABLE:
        return replace(project, variables={**project.variables, rest: value})
    if head == NODE:
        return _with_node(project, where, value)
    if head == TRAINING:
        return replace(project, training=_with_setting(project.training, rest, value))
    assert head == DATA
    return _with_augmentation(project, rest, value)


def _with_node(project: Project, where: Spot, value: Value) -> Project:
    group, name, what = node_of_place(where.place)
    view = project.inside(group) if group else project
    node = view.graph.nodes[name]
    kind = kind_of(view, node)
    own = {each.name for each in parameters_of(kind)} if kind is not None else set()
    edit: Edit
    if where.structure == KIND:
        if value == node.kind:
            return project
        new = kind_named(view, str(value))
        kept = {each.name for each in parameters_of(new)} if new is not None else set()
        edit = SetKind(name, str(value), frozenset(kept & node.params.keys()))
    elif where.structure == MODE:
        edit = SetMode(frozenset({name}), value)
    elif where.structure == REPEAT:
        if kind is None or not kind.group:
            return project
        edit = SetRepeat(name, value, node.tied)
    elif what in own:
        edit = SetParameters({name: {what: value}})
    else:
        return project
    changed = (Within(group, edit) if group else edit).apply(project)
    if where.structure == KIND:
        _refuse_lost_links(project, changed, group, name, str(value))
    return changed


def _refuse_lost_links(before: Project, after: Project, group: str, name: str, kind: str) -> None:
    """Raise EditError where another kind has not the ports that the links of a node need."""
    graphs = [each.groups[group].graph if group else each.graph for each in (before, after)]
    gone = [str(each) for each in graphs[0].links if each not in graphs[1].links]
    if gone:
        raise EditError(f"'{name}' cannot become {kind}: the links to {', '.join(gone)} would find no port.")


def _with_setting(training: TrainingSettings, rest: str, value: Value) -> TrainingSettings:
    held, _, option = rest.partition("/")
    if not option:
        fitting: Any = {held: value}
        if held in ("optimizer", "schedule"):
            names = {each.name for each in options(held, str(value))}
            kept = getattr(training, f"{held}_options").items()
            fitting[f"{held}_options"] = {name: each for name, each in kept if name in names}
        return replace(training, **fitting)
    whose = held.removesuffix("_options")
    if option not in {each.name for each in options(whose, getattr(training, whose))}:
        return training
    more: Any = {held: {**getattr(training, held), option: value}}
    return replace(training, **more)


def _with_augmentation(project: Project, rest: str, value: Value) -> Project:
    name, augmentation, option = rest.rsplit("/", 2)
    fields = []
    for field in project.data.fields:
        if field.name == name:
            own = {**field.augment[augmentation], option: value}
            field = replace(field, augment={**field.augment, augmentation: own})
        fields.append(field)
    return replace(project, data=replace(project.data, fields=tuple(fields)))
