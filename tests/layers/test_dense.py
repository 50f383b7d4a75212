"""Dense layers, look-up tables and distances."""

from __future__ import annotations

import pytest
import torch

from core.kinds import LayerKind
from core.layers import catalogue, dense
from tests.layers.agreement import DTYPES, agrees_for_all_dtypes_and_ranks, both, line, made, really, refusal, run


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.id) for kind in dense.KINDS])
def test_the_check_takes_the_dtypes_and_ranks_that_pytorch_takes(kind: LayerKind) -> None:
    assert agrees_for_all_dtypes_and_ranks(kind) >= 1


def test_the_catalogue_has_every_such_layer_of_pytorch() -> None:
    modules = (torch.nn.modules.linear, torch.nn.modules.sparse, torch.nn.modules.distance)
    public = {name for module in modules for name in module.__all__ if not name.startswith("Lazy")}
    assert public <= {kind.id for kind in catalogue}


def test_weights_are_float32() -> None:
    x = torch.zeros(2, 3, dtype=torch.float64)
    words = "Its weights are float32, but float64 arrives: change what arrives to float32."
    assert refusal("Linear", {"input": x}) == words
    assert refusal("Bilinear", {"input1": x.float(), "input2": x}) == words


def test_bilinear_reads_both_widths_and_needs_the_same_sizes_before_them() -> None:
    one, two = torch.randn(2, 5, 3), torch.randn(2, 5, 4)
    assert run("Bilinear", {"input1": one, "input2": two}, out_features=7)["output"].shape == (2, 5, 7)
    assert made("Bilinear", {"input1": one, "input2": two}, out_features=7) == (
        "self.n = nn.Bilinear(in1_features=3, in2_features=4, out_features=7)"
    )
    assert line("Bilinear", {"input1": "a", "input2": "b"}) == "y = self.n(a, b)"
    refusal("Bilinear", {"input1": one, "input2": two[:, :1]})


# --- tables -----------------------------------------------------------------------------------------------------------

WORDS = torch.tensor([[1, 2, 0], [3, 3, 3]])


@pytest.mark.parametrize("kind", ["Embedding", "EmbeddingBag"])
@pytest.mark.parametrize(("index", "fits"), [(-11, False), (-10, True), (9, True), (10, False)])
def test_the_padding_index_has_to_be_a_row(kind: str, index: int, fits: bool) -> None:
    found = both(kind, {"input": WORDS}, num_embeddings=10, padding_idx=index)
    assert (found is not None) is fits


def test_an_embedding_bag_combines_the_vectors_of_its_numbers() -> None:
    found = {}
    for mode in ("sum", "mean", "max"):
        torch.manual_seed(0)
        found[mode] = really("EmbeddingBag", {"input": WORDS}, False, embedding_dim=5, mode=mode)["output"]
    assert found["sum"].shape == (2, 5)
    torch.testing.assert_close(found["sum"][1], 3 * found["mean"][1])
    torch.testing.assert_close(found["max"][1], found["mean"][1])
    torch.testing.assert_close(found["sum"][0], 3 * found["mean"][0])
    assert (found["max"][0] > found["mean"][0]).all()


def test_positions_of_a_bag_can_be_weighted_in_a_sum() -> None:
    weights = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.25, 0.25]])
    both_ports = {"input": WORDS, "per_sample_weights": weights}
    assert run("EmbeddingBag", both_ports, mode="sum")["output"].shape == (2, 64)
    assert line("EmbeddingBag", {"input": "words", "per_sample_weights": "shares"}) == (
        "y = self.n(words, per_sample_weights=shares)"
    )
    assert line("EmbeddingBag", {"input": "words"}) == "y = self.n(words)"
    for mode in ("mean", "max"):
        assert refusal("EmbeddingBag", both_ports, mode=mode) == (
            f"per_sample_weights needs mode 'sum', not '{mode}': only a sum can be weighted."
        )
    refusal("EmbeddingBag", {"input": WORDS, "per_sample_weights": weights[:, :2]}, mode="sum")
    refusal("EmbeddingBag", {"input": WORDS, "per_sample_weights": weights.double()}, mode="sum")


def test_frequencies_cannot_scale_the_gradients_of_a_maximum() -> None:
    assert both("EmbeddingBag", {"input": WORDS}, mode="mean", scale_grad_by_freq=True) is not None
    assert "max" in refusal("EmbeddingBag", {"input": WORDS}, mode="max", scale_grad_by_freq=True)


@pytest.mark.parametrize("kind", ["Embedding", "EmbeddingBag"])
def test_vectors_can_be_held_to_a_length(kind: str) -> None:
    run(kind, {"input": WORDS}, max_norm=1, norm_type=1)
    assert made(kind, {"input": WORDS}, max_norm=1.0) == (
        f"self.n = nn.{kind}(num_embeddings=1000, embedding_dim=64, max_norm=1.0)"
    )


# --- distances --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["CosineSimilarity", "PairwiseDistance"])
@pytest.mark.parametrize("first", DTYPES, ids=str)
@pytest.mark.parametrize("second", DTYPES, ids=str)
def test_distances_take_the_pairs_of_dtypes_that_pytorch_takes(
    kind: str, first: torch.dtype, second: torch.dtype
) -> None:
    both(kind, {"input1": torch.ones(2, 3).to(first), "input2": torch.ones(2, 3).to(second)})


@pytest.mark.parametrize(
    ("first", "second"),
    [((2, 3), (2, 1)), ((2, 3), (3,)), ((2, 4, 3), (4, 3)), ((3,), (4, 3)), ((), (3,)), ((2, 3), (2, 4)), ((), ())],
)
def test_distances_broadcast_as_pytorch_does(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    pair = {"input1": torch.ones(first), "input2": torch.ones(second)}
    both("PairwiseDistance", pair)
    for dim in range(-4, 4):
        both("CosineSimilarity", pair, dim=dim)


def test_the_cosine_of_whole_numbers_is_refused_in_plain_words() -> None:
    x = torch.ones(2, 3, dtype=torch.int64)
    assert "must hold fractions" in refusal("CosineSimilarity", {"input1": x, "input2": x})


@pytest.mark.parametrize("p", [-1, 0, 0.5, 1, 2, 3])
def test_any_norm_measures_a_distance(p: float) -> None:
    one, two = torch.tensor([[1.0, 2.0]]), torch.tensor([[4.0, -2.0]])
    found = run("PairwiseDistance", {"input1": one, "input2": two}, p=p, eps=0.5)["output"]
    torch.testing.assert_close(found, torch.linalg.vector_norm(one - two + 0.5, ord=p, dim=1))


def test_a_distance_can_keep_its_dimension() -> None:
    x = torch.ones(2, 5, 3)
    assert run("PairwiseDistance", {"input1": x, "input2": x}, keepdim=True)["output"].shape == (2, 5, 1)
