"""What an Input node gives: dtype and shape of one sample, from the data fields bound to it or as typed by the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import did_you_mean
from core.graph.project import UNUSABLE, Field, Node, Project
from core.layers import catalogue
from core.parameters import resolve


@dataclass(frozen=True)
class InputSignature:
    """dtype and shape of one sample, without the batch (names stand for open dimensions), or the problem with it."""

    dtype: Literal["float32", "int64"]
    shape: tuple[int | str, ...]
    problem: str = ""


def input_signature(project: Project, node: Node) -> InputSignature:
    """Return what an Input node gives: its data fields side by side, or while none is bound what its parameters say.

    One field with a shape of its own gives that shape. Numbers, flags and one-hot categories are joined into one
    vector; index-encoded categories are joined into a vector of indices.
    """
    values, problems = resolve(catalogue[node.kind], node.params, project.variables)
    if problems:
        return _refused(" ".join(problem.message for problem in problems))
    names = values.get("fields") or ()
    if not names:
        return InputSignature("int64" if values["dtype"] == "int64" else "float32", tuple(values["shape"]))
    known = {field.name: field for field in project.data.fields}
    missing = [name for name in names if name not in known]
    if missing and not known:
        return _refused(f"'{node.name}' takes the data field '{missing[0]}', but no data is bound.")
    if missing:
        return _refused(" ".join(f"There is no data field '{each}'.{did_you_mean(each, known)}" for each in missing))
    return _joined([known[name] for name in names])


def bound_fields(node: Node) -> tuple[str, ...]:
    """Return the names of the fields that an Input takes; none where its parameter is no list of names."""
    names = node.params.get("fields", ())
    return tuple(names) if isinstance(names, tuple | list) and all(isinstance(name, str) for name in names) else ()


def target_of(node: Node) -> str:
    """Return the name of the field that an Output predicts; empty where its parameter is no name."""
    name = node.params.get("target", "")
    return name if isinstance(name, str) else ""


def field_width(field: Field) -> int:
    """Return how many numbers a table's cell becomes: one per category for one-hot, otherwise one."""
    return len(field.categories) if field.meaning == "category" and field.encoding != "index" else 1


def _joined(fields: Sequence[Field]) -> InputSignature:
    names = ", ".join(f"'{field.name}'" for field in fields)
    unfit = [field for field in fields if field.meaning in UNUSABLE]
    if unfit:
        return _refused(
            " ".join(f"'{field.name}' holds {field.meaning}s, not numbers or categories." for field in unfit)
            + " Leave it out, or change what it means in the data panel."
        )
    empty = [field for field in fields if field.meaning == "category" and not field.categories]
    if empty:
        return _refused(" ".join(f"The category '{field.name}' has no values." for field in empty))
    sizeless = [field for field in fields if any(size < 1 for size in field.shape)]
    if sizeless:
        return _refused(
            " ".join(f"'{field.name}' has the impossible shape {field.shape}." for field in sizeless)
            + " Read the data again."
        )
    indices = [field for field in fields if field.meaning == "category" and field.encoding == "index"]
    if any(field.shape for field in fields):
        if len(fields) > 1:
            return _refused(f"{names} cannot be joined: give each field with a shape of its own an Input of its own.")
        return InputSignature("int64" if indices else "float32", fields[0].shape)
    if indices and len(indices) < len(fields):
        whole = ", ".join(f"'{field.name}'" for field in indices)
        return _refused(
            f"{whole} gives category indices, which cannot be joined with numbers: choose one-hot for it in the data "
            "panel, or give it an Input of its own."
        )
    if indices:
        return InputSignature("int64", (len(fields),))
    return InputSignature("float32", (sum(map(field_width, fields)),))


def _refused(problem: str) -> InputSignature:
    return InputSignature("float32", (), problem)
