"""ONNX files made to run code, to read other files or to fill the memory: each is refused in time, by name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from core import trust
from core.errors import ImportFailed
from core.importers import ImportRequest
from core.importers._onnx.model import Refused, opened
from core.importers._onnx.written import written
from core.importers.onnx import walked
from tests.importers.onnx_models import kinds, model_of, random, read

node = helper.make_node
_HOSTILE = '__import__("pathlib").Path("ran").touch()'


def _text_for_a_number(call: onnx.NodeProto) -> onnx.NodeProto:
    call.attribute.append(helper.make_attribute("group", _HOSTILE))
    return call


def _without_shapes() -> onnx.ModelProto:
    nodes = [node("Identity", ["v"], ["w"]), _text_for_a_number(node("Conv", ["x", "w"], ["y"]))]
    model = model_of(nodes, {"x": ["n", 1, 8, 8], "v": ["n", 1, 3, 3]}, ["y"])
    model.graph.output[0].type.tensor_type.ClearField("shape")
    return model


def _by_a_function() -> onnx.ModelProto:
    inner = node("Conv", ["x", "w"], ["y"])
    inner.attribute.append(AttributeProto(name="group", ref_attr_name="given", type=AttributeProto.INT))
    made = helper.make_function("own", "F", ["x", "w"], ["y"], [inner], [helper.make_opsetid("", 20)], ["given"])
    call = node("F", ["x", "w"], ["y"], domain="own", given=_HOSTILE)
    shapes = {"x": ["n", 1, 8, 8], "w": ["n", 1, 3, 3]}
    return model_of([call], shapes, ["y"], functions=[made], domains=["own"])


def _in_a_branch() -> onnx.ModelProto:
    inner = _text_for_a_number(node("Conv", ["x", "w"], ["t"]))
    given = helper.make_tensor_value_info("t", TensorProto.FLOAT, None)
    branch = helper.make_graph([inner], "inner", [], [given])
    call = node("If", ["asked"], ["y"], then_branch=branch, else_branch=branch)
    model = model_of([call], {"x": ["n", 1, 8, 8]}, ["y"], {"asked": np.array(True), "w": random(1, 1, 3, 3)})
    model.graph.output[0].type.tensor_type.ClearField("shape")
    return model


@pytest.mark.parametrize("make", [_without_shapes, _by_a_function, _in_a_branch])
def test_texts_where_numbers_belong_never_reach_a_source(
    make: Callable[[], onnx.ModelProto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImportFailed, match="'group'"):
        read(make(), tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "row",
    [
        _HOSTILE,
        "torch.load(a)",
        "torch.hub.load(a, a)",
        "a.__class__",
        "F.relu.__globals__",
        "(lambda: a)()",
        "[each for each in a]",
        'torch.classes.load_library("evil.so")',
        'a.type("torch.FloatTensor")',
        "a\n\nimport os",
        "a\n        exec(a)",
        "a +",
        "a\n        while a: a = a",
        "a\n        for each in open(a): a = each",
        "torch.float8_e4m3fn.__class__",
        "torch.load(a)\n\n\nclass Other:\n    def forward(self, a):\n        output = a",
    ],
)
def test_a_written_layer_holds_known_words_alone_and_is_not_trusted_otherwise(row: str) -> None:
    network = opened(model_of([node("Relu", ["x"], ["y"])], {"x": ["n", 4]}, ["y"]))
    flow = walked(network, ImportRequest(""), single=False)
    before = trust.changes()
    with pytest.raises(Refused, match="no layer can be written"):
        written(flow, "Odd", row, [next(iter(flow.specs))])
    assert trust.changes() == before
    assert not flow.draft.project.code


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 1e30, -0.0])
def test_odd_numbers_are_only_numbers(number: float, tmp_path: Path) -> None:
    pads = {"p": np.array([0, 1, 0, 1]), "v": np.array(number, np.float32)}
    assert kinds(read(model_of([node("Pad", ["x", "p", "v"], ["y"])], {"x": ["n", 4]}, ["y"], pads), tmp_path))


def test_names_of_any_kind_are_only_names(tmp_path: Path) -> None:
    name = "\"\"\"\n\\'+\"'''#{}%s\u2028" + _HOSTILE
    imported = read(model_of([node("Erf", ["x"], ["y"], name=name)], {"x": ["n", 4]}, ["y"]), tmp_path)
    assert all(each.isidentifier() for each in imported.project.graph.nodes)
    assert all("__import__" not in code.source for code in imported.project.code.values())


# --- files ------------------------------------------------------------------------------------------------------------


def _elsewhere() -> TensorProto:
    tensor = TensorProto(name="t", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "secret.bin"), ("length", "16")):
        tensor.external_data.add(key=key, value=value)
    return tensor


def _default_of_a_function() -> onnx.ModelProto:
    inner = node("Constant", [], ["c"])
    inner.attribute.append(AttributeProto(name="value", ref_attr_name="v", type=AttributeProto.TENSOR))
    nodes = [inner, node("Add", ["x", "c"], ["y"])]
    made = helper.make_function("own", "F", ["x"], ["y"], nodes, [helper.make_opsetid("", 20)])
    made.attribute_proto.append(AttributeProto(name="v", type=AttributeProto.TENSOR, t=_elsewhere()))
    call = node("F", ["x"], ["y"], domain="own")
    return model_of([call], {"x": ["n", 4]}, ["y"], functions=[made], domains=["own"])


def _sparse() -> onnx.ModelProto:
    inner = node("Constant", [], ["c"])
    attribute = inner.attribute.add(name="sparse_value", type=AttributeProto.SPARSE_TENSOR)
    attribute.sparse_tensor.values.CopyFrom(_elsewhere())
    attribute.sparse_tensor.indices.CopyFrom(numpy_helper.from_array(np.arange(4)))
    attribute.sparse_tensor.dims.append(4)
    return model_of([inner, node("Add", ["x", "c"], ["y"])], {"x": ["n", 4]}, ["y"])


@pytest.mark.parametrize("make", [_default_of_a_function, _sparse])
def test_numbers_in_odd_places_are_not_looked_for_where_the_program_runs(
    make: Callable[[], onnx.ModelProto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.bin").write_bytes(random(4).tobytes())
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImportFailed, match=r"secret\.bin|sparse"):
        read(make(), tmp_path / "model")


# --- sizes ------------------------------------------------------------------------------------------------------------


def _functions(calls: int, count: int) -> onnx.ModelProto:
    """Return a model whose functions each call the one before several times; the first one calls the last."""
    versions = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    first = [node("Relu", ["x"], ["y"])] if calls > 1 else [node(f"F{count - 1}", ["x"], ["y"], domain="own")]
    made = [helper.make_function("own", "F0", ["x"], ["y"], first, versions)]
    for index in range(1, count):
        names = ["x", *(f"h{each}" for each in range(calls - 1)), "y"]
        body = [node(f"F{index - 1}", [one], [two], domain="own") for one, two in pairwise(names)]
        made.append(helper.make_function("own", f"F{index}", ["x"], ["y"], body, versions))
    call = node(f"F{count - 1}", ["x"], ["y"], domain="own")
    return model_of([call], {"x": ["n", 4]}, ["y"], functions=made, domains=["own"])


def _axes() -> onnx.ModelProto:
    model = model_of([node("Gemm", ["x", "w"], ["y"])], {"x": ["n", 4]}, ["y"], {"w": random(4, 3)})
    model.graph.initializer[0].dims.extend([2**62] * 100_000)
    return model


def _of_constants(made: onnx.NodeProto, **weights: np.ndarray) -> onnx.ModelProto:
    nodes = [made, node("ReduceSum", ["c"], ["s"]), node("Add", ["x", "s"], ["y"])]
    return model_of(nodes, {"x": ["n", 4]}, ["y"], weights)


def _backwards() -> onnx.ModelProto:
    bounds = {"s": np.array([-2]), "e": np.array([-(10**12)]), "a": np.array([1]), "t": np.array([-1])}
    return model_of([node("Slice", ["x", *bounds], ["y"])], {"x": ["n", 10**9]}, ["y"], bounds)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: _functions(2, 28), "134,217,728 operations"),
        (lambda: _functions(1, 3), "calls itself"),
        (_axes, "100,002 dimensions"),
        (lambda: model_of([node("Relu", ["x"], ["y"])], {"x": ["n", *[1] * 10_000]}, ["y"]), "64 dimensions"),
        (lambda: model_of([node("Relu", ["x"], ["y"])], {"x": ["n", 2**20, 2**20]}, ["y"]), "'x' would hold"),
        (
            lambda: model_of([node("Tile", ["x", "r"], ["y"])], {"x": ["n", 4]}, ["y"], {"r": np.array([1, 2**34])}),
            "come to",
        ),
        (lambda: _of_constants(node("Einsum", ["a"] * 3, ["c"], equation="i,j,k->ijk"), a=random(3000)), "Einsum"),
        (
            lambda: _of_constants(node("Gather", ["a", "i"], ["c"]), a=random(1, 10**5), i=np.zeros(10**5, np.int64)),
            "constant values",
        ),
        (lambda: _of_constants(node("HannWindow", ["a"], ["c"]), a=np.array(2**32)), "HannWindow"),
        (
            lambda: _of_constants(node("ConvTranspose", ["a", "a"], ["c"], strides=[10**9]), a=random(1, 1, 8)),
            "ConvTranspose",
        ),
        (
            lambda: model_of([node("Split", ["x"], ["y", "z"], axis=1, num_outputs=10**9)], {"x": ["n", 10]}, ["y"]),
            "1000000000 outputs",
        ),
        (_backwards, "places"),
        (
            lambda: model_of([node("GatherND", ["x", "i"], ["y"])], {"x": ["n", 4], "i": ["n", 10**8]}, ["y"]),
            "dimensions of 2",
        ),
    ],
)
def test_what_would_never_end_or_fill_the_memory_is_refused(
    make: Callable[[], onnx.ModelProto], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ImportFailed, match=said):
        read(make(), tmp_path)


def test_what_leads_to_no_output_is_neither_read_nor_run(tmp_path: Path) -> None:
    dead = [node("Tile", ["x", "r"], ["z"]), node("ConstantOfShape", ["r"], ["v"])]
    huge = {"r": np.array([1, 2**34])}
    assert kinds(read(model_of([*dead, node("Relu", ["x"], ["y"])], {"x": ["n", 4]}, ["y"], huge), tmp_path)) == [
        "ReLU"
    ]
