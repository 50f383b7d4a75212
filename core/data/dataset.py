"""Loads a project's data, divided and prepared: as tensors where they are small, else read when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.data.arrange import Arranged, arrange
from core.data.preparing import preparations
from core.data.preprocessing import Columns, Preprocessing
from core.data.reading import read
from core.data.source import RawData
from core.data.splits import PARTS, PartName
from core.data.values import indices_of
from core.errors import DataError
from core.graph.binding import INPUT_TARGET, bound_fields, input_signature, target_field, target_of, target_problem
from core.graph.names import natural_key
from core.graph.project import INPUT, OUTPUT, Node, Project
from core.progress import report

if TYPE_CHECKING:
    from torch import Tensor

HELD_BYTES = 2**30
"""Prepared data larger than this is not held as tensors but read when it is asked for."""
_CHUNK = 4096
_PROBED = 8
_LOOKED_AT = 2000
"""Samples of a streamed part that are looked at beforehand."""
Rows = NDArray[np.int64]
Tensors = dict[str, "Tensor"]


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the data: tensors with the samples first, by node name, and their rows in the source.

    A ``streamed`` part has no tensors: ``read`` makes those of some samples. With windows ``rows`` are those that are
    predicted. ``weights`` (float32) say how much each sample counts; ``classes`` (int64) is each one's class by the
    first Output that learns classes. Both are None where there are none.
    """

    inputs: Mapping[str, Tensor]
    targets: Mapping[str, Tensor]
    rows: Rows
    weights: Tensor | None = None
    classes: Tensor | None = None
    reader: Reader | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def streamed(self) -> bool:
        """True where the tensors are made when they are asked for."""
        return self.reader is not None

    @cached_property
    def seen_targets(self) -> Mapping[str, Tensor]:
        """The targets by Output: all of them, or of a streamed part some that lie evenly in it, which are read once.

        Raises:
            DataError: a row cannot be read.
        """
        if not self.streamed:
            return self.targets
        some = np.linspace(0, len(self) - 1, min(len(self), _LOOKED_AT)).astype(np.int64)
        return self.read(some)[1]

    def read(self, samples: Rows) -> tuple[Tensors, Tensors]:
        """Return inputs and targets of some samples, by their numbers within the part; from any thread.

        An open length is that of the longest of these samples.

        Raises:
            DataError: a row cannot be read.
        """
        if self.reader is not None:
            return self.reader.read(self.rows[samples])
        return (
            {name: tensor[samples] for name, tensor in self.inputs.items()},
            {name: tensor[samples] for name, tensor in self.targets.items()},
        )


