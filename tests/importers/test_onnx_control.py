"""Graphs inside operations and sequences of tensors: unrolled into layers where it is known ahead how they run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.errors import ImportFailed
from tests.importers.onnx_models import kinds, model_of, random, read, runs_alike

node = helper.make_node
_BOOL, _INT = TensorProto.BOOL, TensorProto.INT64


def _value(name: str, kind: int = TensorProto.FLOAT, *, whole: bool = False) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, [] if whole else None)


def _graph(nodes: Sequence[Any], takes: Sequence[Any], gives: Sequence[Any], **weights: np.ndarray) -> onnx.GraphProto:
    held = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    return helper.make_graph(list(nodes), "inner", list(takes), list(gives), held)


def _turning(nodes: Sequence[Any], gives: Sequence[str], **weights: np.ndarray) -> onnx.GraphProto:
    """Return the graph of a loop that goes on, whose first value is called h and becomes the first that it gives."""
    takes = [_value("i", _INT, whole=True), _value("c", _BOOL, whole=True), _value("h")]
    nodes = [*nodes, node("Identity", ["c"], ["on"])]
    return _graph(nodes, takes, [_value("on", _BOOL, whole=True), *map(_value, gives)], **weights)


def _branching(then: Sequence[Any], other: Sequence[Any], **weights: np.ndarray) -> onnx.NodeProto:
    parts = {"then_branch": _graph(then, [], [_value("t")], **weights), "else_branch": _graph(other, [], [_value("e")])}
    return node("If", ["asked"], ["y"], **parts)


def test_a_branch_that_is_known_ahead_is_taken_alone(tmp_path: Path) -> None:
    inner = _branching([node("Relu", ["m"], ["t"])], [node("Neg", ["m"], ["e"])])
    nodes = [node("Mul", ["x", "x"], ["m"]), inner]
    model = model_of(nodes, {"x": ["n", 4]}, ["y"], {"asked": np.array(False)})
    imported = read(model, tmp_path)
    assert kinds(imported) == ["Multiply", "Negative"]
    assert runs_alike(model, imported, random(3, 4))


def test_branches_inside_branches_see_what_is_around_them(tmp_path: Path) -> None:
    inside = _branching([node("Abs", ["r"], ["t"])], [node("Neg", ["r"], ["e"])])
    inside.output[0] = "deep"
    outer = _graph([node("Tanh", ["x"], ["r"]), inside], [], [_value("deep")])
    other = _graph([node("Neg", ["x"], ["z"])], [], [_value("z")])
    model = model_of(
        [node("If", ["asked"], ["y"], then_branch=outer, else_branch=other)],
        {"x": ["n", 4]}, ["y"], {"asked": np.array(True)},
    )  # fmt: skip
    imported = read(model, tmp_path)
    assert kinds(imported) == ["Tanh", "Abs"]
    assert runs_alike(model, imported, random(3, 4))


def _asking(then: Sequence[Any], other: Sequence[Any], **weights: np.ndarray) -> onnx.ModelProto:
    nodes = [
        node("ReduceSum", ["x"], ["s"], keepdims=0),
        node("Greater", ["s", "zero"], ["asked"]),
        _branching(then, other, **weights),
    ]
    return model_of(nodes, {"x": ["n", 4]}, ["y"], {"zero": np.array(0, np.float32)})


@pytest.mark.parametrize("sign", [1, -1])
def test_of_branches_that_depend_on_values_one_is_taken_as_they_arrive(sign: int, tmp_path: Path) -> None:
    model = _asking([node("MatMul", ["x", "w"], ["t"])], [node("Neg", ["x"], ["e"])], w=random(4, 4))
    imported = read(model, tmp_path)
    assert kinds(imported)[-3:] == ["Linear", "Negative", "Where"]
    assert runs_alike(model, imported, sign * np.abs(random(3, 4)))
    assert any("Both branches" in note for note in imported.notes)


def test_branches_of_different_shapes_are_refused_by_name(tmp_path: Path) -> None:
    model = _asking([node("MatMul", ["x", "w"], ["t"])], [node("Neg", ["x"], ["e"])], w=random(4, 3))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    with pytest.raises(ImportFailed, match="its branches give N × 3 and N × 4"):
        read(model, tmp_path)


def test_a_loop_is_unrolled_and_its_turns_share_their_weights(tmp_path: Path) -> None:
    step = [
        node("Gemm", ["h", "w", "b"], ["p"]),
        node("Tanh", ["p"], ["q"]),
        node("Add", ["q", "x"], ["more"]),
        node("ReduceMean", ["more", "one"], ["mean"], keepdims=0),
    ]
    body = _turning(step, ["more", "mean"], w=random(4, 4), b=random(4), one=np.array([1]))
    nodes = [node("Loop", ["times", "", "x"], ["y", "means"], body=body), node("Transpose", ["means"], ["z"])]
    model = model_of(nodes, {"x": ["n", 4]}, ["y", "z"], {"times": np.array(3)})
    for each in model.graph.output:
        each.type.tensor_type.ClearField("shape")
    imported = read(model, tmp_path)
    linear = imported.project.graph.of_kind("Linear")
    assert [bool(each.shares) for each in linear] == [False, True, True]
    assert runs_alike(model, imported, random(3, 4))


def test_a_loop_counts_its_turns_and_ends_as_its_condition_says(tmp_path: Path) -> None:
    step = [
        node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        node("Mul", ["h", "f"], ["q"]),
        node("Add", ["q", "x"], ["more"]),
        node("Less", ["i", "last"], ["going"]),
    ]
    takes = [_value("i", _INT, whole=True), _value("c", _BOOL, whole=True), _value("h")]
    body = _graph(step, takes, [_value("going", _BOOL, whole=True), _value("more")], last=np.array(2))
    model = model_of([node("Loop", ["", "", "x"], ["y"], body=body)], {"x": ["n", 4]}, ["y"])
    imported = read(model, tmp_path)
    assert kinds(imported) == ["ScalarExpression", "Add"] * 3
    assert runs_alike(model, imported, random(3, 4))


@pytest.mark.parametrize(
    ("times", "said"), [({"times": np.array(10**12)}, "more than 256 times"), ({}, "how often it runs depends")]
)
def test_loops_that_go_on_for_long_or_as_values_say_are_refused(
    times: dict[str, np.ndarray], said: str, tmp_path: Path
) -> None:
    body = _turning([node("Relu", ["h"], ["more"])], ["more"])
    nodes = [node("ReduceSum", ["x"], ["s"], keepdims=0), node("Cast", ["s"], ["live"], to=_INT)]
    nodes.append(node("Loop", [next(iter(times), "live"), "", "x"], ["y"], body=body))
    model = model_of(nodes, {"x": ["n", 4]}, ["y"], times)
    model.graph.output[0].type.tensor_type.ClearField("shape")
    with pytest.raises(ImportFailed, match=said):
        read(model, tmp_path)


def test_loops_inside_loops_come_to_no_more_than_may_be_unrolled(tmp_path: Path) -> None:
    body = _turning([node("Identity", ["k"], ["more"])], ["more"])
    body.node[0].input[0] = "h"
    for name in ("a", "b"):
        inner = node("Loop", ["times", "", "h"], [f"deep{name}"], body=body)
        body = _turning([inner], [f"deep{name}"])
    model = model_of(
        [node("Loop", ["times", "", "x"], ["y"], body=body)], {"x": ["n", 4]}, ["y"], {"times": np.array(200)}
    )
    model.graph.output[0].type.tensor_type.ClearField("shape")
    with pytest.raises(ImportFailed, match="more than 5,000 operations"):
        read(model, tmp_path)


@pytest.mark.parametrize("backwards", [0, 1])
def test_a_scan_of_fixed_length_is_unrolled(backwards: int, tmp_path: Path) -> None:
    step = [
        node("MatMul", ["h", "w"], ["p"]),
        node("Add", ["p", "at"], ["q"]),
        node("Tanh", ["q"], ["more"]),
        node("Identity", ["more"], ["seen"]),
    ]
    body = _graph(step, [_value("h"), _value("at")], [_value("more"), _value("seen")], w=random(4, 4))
    ways = {"scan_input_axes": [1], "scan_output_axes": [1], "scan_input_directions": [backwards]}
    ways |= {"scan_output_directions": [backwards]}
    nodes = [
        node("Gather", ["x", "first"], ["start"], axis=1),
        node("Scan", ["start", "x"], ["y", "z"], body=body, num_scan_inputs=1, **ways),
    ]
    model = model_of(nodes, {"x": ["n", 3, 4]}, ["y", "z"], {"first": np.array(0)})
    for each in model.graph.output:
        each.type.tensor_type.ClearField("shape")
    imported = read(model, tmp_path)
    assert kinds(imported).count("Tanh") == 3
    assert runs_alike(model, imported, random(2, 3, 4))


def test_sequences_vanish_and_their_tensors_stay(tmp_path: Path) -> None:
    nodes = [
        node("SplitToSequence", ["x", "sizes"], ["parts"], axis=1),
        node("SequenceAt", ["parts", "two"], ["last"]),
        node("SequenceInsert", ["parts", "last", "zero"], ["longer"]),
        node("SequenceErase", ["longer"], ["shorter"]),
        node("ConcatFromSequence", ["shorter"], ["y"], axis=1),
    ]
    weights = {"sizes": np.array([2, 3, 1]), "two": np.array(-1), "zero": np.array(0)}
    model = model_of(nodes, {"x": ["n", 6]}, ["y"], weights)
    imported = read(model, tmp_path)
    assert kinds(imported) == ["Split", "Concatenate"]
    assert runs_alike(model, imported, random(2, 6))


def test_a_loop_may_gather_what_it_gives_in_a_sequence(tmp_path: Path) -> None:
    held = helper.make_tensor_sequence_value_info
    step = [
        node("Add", ["x", "h"], ["more"]),
        node("SequenceInsert", ["held", "more"], ["longer"]),
        node("Identity", ["c"], ["on"]),
    ]
    takes = [_value("i", _INT, whole=True), _value("c", _BOOL, whole=True), _value("h"), held("held", 1, None)]
    body = _graph(step, takes, [_value("on", _BOOL, whole=True), _value("more"), held("longer", 1, None)])
    nodes = [
        node("SequenceEmpty", [], ["none"]),
        node("Loop", ["times", "", "x", "none"], ["last", "all"], body=body),
        node("ConcatFromSequence", ["all"], ["y"], axis=1, new_axis=1),
    ]
    model = model_of(nodes, {"x": ["n", 4]}, ["y"], {"times": np.array(3)})
    imported = read(model, tmp_path)
    assert kinds(imported) == ["Add"] * 3 + ["Unsqueeze"] * 3 + ["Concatenate"]
    assert runs_alike(model, imported, random(2, 4))


def test_a_place_that_a_sequence_has_not_is_refused_by_name(tmp_path: Path) -> None:
    nodes = [
        node("SequenceEmpty", [], ["none"]),
        node("SequenceInsert", ["none", "x", "before"], ["one"]),
        node("ConcatFromSequence", ["one"], ["y"], axis=1),
    ]
    with pytest.raises(ImportFailed, match=r"'one' .*place -1 in a sequence of 0"):
        read(model_of(nodes, {"x": ["n", 4]}, ["y"], {"before": np.array(-1)}), tmp_path)


@pytest.mark.slow
def test_loops_that_only_hand_values_on_come_to_no_more_than_may_be(tmp_path: Path) -> None:
    names = [f"h{number}" for number in range(3000)]
    takes = [_value("i", _INT, whole=True), _value("c", _BOOL, whole=True), *map(_value, names)]
    body = _graph([], takes, [_value("c", _BOOL, whole=True), *map(_value, names)])
    nodes = [node("Loop", ["times", "", *["x"] * 3000], [f"y{name}" for name in names], body=body)]
    model = model_of(nodes, {"x": ["n", 4]}, ["yh0"], {"times": np.array(250)})
    with pytest.raises(ImportFailed, match="hand on more than"):
        read(model, tmp_path)


def test_a_sequence_that_a_model_gives_is_refused_by_name(tmp_path: Path) -> None:
    model = model_of([node("SplitToSequence", ["x"], ["parts"], axis=1)], {"x": ["n", 6]}, ["parts"])
    model.graph.output[0].CopyFrom(helper.make_tensor_sequence_value_info("parts", 1, None))
    with pytest.raises(ImportFailed, match="'parts' is a sequence of tensors"):
        read(model, tmp_path)


def test_what_an_inner_graph_takes_is_not_fused_away(tmp_path: Path) -> None:
    inner = _branching([node("Add", ["p", "s"], ["t"])], [node("Neg", ["p"], ["e"])])
    nodes = [node("MatMul", ["x", "w"], ["p"]), node("Add", ["p", "bias"], ["s"]), inner]
    weights = {"w": random(4, 4), "bias": random(4), "asked": np.array(True)}
    model = model_of(nodes, {"x": ["n", 4]}, ["y"], weights)
    assert runs_alike(model, read(model, tmp_path), random(3, 4))
