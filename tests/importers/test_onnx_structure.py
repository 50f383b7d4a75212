"""What exporters took apart is whole again: repeated blocks, attention, recurrent layers of several."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, helper

from core.errors import ImportFailed
from core.graph.names import check_class_name
from core.importers import ImportRequest
from core.importers._onnx.model import opened
from core.importers._onnx.proof import prove
from core.importers.onnx import walked
from tests.importers.onnx_models import model_of, read, runs_alike

_DRAW = np.random.default_rng(3)


def _drawn(*sizes: int) -> np.ndarray:
    return (_DRAW.standard_normal(sizes) / 2).astype(np.float32)


def _blocks(noted: bool) -> ModelProto:
    """Return three residual blocks, noted as PyTorch's exporters do: beside each operation, or by its path."""
    nodes, weights, flowing = [], {}, "x"
    for number in range(3):
        weights |= {f"blocks.{number}.fc.weight": _drawn(4, 4), f"blocks.{number}.fc.bias": _drawn(4)}
        steps = [
            ("fc", "Gemm", [flowing, f"blocks.{number}.fc.weight", f"blocks.{number}.fc.bias"]),
            ("act", "Tanh", [f"fc{number}"]),
            ("turn", "Neg", [f"act{number}"]),
            ("", "Add", [f"turn{number}", flowing]),
        ]
        for part, op, inputs in steps:
            path = "/".join(each for each in ("", "blocks", f"blocks.{number}", part, op) if each or each == "")
            node = helper.make_node(
                op, inputs, [f"{part or 'sum'}{number}"], name="" if noted else path.replace("//", "/")
            )
            if op == "Gemm":
                node.attribute.append(helper.make_attribute("transB", 1))
            if noted:
                names = ["", f"blocks.{number}", *([f"blocks.{number}.{part}"] if part else []), op.lower()]
                classes = ["mine.Net", "mine.Block", *(["torch.nn.modules.x.X"] if part else []), "aten.x"]
                for key, value in (("name_scopes", names), ("class_hierarchy", classes)):
                    entry = node.metadata_props.add()
                    entry.key, entry.value = f"pkg.torch.onnx.{key}", repr(value)
            nodes.append(node)
        flowing = f"sum{number}"
    return model_of(nodes, {"x": ["n", 4]}, [flowing], weights)


@pytest.mark.parametrize(("noted", "group"), [(True, "Block"), (False, "Blocks")])
def test_blocks_that_repeat_are_one_group_repeated(noted: bool, group: str, tmp_path: Path) -> None:
    model = _blocks(noted)
    imported = read(model, tmp_path)
    nodes = imported.project.graph.nodes
    assert [(node.name, node.kind, node.repeat) for node in nodes.values() if node.group] == [
        ("blocks", f"group:{group}", 3)
    ]
    assert [node.kind for node in imported.project.groups[group].graph.nodes.values()] == [
        "Input", "Linear", "Tanh", "Negative", "Add", "Output",
    ]  # fmt: skip
    assert imported.names["blocks.2.fc.weight"] == "blocks.2.fc.weight"
    assert runs_alike(model, imported, _drawn(5, 4))


@pytest.mark.parametrize("noted", ["['a'", "__import__('os')", "[1, 2, 3]", "[" * 2000, "['', 'x', 'y', 'z']"])
def test_notes_that_say_nothing_are_passed_over(noted: str, tmp_path: Path) -> None:
    model = _blocks(noted=True)
    for node in model.graph.node:
        node.metadata_props[0].value = noted
    assert not read(model, tmp_path).project.groups


@pytest.mark.parametrize("kind", ["True", "Bl²ck", "a\nimport os\nclass B", "B" * 900, "Net"])
def test_classes_of_any_name_become_groups_that_are_built(kind: str, tmp_path: Path) -> None:
    model = _blocks(noted=True)
    for node in model.graph.node:
        classes = node.metadata_props[1]
        classes.value = repr([kind if each == "mine.Block" else each for each in ast.literal_eval(classes.value)])
    imported = read(model, tmp_path)
    (name,) = imported.project.groups
    check_class_name(name)
    assert runs_alike(model, imported, _drawn(5, 4))


