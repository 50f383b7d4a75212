"""Keras models (``.keras``, legacy ``.h5``) as editable networks with their weights, read without Keras.

Channels come first here and last in Keras: images enter channels-first, weights are turned once, and axes are
translated layer by layer. Nothing that a file names is imported or run.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import ImportFailed, ModelError
from core.importers._draft import Draft
from core.importers._folding import Scope, folded
from core.importers._keras.activation import of_its_time
from core.importers._keras.config import read_model
from core.importers._keras.file import opened
from core.importers._keras.flow import Unsupported
from core.importers._keras.model import read_network
from core.importers._kind import Imported, ImporterKind, ImportRequest
from core.model.build import build
from core.model.shapes import check
from core.progress import report

_GIVEN_BY_KERAS = re.compile(r"(sequential|functional|model)(_\d+)?", re.IGNORECASE)
"""What Keras calls models that nobody named: the file's name says more."""

_BLOCK = re.compile(r"(.*?block_?\d+[a-z]?)_", re.IGNORECASE)
"""How Keras's own applications call the layers of a block: ``conv2_block1_1_conv``, ``block2a_expand_conv``."""


def _read(request: ImportRequest) -> Imported:
    path = Path(request.source)
    report(0, 0, f"reading {path.name}")
    try:
        with opened(path) as file:
            model = read_model(of_its_time(file.config, file.version))
            draft = Draft(path.stem if _GIVEN_BY_KERAS.fullmatch(model.name) else model.name)
            read_network(draft, model, file.weights)
    except RecursionError as error:
        raise ImportFailed(f"The configuration in {path.name} is nested too deeply.") from error
    except Unsupported as error:
        raise ImportFailed(f"{path.name} cannot be turned into a network: {error}.") from error
    imported = _proved(path, draft)
    draft.note(
        "Predictions could not be compared with Keras's own, which is not part of Layerwright; the network was built, "
        "and every weight of the file has the name and shape that it needs."
        if not imported.opaque
        else "Predictions could not be compared with Keras's own: parts of the network cannot be run."
    )
    return Imported(imported.project, imported.weights, imported.names, tuple(draft.notes), imported.opaque)


def _proved(path: Path, draft: Draft) -> Imported:
    """Return the network, with blocks that their names tell as groups where that works."""
    scopes = {
        name: (Scope(found[1], "Block"),) for name in draft.graph.nodes if (found := _BLOCK.match(name)) is not None
    }
    flat = draft.finished()
    grouped = folded(flat, scopes)
    try:
        _prove(path, grouped)
    except ImportFailed:
        if grouped is flat:
            raise
        _prove(path, flat)
        return flat
    return grouped


def _prove(path: Path, imported: Imported) -> None:
    """Check the network, and build it to see that every weight is there and fits.

    Raises:
        ImportFailed: it has errors, or its weights are not those of the file.
    """
    found = check(imported.project)
    problems = [problem.message for problem in found.problems if problem.severity == "error"]
    if problems:
        raise ImportFailed(f"{path.name} could not be turned into a network that works.", problems=problems[:8])
    if imported.opaque:
        return
    try:
        module = build(imported.project, found).module
    except ModelError as error:
        raise ImportFailed(f"{path.name} could not be turned into a network: {error.message}") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    have = {name: tuple(tensor.shape) for name, tensor in imported.weights.items()}
    if wanted != have:
        differ = sorted(name for name in {*wanted, *have} if wanted.get(name) != have.get(name))
        raise ImportFailed(f"The weights of {path.name} do not fit the network that was made.", problems=differ[:8])


_KERAS = ImporterKind(
    "keras",
    "Keras model",
    "A model saved by Keras (model.save), with its weights: Sequential, functional, nested and shared layers.",
    _read,
    suffixes=(".keras", ".h5", ".hdf5"),
)

KINDS = (_KERAS,)
