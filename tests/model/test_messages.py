"""Every mistake has its words and, where there is a way out, a fix that really solves it."""

from __future__ import annotations

import pytest

from core.graph.edits import Connect
from core.graph.project import DataBinding, End, Field, Graph, Node, Project
from core.model.shapes import check
from tests.model.building import chain, errors, fix, given, layer, net, only, solves


def test_a_wrong_number_of_dimensions_says_what_came_and_what_is_needed() -> None:
    problem = only(chain(given(64), layer("conv", "Conv2d")))
    assert problem.message == (
        "'conv' (Conv2d) needs 4 dimensions (N × channels × height × width), but 'x' gives 2: N × 64."
    )
    assert (problem.severity, problem.node, problem.port) == ("error", "conv", "input")


def test_a_sequence_layer_asks_for_time_and_features() -> None:
    assert "3 dimensions (N × time × features)" in only(chain(given(64), layer("rnn", "LSTM"))).message


def test_batch_norm_after_a_feature_map_offers_flatten_and_its_twin() -> None:
    project = chain(given(3, 8, 8), layer("norm", "BatchNorm1d", momentum=0.2))
    flattened = solves(project, "Insert Flatten")
    assert flattened.graph.links[End("norm", "input")] == End("flatten1", "output")
    twin = solves(project, "Change to BatchNorm2d")
    assert twin.graph.nodes["norm"] == layer("norm", "BatchNorm2d", momentum=0.2)


@pytest.mark.parametrize(
    ("given_shape", "kind", "label"),
    [
        ((3, 8), "Conv2d", "Change to Conv1d"),
        ((3, 8, 8), "Conv1d", "Change to Conv2d"),
        ((3, 8), "MaxPool2d", "Change to MaxPool1d"),
    ],
)
def test_convolutions_and_poolings_offer_their_twin(given_shape: tuple[int, ...], kind: str, label: str) -> None:
    solves(chain(given(*given_shape), layer("n", kind, kernel_size=2)), label)


def test_a_twin_keeps_only_what_it_can_take() -> None:
    project = chain(given(3, 8), layer("conv", "Conv2d", kernel_size=(3, 3), out_channels=7))
    assert solves(project, "Change to Conv1d").graph.nodes["conv"].params == {"out_channels": 7}


def test_an_image_without_channels_can_be_reshaped() -> None:
    solves(chain(given(8, 8), layer("conv", "Conv2d")), "Insert Reshape to 1 × 8 × 8")


def test_a_vector_before_the_last_time_step_is_refused() -> None:
    project = chain(given("T", 3), layer("last", "LastStep"), layer("twice", "LastStep"))
    assert "'twice' (Last time step) needs 3 dimensions (N × time × features)" in only(project).message


def test_a_linear_layer_on_a_feature_map_is_warned_about() -> None:
    project = chain(given(3, 8, 9), layer("dense", "Linear"))
    assert check(project).ok
    assert only(project).severity == "warning"
    assert "works along the last dimension only (9 of N × 3 × 8 × 9)" in only(project).message
    solves(project, "Insert Flatten")


@pytest.mark.parametrize("kind", ["Conv2d", "MaxPool2d", "AvgPool2d"])
def test_a_kernel_larger_than_its_input_offers_the_largest_that_fits(kind: str) -> None:
    project = chain(given(3, 4, 6), layer("n", kind, kernel_size=7))
    problem = only(project)
    assert problem.message == "The window of 'n' (kernel_size 7) is larger than what arrives: 'x' gives N × 3 × 4 × 6."
    assert problem.parameter == "kernel_size"
    solves(project, "Set kernel_size to 4, 6")


def test_dilation_and_padding_count_in_the_largest_kernel() -> None:
    project = chain(given(3, 6, 6), layer("n", "Conv2d", kernel_size=5, dilation=2, padding=1))
    assert "spread by dilation 2) is larger than what arrives (padding included)" in only(project).message
    solves(project, "Set kernel_size to 4")


@pytest.mark.parametrize("kind", ["Conv1d", "MaxPool1d", "AvgPool1d"])
def test_the_same_holds_in_one_dimension(kind: str) -> None:
    solves(chain(given(3, 5), layer("n", kind, kernel_size=8)), "Set kernel_size to 5")


def test_a_transposed_convolution_that_leaves_nothing_says_so() -> None:
    project = chain(given(3, 4, 4), layer("up", "ConvTranspose2d", padding=8))
    assert "Nothing would be left after 'up': padding 8 cuts off more than there is." in only(project).message
    solves(project, "Set padding to 0")


