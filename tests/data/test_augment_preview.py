"""Samples before and after augmentation: decoded to their own terms, and drawn anew for every draw."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from core.data.augment_preview import BeforeAfter, before_and_after
from core.data.bind import bind
from core.data.source import Column
from core.errors import DataError
from core.graph.project import DataBinding
from tests.data.building import with_field
from tests.data.made import Shelf, made, sample


def augmented(binding: DataBinding, name: str, draw: int = 0, **kinds: Mapping[str, Any]) -> BeforeAfter:
    return before_and_after(with_field(binding, name, augment=kinds), name, 0, draw)


def test_images_are_shown_as_they_are_and_moved() -> None:
    digits = bind("digits", {})
    shown = augmented(digits, "image", flip={"probability": 1.0})
    assert shown.form == "picture"
    assert len(shown.before) == 4
    for before, after in zip(shown.before, shown.after, strict=True):
        assert np.asarray(before).shape == (8, 8)
        np.testing.assert_array_equal(np.asarray(before)[:, ::-1], after)
    scaled = with_field(digits, "image", encoding="standardise")
    again = augmented(scaled, "image", flip={"probability": 1.0})
    difference = np.asarray(again.before[0]).astype(int) - np.asarray(shown.before[0]).astype(int)
    assert np.abs(difference).max() <= 1


def test_nothing_changes_without_augmentation_and_each_draw_differs() -> None:
    iris = bind("iris", {})
    name = iris.fields[0].name
    plain = augmented(iris, name)
    assert plain.form == "text"
    assert plain.before == plain.after
    draws = {augmented(iris, name, draw, noise={}).after for draw in range(5)}
    assert len(draws) == 5
    assert augmented(iris, name, 3, noise={}).after in draws


@pytest.mark.parametrize(
    ("meaning", "kind", "form"),
    [
        ("audio", "gain", "curve"),
        ("sequence", "noise", "curve"),
        ("array", "noise", "curve"),
        ("text", "forget", "text"),
        ("number", "noise", "text"),
        ("image", "colour", "picture"),
    ],
)
def test_every_meaning_that_can_be_augmented_is_shown(
    monkeypatch: pytest.MonkeyPatch, meaning: str, kind: str, form: str
) -> None:
    binding = made(monkeypatch, {"x": sample(meaning, 20, 0), "y": sample("flag", 20, 0)})
    options = {"probability": 1.0} if kind == "forget" else {}
    shown = augmented(binding, "x", **{kind: options})
    assert shown.form == form
    assert len(shown.before) == len(shown.after) == 4
    assert any(not np.array_equal(a, b) for a, b in zip(shown.before, shown.after, strict=True))


def test_a_spectrogram_is_a_picture_on_one_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = made(monkeypatch, {"x": sample("audio", 20, 0), "y": sample("flag", 20, 0)})
    sizes = {"n_fft": 32, "hop": 8, "mels": 6}
    mel = with_field(binding, "x", encoding="mel spectrogram", options={"rate": 8000, **sizes})
    shown = augmented(mel, "x", bands={})
    assert shown.form == "picture"
    assert np.asarray(shown.before[0]).shape[0] == 6
    assert np.asarray(shown.before[0]).dtype == np.uint8


def test_little_is_read_of_what_is_read_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(np.random.default_rng(0).normal(size=(5000, 3)).astype(np.float32))
    binding = made(monkeypatch, {"x": Column(shelf, "array", sample=(3,)), "y": sample("flag", 5000, 0)})
    shelf.taken = 0
    augmented(binding, "x", noise={})
    assert shelf.taken <= 40


def test_rows_without_a_value_are_passed_over_and_a_column_without_any_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.full(20, np.nan)
    values[[3, 9]] = 1.5, 2.5
    columns = {"x": Column(values, "number"), "empty": Column(np.full(20, np.nan), "number")}
    binding = made(monkeypatch, columns)
    assert augmented(binding, "x", noise={}).before == ("1.5", "2.5")
    with pytest.raises(DataError, match="empty"):
        augmented(binding, "empty", noise={})
    with pytest.raises(DataError, match="'gone'"):
        before_and_after(binding, "gone", 0, 0)
    odd = with_field(made(monkeypatch, {"i": sample("image", 20, 0)}), "i", options={})
    with pytest.raises(DataError, match="different sizes"):
        before_and_after(dataclasses.replace(odd), "i", 0, 0)
