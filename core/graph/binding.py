"""What an Input node gives: dtype and shape of one sample, from the data fields bound to it or as typed by the user.

And what an Output learns: the field that its target names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.errors import ModelError, did_you_mean
from core.graph.meanings import meanings
from core.graph.meanings._kind import Sample
from core.graph.meanings._options import OPEN
from core.graph.project import INPUT, Field, Node, Project
from core.layers import catalogue
from core.parameters import resolve

INPUT_TARGET = "input:"
"""Begins a target that is what enters at an Input: ``input:image1``."""
NEXT_TARGET = "next:"
"""Begins a target that is the next token of a text: ``next:line``."""
_IN_WINDOWS = ("number", "flag", "category", "date", "labels")


@dataclass(frozen=True)
class InputSignature:
    """dtype and shape of one sample, without the batch (names stand for open dimensions), or the problem with it."""

    dtype: Literal["float32", "int64", "bool"]
    shape: tuple[int | str, ...]
    problem: str = ""


@dataclass(frozen=True)
class Entry:
    """What an Input takes: a field, or one of its parts ("length", "mask"; "" is the values)."""

    field: Field
    part: str = ""

    @property
    def name(self) -> str:
        """The entry as an Input names it: ``review`` or ``review.length``."""
        return f"{self.field.name}.{self.part}" if self.part else self.field.name


def entry_of(fields: Sequence[Field], name: str) -> Entry | None:
    """Return what a name in an Input's ``fields`` stands for, or None where there is no such field or part."""
    known = {field.name: field for field in fields}
    if name in known:
        return Entry(known[name])
    base, _dot, part = name.rpartition(".")
    if base in known and part in meanings[known[base].meaning].parts:
        return Entry(known[base], part)
    return None


def input_signature(project: Project, node: Node) -> InputSignature:
    """Return what an Input node gives: its data fields side by side, or while none is bound what its parameters say.

    One field with a shape of its own gives that shape. Numbers, flags, dates and one-hot categories are joined into
    one vector; index-encoded categories are joined into a vector of indices. With a window, a vector becomes as many
    rows as the window is long.
    """
    values, problems = resolve(catalogue[node.kind], node.params, project.variables)
    if problems:
        return _refused(" ".join(problem.message for problem in problems))
    names = values.get("fields") or ()
    if not names:
        return InputSignature(values["dtype"], tuple(values["shape"]))
    fields = project.data.fields
    entries = {name: entry_of(fields, name) for name in names}
    missing = [name for name, entry in entries.items() if entry is None]
    if missing and not fields:
        return _refused(f"'{node.name}' takes the data field '{missing[0]}', but no data is bound.")
    if missing:
        known = [each for field in fields for each in names_of(field)]
        return _refused(" ".join(f"There is no data field '{each}'.{did_you_mean(each, known)}" for each in missing))
    try:
        return _joined(project, [entry for entry in entries.values() if entry is not None])
    except ModelError as error:
        return _refused(error.message)


def names_of(field: Field) -> tuple[str, ...]:
    """Return the names that an Input may take of a field: its own, and those of its parts."""
    return (field.name, *(f"{field.name}.{part}" for part in meanings[field.meaning].parts))


def bound_fields(node: Node) -> tuple[str, ...]:
    """Return the names of the fields that an Input takes; none where its parameter is no list of names."""
    names = node.params.get("fields", ())
    return tuple(names) if isinstance(names, tuple | list) and all(isinstance(name, str) for name in names) else ()


def target_of(node: Node) -> str:
    """Return the name of the field that an Output predicts; empty where its parameter is no name."""
    name = node.params.get("target", "")
    return name if isinstance(name, str) else ""


def target_field(project: Project, node: Node) -> Field | None:
    """Return what an Output learns, as a field; None where its target names nothing that there is.

    ``input:NAME`` is what enters at that Input: an array of its shape, 0 where a length is open (an image stays one).
    ``next:FIELD`` is that text with every token replaced by the one behind it. The name of such a field is the target
    as written.
    """
    name = target_of(node)
    found = project.data.field(name)
    if found is not None or not name:
        return found
    if name.startswith(NEXT_TARGET):
        text = project.data.field(name.removeprefix(NEXT_TARGET))
        return replace(text, name=name, role="target") if text is not None and text.meaning == "text" else None
    source = project.graph.nodes.get(name.removeprefix(INPUT_TARGET)) if name.startswith(INPUT_TARGET) else None
    if source is None or source.kind != INPUT:
        return None
    signature = input_signature(project, source)
    if signature.problem or signature.dtype != "float32":
        return None
    shape = tuple(size if isinstance(size, int) else 0 for size in signature.shape)
    return Field(name, "array", "target", shape, missing="drop row", reason=f"what enters at '{source.name}'")


