"""Tables of every kind, written by the libraries that people use: types, meanings, roles; and broken files refused."""

from __future__ import annotations

import datetime
import io
import json
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pytest
import soundfile
from PIL import Image

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read, source_for
from core.data.source import RawData
from core.errors import Cancelled, DataError
from core.progress import watching
from tests.data.building import bound, sample_table, write


def meanings(raw: RawData) -> dict[str, str]:
    return {name: column.meaning for name, column in raw.columns.items()}


def cells(raw: RawData, name: str) -> list[Any]:
    values = raw.columns[name].values
    assert isinstance(values, np.ndarray)
    return values.tolist()


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


# --- TSV, JSON lines --------------------------------------------------------------------------------------------------


def test_a_tsv_file_keeps_commas_in_its_cells(tmp_path: Path) -> None:
    path = write(tmp_path, "text\tkind\n" + "a, b and c\tx\nd, e\ty\n" * 5, "table.tsv")
    raw = read("tsv", {"path": str(path)})
    assert cells(raw, "text")[0] == "a, b and c"
    assert list(raw.columns) == ["text", "kind"]


def test_json_lines_keep_types_and_lay_out_records_and_lists(tmp_path: Path) -> None:
    records = [
        {
            "id": f"r{n}", "size": {"height": n / 2, "width": n % 3}, "tags": ["a", "b"][: n % 3], "point": [n, 2 * n],
            "wave": list(range(n % 4 + 1)), "ok": n % 2 == 0, "late": n,
        }
        for n in range(20)
    ]  # fmt: skip
    del records[3]["late"]
    path = write(tmp_path, "\ufeff" + "\n".join(map(json.dumps, records)) + "\n\n", "table.jsonl")
    raw = read("json_lines", {"path": str(path)})
    assert meanings(raw) == {
        "id": "identifier", "size.height": "number", "size.width": "number", "tags": "labels", "point": "array",
        "wave": "sequence", "ok": "flag", "late": "number",
    }  # fmt: skip
    point, wave = raw.columns["point"], raw.columns["wave"]
    assert (point.shape, wave.shape) == ((2,), (0,))
    assert cells(raw, "point")[4] == [4.0, 8.0]
    assert [each.tolist() for each in cells(raw, "wave")[:2]] == [[0.0], [0.0, 1.0]]
    assert cells(raw, "tags")[:3] == [(), ("a",), ("a", "b")]
    assert raw.columns["tags"].categories == ("a", "b")
    assert np.isnan(cells(raw, "late")[3])


def test_lists_of_steps_are_sequences_and_lists_of_one_size_arrays(tmp_path: Path) -> None:
    records = [
        {"walk": [[n, n]] * (n + 1), "grid": [[1, 2, 3], [4, 5, n]], "odd": [[1] * (n + 1), [2]]} for n in range(4)
    ]
    path = write(tmp_path, "\n".join(map(json.dumps, records)), "table.jsonl")
    raw = read("json_lines", {"path": str(path)})
    assert (raw.columns["walk"].meaning, raw.columns["walk"].shape) == ("sequence", (0, 2))
    assert [each.shape for each in cells(raw, "walk")] == [(1, 2), (2, 2), (3, 2), (4, 2)]
    assert (raw.columns["grid"].meaning, raw.columns["grid"].shape) == ("array", (2, 3))
    assert raw.columns["odd"].role == "ignore"
    assert "different shapes" in raw.columns["odd"].reason


def test_bad_json_lines_are_named_by_number(tmp_path: Path) -> None:
    path = write(tmp_path, '{"a": 1}\n{"a": \n[1, 2]\n{"a": 4}\n', "table.jsonl")
    with pytest.raises(DataError, match="lines that hold no JSON record") as caught:
        read("json_lines", {"path": str(path)})
    assert [problem[:6] for problem in caught.value.problems] == ["Line 2", "Line 3"]


def test_a_list_of_records_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one JSON list"):
        read("json_lines", {"path": str(write(tmp_path, '[{"a": 1}]', "list.jsonl"))})
    with pytest.raises(DataError, match="is empty"):
        read("json_lines", {"path": str(write(tmp_path, "", "none.jsonl"))})


def test_mixed_types_in_json_are_named_by_row(tmp_path: Path) -> None:
    records = [{"a": n * 0.5} for n in range(30)]
    lines = [json.dumps(each) for each in records]
    lines[7] = '{"a": "seven"}'
    raw = read("json_lines", {"path": str(write(tmp_path, "\n".join(lines), "table.jsonl"))})
    assert raw.columns["a"].meaning == "number"
    assert "'seven' in row 8" in raw.columns["a"].reason


# --- Parquet ----------------------------------------------------------------------------------------------------------


