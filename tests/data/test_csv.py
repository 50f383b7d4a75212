"""Table files as they come: separators, encodings, quotes, gaps; and broken ones, refused by row number."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.data.bind import bind
from core.data.reading import read
from core.data.source import RawData
from core.data.text import first_rows
from core.errors import DataError
from tests.data.building import PENGUINS, bind_text, sample_table, write


def read_text(folder: Path, text: str | bytes, **options: str) -> RawData:
    return read("csv", {"path": str(write(folder, text)), **options})


def values(raw: RawData, name: str) -> list[object]:
    return [None if cell != cell else cell for cell in raw.columns[name].values.tolist()]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    raw = read_text(tmp_path, sample_table(30).replace(",", separator))
    assert list(raw.columns) == ["species", "island", "length", "mass", "sex", "year"]
    assert raw.rows == 30


def test_a_separator_can_be_told(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "a|b\n1,5|2,5\n3,5|4,5\n", separator="|", decimal=",")
    assert values(raw, "a") == [1.5, 3.5]


@pytest.mark.parametrize("cell", ["", "NA", "NaN", "null", "?", "N/A", " NA ", '"NA"', '""'])
def test_missing_words_are_missing(tmp_path: Path, cell: str) -> None:
    raw = read_text(tmp_path, f"n,w\n1,x\n{cell},{cell}\n3,y\n")
    assert values(raw, "n") == [1.0, None, 3.0]
    assert values(raw, "w") == ["x", None, "y"]


def test_the_words_for_missing_can_be_chosen(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "n,w\n1,NA\n-99,b\n3,c\n", missing_words="-99")
    assert values(raw, "n") == [1.0, None, 3.0]
    assert values(raw, "w") == ["NA", "b", "c"]


def test_numbers_with_decimal_comma_are_numbers(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "a;b;c\n1,5;2.5;1.234,5\n-2,25;3.5;2,5\n")
    assert values(raw, "a") == [1.5, -2.25]
    assert values(raw, "b") == [2.5, 3.5]
    assert values(raw, "c") == [1234.5, 2.5]


def test_whole_numbers_at_first_and_fractions_late_are_all_read(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "a,b\n" + "".join(f"{n % 9},x{n % 3}\n" for n in range(500)) + "3.5,x1\n")
    assert raw.columns["a"].meaning == "number"
    assert values(raw, "a")[-1] == 3.5


def test_quoted_cells_keep_separators_quotes_and_line_ends(tmp_path: Path) -> None:
    raw = read_text(tmp_path, 'a,b\n1,"x, ""y""\n\nz"\n2,plain\n')
    assert values(raw, "b") == ['x, "y"\n\nz', "plain"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(tmp_path: Path, line_end: str) -> None:
    raw = read_text(tmp_path, line_end.join(["a,b", "1,x", "2,y", ""]))
    assert (values(raw, "a"), values(raw, "b")) == ([1.0, 2.0], ["x", "y"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_with_and_without_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    raw = read_text(tmp_path, "größe,ort\n1,Köln\n2,Łódź\n".encode(encoding))
    assert list(raw.columns) == ["größe", "ort"]
    assert values(raw, "ort") == ["Köln", "Łódź"]
    assert not raw.notes


def test_windows_text_is_read_with_a_note(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "größe,preis\n1,ab 5 €\n2,ab 7 €\n".encode("cp1252"))
    assert list(raw.columns) == ["größe", "preis"]
    assert values(raw, "preis") == ["ab 5 €", "ab 7 €"]
    assert "Windows-1252" in raw.notes[0]


def test_empty_lines_are_left_out(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "\n\na,b\n1,x\n\n   \n2,y\n\n\n")
    assert (values(raw, "a"), values(raw, "b")) == ([1.0, 2.0], ["x", "y"])


def test_in_a_single_column_an_empty_line_is_a_missing_cell(tmp_path: Path) -> None:
    assert values(read_text(tmp_path, "a\n1\n\n3\n"), "a") == [1.0, None, 3.0]


def test_leading_zeros_and_huge_numbers_keep_their_digits(tmp_path: Path) -> None:
    rows = "".join(f"{n:05d},{10**17 + n},{n / 2}\n" for n in range(20))
    raw = read_text(tmp_path, "zip,account,x\n" + rows)
    assert values(raw, "zip")[:2] == ["00000", "00001"]
    assert values(raw, "account")[1] == "100000000000000001"
    assert raw.columns["account"].meaning == "identifier"
    assert "lose digits" in raw.columns["zip"].reason


def test_infinite_numbers_count_as_missing(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "a,b\n" + "1.5,2\n" * 25 + "inf,2\n2.5,3\n")
    assert np.isnan(raw.columns["a"].values).sum() == 1
    assert "'inf' in row 26" in raw.columns["a"].reason


def test_a_column_without_a_name_gets_one(tmp_path: Path) -> None:
    assert list(read_text(tmp_path, ",a,b\n1,2,x\n2,3,y\n").columns) == ["column 1", "a", "b"]


def test_columns_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "a,b,a,a\n1,2,3,4\n5,6,7,8\n")
    assert list(raw.columns) == ["a", "b", "a (2)", "a (3)"]
    assert values(raw, "a (3)") == [4, 8]
    assert "same name" in raw.notes[0]


@pytest.mark.parametrize(
    "text",
    ["5.1,3.5,setosa\n4.9,3.0,rose\n", "1;2;3\n4;5;6\n", "5,1;3,5;rose\n4,9;3,0;tulip\n"],
    ids=["point", "whole", "comma"],
)
def test_a_table_without_names_keeps_its_first_line_as_a_row(tmp_path: Path, text: str) -> None:
    raw = read_text(tmp_path, text)
    assert list(raw.columns) == ["column 1", "column 2", "column 3"]
    assert raw.rows == 2
    assert "holds values" in raw.notes[0]


def test_what_stands_above_the_names_is_left_out(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "sep=;\r\na;b\r\n1,5;x\r\n2,5;y\r\n")
    assert values(raw, "a") == [1.5, 2.5]
    raw = read_text(tmp_path, "# measured in May, by hand\n# one line a day\n\na,b\n1.5,x\n2.5,y\n")
    assert values(raw, "a") == [1.5, 2.5]
    assert raw.notes == ("Left out above the table: 2 lines that begin with #.",)
    assert list(read_text(tmp_path, "#id,b\n1.5,x\n2.5,y\n").columns) == ["#id", "b"]
    with pytest.raises(DataError, match=r"Row 2 \(line 4 of the file\)"):
        read_text(tmp_path, "# remark\na,b\n1,2\n3\n")


def test_whether_the_first_line_holds_names_can_be_said(tmp_path: Path) -> None:
    write(tmp_path, "2019,2020\n1,2\n3,4\n")
    assert list(read("csv", {"path": "table.csv", "names": "first line"}, tmp_path).columns) == ["2019", "2020"]
    write(tmp_path, "red,2\nblue,4\n", "words.csv")
    raw = read("csv", {"path": "words.csv", "names": "none"}, tmp_path)
    assert raw.rows == 2
    assert raw.notes == ()


def test_a_broken_row_of_a_table_without_names_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_text(tmp_path, "1,2\n3,4\n5\n")
    assert "Row 3 (line 3 of the file) has 1 cell: 5" in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "first", "said"),
    [
        (("1.5%", "12%"), 1.5, "'%' left out"),
        (("$3.50", "$1200"), 3.5, "'$' left out"),
        (('"1,000"', '"20,000"', "3"), 1000, "',' between thousands"),
        (('"1,234,567.5"', '"2"'), 1234567.5, "',' between thousands"),
        (("1 000", "25 000"), 1000, "blank between thousands"),
        (('"$1,000"', '"$2,500"'), 1000, "'$' and ',' between thousands left out"),
    ],
)
def test_numbers_with_signs_and_marks_are_numbers(
    tmp_path: Path, cells: tuple[str, ...], first: float, said: str
) -> None:
    raw = read_text(tmp_path, "n,y\n" + "".join(f"{cell},{row}\n" for row, cell in enumerate(cells)))
    assert raw.columns["n"].meaning == "number"
    assert values(raw, "n")[0] == first
    assert said in raw.columns["n"].reason


@pytest.mark.parametrize("cells", ["5%,3\n7,4\n", "$3,1\n€4,2\n", '"1,00",1\n"2,0",2\n'])
def test_cells_that_are_written_differently_stay_words(tmp_path: Path, cells: str) -> None:
    assert read_text(tmp_path, f"n,y\n{cells}").columns["n"].meaning != "number"


def test_a_semicolon_table_takes_a_comma_for_the_decimal_one_unless_it_cannot_be(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "a;b\n1,500;1,500.25\n2,250;20,000\n")
    assert values(raw, "a") == [1.5, 2.25]
    assert values(raw, "b") == [1500.25, 20000]


def test_numbers_of_twenty_digits_keep_them(tmp_path: Path) -> None:
    raw = read_text(tmp_path, "n,x\n" + "".join(f"{10**20 + row},{row / 2}\n" for row in range(20)))
    assert values(raw, "n")[1] == str(10**20 + 1)


@pytest.mark.parametrize("row", ["5.1,b", "5.1,b,c,d"], ids=["short", "long"])
def test_a_broken_row_is_named_with_its_line(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError) as caught:
        read_text(tmp_path, f'a,b,c\n1,"two\nlines",3\n{row}\n4,5,6\n')
    message = str(caught.value)
    assert "table.csv has 1 broken row: the header has 3 cells (separator: comma)" in message
    assert f"Row 2 (line 4 of the file) has {row.count(',') + 1} cells: {row}" in message


def test_a_short_and_a_long_row_do_not_hide_each_other(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_text(tmp_path, "a,b,c\n1,2\n1,2,3\n1,2,3,4\n")
    assert [problem[:5] for problem in caught.value.problems] == ["Row 1", "Row 3"]


def test_many_broken_rows_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="12 broken rows") as caught:
        read_text(tmp_path, "a,b,c\n" + "1,2,3\n" * 9 + "1,2\n" * 12)
    assert len(caught.value.problems) == 6
    assert caught.value.problems[-1] == "and 7 more."


def test_a_quotation_mark_that_is_never_closed_is_found(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Row 2 \(line 3 of the file\) has a quotation mark that is never closed"):
        read_text(tmp_path, 'a,b\n1,x\n2,"y\n3,z\n')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"a,b\n", "has column names but no rows"),
        (b"PK\x03\x04abc", "is an Excel workbook"),
        (b"a,b\n\x00\x01,2\n", "zero bytes"),
        (b"a,b\n1,\x81\xff\n", "byte 0x81 in line 2"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(tmp_path: Path, text: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_text(tmp_path, text)


def test_a_missing_file_lists_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, "a\n1\n", "penguins.csv")
    with pytest.raises(DataError, match=r"does not exist. In its folder are: penguins.csv"):
        read("csv", {"path": "penguin.csv"}, tmp_path)


def test_a_folder_and_no_path_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        read("csv", {"path": str(tmp_path)})
    with pytest.raises(DataError, match="option 'path' is needed"):
        read("csv", {})
    with pytest.raises(DataError, match="No file is chosen"):
        read("csv", {"path": " "})


def test_first_rows_shows_the_beginning_as_it_is_written() -> None:
    first = first_rows(PENGUINS, 5)
    assert first.names[:2] == ("species", "island")
    assert len(first.rows) == 5
    assert first.rows[3][2] == "NA"
    assert first.separator == ","


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_first_rows_of_a_long_file_are_whole(tmp_path: Path, encoding: str) -> None:
    cell = "ä" * 997
    path = write(tmp_path, ("n,text\n" + "".join(f"{n},{cell}\n" for n in range(400))).encode(encoding))
    first = first_rows(path, 100)
    assert len(first.rows) == 100
    assert all(row == (str(n), cell) for n, row in enumerate(first.rows))


def test_first_rows_of_a_short_file_are_all_rows(tmp_path: Path) -> None:
    assert first_rows(write(tmp_path, "a\n1\n2"), 100).rows == (("1",), ("2",))


@pytest.mark.parametrize("path", ["~nobody-of-that-name/table.csv", "a\0b.csv", "x" * 5000, "/dev/zero"])
def test_a_path_that_leads_to_no_file_is_refused_in_plain_words(path: str) -> None:
    with pytest.raises(DataError):
        bind("csv", {"path": path})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="a device or a pipe"):
        bind("csv", {"path": str(tmp_path / "pipe.csv")})


@pytest.mark.long
def test_a_header_longer_than_the_beginning_of_the_file_is_read_whole(tmp_path: Path) -> None:
    names = [f"column_{index}" for index in range(9000)]
    rows = [",".join(str(row * index) for index in range(9000)) for row in range(3)]
    binding = bind_text(tmp_path, "\n".join([",".join(names), *rows]))
    assert [each.name for each in binding.fields] == names


def test_a_name_longer_than_a_cell_may_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="field larger than field limit"):
        bind_text(tmp_path, "a" * 200_000 + ",b\n1,2\n")
