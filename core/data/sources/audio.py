"""Folders of sounds: sub-folders are classes, folders such as ``train`` are parts, ``metadata.csv`` tells more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.data.folders import described, family_of, kept, list_files, watched
from core.data.sounds import SoundFiles, examine_sounds, sound_column
from core.data.source import RawData, SourceKind
from core.data.sources._table import path_of
from core.kinds import Parameter, Value


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    files = list_files(path_of(options, base), "sound")
    columns, notes = described(files, "sound")
    examined = examine_sounds(len(files), files.path, files.names.__getitem__)
    if examined.bad:
        columns = kept(columns, np.array(examined.rows, dtype=np.int64))
    sounds = SoundFiles(examined.headers, examined.rate, files.only(examined.rows))
    return RawData({"sound": sound_column(sounds), **columns}, (*notes, *examined.notes))


def _files(options: Mapping[str, Value], base: Path | None) -> tuple[Path, ...]:
    return watched(path_of(options, base))


KINDS = (
    SourceKind(
        "audio",
        "Sound folder",
        "Sounds (WAV, FLAC, OGG, MP3) in a folder: sub-folders are classes, folders such as train and test above them "
        "are parts. A file metadata.csv or metadata.jsonl with a column file_name adds its other columns.",
        _read,
        (
            Parameter(
                "path",
                "text",
                help="The folder with the sounds, in a sub-folder for each class or all together; a relative path "
                "starts from the project file's folder.",
            ),
        ),
        _files,
        lambda path: family_of(path) == "sound",
    ),
)