def test_parquet_columns_keep_their_types(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "code": ["1", "2", "3"] * 10,
            "zip": ["01234", "98765", "00001"] * 10,
            "small": pl.Series([n % 7 for n in range(30)], dtype=pl.Int8),
            "huge": pl.Series([2**60 + n for n in range(30)], dtype=pl.Int64),
            "share": pl.Series([n / 7 for n in range(30)], dtype=pl.Float32),
            "on": [n % 2 == 0 for n in range(30)],
            "day": [datetime.date(2024, 1, 1) + datetime.timedelta(n * 7 % 30) for n in range(30)],
            "moment": [datetime.datetime(2024, 1, 1, 12, n) for n in range(30)],
            "kind": pl.Series(["x", "y", "z"] * 10, dtype=pl.Categorical),
            "vector": pl.Series([[n, 1.0, 2.0] for n in range(30)], dtype=pl.Array(pl.Float32, 3)),
            "price": pl.Series([f"{n}.50" for n in range(30)]).cast(pl.Decimal(10, 2)),
            "raw": [b"x"] * 30,
        }
    )
    frame.write_parquet(tmp_path / "table.parquet")
    raw = read("parquet", {"path": "table.parquet"}, tmp_path)
    assert meanings(raw) == {
        "code": "category", "zip": "category", "small": "number", "huge": "identifier", "share": "number", "on": "flag",
        "day": "date", "moment": "date", "kind": "category", "vector": "array", "price": "number", "raw": "text",
    }  # fmt: skip
    assert cells(raw, "zip")[0] == "01234"
    assert cells(raw, "huge")[1] == str(2**60 + 1)
    assert cells(raw, "day")[:2] == ["2024-01-01", "2024-01-08"]
    assert cells(raw, "moment")[3] == "2024-01-01T12:03:00"
    assert (raw.columns["moment"].role, raw.columns["day"].role) == ("time", "input")
    assert cells(raw, "price")[2] == 2.5
    assert "not read" in raw.columns["raw"].reason


def test_a_parquet_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": list(range(1000))}).write_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    for name, data in {
        "cut": whole[: len(whole) // 2],
        "text": b"a,b\n1,2\n",
        "middle": whole[:200] + whole[-100:],
    }.items():
        with pytest.raises(DataError, match=rf"{name}.parquet is no Parquet file that can be read"):
            read("parquet", {"path": str(write(tmp_path, data, f"{name}.parquet"))})


def test_names_with_stars_lead_to_one_file_only(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1.5, 2.5]}).write_parquet(tmp_path / "table[1].parquet")
    assert read("parquet", {"path": "table[1].parquet"}, tmp_path).rows == 2


# --- Excel ------------------------------------------------------------------------------------------------------------


def test_a_sheet_keeps_dates_flags_and_leading_zeros(tmp_path: Path) -> None:
    rows: list[list[object]] = [["zip", "when", "on", None, "mixed", "size"]]
    rows += [
        [f"0{n % 3}", datetime.datetime(2024, 1, n + 1), n % 2 == 0, None, "lots" if n == 20 else n, n / 2 + 0.25]
        for n in range(30)
    ]
    rows[5][5] = "NA"
    workbook(tmp_path / "book.xlsx", first=rows, second=[["a"], [1]])
    raw = read("excel", {"path": "book.xlsx"}, tmp_path)
    assert meanings(raw) == {"zip": "category", "when": "date", "on": "flag", "mixed": "number", "size": "number"}
    assert cells(raw, "zip")[1] == "01"
    assert cells(raw, "when")[1] == "2024-01-02"
    assert "'lots' in row 21" in raw.columns["mixed"].reason
    assert "1 missing" in raw.columns["size"].reason
    assert raw.notes == ("The sheet 'first' was read. The other sheets are: second.",)


def test_another_sheet_can_be_chosen(tmp_path: Path) -> None:
    workbook(tmp_path / "book.xlsx", first=[["a"], [1]], second=[["b"], [2.5], [3.5]], third=[])
    assert list(read("excel", {"path": "book.xlsx", "sheet": "second"}, tmp_path).columns) == ["b"]
    with pytest.raises(DataError, match=r"no sheet 'zweite'. Its sheets are: first, second, third"):
        read("excel", {"path": "book.xlsx", "sheet": "zweite"}, tmp_path)
    with pytest.raises(DataError, match=r"'third' of .* is empty"):
        read("excel", {"path": "book.xlsx", "sheet": "third"}, tmp_path)