def _attention(scale: float, divides: bool, masked: bool) -> ModelProto:
    weights = {"scale": np.array(scale, np.float32), "mask": np.triu(np.full((5, 5), -1e9, np.float32), 1)}
    nodes = [
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["q", "kt"], ["product"]),
        helper.make_node("Div" if divides else "Mul", ["product", "scale"], ["scaled"]),
        *([helper.make_node("Add", ["scaled", "mask"], ["masked"])] if masked else []),
        helper.make_node("Softmax", ["masked" if masked else "scaled"], ["weights"], axis=-1),
        helper.make_node("MatMul", ["weights", "v"], ["y"]),
    ]
    return model_of(
        nodes, {name: ["n", 2, 5, 16] for name in "qkv"}, ["y"], weights if masked else {"scale": weights["scale"]}
    )


@pytest.mark.parametrize(
    ("scale", "divides", "masked", "said"),
    [(4.0, True, False, {}), (0.25, False, True, {}), (0.5, False, False, {"scale": 0.5})],
)
def test_attention_is_one_layer(
    scale: float, divides: bool, masked: bool, said: dict[str, float], tmp_path: Path
) -> None:
    model = _attention(scale, divides, masked)
    imported = read(model, tmp_path)
    kinds = [node.kind for node in imported.project.graph.nodes.values() if node.kind not in ("Input", "Output")]
    assert sorted(kinds) == ["FreeParameter", "ScaledDotProductAttention"][1 - masked :]
    (layer,) = imported.project.graph.of_kind("ScaledDotProductAttention")
    assert layer.params == said
    assert runs_alike(model, imported, *(_drawn(3, 2, 5, 16) for _ in "qkv"))


def test_weights_of_attention_that_are_given_too_stay_apart(tmp_path: Path) -> None:
    model = _attention(4.0, divides=True, masked=False)
    model.graph.output.append(helper.make_tensor_value_info("weights", 1, ["n", 2, 5, 5]))
    imported = read(model, tmp_path)
    assert not imported.project.graph.of_kind("ScaledDotProductAttention")
    assert imported.project.graph.of_kind("Softmax")


def _recurrent(directions: int, layers: int) -> ModelProto:
    weights: dict[str, np.ndarray] = {"order": np.array([0, 0, directions * 4]), "one": np.array([1])}
    nodes: list[Any] = [helper.make_node("Transpose", ["x"], ["h0"], perm=[1, 0, 2])]
    for layer in range(layers):
        width = 3 if layer == 0 else 4 * directions
        names = [f"{part}{layer}" for part in "wrb"]
        sizes = ((16, width), (16, 4), (32,))
        weights |= {name: _drawn(directions, *size) for name, size in zip(names, sizes, strict=True)}
        direction = "bidirectional" if directions == 2 else "forward"
        nodes.append(helper.make_node("LSTM", [f"h{layer}", *names], [f"y{layer}"], hidden_size=4, direction=direction))
        if directions == 1:
            nodes.append(helper.make_node("Squeeze", [f"y{layer}", "one"], [f"h{layer + 1}"]))
            continue
        nodes.append(helper.make_node("Transpose", [f"y{layer}"], [f"t{layer}"], perm=[0, 2, 1, 3]))
        nodes.append(helper.make_node("Reshape", [f"t{layer}", "order"], [f"h{layer + 1}"]))
    nodes.append(helper.make_node("Transpose", [f"h{layers}"], ["y"], perm=[1, 0, 2]))
    return model_of(nodes, {"x": ["n", 6, 3]}, ["y"], weights)


@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent_layers_that_feed_one_another_are_one(directions: int, tmp_path: Path) -> None:
    model = _recurrent(directions, 3)
    imported = read(model, tmp_path)
    (layer,) = imported.project.graph.of_kind("LSTM")
    assert layer.params["num_layers"] == 3
    assert imported.names[f"{layer.name}.weight_ih_l2"] == "w2"
    assert runs_alike(model, imported, _drawn(2, 6, 3))


def test_where_one_form_of_a_network_gives_other_numbers_another_can_still_be_proved() -> None:
    flow = walked(opened(_blocks(noted=True)), ImportRequest(""), single=False)
    right = flow.draft.finished()
    weights = {name: tensor + 1 if "blocks_1" in name else tensor for name, tensor in right.weights.items()}
    with pytest.raises(ImportFailed, match="first at 'blocks_1_fc'"):
        prove(flow, replace(right, weights=weights))
    assert prove(flow, right) == ()
