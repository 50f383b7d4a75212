"""Binds a source to a project: reads it, proposes a meaning and role for every column, and looks again later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.meaning import CELLS, CHOSEN, field_of, with_meaning
from core.data.reading import read
from core.data.source import Column
from core.errors import DataError
from core.graph.project import DataBinding, Field, Split, SplitMethod
from core.kinds import Value


@dataclass(frozen=True)
class Refreshed:
    """A binding after its source was read again, and what is different, one line each."""

    binding: DataBinding
    changes: tuple[str, ...]


def bind(source: str, options: Mapping[str, Value], base: Path | None = None) -> DataBinding:
    """Read a source and propose a field for every column, with the reason, and a split.

    The split goes by a column with that role, keeps groups together or goes by time where a column has such a role,
    and keeps classes in proportion where the target has classes; a fifth of the rows is for validation.

    Args:
        source: id of the source.
        options: its options; the others keep their defaults.
        base: the folder that relative paths start from (the project file's).

    Raises:
        DataError: the source or an option does not exist, or the data cannot be read.
    """
    raw = read(source, options, base)
    fields = tuple(field_of(name, column) for name, column in raw.columns.items())
    return DataBinding(source, dict(options), fields, Split(usual_split(fields)))


def usual_split(fields: tuple[Field, ...]) -> SplitMethod:
    """Return the split that the fields call for: the one they write down, else by group or time, else by class."""
    roles = {field.role for field in fields}
    if "split" in roles:
        return "column"
    if "group" in roles:
        return "group"
    if "time" in roles:
        return "time"
    classes = any(field.role == "target" and field.meaning in ("category", "flag") for field in fields)
    return "stratified" if classes else "random"


def refresh(binding: DataBinding, base: Path | None = None) -> Refreshed:
    """Read a binding's source again: the user's choices stay, as far as the columns still allow them.

    Raises:
        DataError: the data cannot be read.
    """
    raw = read(binding.source, binding.options, base)
    changes: list[str] = []
    fields: list[Field] = []
    for old in binding.fields:
        if old.name in raw.columns:
            fields.append(_kept(old, raw.columns[old.name], changes))
        else:
            changes.append(f"The column '{old.name}' is gone.")
    has_target = any(field.role == "target" for field in fields)
    for name, column in raw.columns.items():
        if binding.field(name) is None:
            new = field_of(name, replace(column, role="input") if has_target and column.role == "target" else column)
            fields.append(new)
            changes.append(f"The column '{name}' is new: {new.meaning} ({new.reason}).")
    order = list(raw.columns)
    fields.sort(key=lambda field: order.index(field.name))
    return Refreshed(replace(binding, fields=tuple(fields)), tuple(changes))


def _kept(old: Field, column: Column, changes: list[str]) -> Field:
    """Return a field brought up to date with its column; add to ``changes`` what is different."""
    if old.meaning not in CELLS and old.meaning == column.meaning:
        if old.shape != column.shape:
            changes.append(f"The shape of '{old.name}' is {column.shape} now; it was {old.shape}.")
        if column.categories and old.categories != column.categories:
            changes.append(f"The classes of '{old.name}' are {_listed(list(column.categories))} now.")
        return replace(old, shape=column.shape, categories=column.categories)
    try:
        known = with_meaning(old, old.meaning, column)
    except DataError as error:
        new = field_of(old.name, replace(column, role=column.role if column.role == "ignore" else old.role))
        changes.append(f"{error.message} It means {new.meaning} now ({new.reason}).")
        return new
    gone = [word for word in old.categories if word not in known.categories]
    added = [word for word in known.categories if word not in old.categories]
    if added:
        changes.append(f"'{old.name}' has the new values {_listed(added)}.")
    if gone:
        changes.append(f"'{old.name}' no longer has the values {_listed(gone)}.")
    # What stays keeps its place, so that the indices of known classes do not move without need.
    categories = (*(word for word in old.categories if word not in gone), *added)
    reason = column.reason if old.reason != CHOSEN and column.meaning == old.meaning else old.reason
    return replace(old, shape=column.shape, categories=categories, reason=reason)


def _listed(words: list[str]) -> str:
    shown = ", ".join(f"'{word}'" for word in words[:5])
    return shown if len(words) <= 5 else f"{shown} and {len(words) - 5:,} more"
