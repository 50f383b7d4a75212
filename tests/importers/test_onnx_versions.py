"""Operators whose meaning changed from version to version, or that round their sizes, come in as they were meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from tests.importers.onnx_models import kinds, model_of, random, read, runs_alike

node = helper.make_node


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize(
    "margin", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 2, 1], [1, 0, 0, 2]], ids=["none", "even", "behind", "mixed"]
)
def test_windows_that_are_not_full_count_as_the_model_counts_them(op: str, margin: list[int], tmp_path: Path) -> None:
    options = {"kernel_shape": [3, 3], "strides": [2, 3], "pads": margin, "ceil_mode": 1}
    model = model_of([node(op, ["x"], ["y"], **options)], {"x": ["n", 2, 8, 7]}, ["y"], opset=19)
    imported = read(model, tmp_path)
    assert not imported.opaque
    assert runs_alike(model, imported, random(3, 2, 8, 7))


def test_a_window_that_would_begin_in_the_margin_is_left_out(tmp_path: Path) -> None:
    options = {"kernel_shape": [4, 1], "strides": [2, 3], "pads": [1, 0, 3, 0], "ceil_mode": 1}
    model = model_of([node("MaxPool", ["x"], ["y"], **options)], {"x": ["n", 3, 7, 7]}, ["y"], opset=10)
    assert runs_alike(model, read(model, tmp_path), random(2, 3, 7, 7))


@pytest.mark.parametrize("columns", [0, 1])
@pytest.mark.parametrize("margin", [[2, 2, 2, 2], [0, 1, 1, 2], [1, 1, 1, 1]], ids=["wide", "uneven", "even"])
def test_where_the_largest_values_lie_is_told_in_any_margin(margin: list[int], columns: int, tmp_path: Path) -> None:
    options = {"kernel_shape": [3, 3], "dilations": [2, 1], "strides": [2, 2], "ceil_mode": 1}
    pool = node("MaxPool", ["x"], ["y", "z"], pads=margin, storage_order=columns, **options)
    model = model_of([pool], {"x": ["n", 2, 8, 9]}, ["y", "z"])
    model.graph.output[1].type.tensor_type.elem_type = TensorProto.INT64
    imported = read(model, tmp_path)
    assert not imported.opaque
    assert runs_alike(model, imported, random(2, 2, 8, 9))


def test_powers_over_windows_with_gaps_are_added_up(tmp_path: Path) -> None:
    options = {"kernel_shape": [3, 2], "dilations": [2, 1], "pads": [1, 0, 1, 1], "ceil_mode": 1, "p": 3}
    model = model_of([node("LpPool", ["x"], ["y"], **options)], {"x": ["n", 2, 8, 7]}, ["y"], opset=18)
    assert runs_alike(model, read(model, tmp_path), random(3, 2, 8, 7))


@pytest.mark.parametrize("opset", [9, 12, 13])
@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax", "Hardmax"])
def test_what_is_laid_out_in_one_row_changed_with_version_13(op: str, opset: int, tmp_path: Path) -> None:
    model = model_of([node(op, ["x"], ["y"], axis=1)], {"x": ["n", 3, 4]}, ["y"], opset=opset)
    assert runs_alike(model, read(model, tmp_path), random(2, 3, 4))


@pytest.mark.parametrize("direction", ["reverse", "bidirectional"])
@pytest.mark.parametrize("started", [True, False])
def test_a_gru_that_resets_its_state_first_is_written_out(direction: str, started: bool, tmp_path: Path) -> None:
    ways = 2 if direction == "bidirectional" else 1
    weights = {"w": random(ways, 9, 4), "r": random(ways, 9, 3), "b": random(ways, 18)}
    taken = ["t", "w", "r", "b", *(["", "start"] if started else [])]
    nodes = [
        node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        node("Transpose", ["h"], ["start"], perm=[1, 0, 2]),
        node("GRU", taken, ["steps", "last"], hidden_size=3, direction=direction),
        node("Transpose", ["steps"], ["y"], perm=[2, 0, 1, 3]),
        node("Transpose", ["last"], ["z"], perm=[1, 0, 2]),
    ]
    inputs: dict[str, Any] = {"x": ["n", 5, 4]} | ({"h": ["n", ways, 3]} if started else {})
    model = model_of([each for each in nodes if started or "start" not in each.output], inputs, ["y", "z"], weights)
    imported = read(model, tmp_path)
    assert imported.names["w"] == "w"
    assert runs_alike(model, imported, random(2, 5, 4), *([random(2, ways, 3)] if started else []))


@pytest.mark.parametrize("how", ["half_pixel", "asymmetric"])
def test_a_size_that_is_no_multiple_is_resized_by_the_layer_for_it(how: str, tmp_path: Path) -> None:
    scales = {"s": np.array([1, 1, 1.7, 2.3], np.float32)}
    mode = {"half_pixel": "linear", "asymmetric": "nearest"}[how]
    resize = node("Resize", ["x", "", "s"], ["y"], mode=mode, nearest_mode="floor", coordinate_transformation_mode=how)
    model = model_of([resize], {"x": ["n", 2, 6, 7]}, ["y"], scales)
    imported = read(model, tmp_path)
    assert kinds(imported) == ["Interpolate"]
    assert runs_alike(model, imported, random(2, 2, 6, 7))


def test_corners_are_aligned_as_pytorch_does_where_it_wrote_the_model(tmp_path: Path) -> None:
    scales = {"s": np.array([1, 1, 1.7, 1.7], np.float32)}
    resize = node("Resize", ["x", "", "s"], ["y"], mode="linear", coordinate_transformation_mode="align_corners")
    model = model_of([resize], {"x": ["n", 2, 6, 7]}, ["y"], scales)
    model.producer_name = "pytorch"
    imported = read(model, tmp_path)
    given = random(2, 2, 6, 7)
    assert kinds(imported) == ["Interpolate"]
    assert runs_alike(model, imported, given)
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(given), scale_factor=1.7, mode="bilinear", align_corners=True
    )
    (layer,) = imported.project.graph.of_kind("Interpolate")
    assert layer.params["size"] == tuple(wanted.shape[2:])
