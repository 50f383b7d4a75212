"""What a field can be changed to, and why not: every choice of the data panel, without a widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from PySide6.QtCore import QCoreApplication

from core.data.augment import augmentations
from core.data.augmenting import suits
from core.data.meaning import meanings_for, with_role
from core.errors import DataError
from core.graph.meanings import meanings
from core.graph.project import Field, Role

ROLES: tuple[Role, ...] = ("input", "target", "ignore", "weight", "group", "time", "split")
"""All roles, in the order in which they are offered."""
PREPARED: tuple[Role, ...] = ("input", "target")
"""The roles in which a field becomes numbers."""
ALONE: tuple[Role, ...] = ("weight", "group", "time", "split")
"""The roles that only one field of a data set can have."""
Changed = Callable[[Field], Field]


@dataclass(frozen=True)
class Choice:
    """A word that can be chosen; ``why_not`` says why it cannot be, ``help`` what it means."""

    word: str
    help: str = ""
    why_not: str = ""


def meaning_choices(field: Field) -> tuple[Choice, ...]:
    """Return the meanings that a field could be given."""
    return tuple(Choice(each, meanings[each].help) for each in meanings_for(field))


def role_choices(fields: Sequence[Field]) -> tuple[Choice, ...]:
    """Return all roles; those that some of the fields cannot have say why."""
    return tuple(Choice(role, role_help(role), _why_not(fields, role)) for role in ROLES)


def role_help(role: Role) -> str:
    """Return what a role means."""
    told = QCoreApplication.translate
    return {
        "input": told("FieldChanges", "The network gets it."),
        "target": told("FieldChanges", "The network learns to predict it."),
        "ignore": told("FieldChanges", "It is left out."),
        "weight": told("FieldChanges", "It says how much each sample counts in the loss."),
        "group": told("FieldChanges", "Samples with the same value stay together in one part of the split."),
        "time": told("FieldChanges", "It says in which order the samples happened."),
        "split": told("FieldChanges", "It says which part each sample belongs to: training, validation or test."),
    }[role]


def _why_not(fields: Sequence[Field], role: Role) -> str:
    if len(fields) > 1 and role in ALONE:
        return QCoreApplication.translate("FieldChanges", "Only one field can have the role {0}.").format(role)
    for field in fields:
        try:
            with_role(field, role)
        except DataError as error:
            return error.message
    return ""


def encoding_choices(field: Field) -> tuple[Choice, ...]:
    """Return the encodings that a field can have in its role; none where it is not prepared."""
    if field.role not in PREPARED:
        return ()
    kind = meanings[field.meaning]
    return tuple(Choice(each) for each in (kind.target_encodings if field.role == "target" else kind.encodings))


def missing_choices(field: Field) -> tuple[Choice, ...]:
    """Return what can become of missing values of a field; of a target, its rows are always left out."""
    if field.role == "target":
        return (Choice("drop row"),)
    return tuple(Choice(each) for each in meanings[field.meaning].missing) if field.role == "input" else ()


def shared(fields: Sequence[Field], choices: Callable[[Field], tuple[Choice, ...]]) -> tuple[Choice, ...]:
    """Return the choices that all fields have, in the order of the first."""
    if not fields:
        return ()
    words = set.intersection(*({each.word for each in choices(field)} for field in fields))
    return tuple(each for each in choices(fields[0]) if each.word in words)


def to_role(role: str) -> Changed:
    """Return the change of a field's role; it raises DataError where the field cannot have it."""
    return lambda field: with_role(field, cast("Role", role))


def to_encoding(encoding: str) -> Changed:
    """Return the change of a field's encoding; augmentations that do not suit it go."""

    def change(field: Field) -> Field:
        changed = replace(field, encoding=encoding)
        fits = {kind.id for kind in augmentations if suits(kind, changed)}
        return replace(changed, augment={name: each for name, each in field.augment.items() if name in fits})

    return change


def to_missing(missing: str) -> Changed:
    """Return the change of what becomes of missing values."""
    return lambda field: replace(field, missing=missing)


def common(fields: Sequence[Field], name: str) -> str | None:
    """Return the value that all fields have for one of their attributes, or None where they differ."""
    values = {str(getattr(field, name)) for field in fields}
    return values.pop() if len(values) == 1 else None
