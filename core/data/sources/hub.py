"""Data sets of the Hugging Face library ``datasets``: saved to disk by it, or from the hub by their name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.infer import Hints, infer_column
from core.data.pictures import Pictures, examine, picture_column
from core.data.roles import suggest_roles
from core.data.sounds import Sounds, examine_sounds, sound_column
from core.data.source import Array, Column, RawData, SourceKind
from core.errors import DataError, did_you_mean
from core.kinds import Parameter, Value
from core.loading import load
from core.progress import report

_SAVED = ("dataset_dict.json", "dataset_info.json", "state.json")


def _library() -> Any:
    try:
        datasets = load("datasets")
    except ImportError as error:
        raise DataError(
            "Hugging Face data sets are read by the package datasets, which is not installed: "
            "pip install layerwright[hub]"
        ) from error
    datasets.disable_progress_bars()
    return datasets


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    datasets = _library()
    report(0, 0, "opening the data set")
    found = _opened(datasets, options, base)
    parts = {str(name): found[name] for name in found} if isinstance(found, dict) else {}
    if options["split"]:
        if options["split"] not in parts:
            listed = f"It has {', '.join(parts)}." if parts else "It is not divided."
            near = did_you_mean(options["split"], parts)
            raise DataError(f"The data set has no part '{options['split']}'.{near} {listed}")
        parts = {options["split"]: parts[options["split"]]}
    data, words = _joined(datasets, parts) if parts else (found, None)
    if not len(data):
        raise DataError("The data set has no rows.")
    return _columns(datasets, data, words)


def _opened(datasets: Any, options: Mapping[str, Value], base: Path | None) -> Any:
    """Open what is on disk under that name, else on the hub.

    Raises:
        DataError: it is neither, or the hub cannot be reached.
    """
    name = str(options["path"]).strip()
    if not name:
        raise DataError("No data set is chosen. Set the option 'path' to a folder or to a name such as 'ylecun/mnist'.")
    folder = _folder(name, base)
    try:
        if folder.is_dir():
            return datasets.load_from_disk(str(folder))
        return datasets.load_dataset(name, options["config"] or None)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, datasets.exceptions.DatasetsError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        if folder.is_dir():
            raise DataError(f"{folder} holds no data set that was saved by save_to_disk: {why}") from error
        raise DataError(
            f"There is no folder {folder}, and '{name}' cannot be fetched from the Hugging Face hub: {why} "
            "Look at the name and the connection, or choose a folder that save_to_disk wrote."
        ) from error


def _folder(name: str, base: Path | None) -> Path:
    path = Path(name)
    return path if path.is_absolute() else (base or Path()) / path


def _joined(datasets: Any, parts: Mapping[str, Any]) -> tuple[Any, Array | None]:
    """Return all parts as one data set, and each row's part."""
    if len(parts) == 1:
        return next(iter(parts.values())), None
    first = next(iter(parts.values()))
    odd = [name for name, part in parts.items() if part.features != first.features]
    if odd:
        raise DataError(
            f"The parts {', '.join(parts)} do not have the same columns: {', '.join(odd)} differ from "
            f"{next(iter(parts))}. Choose one of them with the option 'split'."
        )
    words = np.repeat(np.array(list(parts), dtype=object), [len(part) for part in parts.values()])
    return datasets.concatenate_datasets(list(parts.values())), words


def _columns(datasets: Any, data: Any, words: Array | None) -> RawData:
    media = {name: kind for name, kind in data.features.items() if isinstance(kind, datasets.Image | datasets.Audio)}
    for name, kind in media.items():
        data = data.cast_column(name, type(kind)(decode=False))
    columns: dict[str, Column] = {}
    notes: list[str] = []
    keep: NDArray[np.int64] = np.arange(len(data))
    plain = data.remove_columns(list(media))
    if plain.column_names:
        columns = _table(datasets, plain.flatten())
    for name, kind in media.items():
        make = _images if isinstance(kind, datasets.Image) else _sounds
        columns[name], rows, told = make(data, name)
        notes += [f"'{name}': {note}" for note in told]
        keep = np.intersect1d(keep, rows)
    if words is not None:
        names = tuple(dict.fromkeys(words.tolist()))
        columns["split"] = Column(words, "category", names, f"parts of the data set: {', '.join(names)}", "split")
    if len(keep) < len(data):
        columns = {name: _kept(column, keep) for name, column in columns.items()}
    for name in [name for name, column in columns.items() if column.role == "target"][1:]:
        columns[name] = replace(columns[name], role="input")
    order = [*media, *(name for name in columns if name not in media)]
    return RawData(suggest_roles({name: columns[name] for name in order}), tuple(notes))


def _kept(column: Column, rows: NDArray[np.int64]) -> Column:
    values = column.values
    return replace(column, values=values.only(rows) if isinstance(values, _Stored) else column.take(rows))


# --- what is held in memory -------------------------------------------------------------------------------------------


