"""Costs, held against arithmetic and against PyTorch's own counter."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from core.graph.project import Node, Project
from core.model.build import build
from core.model.cost import cost
from core.model.shapes import check
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
