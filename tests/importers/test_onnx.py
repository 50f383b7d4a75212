"""ONNX models come in as layers that can be edited, with their weights, and give the numbers that they gave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import helper

from core.errors import ImportFailed
from core.exporters import ExportRequest, exporters
from core.graph.templates import template
from core.model.build import build
from tests.importers.onnx_models import kinds, model_of, random, read, run

node = helper.make_node


@pytest.mark.parametrize(
    "name",
    ["flowers", "digits", *(pytest.param(each, marks=pytest.mark.slow) for each in ("lstm-text", "siamese", "lenet5"))],
)
def test_what_is_exported_from_here_comes_back_with_the_same_numbers(name: str, tmp_path: Path) -> None:
    project = template(name).load()
    path = tmp_path / "net.onnx"
    exporters["onnx"].export(ExportRequest(project, path))
    imported = read(path, tmp_path)
    built = build(project)
    inputs = []
    for each in built.inputs:
        spec = built.report.nodes[each].outputs["output"]
        sizes = spec.sizes(batch=5, length=9)
        inputs.append(torch.randint(0, 9, sizes) if spec.dtype == "int64" else torch.rand(sizes))
    with torch.no_grad():
        wanted = built.module.eval()(*inputs)
    assert torch.allclose(run(imported, *inputs)[0], wanted, atol=1e-5)
    assert not imported.notes
    assert not imported.opaque


def test_a_convolution_keeps_its_name_and_weights_and_pads_unevenly(tmp_path: Path) -> None:
    weights = {"stem.weight": random(4, 3, 3, 3), "stem.bias": random(4)}
    nodes = [
        node("Conv", ["x", "stem.weight", "stem.bias"], ["y"], name="/stem/Conv", pads=[0, 1, 2, 1], strides=[2, 1]),
        node("Relu", ["y"], ["z"]),
    ]
    imported = read(model_of(nodes, {"x": ["n", 3, 8, 8]}, ["z"], weights), tmp_path)
    assert kinds(imported) == ["ZeroPad2d", "Conv2d", "ReLU"]
    assert imported.names["stem.weight"] == "stem.weight"
    assert np.array_equal(imported.weights["stem.weight"].numpy(), weights["stem.weight"])
    assert run(imported, torch.rand(5, 3, 8, 8))[0].shape == (5, 4, 4, 8)


def test_a_product_and_what_is_added_to_it_are_one_linear_layer(tmp_path: Path) -> None:
    weights = {"w": random(6, 4), "fc.bias": random(4)}
    nodes = [node("MatMul", ["x", "w"], ["p"]), node("Add", ["fc.bias", "p"], ["y"])]
    imported = read(model_of(nodes, {"x": ["n", "t", 6]}, ["y"], weights), tmp_path)
    assert kinds(imported) == ["Linear"]
    assert "fc" in imported.project.graph.nodes
    x = torch.rand(2, 5, 6)
    assert torch.allclose(
        run(imported, x)[0], x @ torch.tensor(weights["w"]) + torch.tensor(weights["fc.bias"]), atol=1e-6
    )


def test_open_lengths_keep_their_names(tmp_path: Path) -> None:
    imported = read(model_of([node("Tanh", ["x"], ["y"])], {"x": ["batch", "time steps", 4]}, ["y"]), tmp_path)
    assert imported.project.graph.nodes["x"].params["shape"] == ("time_steps", 4)


def test_a_batch_that_the_model_fixed_is_open(tmp_path: Path) -> None:
    nodes = [node("Reshape", ["x", "shape"], ["r"]), node("Gemm", ["r", "w"], ["y"])]
    weights = {"shape": np.array([1, 12]), "w": random(12, 2)}
    imported = read(model_of(nodes, {"x": [1, 3, 4]}, ["y"], weights), tmp_path)
    assert kinds(imported) == ["Flatten", "Linear"]
    assert run(imported, torch.rand(7, 3, 4))[0].shape == (7, 2)


def test_shapes_that_are_computed_vanish(tmp_path: Path) -> None:
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["n"]),
        node("Gather", ["s", "one"], ["t"]),
        node("Concat", ["n", "t", "rest"], ["shape"], axis=0),
        node("Reshape", ["x", "shape"], ["y"]),
    ]
    weights = {"zero": np.array([0]), "one": np.array([1]), "rest": np.array([2, -1])}
    imported = read(model_of(nodes, {"x": ["n", "t", 6]}, ["y"], weights), tmp_path)
    assert kinds(imported) == ["Unflatten"]
    assert run(imported, torch.rand(2, 9, 6))[0].shape == (2, 9, 2, 3)


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_recurrent_layers_give_the_numbers_of_the_runtime(op: str, gates: int, direction: str, tmp_path: Path) -> None:
    ways = 2 if direction == "bidirectional" else 1
    weights = {
        "w": random(ways, gates * 5, 3),
        "r": random(ways, gates * 5, 5),
        "b": random(ways, 2 * gates * 5),
    }
    options = {"linear_before_reset": 1} if op == "GRU" else {}
    nodes = [
        node("Transpose", ["x"], ["s"], perm=[1, 0, 2]),
        node(op, ["s", "w", "r", "b"], ["y"], hidden_size=5, direction=direction, **options),
        node("Transpose", ["y"], ["out"], perm=[2, 0, 1, 3]),
    ]
    imported = read(model_of(nodes, {"x": ["n", "t", 3]}, ["out"], weights), tmp_path)
    assert op in kinds(imported)
    assert not imported.opaque


def test_a_layer_that_is_called_twice_shares_its_weights(tmp_path: Path) -> None:
    nodes = [node("Gemm", ["x", "w"], ["h"]), node("Tanh", ["h"], ["t"]), node("Gemm", ["t", "w"], ["y"])]
    imported = read(model_of(nodes, {"x": ["n", 4]}, ["y"], {"w": random(4, 4)}), tmp_path)
    assert sum(bool(each.shares) for each in imported.project.graph.nodes.values()) == 1
    assert len(imported.weights) == 1


def test_what_has_no_layer_keeps_its_place_and_is_named(tmp_path: Path) -> None:
    nodes = [node("Bernoulli", ["x"], ["b"], name="draw"), node("Relu", ["b"], ["y"])]
    imported = read(model_of(nodes, {"x": ["n", 4]}, ["y"]), tmp_path)
    assert imported.opaque == ("draw",)
    assert any("Bernoulli" in each and "random" in each for each in imported.notes)


def test_a_model_without_a_batch_takes_one_sample_at_a_time_and_says_so(tmp_path: Path) -> None:
    nodes = [node("ReduceSum", ["x", "axes"], ["y"], keepdims=0)]
    imported = read(model_of(nodes, {"x": [3, 4]}, ["y"], {"axes": np.array([0])}), tmp_path)
    assert any("no batch" in each for each in imported.notes)
    x = torch.rand(1, 3, 4)
    assert torch.allclose(run(imported, x)[0][0], x[0].sum(0))
    with pytest.raises(ValueError, match="one sample at a time"):
        run(imported, torch.rand(2, 3, 4))


def test_functions_of_the_model_are_unrolled(tmp_path: Path) -> None:
    nodes = [node("Mul", ["a", "a"], ["m"]), node("Tanh", ["m"], ["b"])]
    function = helper.make_function("mine", "Bent", ["a"], ["b"], nodes, [helper.make_opsetid("", 20)])
    use = [node("Bent", ["x"], ["y"], domain="mine")]
    imported = read(model_of(use, {"x": ["n", 4]}, ["y"], functions=[function], domains=["mine"]), tmp_path)
    assert kinds(imported) == ["Multiply", "Tanh"]


def test_old_versions_of_operators_are_read(tmp_path: Path) -> None:
    nodes = [
        node("Unsqueeze", ["x"], ["u"], axes=[1]),
        node("Softmax", ["u"], ["s"], axis=2),
        node("Squeeze", ["s"], ["y"], axes=[1]),
    ]
    imported = read(model_of(nodes, {"x": ["n", 4]}, ["y"], opset=8), tmp_path)
    assert kinds(imported) == ["Unsqueeze", "Softmax", "Squeeze"]


def test_shapes_that_the_model_does_not_say_may_be_given(tmp_path: Path) -> None:
    model = model_of([node("Relu", ["x"], ["y"])], {"x": ["n", 4]}, ["y"])
    model.graph.input[0].type.tensor_type.ClearField("shape")
    with pytest.raises(ImportFailed, match="does not say the shape of its input 'x'"):
        read(model, tmp_path)
    imported = read(model, tmp_path, shapes=((4,),))
    assert imported.project.graph.nodes["x"].params["shape"] == (4,)
