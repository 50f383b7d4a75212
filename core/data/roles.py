"""What each column of a table is probably for, always with the reason: target, split, group or weight."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.data.source import Column, Lazy
from core.graph.project import Role

TARGETS = (
    "target label labels class classes species outcome diagnosis survived y digit category output response result"
).split()
"""Names that columns to be predicted usually have, the usual first."""

_TRAINING = ("train", "training")
_PARTS = (*_TRAINING, "val", "valid", "validation", "dev", "eval", "test", "testing", "holdout")
_WEIGHTS = ("sampleweight", "sampleweights", "instanceweight", "caseweight", "weights", "fnlwgt")
_OWNERS = (
    "patient subject user customer client participant speaker person session household group donor family student"
).split()


def plain(name: str) -> str:
    """Return the letters of a name in lower case."""
    return re.sub(r"[^a-z]", "", name.lower())


def suggest_roles(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns with the roles that their names and values suggest, and one of them as the target."""
    found: dict[str, Column] = {}
    taken: set[Role] = set()
    for name, column in columns.items():
        role, why = _special_role(name, column)
        if why and role not in taken:
            taken.add(role)
            column = replace(column, role=role, reason=f"{column.reason}; {why}")
        elif column.role == "time" and "time" in taken:
            column = replace(column, role="input")
        taken |= {column.role} - {"input", "ignore"}
        found[name] = column
    return found if "target" in taken else suggest_target(found)


def _special_role(name: str, column: Column) -> tuple[Role, str]:
    """Return a role and the reason for it; no reason where nothing speaks for one."""
    words = {word.lower() for word in column.categories}
    if len(words) >= 2 and words <= set(_PARTS) and words & set(_TRAINING):
        return "split", "says which part each row belongs to"
    numbers = column.values if column.meaning == "number" and not isinstance(column.values, Lazy) else None
    if numbers is not None and plain(name) in _WEIGHTS and bool(np.nanmin(numbers) >= 0):
        return "weight", "named so: suggested as each row's weight"
    owner = plain(name).removesuffix("id").removesuffix("number").removesuffix("s")
    if (
        owner in _OWNERS
        and (column.meaning in ("identifier", "text") or plain(name).endswith("id"))
        and _repeats(column)
    ):
        return "group", f"suggested as group: rows of one {owner} should be in one part"
    return column.role, ""


def _repeats(column: Column) -> bool:
    """Say whether values occur twice or more on average."""
    if isinstance(column.values, Lazy) or column.values.ndim > 1:
        return False
    return 1 < 2 * len(set(column.values.tolist())) <= len(column.values)


def suggest_target(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns with one of them as the target, and why: by its name, or the last category, or number."""
    usable = [name for name, column in columns.items() if column.role == "input"]
    if len(usable) < 2:
        return dict(columns)
    named = {plain(name): name for name in reversed(usable)}
    by_name = next((named[word] for word in TARGETS if word in named), None)
    classes = [name for name in usable if columns[name].meaning in ("category", "flag", "labels")]
    numbers = [name for name in usable if columns[name].meaning == "number"]
    if by_name is not None:
        target, why = by_name, "of its name"
    elif classes:
        target, why = classes[-1], "it is the last category"
    elif numbers:
        target, why = numbers[-1], "it is the last number"
    else:
        return dict(columns)
    reason = f"{columns[target].reason}; suggested as target because {why}"
    return {**columns, target: replace(columns[target], role="target", reason=reason)}
