"""A network computes the same whether its layers stand in a group or not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.graph.edits import GroupNodes, SetParameters, SetRepeat, Ungroup
from core.graph.project import Project
from core.graph.templates import template
from core.model.build import build
from core.model.shapes import check
from tests.graph.building import stack


def _assert_same(one: Project, other: Project, *shape: int) -> None:
    """Give two networks the same weights, in the order in which they hold them, and compare what they compute."""
    reports = [check(project) for project in (one, other)]
    assert [report.problems for report in reports] == [(), ()]
    networks = [build(project, report).module.eval() for project, report in zip((one, other), reports, strict=True)]
    weights = [list(network.parameters()) for network in networks]
    with torch.no_grad():
        for source, target in zip(*weights, strict=True):
            target.copy_(source)
        samples = torch.randn(shape)
        torch.testing.assert_close(networks[0](samples), networks[1](samples), rtol=0, atol=0)


@pytest.mark.parametrize(("repeat", "tied"), [(1, False), (3, False), (3, True)])
def test_a_group_computes_what_its_inside_does_in_its_place(repeat: int, tied: bool) -> None:
    project = SetRepeat("block1", repeat, tied).apply(SetParameters({"block1": {"width": "depth+1"}}).apply(stack()))
    nodes = {**project.graph.nodes, "image1": replace(project.graph.nodes["image1"], params={"shape": (8,)})}
    project = replace(project, graph=replace(project.graph, nodes=nodes))
    inlined = Ungroup("block2").apply(Ungroup("block1").apply(project))
    assert not any(node.group for node in inlined.graph.nodes.values())
    _assert_same(project, inlined, 4, 8)


def test_a_network_computes_the_same_after_grouping() -> None:
    project = template("digits").load()
    names = frozenset({"norm1", "relu1", "conv2", "norm2"})
    grouped = GroupNodes(names, "Part", "part1").apply(project)
    _assert_same(project, grouped, 4, 1, 8, 8)
