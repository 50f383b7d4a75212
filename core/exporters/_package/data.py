"""The data of a package: the raw columns that the network needs, as files, and ``data.py``, which prepares them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data.arrange import arrange
from core.data.preprocessing import Preprocessing
from core.data.reading import read
from core.data.source import Array, Column, RawData
from core.data.splits import PARTS
from core.data.values import number_text
from core.errors import ExportError
from core.exporters._folder import MOMENT
from core.exporters._package.data_text import DataWriter
from core.exporters._preparation import preprocess_text
from core.exporters._standalone_cells import indices_of
from core.training.session import Session

_MOST_BYTES = 2**30
_WORDS = ("category", "flag", "text", "date")
_CELLS = ("number", *_WORDS, "labels", "identifier")
_ENCODED = ("number", "category", "flag", "date", "text", "sequence", "array", "image")
_TARGETS = ("number", "category", "flag", "labels", "text", "sequence", "array", "image", "mask")


@dataclass(frozen=True)
class PackageData:
    """The files of the folder ``data``, and the texts of ``data.py`` and ``preprocess.py``."""

    files: Mapping[str, bytes]
    data: str
    preprocess: str


def package_data(session: Session, base: Any) -> PackageData:
    """Return what a package needs to prepare the session's data.

    Raises:
        ExportError: it cannot be prepared plainly; the message names the field or the setting.
        DataError: the data cannot be read any more.
    """
    _refuse(session)
    project = session.project
    raw = read(project.data.source, project.data.options, base)
    preprocessing = session.prepared.preprocessing
    weight = next((each.name for each in project.data.with_role("weight")), "")
    names = [*preprocessing.fields, *([weight] if weight and weight not in preprocessing.fields else [])]
    columns = {name: raw.columns[name] for name in names}
    cells = {name: each for name, each in columns.items() if each.meaning in _CELLS}
    arrays = {name: each for name, each in columns.items() if name not in cells}
    split = _split(session, raw)
    filled = _filled(preprocessing, columns, np.concatenate([split[name] for name in PARTS]))
    writer = DataWriter(session, tuple(cells), tuple(arrays), weight, filled)
    files = {"data/split.npz": _npz(split)}
    if cells:
        meanings = {name: preprocessing.fields[name].field.meaning for name in cells if name in preprocessing.fields}
        files["data/rows.csv"] = _csv(
            {name: _cells(each, meanings.get(name, "number")) for name, each in cells.items()}
        )
    if arrays:
        files["data/arrays.npz"] = _npz(_arrays(arrays, raw.rows))
    text = writer.text()
    return PackageData(files, text, preprocess_text(preprocessing, text))


def _refuse(session: Session) -> None:
    prepared = session.prepared
    problems = []
    if any(prepared.part(name).streamed for name in PARTS):
        problems.append("The data is too large to be held in memory: take fewer rows, or a smaller image size.")
    inputs = {
        prepared.preprocessing.entry(name).field.name
        for each in prepared.preprocessing.inputs.values()
        for name in each
    }
    for name, fitted in prepared.preprocessing.fields.items():
        field = fitted.field
        allowed = _ENCODED if name in inputs else _TARGETS
        if field.meaning not in allowed:
            what = f"{field.meaning} as {'an input' if name in inputs else 'a target'}"
            problems.append(f"'{name}': {what} needs Layerwright's own preparation. Export a bundle, or leave it out.")
    if problems:
        raise ExportError("This project's data cannot be written as plain PyTorch yet.", problems=problems)


# --- the files --------------------------------------------------------------------------------------------------------


def _split(session: Session, raw: RawData) -> dict[str, Array]:
    """Return the rows of every part, and with windows the rows of each sample's window."""
    parts: dict[str, Array] = {name: session.prepared.part(name).rows for name in PARTS}
    if session.project.data.window.length:
        preprocessing = session.prepared.preprocessing
        arranged = arrange(raw, session.project.data, preprocessing.inputs, preprocessing.targets)
        parts |= {f"{name}_windows": arranged.spans(parts[name]) for name in PARTS}
    return parts


def _filled(preprocessing: Preprocessing, columns: Mapping[str, Column], rows: Array) -> bool:
    """Return whether some target of these rows is missing, or none of its classes."""
    found = [preprocessing.fields[name].field for name in preprocessing.targets.values() if name in columns]
    return any(
        bool((indices_of(columns[each.name].take(rows).tolist(), each.categories) < 0).any())
        for each in found
        if each.meaning in ("category", "flag")
    )


def _cells(column: Column, meaning: str) -> list[str]:
    values = column.take(np.arange(len(column)))
    return [_cell(value, meaning) for value in values.tolist()]


def _cell(value: object, meaning: str) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, tuple | list):
        return json.dumps(list(value), ensure_ascii=False)
    if isinstance(value, float):
        return number_text(value) if meaning in _WORDS else repr(value)
    return str(value)


def _csv(columns: Mapping[str, list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def _arrays(columns: Mapping[str, Column], rows: int) -> dict[str, Array]:
    """Return columns of arrays; sequences end to end, with the number of steps of each."""
    found: dict[str, Array] = {}
    for name, column in columns.items():
        values = column.take(np.arange(rows))
        if values.dtype != object:
            found[name] = values
        elif column.meaning == "sequence":
            nothing = next((each[:0] for each in values if each is not None), np.zeros(0, dtype=np.float32))
            each_row = [nothing if each is None else np.asarray(each) for each in values]
            found[name] = np.concatenate(each_row)
            found[f"{name}/steps"] = np.array([len(each) for each in each_row], dtype=np.int64)
        elif len({None if each is None else each.shape for each in values}) == 1 and values[0] is not None:
            found[name] = np.stack(list(values))
        else:
            raise ExportError(
                f"'{name}' has {column.meaning}s of different sizes, which cannot be written as one array yet. Bring "
                "them to one size, or export a bundle."
            )
    if sum(each.nbytes for each in found.values()) > _MOST_BYTES:
        raise ExportError(f"The raw values of {', '.join(columns)} take more than 1 GiB: a package cannot carry them.")
    return found


def _npz(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            member = io.BytesIO()
            np.save(member, values, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", MOMENT), member.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
