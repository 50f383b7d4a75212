"""Odd and hostile Keras files: written by hand, refused in clear words, or read as far as they can be."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from core.errors import Cancelled, ImportFailed
from core.importers import Imported, ImportRequest, importers
from core.model.build import build
from core.model.shapes import check
from core.progress import watching
from tests.importers.keras_files import (
    called,
    dense,
    entry,
    functional,
    hdf5,
    layer,
    numbered,
    sequential,
    tensor,
    write,
)

SMALL = sequential(entry(3), dense("dense", 2))
KERNELS = numbered((3, 2), (2,))


def read(path: Path) -> Imported:
    return importers["keras"].read(ImportRequest(str(path)))


def run(imported: Imported, *arrays: Any) -> Any:
    module = build(imported.project).module.eval()
    module.load_state_dict(dict(imported.weights))
    with torch.no_grad():
        return module(*(torch.as_tensor(each) for each in arrays))


def test_a_file_without_names_of_layers_is_read_by_their_numbers(tmp_path: Path) -> None:
    weights = {**numbered((3, 4), (4,)), **numbered((4, 2), (2,), name="dense_1", seed=1)}
    config = sequential(entry(3), dense("first", 4), dense("second", 2))
    imported = read(write(tmp_path / "m.keras", config, weights))
    x = np.ones((2, 3), "f")
    hidden = x @ weights["layers/dense/vars/0"] + weights["layers/dense/vars/1"]
    wanted = hidden @ weights["layers/dense_1/vars/0"] + weights["layers/dense_1/vars/1"]
    assert np.allclose(run(imported, x), wanted, atol=1e-5)
    assert imported.names["second.weight"] == "layers/dense_1/vars/0"


def test_a_model_without_an_input_layer_takes_the_shape_it_was_built_for(tmp_path: Path) -> None:
    config = sequential({**dense("dense", 2), "build_config": {"input_shape": [None, 3]}})
    imported = read(write(tmp_path / "m.keras", config, numbered((3, 2), (2,))))
    assert [node.params["shape"] for node in imported.project.graph.of_kind("Input")] == [(3,)]


def test_a_model_of_keras_2_in_one_hdf5_file(tmp_path: Path) -> None:
    def old(cls: str, name: str, nodes: list[Any], **config: Any) -> dict[str, Any]:
        return {"class_name": cls, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    config = {
        "name": "model",
        "layers": [
            old("InputLayer", "a", [], batch_input_shape=[None, 3], dtype="float32"),
            old("InputLayer", "b", [], batch_input_shape=[None, 3], dtype="float32"),
            old("Dense", "shared", [[["a", 0, 0, {}]], [["b", 0, 0, {}]]], units=4, activation="relu", use_bias=True),
            old("Add", "sum", [[["shared", 0, 0, {}], ["shared", 1, 0, {}]]]),
            old("TFOpLambda", "half", [["sum", 0, 0, {"y": 0.5, "name": None}]], function="math.multiply"),
        ],
        "input_layers": [["a", 0, 0], ["b", 0, 0]],
        "output_layers": [["half", 0, 0]],
    }
    kernel, bias = numbered((3, 4), (4,)).values()
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
        group = file.create_group("model_weights/shared")
        group.attrs["weight_names"] = [b"shared/kernel:0", b"shared/bias:0"]
        group["shared/kernel:0"], group["shared/bias:0"] = kernel, bias
    imported = read(path)
    a, b = np.random.default_rng(1).normal(size=(2, 2, 3)).astype("f")
    wanted = 0.5 * sum(np.maximum(each @ kernel + bias, 0) for each in (a, b))
    assert np.allclose(run(imported, a, b), wanted, atol=1e-5)
    nodes = imported.project.graph.nodes
    assert [name for name, node in nodes.items() if node.shares] == ["shared1"]
    assert imported.names["shared.weight"] == "shared/kernel:0"


def test_code_of_ones_own_becomes_an_opaque_node_and_is_not_imported(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (tmp_path / "evil_module.py").write_text(f"open({str(marker)!r}, 'w')")
    config = functional(
        ["x"],
        ["after"],
        entry(3),
        called(
            layer("Lambda", "lambda", function={"class_name": "__lambda__", "config": {"code": "4wAAAA=="}}),
            [tensor("x", 3)],
        ),
        called(layer("Mine", "mine", "evil_module", size=5), [tensor("lambda", 4)]),
        called(dense("after", 2), [tensor("mine", 5)]),
    )
    weights = {**numbered((5, 2), (2,)), **numbered((7,), name="mine")}
    imported = read(write(tmp_path / "m.keras", config, weights))
    assert imported.opaque == ("lambda1", "mine")
    assert check(imported.project).ok
    assert not marker.exists()
    assert any("code of its own" in note for note in imported.notes)
    assert imported.weights["after.weight"].shape == (2, 5)
    assert any(tensor.shape == (7,) for tensor in imported.weights.values())


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (layer("LSTM", "cell", units=2, recurrent_activation="unheard"), "unheard"),
        (layer("RNN", "cell", cell=layer("Mine", "own", "mine", units=2)), "code of its own"),
        (layer("Unheard", "cell"), "no such layer"),
        (layer("Dense", "cell", units=3, activation="unheard"), "unheard"),
    ],
)
def test_what_has_no_equal_says_why(tmp_path: Path, found: dict[str, Any], reason: str) -> None:
    weights = numbered((3, 8), (2, 8), (8,), name="cell") if found["class_name"] != "Dense" else numbered((3, 3), (3,))
    imported = read(write(tmp_path / "m.keras", sequential(entry(4, 3), found), weights))
    assert len(imported.opaque) == 1
    assert any(reason in note for note in imported.notes)


def test_a_sequence_too_long_to_go_through_is_told(tmp_path: Path) -> None:
    config = sequential(entry(2_000_000_000, 2), layer("GRU", "gru", units=2, reset_after=False))
    imported = read(write(tmp_path / "m.keras", config, numbered((2, 6), (2, 6), (6,), name="gru/cell")))
    assert imported.opaque == ("gru",)
    assert any("2,000,000,000 steps" in note for note in imported.notes)


def test_average_pooling_leaves_its_padding_out(tmp_path: Path) -> None:
    """The definition, (1 + 2 + 3)/3 at the edge; Keras on PyTorch repeats edge values instead where sides differ."""
    pool = layer("AveragePooling1D", "pool", pool_size=[4], strides=[2], padding="same")
    imported = read(write(tmp_path / "m.keras", sequential(entry(7, 1), pool)))
    x = np.arange(1, 8, dtype="f").reshape(1, 7, 1)
    assert torch.allclose(run(imported, x).flatten(), torch.tensor([2.0, 3.5, 5.5, 6.5]))


def test_a_mask_holds_the_state_of_what_comes_after(tmp_path: Path) -> None:
    config = sequential(
        entry(4),
        layer("Embedding", "words", input_dim=9, output_dim=2, mask_zero=True),
        layer("SimpleRNN", "cell", units=2, activation="relu", use_bias=False),
    )
    kernels = {f"layers/simple_rnn/cell/vars/{at}": np.eye(2, dtype="f") for at in (0, 1)}
    imported = read(write(tmp_path / "m.keras", config, {**numbered((9, 2), name="embedding"), **kernels}))
    assert imported.project.graph.of_kind("Input")[0].params["dtype"] == "int64"
    rows = np.abs(imported.weights["words.weight"].numpy())
    imported.weights["words.weight"].abs_()
    found = run(imported, [[3, 0, 5, 0], [0, 0, 0, 0]])
    assert np.allclose(found, [rows[3] + rows[5], [0, 0]], atol=1e-5)


def test_a_gru_that_resets_before_the_product(tmp_path: Path) -> None:
    """Cho et al. 2014: h = z·h + (1 − z)·tanh(W·x + U·(r·h) + b)."""
    config = sequential(entry(3, 2), layer("GRU", "gru", units=2, reset_after=False))
    found = numbered((2, 6), (2, 6), (6,), name="gru/cell")
    imported = read(write(tmp_path / "m.keras", config, found))
    w, u, b = found.values()
    x, h = np.random.default_rng(2).normal(size=(3, 2)).astype("f"), np.zeros(2)
    for step in x:
        update, reset = (1 / (1 + np.exp(-(step @ w + b)[at : at + 2] - h @ u[:, at : at + 2])) for at in (0, 2))
        h = update * h + (1 - update) * np.tanh((step @ w + b)[4:] + (reset * h) @ u[:, 4:])
    assert np.allclose(run(imported, x[None]), h, atol=1e-5)
    assert imported.names["gru.recurrent_kernel"] == "layers/gru/cell/vars/1"


def test_layers_that_were_frozen_stay_frozen(tmp_path: Path) -> None:
    imported = read(write(tmp_path / "m.keras", sequential(entry(3), dense("dense", 2, trainable=False)), KERNELS))
    assert imported.project.graph.nodes["dense"].params["frozen"] is True


def test_code_of_ones_own_inside_a_model_inside(tmp_path: Path) -> None:
    inner = sequential(entry(3, name="y"), layer("Lambda", "own", function="code"))
    inner["config"]["name"] = "inner"
    config = sequential(entry(3), inner, layer("Lambda", "own", function="other"), dense("dense", 2))
    imported = read(write(tmp_path / "m.keras", config, KERNELS))
    assert imported.opaque == ("inner.own", "own")
    assert check(imported.project).ok


def test_without_h5py_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "m.keras", SMALL, KERNELS)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportFailed, match=r"layerwright\[data\]"):
        read(path)


# Files that are broken or hostile


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no Keras model"),
        (b"nothing of the kind", "no Keras model"),
        (b"PK\x03\x04 and then nothing", "no Keras model"),
        (b"\x89HDF\r\n\x1a\n and then nothing", "no Keras model"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(content)
    with pytest.raises(ImportFailed, match=words):
        read(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="cannot be read"):
        read(tmp_path / "none.keras")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = write(tmp_path / "m.keras", SMALL, numbered((3, 2), (2,)))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ImportFailed):
        read(path)


def test_truncated_weights_are_refused(tmp_path: Path) -> None:
    stored = hdf5(numbered((3, 2), (2,)))
    with pytest.raises(ImportFailed):
        read(write(tmp_path / "m.keras", SMALL, stored[: len(stored) // 2]))


def test_a_zip_that_grows_beyond_measure_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", json.dumps(SMALL))
        file.writestr("model.weights.h5", bytes(50 * 2**20))
    with pytest.raises(ImportFailed, match="packs"):
        read(path)


def test_a_member_that_lies_about_its_length_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.keras", SMALL, numbered((3, 2), (2,)))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"model.weights.h5") - 46 + 24  # the size in the central directory
    content[at : at + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    with pytest.raises(ImportFailed):
        read(path)


def test_names_that_lead_out_of_the_zip_write_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "ner"
    folder.mkdir(parents=True)
    more = {"../../outside.txt": b"x", "/tmp/layerwright_outside.txt": b"x"}
    imported = read(write(folder / "m.keras", SMALL, numbered((3, 2), (2,)), **more))
    assert imported.weights["dense.bias"].shape == (2,)
    assert not (tmp_path / "outside.txt").exists()
    assert not Path("/tmp/layerwright_outside.txt").exists()


def test_links_out_of_the_weights_are_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "secret.h5"
    with h5py.File(other, "w") as file:
        file["kernel"] = np.ones((3, 2), "f")

    def external(file: h5py.File) -> None:
        file["layers/dense/vars/0"] = h5py.ExternalLink(str(other), "kernel")

    def soft(file: h5py.File) -> None:
        file["there"] = np.ones((3, 2), "f")
        file["layers/dense/vars/0"] = h5py.SoftLink("/there")

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout(shape=(3, 2), dtype="f")
        layout[:] = h5py.VirtualSource(str(other), "kernel", shape=(3, 2))
        file.create_virtual_dataset("layers/dense/vars/0", layout)

    def raw(file: h5py.File) -> None:
        file.create_dataset("layers/dense/vars/0", shape=(3, 2), dtype="f", external=[(str(other), 0, 24)])

    for change in (external, soft, virtual, raw):
        stored = hdf5({"layers/dense/vars/1": np.zeros(2, "f")}, change)
        with pytest.raises(ImportFailed, match="holds its own weights"):
            read(write(tmp_path / f"{change.__name__}.keras", SMALL, stored))


def test_a_weight_that_claims_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    def huge(file: h5py.File) -> None:
        file.create_dataset("layers/dense/vars/0", shape=(2**20, 2**20), dtype="f", chunks=(1024, 1024))

    with pytest.raises(ImportFailed, match="claims"):
        read(write(tmp_path / "m.keras", SMALL, hdf5({}, huge)))


def test_a_weight_that_holds_no_numbers_is_refused(tmp_path: Path) -> None:
    stored = {"layers/dense/vars/0": np.array([[b"a", b"b"]] * 3), "layers/dense/vars/1": np.zeros(2, "f")}
    with pytest.raises(ImportFailed, match="no numbers"):
        read(write(tmp_path / "m.keras", SMALL, stored))


@pytest.mark.parametrize(
    ("weights", "words"),
    [({}, "missing in the file"), (numbered((3, 2)), "missing in the file"), (numbered((4, 2), (2,)), "4 × 2")],
)
def test_weights_that_do_not_fit_are_named(tmp_path: Path, weights: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(ImportFailed, match=words) as caught:
        read(write(tmp_path / "m.keras", SMALL, weights))
    assert "'dense'" in caught.value.message


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 400 + "1" + "}" * 400, "describes no model"),
        ("[1, 2]", "configuration of a model"),
        ({"class_name": "Mine", "config": {}}, "written in Python"),
        (sequential(), "no layers"),
        (sequential(dense("dense", 2)), "saved before it was built"),
        (sequential(entry(0), dense("dense", 2)), "size of 0"),
        (sequential(entry(3), dense("a", 2), dense("a", 2)), "Two layers"),
        (sequential(entry(3), {"class_name": 5}), "no layer"),
        (sequential(entry(3), dense("dense", "many")), "no whole number"),
        (sequential(entry(3), dense("dense", 10**12)), "its configuration says"),
        (functional(["x"], ["none"], entry(3)), "there is not"),
        (functional([], [], entry(3)), "no inputs"),
        (functional(["x"], ["d"], entry(3), called(dense("d", 2), [tensor("ghost", 3)])), "never made"),
        (
            functional(
                ["x"],
                ["b"],
                entry(3),
                called(layer("Add", "a"), [[tensor("x", 3), tensor("b", 3)]]),
                called(layer("Add", "b"), [[tensor("a", 3), tensor("x", 3)]]),
            ),
            "in a circle",
        ),
    ],
)
def test_configurations_that_cannot_be_are_refused(tmp_path: Path, config: Any, words: str) -> None:
    with pytest.raises(ImportFailed, match=words):
        read(write(tmp_path / "m.keras", config, numbered((3, 2), (2,))))


def test_models_nested_without_end_are_refused(tmp_path: Path) -> None:
    config = SMALL
    for number in range(60):
        inner = {**config, "config": {**config["config"], "name": f"m{number}"}}
        config = sequential(entry(3), inner)
    with pytest.raises(ImportFailed, match=r"nested|deep"):
        read(write(tmp_path / "m.keras", config, {}))


def test_reading_can_be_cancelled(tmp_path: Path) -> None:
    path = write(tmp_path / "m.keras", SMALL, numbered((3, 2), (2,)))
    with pytest.raises(Cancelled), watching(lambda _done, _total, _what: False):
        read(path)


@pytest.mark.parametrize("scale", ["2", ["a"], float("inf"), None])
def test_a_scale_that_is_no_number_is_refused_by_name(tmp_path: Path, scale: Any) -> None:
    config = sequential(entry(None, 4), layer("Rescaling", "scaled", scale=scale, offset=0.0))
    with pytest.raises(ImportFailed, match="scale of the layer 'scaled' is no finite number"):
        read(write(tmp_path / "model.keras", config))
