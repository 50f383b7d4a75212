"""What looks wrong is said in plain words, and what is well is not."""

from __future__ import annotations

import pytest
import torch

from core.graph.project import Node
from core.training.diagnostics.advice import advice
from core.training.events import Diagnosed
from core.training.session import Session
from tests.training.building import chain, data, digits, inputs, linear, moons, output, settings_with, spirals
from tests.training.diagnostics.watching import grouped, watched

_WELL = {"gradient_norm": 0.5, "weight_norm": 2.0, "update_ratio": 1e-3, "dead": 0.05}


def _topics(nodes: dict[str, dict[str, float]]) -> set[tuple[str, str]]:
    return {(each.node, each.topic) for each in advice(Diagnosed(10, 1, nodes, {}))}


@pytest.mark.parametrize(
    ("figures", "topic"),
    [
        ({"dead": 0.6}, "dead units"),
        ({"saturated": 0.7}, "saturated"),
        ({"update_ratio": 0.1}, "updates too large"),
        ({"update_ratio": 1e-7}, "updates too small"),
        ({"gradient_norm": 1e-9}, "vanishing"),
        ({"activations_not_finite": 0.5}, "not finite"),
        ({"weights_not_finite": 0.5}, "not finite"),
    ],
)
def test_each_fault_is_found_at_its_node(figures: dict[str, float], topic: str) -> None:
    assert _topics({"a": _WELL, "b": {**_WELL, **figures}}) == {("b", topic)}
    (finding,) = advice(Diagnosed(10, 1, {"a": _WELL, "b": {**_WELL, **figures}}, {}))
    assert "'b'" in finding.text
    assert "nan" not in finding.text


def test_what_is_well_or_frozen_or_warming_up_is_not_spoken_of() -> None:
    still = {name: each for name, each in _WELL.items() if name not in ("gradient_norm", "update_ratio")}
    assert not _topics({"a": _WELL, "frozen": still, "warm-up": {**_WELL, "update_ratio": 0.0}})


def test_groups_leave_it_to_the_nodes_inside() -> None:
    run = watched(grouped(2), 1)
    bad = {path: {**figures, "dead": 0.9} for path, figures in run.diagnosed.nodes.items()}
    said = {node for node, _topic in _topics(bad)}
    assert {"block", "block/0"}.isdisjoint(said)
    assert {"block/0/bend", "block/1/bend"} <= said


def test_too_high_a_learning_rate_is_seen_in_a_training() -> None:
    calm = watched(digits(learning_rate=1e-4), 5).diagnosed
    wild = watched(digits(learning_rate=1.0), 5).diagnosed
    assert "updates too large" not in {each.topic for each in advice(calm)}
    assert "updates too large" in {each.topic for each in advice(wild)}


def test_gradients_that_vanish_in_a_deep_row_of_sigmoids_are_seen() -> None:
    deep = [each for i in range(12) for each in (linear(f"fc{i}", 8), Node(f"s{i}", "Sigmoid"))]
    graph = chain(inputs("x", "y"), *deep, linear("head", 2), output("class"))
    project = type(moons())("deep", data=data("moons"), graph=graph, training=settings_with())
    found = {each.node for each in advice(watched(project, 2).diagnosed) if each.topic == "vanishing"}
    assert "fc0" in found
    assert "head" not in found


def test_units_that_died_are_seen() -> None:
    def kill(session: Session) -> None:
        with torch.no_grad():
            session.network.module.get_parameter("hidden.bias")[:10] = -1e3

    found = advice(watched(spirals(), 1, prepare=kill).diagnosed)
    assert ("relu", "dead units") in {(each.node, each.topic) for each in found}