def _table(datasets: Any, data: Any) -> dict[str, Column]:
    import polars as pl

    columns = {}
    names = data.column_names
    for index, name in enumerate(names):
        report(index, len(names), f"looking at '{name}'")
        cells = pl.Series(name, data.select_columns(name).with_format("arrow")[:][name])
        kind = data.features[name]
        if isinstance(kind, datasets.ClassLabel):
            columns[name] = _classes(cells, kind)
        elif isinstance(getattr(kind, "feature", None), datasets.ClassLabel):
            columns[name] = _labels(cells, kind.feature.names)
        else:
            columns[name] = infer_column(name, cells, Hints(last=name == names[-1], typed=True))
    return columns


def _classes(cells: Any, kind: Any) -> Column:
    """Return a column of class indices by their names; -1, which stands for an unknown class, is missing."""
    names = tuple(kind.names)
    words = np.array([*names, None], dtype=object)
    indices = cells.fill_null(-1).to_numpy()
    return Column(
        words[np.where(indices < 0, len(names), indices)], "category", names, f"{len(names):,} classes", "target"
    )


def _labels(cells: Any, names: Sequence[str]) -> Column:
    values = np.empty(len(cells), dtype=object)
    values[:] = [None if cell is None else tuple(names[index] for index in cell) for cell in cells.to_list()]
    return Column(values, "labels", tuple(names), f"lists out of {len(names):,} labels", "target")


# --- what is read when it is asked for --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Stored:
    """Files within a data set: rows of one of its columns, each with its bytes or a path."""

    data: Any
    column: str
    rows: NDArray[np.int64]

    def only(self, rows: NDArray[np.int64]) -> Any:
        """Return some of the rows, by their numbers in the data set."""
        places = np.searchsorted(self.rows, rows)
        return self._only(places, rows)

    def _only(self, places: NDArray[np.int64], rows: NDArray[np.int64]) -> Any:
        raise NotImplementedError

    def content(self, row: int) -> Path | BytesIO:
        """Return where the bytes are."""
        return _content(self.data, self.column, int(self.rows[row]))

    def describe(self, row: int) -> str:
        """Return the column and the row's number."""
        return _name(self.column, int(self.rows[row]))

    def digest(self) -> str:
        """Return the fingerprint of the data set, which changes with it."""
        chosen = hashlib.sha256(self.rows.tobytes()).hexdigest()
        return f"{self.data._fingerprint} {self.column} {chosen}"


@dataclass(frozen=True, eq=False)
class _StoredImages(_Stored, Pictures):
    def _only(self, places: NDArray[np.int64], rows: NDArray[np.int64]) -> Any:
        return replace(self, rows=rows, sizes=self.sizes[places])


@dataclass(frozen=True, eq=False)
class _StoredSounds(_Stored, Sounds):
    def _only(self, places: NDArray[np.int64], rows: NDArray[np.int64]) -> Any:
        return replace(self, rows=rows, headers=tuple(self.headers[place] for place in places.tolist()))


def _name(column: str, row: int) -> str:
    return f"'{column}' of row {row + 1}"


def _content(data: Any, column: str, row: int) -> Path | BytesIO:
    cell = data[row][column]
    if cell is None or not (cell.get("bytes") or cell.get("path")):
        raise DataError(f"{_name(column, row)} is missing.")
    return BytesIO(cell["bytes"]) if cell.get("bytes") else Path(cell["path"])


def _images(data: Any, name: str) -> tuple[Column, NDArray[np.int64], tuple[str, ...]]:
    own = data.select_columns(name)
    examined = examine(len(own), partial(_content, own, name), partial(_name, name))
    rows = np.array(examined.rows, dtype=np.int64)
    values = _StoredImages(examined.sizes, examined.channels, examined.deep, own, name, rows)
    return picture_column(values), rows, examined.notes


def _sounds(data: Any, name: str) -> tuple[Column, NDArray[np.int64], tuple[str, ...]]:
    own = data.select_columns(name)
    examined = examine_sounds(len(own), partial(_content, own, name), partial(_name, name))
    rows = np.array(examined.rows, dtype=np.int64)
    values = _StoredSounds(examined.headers, examined.rate, own, name, rows)
    return sound_column(values), rows, examined.notes


def _files(options: Mapping[str, Value], base: Path | None) -> tuple[Path, ...]:
    folder = _folder(str(options["path"]).strip(), base)
    return tuple(sorted(folder.rglob("*.json"))) if folder.is_dir() else ()


def _accepts(path: Path) -> bool:
    return path.is_dir() and any((path / name).is_file() for name in _SAVED)


KINDS = (
    SourceKind(
        "hub",
        "Hugging Face data set",
        "A data set that the library datasets saved to a folder, or one of the Hugging Face hub (fetched once).",
        _read,
        (
            Parameter(
                "path", "text", help="A folder that save_to_disk wrote, or a name on the hub such as ylecun/mnist."
            ),
            Parameter("config", "text", "", "Which configuration of a data set on the hub, where it has several."),
            Parameter("split", "text", "", "Read this part only; empty: all, as the column 'split'."),
        ),
        _files,
        _accepts,
    ),
)
