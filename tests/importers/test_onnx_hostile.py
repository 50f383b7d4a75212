"""Damaged and hostile ONNX files end in a message: nothing outside the model's folder is read, nothing huge is made."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from core.errors import ImportFailed
from tests.importers.onnx_models import kinds, model_of, random, read, run, saved

node = helper.make_node


def _linear() -> onnx.ModelProto:
    return model_of([node("Gemm", ["x", "w"], ["y"])], {"x": ["n", 4]}, ["y"], {"w": random(4, 3)})


def _beside(location: str, offset: int = 0, length: int = 48) -> onnx.ModelProto:
    model = _linear()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return model


def test_weights_beside_the_model_are_read(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"\0" * 8 + random(4, 3).tobytes())
    imported = read(_beside("w.bin", 8), tmp_path)
    assert kinds(imported) == ["Linear"]
    assert np.array_equal(next(iter(imported.weights.values())).numpy().T, random(4, 3))


@pytest.mark.parametrize("location", ["/etc/hostname", "../secret.bin", "a/../../secret.bin", "", "C:\\secret", "\0"])
def test_weights_outside_the_folder_are_never_read(location: str, tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(random(4, 3).tobytes())
    folder = tmp_path / "model"
    folder.mkdir()
    with pytest.raises(ImportFailed, match="never read"):
        read(_beside(location), folder)


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
@pytest.mark.parametrize("inner", [False, True])
def test_weights_behind_a_link_are_never_read(inner: bool, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "w.bin").write_bytes(random(4, 3).tobytes())
    folder = tmp_path / "model"
    folder.mkdir()
    if inner:
        (folder / "sub").symlink_to(tmp_path / "secret")
    else:
        (folder / "w.bin").symlink_to(tmp_path / "secret" / "w.bin")
    with pytest.raises(ImportFailed, match="behind a link"):
        read(_beside("sub/w.bin" if inner else "w.bin"), folder)


@pytest.mark.parametrize(("offset", "length", "said"), [(8, 48, "too short"), (0, 47, "47 are named"), (-1, 48, "48")])
def test_weights_beside_the_model_have_their_size(offset: int, length: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(random(4, 3).tobytes())
    with pytest.raises(ImportFailed, match=said):
        read(_beside("w.bin", offset, length), tmp_path)


def test_a_missing_file_of_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"'w\.bin', which holds 'w'"):
        read(_beside("w.bin"), tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.95])
def test_a_truncated_file_is_refused(share: float, tmp_path: Path) -> None:
    path = saved(_linear(), tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ImportFailed):
        read(path, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no model", b"\x00" * 100, b"{'a': 1}"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ImportFailed, match="ONNX"):
        read(path, tmp_path)


def test_flipped_bits_never_end_in_anything_but_a_message(tmp_path: Path) -> None:
    content = saved(_linear(), tmp_path).read_bytes()
    path = tmp_path / "model.onnx"
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        path.write_bytes(bytes(changed))
        with suppress(ImportFailed):
            read(path, tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with path.open("wb") as file:
        file.truncate(3 * 2**30)
    with pytest.raises(ImportFailed, match="at most"):
        read(path, tmp_path)


def test_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.onnx"):
        with pytest.raises(ImportFailed):
            read(path, tmp_path)


def _huge() -> onnx.ModelProto:
    model = _linear()
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([2**40, 2**20])
    return model


def _circle() -> onnx.ModelProto:
    return model_of([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])], {"x": ["n", 4]}, ["b"])


def _missing() -> onnx.ModelProto:
    return model_of([node("Gemm", ["x", "w"], ["y"])], {"x": ["n", 4]}, ["y"])


def _misfit() -> onnx.ModelProto:
    return model_of([node("Gemm", ["x", "w"], ["y"])], {"x": ["n", 4]}, ["y"], {"w": random(5, 3)})


def _bomb() -> onnx.ModelProto:
    nodes = [node("ConstantOfShape", ["shape"], ["c"]), node("Add", ["x", "c"], ["y"])]
    return model_of(nodes, {"x": ["n", 4]}, ["y"], {"shape": np.array([2**31, 2**31])})


def _spread() -> onnx.ModelProto:
    nodes = [node("Expand", ["one", "shape"], ["c"]), node("Add", ["x", "c"], ["y"])]
    weights = {"one": np.ones((1,), np.float32), "shape": np.array([2**20, 2**20])}
    return model_of(nodes, {"x": ["n", 4]}, ["y"], weights)


def _deep() -> onnx.ModelProto:
    values = [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)]
    graph = helper.make_graph([node("Relu", ["x"], ["r"])], "g", [], values)
    for _ in range(24):
        graph = helper.make_graph(
            [node("If", ["c"], ["r"], then_branch=graph, else_branch=graph.__class__())], "g", [], values
        )
    return model_of([*graph.node], {"x": ["n", 4]}, ["r"], {"c": np.array(True)})


def _impossible() -> onnx.ModelProto:
    return model_of([node("Transpose", ["x"], ["y"], perm=[7, 7, 7])], {"x": ["n", 4]}, ["y"])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_huge, "holds another amount"),
        (_circle, "circle|sorted"),
        (_missing, "'w'|missing"),
        (_misfit, "Gemm"),
        (_bomb, "constant values"),
        (_spread, "constant values"),
        (_deep, "nested|cut short"),
        (_impossible, "Transpose|order"),
    ],
)
def test_impossible_models_are_refused_with_a_reason(
    make: Callable[[], onnx.ModelProto], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ImportFailed, match=said):
        read(make(), tmp_path)


def test_nothing_of_a_refused_model_stays_behind(tmp_path: Path) -> None:
    imported = read(_linear(), tmp_path)
    with pytest.raises(ImportFailed):
        read(_circle(), tmp_path)
    import torch

    assert run(imported, torch.rand(2, 4))[0].shape == (2, 3)
