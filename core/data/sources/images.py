"""Folders of images: sub-folders are classes, folders such as ``train`` are parts, ``metadata.csv`` tells more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.data.folders import described, family_of, kept, list_files, watched
from core.data.pictures import examine, files_column
from core.data.source import RawData, SourceKind
from core.data.sources._table import path_of
from core.data.sources.masks import is_masks
from core.kinds import Parameter, Value

PATH = Parameter(
    "path",
    "text",
    help="The folder with the images, in a sub-folder for each class or all together; a relative path starts from the "
    "project file's folder.",
)


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    files = list_files(path_of(options, base), "image")
    columns, notes = described(files, "image")
    examined = examine(len(files), files.path, files.names.__getitem__)
    if examined.bad:
        columns = kept(columns, np.array(examined.rows, dtype=np.int64))
    image = files_column(files, examined)
    return RawData({"image": image, **columns}, (*notes, *examined.notes))


def _files(options: Mapping[str, Value], base: Path | None) -> tuple[Path, ...]:
    return watched(path_of(options, base))


def _accepts(path: Path) -> bool:
    return family_of(path) == "image" and not is_masks(path)


KINDS = (
    SourceKind(
        "images",
        "Image folder",
        "Images in a folder: sub-folders are classes, folders such as train and test above them are parts. A file "
        "metadata.csv or metadata.jsonl with a column file_name adds its other columns.",
        _read,
        (PATH,),
        _files,
        _accepts,
    ),
)
