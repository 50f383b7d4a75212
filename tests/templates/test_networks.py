"""The templates beside image classification: each computes what a network written by hand does, and can be trained."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from core.graph.edits import SetParameters
from core.graph.project import INPUT, Project
from core.graph.templates import template
from core.model.build import Built, build
from core.model.cost import cost
from core.model.shapes import check
from core.model.source import write_source
from core.training.check import check_project
from core.training.control import Control
from core.training.events import EpochEnded, Event
from core.training.job import Job
from core.training.loop import train
from tests.templates import handwritten

NETWORKS: dict[str, tuple[int, Callable[[], nn.Module]]] = {
    "lenet5": (61_706, handwritten.lenet5),
    "unet": (31_037_698, handwritten.UNet),
    "lstm-text": (2_236_548, handwritten.TextLSTM),
    "ctc-reader": (8_198_949, handwritten.CRNN),
    "transformer-encoder": (3_353_604, handwritten.Encoder),
    "siamese": (21_345, handwritten.Siamese),
    "two-task": (1_316, handwritten.TwoTask),
    "autoencoder-variational": (19_792, handwritten.VAE),
}
"""By template: its parameters, and the same network written by hand."""

NO_DATA = "There is no data yet: choose some to train with."
COPIES = "'reconstruction' learns to give back 'image', which 'image' takes: an autoencoder."
ALL = pytest.mark.parametrize("name", NETWORKS)
LARGE = ("unet", "ctc-reader", "transformer-encoder")
TRAINED = [name for name in NETWORKS if template(name).load().data.source]

_ALONE = """
import sys, torch
torch.set_num_threads(1)
results = {}
for name, case in torch.load(sys.argv[1], weights_only=True).items():
    namespace = {}
    exec(compile(case["source"], name, "exec"), namespace)
    module = namespace["Net"]()
    module.load_state_dict(case["weights"])
    module.eval()
    with torch.inference_mode():
        results[name] = module(*case["samples"])
assert not [name for name in sys.modules if name.split(".")[0] in ("core", "designer")]
torch.save(results, sys.argv[2])
"""


def _samples(project: Project, length: int = 64) -> tuple[torch.Tensor, ...]:
    """Return three samples for every Input; lengths that are open, and the sides of large images, are ``length``."""
    draw = torch.Generator().manual_seed(1)
    report = check(project)
    found = []
    for node in project.graph.of_kind(INPUT):
        spec = report.nodes[node.name].outputs["output"]
        shape = [3, *(length if not dim.fixed or dim.a > length else dim.a for dim in spec.dims[1:])]
        if spec.dtype == "int64":
            tokens = torch.randint(1, 1000, shape, generator=draw)
            tokens[1, length // 2 :] = 0
            found.append(tokens)
        else:
            found.append(torch.rand(shape, generator=draw))
    return tuple(found)


def _settled(name: str) -> tuple[Built, tuple[torch.Tensor, ...]]:
    """Return a template's module for evaluation, its normalisations having seen samples, and the samples."""
    project = template(name).load()
    built, samples = build(project), _samples(project)
    for norm in built.module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = 1.0
    with torch.inference_mode():
        built.module.train()(*samples)
    built.module.eval()
    return built, samples


def _named(result: torch.Tensor | Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {"": result} if isinstance(result, torch.Tensor) else dict(result)


@ALL
def test_a_network_has_the_parameters_that_its_notes_say(name: str) -> None:
    project = template(name).load()
    report = check_project(project)
    assert {each.message for each in report.problems} <= {NO_DATA, COPIES}
    assert all(each.severity == "info" for each in report.problems)
    count, by_hand = NETWORKS[name]
    assert cost(project, report.shapes).parameters == count
    assert sum(each.numel() for each in by_hand().parameters()) == count
    assert f"{count:,} parameters" in project.notes.replace("\n", " ")


@ALL
def test_a_network_computes_what_one_written_by_hand_does(name: str) -> None:
    built, samples = _settled(name)
    other = NETWORKS[name][1]().eval()
    ours, theirs = (list(each.state_dict().values()) for each in (built.module, other))
    assert [each.shape for each in ours] == [each.shape for each in theirs]
    other.load_state_dict(dict(zip(other.state_dict(), ours, strict=True)))
    with torch.inference_mode():
        found, expected = _named(built.module(*samples)), _named(other(*samples))
        changed = _named(built.module(*(each.flip(-1) for each in samples)))
    assert found.keys() == expected.keys()
    for head, value in found.items():
        torch.testing.assert_close(value, expected[head], rtol=1e-4, atol=1e-5)
        assert (changed[head] - value).abs().max() > 1e-4


def test_the_sources_alone_compute_the_same_bits(tmp_path: Path) -> None:
    cases, here = {}, {}
    for name in NETWORKS:
        built, samples = _settled(name)
        source = write_source(template(name).load(), built.report)
        cases[name] = {"source": source, "weights": built.module.state_dict(), "samples": list(samples)}
        with torch.inference_mode():
            here[name] = built.module(*samples)
    torch.save(cases, tmp_path / "cases.pt")
    command = [sys.executable, "-I", "-c", _ALONE, str(tmp_path / "cases.pt"), str(tmp_path / "results.pt")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = torch.load(tmp_path / "results.pt", weights_only=True)
    for name, expected in here.items():
        found = _named(results[name])
        assert all(torch.equal(found[head], value) for head, value in _named(expected).items()), name


@ALL
def test_gradients_reach_every_parameter(name: str) -> None:
    project = template(name).load()
    module = build(project).module.train()
    results = _named(module(*_samples(project)))
    torch.stack([each.square().sum() for each in results.values()]).sum().backward()
    for path, parameter in module.named_parameters():
        assert parameter.grad is not None, path
        assert torch.isfinite(parameter.grad).all(), path


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name in LARGE else ()) for name in TRAINED if name != "unet"]
)
def test_the_loss_falls_with_the_first_epochs(name: str, tmp_path: Path) -> None:
    """The U-Net is left to the test of what templates reach, which is as short."""
    project = template(name).load()
    if name == "ctc-reader":
        project = replace(project, data=replace(project.data, options={**project.data.options, "samples": 160}))
    project = replace(project, training=replace(project.training, device="cpu"))
    ended: list[EpochEnded] = []

    def keep(event: Event) -> None:
        if isinstance(event, EpochEnded):
            ended.append(event)

    train(Job(project, tmp_path / "run", epochs=3, threads=1), keep, Control())
    losses = [each.training["loss"] for each in ended]
    assert losses[2] < losses[1] < losses[0]
    assert all(ended[2].validation[key] < ended[0].validation[key] for key in ended[0].validation if "loss" in key)


