"""Keras models come in with their weights and predict what Keras predicts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from core.importers import Imported, ImportRequest, importers
from core.model.build import build
from tests.importers.keras_models import NAMES

pytestmark = pytest.mark.slow  # Keras itself takes seconds to load
_HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that Keras has written its models to."""
    folder = tmp_path_factory.mktemp("keras")
    script = _HERE / "keras_models.py"
    done = subprocess.run([sys.executable, script, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def read(path: Path) -> Imported:
    return importers["keras"].read(ImportRequest(str(path)))


def predictions(imported: Imported, inputs: list[np.ndarray]) -> list[torch.Tensor]:
    """What the imported network gives for what Keras was given; images are turned to channels-first."""
    built = build(imported.project)
    built.module.load_state_dict(dict(imported.weights))
    built.module.eval()
    tensors = []
    nodes = imported.project.graph.nodes
    for name, array in zip(built.inputs, inputs, strict=True):
        wanted = nodes[name].params["shape"]
        fits = len(wanted) == array.ndim - 1 and all(
            isinstance(w, str) or w == size for w, size in zip(wanted, array.shape[1:], strict=True)
        )
        turned = array if fits and "H" not in wanted else np.moveaxis(array, -1, 1)
        tensor = torch.from_numpy(np.ascontiguousarray(turned))
        tensors.append(tensor.long() if nodes[name].params["dtype"] == "int64" else tensor)
    with torch.no_grad():
        found = built.module(*tensors)
    return [found] if isinstance(found, torch.Tensor) else list(found.values())


def same(found: torch.Tensor, wanted: np.ndarray) -> bool:
    array = found.numpy()
    if array.shape != wanted.shape and array.ndim > 3:
        array = np.moveaxis(array, 1, -1)
    return array.shape == wanted.shape and bool(np.abs(array - wanted).max() < 1e-4 * max(1, np.abs(wanted).max()))


@pytest.mark.parametrize("name", NAMES)
def test_a_model_predicts_what_keras_predicts(models: Path, name: str) -> None:
    imported = read(models / f"{name}.keras")
    stored = np.load(models / f"{name}.npz")
    inputs = [stored[each] for each in stored.files if each.startswith("in")]
    wanted = [stored[each] for each in stored.files if each.startswith("out")]
    found = predictions(imported, inputs)
    assert imported.opaque == ()
    assert len(found) == len(wanted)
    left = list(found)
    for array in wanted:
        match = next((at for at, each in enumerate(left) if same(each, array)), None)
        assert match is not None, (array.shape, [tuple(each.shape) for each in left])
        left.pop(match)


def kinds(imported: Imported) -> list[str]:
    return [node.kind for node in imported.project.graph.nodes.values()]


def test_an_image_network_is_channels_first_throughout(models: Path) -> None:
    imported = read(models / "vgg.keras")
    assert not {"Permute", "Transpose", "Reshape"}.intersection(kinds(imported))
    (image,) = imported.project.graph.of_kind("Input")
    assert image.params["shape"] == (3, 16, 20)
    assert any("channels × height × width" in note for note in imported.notes)


def test_layers_keep_their_names_and_their_weights_are_traced(models: Path) -> None:
    imported = read(models / "two_branches.keras")
    nodes = imported.project.graph.nodes
    assert {"photo", "table", "kind", "price"} <= set(nodes)
    convolution = next(name for name, node in nodes.items() if node.kind == "Conv2d")
    assert convolution.startswith("conv2d")
    assert imported.names[f"{convolution}.weight"] == "layers/conv2d/vars/0"
    assert nodes[convolution].params["activation"] == "relu"


def test_batch_normalisation_keeps_its_conventions(models: Path) -> None:
    imported = read(models / "batch_norm.keras")
    first, second = (node.params for node in imported.project.graph.nodes.values() if node.kind == "BatchNorm1d")
    assert (first["eps"], first["momentum"]) == (0.001, 0.01)
    assert (second["momentum"], second["bias"]) == (0.1, False)


def test_a_layer_that_is_called_twice_is_shared(models: Path) -> None:
    imported = read(models / "siamese.keras")
    shared = [node for node in imported.project.graph.nodes.values() if node.shares]
    assert {imported.project.graph.nodes[node.shares].kind for node in shared} == {"Conv2d", "Linear"}
    assert not any(name.startswith(tuple(f"{node.name}." for node in shared)) for name in imported.weights)


def test_a_model_inside_is_a_group(models: Path) -> None:
    imported = read(models / "nested.keras")
    assert set(imported.project.groups) == {"BackBone", "Deep"}
    first, second = (node for node in imported.project.graph.nodes.values() if node.group == "BackBone")
    assert second.shares == first.name
    assert any(name.startswith("back_bone.deep.dense") for name in imported.weights)


def test_blocks_that_names_tell_are_one_group_repeated(models: Path) -> None:
    imported = read(models / "blocks.keras")
    assert [(node.name, node.repeat) for node in imported.project.graph.of_kind("group:Block")] == [("block", 3)]
    assert set(imported.project.groups["Block"].graph.nodes) == {"input", "up", "bn", "output"}
    assert "block.2.bn.running_mean" in imported.weights


@pytest.mark.parametrize("name", ["vgg", "nested"])
def test_legacy_files_hold_the_same_network(models: Path, name: str) -> None:
    new, old = read(models / f"{name}.keras"), read(models / f"{name}.h5")
    assert old.project.graph == new.project.graph
    assert old.weights.keys() == new.weights.keys()
    assert all(torch.equal(tensor, old.weights[key]) for key, tensor in new.weights.items())


def test_what_pytorch_has_not_is_written_out_and_can_be_trained(models: Path) -> None:
    imported = read(models / "gru_before.keras")
    assert [name for name in imported.project.code if name.startswith("KerasGRU")]
    module = build(imported.project).module
    module.load_state_dict(dict(imported.weights))
    module(torch.ones(2, 6, 3)).sum().backward()
    assert all(float(each.grad.abs().sum()) > 0 for each in module.parameters() if each.grad is not None)
    assert all(each.grad is not None for each in module.parameters())


def test_keras_is_not_needed_for_it(models: Path) -> None:
    before = set(sys.modules)
    read(models / "vgg.keras")
    assert not {"keras", "tensorflow"}.intersection(set(sys.modules) - before)


def test_what_the_network_cannot_promise_is_said(models: Path) -> None:
    assert any("could not be compared" in note for note in read(models / "masking.keras").notes)
    assert any("padding" in note for note in read(models / "strided_open.keras").notes)
