"""Names, tiles, colours and records: what is read of a run without a window."""

from __future__ import annotations

import numpy as np
import pytest

from core.training.diagnostics.pictures import Picture
from core.training.events import Diagnosed
from designer.inside.figures import BY_KEY, judged
from designer.inside.images import Sheet, image_of, sheet_of, value_at
from designer.inside.places import path_of, place_of
from designer.inside.record import Record

PATHS = ("stem", "block", "block/0/conv1", "block/1/conv1", "block/0/inner/1/act")


def look(step: int, **figures: float) -> Diagnosed:
    return Diagnosed(step, 1, {"relu1": figures}, {"samples_per_second": 100.0})


def test_repetitions_are_one_place_and_a_place_is_its_first_repetition() -> None:
    assert place_of("block/0/inner/1/act") == ("block", "inner", "act")
    assert path_of(("block", "conv1"), PATHS) == "block/0/conv1"
    assert path_of(("block",), PATHS) == "block"
    assert path_of(("elsewhere",), PATHS) == ""


def test_tiles_are_found_again_in_a_sheet() -> None:
    picture = Picture("conv1", "map", np.zeros((11, 17), np.uint8), 0.0, 1.0)
    sheet = sheet_of(picture, 5)
    assert sheet == Sheet(5, 3, 5, 5)
    assert sheet.at(0, 0) == (0, 0, 0)
    assert sheet.at(16, 4) == (2, 4, 4)
    assert sheet.at(5, 0) is None
    assert sheet.at(12, 10) is None
    mask = sheet.mask(17, 11)
    for y in range(11):
        for x in range(17):
            assert mask[y, x] == (sheet.at(x, y) is not None)
    assert sheet_of(picture, 7) == Sheet(7, 3, 5, 3)
    assert sheet_of(picture, 4) == Sheet(4, 2, 8, 5)
    assert sheet_of(Picture("x", "map", np.zeros((3, 4), np.uint8), 0, 1), 9) is None


def test_between_tiles_an_image_can_be_seen_through() -> None:
    picture = Picture("conv1", "map", np.full((11, 17), 200, np.uint8), 0.0, 1.0)
    image = image_of(picture, Sheet(5, 3, 5, 5))
    assert image.pixelColor(0, 0).alpha() == 255
    assert image.pixelColor(5, 0).alpha() == image.pixelColor(12, 10).alpha() == 0


def test_filters_are_white_at_zero_blue_below_and_orange_above() -> None:
    values = np.array([[0, 128, 255]], np.uint8)
    image = image_of(Picture("conv1", "filters", values, -1.0, 1.0))
    below, zero, above = (image.pixelColor(x, 0) for x in range(3))
    assert below.blue() > below.red()
    assert above.red() > above.blue()
    assert min(zero.red(), zero.green(), zero.blue()) > 230


def test_a_pixel_stands_for_its_value() -> None:
    picture = Picture("conv1", "map", np.array([[0, 51, 255]], np.uint8), -1.0, 4.0)
    assert [value_at(picture, x, 0) for x in range(3)] == pytest.approx([-1.0, 0.0, 4.0])


@pytest.mark.parametrize(
    ("key", "value", "verdict"),
    [
        ("update_ratio", 0.001, ""),
        ("update_ratio", 0.03, "high"),
        ("update_ratio", 1e-6, "low"),
        ("update_ratio", 0.0, ""),
        ("dead", 0.39, ""),
        ("dead", 0.4, "high"),
        ("saturated", 0.5, "high"),
        ("gradient_norm", 1e-4, ""),
        ("gradient_norm", 1e-6, "low"),
        ("mean", 1e6, ""),
    ],
)
def test_verdicts_are_those_of_the_rules_of_thumb(key: str, value: float, verdict: str) -> None:
    assert BY_KEY[key].judge(value, 1.0) == verdict
    found = judged({"a": {key: value}, "b": {"gradient_norm": 1.0}})
    assert found.get("a", {}).get(key, "") == verdict


def test_one_look_is_a_sample_and_two_are_a_finding() -> None:
    record = Record()
    for step, dead in ((1, 0.0), (2, 0.9)):
        record.take(look(step, dead=dead))
    assert record.findings() == []
    record.take(look(3, dead=0.8))
    (found,) = record.findings()
    assert (found.node, found.topic) == ("relu1", "dead units")
    record.take(look(4, dead=0.1))
    assert record.findings() == []


def test_what_is_not_finite_is_told_at_once() -> None:
    record = Record()
    record.take(look(1, mean=0.0))
    record.take(look(2, activations_not_finite=0.5))
    assert [each.topic for each in record.findings()] == ["not finite"]


def test_a_run_that_went_back_to_its_checkpoint_is_followed_from_there() -> None:
    record = Record()
    for step in (1, 10, 20, 12):
        record.take(look(step, mean=float(step)))
    record.settle()
    assert [each.step for each in record.looks] == [1, 10, 12]
    assert record.series["relu1"]["mean"].steps == [1, 10, 12]


def test_figures_are_a_table_with_a_row_for_each() -> None:
    record = Record()
    record.take(look(7, mean=0.5))
    assert record.csv().splitlines() == [
        "step,epoch,layer,figure,value",
        "7,1,relu1,mean,0.5",
        "7,1,,samples_per_second,100.0",
    ]