@dataclass(frozen=True, eq=False)
class Reader:
    """Makes the tensors of samples from raw columns."""

    columns: Columns
    arranged: Arranged

    def read(self, rows: Rows) -> tuple[Tensors, Tensors]:
        """Return inputs and targets of the samples with these rows in the source."""
        preprocessing = self.arranged.preprocessing
        inputs = preprocessing.encode_inputs(self.columns, self.arranged.spans(rows))
        return inputs, preprocessing.encode_targets(self.columns, rows, inputs)


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that training, evaluation and a run's folder need to know of the data.

    ``classes`` are the names of each Output's classes (empty for a number). ``rows`` were read, ``dropped`` of them
    left out, as ``notes`` say. ``data_hash`` is the SHA-256 of everything that was read. ``class_counts`` tells by
    Output how many samples of each part have each class.
    """

    training: Part
    validation: Part
    test: Part
    preprocessing: Preprocessing
    classes: Mapping[str, tuple[str, ...]]
    data_hash: str
    rows: int
    dropped: int
    notes: tuple[str, ...] = ()
    class_counts: Mapping[str, Mapping[PartName, tuple[int, ...]]] = field(default_factory=dict)

    def part(self, name: PartName) -> Part:
        """Return one part by its name."""
        return {"training": self.training, "validation": self.validation, "test": self.test}[name]

    @property
    def counts(self) -> dict[PartName, int]:
        """The number of samples in each part."""
        return {name: len(self.part(name)) for name in PARTS}

    def target_scale(self, output: str) -> tuple[float, float]:
        """Return (mean, standard deviation) by which an Output's number target was standardised.

        Original units are ``value * scale + offset``; with min-max encoding the pair is (minimum, range), and where
        nothing was scaled, as for classes, it is (0, 1). So it is where no one pair leads back: after a logarithm, by
        quantiles, and of several inputs side by side.
        """
        fitted = self.preprocessing.target(output)
        if fitted is None:
            names = self.preprocessing.inputs[self.preprocessing.targets[output].removeprefix(INPUT_TARGET)]
            if len(names) > 1:
                return 0.0, 1.0
            fitted = self.preprocessing.fields[self.preprocessing.entry(names[0]).field.name]
        return fitted.linear


def load(project: Project, base: Path | None = None) -> Prepared:
    """Read, check, divide and prepare a project's data; it reports how far it is through ``core.progress``.

    Args:
        project: its Input nodes name the fields that they take, its Output nodes their target.
        base: the folder that relative paths start from: the project file's.

    Raises:
        DataError: the data cannot be read, nodes are not bound to fields, fields do not fit the data, or the split is
            not possible; all findings of a step are listed.
        Cancelled: whoever watches the progress wants no more of it.
    """
    inputs, targets = _wiring(project)
    raw = read(project.data.source, project.data.options, base)
    arranged = arrange(raw, project.data, inputs, targets)
    preprocessing = arranged.preprocessing
    reader = Reader({name: raw.columns[name].values for name in preprocessing.fields}, arranged)
    streamed = _size(reader) > HELD_BYTES
    parts = {name: _part(project, raw, reader, name, streamed) for name in PARTS}
    fitted = {node: preprocessing.target(node) for node in targets}
    return Prepared(
        training=parts["training"],
        validation=parts["validation"],
        test=parts["test"],
        preprocessing=preprocessing,
        classes={node: each.classes if each else () for node, each in fitted.items()},
        data_hash=raw.digest,
        rows=raw.rows,
        dropped=len(arranged.dropped),
        notes=(*raw.notes, *arranged.notes),
        class_counts={
            node: arranged.class_counts[name] for node, name in targets.items() if name in arranged.class_counts
        },
    )


def _size(reader: Reader) -> int:
    """Return about how many bytes all samples take once they are prepared, from a few of the training part."""
    division = reader.arranged.division
    count = len(division.training)
    rows = division.training[np.linspace(0, count - 1, min(_PROBED, count)).astype(np.int64)]
    tensors = [tensor for part in reader.read(rows) for tensor in part.values()]
    whole = sum(len(division.part(name)) for name in PARTS)
    return sum(tensor.nbytes for tensor in tensors) * whole // max(len(rows), 1)


def _part(project: Project, raw: RawData, reader: Reader, name: PartName, streamed: bool) -> Part:
    import torch

    arranged = reader.arranged
    rows = arranged.division.part(name)
    weights = None if arranged.weights is None else torch.from_numpy(arranged.weights[rows])
    learnt = (target_field(project, node) for node in _outputs(project))
    by_class = next((each for each in learnt if each and each.name in arranged.class_counts), None)
    classes = None
    if by_class is not None:
        values = raw.columns[by_class.name].take(rows)
        classes = torch.from_numpy(indices_of(values, by_class.categories))
    if streamed:
        return Part({}, {}, rows, weights, classes, reader)
    inputs, targets = _held(reader, rows, name)
    return Part(inputs, targets, rows, weights, classes)


def _held(reader: Reader, rows: Rows, name: PartName) -> tuple[Tensors, Tensors]:
    """Return the tensors of all samples, made some at a time."""
    chunks = []
    for start in range(0, max(len(rows), 1), _CHUNK):
        report(start, len(rows), f"Preparing the {name} part")
        chunks.append(reader.read(rows[start : start + _CHUNK]))
    preprocessing = reader.arranged.preprocessing
    inputs = {
        node: _together([chunk[0][node] for chunk in chunks], _input_padding(preprocessing, node))
        for node in preprocessing.inputs
    }
    targets = {}
    for node, target in preprocessing.targets.items():
        if target.startswith(INPUT_TARGET) and target not in preprocessing.fields:
            targets[node] = inputs[target.removeprefix(INPUT_TARGET)]
            continue
        fitted = preprocessing.target(node)
        padding = preparations[fitted.field.meaning].pad_target if fitted else 0
        targets[node] = _together([chunk[1][node] for chunk in chunks], padding)
    return inputs, targets


def _input_padding(preprocessing: Preprocessing, node: str) -> float:
    entry = preprocessing.entry(preprocessing.inputs[node][0])
    return 0 if entry.part else preparations[entry.field.meaning].pad


def _together(tensors: Sequence[Tensor], padding: float) -> Tensor:
    """Join tensors along the samples; open lengths are filled up to the longest."""
    import torch
    from torch.nn.functional import pad

    if len(tensors) == 1:
        return tensors[0]
    sizes = [max(sizes) for sizes in zip(*(tensor.shape[1:] for tensor in tensors), strict=True)]
    filled = []
    for tensor in tensors:
        lacking = [size - own for size, own in zip(sizes, tensor.shape[1:], strict=True)]
        behind = [edge for each in reversed(lacking) for edge in (0, each)]
        filled.append(pad(tensor, behind, value=padding) if any(behind) else tensor)
    return torch.cat(filled)


def _outputs(project: Project) -> list[Node]:
    return sorted(project.graph.of_kind(OUTPUT), key=lambda each: natural_key(each.name))


def _wiring(project: Project) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the fields of every Input and the target of every Output, or raise with all that is not bound."""
    if not project.data.source:
        raise DataError("No data is bound to the project. Choose a data source first.")
    inputs: dict[str, tuple[str, ...]] = {}
    targets: dict[str, str] = {}
    problems = []
    for node in sorted(project.graph.of_kind(INPUT), key=lambda each: natural_key(each.name)):
        inputs[node.name] = bound_fields(node)
        problems += _input_problem(project, node)
    for node in _outputs(project):
        targets[node.name] = target_of(node)
        problem = target_problem(project, node)
        problems += [problem] if problem else []
    if not inputs:
        problems.append("There is no Input that data could go into.")
    if not targets:
        problems.append("There is no Output that could have a target.")
    if problems:
        raise DataError("The data does not reach the network.", problems=problems)
    return inputs, targets


def _input_problem(project: Project, node: Node) -> list[str]:
    if not bound_fields(node):
        return [f"The Input '{node.name}' takes no data field. Choose at least one."]
    problem = input_signature(project, node).problem
    return [f"Input '{node.name}': {problem}"] if problem else []
