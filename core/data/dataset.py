"""Loads a project's data as tensors, one for every Input and one for every Output's target, divided and prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.data.arrange import arrange
from core.data.prepare import Preprocessing
from core.data.reading import read
from core.data.source import Array
from core.data.splits import PARTS, PartName
from core.errors import DataError, did_you_mean
from core.graph.binding import bound_fields, input_signature, target_of
from core.graph.names import natural_key
from core.graph.project import INPUT, OUTPUT, Node, Project

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the data: tensors with the samples first, by node name, and their rows in the source."""

    inputs: Mapping[str, Tensor]
    targets: Mapping[str, Tensor]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that training, evaluation and a run's folder need to know of the data.

    ``classes`` are the names of each Output's classes (empty for a number). ``rows`` were read, ``dropped`` of them
    left out, as ``notes`` say. ``data_hash`` is the SHA-256 of everything that was read.
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
        nothing was scaled, as for classes, it is (0, 1).
        """
        fitted = self.preprocessing.fields[self.preprocessing.targets[output]]
        return fitted.offset, fitted.scale


def load(project: Project, base: Path | None = None) -> Prepared:
    """Read, check, divide and prepare a project's data.

    Args:
        project: its Input nodes name the fields that they take, its Output nodes their target.
        base: the folder that relative paths start from: the project file's.

    Raises:
        DataError: the data cannot be read, nodes are not bound to fields, fields do not fit the data, or the split is
            not possible; all findings of a step are listed.
    """
    inputs, targets = _wiring(project)
    raw = read(project.data.source, project.data.options, base)
    arranged = arrange(raw, project.data, inputs, targets)
    columns = {name: raw.columns[name].values for name in arranged.preprocessing.fields}
    parts = {name: _part(arranged.preprocessing, columns, arranged.division.part(name)) for name in PARTS}
    fields = arranged.preprocessing.fields
    return Prepared(
        training=parts["training"],
        validation=parts["validation"],
        test=parts["test"],
        preprocessing=arranged.preprocessing,
        classes={node: fields[name].categories for node, name in targets.items()},
        data_hash=raw.digest,
        rows=raw.rows,
        dropped=len(arranged.dropped),
        notes=(*raw.notes, *arranged.notes),
    )


def _part(preprocessing: Preprocessing, columns: Mapping[str, Array], rows: NDArray[np.int64]) -> Part:
    return Part(preprocessing.encode_inputs(columns, rows), preprocessing.encode_targets(columns, rows), rows)


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
    for node in sorted(project.graph.of_kind(OUTPUT), key=lambda each: natural_key(each.name)):
        targets[node.name] = target_of(node)
        problems += _target_problem(project, node)
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


def _target_problem(project: Project, node: Node) -> list[str]:
    name = target_of(node)
    if not name:
        return [f"The Output '{node.name}' has no target. Choose the data field that it should predict."]
    if project.data.field(name) is None:
        hint = did_you_mean(name, [field.name for field in project.data.fields])
        return [f"The Output '{node.name}' has the target '{name}', but there is no such data field.{hint}"]
    return []
