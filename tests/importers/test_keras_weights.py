"""Keras weights that lie elsewhere than in one file with the model: beside it, in several files, or nowhere."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from core.errors import ImportFailed
from core.importers import Imported, ImportRequest, importers
from core.model.build import build
from tests.importers.keras_files import dense, entry, hdf5, layer, numbered, sequential, write

MODEL = sequential(entry(3), dense("first", 4), dense("second", 2))
FIRST, SECOND = numbered((3, 4), (4,)), numbered((4, 2), (2,), name="dense_1", seed=1)
MAP = {"weight_map": {"/layers/dense/vars": "m_00000.weights.h5", "/layers/dense_1/vars": ["m_00001.weights.h5"]}}


def read(path: Path) -> Imported:
    return importers["keras"].read(ImportRequest(str(path)))


def fits(imported: Imported) -> bool:
    found = [imported.weights[f"{name}.weight"].T.numpy() for name in ("first", "second")]
    wanted = FIRST["layers/dense/vars/0"], SECOND["layers/dense_1/vars/0"]
    return all(np.array_equal(one, other) for one, other in zip(found, wanted, strict=True))


def alone(folder: Path) -> Path:
    """Weights as model.save_weights("m.weights.h5") has them."""
    path = folder / "m.weights.h5"
    path.write_bytes(hdf5({**FIRST, **SECOND}))
    return path


def several(folder: Path) -> Path:
    """Weights as model.save_weights("m.weights.json", max_shard_size=…) has them."""
    (folder / "m.weights.json").write_text(json.dumps(MAP))
    (folder / "m_00001.weights.h5").write_bytes(hdf5(SECOND))
    path = folder / "m_00000.weights.h5"
    path.write_bytes(hdf5(FIRST, lambda file: file.create_group("layers/dense_1/vars")))
    return path


def test_weights_alone_are_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"weights of a Keras model alone.*to_json.* into m\.json"):
        read(alone(tmp_path))


def test_weights_alone_are_read_with_the_configuration_beside_them(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    assert fits(read(alone(tmp_path)))


def test_weights_of_keras_2_alone_are_read_by_layer(tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"first", b"second"]
        for name, found in (("first", FIRST), ("second", SECOND)):
            names = [f"{name}/kernel:0", f"{name}/bias:0"]
            file.create_group(name).attrs["weight_names"] = [each.encode() for each in names]
            for each, array in zip(names, found.values(), strict=True):
                file[f"{name}/{each}"] = array
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    assert fits(read(path))


@pytest.mark.parametrize("chosen", ["m_00000.weights.h5", "m_00001.weights.h5"])
def test_any_of_several_files_of_weights_finds_the_others(tmp_path: Path, chosen: str) -> None:
    several(tmp_path)
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    assert fits(read(tmp_path / chosen))


@pytest.mark.parametrize("gone", ["m_00001.weights.h5", "m.weights.json"])
def test_one_of_several_files_that_is_gone_is_named(tmp_path: Path, gone: str) -> None:
    path = several(tmp_path)
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    (tmp_path / gone).unlink()
    with pytest.raises(ImportFailed, match=f"{gone} is not beside it"):
        read(path)


def test_several_files_of_weights_inside_the_model(tmp_path: Path) -> None:
    several(tmp_path)
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(MODEL))
        file.write(tmp_path / "m.weights.json", "model.weights.json")
        for number in (0, 1):
            file.write(tmp_path / f"m_0000{number}.weights.h5", f"m_0000{number}.weights.h5")
    assert fits(read(path))


@pytest.mark.parametrize("found", [{}, {"weight_map": {}}, {"weight_map": {"a": "../m_00000.weights.h5"}}, []])
def test_a_map_that_leads_elsewhere_is_refused(tmp_path: Path, found: object) -> None:
    path = several(tmp_path)
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    (tmp_path / "m.weights.json").write_text(json.dumps(found))
    with pytest.raises(ImportFailed):
        read(path)


def test_a_model_without_its_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(MODEL))
    with pytest.raises(ImportFailed, match=r"has no model\.weights\.h5"):
        read(path)


@pytest.mark.parametrize(("version", "slope"), [("2.2.4", 0.2), ("3.0.0", 1 / 6)])
def test_a_hard_sigmoid_is_that_of_the_version(tmp_path: Path, version: str, slope: float) -> None:
    """Keras 2 has 0.2·x + 0.5 between 0 and 1, Keras 3 x/6 + 0.5; old LSTM layers have it inside."""
    model = sequential(
        entry(1, 1),
        layer("LSTM", "cell", units=1, recurrent_activation="hard_sigmoid", use_bias=False, return_sequences=True),
        layer("Activation", "last", activation="hard_sigmoid"),
    )
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(model), version
        names = [b"cell/kernel:0", b"cell/recurrent_kernel:0"]
        file.create_group("model_weights/cell").attrs["weight_names"] = names
        for name in names:
            file[f"model_weights/cell/{name.decode()}"] = np.ones((1, 4), "f")
    imported = read(path)
    module = build(imported.project).module
    module.load_state_dict(dict(imported.weights))
    gate = slope * 2 + 0.5
    hidden = gate * np.tanh(gate * np.tanh(2))
    assert module(torch.full((1, 1, 1), 2.0)).item() == pytest.approx(slope * hidden + 0.5, abs=1e-6)


@pytest.mark.parametrize(("bias", "told"), [((2, 6), False), ((6,), False), (None, True)])
def test_a_gru_that_does_not_say_how_it_resets_is_read_by_its_bias(
    tmp_path: Path, bias: tuple[int, ...] | None, told: bool
) -> None:
    shapes = [(3, 6), (2, 6), *([bias] if bias else [])]
    weights = numbered(*shapes, name="gru/cell")
    model = sequential(entry(5, 3), layer("GRU", "memory", units=2, use_bias=bias is not None))
    imported = read(write(tmp_path / "m.keras", model, weights))
    kinds = {node.kind for node in imported.project.graph.nodes.values()}
    assert ("GRU" if bias == (2, 6) else "python:KerasGRU") in kinds
    assert any("resets its state" in note for note in imported.notes) == told


def test_a_mask_that_ends_at_a_layer_over_time_is_told(tmp_path: Path) -> None:
    inner = layer("Softmax", "shares")
    model = sequential(entry(4, 3), layer("Masking", "skip"), layer("TimeDistributed", "each", layer=inner))
    imported = read(write(tmp_path / "m.keras", model))
    assert any("'each' does not hand its mask" in note for note in imported.notes)
    plain = read(write(tmp_path / "n.keras", sequential(entry(4, 3), layer("TimeDistributed", "each", layer=inner))))
    assert not any("mask" in note for note in plain.notes)


def test_other_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    path.write_bytes(hdf5({"numbers": np.zeros(3)}))
    with pytest.raises(ImportFailed, match="holds no Keras model"):
        read(path)
