"""Images with masks: pairs by name, and whatever a mask's pixels hold becomes classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.data.source import RawData
from core.data.sources import sources
from core.errors import DataError
from tests.data.building import bound
from tests.data.sources.test_images import save


def grey(path: Path, rows: list[list[int]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(rows, dtype=np.uint8)).save(path)


def pairs(folder: Path, masks: list[list[list[int]]]) -> Path:
    for number, rows in enumerate(masks):
        save(folder / "images" / f"{number}.jpg", size=(len(rows[0]), len(rows)))
        grey(folder / "masks" / f"{number}_mask.png", rows)
    return folder


def masks(folder: Path, classes: str = "") -> RawData:
    return read("image_masks", {"path": str(folder), "classes": classes})


def test_values_from_0_are_classes_and_255_counts_nowhere(tmp_path: Path) -> None:
    raw = masks(pairs(tmp_path, [[[0, 1], [2, 255]], *([[1, 1], [0, 0]] for _ in range(9))]))
    mask = raw.columns["mask"]
    assert mask.categories == ("0", "1", "2")
    assert (mask.meaning, mask.role, mask.shape) == ("mask", "target", (2, 2))
    np.testing.assert_array_equal(mask.take(np.array([0])), [[[0, 1], [2, 255]]])
    assert "255 count as unknown" in " ".join(raw.notes)
    prepared = load(bound(bind("image_masks", {"path": str(tmp_path)})))
    assert prepared.classes["output1"] == ("0", "1", "2")


@pytest.mark.parametrize(
    ("stored", "classes", "indices"),
    [
        ([[0, 255]], ("background", "object"), [[0, 1]]),
        ([[0, 128, 255]], ("0", "128", "255"), [[0, 1, 2]]),
        ([[60, 200]], ("60", "200"), [[0, 1]]),
        ([[0, 1, 1]], ("0", "1"), [[0, 1, 1]]),
        ([[0, 3]], ("0", "1", "2", "3"), [[0, 3]]),
    ],
)
def test_grey_values_become_classes(
    tmp_path: Path, stored: list[list[int]], classes: tuple[str, ...], indices: list[list[int]]
) -> None:
    mask = masks(pairs(tmp_path, [stored])).columns["mask"]
    assert mask.categories == classes
    np.testing.assert_array_equal(mask.take(np.array([0]))[0], indices)


def test_palettes_are_indices_and_colours_are_classes(tmp_path: Path) -> None:
    save(tmp_path / "a" / "images" / "1.png", size=(3, 1))
    image = Image.fromarray(np.array([[0, 15, 255]], dtype=np.uint8), mode="L").convert("P")
    image.putpalette([200] * 768)
    (tmp_path / "a" / "masks").mkdir()
    image.save(tmp_path / "a" / "masks" / "1.png")
    mask = masks(tmp_path / "a").columns["mask"]
    assert len(mask.categories) == 16
    np.testing.assert_array_equal(mask.take(np.array([0]))[0], [[0, 15, 255]])
    save(tmp_path / "b" / "images" / "1.png", size=(2, 1))
    (tmp_path / "b" / "masks").mkdir()
    Image.fromarray(np.array([[[0, 0, 0], [255, 0, 16]]], dtype=np.uint8)).save(tmp_path / "b" / "masks" / "1.png")
    mask = masks(tmp_path / "b", "ground, road").columns["mask"]
    assert mask.categories == ("ground", "road")
    np.testing.assert_array_equal(mask.take(np.array([0]))[0], [[0, 1]])
    assert masks(tmp_path / "b").columns["mask"].categories == ("#000000", "#ff0010")


def test_names_are_given_in_order_and_have_to_be_as_many(tmp_path: Path) -> None:
    folder = pairs(tmp_path, [[[0, 1, 2]]])
    assert masks(folder, "sky, road, car").columns["mask"].categories == ("sky", "road", "car")
    assert masks(folder, "sky, road, car, bus").columns["mask"].categories == ("sky", "road", "car", "bus")
    with pytest.raises(DataError, match="2 names of classes were given, but the masks have 3"):
        masks(folder, "sky, road")


def test_images_and_masks_may_lie_side_by_side_or_in_parts(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "side" / f"{number}.jpg", size=(2, 1))
        grey(tmp_path / "side" / f"{number}_mask.png", [[0, 1]])
    assert masks(tmp_path / "side").rows == 3
    for part in ("train", "val"):
        for number in range(2):
            save(tmp_path / "parts" / part / "images" / f"{number}.png", size=(2, 1))
            grey(tmp_path / "parts" / part / "masks" / f"{number}.png", [[0, 1]])
    raw = masks(tmp_path / "parts")
    assert raw.columns["split"].values.tolist() == ["train", "train", "val", "val"]  # type: ignore[union-attr]
    assert [kind.id for kind in sources if kind.accepts(tmp_path / "parts")] == ["image_masks"]


def test_what_has_no_partner_or_another_size_is_named_and_left_out(tmp_path: Path) -> None:
    pairs(tmp_path, [[[0, 1]], [[1, 0]]])
    save(tmp_path / "images" / "lonely.jpg")
    grey(tmp_path / "masks" / "unused.png", [[0]])
    save(tmp_path / "images" / "large.jpg", size=(4, 2))
    grey(tmp_path / "masks" / "large.png", [[0, 1]])
    raw = masks(tmp_path)
    assert raw.rows == 2
    assert raw.columns["image"].take(np.arange(2)).shape == (2, 3, 1, 2)
    notes = " ".join(raw.notes)
    assert "images/lonely.jpg" in notes
    assert "masks/unused.png" in notes
    assert "masks/large.png has 1 by 2 pixels, but its image 2 by 4" in notes


def test_masks_of_many_sizes_get_the_size_of_their_images(tmp_path: Path) -> None:
    for number, size in enumerate([(40, 30), (60, 50), (44, 36), (40, 32), (40, 30)]):
        save(tmp_path / "images" / f"{number}.png", size=size)
        grey(tmp_path / "masks" / f"{number}.png", [[number % 2] * size[0]] * size[1])
    prepared = load(bound(bind("image_masks", {"path": str(tmp_path)})))
    image, mask = prepared.training.inputs["input1"], prepared.training.targets["output1"]
    assert image.shape[2:] == mask.shape[1:] == (32, 40)


def test_masks_in_jpeg_are_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    save(tmp_path / "images" / "1.png", size=(64, 64))
    (tmp_path / "masks").mkdir()
    Image.fromarray(noise).save(tmp_path / "masks" / "1.jpg")
    with pytest.raises(DataError, match=r"masks/1\.jpg is one of them.*save them as PNG"):
        masks(tmp_path)


def test_a_folder_without_pairs_says_how_to_name_them(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    with pytest.raises(DataError, match="no image with a mask of the same name"):
        masks(tmp_path)
