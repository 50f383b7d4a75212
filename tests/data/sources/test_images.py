"""Image folders: classes, parts and metadata by their layout; whatever a file holds comes out as upright pixels."""

from __future__ import annotations

import pickle
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.data.source import Lazy, RawData
from core.data.sources import sources
from core.errors import Cancelled, DataError
from core.graph.binding import input_signature
from core.progress import watching
from tests.data.building import bound


def save(path: Path, size: tuple[int, int] = (8, 6), mode: str = "RGB", colour: object = None, **how: object) -> Path:
    """Write an image of one colour; ``size`` is (width, height) as Pillow has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **how)  # type: ignore[arg-type]
    return path


def images(folder: Path) -> RawData:
    return read("images", {"path": str(folder)})


def taken(raw: RawData, row: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(raw.columns["image"].take(np.array([row]))[0])


def words(raw: RawData, name: str) -> list[str | None]:
    return list(raw.columns[name].values.tolist())  # type: ignore[union-attr]


def test_sub_folders_are_classes_and_names_sort_as_people_count(tmp_path: Path) -> None:
    for name, red in (("cat/2.png", 20), ("cat/10.png", 100), ("dog/1.png", 10)):
        save(tmp_path / name, colour=(red, 0, 0))
    save(tmp_path / ".hidden" / "1.png")
    (tmp_path / "dog" / "notes.txt").write_text("x")
    raw = images(tmp_path)
    assert words(raw, "label") == ["cat", "cat", "dog"]
    assert [int(taken(raw, row)[0, 0, 0]) for row in range(3)] == [20, 100, 10]
    image = raw.columns["image"]
    assert isinstance(image.values, Lazy)
    assert image.shape == (3, 6, 8)
    assert image.take(np.arange(3)).dtype == np.uint8
    assert raw.columns["label"].role == "target"
    assert raw.columns["label"].categories == ("cat", "dog")
    assert image.values.describe(2) == "dog/1.png"
    assert any("1 file (.txt)" in note for note in raw.notes)


def test_parts_above_the_classes_divide_the_data(tmp_path: Path) -> None:
    for part, count in (("train", 6), ("val", 4)):
        for number in range(count):
            save(tmp_path / part / ("ab"[number % 2]) / f"{number}.png")
    binding = bind("images", {"path": str(tmp_path)})
    assert binding.split.method == "column"
    prepared = load(bound(binding))
    assert prepared.counts == {"training": 6, "validation": 4, "test": 0}
    assert prepared.classes["output1"] == ("a", "b")


def test_a_folder_that_was_packed_in_another_and_links_between_folders_are_followed(tmp_path: Path) -> None:
    save(tmp_path / "outer" / "set" / "a" / "1.png")
    (tmp_path / "elsewhere").mkdir()
    save(tmp_path / "elsewhere" / "2.png")
    (tmp_path / "outer" / "set" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "outer" / "set" / "a" / "round").symlink_to(tmp_path / "outer")
    assert words(images(tmp_path / "outer"), "label") == ["a", "b"]


def test_a_flat_folder_has_images_only(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.png")
    assert list(images(tmp_path).columns) == ["image"]


def test_metadata_tell_the_other_columns(tmp_path: Path) -> None:
    for number in range(12):
        save(tmp_path / "pictures" / f"{number}.png", colour=(number, 0, 0))
    lines = [f"pictures/{number}.png;{number},5;{'red' if number % 2 else 'blue'}" for number in range(11, 0, -1)]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name;weight_kg;colour", *lines, "pictures/99.png;1;red"]))
    raw = images(tmp_path)
    assert np.isnan(raw.columns["weight_kg"].values[0])  # type: ignore[index]
    assert [int(taken(raw, row)[0, 0, 0]) for row in (1, 11)] == [1, 11]
    assert raw.columns["weight_kg"].values[11] == 11.5  # type: ignore[index]
    assert raw.columns["colour"].meaning == "category"
    assert raw.columns["colour"].role == "target"
    notes = " ".join(raw.notes)
    assert "'pictures/99.png', which are not there" in notes
    assert "Not named in the metadata, so that their cells are missing: 1 file." in notes


def test_metadata_as_json_lines_keep_words_as_words(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for number in range(6):
            save(tmp_path / part / f"{number}.png")
        lines = [
            f'{{"file_name": "{number}.png", "code": "00{number % 2}", "area": {number}.5}}' for number in range(6)
        ]
        (tmp_path / part / "metadata.jsonl").write_text("\n".join(lines))
    raw = images(tmp_path)
    assert set(words(raw, "code")) == {"000", "001"}
    assert raw.columns["area"].meaning == "number"
    assert raw.columns["split"].role == "split"
    assert words(raw, "split") == ["test"] * 6 + ["train"] * 6


def test_metadata_without_names_of_files_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "1.png")
    (tmp_path / "metadata.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column 'file_name'"):
        images(tmp_path)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_photographs_stand_upright_and_their_size_is_known_before(
    tmp_path: Path, orientation: int, ending: str
) -> None:
    pixels = np.arange(6 * 9 * 3, dtype=np.uint8).reshape(6, 9, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{ending}"
    Image.fromarray(pixels).save(path, exif=exif, **({"lossless": True} if ending == "webp" else {}))
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image)).transpose(2, 0, 1)
    raw = images(tmp_path)
    assert raw.columns["image"].shape == expected.shape
    np.testing.assert_array_equal(taken(raw, 0), expected)


def test_every_kind_of_pixel_becomes_grey_or_colour(tmp_path: Path) -> None:
    save(tmp_path / "1grey.png", mode="L", colour=100)
    save(tmp_path / "2bit.png", mode="1", colour=1)
    save(tmp_path / "3palette.png", mode="RGB", colour=(0, 0, 200))
    Image.open(tmp_path / "3palette.png").quantize(4).save(tmp_path / "3palette.png")
    save(tmp_path / "4cmyk.jpg", mode="CMYK", colour=(0, 255, 255, 0), quality=95)
    save(tmp_path / "5clear.png", mode="RGBA", colour=(10, 20, 30, 0))
    raw = images(tmp_path)
    assert raw.columns["image"].shape == (3, 6, 8)
    first = [taken(raw, row)[:, 0, 0].tolist() for row in range(5)]
    assert first[:3] == [[100] * 3, [255] * 3, [0, 0, 200]]
    assert first[3][0] > 240
    assert max(first[3][1:]) < 15
    assert first[4] == [255, 255, 255]
    notes = " ".join(raw.notes)
    assert "2 grey images among colour ones" in notes
    assert "1 image with transparency" in notes


def test_grey_images_have_one_channel_and_16_bits_keep_their_steps(tmp_path: Path) -> None:
    steps = np.array([[0, 1, 32768], [65534, 65535, 300]], dtype=np.uint16)
    Image.fromarray(steps).save(tmp_path / "deep.png")
    save(tmp_path / "plain.png", size=(3, 2), mode="L", colour=51)
    values = images(tmp_path).columns["image"].take(np.arange(2))
    assert values.shape == (2, 1, 2, 3)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values[0, 0], steps / 65535, atol=1e-7)
    np.testing.assert_allclose(values[1], 0.2)


def test_of_a_moving_image_the_first_frame_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=50)
    assert taken(images(tmp_path), 0)[:, 0, 0].tolist() == [255, 0, 0]


def test_images_of_many_sizes_fit_a_network_at_once(tmp_path: Path) -> None:
    for number, size in enumerate([(640, 480), (320, 240), (500, 500), (640, 480), (30, 20)]):
        save(tmp_path / "ab"[number % 2] / f"{number}.png", size=size, colour=(number, 0, 0))
    binding = bind("images", {"path": str(tmp_path)})
    field = binding.field("image")
    assert field is not None
    assert field.shape == (3, 0, 0)
    assert dict(field.options) == {"height": 216, "width": 224, "fit": "crop"}
    project = bound(binding)
    assert input_signature(project, project.graph.nodes["input1"]).shape == (3, field.options["height"], 224)
    assert "suggested size" in field.reason
    assert load(project).training.inputs["input1"].shape[1:] == (3, field.options["height"], 224)
    shapes = [each.shape for each in images(tmp_path).columns["image"].take(np.array([0, 3]))]
    assert len(set(shapes)) == 2


def test_damaged_files_are_named_and_left_out(tmp_path: Path) -> None:
    for number in range(4):
        save(tmp_path / "ab"[number % 2] / f"{number}.png")
    (tmp_path / "a" / "empty.png").write_bytes(b"")
    (tmp_path / "b" / "text.jpg").write_text("this is no image")
    raw = images(tmp_path)
    assert raw.rows == 4
    assert len(words(raw, "label")) == 4
    note = next(note for note in raw.notes if "left out" in note)
    assert "a/empty.png" in note
    assert "it is empty" in note
    assert "b/text.jpg" in note


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_files_that_end_too_early_are_named_and_left_out(tmp_path: Path, ending: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for name in ("whole", "cut", "more"):
        Image.fromarray(noise).save(tmp_path / f"{name}.{ending}")
    data = (tmp_path / f"cut.{ending}").read_bytes()
    (tmp_path / f"cut.{ending}").write_bytes(data[: len(data) // 2])
    (tmp_path / f"more.{ending}").write_bytes(data + b"what a camera adds")
    raw = images(tmp_path)
    assert raw.rows == 2
    assert f"1 image left out: cut.{ending} is damaged" in raw.notes[0]
    assert taken(raw, 0).shape[-3:] == (3, 64, 64)


def test_a_file_that_is_damaged_inside_is_named_when_it_is_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "hole.png")
    data = (tmp_path / "hole.png").read_bytes()
    (tmp_path / "hole.png").write_bytes(data[:100] + bytes(200) + data[300:])
    with pytest.raises(DataError, match=r"hole\.png is damaged"):
        taken(images(tmp_path), 0)


def test_a_small_file_that_claims_a_huge_size_is_not_unpacked(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(png)
    save(tmp_path / "good.png")
    raw = images(tmp_path)
    assert raw.rows == 1
    assert "bomb.png has more than 89 million pixels" in " ".join(raw.notes)


def test_files_without_any_image_say_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError, match=r"holds no images .* It holds 1 file \(\.txt\)"):
        images(tmp_path)
    with pytest.raises(DataError, match="is a file"):
        images(tmp_path / "a.txt")
    with pytest.raises(DataError, match="does not exist"):
        images(tmp_path / "nowhere")
    (tmp_path / "b.png").write_text("x")
    with pytest.raises(DataError, match="None of the 1 image") as caught:
        images(tmp_path)
    assert "b.png" in str(caught.value)


def test_looking_at_images_reports_and_can_be_cancelled(tmp_path: Path) -> None:
    for number in range(130):
        save(tmp_path / f"{number}.png", size=(2, 2))
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int, _what: str) -> bool:
        told.append((done, total))
        return done < 64

    with watching(tell), pytest.raises(Cancelled):
        images(tmp_path)
    assert told == [(0, 130), (64, 130)]


def test_new_files_are_seen_and_what_is_known_tells_them_apart(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.png")
    save(tmp_path / "b" / "1.png")
    first = images(tmp_path)
    assert images(tmp_path) is first
    save(tmp_path / "b" / "2.png")
    again = images(tmp_path)
    assert (first.rows, again.rows) == (2, 3)
    assert first.digest != again.digest
    shutil.rmtree(tmp_path / "a")
    assert images(tmp_path).rows == 2


def test_images_can_be_sent_to_another_process(tmp_path: Path) -> None:
    save(tmp_path / "1.png", colour=(1, 2, 3))
    values = pickle.loads(pickle.dumps(images(tmp_path).columns["image"].values))
    assert values.take(np.array([0]))[0, :, 0, 0].tolist() == [1, 2, 3]


def test_a_folder_is_recognised_by_what_it_mostly_holds(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "pictures" / f"{number}.png")
    (tmp_path / "pictures" / "readme.txt").write_text("x")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("x")
    assert [kind.id for kind in sources if kind.accepts(tmp_path / "pictures")] == ["images"]
    assert [kind.id for kind in sources if kind.accepts(tmp_path / "texts")] == ["text_files"]
    assert [kind.id for kind in sources if kind.accepts(tmp_path / "nowhere")] == []
