"""What is dropped on the window finds its source by itself; what none can read is refused with what can be."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import h5py
import numpy as np
import openpyxl
import polars as pl
import pytest
import soundfile
from PIL import Image

from core.data.reading import read, source_for
from core.errors import DataError
from tests.data.building import write

TABLE = "a,b\n1.5,x\n2.5,y\n"


def make(folder: Path, name: str) -> Path:
    """Write a small file with that name, or a folder, of the kind that the name says."""
    path = folder / name
    frame = pl.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    if name.endswith(".parquet"):
        frame.write_parquet(path)
    elif name.endswith(".jsonl"):
        frame.write_ndjson(path)
    elif name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for row in (["a", "b"], [1.5, "x"], [2.5, "y"]):
            book.worksheets[0].append(row)
        book.save(path)
    elif name.endswith(".npy"):
        np.save(path, np.array([1.5, 2.5]))
    elif name.endswith(".npz"):
        np.savez(path, a=np.array([1.5, 2.5]))
    elif name.endswith(".h5"):
        with h5py.File(path, "w") as file:
            file["a"] = np.array([1.5, 2.5])
    elif "idx" in name:
        data = struct.pack(">HBB3I", 0, 8, 3, 2, 4, 4) + bytes(32)
        write(folder, gzip.compress(data) if name.endswith(".gz") else data, name)
    else:
        write(folder, TABLE.replace(",", "\t") if name.endswith((".tsv", ".tab")) else TABLE, name)
    return path


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("table.csv", "csv"),
        ("TABLE.CSV", "csv"),
        ("iris.data", "csv"),
        ("table.tsv", "tsv"),
        ("table.tab", "tsv"),
        ("table.jsonl", "json_lines"),
        ("table.parquet", "parquet"),
        ("book.xlsx", "excel"),
        ("array.npy", "npy"),
        ("arrays.npz", "npz"),
        ("set.h5", "hdf5"),
        ("train-images-idx3-ubyte", "idx"),
        ("train-images-idx3-ubyte.gz", "idx"),
    ],
)
def test_a_file_finds_its_source_and_can_be_read(tmp_path: Path, name: str, source: str) -> None:
    path = make(tmp_path, name)
    assert source_for(path) == (source, {"path": str(path)})
    assert read(*source_for(path)).rows == 2


def test_folders_find_their_sources(tmp_path: Path) -> None:
    for folder in ("images/cat", "images/dog", "sounds", "texts/good", "texts/bad", "mnist"):
        (tmp_path / folder).mkdir(parents=True)
    for index in range(2):
        for kind in ("cat", "dog"):
            Image.new("L", (8, 8), index).save(tmp_path / "images" / kind / f"{index}.png")
        soundfile.write(tmp_path / "sounds" / f"{index}.wav", np.zeros(100), 8000)
        for kind in ("good", "bad"):
            write(tmp_path / "texts" / kind, f"a text with number {index}", f"{index}.txt")
    make(tmp_path / "mnist", "train-images-idx3-ubyte.gz")
    found = {folder: source_for(tmp_path / folder)[0] for folder in ("images", "sounds", "texts", "mnist")}
    assert (found["images"], found["sounds"], found["mnist"]) == ("images", "audio", "idx")
    assert "text" in found["texts"]


def test_what_no_source_knows_is_refused_with_what_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No source knows what the file .*movie.mkv holds.*CSV file.*Image folder"):
        source_for(write(tmp_path, b"\x1aE\xdf\xa3" + bytes(100), "movie.mkv"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="No source knows what the folder"):
        source_for(tmp_path / "empty")
    with pytest.raises(DataError, match="does not exist"):
        source_for(tmp_path / "nothing")
