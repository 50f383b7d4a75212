"""What an answer rests on: complete, equal to a direct computation, in the parts that people know."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.data.bind import bind
from core.data.reading import read
from core.errors import TrainingError
from core.graph.project import Project
from core.training.results.saliency import METHODS, Method, explain
from core.training.results.trained import Trained, open_trained
from core.training.runs import Run
from tests.training.building import PENGUINS, chain, inputs, linear, output, settings_with, trained
from tests.training.results.nets import one_epoch, penguins


def _some(run: Run, count: int = 20) -> dict[str, Any]:
    binding = run.project().data
    columns = read(binding.source, binding.options).columns
    return {name: column.take(np.arange(count)) for name, column in columns.items()}


def _inputs(net: Trained, columns: dict[str, Any]) -> list[torch.Tensor]:
    return list(net.preprocessing.transform(columns).inputs.values())


def test_gradients_are_those_of_torch(digits_net: Trained, digits_run: Run) -> None:
    columns = _some(digits_run)
    found = explain(digits_net, columns, "gradients")
    (pixels,) = _inputs(digits_net, columns)
    pixels.requires_grad_()
    scores = digits_net.network.module(pixels)
    (gradient,) = torch.autograd.grad(scores.max(1).values.sum(), [pixels])
    heat = found.attributions["x"]
    assert (heat.meaning, heat.values.shape) == ("image", (20, 8, 8))
    np.testing.assert_allclose(heat.values, gradient[:, 0].abs().numpy(), atol=1e-5)
    np.testing.assert_allclose(found.scores, scores.max(1).values.detach().numpy(), atol=1e-5)
    assert found.chosen == tuple(digits_net.predict(columns).answers["out"].values)


def test_integrated_gradients_add_up_to_what_the_score_gains(moons_run: Run) -> None:
    net, columns = open_trained(moons_run), _some(moons_run, 40)
    found = explain(net, columns, steps=64)
    (cells,) = _inputs(net, columns)
    with torch.inference_mode():
        scores, baseline = net.network.module(cells)[:, 0], net.network.module(torch.zeros(1, 2))[0, 0]
    gain = torch.where(scores > 0, scores - baseline, baseline - scores).numpy()
    np.testing.assert_allclose(found.attributions["x"].values.sum(1), gain, atol=1e-4)
    assert found.attributions["x"].columns == ("x", "y")
    assert found.gaps.max() < 1e-4


def test_integrated_gradients_of_words_add_up_too(tmp_path: Path) -> None:
    run = one_epoch("topics", tmp_path / "run")
    net, columns = open_trained(run), _some(run, 10)
    found = explain(net, columns, target="garden", steps=32)
    words = found.attributions["x"]
    (tokens,) = _inputs(net, columns)
    with torch.inference_mode():
        place = net.reader().classes.index("garden")
        gain = net.network.module(tokens)[:, place] - net.network.module(torch.zeros_like(tokens))[:, place]
    np.testing.assert_allclose(words.values.sum(1), gain.numpy(), atol=1e-4)
    assert words.meaning == "text"
    assert " ".join(each for each in words.tokens[0] if each) == columns["text"][0].lower()
    assert set(found.chosen) == {"garden"}
    assert explain(net, columns, "gradients").attributions["x"].values.shape == words.values.shape


def test_one_column_has_one_number_whatever_its_encoding(tmp_path: Path) -> None:
    binding = bind("csv", {"path": str(PENGUINS)})
    fields = [each for each in binding.with_role("input") if each.meaning in ("number", "category", "flag")]
    target = binding.with_role("target")[0]
    names = [each.name for each in fields]
    graph = chain(inputs(*names), linear("head", len(target.categories)), output(target.name))
    trained(Project(data=binding, graph=graph, training=settings_with(epochs=1)), tmp_path / "run")
    net = open_trained(tmp_path / "run")
    columns = _some(Run.open(tmp_path / "run"), 12)
    found = explain(net, columns)
    cells = found.attributions["x"]
    assert cells.columns == tuple(names)
    assert cells.values.shape == (12, len(names))
    (encoded,) = _inputs(net, columns)
    assert encoded.shape[1] > len(names)
    weight = net.network.module.get_submodule("head").weight.detach().numpy()
    classes = [net.reader().classes.index(str(each)) for each in found.chosen]
    parts = encoded.numpy() * weight[classes]
    np.testing.assert_allclose(cells.values.sum(1), parts.sum(1), atol=1e-4)
    place = names.index(next(each.name for each in fields if each.meaning == "number"))
    before = sum(max(1, len(each.categories)) if each.meaning == "category" else 1 for each in fields[:place])
    np.testing.assert_allclose(cells.values[:, place], parts[:, before], atol=1e-4)


@pytest.mark.parametrize("layer", ["", "conv1"])
def test_grad_cam_is_what_its_formula_says(digits_net: Trained, digits_run: Run, layer: str) -> None:
    columns = _some(digits_run, 6)
    found = explain(digits_net, columns, "grad-cam", target="3", layer=layer).attributions["x"].values
    module = digits_net.network.module
    kept: list[torch.Tensor] = []
    hook = module.get_submodule(layer or "conv2").register_forward_hook(lambda _m, _i, result: kept.append(result))
    score = module(_inputs(digits_net, columns)[0])[:, 3].sum()
    hook.remove()
    (gradient,) = torch.autograd.grad(score, kept)
    weights = gradient.mean((2, 3), keepdim=True)
    cam = (weights * kept[0]).sum(1, keepdim=True).relu()
    spread = torch.nn.functional.interpolate(cam, (8, 8), mode="bilinear", align_corners=False)
    assert found.shape == (6, 8, 8)
    np.testing.assert_allclose(found, spread[:, 0].detach().numpy(), atol=1e-5)


def test_sounds_and_masks_have_maps_of_their_size(tmp_path: Path) -> None:
    tones, shapes = one_epoch("tones", tmp_path / "tones"), one_epoch("shapes", tmp_path / "shapes")
    for method in METHODS:
        assert explain(open_trained(tones), _some(tones, 3), method).attributions["x"].values.shape == (3, 1000)
        assert explain(open_trained(shapes), _some(shapes, 3), method).attributions["x"].values.shape == (3, 32, 32)


def test_the_network_stays_as_it_was(digits_net: Trained, digits_run: Run) -> None:
    before = {name: each.clone() for name, each in digits_net.network.module.state_dict().items()}
    for method in METHODS:
        explain(digits_net, _some(digits_run, 3), method)
    after = digits_net.network.module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(each.grad is None for each in digits_net.network.module.parameters())
    assert not digits_net.network.module._forward_hooks
    assert not any(each._forward_hooks for each in digits_net.network.module.modules())


def test_rows_without_an_answer_are_said(digits_net: Trained, digits_run: Run) -> None:
    found = explain(digits_net, {"image": [None, _some(digits_run)["image"][0]]}, "gradients")
    assert found.rows.tolist() == [1]
    assert list(found.problems) == [0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "zebra"}, "no class 'zebra'"),
        ({"output": "other"}, "no output 'other'"),
        ({"method": "grad-cam", "layer": "conv9"}, "no layer 'conv9'. Did you mean 'conv"),
        ({"method": "grad-cam", "layer": "head"}, "needs channels"),
        ({"method": "magic"}, "no method 'magic'"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    digits_net: Trained, digits_run: Run, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        explain(digits_net, _some(digits_run, 2), **options)


def test_without_convolution_there_is_no_grad_cam(moons_run: Run) -> None:
    with pytest.raises(TrainingError, match="choose integrated gradients"):
        explain(open_trained(moons_run), _some(moons_run, 2), "grad-cam")


def test_captum_is_asked_for_by_name(digits_net: Trained, digits_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    method: Method = "gradients"
    with pytest.raises(TrainingError, match=r"pip install layerwright\[explain\]"):
        explain(digits_net, _some(digits_run, 2), method)


def test_categories_by_index_are_explained_by_way_of_their_embedding(tmp_path: Path) -> None:
    trained(penguins(), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    net, columns = open_trained(run), _some(run, 12)
    found = explain(net, columns, output="number")
    assert found.attributions["words"].values.shape == (12, 2)
    transformed = net.preprocessing.transform(columns).inputs
    given = [transformed[name] for name in net.network.built.inputs]
    place = net.network.built.inputs.index("words")
    with torch.inference_mode():
        before = net.network.module(*given)["number"][:, 0]
        given[place] = torch.zeros_like(given[place])
        gain = before - net.network.module(*given)["number"][:, 0]
    np.testing.assert_allclose(found.attributions["words"].values.sum(1), gain.numpy(), atol=1e-5)
    assert set(found.attributions["numbers"].columns) >= {"bill_length_mm", "body_mass_g"}
    assert found.chosen == (None,) * 12
