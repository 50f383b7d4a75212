"""The check says what PyTorch says: held against real runs for every kind of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from core.errors import ModelError
from core.graph.edits import MoveNodes, SetParameters
from core.graph.project import INPUT, OUTPUT, DataBinding, End, Field, Graph, Node, Project
from core.kinds import LayerKind, Shape, Value
from core.layers import catalogue
from core.model import probe
from core.model.build import build
from core.model.shapes import check, forget
from core.model.specs import UNKNOWN
from core.parameters import check_value, parameters_of, resolve
from tests.model.building import around, chain, errors, for_each_sample, given, layer, net, shape

BATCH = 4


KINDS = [pytest.param(kind, id=kind.id) for kind in catalogue if kind.id not in (INPUT, OUTPUT)]
_Case = tuple[tuple[Shape, ...], dict[str, Any]]


def _cases(kind: LayerKind) -> Iterator[_Case]:
    """Yield a kind's samples, and the first with each parameter set to a few other values that its check allows.

    Where it is a parameter that is tried, what the kind repeats is there once.
    """
    for sample in kind.samples:
        yield sample, {}
    usual, _problems = resolve(kind, dict(kind.sample_parameters), {})
    once = dict.fromkeys(kind.repeats, 1)
    for parameter in parameters_of(kind):
        for value in _VALUES[parameter.type] + parameter.choices:
            if repr(value) != repr(usual.get(parameter.name)) and not check_value(parameter, value):
                yield kind.samples[0], {**once, parameter.name: value}


_VALUES: dict[str, tuple[Any, ...]] = {
    "int": (0, 1, 2, 3),
    "float": (0.0, 0.3),
    "bool": (True, False),
    "choice": (),
    "ints": (1, 3, (2,), (1, 2)),
    "floats": (0.5, 2.0, (1.5,), (0.5, 1.5)),
    "text": (),
}


_OPTIONS: dict[str, Callable[[torch.Tensor], Any]] = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "he_uniform": nn.init.kaiming_uniform_,
    "he_normal": nn.init.kaiming_normal_,
    "orthogonal": nn.init.orthogonal_,
    "identity": nn.init.eye_,
    "dirac": nn.init.dirac_,
    "max_norm": lambda weight: weight.renorm(p=2, dim=0, maxnorm=1),
    "unit_norm": lambda weight: functional.normalize(weight.flatten(1)),
}
"""The options that not every weight can take, and what they do to it."""


def _apply_options(module: nn.Module, arguments: Mapping[str, Value]) -> None:
    """Do to the weights what is chosen for them; raise what PyTorch raises where none of them can take it."""
    weights = [each.detach().clone() for name, each in module.named_parameters() if "weight" in name]
    for name in ("weight_init", "weight_constraint"):
        apply = _OPTIONS.get(arguments.get(name, ""))
        taken, refused = 0, []
        for weight in weights if apply is not None else ():
            try:
                taken += apply(weight) is not None
            except (ValueError, RuntimeError, IndexError) as error:
                refused.append(error)
        if refused and not taken:
            raise refused[0]


def _real_inputs(kind: LayerKind, sample: tuple[Shape, ...], batch: int = BATCH) -> dict[str, torch.Tensor]:
    """Return tensors by slot: zeros where whole numbers are wanted, which are indices wherever they lead."""
    found = {}
    for index, sizes in enumerate(sample):
        slot = f"{kind.inputs[0].name}.{index}" if kind.inputs[0].variadic else kind.inputs[index].name
        port = kind.input_port(slot)
        whole = port is not None and port.dtype == "int"
        real = (batch, *sizes[1:])
        found[slot] = torch.zeros(real, dtype=torch.int64) if whole else torch.randn(real)
    return found


@pytest.mark.filterwarnings("ignore::UserWarning:torch")  # the check reports them; see test_messages
@pytest.mark.parametrize("kind", KINDS)
def test_the_check_says_what_the_real_module_returns_and_refuses_what_fails_in_it(kind: LayerKind) -> None:
    for sample, params in _cases(kind):
        try:
            _compare(kind, sample, params)
        except Exception as error:
            error.add_note(f"{kind.id} of {sample} with {params}")
            raise


def _compare(kind: LayerKind, sample: tuple[Shape, ...], params: dict[str, Any]) -> None:
    alone = around(kind, sample, params)
    project = for_each_sample(alone)
    if any(problem.node == "n" for problem in errors(alone)):
        assert params, "a kind's own sample has to work"
        assert {problem.node for problem in errors(project)} == {"n"}
        with pytest.raises((*probe.TORCH_ERRORS, ModelError)):
            _really(kind, sample, check(alone).nodes["n"].arguments)
        return
    report = check(project)
    assert report.ok
    module = build(project, report).module
    last = project.graph.links[End("y", "input")]
    expected = report.nodes[last.node].outputs[last.port]
    inputs = list(_real_inputs(kind, sample).values()) or [torch.randn(BATCH, 3)]
    for training in (True, False):
        module.train(training)
        result = module(*inputs)
        assert len(result.shape) == expected.rank
        for size, dim, said in zip(result.shape, expected.dims, expected.sizes(BATCH), strict=True):
            assert size == said or dim.name == UNKNOWN
        assert str(result.dtype) == f"torch.{expected.dtype}"


def _really(kind: LayerKind, sample: tuple[Shape, ...], arguments: Mapping[str, Value]) -> None:
    """Run a real layer; raise what PyTorch raises, and ModelError where nothing is left."""
    inputs = _real_inputs(kind, sample)
    sizes = {slot: tuple(tensor.shape) for slot, tensor in inputs.items()}
    derived = {name: derive(sizes, arguments) for name, derive in kind.derived.items()}
    values = {**arguments, **derived}
    module = probe.construct(kind, values, training=True, device="cpu")
    if isinstance(module, nn.Module):
        _apply_options(module, values)
    for arriving in (inputs, _real_inputs(kind, sample, BATCH + 1)):  # has to fit any batch
        found = probe.call_layer(kind, module, values, arriving)
        if any(0 in each.shape for each in found.values()):
            raise ModelError("Nothing is left.")


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("params", [{}, {"num_layers": 2}, {"bidirectional": True, "num_layers": 3}])
def test_recurrent_layers_probed_at_length_one_give_what_a_real_run_gives(kind: str, params: dict[str, Any]) -> None:
    ports = catalogue[kind].outputs
    project = net(
        (given("T", 7), layer("rnn", kind, **params), *(layer(f"keep_{port.name}", "Identity") for port in ports)),
        "x > rnn",
        *(f"rnn.{port.name} > keep_{port.name}" for port in ports),
    )
    outputs = check(project).nodes["rnn"].outputs
    derived = {"input_size": 7, "batch_first": True, "hidden_size": 64}
    results = torch.nn.__dict__[kind](**{**derived, **params})(torch.randn(5, 11, 7))
    states = results[1] if kind == "LSTM" else (results[1],)
    real = dict(zip((port.name for port in ports), (results[0], *states), strict=True))
    assert {port: spec.sizes(5, 11) for port, spec in outputs.items()} == {
        port: tuple(tensor.shape) for port, tensor in real.items()
    }
    assert outputs["output"].shape[1] == "T"


def test_a_real_length_of_one_is_no_exception() -> None:
    assert shape(chain(given(1, 7), layer("rnn", "GRU")), "rnn") == ("N", 1, 64)


def test_open_dimensions_are_followed_through_layers() -> None:
    project = chain(
        given(3, "T"),
        layer("conv1", "Conv1d"),
        layer("conv2", "Conv1d", stride=2, padding=1),
        layer("pool1", "MaxPool1d"),
        layer("pool2", "AdaptiveAvgPool1d", output_size=4),
        layer("flat", "Flatten"),
    )
    report = check(project)
    shapes = [report.nodes[name].outputs["output"].shape for name in ("conv1", "conv2", "pool1", "pool2", "flat")]
    assert shapes[0] == ("N", 32, "T-2")
    assert shapes[1] == ("N", 32, "(T-1)//2")
    assert shapes[3:] == [("N", 32, 4), ("N", 128)]


def test_an_open_length_flattened_is_a_multiple() -> None:
    assert shape(chain(given("T", 8), layer("flat", "Flatten")), "flat") == ("N", "8*T")


def test_two_names_are_two_dimensions() -> None:
    project = net(
        (given("T", 8, name="a"), given("S", 8, name="b"), layer("cat", "Concatenate", dim=-1)),
        "a > cat.inputs.0",
        "b > cat.inputs.1",
    )
    (problem,) = errors(project)
    assert "'a' gives N × T × 8 but 'b' gives N × S × 8" in problem.message


def test_branches_of_the_same_open_length_merge() -> None:
    project = net(
        (given("T", 8, name="a"), given("T", 3, name="b"), layer("cat", "Concatenate", dim=-1)),
        "a > cat.inputs.0",
        "b > cat.inputs.1",
    )
    assert shape(project, "cat") == ("N", "T", 11)


def test_expressions_over_variables_reach_the_shapes() -> None:
    project = chain(given(4), layer("dense", "Linear", out_features="2*width"), variables={"width": 12})
    assert shape(project, "dense") == ("N", 24)
    assert check(project).nodes["dense"].arguments["out_features"] == 24
    wider = replace(project, variables={"width": 16})
    assert shape(wider, "dense") == ("N", 32)


def test_derived_parameters_are_reported() -> None:
    report = check(chain(given(3, 8, 8), layer("conv", "Conv2d")))
    assert dict(report.nodes["conv"].derived) == {"in_channels": 3}
    assert report.nodes["conv"].arguments["in_channels"] == 3
    assert report.nodes["conv"].inputs["input"].shape == ("N", 3, 8, 8)
    assert report.order == ("x", "conv")
    assert report.spec(End("conv", "output")) == report.nodes["conv"].outputs["output"]


def test_after_an_error_what_follows_is_unknown_and_not_reported_again() -> None:
    project = chain(given(8), layer("conv", "Conv2d"), layer("relu", "ReLU"), layer("y", "Output"))
    report = check(project)
    assert [problem.node for problem in report.problems] == ["conv"]
    assert not report.ok
    assert [report.nodes[name].ok for name in report.order] == [True, False, False, False]
    assert not report.nodes["relu"].outputs


@pytest.mark.parametrize(
    "graph", [Graph(), Graph({"x": given(3)}), Graph({"y": Node("y", "Output")}), Graph({"a": Node("a", "Add")})]
)
def test_unfinished_graphs_are_no_trouble(graph: Graph) -> None:
    report = check(Project(graph=graph))
    assert set(report.nodes) == set(graph.nodes)


def test_gaps_between_slots_do_not_matter() -> None:
    project = net(
        (given(4, name="a"), given(5, name="b"), layer("cat", "Concatenate")), "a > cat.inputs.3", "b > cat.inputs.11"
    )
    assert shape(project, "cat") == ("N", 9)
    assert list(check(project).nodes["cat"].inputs) == ["inputs.3", "inputs.11"]


def test_a_boolean_and_a_number_are_told_apart_by_the_memory() -> None:
    project = chain(given(4), layer("dense", "Linear", out_features=1))
    assert check(project).ok
    refused = SetParameters({"dense": {"out_features": True}}).apply(project)
    assert not check(refused).ok


def test_an_unchanged_node_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    project = chain(given(4), layer("dense", "Linear"), layer("relu", "ReLU"), layer("head", "Linear", out_features=3))
    runs: list[str] = []
    real = probe.construct
    monkeypatch.setattr(probe, "construct", lambda kind, *rest: (runs.append(kind.id), real(kind, *rest))[1])
    first = check(project)
    assert runs == ["Linear", "ReLU", "Linear"]
    moved = MoveNodes({"relu": (5.0, 5.0)}).apply(project)
    assert check(moved).nodes == first.nodes
    changed = SetParameters({"head": {"out_features": 4}}).apply(moved)
    assert check(changed).nodes["head"].outputs["output"].shape == ("N", 4)
    assert runs == ["Linear", "ReLU", "Linear", "Linear"]


def test_the_order_is_made_anew_when_links_or_kinds_change() -> None:
    project = chain(given(4), layer("a", "Linear"), layer("b", "ReLU"))
    assert check(project).order == ("x", "a", "b")
    nodes = {**project.graph.nodes, "b": layer("b", "Tanh"), "c": layer("c", "ReLU")}
    changed = replace(project, graph=Graph(nodes, project.graph.links))
    assert [problem.node for problem in check(changed).problems] == ["c"]


def test_the_check_never_touches_the_random_state() -> None:
    forget()
    before = torch.get_rng_state().clone()
    for kind in catalogue:
        if kind.id not in (INPUT, OUTPUT):
            check(around(kind, kind.samples[0], {}))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_check_may_run_in_several_threads() -> None:
    projects = [around(kind, kind.samples[0], {}) for kind in catalogue if kind.id not in (INPUT, OUTPUT)]
    expected = [check(project) for project in projects]
    forget()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(check, projects * 4)) == expected * 4


@pytest.mark.parametrize("shape", [(2**53, 2**53), (2**40, 2**30, 2**10)])
def test_an_input_larger_than_any_memory_is_a_problem_and_no_crash(shape: tuple[int, ...]) -> None:
    (problem,) = errors(chain(given(*shape), layer("relu", "ReLU"), layer("y", "Output")))
    assert "larger than any memory" in problem.message


def test_an_input_field_with_an_impossible_shape_is_a_problem_and_no_crash() -> None:
    image = Field("image", "image", shape=(-1, 8, 8))
    project = chain(Node("x", "Input", {"fields": ("image",)}), layer("relu", "ReLU"), layer("y", "Output"))
    (problem,) = errors(replace(project, data=DataBinding("digits", {}, (image,))))
    assert "impossible shape" in problem.message


def test_so_many_layers_that_each_check_would_take_seconds_are_refused() -> None:
    (problem,) = errors(chain(given(5, 8), layer("lstm", "LSTM", num_layers=10**6), layer("y", "Output")))
    assert "num_layers must be between 1 and 256" in problem.message
