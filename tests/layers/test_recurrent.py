"""Recurrent layers beyond their samples: initial states, one step at a time, lengths, and what does not fit."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from core.layers import catalogue
from core.model.build import build
from core.model.lines import by_port, call_line
from core.model.shapes import check
from tests.layers.agreement import both, checked, line, refusal, run, values_of
from tests.model.building import chain, errors, given, layer, net, only, shape

LAYERS = ("RNN", "GRU", "LSTM")
CELLS = ("RNNCell", "GRUCell", "LSTMCell")


def _states(kind: str, layers: int, *sizes: int) -> dict[str, torch.Tensor]:
    names = ("hidden", "cell") if kind.startswith("LSTM") else ("hidden",)
    return {name: torch.randn(*((layers,) if layers else ()), *sizes) for name in names}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(("num_layers", "bidirectional"), [(1, False), (3, False), (2, True)])
def test_a_layer_starts_from_given_states_and_without_them_from_zeros(
    kind: str, num_layers: int, bidirectional: bool
) -> None:
    params = {"hidden_size": 6, "num_layers": num_layers, "bidirectional": bidirectional}
    count = num_layers * (2 if bidirectional else 1)
    found = run(kind, {"input": torch.randn(3, 5, 4), **_states(kind, count, 3, 6)}, **params)

    assert found["output"].shape == (3, 5, 12 if bidirectional else 6)
    assert found["hidden"].shape == (count, 3, 6)
    assert run(kind, {"input": torch.randn(3, 5, 4)}, **params).keys() == found.keys()


def test_the_hidden_state_of_a_projected_lstm_is_narrow_and_its_cell_is_not() -> None:
    tensors = {"input": torch.randn(3, 5, 4), "hidden": torch.randn(1, 3, 2), "cell": torch.randn(1, 3, 6)}
    found = run("LSTM", tensors, hidden_size=6, proj_size=2)
    assert (found["hidden"].shape[-1], found["cell"].shape[-1]) == (2, 6)
    assert "hidden[0]" in refusal("LSTM", {**tensors, "hidden": torch.randn(1, 3, 6)}, hidden_size=6, proj_size=2)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_sequence_without_a_batch_keeps_its_length_and_its_states_keep_theirs(kind: str) -> None:
    found = run(kind, {"input": torch.randn(5, 4), **_states(kind, 1, 6)}, hidden_size=6)
    assert found["output"].shape == (5, 6)
    assert found["hidden"].shape == (1, 6)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_batch_of_one_that_is_no_batch_is_not_taken_for_time(kind: str) -> None:
    found = run(kind, {"input": torch.randn(1, 5, 4)}, hidden_size=6)
    assert found["hidden"].shape == (1, 1, 6)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("wrong", [(2, 3, 6), (1, 4, 6), (1, 1, 6), (1, 3, 5), (3, 6)])
def test_a_state_of_another_shape_is_refused_as_pytorch_refuses_it(kind: str, wrong: tuple[int, ...]) -> None:
    tensors = {"input": torch.randn(3, 5, 4), **_states(kind, 0, *wrong)}
    assert refusal(kind, tensors, hidden_size=6)


def test_a_state_with_a_fixed_batch_is_refused_for_every_n_and_t() -> None:
    nodes = (given("T", 4), given(6, name="h"), layer("up", "Unsqueeze", dim=0), layer("gru", "GRU", hidden_size=6))
    assert check(net(nodes, "x > gru", "h > up", "up > gru.hidden")).ok
    wrong = (*nodes[:2], layer("up", "Unsqueeze", dim=1), nodes[3])
    (problem,) = errors(net(wrong, "x > gru", "h > up", "up > gru.hidden"))
    assert problem.node == "gru"
    assert "hidden size" in problem.message


def test_a_state_with_too_few_dimensions_is_told_what_a_state_looks_like() -> None:
    message = only(net((given("T", 4), given(6, name="h"), layer("gru", "GRU")), "x > gru", "h > gru.hidden")).message
    assert "needs 3 dimensions at hidden, but 'h' gives 2: N × 6." in message
    assert "layers (twice as many if bidirectional) × batch × hidden_size" in message


@pytest.mark.parametrize("kind", [*LAYERS, *CELLS])
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bool])
def test_another_dtype_than_that_of_the_weights_is_refused(kind: str, dtype: torch.dtype) -> None:
    sizes = (3, 4) if kind in CELLS else (3, 5, 4)
    state = _states(kind, 0 if kind in CELLS else 1, 3, 6)
    assert refusal(kind, {"input": torch.zeros(sizes).to(dtype)}, hidden_size=6)
    assert refusal(kind, {"input": torch.zeros(sizes), **state, "hidden": state["hidden"].to(dtype)}, hidden_size=6)


@pytest.mark.parametrize("kind", ["LSTM", "LSTMCell"])
@pytest.mark.parametrize("one", ["hidden", "cell"])
def test_an_lstm_with_one_of_its_two_states_says_which_one_is_missing(kind: str, one: str) -> None:
    sizes = (3, 4) if kind == "LSTMCell" else (3, 5, 4)
    outcome = checked(kind, {"input": torch.randn(sizes), one: torch.randn((1, 3, 6)[-len(sizes) :])}, hidden_size=6)
    other = "cell" if one == "hidden" else "hidden"
    assert f"Link {other} as well" in outcome.troubles[0].text


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_makes_one_step_with_a_batch_and_without(kind: str) -> None:
    for batch in ((3,), ()):
        found = run(kind, {"input": torch.randn(*batch, 4), **_states(kind, 0, *batch, 6)}, hidden_size=6)
        assert all(each.shape == (*batch, 6) for each in found.values())
        assert list(found) == (["hidden", "cell"] if kind == "LSTMCell" else ["output"])
        assert run(kind, {"input": torch.randn(*batch, 4)}, hidden_size=6).keys() == found.keys()
    for wrong in ((3, 5), (2, 6), (1, 6)):
        assert refusal(kind, {"input": torch.randn(3, 4), **_states(kind, 0, *wrong)}, hidden_size=6)


@pytest.mark.parametrize("kind", CELLS)
def test_a_state_with_another_number_of_dimensions_never_reaches_pytorch_which_would_crash(kind: str) -> None:
    tensors = {"input": torch.randn(4), **_states(kind, 0, 1, 1)}
    assert "both begin with the batch, or neither" in checked(kind, tensors, hidden_size=1).troubles[0].text


def test_two_cells_in_a_row_are_a_recurrent_layer_of_two_steps() -> None:
    project = net(
        (
            given(4, name="a"),
            given(4, name="b"),
            layer("one", "LSTMCell"),
            layer("two", "LSTMCell"),
            layer("y", "Output"),
        ),
        *("a > one", "b > two", "one.hidden > two.hidden", "one.cell > two.cell", "two.hidden > y"),
    )
    built = build(project)
    assert "one, one_cell = self.one(a)" in built.source
    assert "two, _ = self.two(b, (one, one_cell))" in built.source
    assert built.module(torch.randn(3, 4), torch.randn(3, 4)).shape == (3, 64)


def test_states_are_written_as_an_engineer_writes_them() -> None:
    outputs = {"output": "y", "hidden": "_", "cell": "_"}
    inputs = {"input": "x", "hidden": "h", "cell": "c"}
    lstm, gru = catalogue["LSTM"], catalogue["GRU"]
    assert call_line(lstm, "n", by_port(lstm, inputs), outputs, values_of(lstm, {})) == "y, (_, _) = self.n(x, (h, c))"
    del inputs["cell"], outputs["cell"]
    assert call_line(gru, "n", by_port(gru, inputs), outputs, values_of(gru, {})) == "y, _ = self.n(x, h)"


def test_a_long_sequence_with_initial_states_keeps_its_length_in_the_check() -> None:
    nodes = (given("T", 4), given("S", 4, name="z"), layer("encoder", "LSTM"), layer("decoder", "LSTM"))
    states = ("encoder.hidden > decoder.hidden", "encoder.cell > decoder.cell")
    project = net(nodes, "x > encoder", "z > decoder", *states)
    assert shape(project, "decoder") == ("N", "S", 64)
    assert shape(project, "decoder", "hidden") == (1, "N", 64)


def _random_cases() -> Iterator[tuple[str, dict[str, torch.Tensor], dict[str, object]]]:
    chosen = random.Random(5)
    for number in range(120):
        kind, batch = LAYERS[number % 3], chosen.choice(((3,), (3,), ()))
        params = {"hidden_size": chosen.choice((1, 2, 5)), "num_layers": chosen.choice((1, 2))}
        params |= {"bias": chosen.random() < 0.5, "bidirectional": chosen.random() < 0.5}
        count = params["num_layers"] * (2 if params["bidirectional"] else 1)
        count += chosen.random() < 0.2
        width = params["hidden_size"] + (chosen.random() < 0.2)
        tensors = {"input": torch.randn(*batch, chosen.choice((1, 4)), chosen.choice((1, 3)))}
        yield kind, tensors | (_states(kind, count, *batch, width) if chosen.random() < 0.7 else {}), params


def test_random_layers_and_states_fit_exactly_where_they_fit_pytorch() -> None:
    outcomes = [both(kind, tensors, **params) is not None for kind, tensors, params in _random_cases()]
    assert 20 < sum(outcomes) < 110


def test_the_last_step_by_length_is_that_of_each_sample() -> None:
    sequence = torch.arange(24.0).reshape(3, 4, 2)
    for lengths in (torch.tensor([1, 4, 2]), torch.tensor([[1], [4], [2]])):
        found = run("LastStep", {"input": sequence, "lengths": lengths})["output"]
        assert torch.equal(found, torch.stack([sequence[0, 0], sequence[1, 3], sequence[2, 1]]))
    assert torch.equal(run("LastStep", {"input": sequence})["output"], sequence[:, -1])
    assert line("LastStep", {"input": "x"}) == "y = x[:, -1]"
    with_lengths = line("LastStep", {"input": "x", "lengths": "n"})
    assert with_lengths == "y = x[torch.arange(x.shape[0], device=x.device), n.reshape(-1) - 1]"


def test_the_last_step_by_length_is_that_which_a_recurrent_layer_had_without_padding() -> None:
    module = nn.GRU(2, 5, batch_first=True)
    sequence = torch.randn(2, 6, 2)
    with torch.no_grad():
        found = run("LastStep", {"input": module(sequence)[0], "lengths": torch.tensor([3, 6])})["output"]
        assert torch.allclose(found[0], module(sequence[:1, :3])[1][0, 0], atol=1e-6)


@pytest.mark.parametrize("lengths", [torch.tensor([1, 3, 0]), torch.tensor([[1], [3], [0]])])
def test_a_mask_from_lengths_marks_the_padding_or_the_data(lengths: torch.Tensor) -> None:
    tensors = {"lengths": lengths, "sequence": torch.randn(3, 3, 2)}
    padding = run("MaskFromLengths", tensors)["output"]
    assert padding.tolist() == [[False, True, True], [False, False, False], [True, True, True]]
    assert torch.equal(run("MaskFromLengths", tensors, true_marks="data")["output"], ~padding)


def test_a_mask_from_lengths_follows_an_open_length() -> None:
    lengths = given(1, name="n", dtype="int64")
    project = net((lengths, given("T", 8), layer("mask", "MaskFromLengths")), "n > mask.lengths", "x > mask.sequence")
    assert shape(project, "mask") == ("N", "T")
    assert check(project).nodes["mask"].outputs["output"].dtype == "bool"


@pytest.mark.parametrize(("kind", "port"), [("LastStep", "input"), ("MaskFromLengths", "sequence")])
def test_several_lengths_for_each_sample_are_refused(kind: str, port: str) -> None:
    nodes = (given(2, name="n", dtype="int64"), given("T", 8), layer("it", kind))
    assert "one whole number per sample" in only(net(nodes, "n > it.lengths", f"x > it.{port}")).message


def test_dropout_in_a_single_layer_is_said_to_do_nothing() -> None:
    project = chain(given("T", 3), layer("rnn", "RNN", dropout=0.2))
    problem = only(project)
    assert problem.severity == "warning"
    assert "dropout" in problem.message
