"""Costs, held against arithmetic and against PyTorch's own counter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from core.graph.project import Node, Project
from core.model.build import build
from core.model.cost import cost
from core.model.shapes import check
from tests.model import group_cases, grouping
from tests.model.building import chain, given, layer
from tests.model.test_source import two_branches


def _lenet() -> Project:
    return chain(
        given(1, 28, 28),
        layer("conv1", "Conv2d", out_channels=6, kernel_size=5, padding=2),
        layer("tanh1", "Tanh"),
        layer("pool1", "AvgPool2d"),
        layer("conv2", "Conv2d", out_channels=16, kernel_size=5),
        layer("pool2", "AvgPool2d"),
        layer("flat", "Flatten"),
        layer("dense1", "Linear", out_features=120),
        layer("dense2", "Linear", out_features=84),
        layer("dense3", "Linear", out_features=10),
        Node("y", "Output"),
    )


def test_the_parameters_of_lenet_are_those_of_arithmetic() -> None:
    costs = cost(_lenet(), check(_lenet()))
    expected = {
        "conv1": 6 * (25 + 1),
        "conv2": 16 * (6 * 25 + 1),
        "dense1": 120 * (400 + 1),
        "dense2": 84 * (120 + 1),
        "dense3": 10 * (84 + 1),
    }
    assert {name: node.parameters for name, node in costs.nodes.items() if node.parameters} == expected
    assert costs.parameters == costs.trainable == sum(expected.values()) == 61706
    assert costs.parameter_bytes == 4 * 61706


def test_a_multiply_add_counts_as_two() -> None:
    costs = cost(_lenet(), check(_lenet()))
    assert costs.nodes["dense3"].flops == 2 * 84 * 10
    assert costs.nodes["conv1"].flops == 2 * 28 * 28 * 6 * 25
    assert costs.nodes["tanh1"].flops == 0
    assert costs.flops == sum(node.flops for node in costs.nodes.values())


@pytest.mark.parametrize("project", [_lenet(), two_branches()])
def test_flops_agree_with_the_counter_of_pytorch(project: Project) -> None:
    built = build(project)
    specs = (built.report.nodes[name].outputs["output"] for name in built.inputs)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        built.module.eval()(*(torch.randn(spec.sizes(1)) for spec in specs))
    assert cost(project, built.report).flops == counter.get_total_flops()


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3)])
def test_a_recurrent_layer_costs_every_step(kind: str, gates: int) -> None:
    project = chain(given(10, 7), layer("rnn", kind, hidden_size=5))
    node = cost(project, check(project)).nodes["rnn"]
    assert node.flops == 10 * 2 * gates * 5 * (7 + 5)
    assert node.parameters == gates * 5 * (7 + 5 + 2)


def test_activations_are_the_bytes_of_one_sample() -> None:
    costs = cost(_lenet(), check(_lenet()))
    assert costs.nodes["x"].activation_bytes == 4 * 28 * 28
    assert costs.nodes["pool1"].activation_bytes == 4 * 6 * 14 * 14
    assert costs.activation_bytes == sum(node.activation_bytes for node in costs.nodes.values())


def test_nodes_with_errors_are_left_out() -> None:
    project = chain(given(8), layer("dense", "Linear", out_features=2), layer("conv", "Conv2d"), Node("y", "Output"))
    costs = cost(project, check(project))
    assert set(costs.nodes) == {"x", "dense"}
    assert costs.parameters == 18


def test_counting_leaves_no_hooks_on_other_modules() -> None:
    from torch.nn.modules import module

    cost(_lenet(), check(_lenet()))
    assert not module._global_forward_pre_hooks


def test_what_pytorch_warns_of_is_left_to_the_check(recwarn: pytest.WarningsRecorder) -> None:
    project = chain(given(5, 8), layer("lstm", "LSTM", dropout=0.5), layer("y", "Output"))
    report = check(project)
    assert "dropout" in report.problems[0].message
    assert cost(project, report).parameters > 0
    build(project, report)
    assert not list(recwarn)


# --- groups -----------------------------------------------------------------------------------------------------------


def _built(project: Project) -> tuple[int, int]:
    """Return how many numbers the built network has, and how many of them are trained."""
    found = list(build(project).module.parameters())
    return sum(each.numel() for each in found), sum(each.numel() for each in found if each.requires_grad)


@pytest.mark.parametrize(
    "make",
    [
        grouping.residual_stages,
        grouping.dense_net,
        grouping.inception,
        grouping.unet,
        grouping.siamese,
        group_cases.two_streams,
        group_cases.tied_repeat,
        grouping.nested,
        group_cases.with_options,
        group_cases.frozen,
        group_cases.variadic_outputs,
        group_cases.free_values,
        group_cases.switched_off,
        group_cases.tied_streams,
    ],
    ids=lambda make: make.__name__,
)
def test_parameters_of_grouped_networks_are_those_of_the_built_module(make: Callable[[], Project]) -> None:
    project = make()
    report = check(project)
    costs = cost(project, report)
    assert (costs.parameters, costs.trainable) == _built(project)
    assert costs.parameters == sum(node.parameters for node in costs.nodes.values())


def _stack(repeat: int, tied: bool = False, **params: object) -> Project:
    """Return a stack of Linear layers of 6 × 6 in groups."""
    inside = (grouping.port(), layer("fc", "Linear", out_features=6), grouping.out())
    block = grouping.group("Refine", inside, "x > fc", "fc > y")
    nodes = (given(6), grouping.use("refine", "Refine", repeat, tied, **params), grouping.out("z"))
    return grouping.project((block,), nodes, "x > refine.x", "refine.y > z")


@pytest.mark.parametrize("repeat", [1, 3])
def test_repetitions_multiply(repeat: int) -> None:
    project = _stack(repeat)
    costs = cost(project, check(project))
    assert costs.parameters == costs.trainable == repeat * 42
    assert costs.flops == repeat * 2 * 36
    assert costs.inner["refine"].parameters == 42
    assert costs.inner["refine"].flops == 2 * 36


def test_tied_repetitions_have_one_set_of_weights_and_compute_each_time() -> None:
    project = _stack(3, tied=True)
    costs = cost(project, check(project))
    assert (costs.parameters, costs.trainable, costs.parameter_bytes) == (42, 42, 168)
    assert costs.flops == 3 * 2 * 36


def test_a_shared_layer_counts_once_and_computes_at_every_call() -> None:
    nodes = (given(6), layer("fc", "Linear", out_features=6), Node("again", "Linear", shares="fc"), Node("y", "Output"))
    project = chain(*nodes)
    costs = cost(project, check(project))
    assert costs.parameters == costs.trainable == costs.nodes["fc"].parameters == 42
    assert costs.nodes["again"].parameters == 0
    assert costs.nodes["again"].flops == costs.nodes["fc"].flops == 2 * 36


def test_frozen_layers_and_groups_are_not_trainable() -> None:
    project = chain(given(6), layer("fc", "Linear", out_features=6, frozen=True), Node("y", "Output"))
    costs = cost(project, check(project))
    assert (costs.parameters, costs.trainable) == (42, 0)
    project = _stack(2, frozen=True)
    costs = cost(project, check(project))
    assert (costs.parameters, costs.trainable) == (84, 0)


def test_flops_of_groups_agree_with_the_counter_of_pytorch() -> None:
    project = grouping.residual_stages()
    built = build(project)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        built.module.eval()(torch.randn(1, 3, 16, 16))
    assert cost(project, built.report).flops == counter.get_total_flops()
