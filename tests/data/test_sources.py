"""Every data source: it can be read, bound and loaded; what it holds is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.data.sources import sources
from core.errors import DataError
from tests.data.building import PENGUINS, bound

OPTIONS = {"csv": {"path": str(PENGUINS)}}
GENERATED = ("moons", "circles", "spirals", "xor", "blobs")
READABLE = sorted(["csv", *(kind.id for kind in sources if all(each.name != "path" for each in kind.parameters))])
"""The sources that need no file, and one that has its file here."""
NEXT = {"sentences": {"output1": "next:text"}}
"""Where no column is the target: what is predicted."""


def test_the_sources_are_there() -> None:
    bundled = {"digits", "digit_pairs", "iris", "wine", "breast_cancer", "diabetes"}
    files = {"csv", "tsv", "json_lines", "parquet", "excel", "images", "image_masks", "audio", "text_files", "hub"}
    assert bundled | files | set(GENERATED) <= set(sources.entries)
    assert not sources.failures


@pytest.mark.parametrize("source", READABLE)
def test_every_source_reads_columns_of_equal_length_with_reasons(source: str) -> None:
    raw = read(source, OPTIONS.get(source, {}))
    assert raw.rows > 10
    for column in raw.columns.values():
        assert len(column.values) == raw.rows
        assert column.reason
        assert column.values.dtype in (np.float32, np.float64, np.uint8, object)
    assert sum(column.role == "target" for column in raw.columns.values()) == (0 if source in NEXT else 1)


@pytest.mark.parametrize("source", READABLE)
def test_every_source_can_be_bound_and_loaded_as_it_is(source: str) -> None:
    prepared = load(bound(bind(source, OPTIONS.get(source, {})), targets=NEXT.get(source)))
    assert sum(prepared.counts.values()) + prepared.dropped == prepared.rows
    assert prepared.counts["validation"] == pytest.approx(0.2 * (prepared.rows - prepared.dropped), abs=1)
    for part in (prepared.training, prepared.validation):
        assert all(bool(tensor.isfinite().all()) for tensor in (*part.inputs.values(), *part.targets.values()))


def test_digits_are_images_from_0_to_1_with_ten_classes() -> None:
    raw = read("digits", {})
    image, digit = raw.columns["image"], raw.columns["digit"]
    assert image.values.shape == (1797, 1, 8, 8)
    assert image.values.dtype == np.float32
    assert (image.values.min(), image.values.max()) == (0.0, 1.0)
    assert digit.categories == tuple("0123456789")
    assert image.meaning == "image"


def test_pairs_of_digits_hold_each_image_once_and_say_whether_both_show_the_same() -> None:
    images, digits = (read("digits", {}).columns[name].values for name in ("image", "digit"))
    shown = {image.tobytes(): digit for image, digit in zip(images, digits, strict=True)}
    assert len(shown) == len(images)
    columns = read("digit_pairs", {}).columns
    pairs = [[image.tobytes() for image in columns[name].values] for name in ("first", "second")]
    assert len({*pairs[0], *pairs[1]}) == 2 * len(pairs[0]) == 1796
    same = [shown[first] == shown[second] for first, second in zip(*pairs, strict=True)]
    assert [word == "yes" for word in columns["same"].values] == same
    assert abs(sum(same) / len(same) - 0.5) < 0.01
    again, other = read("digit_pairs", {}), read("digit_pairs", {"seed": 1})
    assert read("digit_pairs", {"seed": 0}).digest == again.digest != other.digest


@pytest.mark.parametrize(
    ("source", "rows", "inputs", "target", "categories"),
    [
        ("iris", 150, 4, "species", ("setosa", "versicolor", "virginica")),
        ("wine", 178, 13, "cultivar", ("1", "2", "3")),
        ("breast_cancer", 569, 30, "diagnosis", ("benign", "malignant")),
        ("diabetes", 442, 10, "progression", ()),
    ],
)
def test_textbook_tables(source: str, rows: int, inputs: int, target: str, categories: tuple[str, ...]) -> None:
    binding = bind(source, {})
    assert read(source, {}).rows == rows
    assert len(binding.with_role("input")) == inputs
    field = binding.with_role("target")[0]
    assert (field.name, field.categories) == (target, categories)
    assert binding.split.method == ("stratified" if categories else "random")


def test_malignant_tumours_are_the_larger_ones_and_the_positive_class() -> None:
    columns = read("breast_cancer", {}).columns
    malignant = columns["diagnosis"].values == "malignant"
    assert malignant.sum() == 212
    assert columns["mean radius"].values[malignant].mean() > columns["mean radius"].values[~malignant].mean()


@pytest.mark.parametrize("source", GENERATED)
def test_generated_points_depend_on_their_seed_alone(source: str) -> None:
    first = read(source, {"samples": 101, "seed": 3})
    defaults = {each.name: each.default for each in sources[source].parameters}
    again = sources[source].read({**defaults, "samples": 101, "seed": 3, "noise": 0.0}, None)
    exact = read(source, {"samples": 101, "seed": 3, "noise": 0.0})
    other = read(source, {"samples": 101, "seed": 4})
    assert first.rows == again.rows == 101
    assert again.digest == exact.digest
    assert len({first.digest, exact.digest, other.digest}) == 3


@pytest.mark.parametrize("source", GENERATED)
def test_generated_classes_are_of_equal_size(source: str) -> None:
    values = read(source, {"samples": 300}).columns["class"].values
    _, counts = np.unique(values.astype(str), return_counts=True)
    assert counts.max() - counts.min() <= 1


def test_circles_without_noise_have_radius_one_and_a_half() -> None:
    columns = read("circles", {"noise": 0.0}).columns
    radius = np.hypot(columns["x"].values, columns["y"].values)
    inner = columns["class"].values == "inner"
    np.testing.assert_allclose(radius[inner], 0.5)
    np.testing.assert_allclose(radius[~inner], 1.0)


def test_spirals_have_as_many_arms_as_asked_for() -> None:
    assert read("spirals", {"classes": 5}).columns["class"].categories == tuple(f"arm {n}" for n in range(1, 6))


def test_wrong_options_are_all_reported_at_once() -> None:
    with pytest.raises(DataError) as caught:
        read("moons", {"sample": 100, "noise": -1.0, "seed": "x"})
    message = str(caught.value)
    assert "Did you mean 'samples'" in message
    assert "noise" in message
    assert "seed must be a number, not 'x'" in message


def test_an_unknown_source_offers_the_nearest() -> None:
    with pytest.raises(DataError, match="Did you mean 'moons'"):
        bind("moon", {})
    with pytest.raises(DataError, match="No data is bound"):
        bind("", {})


def test_the_same_source_is_read_once_and_again_when_its_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    first = read("csv", {"path": "table.csv"}, tmp_path)
    assert read("csv", {"path": "table.csv"}, tmp_path) is first
    path.write_text("a,b\n1,2\n3,4\n5,6\n")
    assert read("csv", {"path": "table.csv"}, tmp_path).rows == 3


def test_what_was_read_cannot_be_changed_by_accident() -> None:
    values = read("iris", {}).columns["species"].values
    with pytest.raises(ValueError, match="read-only"):
        values[0] = "rose"


def test_equal_tables_have_equal_digests_and_others_do_not(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,a\n2,b\n")
    (tmp_path / "b.csv").write_text("x;y\r\n1;a\r\n2;b\r\n")
    (tmp_path / "c.csv").write_text("x,y\n1,a\n2,c\n")
    one, same, other = (read("csv", {"path": name}, tmp_path).digest for name in ("a.csv", "b.csv", "c.csv"))
    assert one == same != other
