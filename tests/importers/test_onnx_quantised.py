"""Quantised models compute the same whole numbers here, however they are written down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from core.errors import ImportFailed
from tests.importers.onnx_models import kinds, model_of, random, read, runs_alike

node = helper.make_node
_POINT = {"s": np.array(0.02, np.float32), "z": np.array(120, np.uint8)}
_RESULT = {"ys": np.array(0.05, np.float32), "yz": np.array(100, np.uint8)}


def _whole(*shape: int, kind: type[np.int8 | np.uint8] = np.int8) -> np.ndarray:
    limits = np.iinfo(kind)
    return np.random.default_rng(5).integers(limits.min, limits.max, shape).astype(kind)


def _scales(count: int) -> np.ndarray:
    return (np.abs(random(count)) / 100 + 0.01).astype(np.float32)


def test_weights_in_eight_bits_become_those_of_a_layer_that_can_be_trained(tmp_path: Path) -> None:
    weights = {**_POINT, "w": _whole(3, 2, 3, 3), "ws": _scales(3), "wz": np.zeros(3, np.int8)}
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["dx"]),
        node("DequantizeLinear", ["w", "ws", "wz"], ["dw"], axis=0),
        node("Conv", ["dx", "dw"], ["y"]),
    ]
    model = model_of(nodes, {"x": ["n", 2, 6, 6]}, ["y"], weights)
    imported = read(model, tmp_path)
    assert kinds(imported)[-1] == "Conv2d"
    assert any("nothing before that learns" in note for note in imported.notes)
    assert runs_alike(model, imported, random(2, 2, 6, 6))
    assert runs_alike(model, imported, 1e25 * random(2, 2, 6, 6))  # far beyond all whole numbers, kept at the limits


@pytest.mark.parametrize("biased", [True, False])
def test_a_convolution_of_whole_numbers_is_exact(biased: bool, tmp_path: Path) -> None:
    weights = {**_POINT, **_RESULT, "w": _whole(3, 1, 3, 3), "ws": _scales(3), "wz": np.zeros(3, np.int8)}
    weights |= {"b": np.array([500, -700, 10], np.int32)} if biased else {}
    taken = ["q", "s", "z", "w", "ws", "wz", "ys", "yz", *(["b"] if biased else [])]
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("QLinearConv", taken, ["c"], pads=[1, 0, 1, 2], strides=[2, 1], group=3),
        node("DequantizeLinear", ["c", "ys", "yz"], ["y"]),
    ]
    model = model_of(nodes, {"x": ["n", 3, 6, 6]}, ["y"], weights)
    imported = read(model, tmp_path)
    assert "python:QLinearConv" in kinds(imported)
    assert any("cannot be trained" in note for note in imported.notes)
    assert runs_alike(model, imported, random(2, 3, 6, 6))


def test_a_product_of_whole_numbers_is_exact(tmp_path: Path) -> None:
    weights = {**_POINT, **_RESULT, "w": _whole(8, 5, kind=np.uint8), "ws": _scales(1), "wz": np.array(128, np.uint8)}
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("QLinearMatMul", ["q", "s", "z", "w", "ws", "wz", "ys", "yz"], ["c"]),
        node("DequantizeLinear", ["c", "ys", "yz"], ["y"]),
    ]
    model = model_of(nodes, {"x": ["n", 8]}, ["y"], weights)
    assert runs_alike(model, read(model, tmp_path), random(3, 8))


@pytest.mark.parametrize("op", ["MatMulInteger", "ConvInteger"])
def test_values_may_be_quantised_as_they_come(op: str, tmp_path: Path) -> None:
    conv = op == "ConvInteger"
    weights = {"w": _whole(3, 2, 3, 3) if conv else _whole(8, 5)}
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        node(op, ["q", "w", "z"], ["c"], **({"pads": [1, 1, 1, 1]} if conv else {})),
        node("Cast", ["c"], ["f"], to=TensorProto.FLOAT),
        node("Mul", ["f", "s"], ["y"]),
    ]
    model = model_of(nodes, {"x": ["n", 2, 6, 6] if conv else ["n", 8]}, ["y"], weights)
    imported = read(model, tmp_path)
    assert f"python:{op}" in kinds(imported)
    assert runs_alike(model, imported, random(3, 2, 6, 6) if conv else random(3, 8))
    assert runs_alike(model, imported, np.zeros((3, 2, 6, 6) if conv else (3, 8), np.float32))


def test_scales_that_arrive_are_refused_by_name(tmp_path: Path) -> None:
    weights = {**_POINT, **_RESULT, "w": _whole(8, 5, kind=np.uint8), "wz": np.array(128, np.uint8)}
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("ReduceMax", ["x"], ["ws"], keepdims=0),
        node("QLinearMatMul", ["q", "s", "z", "w", "ws", "wz", "ys", "yz"], ["c"]),
        node("DequantizeLinear", ["c", "ys", "yz"], ["y"]),
    ]
    model = model_of(nodes, {"x": ["n", 8]}, ["y"], weights)
    for each in model.graph.output:
        each.type.tensor_type.ClearField("shape")
    with pytest.raises(ImportFailed, match="scales and zero points are not constant"):
        read(model, tmp_path)


@pytest.mark.parametrize("kind", [TensorProto.FLOAT8E4M3FN, TensorProto.FLOAT8E5M2])
@pytest.mark.parametrize("saturate", [0, 1])
def test_fractions_of_eight_bits_are_rounded_as_there(kind: int, saturate: int, tmp_path: Path) -> None:
    nodes = [
        node("Cast", ["x"], ["small"], to=kind, saturate=saturate),
        node("Cast", ["small"], ["y"], to=TensorProto.FLOAT),
    ]
    model = model_of(nodes, {"x": ["n", 4]}, ["y"])
    imported = read(model, tmp_path)
    given = np.array([[0.3, -1.07, 449.0, 1e-9], [-2.2, 1e3, 61000.0, 3.0]], np.float32)
    assert runs_alike(model, imported, given)
