"""Building: the module is an instance of its source, and errors find their node."""

from __future__ import annotations

import gc
import linecache
import traceback
from dataclasses import replace

import pytest
import torch

from core.errors import ModelError
from core.graph.project import Node, TrainingSettings
from core.model.build import build, node_of_error
from tests.model.building import chain, given, layer, net
from tests.model.test_source import two_branches


def test_inputs_and_outputs_are_in_the_order_of_forward() -> None:
    built = build(two_branches())
    assert built.inputs == ("image", "table")
    assert built.outputs == ("kind", "price")
    image, table = torch.randn(2, 3, 8, 8), torch.randn(2, 5)
    built.module.eval()
    by_position = built.module(image, table)
    by_name = built.module(table=table, image=image)
    assert list(by_position) == ["kind", "price"]
    assert all(torch.equal(by_position[name], by_name[name]) for name in by_position)


def test_the_state_dict_is_named_after_the_nodes() -> None:
    names = build(two_branches()).module.state_dict()
    assert {"conv1.weight", "norm1.running_mean", "dense1.weight", "dense2.bias"} <= names.keys()


def test_one_output_is_a_plain_tensor() -> None:
    built = build(chain(given(3), layer("dense", "Linear", out_features=2), Node("y", "Output")))
    assert built.module(torch.randn(4, 3)).shape == (4, 2)


def test_inputs_are_sorted_as_people_count() -> None:
    names = ["x10", "x9", "x1"]
    links = [f"{name} > all.inputs.{index}" for index, name in enumerate(names)]
    nodes = (*(given(2, name=name) for name in names), layer("all", "Concatenate"), Node("y", "Output"))
    assert build(net(nodes, *links, "all > y")).inputs == ("x1", "x9", "x10")


def test_an_error_at_run_time_names_its_node() -> None:
    built = build(two_branches())
    with pytest.raises(RuntimeError) as caught:
        built.module(torch.randn(2, 3, 8, 8), torch.randn(2, 9))
    assert node_of_error(built, caught.value) == "dense1"
    with pytest.raises(RuntimeError) as caught:
        built.module(torch.randn(2, 4, 8, 8), torch.randn(2, 5))
    assert node_of_error(built, caught.value) == "conv1"


def test_an_error_from_elsewhere_names_none() -> None:
    built = build(two_branches())
    with pytest.raises(TypeError) as caught:
        built.module()
    assert node_of_error(built, caught.value) is None
    assert node_of_error(built, ValueError("never raised")) is None


def test_the_line_of_a_constructor_belongs_to_its_node() -> None:
    built = build(two_branches())
    assert built.nodes_by_line[1 + built.source.splitlines().index("        super().__init__()") + 1] == "conv1"


def test_tracebacks_show_the_line_of_the_source() -> None:
    built = build(two_branches())
    with pytest.raises(RuntimeError) as caught:
        built.module(torch.randn(2, 3, 8, 8), torch.randn(2, 9))
    assert "dense1 = self.dense1(concat1)" in "".join(traceback.format_exception(caught.value))


def test_two_builds_share_nothing() -> None:
    first, second = build(two_branches()), build(two_branches())
    assert first.filename != second.filename
    weights = [each.module.state_dict()["dense1.weight"] for each in (first, second)]
    assert weights[0].data_ptr() != weights[1].data_ptr()


def test_the_source_is_forgotten_with_its_module() -> None:
    built = build(two_branches())
    filename = built.filename
    assert filename in linecache.cache
    del built
    gc.collect()
    assert filename not in linecache.cache


def test_a_project_with_errors_is_refused_with_all_of_them() -> None:
    with pytest.raises(ModelError, match="'conv' \\(Conv2d\\) needs 4 dim") as caught:
        build(chain(given(8), layer("conv", "Conv2d"), Node("y", "Output")))
    assert caught.value.node == "conv"


@pytest.mark.parametrize("width", [2**30, 10**12])
def test_weights_that_memory_cannot_hold_are_refused_before_they_are_made(width: int) -> None:
    small, huge = layer("small", "Linear"), layer("huge", "Linear", out_features=width)
    project = chain(given(2**21), small, huge, Node("y", "Output"))
    with pytest.raises(ModelError, match="most of them in 'huge'; this machine has") as caught:
        build(project)
    assert caught.value.node == "huge"


def test_weights_follow_from_the_projects_seed_and_leave_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    first, second = build(two_branches()), build(two_branches())
    other = build(replace(two_branches(), training=TrainingSettings(seed=1)))
    torch.rand(1)
    third = build(two_branches())
    weights = [each.module.state_dict()["dense1.weight"] for each in (first, second, third, other)]
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[3])
    torch.set_rng_state(before)
    build(two_branches())
    assert torch.equal(before, torch.get_rng_state())
