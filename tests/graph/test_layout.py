"""The layered drawing: order of layers, no overlaps, straight chains, lanes for skip links."""

from __future__ import annotations

import itertools
import random

import pytest

from core.graph.layout import LANE_GAP, NODE_SIZE, layered_layout
from core.graph.project import End, Graph, Node


def graph_of(count: int, links: set[tuple[int, int]]) -> Graph:
    nodes = {f"n{i}": Node(f"n{i}", "Add") for i in range(count)}
    ends = {End(f"n{b}", f"inputs.{a}"): End(f"n{a}", "output") for a, b in sorted(links)}
    return Graph(nodes, ends)


def test_a_chain_is_a_straight_line_downwards() -> None:
    places = layered_layout(graph_of(6, {(i, i + 1) for i in range(5)}))
    assert len({x for x, _y in places.values()}) == 1
    tops = [places[f"n{i}"][1] for i in range(6)]
    assert tops == sorted(set(tops))


def test_nodes_of_different_widths_are_centred_on_each_other() -> None:
    sizes = {"n0": (160.0, 50.0), "n1": (240.0, 70.0)}
    places = layered_layout(graph_of(2, {(0, 1)}), sizes)
    assert places["n0"][0] + 80 == places["n1"][0] + 120


def test_a_skip_link_has_a_lane_of_its_own() -> None:
    places = layered_layout(graph_of(4, {(0, 1), (1, 2), (2, 3), (0, 3)}))
    centres = {name: x + NODE_SIZE[0] / 2 for name, (x, _y) in places.items()}
    assert centres["n1"] == centres["n2"]
    assert abs(centres["n1"] - centres["n0"]) >= LANE_GAP / 2


def test_a_branch_that_starts_late_stands_just_above_what_it_feeds() -> None:
    places = layered_layout(graph_of(5, {(0, 1), (1, 2), (2, 3), (4, 3)}))
    assert places["n4"][1] == places["n2"][1]


def test_parts_that_are_not_linked_stand_side_by_side() -> None:
    places = layered_layout(graph_of(4, {(0, 1), (2, 3)}))
    assert places["n0"][1] == places["n2"][1]
    assert places["n2"][0] >= places["n0"][0] + NODE_SIZE[0]


def test_no_graph_overlaps_and_links_run_down() -> None:
    dice = random.Random(4)
    for _time in range(15):
        count = dice.randrange(2, 60)
        links = {(dice.randrange(b), b) for b in range(1, count) for _again in range(dice.randrange(1, 4))}
        graph = graph_of(count, links)
        sizes = {name: (dice.choice((160.0, 200.0, 320.0)), dice.choice((34.0, 50.0, 66.0))) for name in graph.nodes}
        places = layered_layout(graph, sizes)
        assert places.keys() == graph.nodes.keys()
        for target, source in graph.links.items():
            assert places[target.node][1] >= places[source.node][1] + sizes[source.node][1]
        rows: dict[float, list[tuple[float, float]]] = {}
        for name, (x, y) in places.items():
            rows.setdefault(y, []).append((x, x + sizes[name][0]))
        for row in rows.values():
            row.sort()
            assert all(right <= left for (_a, right), (left, _b) in itertools.pairwise(row))


def test_the_drawing_depends_on_the_graph_alone_and_takes_anything() -> None:
    graph = graph_of(8, {(0, 3), (1, 3), (3, 5), (2, 5), (5, 7)})
    assert layered_layout(graph) == layered_layout(graph)
    assert layered_layout(Graph()) == {}
    loop = graph_of(3, {(0, 1), (1, 2), (2, 1)})
    assert layered_layout(loop).keys() == loop.nodes.keys()


def test_the_steps_tell_how_far_it_is_and_can_end_it() -> None:
    draw = random.Random(1)
    links = {(draw.randrange(0, after), after) for after in range(1, 40) for _ in range(2)}
    graph, told = graph_of(45, links), list[float]()
    assert layered_layout(graph, step=told.append) == layered_layout(graph)
    assert told == sorted(told)
    assert told[0] == 0
    assert 0.9 < told[-1] < 1

    def stop(_share: float) -> None:
        raise StopIteration

    with pytest.raises(StopIteration):
        layered_layout(graph, step=stop)