def target_problem(project: Project, node: Node) -> str:
    """Return why an Output's target cannot be learnt from the data, or an empty string."""
    name = target_of(node)
    target = target_field(project, node)
    if not name:
        return f"The Output '{node.name}' has no target. Choose the data field that it should predict."
    if target is None:
        return _no_target(project, node, name)
    if target.name.startswith(INPUT_TARGET) and project.data.field(target.name) is None:
        return ""
    if project.data.window.length and target.meaning not in (*_IN_WINDOWS, "array"):
        return f"The target '{name}' holds {target.meaning}s, which windows over rows cannot predict."
    try:
        meanings[target.meaning].as_target(target)
    except ModelError as error:
        return error.message
    return ""


def _no_target(project: Project, node: Node, name: str) -> str:
    start = f"The Output '{node.name}' has the target '{name}', but"
    if name.startswith(NEXT_TARGET):
        return f"{start} there is no text '{name.removeprefix(NEXT_TARGET)}' in the data, whose next token could be it."
    if name.startswith(INPUT_TARGET):
        source = project.graph.nodes.get(name.removeprefix(INPUT_TARGET))
        if source is not None and source.kind == INPUT:
            signature = input_signature(project, source)
            why = signature.problem or "it takes indices, not numbers: choose the field itself as the target."
            return f"{start} the Input '{source.name}' cannot be learnt: {why}"
        inputs = [INPUT_TARGET + each.name for each in project.graph.of_kind(INPUT)]
        return f"{start} there is no such Input.{did_you_mean(name, inputs)}"
    hint = did_you_mean(name, [field.name for field in project.data.fields])
    return f"{start} there is no such data field.{hint}"


def field_width(field: Field) -> int:
    """Return how many numbers a table's cell becomes as an input: one per category for one-hot, otherwise mostly one.

    It is 0 where the field cannot be an input or has a shape of its own.
    """
    try:
        shape = meanings[field.meaning].as_input(field).shape
    except ModelError:
        return 0
    return shape[0] if len(shape) == 1 and isinstance(shape[0], int) else 0


def is_cell(field: Field) -> bool:
    """True where a field is a value or a vector of a table, which joins with others in one Input."""
    return field.meaning in _IN_WINDOWS


def input_sample(project: Project, entry: Entry) -> Sample:
    """Return what an entry gives of one sample; an open length is "T" for the first such field, "T2" for the second.

    Raises:
        ModelError: the field cannot be an input.
    """
    sample = meanings[entry.field.meaning].as_input(entry.field)
    if OPEN in sample.shape:
        name = _open_name(project, entry.field)
        sample = replace(sample, shape=tuple(name if size == OPEN else size for size in sample.shape))
    if entry.part == "length":
        return Sample("int64", ())
    if entry.part == "mask":
        steps = sample.shape[-1] if entry.field.meaning == "audio" else sample.shape[0]
        return Sample("bool", (steps,))
    return sample


def _open_name(project: Project, field: Field) -> str:
    """Return the name of a field's open length: fields do not share one, as nothing says that they are equally long."""
    number = 1
    for each in project.data.fields:
        if each.name == field.name:
            break
        number += bool(meanings[each.meaning].parts) and each.role in ("input", "target")
    return OPEN if number == 1 else f"{OPEN}{number}"


def _joined(project: Project, entries: Sequence[Entry]) -> InputSignature:
    names = ", ".join(f"'{entry.name}'" for entry in entries)
    samples = [input_sample(project, entry) for entry in entries]
    window = project.data.window.length
    cells = [is_cell(entry.field) for entry in entries]
    if window and not all(cells):
        shaped = ", ".join(f"'{each.name}'" for each, cell in zip(entries, cells, strict=True) if not cell)
        return _refused(f"{shaped} cannot be taken in windows: only numbers, flags, categories, dates and labels can.")
    if len(entries) == 1:
        shape = samples[0].shape
        return InputSignature(samples[0].dtype, (window, *shape) if window else shape)
    if not all(cells):
        return _refused(f"{names} cannot be joined: give each field with a shape of its own an Input of its own.")
    indices = [entry for entry, sample in zip(entries, samples, strict=True) if sample.dtype == "int64"]
    if indices and len(indices) < len(entries):
        whole = ", ".join(f"'{entry.name}'" for entry in indices)
        return _refused(
            f"{whole} gives category indices, which cannot be joined with numbers: choose one-hot for it in the data "
            "panel, or give it an Input of its own."
        )
    width = sum(size for sample in samples for size in sample.shape if isinstance(size, int))
    shape = (window, width) if window else (width,)
    return InputSignature("int64" if indices else "float32", shape)


def _refused(problem: str) -> InputSignature:
    return InputSignature("float32", (), problem)