def test_output_padding_beyond_the_stride_is_refused() -> None:
    project = chain(given(3, 4, 4), layer("up", "ConvTranspose2d", output_padding=(0, 2)))
    assert "must be smaller than its stride or its dilation" in only(project).message
    solves(project, "Set output_padding to 0")


def _merged(kind: str, one: tuple[int, ...], two: tuple[int, ...], **params: object) -> Project:
    nodes = (given(*one, name="a"), given(*two, name="b"), layer("m", kind, **params))
    return net(nodes, "a > m.inputs.0", "b > m.inputs.1")


@pytest.mark.parametrize("kind", ["Add", "Multiply"])
def test_a_merge_of_unlike_shapes_names_both_sources_and_shapes(kind: str) -> None:
    message = only(_merged(kind, (32, 8, 8), (16, 8, 8))).message
    assert message == (
        f"'m' ({kind}) works value by value, so its inputs must have the same shape: 'a' gives N × 32 × 8 × 8 but 'b' "
        "gives N × 16 × 8 × 8."
    )


def test_a_concatenation_of_unlike_shapes_names_the_axis() -> None:
    project = _merged("Concatenate", (3, 8), (3, 5))
    assert only(project).message == (
        "'m' joins along dimension 1; all other dimensions must be the same: 'a' gives N × 3 × 8 "
        "but 'b' gives N × 3 × 5."
    )
    solves(project, "Set dim to 2")


def test_a_concatenation_of_unlike_ranks_names_both() -> None:
    message = only(_merged("Concatenate", (3, 8), (3,))).message
    assert "'a' gives N × 3 × 8 but 'b' gives N × 3" in message


def test_a_secondary_output_is_named_with_its_port() -> None:
    project = net(
        (given("T", 4), layer("rnn", "LSTM"), layer("m", "Concatenate", dim=2)),
        "x > rnn",
        "rnn > m.inputs.0",
        "rnn.hidden > m.inputs.1",
    )
    assert "'rnn' gives N × T × 64 but 'rnn.hidden' gives 1 × N × 64" in only(project).message


def test_samples_spread_over_samples_are_warned_about() -> None:
    problem = only(_merged("Add", (1, 8), (8,)))
    assert problem.severity == "warning"
    assert "combines every sample with every other one" in problem.message


def test_whole_numbers_into_a_float_layer() -> None:
    project = chain(given(4, dtype="int64"), layer("dense", "Linear"))
    assert (
        "'dense' (Linear) computes with fractions (float32), but 'x' gives whole numbers (int64)"
        in only(project).message
    )
    solves(project, "Set dtype to float32")


def test_fractions_into_an_embedding() -> None:
    project = chain(given(4), layer("look", "Embedding"))
    assert "'look' (Embedding) looks up whole numbers (int64)" in only(project).message
    solves(project, "Set dtype to int64")


def test_a_bound_category_can_be_encoded_otherwise_or_embedded() -> None:
    data = DataBinding("csv", fields=(Field("city", "category", categories=("a", "b", "c"), encoding="index"),))
    project = chain(Node("x", "Input", {"fields": ("city",)}), layer("dense", "Linear"), data=data)
    assert solves(project, "Use one-hot for city").data.fields[0].encoding == "one-hot"
    assert solves(project, "Insert Embedding").graph.nodes["embedding1"].params == {"num_embeddings": 3}
    one_hot = solves(project, "Use one-hot for city")
    embedded = chain(one_hot.graph.nodes["x"], layer("look", "Embedding"), data=one_hot.data)
    solves(embedded, "Use category indices for city")


def test_groups_must_divide_the_channels() -> None:
    project = chain(given(4, 8, 8), layer("conv", "Conv2d", out_channels=6, groups=3))
    assert "groups of 'conv' must divide both the 4 channels that arrive from 'x'" in only(project).message
    solves(project, "Set groups to 2")


def test_same_padding_with_stride_is_refused() -> None:
    project = chain(given(3, 8, 8), layer("conv", "Conv2d", padding="same", stride=2))
    assert "'same' needs stride 1" in only(project).message
    solves(project, "Set stride to 1")
    solves(project, "Set padding to 1")


