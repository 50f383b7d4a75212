"""Texts, sequences, images, masks and sounds: tokens, sizes and spectra as they should be, and the way back."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.data.fitted import FittedField, fit
from core.data.preparing.audio import mel_filters, mel_spectrogram, resampled
from core.errors import DataError
from core.graph.project import Field
from tests.data.made import objects

TEXTS = objects(["The cat sat.", "the dog", None, "The cat ran far away"])


def text(encoding: str, **options: Any) -> FittedField:
    return fit(Field("t", "text", encoding=encoding, options=options), TEXTS)


def test_words_are_numbered_by_how_often_they_come() -> None:
    fitted = text("word", vocabulary=5)
    assert fitted.classes == ("<pad>", "<unknown>", "the", "cat", ".")
    assert fitted.encode(TEXTS).tolist() == [[2, 3, 1, 4, 0], [2, 1, 0, 0, 0], [0, 0, 0, 0, 0], [2, 3, 1, 1, 1]]
    assert fitted.encode(TEXTS, "length").tolist() == [4, 2, 1, 5]
    assert fitted.encode(TEXTS[:2], "mask").tolist() == [[True] * 4, [True, True, False, False]]


def test_nothing_counts_as_one_step_so_that_attention_has_something_to_look_at() -> None:
    fitted = text("word", vocabulary=5)
    empty = objects(["", None])
    assert fitted.encode(empty).tolist() == [[0], [0]]
    assert fitted.encode(empty, "mask").tolist() == [[True], [True]]
    assert fitted.encode(TEXTS, "mask")[2].tolist() == [True, False, False, False, False]
    waves = objects([np.zeros((0, 2), dtype=np.float32), np.ones((3, 2), dtype=np.float32)])
    sequence = fit(Field("s", "sequence", shape=(0, 2), encoding="none"), waves)
    assert sequence.encode(waves, "length").tolist() == [1, 3]
    assert sequence.encode(waves, "mask").tolist() == [[True, False, False], [True, True, True]]


def test_texts_are_cut_and_marked_at_their_ends() -> None:
    fitted = text("word", length=4, marks=True)
    assert fitted.classes[2:4] == ("<start>", "<end>")
    encoded = fitted.encode(TEXTS)
    assert encoded.shape == (4, 4)
    assert encoded[:, 0].tolist() == [2] * 4
    assert (encoded[0, 3], encoded[1, 3], encoded[2, 1]) == (3, 3, 3)
    assert text("word", rare=2).classes[2:] == ("the", "cat")


@pytest.mark.parametrize("encoding", ["byte", "character", "bpe"])
def test_texts_come_back_letter_by_letter(encoding: str) -> None:
    fitted = text(encoding, lower=False, marks=True)
    cells = objects(["The cat sat.", "dog"])
    assert fitted.decode(fitted.encode(cells)).tolist() == cells.tolist()
    assert fitted.decode(fitted.encode_target(cells)).tolist() == cells.tolist()


def test_words_come_back_with_a_space_between_them() -> None:
    fitted = text("word")
    assert fitted.decode(fitted.encode(objects(["The dog sat", "the whale"]))).tolist() == [
        "the dog sat",
        "the <unknown>",
    ]


def test_bytes_need_no_vocabulary_and_know_every_letter() -> None:
    fitted = text("byte")
    cells = objects(["naïve 漢字"])
    assert fitted.decode(fitted.encode(cells)).tolist() == ["naïve 漢字"]
    assert len(fitted.classes) == 258


def test_byte_pairs_join_what_often_stands_together_within_the_vocabulary() -> None:
    fitted = text("bpe", vocabulary=20)
    assert fitted.encode(TEXTS).max() < 20
    assert len(fitted.encode(objects(["the cat"]))[0]) < len("the cat")


def test_without_the_package_for_byte_pairs_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(DataError, match=r"pip install layerwright\[data\]"):
        text("bpe")


def test_a_text_target_counts_nowhere_behind_its_end() -> None:
    assert text("word").encode_target(TEXTS[:2])[1, 2:].tolist() == [-100, -100]


def test_sequences_are_scaled_by_all_their_steps_and_padded() -> None:
    rows = objects([np.array([1.0, 3.0], dtype=np.float32), np.array([5.0], dtype=np.float32)])
    fitted = fit(Field("s", "sequence", shape=(0,), encoding="standardise"), rows)
    expected = (np.array([[1, 3], [5, 3]]) - 3) / np.std([1, 3, 5])
    np.testing.assert_allclose(fitted.encode(rows), expected, rtol=1e-6)
    assert fitted.encode(rows, "length").tolist() == [2, 1]
    target = fitted.encode_target(rows)
    assert np.isnan(target[1, 1])
    np.testing.assert_allclose(fitted.decode(target)[0], [1, 3], rtol=1e-6)


def test_arrays_fill_their_gaps_with_zero_or_the_mean() -> None:
    values = np.array([[1.0, np.nan], [3.0, 5.0]], dtype=np.float32)
    assert fit(Field("a", "array", shape=(2,), missing="mean"), values).encode(values)[0].tolist() == [1.0, 3.0]
    assert fit(Field("a", "array", shape=(2,), missing="zeros"), values).encode(values)[0].tolist() == [1.0, 0.0]
    dropping = fit(Field("a", "array", shape=(2,), missing="drop row"), values)
    assert dropping.gaps(values).tolist() == [True, False]


def picture(**options: Any) -> Field:
    return Field("i", "image", shape=(3, 0, 0), encoding="none", options=options)


def test_images_of_any_size_come_to_one() -> None:
    wide = np.zeros((3, 4, 8), dtype=np.uint8)
    wide[:, :, 4:] = 255
    images = objects([wide, np.full((3, 8, 8), 128, dtype=np.uint8)])
    stretched = fit(picture(height=4, width=4), images).encode(images)
    assert stretched.shape == (2, 3, 4, 4)
    assert stretched[0, 0, 0, 0] < 0.2 < 0.8 < stretched[0, 0, 0, 3]
    np.testing.assert_allclose(stretched[1], 128 / 255, rtol=1e-6)
    cropped = fit(picture(height=4, width=4, fit="crop"), images).encode(images)
    assert cropped[0, 0, 0].tolist() == [0, 0, 1, 1]
    padded = fit(picture(height=4, width=4, fit="pad"), images).encode(images)
    assert (padded[0, :, 0] == 0).all()
    assert padded[0, 0, 1, 3] > 0.8


def test_images_are_made_smaller_as_pillow_does() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 30, 40)).astype(np.uint8)
    ours = fit(picture(height=10, width=16), objects([image])).encode(objects([image]))[0]
    theirs = Image.fromarray(np.moveaxis(image, 0, -1)).resize((16, 10), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(ours * 255, np.moveaxis(np.asarray(theirs), -1, 0), atol=1.01)


@pytest.mark.parametrize(("given", "wanted", "first"), [(1, "3", 0.5), (4, "3", 0.2), (3, "1", None), (2, "1", 0.2)])
def test_channels_are_turned_into_grey_or_colour(given: int, wanted: str, first: float | None) -> None:
    image = np.stack([np.full((2, 2), value, dtype=np.float32) for value in (0.2, 0.4, 0.6, 1.0)[:given]])
    if given == 1:
        image[:] = 0.5
    images = objects([image])
    encoded = fit(picture(height=2, width=2, channels=wanted), images).encode(images)
    assert encoded.shape == (1, int(wanted), 2, 2)
    expected = 0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6 if first is None else first
    assert encoded[0, 0, 0, 0] == pytest.approx(expected)


def test_images_with_five_channels_cannot_become_grey() -> None:
    images = objects([np.zeros((5, 2, 2), dtype=np.float32)])
    with pytest.raises(DataError, match="5 channels, which cannot become 1"):
        fit(picture(height=2, width=2, channels="1"), images).encode(images)


@pytest.mark.parametrize("encoding", ["none", "standardise", "min-max", "imagenet"])
def test_decoded_images_are_what_they_were(encoding: str) -> None:
    images = np.random.default_rng(0).random((20, 3, 4, 5)).astype(np.float32) * [[[[0.2]], [[1.0]], [[0.5]]]]
    images = images.astype(np.float32)
    fitted = fit(Field("i", "image", shape=(3, 4, 5), encoding=encoding), images)
    encoded = fitted.encode(images)
    np.testing.assert_allclose(fitted.decode(encoded), images, atol=1e-6)
    if encoding == "standardise":
        np.testing.assert_allclose(encoded.mean(axis=(0, 2, 3)), 0, atol=1e-5)
        np.testing.assert_allclose(encoded.std(axis=(0, 2, 3)), 1, atol=1e-5)


def test_imagenet_needs_three_channels() -> None:
    with pytest.raises(DataError, match="choose 3 channels"):
        fit(Field("i", "image", shape=(1, 2, 2), encoding="imagenet"), np.zeros((1, 1, 2, 2), dtype=np.float32))


def test_masks_are_resized_without_new_classes() -> None:
    mask = np.zeros((1, 4, 4), dtype=np.int64)
    mask[0, :, 2:] = 2
    mask[0, 0] = 255
    field = Field("m", "mask", shape=(4, 4), categories=("a", "b", "c"), options={"height": 8, "width": 8})
    target = fit(field, mask).encode_target(mask)
    assert set(target.flatten().tolist()) == {-100, 0, 2}
    assert fit(field, mask).encode(mask).shape == (1, 1, 8, 8)
    assert fit(field, mask).decode(target)[0, 0, 0] == 255
    mask[0, 3, 3] = 3
    with pytest.raises(DataError, match="class 3, but only 3 classes"):
        fit(field, mask).encode_target(mask)


def tone(frequency: float, rate: int, seconds: float = 0.1) -> np.ndarray[Any, Any]:
    return np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate).astype(np.float32)[None]


@pytest.mark.parametrize(("rate", "wanted"), [(44100, 16000), (8000, 16000), (8000, 8000)])
def test_a_tone_keeps_its_pitch_and_loudness_at_another_rate(rate: int, wanted: int) -> None:
    found, expected = resampled(tone(440, rate), rate, wanted), tone(440, wanted)
    assert found.shape == expected.shape
    middle = slice(wanted // 100, -wanted // 100)
    np.testing.assert_allclose(found[0, middle], expected[0, middle], atol=0.01)


def test_what_a_lower_rate_cannot_hold_is_gone() -> None:
    assert np.abs(resampled(tone(7000, 16000), 16000, 8000)[0, 100:-100]).max() < 0.02


def test_the_spectrogram_is_that_of_the_formula() -> None:
    waves = np.random.default_rng(0).normal(size=(2, 100)).astype(np.float32)
    found = mel_spectrogram(waves, 8000, 32, 10, 6)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(32) / 32)
    padded = np.pad(waves.astype(np.float64), ((0, 0), (16, 16)))
    frames = np.stack([padded[:, start : start + 32] * window for start in range(0, 101, 10)], axis=1)
    energy = np.abs(np.fft.rfft(frames, axis=-1)) ** 2
    expected = np.log(np.maximum(np.swapaxes(energy @ mel_filters(8000, 32, 6).T.astype(np.float64), 1, 2), 1e-10))
    assert found.shape == (2, 6, 11)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_a_tone_is_loudest_in_the_band_of_its_pitch() -> None:
    bands = mel_spectrogram(tone(1000, 16000), 16000, 512, 128, 40)[0].mean(axis=1)
    peaks = mel_filters(16000, 512, 40).argmax(axis=1) * 16000 / 512
    assert abs(peaks[bands.argmax()] - 1000) < 100


def test_sounds_are_cut_padded_and_mixed() -> None:
    rows = objects([np.ones((2, 30), dtype=np.float32), np.ones((2, 5), dtype=np.float32)])
    field = Field(
        "a", "audio", shape=(2, 0), encoding="waveform", options={"rate": 100, "seconds": 0.1, "channels": "1"}
    )
    fitted = fit(field, rows, 100)
    assert fitted.encode(rows).shape == (2, 1, 10)
    assert fitted.encode(rows)[1, 0].tolist() == [1.0] * 5 + [0.0] * 5
    assert fitted.encode(rows, "length").tolist() == [10, 5]


def test_sounds_without_a_rate_are_refused() -> None:
    with pytest.raises(DataError, match="'a' has no rate"):
        fit(Field("a", "audio", shape=(1, 0), encoding="waveform"), objects([np.ones((1, 3), dtype=np.float32)]))
