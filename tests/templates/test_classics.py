"""The classic image networks are those of the literature: in what they cost, in what they compute, and in their source.

Parameters and multiply-adds are those that torchvision publishes with its weights.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from core.graph.project import Project
from core.graph.templates import template
from core.model.build import build
from core.model.cost import cost
from core.model.shapes import check
from core.model.source import write_source
from tests.templates import reference

PUBLISHED = {
    "alexnet": (61_100_840, 0.714),
    "densenet121": (7_978_856, 2.834),
    "googlenet": (6_624_904, 1.498),
    "mobilenet-v2": (3_504_872, 0.301),
    "resnet18": (11_689_512, 1.814),
    "resnet50": (25_557_032, 4.089),
    "squeezenet1-1": (1_235_496, 0.349),
    "vgg16": (138_357_544, 15.470),
    "vit-b-16": (86_567_656, 17.564),
}
"""By template: parameters, and multiply-adds for one image in thousand millions."""

LARGE = {"alexnet", "vgg16", "vit-b-16"}
ALL = pytest.mark.parametrize("name", PUBLISHED)
RUN = pytest.mark.parametrize(
    "names", [PUBLISHED.keys() - LARGE, pytest.param(LARGE, marks=pytest.mark.long)], ids=["smaller", "large"]
)
REFERENCES: dict[str, Callable[[], nn.Module]] = {
    "densenet121": reference.densenet121,
    "mobilenet-v2": reference.mobilenet_v2,
    "resnet18": reference.resnet18,
}

_ALONE = """
import sys, torch
torch.set_num_threads(1)
for folder in sys.argv[1:]:
    case = torch.load(f"{folder}/case.pt", weights_only=True)
    namespace = {}
    exec(compile(case["source"], "model.py", "exec"), namespace)
    assert not [name for name in sys.modules if name.split(".")[0] in ("core", "designer")]
    module = namespace["Net"]()
    module.load_state_dict(case["weights"])
    module.eval()
    with torch.inference_mode():
        torch.save(module(case["images"]), f"{folder}/result.pt")
"""


def _images(project: Project) -> torch.Tensor:
    shape = project.graph.nodes["image"].params["shape"]
    return torch.randn(1, *shape, generator=torch.Generator().manual_seed(1))


def _settled(module: nn.Module, images: torch.Tensor) -> nn.Module:
    """Return the module for evaluation, its normalisations having seen the images, so that signals reach the end."""
    draw = torch.Generator().manual_seed(2)
    norms = [each for each in module.modules() if isinstance(each, nn.BatchNorm2d)]
    for norm in norms:
        norm.weight.data.uniform_(0.5, 1.5, generator=draw)
        norm.bias.data.normal_(0.0, 0.1, generator=draw)
        norm.momentum = 1.0
    if norms:
        with torch.inference_mode():
            module.train()(images)
    return module.eval()


@ALL
def test_a_classic_has_the_published_parameters_and_multiply_adds(name: str) -> None:
    project = template(name).load()
    report = check(project)
    assert report.problems == ()
    assert report.nodes["image"].outputs["output"].shape == ("N", 3, 224, 224)
    found = cost(project, report)
    assert (found.parameters, round(found.flops / 2e9, 3)) == PUBLISHED[name]


@ALL
def test_the_notes_of_a_classic_name_its_paper_and_its_size(name: str) -> None:
    project = template(name).load()
    notes = project.notes.replace("\n", " ")
    parameters, multiply_adds = PUBLISHED[name]
    assert f"{parameters:,} parameters" in notes
    assert f"{multiply_adds:.2f} billion multiply-adds" in notes
    assert any(f'", {year}' in notes for year in range(2010, 2025))


@ALL
def test_the_source_of_a_classic_has_one_class_for_each_group_and_needs_only_torch(name: str) -> None:
    project = template(name).load()
    body = ast.parse(write_source(project, check(project))).body
    classes = [part for part in body if isinstance(part, ast.ClassDef)]
    assert sorted(part.name for part in classes) == sorted([*project.groups, "Net"])
    assert all((ast.get_docstring(part) or "").startswith(project.groups[part.name].help) for part in classes[:-1])
    imported = {alias.name for part in body if isinstance(part, ast.Import) for alias in part.names}
    imported |= {str(part.module) for part in body if isinstance(part, ast.ImportFrom)}
    assert imported <= {"torch", "torch.nn.functional", "math"}


@RUN
def test_the_sources_of_classics_alone_compute_the_same_bits(names: set[str], tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in sorted(names)}
    here = {name: _kept(name, folder) for name, folder in folders.items()}
    command = [sys.executable, "-I", "-c", _ALONE, *map(str, folders.values())]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, folder in folders.items():
        assert torch.equal(torch.load(folder / "result.pt", weights_only=True), here[name]), name


def _kept(name: str, folder: Path) -> torch.Tensor:
    """Keep a classic's source and weights with images in a folder; return what it makes of them."""
    project = template(name).load()
    built = build(project)
    images = _images(project)
    module = _settled(built.module, images)
    assert sum(each.numel() for each in module.parameters()) == PUBLISHED[name][0]
    with torch.inference_mode():
        here = module(images)
    assert here.shape == (1, 1000)
    assert torch.isfinite(here).all()
    folder.mkdir()
    case = {"source": write_source(project, built.report), "weights": module.state_dict(), "images": images}
    torch.save(case, folder / "case.pt")
    return here


@pytest.mark.parametrize("name", REFERENCES)
def test_a_classic_computes_what_a_network_written_by_hand_does(name: str) -> None:
    project = template(name).load()
    images = _images(project)
    module, other = _settled(build(project).module, images), REFERENCES[name]().eval()
    ours, theirs = (list(each.state_dict().values()) for each in (module, other))
    assert [each.shape for each in ours] == [each.shape for each in theirs]
    other.load_state_dict(dict(zip(other.state_dict(), ours, strict=True)))
    with torch.inference_mode():
        expected = other(images)
        torch.testing.assert_close(module(images), expected, rtol=1e-5, atol=1e-5)
        assert (other(images.flip(-1)) - expected).abs().max() > 0.01
