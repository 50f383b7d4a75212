"""Keeps the network's one Input and one Output in step with the data, so that binding data is a single gesture."""

from __future__ import annotations

from collections.abc import Sequence

from core.graph.edits import BindData, Edit, SetField, SetParameters, Together
from core.graph.project import INPUT, OUTPUT, UNUSABLE, DataBinding, Field, Project


def automatic_fields(fields: Sequence[Field]) -> tuple[str, ...]:
    """Return what a single Input takes by itself: the first image, else all columns that can stand side by side."""
    usable = [each for each in fields if each.role == "input" and each.meaning not in UNUSABLE]
    images = [each for each in usable if each.shape]
    if images:
        return (images[0].name,)
    values = [each for each in usable if not (each.meaning == "category" and each.encoding == "index")]
    return tuple(each.name for each in values or usable)


def bind_edit(project: Project, binding: DataBinding, label: str) -> Edit:
    """Return the edit that binds data and, in the same step, sets a single Input and Output that it leaves unbound."""
    return Together((BindData(binding), *_follow(project, binding.fields)), label)


def fields_edit(project: Project, changed: Sequence[Field]) -> Edit:
    """Return the edit that changes fields; a single Input and Output follow.

    Where there is one Output, a new target takes the place of the old one, which is ignored from then on.
    """
    by_name = {field.name: field for field in changed}
    targets = [field.name for field in changed if field.role == "target"]
    fields = [by_name.get(field.name, field) for field in project.data.fields]
    if targets and len(project.graph.of_kind(OUTPUT)) == 1:
        fields = [_ignored(field) if field.role == "target" and field.name != targets[0] else field for field in fields]
    old = project.data.fields
    edits = [SetField(new) for new, before in zip(fields, old, strict=True) if new != before]
    label = edits[0].label if len(changed) == 1 and edits else f"Change {len(changed)} fields"
    return Together((*edits, *_follow(project, tuple(fields))), label)


def _ignored(field: Field) -> Field:
    from core.data.meaning import with_role

    return with_role(field, "ignore")


def _follow(project: Project, fields: tuple[Field, ...]) -> list[Edit]:
    edits: list[Edit] = []
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
    """Keep what the user picked as far as it still is an input; what was chosen by itself stays so."""
    there = {each.name for each in new if each.role == "input"}
    kept = tuple(name for name in now if name in there)
    return automatic_fields(new) if not kept or now == automatic_fields(old) else kept
