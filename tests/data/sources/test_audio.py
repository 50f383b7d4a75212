"""Sound folders: classes, parts and rates; every common format; what is damaged is named."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.data.bind import bind
from core.data.dataset import load
from core.data.reading import read
from core.data.source import Lazy, RawData
from core.errors import DataError
from tests.data.building import bound


def tone(path: Path, seconds: float = 0.1, rate: int = 8000, channels: int = 1, pitch: float = 440) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    soundfile.write(path, np.stack([wave] * channels, axis=1), rate)
    return path


def sounds(folder: Path) -> RawData:
    return read("audio", {"path": str(folder)})


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_every_common_format_is_read(tmp_path: Path, ending: str) -> None:
    tone(tmp_path / f"1.{ending}", seconds=0.5, rate=16000, channels=2)
    raw = sounds(tmp_path)
    column = raw.columns["sound"]
    sound = column.take(np.array([0]))[0]
    assert isinstance(column.values, Lazy)
    assert (column.rate, sound.shape[0], sound.dtype) == (16000, 2, np.float32)
    assert sound.shape[1] == pytest.approx(8000, abs=1200)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.1)


def test_classes_parts_and_metadata(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for number in range(6):
            tone(tmp_path / part / ("low", "high")[number % 2] / f"{number}.wav", pitch=440 * (1 + number % 2))
    lines = [f"train/low/{number}.wav,{number}.5" for number in (0, 2, 4)]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,loudness", *lines]))
    raw = sounds(tmp_path)
    assert raw.columns["label"].categories == ("high", "low")
    assert raw.columns["split"].role == "split"
    assert np.nansum(raw.columns["loudness"].values) == 7.5  # type: ignore[arg-type]
    prepared = load(bound(bind("audio", {"path": str(tmp_path)})))
    assert prepared.counts == {"training": 5, "validation": 1, "test": 6}
    assert prepared.training.inputs["input1"].shape == (5, 1, 800)


def test_sounds_at_other_rates_and_lengths_are_brought_together(tmp_path: Path) -> None:
    for number in range(9):
        tone(tmp_path / "ab"[number % 2] / f"{number}.wav", seconds=0.1 + number / 100)
    tone(tmp_path / "a" / "fast.wav", seconds=0.5, rate=16000, channels=2)
    raw = sounds(tmp_path)
    assert raw.columns["sound"].rate == 8000
    assert raw.columns["sound"].shape == (0, 0)
    assert any("Recorded at other rates (16,000 Hz) and brought to 8,000 Hz: 1 sound." in note for note in raw.notes)
    lengths = [each.shape[1] for each in raw.columns["sound"].take(np.arange(10))]
    assert sorted(lengths)[-1] == 4000
    binding = bind("audio", {"path": str(tmp_path)})
    prepared = load(bound(binding))
    shape = prepared.training.inputs["input1"].shape
    assert shape[1:] == (1, round(8000 * dict(binding.fields[0].options)["seconds"]))
    assert "suggested length" in binding.fields[0].reason


def test_damaged_and_empty_sounds_are_named(tmp_path: Path) -> None:
    tone(tmp_path / "a" / "good.wav")
    tone(tmp_path / "b" / "good.wav")
    (tmp_path / "a" / "bad.wav").write_bytes(b"RIFF0000")
    soundfile.write(tmp_path / "b" / "empty.wav", np.zeros(0), 8000)
    raw = sounds(tmp_path)
    assert raw.rows == len(raw.columns["label"]) == 2
    note = " ".join(raw.notes)
    assert "a/bad.wav is damaged" in note
    assert "b/empty.wav is empty" in note


def test_without_soundfile_one_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tone(tmp_path / "1.wav")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(DataError, match=r"pip install layerwright\[data\]"):
        sounds(tmp_path)
