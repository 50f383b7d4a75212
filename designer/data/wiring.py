"""Keeps the network's one Input and one Output in step with what is changed of the data or drawn, in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.data.meaning import with_role
from core.data.wiring import automatic_fields, following_edits
from core.errors import EditError
from core.graph.binding import input_signature
from core.graph.edits import Edit, SetField, Together
from core.graph.project import INPUT, OUTPUT, Field, Graph, Node, Project
from designer.data.changes import ALONE


def fields_edit(project: Project, changed: Sequence[Field], merge_key: str = "") -> Edit:
    """Return the edit that changes fields; a single Input and Output follow.

    Where there is one Output, a new target takes the place of the old one, which is ignored from then on; so it is
    with the roles that only one field can have. Edits with the same ``merge_key`` become one step.
    """
    by_name = {field.name: field for field in changed}
    fields = [by_name.get(field.name, field) for field in project.data.fields]
    alone = (*ALONE, *(("target",) if len(project.graph.of_kind(OUTPUT)) == 1 else ()))
    for role in alone:
        new = [field.name for field in changed if field.role == role]
        if new:
            fields = [_ignored(each) if each.role == role and each.name != new[0] else each for each in fields]
    old = project.data.fields
    edits = [SetField(after) for after, before in zip(fields, old, strict=True) if after != before]
    label = SetField(changed[0]).label if len(changed) == 1 else f"Change {len(changed)} fields"
    return Together((*edits, *following_edits(project, tuple(fields))), label, merge_key)


def wired(project: Project, edit: Edit) -> Edit:
    """Return an edit of the root graph that also binds the Input and the Output that it adds, where they are the only
    ones and nothing is set of them: data that is bound first counts as data that is bound last. An edit that would be
    refused comes back as it is.
    """
    if not project.data.source:
        return edit
    try:
        after = edit.apply(project)
    except EditError:
        return edit
    new = {name for name, node in after.graph.nodes.items() if name not in project.graph.nodes and not node.params}
    follow = [each for each in following_edits(after, after.data.fields) if each.values.keys() <= new]
    return Together((edit, *follow), edit.label) if follow else edit


def filled(project: Project, node: Node) -> Node:
    """Return an Input or Output as it will be once ``wired`` has bound it, so that its card can be measured."""
    if node.params or node.kind not in (INPUT, OUTPUT) or project.graph.of_kind(node.kind):
        return node
    alone = replace(project, graph=Graph({node.name: node}))
    for edit in following_edits(alone, project.data.fields):
        alone = edit.apply(alone)
    return alone.graph.nodes[node.name]


def rank_of_new_input(project: Project) -> int | None:
    """Return the rank (batch included) of what the first Input of a network takes by itself; None where nothing."""
    fields = automatic_fields(project.data.fields)
    if not fields or project.graph.of_kind(INPUT):
        return None
    found = input_signature(project, Node("input", INPUT, {"fields": fields}))
    return None if found.problem else len(found.shape) + 1


def _ignored(field: Field) -> Field:
    return with_role(field, "ignore")