def test_padding_of_more_than_half_a_window_is_refused() -> None:
    project = chain(given(3, 8, 8), layer("pool", "MaxPool2d", kernel_size=3, padding=2))
    assert "at most half its kernel_size: 1 for kernel_size 3, not 2" in only(project).message
    solves(project, "Set padding to 1")
    solves(chain(given(3, 8, 8), layer("pool", "MaxPool2d", padding=(2, 1))), "Set padding to 1")


@pytest.mark.parametrize("mode", ["reflect", "circular"])
def test_mirrored_padding_beyond_the_input_is_refused(mode: str) -> None:
    project = chain(given(3, 4, 4), layer("conv", "Conv2d", padding=5, padding_mode=mode))
    assert f"cannot add 5 positions of {mode} padding" in only(project).message
    solves(project, "Set padding_mode to zeros")


def test_a_reshape_to_another_number_of_values_counts_both() -> None:
    project = chain(given(4, 8), layer("shaped", "Reshape", shape=(5, 33)))
    assert only(project).message == (
        "'shaped' cannot arrange a sample as 5 × 33: that takes 165 values, and 'x' gives N × 4 × 8: 32 per sample."
    )
    solves(project, "Set shape to -1 (one row)")
    assert "a multiple of 5 values" in only(chain(given(4, 8), layer("shaped", "Reshape", shape=(-1, 5)))).message


def test_a_reshape_that_fits_some_lengths_only_is_refused() -> None:
    problem = only(chain(given("T", 3), layer("shaped", "Reshape", shape=(-1, 5))))
    assert "works for some sizes of the open dimensions only: 'x' gives N × T × 3" in problem.message


def test_an_axis_that_does_not_exist_is_refused() -> None:
    project = chain(given(4), layer("soft", "Softmax", dim=5))
    assert (
        "dim of 'soft' is 5, but what arrives has only the dimensions 0 to 1 (or -2 to -1): N × 4."
        in only(project).message
    )
    solves(project, "Set dim to -1")


def test_working_along_the_batch_is_warned_about() -> None:
    project = chain(given(4), layer("soft", "Softmax", dim=0))
    assert only(project).severity == "warning"
    solves(project, "Set dim to 1")


def test_flattening_backwards_is_refused() -> None:
    project = chain(given(3, 4, 5), layer("flat", "Flatten", start_dim=3, end_dim=1))
    assert "starts at dimension 3 and ends before it, at 1" in only(project).message
    solves(project, "Set end_dim to -1")


def test_a_size_that_varies_cannot_be_learned() -> None:
    problem = only(chain(given("T", 3), layer("flat", "Flatten"), layer("dense", "Linear")))
    assert "needs a fixed size here (for in_features), but 'flat' gives N × 3*T, which varies with T" in problem.message


def test_a_projection_as_wide_as_the_state_is_refused() -> None:
    project = chain(given("T", 3), layer("rnn", "LSTM", hidden_size=4, proj_size=4))
    assert "must be smaller than hidden_size 4, not 4" in only(project).message
    solves(project, "Set proj_size to 0")


def test_a_padding_row_outside_the_table_is_refused() -> None:
    project = chain(given(3, dtype="int64"), layer("look", "Embedding", num_embeddings=5, padding_idx=7))
    assert "must be one of its 5 rows" in only(project).message
    solves(project, "Set padding_idx to None")


def test_a_layer_larger_than_any_memory_is_refused() -> None:
    project = chain(given(10**9, 9, 9), layer("conv", "Conv2d", out_channels=10**9, kernel_size=9))
    assert "would be larger than any memory" in only(project).message


def test_a_normalisation_over_the_batch_is_refused() -> None:
    project = chain(given(4), layer("norm", "LayerNorm", trailing_dims=2))
    assert "the batch" in only(project).message
    solves(project, "Set trailing_dims to 1")


def test_a_warning_of_pytorch_is_a_warning() -> None:
    problem = only(chain(given("T", 3), layer("rnn", "GRU", dropout=0.5)))
    assert problem.severity == "warning"
    assert "non-zero dropout expects num_layers greater than 1" in problem.message


def test_an_output_must_keep_the_batch_first() -> None:
    project = net((given("T", 4), layer("rnn", "GRU"), layer("y", "Output")), "x > rnn", "rnn.hidden > y")
    assert only(project).message == (
        "The first dimension of an output must be the batch (N), one prediction per sample: 'rnn.hidden' gives "
        "1 × N × 64."
    )