def test_templates_with_data_are_those_that_can_be_trained_here() -> None:
    assert set(TRAINED) == set(NETWORKS)
    assert all(check_project(template(name).load()).ready for name in TRAINED)


# --- what is particular about each ------------------------------------------------------------------------------------


def test_siamese_branches_share_one_set_of_weights_and_both_count() -> None:
    built, (first, second) = _settled("siamese")
    assert {path.split(".")[0] for path in built.module.state_dict()} == {"encoder", "score"}
    with torch.inference_mode():
        result = built.module(first, second)
        assert torch.equal(built.module(second, first), result)
        assert not torch.equal(built.module(first, first), result)
        assert not torch.equal(built.module(second, second), result)
        assert torch.equal(built.module(first, first), built.module(second, second))


def _unet(height: int, width: int) -> Project:
    """Return the U-Net for images of a size, without the data that it comes with."""
    return SetParameters({"image": {"fields": (), "shape": (3, height, width)}}).apply(template("unet").load())


@pytest.mark.parametrize("size", [(272, 256), (32, 48)])
def test_a_unet_takes_sizes_that_are_multiples_of_16(size: tuple[int, int]) -> None:
    report = check(_unet(*size))
    assert report.problems == ()
    assert report.nodes["scores"].outputs["output"].shape == ("N", 2, *size)


def test_a_unet_says_where_other_sizes_do_not_meet() -> None:
    report = check(_unet(250, 250))
    problem = next(each for each in report.problems if each.severity == "error")
    assert (problem.path, problem.node) == (("up4",), "concat1")
    assert "30" in problem.message
    assert "31" in problem.message


def test_every_level_of_a_unet_meets_its_own_size_again() -> None:
    nodes = check(_unet(256, 256)).nodes
    for level in range(1, 5):
        down, up = (nodes[f"{way}{level}"].outputs["y"].shape for way in ("down", "up"))
        assert down == up == ("N", 32 * 2**level, 512 // 2**level, 512 // 2**level)


@pytest.mark.parametrize("width", [64, 101])
def test_ctc_takes_what_the_reader_gives_for_lines_of_any_width(width: int) -> None:
    module = build(template("ctc-reader").load()).module.train()
    result = module(torch.rand(2, 1, 32, width, generator=torch.Generator().manual_seed(1)))
    assert result.shape == (2, width // 4, 37)
    texts, lengths = torch.tensor([[1, 2, 2], [36, 1, 0]]), torch.tensor([3, 2])
    loss = nn.CTCLoss()(result.log_softmax(-1).transpose(0, 1), texts, torch.tensor([width // 4] * 2), lengths)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(each.grad).all() for each in module.parameters() if each.grad is not None)


def test_padding_changes_nothing_for_the_transformer() -> None:
    built, (tokens,) = _settled("transformer-encoder")
    with torch.inference_mode():
        alone = built.module(tokens[1:2, :32])
        torch.testing.assert_close(built.module(tokens)[1:2], alone, rtol=1e-4, atol=1e-5)


def test_both_tasks_are_learned_and_weighed() -> None:
    objectives = check_project(template("two-task").load()).objectives
    assert [(each.output, each.loss.id, each.weight) for each in objectives] == [
        ("petal_width", "mse", 0.5),
        ("species", "cross_entropy", 1.0),
    ]


def test_the_variational_code_is_drawn_in_training_only_and_held_by_its_divergence() -> None:
    built, (images,) = _settled("autoencoder-variational")
    module = built.module
    with torch.inference_mode():
        assert torch.equal(module(images), module(images))
        torch.manual_seed(0)
        assert not torch.equal(module.train()(images), module(images))
        mean, log_variance = module.encoder(images.flatten(1))
    module(images)
    normal = torch.distributions.Normal(mean.clone(), torch.exp(log_variance.clone() / 2))
    divergence = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(module.penalty().detach(), 0.001 * divergence)
    free = SetParameters({"code": {"kl_weight": 0.0}}).apply(template("autoencoder-variational").load())
    assert not hasattr(build(free).module, "penalty")
