"""``layerwright data``: what a file holds, for people and for programs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Drive

TABLE = "id,size,kind\n" + "".join(f"{n},{n / 2 + 0.25},{'ab'[n % 2]}\n" for n in range(20))


def test_fields_are_shown_with_meaning_and_reason(cli: Drive) -> None:
    Path("table.csv").write_text(TABLE)
    outcome = cli("data", "table.csv")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[0].split() == ["field", "meaning", "role", "why"]
    assert lines[2].split(maxsplit=3)[:3] == ["id", "identifier", "ignore"]
    assert lines[4].split()[:3] == ["kind", "category", "target"]
    assert "20 rows, 3 fields, read as CSV file" in outcome.err


def test_fields_are_given_to_programs(cli: Drive) -> None:
    Path("table.csv").write_text(TABLE)
    source, *fields = cli("data", "table.csv", "--json").objects
    assert source == {"source": "csv", "rows": 20, "notes": []}
    assert [(each["field"], each["meaning"]) for each in fields] == [
        ("id", "identifier"), ("size", "number"), ("kind", "category"),
    ]  # fmt: skip
    assert fields[2]["categories"] == ["a", "b"]


def test_source_and_options_can_be_told(cli: Drive) -> None:
    Path("strange.name").write_text(TABLE.replace(",", "|"))
    told = cli("data", "strange.name", "--source", "csv", "--option", "separator=|", "--json")
    assert [each["field"] for each in told.objects[1:]] == ["id", "size", "kind"]
    wrong = cli("data", "strange.name", "--source", "csv", "--option", "colour=red")
    assert wrong.status == 2
    assert "the options of 'csv' are path, separator" in wrong.err


def test_a_file_that_cannot_be_read_is_named(cli: Drive) -> None:
    Path("broken.csv").write_text("a,b\n1,2\n1,2,3\n")
    outcome = cli("data", "broken.csv")
    assert outcome.status == 1
    assert "Row 2 (line 3 of the file) has 3 cells" in outcome.err
    assert cli("data", "nothing.csv").status == 1