def test_every_free_input_is_reported() -> None:
    project = Project(graph=Graph({"a": layer("a", "Add"), "dense": layer("dense", "Linear")}))
    found = {problem.node: problem for problem in errors(project)}
    assert found["dense"].message == "Nothing is linked to 'dense': drag the output of another node to it."
    assert found["dense"].port == "input"
    assert found["a"].message == "Nothing is linked to 'a': drag the outputs of two or more nodes to it."


def test_every_problem_of_a_node_is_reported_at_once() -> None:
    project = chain(given(3, 8, 8), layer("conv", "Conv2d", kernel_size=0, strid=2))
    messages = [problem.message for problem in errors(project)]
    assert len(messages) == 2
    assert any("kernel_size must be at least 1, not 0" in message for message in messages)
    assert any("Did you mean 'stride'?" in message for message in messages)
    assert {problem.parameter for problem in errors(project)} == {"kernel_size", "strid"}


def test_a_loop_is_named_and_can_be_cut() -> None:
    project = net(
        (given(4), layer("a", "Add"), layer("b", "ReLU"), layer("c", "ReLU"), layer("after", "Tanh")),
        "x > a.inputs.0",
        "a > b",
        "b > c",
        "c > a.inputs.1",
        "c > after",
    )
    problem = only(project)
    assert problem.message.startswith("'a' → 'b' → 'c' → 'a' is a loop.")
    assert not any(check(project).nodes[name].ok for name in ("a", "b", "c", "after"))
    cut = problem.fixes[0].edit.apply(project)
    assert check(cut).nodes["after"].ok or [each.node for each in errors(cut)] == ["a"]


def test_two_loops_are_two_problems() -> None:
    nodes = tuple(layer(name, "ReLU") for name in "abcd")
    assert len(errors(net(nodes, "a > b", "b > a", "c > d", "d > c"))) == 2


def test_an_unknown_kind_is_a_placeholder_and_what_it_feeds_is_unknown() -> None:
    project = chain(given(4), layer("new", "Linera", width=3), layer("relu", "ReLU"))
    problem = only(project)
    assert "'new' is of the kind 'Linera', which is not installed here. Did you mean 'Linear'?" in problem.message
    assert not check(project).nodes["relu"].ok


def test_links_at_ports_that_do_not_exist_can_be_removed() -> None:
    project = net((given(4), layer("a", "ReLU"), layer("b", "ReLU")), "x > a", "a.secret > b", "x > a.extra")
    found = {problem.node: problem for problem in errors(project)}
    assert found["b"].message == "'a' has no output 'secret'."
    assert found["a"].message == "'a' has no input 'extra' (it has: input)."
    fixed = fix(found["a"], "Remove this link").edit.apply(project)
    assert [problem.node for problem in errors(fixed)] == ["b"]


def test_links_to_nodes_that_do_not_exist_are_reported() -> None:
    project = chain(given(4), layer("a", "ReLU"))
    links = {**project.graph.links, End("gone", "input"): End("a", "output"), End("a", "input"): End("y", "output")}
    messages = [each.message for each in errors(Project(graph=Graph(project.graph.nodes, links)))]
    assert any("The link a.output → gone.input is at 'gone', which does not exist." in each for each in messages)
    assert any("is at 'y', which does not exist." in each for each in messages)


def test_a_wrong_binding_is_a_problem_of_the_input() -> None:
    problem = only(chain(Node("x", "Input", {"fields": ("height",)}), layer("relu", "ReLU")))
    assert problem.node == "x"
    assert "no data is bound" in problem.message


def test_more_open_names_than_can_be_told_apart_are_refused() -> None:
    nodes = tuple(given(f"T{index}", name=f"x{index}") for index in range(10))
    assert {problem.node for problem in errors(net(nodes))} == {"x8", "x9"}


def test_no_message_shows_the_sizes_used_for_probing() -> None:
    project = chain(given("T", 4), layer("flat", "Flatten"), layer("shaped", "Reshape", shape=(3, "-1")))
    for problem in check(project).problems:
        assert not {"53", "59", "240", "479"}.intersection(problem.message.split())


def test_a_fix_for_a_link_leaves_other_links_alone() -> None:
    project = Connect(End("x", "output"), End("other", "input")).apply(
        net((given(3, 8, 8), layer("norm", "BatchNorm1d"), layer("other", "ReLU")), "x > norm")
    )
    assert solves(project, "Insert Flatten").graph.links[End("other", "input")] == End("x", "output")
