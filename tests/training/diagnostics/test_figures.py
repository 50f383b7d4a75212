"""The figures of nodes are those that a direct computation gives."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from core.graph.project import Node
from core.training.diagnostics.activations import look
from core.training.diagnostics.places import places_of
from core.training.events import event_from_json
from core.training.session import Session, open_session
from tests.training.building import digits, linear, moons, spirals, with_params
from tests.training.diagnostics.watching import Watched, grouped, sequence, watched


def _norm(*tensors: Tensor) -> float:
    return math.sqrt(sum(float(each.double().square().sum()) for each in tensors))


def _outputs(run: Watched, *paths: str) -> dict[str, Tensor]:
    """Run a copy of the network over the last batch, as it was looked at."""
    assert run.batch is not None
    module, found, state = copy.deepcopy(run.session.network.module), {}, torch.get_rng_state()
    for path in paths:
        keep = lambda _m, _i, result, path=path: found.update({path: result.detach()})  # noqa: E731
        module.get_submodule(path).register_forward_hook(keep)
    module(*(each[:64] for each in run.batch.inputs))
    torch.set_rng_state(state)
    return found


def test_norms_and_update_ratios_are_those_of_the_weights() -> None:
    run = watched(digits(), 3)
    module, nodes = run.session.network.module, run.diagnosed.nodes
    assert run.before is not None
    for name in ("conv1", "norm", "conv2", "head"):
        own = dict(module.get_submodule(name).named_parameters())
        before = [run.before[f"{name}.{each}"] for each in own]
        moved = [after.detach() - old for after, old in zip(own.values(), before, strict=True)]
        assert nodes[name]["weight_norm"] == pytest.approx(_norm(*(x.detach() for x in own.values())), rel=1e-4)
        assert nodes[name]["gradient_norm"] == pytest.approx(_norm(*(x.grad for x in own.values())), rel=1e-4)  # type: ignore[misc]
        assert nodes[name]["update_ratio"] == pytest.approx(_norm(*moved) / _norm(*before), rel=1e-4)
    whole = [each.grad for each in module.parameters() if each.grad is not None]
    assert run.diagnosed.whole["gradient_norm"] == pytest.approx(_norm(*whole), rel=1e-4)
    assert "weight_norm" not in nodes["relu1"]


def test_gradients_are_those_that_the_optimizer_was_given() -> None:
    run = watched(digits(clip="norm", clip_at=0.01), 2)
    assert run.diagnosed.whole["gradient_norm"] == pytest.approx(0.01, rel=1e-3)


def test_activations_are_those_of_training_on_the_batch() -> None:
    run = watched(digits(), 3)
    names = ("conv1", "norm", "relu1", "pool1", "conv2", "relu2", "dropout", "head")
    for name, output in _outputs(run, *names).items():
        figures = run.diagnosed.nodes[name]
        assert figures["mean"] == pytest.approx(float(output.mean()), rel=1e-3, abs=1e-5)
        assert figures["std"] == pytest.approx(float(output.std(correction=0)), rel=1e-3)
        assert figures["min"] == pytest.approx(float(output.min()), rel=1e-4)
        assert figures["max"] == pytest.approx(float(output.max()), rel=1e-4)


def test_every_layer_has_its_times() -> None:
    nodes = watched(digits(), 2).diagnosed.nodes
    for name in ("conv1", "norm", "relu1", "pool1", "conv2", "relu2", "flatten", "dropout", "head"):
        assert nodes[name]["forward_seconds"] > 0
        assert nodes[name]["backward_seconds"] > 0


def test_speed_and_memory_are_told() -> None:
    whole = watched(digits(), 3).diagnosed.whole
    assert whole["samples_per_second"] > 0
    assert whole["memory"] > 10_000_000
    assert whole["samples"] == 32
    assert whole["look_seconds"] > 0


def _kill(*units: int, name: str = "conv1") -> Callable[[Session], None]:
    """Return what makes some channels of a layer give nothing but negative values, and the others positive ones."""

    def prepare(session: Session) -> None:
        layer = session.network.module.get_submodule(name)
        assert isinstance(layer, nn.Linear | nn.Conv2d)
        assert layer.bias is not None
        with torch.no_grad():
            layer.weight.mul_(0.01)
            layer.bias.fill_(10)
            layer.bias[list(units)] = -10

    return prepare


def test_dead_channels_are_counted() -> None:
    project = digits()
    nodes = {**project.graph.nodes, "norm": Node("norm", "Identity")}
    project = replace(project, graph=replace(project.graph, nodes=nodes))
    figures = watched(project, 1, prepare=_kill(0, 3, 5, 7)).diagnosed.nodes
    assert figures["relu1"]["dead"] == pytest.approx(4 / 16)
    assert "dead" not in figures["conv1"]


def test_dead_features_of_a_sequence_are_counted_on_its_last_axis() -> None:
    project = sequence(linear("wide", 10), Node("relu", "ReLU"))
    nodes = watched(project, 1, prepare=_kill(1, 2, name="wide")).diagnosed.nodes
    assert nodes["relu"]["dead"] == pytest.approx(2 / 10)


def test_an_activation_that_is_a_property_of_a_layer_is_looked_at() -> None:
    project = with_params(spirals(), "hidden", activation="relu")
    figures = watched(project, 1, prepare=_kill(4, 5, name="hidden")).diagnosed.nodes["hidden"]
    assert figures["dead"] == pytest.approx(2 / 16)
    assert figures["min"] == 0
    assert "gradient_norm" in figures


def test_saturated_values_are_counted_but_not_those_of_an_answer() -> None:
    def push(session: Session) -> None:
        hidden = session.network.module.get_submodule("hidden")
        assert isinstance(hidden, nn.Linear)
        with torch.no_grad():
            hidden.weight.zero_()
            hidden.bias.zero_()
            hidden.bias[:8] = 20

    nodes = watched(moons(), 1, prepare=push).diagnosed.nodes
    assert nodes["tanh"]["saturated"] == pytest.approx(0.5, abs=0.01)
    ends_in_tanh = watched(spirals(Node("last", "Tanh")), 1).diagnosed.nodes
    assert "saturated" not in ends_in_tanh["last"]


def test_values_that_are_not_finite_are_told_as_a_share() -> None:
    def spoil(session: Session) -> None:
        hidden = session.network.module.get_submodule("hidden")
        assert isinstance(hidden, nn.Linear)
        with torch.no_grad():
            hidden.weight.fill_(1e38)

    session = open_session(spirals(), None, "cpu")
    spoil(session)
    network = session.network
    seen = look(network, places_of(session.project, network), [torch.full((4, 2), 100.0)])
    assert seen.figures["hidden"]["activations_not_finite"] == 1
    assert "mean" not in seen.figures["hidden"]


def test_nodes_in_groups_and_sums_go_by_their_paths() -> None:
    run = watched(grouped(repeat=3), 2)
    nodes = run.diagnosed.nodes
    inside = [f"block/{index}/{name}" for index in range(3) for name in ("fc", "bend", "sum")]
    assert set(nodes) == {"first", "block", *inside, "head"}
    fcs = [nodes[f"block/{index}/fc"] for index in range(3)]
    assert nodes["block"]["gradient_norm"] == pytest.approx(
        math.sqrt(sum(each["gradient_norm"] ** 2 for each in fcs)), rel=1e-3
    )
    assert nodes["block"]["forward_seconds"] >= sum(each["forward_seconds"] for each in fcs)
    last = _outputs(run, "block.2")["block.2"]
    for path in ("block", "block/2/sum"):
        assert nodes[path]["mean"] == pytest.approx(float(last.mean()), rel=1e-3)
        assert nodes[path]["max"] == pytest.approx(float(last.max()), rel=1e-3)
    assert nodes["block/0/sum"]["mean"] != nodes["block/2/sum"]["mean"]


def test_figures_survive_json() -> None:
    event = watched(digits(), 1).diagnosed
    assert event_from_json(json.loads(json.dumps(event.to_json(), allow_nan=False))) == event
    assert (event.step, event.epoch) == (1, 1)


def test_frozen_layers_have_no_gradient_and_do_not_move() -> None:
    figures = watched(with_params(digits(), "conv1", frozen=True), 2).diagnosed.nodes["conv1"]
    assert "gradient_norm" not in figures
    assert "update_ratio" not in figures
    assert figures["weight_norm"] > 0
