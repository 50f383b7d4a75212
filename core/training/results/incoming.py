"""Reads what shall be predicted from files as they lie around: tables, arrays, images, sounds, folders of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.data.folders import FAMILIES, list_files
from core.data.reading import read
from core.data.source import RawData
from core.data.sources import sources
from core.errors import DataError
from core.training.results.given import Raw
from core.training.results.trained import Trained

_FAMILY_OF: Mapping[str, str] = {"image": "image", "audio": "sound"}
"""Which files a field of a meaning is read from, one a row."""


@dataclass(frozen=True, eq=False)
class Incoming:
    """Rows to be predicted. ``names`` are the files they come from, one a row; empty where they are rows of a table."""

    columns: Raw
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def incoming(trained: Trained, path: Path) -> Incoming:
    """Return the rows of a file or folder for a network.

    A folder of images or sounds gives a row for each file below it, in natural order; such a file by itself one row.
    Everything else is read as the data sources read it, and needs the columns that the network's inputs are made of.
    Where the network takes one column only and the file holds one of that kind, their names need not agree.

    Raises:
        DataError: there is no such file, it is of no kind that is read, or it lacks what the network needs.
    """
    path = path.expanduser()
    needed = trained.preprocessing.needed
    meanings = {name: trained.preprocessing.fields[name].field.meaning for name in needed}
    if not path.exists():
        raise DataError(f"{path} does not exist. Name a file or folder that holds what is to be predicted.")
    alone = next(iter(needed)) if len(needed) == 1 else ""
    family = _FAMILY_OF.get(meanings.get(alone, ""), "")
    if family and path.is_dir():
        files = list_files(path, family)
        return Incoming({alone: [files.path(row) for row in range(len(files))]}, files.names)
    if family and path.name.lower().endswith(FAMILIES[family]):
        return Incoming({alone: [path]}, (path.name,))
    kind = next((each for each in sources if _reads(each.id, path) and each.accepts(path)), None)
    if kind is None:
        takes = ", ".join(f"'{name}' ({meaning})" for name, meaning in meanings.items())
        raise DataError(f"{path} is nothing that can be read for this network, which takes {takes}.")
    raw = read(kind.id, {"path": str(path.absolute())})
    columns = {name: column.values for name, column in raw.columns.items()}
    if alone and alone not in columns and (found := _only(raw, meanings[alone])):
        columns[alone] = columns[found]
    return Incoming(columns, (), raw.notes)


def _reads(source: str, path: Path) -> bool:
    """True where a source is for tables and arrays in one file, or for folders that the rows cannot be listed of."""
    return path.is_file() or source not in ("images", "audio")


def _only(raw: RawData, meaning: str) -> str:
    """Return the one column of a meaning, or the only one; empty where there are several."""
    alike = [name for name, column in raw.columns.items() if column.meaning == meaning]
    names = alike or list(raw.columns)
    return names[0] if len(names) == 1 else ""
