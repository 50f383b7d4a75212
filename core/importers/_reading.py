"""From a source to a project and its file of weights: which importer reads it, and how what it gives is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.atomic import write_atomically
from core.errors import ImportFailed
from core.graph.files import SUFFIX, save_project
from core.graph.project import Project
from core.importers import Imported, ImporterKind, ImportRequest, importers
from core.importers._torch.source import find
from core.loading import load

WEIGHTS_SUFFIX = ".safetensors"
_SIZES = re.compile(r"\s*\d+(\s*[,x× ]\s*\d+)*\s*,?\s*")


def importer_of(source: str) -> ImporterKind | None:
    """Return the importer of a source by its prefix, else by the ending of its file; None where none reads it."""
    for kind in importers:
        if kind.prefix and source.startswith(kind.prefix):
            return kind
    name = source.lower()
    fitting = [kind for kind in importers if any(name.endswith(each) for each in kind.suffixes if each)]
    return max(fitting, key=lambda kind: max(map(len, kind.suffixes)), default=None)


def read_network(request: ImportRequest) -> Imported:
    """Import a network with the importer of its source; see ``ImporterKind.read``.

    Raises:
        ImportFailed: nothing reads such a source, or it cannot be imported.
        Cancelled: whoever watches the progress wants it to end.
    """
    kind = importer_of(request.source)
    if kind is None:
        raise ImportFailed(f"'{request.source}' is nothing that can be imported. {readable()}")
    path = Path(request.source).expanduser()
    if not kind.prefix and not path.is_file():  # opening a pipe or a device could wait for ever
        if path.exists():
            raise ImportFailed(f"'{request.source}' is no file, but a folder or a device.")
        raise ImportFailed(f"There is no file '{request.source}'.")
    return kind.read(request)


def code_of(source: str) -> dict[str, str]:
    """Return the texts that importing a source would run, by the names of their files; nothing of them is run.

    Raises:
        ImportFailed: there is no such code.
    """
    kind = importer_of(source)
    if kind is None or not kind.runs_code:
        return {}
    code = find(source)
    return {str(code.path): code.text}


def readable() -> str:
    """Return a sentence about what can be imported."""
    titles = [f"{kind.title} ({', '.join(kind.suffixes) or kind.prefix + '…'})" for kind in importers]
    return f"What can be: {', '.join(titles)}."


def parse_shape(text: str) -> tuple[int, ...]:
    """Return the sizes in a text such as "3, 224, 224" or "3×224×224".

    Raises:
        ValueError: it says no sizes of at least 1.
    """
    if not _SIZES.fullmatch(text.strip().strip("()[]")):
        raise ValueError(text)
    sizes = tuple(map(int, re.findall(r"\d+", text)))
    if min(sizes) < 1:
        raise ValueError(text)
    return sizes


def count_parameters(project: Project) -> int:
    """Return how many numbers of a network can be learnt, as a check of it finds them."""
    load("core.model.cost")
    from core.model.cost import cost
    from core.model.shapes import check

    return cost(project, check(project)).parameters


def write_weights(imported: Imported, path: Path) -> bool:
    """Write the weights of an import as a ``.safetensors`` file; False where it has none and nothing was written.

    Raises:
        SaveError: it cannot be written.
    """
    if not imported.weights:
        return False
    load("core.training.checkpoints")
    from core.training.checkpoints import weights_bytes

    about: Mapping[str, str] = {"application": "layerwright", "project": imported.project.name}
    write_atomically(path, weights_bytes(imported.weights, about))
    return True


def save_imported(imported: Imported, path: Path) -> Project:
    """Write an import as a project with its weights beside it, and return the project as it is written.

    Raises:
        SaveError: one of the files cannot be written.
    """
    beside = path.with_suffix(WEIGHTS_SUFFIX)
    stem = path.name.removesuffix(SUFFIX)
    project = replace(imported.project, name=imported.project.name or stem)
    if write_weights(imported, beside):
        project = replace(project, weights=beside.name)
    save_project(project, path)
    return project