def test_a_damaged_workbook_and_one_that_would_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = workbook(tmp_path / "book.xlsx", first=[["a"], [1]]).read_bytes()
    with pytest.raises(DataError, match=r"cut.xlsx is no Excel workbook that can be read"):
        read("excel", {"path": str(write(tmp_path, whole[:3000], "cut.xlsx"))})
    monkeypatch.setattr("core.data.sources.excel.LIMIT", 2**22)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(str(number), bytes(2**20))
    with pytest.raises(DataError, match="when it is unpacked"):
        read("excel", {"path": "bomb.xlsx"}, tmp_path)


@pytest.mark.parametrize(("source", "package"), [("excel", "fastexcel"), ("hdf5", "h5py")])
def test_a_reader_that_is_not_installed_is_named(
    source: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    path = write(tmp_path, b"anything", "file")
    with pytest.raises(DataError, match=rf"{package}, which is not installed: pip install layerwright\[data\]"):
        read(source, {"path": str(path)})


@pytest.mark.parametrize("source", ["csv", "tsv", "json_lines", "parquet", "excel", "npy", "npz", "hdf5"])
def test_every_file_source_says_what_is_wrong_with_a_path(source: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        read(source, {"path": str(tmp_path)})
    with pytest.raises(DataError, match="does not exist"):
        read(source, {"path": "nothing.here"}, tmp_path)
    with pytest.raises(DataError, match="No file is chosen"):
        read(source, {"path": ""})
    with pytest.raises(DataError, match="is empty"):
        read(source, {"path": str(write(tmp_path, b"", "empty.file"))})


@pytest.mark.parametrize("name", ["table.csv", "table.tsv", "table.jsonl", "table.parquet", "table.xlsx"])
def test_every_kind_of_table_gives_the_same_fields_and_can_be_trained_on(name: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "size": [n * 7 % 23 / 4 for n in range(40)],
            "day": [f"2024-03-{n * 11 % 28 + 1:02d}" for n in range(40)],
            "tags": [("a|b", "b|c", "c")[n % 3] for n in range(40)],
            "note": [f"row {n} has a few more words than most rows of its kind" for n in range(40)],
            "kind": [("x", "y")[n % 2] for n in range(40)],
        }
    )
    path = tmp_path / name
    if name.endswith(".xlsx"):
        workbook(path, only=[frame.columns, *map(list, frame.rows())])
    elif name.endswith(".jsonl"):
        frame.write_ndjson(path)
    elif name.endswith(".parquet"):
        frame.write_parquet(path)
    else:
        frame.write_csv(path, separator="\t" if name.endswith(".tsv") else ",")
    binding = bind(*source_for(path))
    assert [(each.name, each.meaning, each.role) for each in binding.fields] == [
        ("size", "number", "input"), ("day", "date", "input"), ("tags", "labels", "input"), ("note", "text", "input"),
        ("kind", "category", "target"),
    ]  # fmt: skip
    prepared = load(bound(binding, {"cells": ["size", "day", "tags"], "words": ["note"]}))
    assert (prepared.counts["training"], prepared.counts["validation"]) == (32, 8)
    assert prepared.dropped == 0


# --- roles, linked images, progress -----------------------------------------------------------------------------------


def test_roles_are_suggested_with_their_reasons(tmp_path: Path) -> None:
    lines = ["patient_id,day,sample_weight,part,dose,outcome"]
    lines += [
        f"p{n // 4},2024-02-{n + 1:02d},{1 + n % 2}.5,{('train', 'test')[n > 20]},{n * 7 % 11}.25,{('a', 'b')[n % 2]}"
        for n in range(28)
    ]
    raw = read("csv", {"path": str(write(tmp_path, "\n".join(lines)))})
    roles = {name: column.role for name, column in raw.columns.items()}
    assert roles == {
        "patient_id": "group", "day": "time", "sample_weight": "weight", "part": "split", "dose": "input",
        "outcome": "target",
    }  # fmt: skip
    assert "rows of one patient" in raw.columns["patient_id"].reason


def pictures(folder: Path, count: int) -> None:
    (folder / "img").mkdir()
    for index in range(count):
        Image.new("RGB", (8, 6), (index, 0, 0)).save(folder / "img" / f"{index}.png")


def test_a_column_of_paths_holds_the_images_they_lead_to(tmp_path: Path) -> None:
    pictures(tmp_path, 4)
    path = write(tmp_path, "file,kind\n" + "".join(f"img/{n}.png,k{n % 2}\n" for n in range(4)))
    raw = read("csv", {"path": str(path)})
    image = raw.columns["file"]
    assert (image.meaning, image.shape, raw.rows) == ("image", (3, 6, 8), 4)
    assert image.take(np.array([2]))[0, :, 0, 0].tolist() == [2, 0, 0]
    assert raw.columns["kind"].role == "target"


def test_rows_whose_image_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    pictures(tmp_path, 4)
    write(tmp_path / "img", b"nothing", "1.png")
    path = write(tmp_path, "file,x\nimg/0.png,0.5\nimg/1.png,1.5\n,2.5\nimg/9.png,3.5\nimg/3.png,4.5\n")
    raw = read("csv", {"path": str(path)})
    assert (raw.rows, cells(raw, "x")) == (2, [0.5, 4.5])
    assert "3 rows left out" in raw.notes[0]
    assert "img/1.png is no image" in raw.notes[0]
    assert "row 3" in raw.notes[0]


def test_images_within_cells_are_images(tmp_path: Path) -> None:
    cells = []
    for index in range(4):
        content = io.BytesIO()
        Image.new("L", (8, 6), index).save(content, "PNG")
        cells.append({"bytes": b"damaged" if index == 1 else content.getvalue(), "path": f"{index}.png"})
    pl.DataFrame({"image": cells, "label": [0, 1, 0, 1]}).write_parquet(tmp_path / "mnist.parquet")
    raw = read("parquet", {"path": "mnist.parquet"}, tmp_path)
    image = raw.columns["image"]
    assert (image.meaning, image.shape, raw.rows) == ("image", (1, 6, 8), 3)
    again = pickle.loads(pickle.dumps(image.values))
    assert again.take(np.array([1, 2]))[:, 0, 0, 0].tolist() == [2, 3]
    assert "1 row left out" in raw.notes[0]
    assert "'image' of row 2" in raw.notes[0]
    assert raw.digest == read("parquet", {"path": "mnist.parquet"}, tmp_path).digest


def test_a_column_of_sound_files_holds_the_sounds(tmp_path: Path) -> None:
    for index in range(4):
        soundfile.write(tmp_path / f"{index}.wav", np.full(800, index / 10), 8000)
    path = write(tmp_path, "clip,word\n" + "".join(f"{n}.wav,w{n % 2}\n" for n in range(4)))
    clip = read("csv", {"path": str(path)}).columns["clip"]
    assert (clip.meaning, clip.shape, clip.rate) == ("audio", (1, 800), 8000)
    np.testing.assert_allclose(clip.take(np.array([3]))[0], np.full((1, 800), 0.3), atol=1e-4)


def test_names_of_images_that_are_not_there_stay_words(tmp_path: Path) -> None:
    path = write(tmp_path, "file,x\n" + "".join(f"img/{n}.png,{n}.5\n" for n in range(20)))
    raw = read("csv", {"path": str(path)})
    assert raw.columns["file"].meaning == "identifier"
    assert "img/0.png is not there" in raw.columns["file"].reason


def test_reading_tells_how_far_it_is_and_ends_when_asked(tmp_path: Path) -> None:
    path = write(tmp_path, sample_table(200))
    told: list[str] = []

    def listen(_done: int, _total: int, what: str) -> bool:
        told.append(what)
        return what != "looking at 'mass'"

    with pytest.raises(Cancelled), watching(listen):
        read("csv", {"path": str(path)})
    assert told[0] == "reading the file"
    assert told[-1] == "looking at 'mass'"
    assert read("csv", {"path": str(path)}).rows == 200


def test_a_file_of_several_blocks_is_read_as_one_and_can_be_cancelled_between_them(tmp_path: Path) -> None:
    line = 'x "quoted"\nline'.replace('"', '""')
    body = "".join(f'{n}.5,"{line} {"w" * 1900}",k{n % 3}\n' for n in range(40_000))
    path = write(tmp_path, "a,b,c\n" + body + "7.25,end,k0\n")
    places: list[int] = []

    def listen(done: int, total: int, what: str) -> bool:
        places.append(done if what == "dividing into cells" else 0)
        return True

    with watching(listen):
        raw = read("csv", {"path": str(path)})
    assert raw.rows == 40_001
    assert cells(raw, "a")[-2:] == [39999.5, 7.25]
    assert cells(raw, "b")[39_998].startswith('x "quoted"\nline www')
    assert max(places) > 0


def test_blocks_may_begin_with_empty_and_broken_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.data.sources.csv._BLOCK", 8)
    lines = ["a,b", "1,x", "", "2,yy", "", "", '3,"z\n\n"', "4,", "", "5,v"]
    for line_end in ("\n", "\r\n"):
        raw = read("csv", {"path": str(write(tmp_path, line_end.join(lines), f"{len(line_end)}.csv"))})
        assert cells(raw, "a") == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert cells(raw, "b")[-2:] == [None, "v"]
    for bad in ("6", "6,u,w"):
        path = write(tmp_path, "\n".join([*lines, bad]), f"bad{len(bad)}.csv")
        with pytest.raises(DataError, match="1 broken row") as caught:
            read("csv", {"path": str(path)})
        assert f"Row 10 (line 13 of the file) has {bad.count(',') + 1} cell" in caught.value.problems[0]
