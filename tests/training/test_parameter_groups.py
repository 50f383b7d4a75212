"""Weights are grouped by decay, learning rate and kind; without such settings there is one group."""

from __future__ import annotations

from dataclasses import replace

import torch

from core.graph.project import End, Graph, Group, Node, Project
from core.model.build import build
from core.model.shapes import check
from core.training.optimizers import optimizers
from core.training.options import make_optimizer
from core.training.parameter_groups import ParameterGroup, parameter_groups
from tests.training.building import chain, data, digits, inputs, linear, moons, output, with_params, with_training


def _groups(project: Project) -> tuple[ParameterGroup, ...]:
    report = check(project)
    return parameter_groups(project, report, build(project, report).module)


def _by_name(project: Project) -> dict[str, tuple[str, ...]]:
    return {each.name: each.names for each in _groups(project)}


def test_without_settings_there_is_one_group_in_the_order_of_the_network() -> None:
    project = digits()
    (group,) = _groups(project)
    assert group.names == tuple(name for name, _each in build(project).module.named_parameters())
    assert (group.name, group.factor, group.decays) == ("all weights", 1.0, True)


def test_biases_and_normalisation_are_not_decayed() -> None:
    project = with_training(digits(), decay="matrices", optimizer="AdamW", optimizer_options={"weight_decay": 0.5})
    found = {each.decays: each for each in _groups(project)}
    assert found[True].names == ("conv1.weight", "conv2.weight", "head.weight")
    assert found[False].names == ("conv1.bias", "norm.weight", "norm.bias", "conv2.bias", "head.bias")
    optimizer = make_optimizer(optimizers["AdamW"], _groups(project), 0.1, {"weight_decay": 0.5})
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.5, 0.0]
    for group in optimizer.param_groups:
        for each in group["params"]:
            each.grad = torch.zeros_like(each)
    before = [[each.detach().clone() for each in group["params"]] for group in optimizer.param_groups]
    optimizer.step()
    moved = [
        [not torch.equal(one, two) for one, two in zip(group["params"], old, strict=True)]
        for group, old in zip(optimizer.param_groups, before, strict=True)
    ]
    assert moved == [[True] * 3, [False] * 5]


def test_a_layers_factor_scales_its_steps() -> None:
    project = with_params(moons(), "hidden", learning_rate_factor=0.1)
    groups = _groups(project)
    assert {each.name: each.names for each in groups} == {
        "all weights, learning rate × 0.1": ("hidden.weight", "hidden.bias"),
        "all weights": ("head.weight", "head.bias"),
    }
    optimizer = make_optimizer(optimizers["SGD"], groups, 0.5, {})
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.5]
    assert [group["name"] for group in optimizer.param_groups] == [each.name for each in groups]


def test_frozen_layers_are_left_out() -> None:
    assert _by_name(with_params(moons(), "hidden", frozen=True)) == {"all weights": ("head.weight", "head.bias")}


def _nested(**use: object) -> Project:
    """A group of two layers, the second with a factor of 0.5, used three times in a row."""
    block = Group(
        "Block",
        chain(
            Node("x", "Input"),
            linear("one", 4),
            Node("two", "Linear", {"out_features": 4, "learning_rate_factor": 0.5}),
            Node("y", "Output"),
        ),
    )
    graph = chain(inputs("x", "y"), Node("stem", "Linear", {"out_features": 4}))
    nodes = {
        **graph.nodes,
        "stage": Node("stage", "group:Block", {"learning_rate_factor": 0.2}, **use),  # type: ignore[arg-type]
        "head": linear("head", 1),
        "out": output("class"),
    }
    links = {
        **graph.links,
        End("stage", "x"): End("stem", "output"),
        End("head", "input"): End("stage", "y"),
        End("out", "input"): End("head", "output"),
    }
    return Project(data=data("moons"), graph=Graph(nodes, links), groups={"Block": block})


def test_factors_of_groups_and_of_layers_inside_are_multiplied() -> None:
    found = {round(each.factor, 6): each.names for each in _groups(_nested(repeat=3))}
    assert found[1.0] == ("stem.weight", "stem.bias", "head.weight", "head.bias")
    assert found[0.2] == tuple(f"stage.{i}.one.{name}" for i in range(3) for name in ("weight", "bias"))
    assert found[0.1] == tuple(f"stage.{i}.two.{name}" for i in range(3) for name in ("weight", "bias"))


def test_factors_reach_into_groups_that_are_used_once_or_tied() -> None:
    for use in ({}, {"repeat": 2, "tied": True}):
        found = {round(each.factor, 6): each.names for each in _groups(_nested(**use))}
        assert found[0.1] == ("stage.two.weight", "stage.two.bias")


def test_what_only_training_needs_is_not_written_into_the_source() -> None:
    assert "learning_rate_factor" not in build(_nested(repeat=3)).source
    assert build(with_params(moons(), "hidden", learning_rate_factor=0.1)).source == build(moons()).source


def test_muon_leaves_embeddings_convolutions_and_the_last_layer_to_adamw() -> None:
    project = with_training(moons(), optimizer="Muon")
    assert _by_name(project) == {
        "matrices of hidden layers": ("hidden.weight",),
        "other weights": ("hidden.bias", "head.weight", "head.bias"),
    }
    assert [each.matrices for each in _groups(with_training(digits(), optimizer="Muon"))] == [False]


def test_the_last_repetition_of_a_group_may_give_the_output() -> None:
    project = with_training(_nested(repeat=3), optimizer="Muon")
    links = {**project.graph.links, End("out", "input"): End("stage", "y")}
    nodes = {name: each for name, each in project.graph.nodes.items() if name != "head"}
    links = {target: source for target, source in links.items() if target.node != "head"}
    groups = _groups(replace(project, graph=Graph(nodes, links)))
    matrices = {name for each in groups if each.matrices for name in each.names}
    assert "stage.1.two.weight" in matrices
    assert "stage.2.one.weight" in matrices
    assert "stage.2.two.weight" not in matrices


def test_muon_and_decay_and_rates_make_groups_of_each_optimizer() -> None:
    project = with_training(moons(), optimizer="Muon", decay="matrices")
    project = with_params(project, "head", learning_rate_factor=0.5)
    groups = _groups(project)
    names = [each.name for each in groups]
    assert len(set(names)) == len(names) == 4
    optimizer = make_optimizer(optimizers["Muon"], groups, 1.0, {"weight_decay": 0.3})
    assert [(group["lr"], group["weight_decay"]) for group in optimizer.param_groups] == [
        (1.0, 0.3),
        (1.0, 0.0),
        (0.5, 0.3),
        (0.5, 0.0),
    ]
