"""Data sets that the library ``datasets`` saved: every kind of column gets its meaning; parts become a column."""

from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.data.source import RawData
from core.data.sources import sources
from core.errors import DataError
from tests.data.building import bound

datasets = pytest.importorskip("datasets")
datasets.disable_progress_bars()


def rows(count: int) -> dict[str, list[Any]]:
    return {
        "picture": [Image.new("L", (8, 6), number) for number in range(count)],
        "label": [number % 3 - 1 for number in range(count)],
        "review": [f"a text of many words with number {number} and {number * 7} in it" for number in range(count)],
        "weight": [number / 3 for number in range(count)],
        "steps": [[1.0] * (1 + number % 4) for number in range(count)],
        "topics": [[0, 1][: number % 3] for number in range(count)],
        "pair": [{"en": f"hello {number}", "de": f"hallo {number}"} for number in range(count)],
        "good": [bool(number % 2) for number in range(count)],
    }


def features() -> Any:
    value = datasets.Value
    return datasets.Features(
        {
            "picture": datasets.Image(),
            "label": datasets.ClassLabel(names=["cat", "dog"]),
            "review": value("string"),
            "weight": value("float32"),
            "steps": datasets.Sequence(value("float32")),
            "topics": datasets.Sequence(datasets.ClassLabel(names=["art", "sport"])),
            "pair": {"en": value("string"), "de": value("string")},
            "good": value("bool"),
        }
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    parts = {"train": 24, "test": 6}
    made = {name: datasets.Dataset.from_dict(rows(count), features=features()) for name, count in parts.items()}
    datasets.DatasetDict(made).save_to_disk(tmp_path / "saved")
    return tmp_path / "saved"


def hub(path: Path, **options: str) -> RawData:
    return read("hub", {"path": str(path), **options})


def test_every_kind_of_column_gets_its_meaning(saved: Path) -> None:
    raw = hub(saved)
    meanings = {name: column.meaning for name, column in raw.columns.items()}
    assert meanings == {
        "picture": "image", "label": "category", "review": "text", "weight": "number", "steps": "sequence",
        "topics": "labels", "pair.en": "text", "pair.de": "text", "good": "flag", "split": "category",
    }  # fmt: skip
    assert raw.columns["label"].categories == ("cat", "dog")
    assert raw.columns["label"].values[:3].tolist() == [None, "cat", "dog"]  # type: ignore[index]
    assert raw.columns["topics"].values[2] == ("art", "sport")  # type: ignore[index]
    assert [name for name, column in raw.columns.items() if column.role == "target"] == ["label"]
    picture = raw.columns["picture"]
    assert picture.shape == (1, 6, 8)
    assert picture.take(np.array([3, 25]))[:, 0, 0, 0].tolist() == [3, 1]


def test_parts_divide_the_data_and_one_can_be_chosen(saved: Path) -> None:
    binding = bind("hub", {"path": str(saved)})
    assert binding.split.method == "column"
    prepared = load(bound(binding, {"picture": ["picture"]}, {"label": "label"}))
    assert prepared.counts == {"training": 13, "validation": 3, "test": 4}
    assert hub(saved, split="test").rows == 6
    assert "split" not in hub(saved, split="test").columns
    with pytest.raises(DataError, match=r"no part 'tset'\. Did you mean 'test'"):
        hub(saved, split="tset")


def test_rows_that_were_chosen_and_shuffled_stay_so(tmp_path: Path) -> None:
    whole = datasets.Dataset.from_dict(rows(9), features=features())
    whole.select([7, 3, 5]).save_to_disk(tmp_path / "some")
    raw = hub(tmp_path / "some")
    np.testing.assert_allclose(raw.columns["weight"].values, [7 / 3, 1, 5 / 3], rtol=1e-6)  # type: ignore[arg-type]
    assert raw.columns["picture"].take(np.arange(3))[:, 0, 0, 0].tolist() == [7, 3, 5]


def test_sounds_and_damaged_files_in_it(tmp_path: Path) -> None:
    stored = []
    for number in range(3):
        buffer = io.BytesIO()
        soundfile.write(buffer, np.full(100, number / 10), 8000, format="WAV")
        stored.append({"bytes": buffer.getvalue(), "path": None})
    stored.append({"bytes": b"none", "path": None})
    plain = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
    data = datasets.Dataset.from_dict(
        {"sound": stored, "digit": list("abcd")},
        features=datasets.Features({"sound": plain, "digit": datasets.Value("string")}),
    )
    data.cast_column("sound", datasets.Audio(decode=False)).save_to_disk(tmp_path / "sounds")
    raw = hub(tmp_path / "sounds")
    assert raw.rows == 3
    assert raw.columns["digit"].values.tolist() == ["a", "b", "c"]  # type: ignore[union-attr]
    sound = pickle.loads(pickle.dumps(raw.columns["sound"].values)).take(np.array([2]))[0]
    np.testing.assert_allclose(sound, np.full((1, 100), 0.2), atol=1e-4)
    assert "'sound' of row 4" in " ".join(raw.notes)


def test_without_a_connection_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="'nobody/nothing' cannot be fetched from the Hugging Face hub"):
        read("hub", {"path": "nobody/nothing"}, tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="no data set that was saved by save_to_disk"):
        hub(tmp_path / "folder")


def test_without_the_library_one_message_says_what_to_install(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"pip install layerwright\[hub\]"):
        hub(saved)


def test_a_saved_data_set_is_recognised(saved: Path) -> None:
    assert [kind.id for kind in sources if kind.accepts(saved)] == ["hub"]
