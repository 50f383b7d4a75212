"""The preview: cells before and after preparation, images as bytes, counts and distributions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.data.bind import bind
from core.data.preview import ColumnPreview, Preview, preview
from core.data.sources import sources
from core.graph.project import DataBinding, Split
from tests.data.building import PENGUINS, with_field


@pytest.fixture
def penguins() -> DataBinding:
    return bind("csv", {"path": str(PENGUINS)})


def column(shown: Preview, name: str) -> ColumnPreview:
    return next(each for each in shown.columns if each.field.name == name)


@pytest.mark.parametrize("source", sorted(sources.entries))
def test_every_source_has_a_preview(source: str) -> None:
    binding = bind(source, {"path": str(PENGUINS)} if source == "csv" else {})
    shown = preview(binding, rows=10)
    assert not shown.problem
    assert len(shown.columns) == len(binding.fields)
    assert all(len(each.cells) == 10 for each in shown.columns)
    assert sum(shown.split_counts.values()) == shown.rows


def test_cells_are_shown_as_read_and_as_the_network_gets_them(penguins: DataBinding) -> None:
    shown = preview(penguins, rows=5)
    island = column(shown, "island")
    assert island.cells[0] == "Dream"
    assert island.prepared[0] == "0 1 0"
    assert column(shown, "bill_length_mm").cells[3] == ""
    assert column(shown, "bill_length_mm").prepared[3] == "0"
    assert column(shown, "species").prepared == ("0",) * 5
    assert column(shown, "year").cells[0] == "2007"


def test_facts_are_taken_over_all_rows(penguins: DataBinding) -> None:
    shown = preview(penguins, rows=3)
    mass = column(shown, "body_mass_g")
    assert (mass.missing, len(mass.cells)) == (2, 3)
    assert mass.minimum is not None
    assert mass.maximum is not None
    assert mass.mean is not None
    assert mass.minimum < mass.mean < mass.maximum
    assert mass.histogram is not None
    assert sum(mass.histogram.counts) == 40
    assert len(mass.histogram.edges) == len(mass.histogram.counts) + 1
    assert column(shown, "species").counts == (("Adelie", 18), ("Chinstrap", 10), ("Gentoo", 14))
    assert column(shown, "sex").missing == 4


def test_classes_are_counted_in_every_part(penguins: DataBinding) -> None:
    shown = preview(dataclasses.replace(penguins, split=Split("stratified", 0.2, 0.1, 0)))
    assert shown.split_counts == {"training": 30, "validation": 8, "test": 4}
    totals = [sum(part[name] for part in shown.class_counts.values()) for name in ("Adelie", "Chinstrap", "Gentoo")]
    assert totals == [18, 10, 14]


def test_images_are_bytes_with_labels() -> None:
    shown = preview(bind("digits", {}), rows=16)
    images = shown.images[0]
    assert images.images.shape == (16, 8, 8)
    assert images.images.dtype == np.uint8
    assert images.images.max() == 255
    assert images.labels[:4] == ("0", "1", "2", "3")
    np.testing.assert_array_equal(images.images, images.prepared)
    scaled = preview(with_field(bind("digits", {}), "image", encoding="standardise"), rows=16)
    difference = scaled.images[0].prepared.astype(int) - images.images
    assert np.abs(difference).max() <= 1


def test_rows_that_are_dropped_are_marked(penguins: DataBinding) -> None:
    shown = preview(with_field(penguins, "sex", missing="drop row"), rows=5)
    assert shown.dropped == 4
    assert column(shown, "island").prepared[3] == "left out"
    assert "4 of 42 rows left out" in shown.notes[0]


def test_what_cannot_be_prepared_is_still_shown_with_the_problem(penguins: DataBinding) -> None:
    shown = preview(dataclasses.replace(penguins, split=Split("random", 0.7, 0.6)), rows=5)
    assert "leave nothing for training" in shown.problem
    assert column(shown, "island").cells[0] == "Dream"
    assert column(shown, "island").prepared == ()
    ignored = dataclasses.replace(
        penguins, fields=tuple(dataclasses.replace(each, role="ignore") for each in penguins.fields)
    )
    assert preview(ignored).problem == "No column is an input or the target."
