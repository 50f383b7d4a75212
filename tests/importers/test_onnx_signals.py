"""Fourier transforms come in with the numbers that the model gives, real and imaginary parts side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from tests.importers.onnx_models import kinds, model_of, random, read, runs_alike

node = helper.make_node


@pytest.mark.parametrize(
    ("parts", "options", "length"),
    [(1, {}, None), (1, {"onesided": 1}, None), (2, {"inverse": 1}, None), (2, {}, 6), (1, {"onesided": 1}, 12)],
)
def test_a_transform_is_that_of_the_model(
    parts: int, options: dict[str, int], length: int | None, tmp_path: Path
) -> None:
    weights = {"n": np.array(length)} if length else {}
    taken = ["x", "n"] if length else ["x"]
    model = model_of([node("DFT", taken, ["y"], **options)], {"x": ["n", 8, parts]}, ["y"], weights)
    imported = read(model, tmp_path)
    assert kinds(imported) == ["python:DFT"]
    assert runs_alike(model, imported, random(3, 8, parts))


@pytest.mark.parametrize("whole", [False, True])
def test_frames_of_a_signal_are_weighed_by_a_window(whole: bool, tmp_path: Path) -> None:
    nodes = [
        node("HannWindow", ["size"], ["w"]),
        node("STFT", ["x", "step", "w", "size"], ["y"], onesided=0 if whole else 1),
    ]
    weights = {"size": np.array(8), "step": np.array(4)}
    model = model_of(nodes, {"x": ["n", 20, 1]}, ["y"], weights)
    imported = read(model, tmp_path)
    assert kinds(imported)[-1] == "python:STFT"
    assert runs_alike(model, imported, random(2, 20, 1))


def test_half_a_spectrum_that_is_turned_back_is_told_by_name(tmp_path: Path) -> None:
    model = model_of([node("DFT", ["x"], ["y"], inverse=1, onesided=1)], {"x": ["n", 8, 2]}, ["y"])
    imported = read(model, tmp_path)
    assert imported.opaque
    assert any("half of a spectrum" in note for note in imported.notes)
