"""Keeps the network's one Input and one Output in step with the data, so that binding data is a single step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.data.bind import usual_split
from core.data.meaning import with_role
from core.errors import DataError, did_you_mean
from core.graph.binding import is_cell
from core.graph.edits import BindData, Edit, SetParameters, Together
from core.graph.project import INPUT, OUTPUT, UNUSABLE, DataBinding, Field, Project


def automatic_fields(fields: Sequence[Field]) -> tuple[str, ...]:
    """Return what a single Input takes by itself: the first image, else all columns that join, else a text."""
    usable = [each for each in fields if each.role == "input" and each.meaning not in UNUSABLE]
    images = [each for each in usable if each.shape]
    if images:
        return (images[0].name,)
    cells = [each for each in usable if is_cell(each)]
    values = [each for each in cells if not (each.meaning == "category" and each.encoding == "index")]
    return tuple(each.name for each in values or cells or usable[:1])


def bind_edit(project: Project, binding: DataBinding, label: str) -> Edit:
    """Return the edit that binds data and, in the same step, sets a single Input and Output that it leaves unbound."""
    return Together((BindData(binding), *following_edits(project, binding.fields)), label)


def following_edits(project: Project, fields: tuple[Field, ...]) -> list[SetParameters]:
    """Return the edits that bind a single Input and a single Output to what these fields will be."""
    edits: list[SetParameters] = []
    inputs, outputs = project.graph.of_kind(INPUT), project.graph.of_kind(OUTPUT)
    if len(inputs) == 1:
        now = tuple(inputs[0].params.get("fields", ()))
        wanted = _wanted_fields(now, project.data.fields, fields)
        if wanted and wanted != now:
            edits.append(SetParameters({inputs[0].name: {"fields": wanted}}))
    if len(outputs) == 1:
        targets = [each.name for each in fields if each.role == "target"]
        if targets and outputs[0].params.get("target", "") not in targets:
            edits.append(SetParameters({outputs[0].name: {"target": targets[0]}}))
    return edits


def _wanted_fields(now: tuple[str, ...], old: Sequence[Field], new: Sequence[Field]) -> tuple[str, ...]:
    """Keep what the user picked as far as it still is an input; what was chosen by itself stays so.

    It may grow and shrink so, but nothing that still is an input gives way to something else.
    """
    there = {each.name for each in new if each.role == "input"}
    kept = tuple(name for name in now if name in there)
    found = automatic_fields(new)
    return found if not kept or (now == automatic_fields(old) and {*kept} <= {*found}) else kept


def with_targets(binding: DataBinding, targets: Sequence[str]) -> DataBinding:
    """Return a binding in which these fields are the targets, and those that were proposed are ignored.

    The split goes by the new targets, as it does where a binding is proposed.

    Raises:
        DataError: there is no such field, or it cannot be a target.
    """
    for name in targets:
        if binding.field(name) is None:
            raise DataError(f"There is no field '{name}'.{did_you_mean(name, [each.name for each in binding.fields])}")
    fields = tuple(_in_role(each, each.name in targets) for each in binding.fields)
    return replace(binding, fields=fields, split=replace(binding.split, method=usual_split(fields)))


def _in_role(field: Field, is_target: bool) -> Field:
    if is_target:
        return field if field.role == "target" else with_role(field, "target")
    return with_role(field, "ignore") if field.role == "target" else field
