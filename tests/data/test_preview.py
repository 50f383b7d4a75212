"""The preview: facts about fields of every meaning, how rows are divided, and what is wrong where something is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.data.bind import bind
from core.data.preview import FieldFacts, preview
from core.data.source import Column
from core.data.sources import sources
from core.graph.project import DataBinding, Field, Split, Window
from tests.data.building import PENGUINS, with_field
from tests.data.made import Shelf, made, objects, sample


@pytest.fixture
def penguins() -> DataBinding:
    return bind("csv", {"path": str(PENGUINS)})


def needs_file(source: str) -> bool:
    return any(each.required for each in sources[source].parameters)


@pytest.mark.parametrize("source", ["csv", *(name for name in sorted(sources.entries) if not needs_file(name))])
def test_every_source_has_a_preview(source: str) -> None:
    binding = bind(source, {"path": str(PENGUINS)} if source == "csv" else {})
    shown = preview(binding)
    assert not shown.problem
    assert not shown.split_problem
    assert set(shown.facts) == {field.name for field in binding.fields}
    assert not any(facts.problem for facts in shown.facts.values())
    assert sum(shown.split_counts.values()) == shown.rows - shown.dropped


def test_facts_are_taken_over_all_rows_of_a_table(penguins: DataBinding) -> None:
    facts = preview(penguins).facts
    mass = facts["body_mass_g"]
    assert (mass.missing, mass.looked_at, mass.rows) == (2, 42, 42)
    assert mass.least is not None
    assert mass.mean is not None
    assert mass.most is not None
    assert mass.least < mass.mean < mass.most
    assert mass.histogram is not None
    assert sum(mass.histogram.counts) == 40
    assert len(mass.histogram.edges) == len(mass.histogram.counts) + 1
    assert facts["species"].counts == (("Adelie", 18), ("Chinstrap", 10), ("Gentoo", 14))
    assert facts["sex"].missing == 4


def test_facts_follow_the_meaning_that_the_user_chose(penguins: DataBinding) -> None:
    as_category = with_field(penguins, "year", meaning="category", categories=("2007", "2008", "2009"))
    year = preview(as_category).facts["year"]
    assert sum(count for _word, count in year.counts) == 42
    assert year.least is None


def test_facts_of_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    meanings = ("labels", "date", "text", "image", "audio", "sequence", "array", "mask")
    columns = {each: sample(each, 20, 0) for each in meanings}
    columns["y"] = dataclasses.replace(sample("flag", 20, 0), role="target")
    shown = preview(made(monkeypatch, columns))
    assert not shown.problem
    facts = shown.facts
    measures = {name: each.measure for name, each in facts.items()}
    assert measures == {
        "labels": "",
        "date": "date",
        "text": "letters",
        "image": "brightness",
        "audio": "seconds",
        "sequence": "steps",
        "array": "value",
        "mask": "",
        "y": "",
    }
    assert facts["labels"].counts[0] == ("apple", 15)
    assert facts["labels"].missing == 0  # no label at all is an answer, too
    assert (facts["sequence"].least, facts["sequence"].most) == (2, 5)
    assert facts["audio"].least == pytest.approx(40 / 8000)
    assert facts["audio"].most == pytest.approx(59 / 8000)
    texts = [len(str(cell)) for cell in np.asarray(columns["text"].values)]
    assert facts["text"].mean == pytest.approx(np.mean(texts))
    assert sum(count for _word, count in facts["mask"].counts) == 20 * 6 * 8
    assert 0 <= (facts["image"].least or 0) < (facts["image"].most or 0) <= 1


def test_what_is_read_row_by_row_is_looked_at_in_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(np.arange(2000.0, dtype=np.float32).reshape(1000, 2))
    columns = {
        "values": Column(shelf, "array", sample=(2,)),
        "y": dataclasses.replace(sample("flag", 1000, 0), role="target"),
    }
    binding = made(monkeypatch, columns)
    shelf.taken = 0
    shown = preview(binding)
    facts = shown.facts["values"]
    assert (facts.looked_at, facts.rows) == (48, 1000)
    assert (facts.least, facts.most) == (0, 1999)
    assert shelf.taken == 48
    assert preview(dataclasses.replace(binding, split=Split("random", 0.5))).facts["values"] == facts
    assert shelf.taken == 48


def test_a_row_that_cannot_be_read_leaves_the_other_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.errors import DataError

    class Broken(Shelf):
        def take(self, rows: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
            raise DataError("row 7 cannot be read")

    columns = {
        "values": Column(Broken(np.zeros((9, 2), dtype=np.float32)), "array", sample=(2,)),
        "y": dataclasses.replace(sample("flag", 9, 0), role="target"),
    }
    facts = preview(made(monkeypatch, columns)).facts
    assert facts["values"].problem == "row 7 cannot be read"
    assert sum(count for _word, count in facts["y"].counts) == 9


def test_numbers_without_a_range_and_columns_without_values_have_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {
        "same": Column(np.full(6, 1e17), "number"),
        "tiny": Column(np.array([1e17, np.nextafter(1e17, 2e17), 1e17, 1e17, 1e17, 1e17]), "number"),
        "nothing": Column(np.full(6, np.nan), "number"),
        "words": Column(objects([None] * 6), "text"),
    }
    binding = made(monkeypatch, columns)
    facts = preview(binding).facts
    assert facts["same"].histogram is not None
    assert facts["same"].histogram.counts == (6,)
    assert facts["tiny"].least is not None
    assert facts["nothing"] == FieldFacts(6, 6, missing=6)
    assert facts["words"].missing == 6


def test_classes_are_counted_in_every_part(penguins: DataBinding) -> None:
    shown = preview(dataclasses.replace(penguins, split=Split("stratified", 0.2, 0.1, 0)))
    assert shown.split_counts == {"training": 30, "validation": 8, "test": 4}
    assert shown.classes_of == "species"
    totals = [sum(part[name] for part in shown.class_counts.values()) for name in ("Adelie", "Chinstrap", "Gentoo")]
    assert totals == [18, 10, 14]


def test_rows_that_are_dropped_are_counted(penguins: DataBinding) -> None:
    shown = preview(with_field(penguins, "sex", missing="drop row"))
    assert shown.dropped == 4
    assert "4 of 42 rows left out" in shown.split_notes[0]


def test_a_split_that_is_not_possible_is_told_apart_from_fields_that_do_not_fit(penguins: DataBinding) -> None:
    shown = preview(dataclasses.replace(penguins, split=Split("random", 0.7, 0.6)))
    assert "leave nothing for training" in shown.split_problem
    assert shown.problem == ""
    assert shown.split_counts == {}
    assert shown.facts["island"].counts
    windowed = preview(dataclasses.replace(penguins, window=Window(1000)))
    assert "No window" in windowed.split_problem
    gone = dataclasses.replace(penguins, fields=(*penguins.fields, Field("gone", "number")))
    assert "'gone'" in preview(gone).problem
    assert preview(gone).split_problem == ""
    ignored = dataclasses.replace(
        penguins, fields=tuple(dataclasses.replace(each, role="ignore") for each in penguins.fields)
    )
    assert "nothing would be learnt" in preview(ignored).problem
