"""Attention and transformers: what may be left free, masks, what cannot look ahead, positions, what is written."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from core.graph.project import Project
from core.layers import catalogue
from core.model.build import build
from core.model.cost import cost
from core.model.lines import by_port, call_line
from core.model.shapes import check
from core.modules.learned_positional_encoding import LearnedPositionalEncoding
from core.modules.positional_encoding import PositionalEncoding
from core.modules.rotary_embedding import RotaryEmbedding
from tests.layers.agreement import both, checked, line, made, refusal, run, values_of
from tests.model.building import chain, errors, given, layer, net, only, shape

QUERY = {"query": torch.randn(3, 5, 16)}
BOTH = {"tgt": torch.randn(3, 5, 16), "memory": torch.randn(3, 7, 16)}
PAIR = {"src": torch.randn(3, 7, 16), "tgt": torch.randn(3, 5, 16)}
SMALL: dict[str, Any] = {"nhead": 4, "dim_feedforward": 8}


def _one_output(kind_id: str, tensors: dict[str, str], **params: Any) -> str:
    kind = catalogue[kind_id]
    outputs = {"output": "y", "weights": "_"}
    return call_line(kind, "n", by_port(kind, tensors), outputs, values_of(kind, params))


# --- multi-head attention ---------------------------------------------------------------------------------------------


def test_keys_and_values_of_unequal_length_are_refused_before_pytorch_reads_beyond_the_shorter_one() -> None:
    tensors = {"query": torch.randn(2, 4, 5, 8), "key": torch.randn(2, 4, 7, 8), "value": torch.randn(2, 4, 5, 8)}
    (trouble,) = checked("ScaledDotProductAttention", tensors).troubles
    assert "key has 7 positions and value 5" in trouble.text
    assert checked("ScaledDotProductAttention", {**tensors, "value": torch.randn(2, 4, 7, 6)}).troubles == ()


def test_key_and_value_that_are_left_free_are_the_query_or_each_other() -> None:
    assert _one_output("MultiheadAttention", {"query": "q"}) == "y, _ = self.n(q, q, q, need_weights=False)"
    assert _one_output("MultiheadAttention", {"query": "q", "key": "k"}).startswith("y, _ = self.n(q, k, k,")
    assert _one_output("MultiheadAttention", {"query": "q", "value": "v"}).startswith("y, _ = self.n(q, v, v,")


def test_key_and_value_may_be_of_other_widths_and_lengths() -> None:
    tensors = {**QUERY, "key": torch.randn(3, 7, 6), "value": torch.randn(3, 7, 9)}
    found = run("MultiheadAttention", tensors)
    assert found["output"].shape == (3, 5, 16)
    assert found["weights"].shape == (3, 5, 7)
    assert torch.allclose(found["weights"].sum(-1), torch.ones(3, 5))
    assert "kdim=6, vdim=9" in made("MultiheadAttention", tensors)
    assert made("MultiheadAttention", QUERY) == (
        "self.n = nn.MultiheadAttention(embed_dim=16, num_heads=8, batch_first=True)"
    )


def test_the_weights_may_be_those_of_each_head() -> None:
    assert run("MultiheadAttention", QUERY, average_attn_weights=False)["weights"].shape == (3, 8, 5, 5)
    assert run("MultiheadAttention", {"query": torch.randn(5, 16)})["weights"].shape == (5, 5)
    assert run("MultiheadAttention", QUERY, add_bias_kv=True, add_zero_attn=True)["weights"].shape == (3, 5, 7)


def test_weights_that_nobody_reads_are_not_computed_and_those_that_are_read_are() -> None:
    nodes = (given("T", 16), layer("attention", "MultiheadAttention"), layer("y", "Output"), layer("z", "Output"))
    assert "need_weights=False" in build(net(nodes[:3], "x > attention.query", "attention > y")).source
    built = build(net(nodes, "x > attention.query", "attention > y", "attention.weights > z"))
    assert "attention, attention_weights = self.attention(x, x, x)" in built.source
    assert built.module(torch.randn(2, 6, 16))["z"].shape == (2, 6, 6)


def test_padding_is_not_attended_to() -> None:
    tensors = {**QUERY, "key_padding_mask": torch.tensor([[False] * 3 + [True] * 2] * 3)}
    assert run("MultiheadAttention", tensors)["weights"][..., 3:].abs().max() == 0


@pytest.mark.parametrize(
    ("port", "mask"),
    [
        ("attn_mask", torch.zeros(5, 5).bool()),
        ("attn_mask", torch.zeros(24, 5, 5)),
        ("attn_mask", torch.zeros(3, 5, 5)),
        ("attn_mask", torch.zeros(5, 4)),
        ("attn_mask", torch.zeros(5, 5).long()),
        ("key_padding_mask", torch.zeros(3, 5)),
        ("key_padding_mask", torch.zeros(3, 4).bool()),
        ("key_padding_mask", torch.zeros(3, 5).long()),
    ],
)
def test_masks_fit_where_they_fit_pytorch(port: str, mask: torch.Tensor) -> None:
    fits = mask.shape[-1] == 5 and mask.dtype != torch.int64 and mask.shape != (3, 5, 5)
    assert (both("MultiheadAttention", {**QUERY, port: mask}) is not None) == fits


def test_heads_that_do_not_divide_the_features_are_named() -> None:
    problem = only(net((given("T", 10), layer("a", "MultiheadAttention", num_heads=3)), "x > a.query"))
    assert problem.parameter == "num_heads"
    problem = only(net((given("T", 10), layer("a", "TransformerEncoder", nhead=3)), "x > a.src"))
    assert problem.parameter == "nhead"
    assert "nhead is 3" in problem.message


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bool])
def test_sequences_of_other_dtypes_are_refused(dtype: torch.dtype) -> None:
    assert refusal("MultiheadAttention", {"query": torch.zeros(3, 5, 16).to(dtype)})
    assert refusal("TransformerEncoder", {"src": torch.zeros(3, 5, 16).to(dtype)}, num_layers=1)


# --- nobody looks ahead -----------------------------------------------------------------------------------------------


def _causal_projects() -> Iterator[Any]:
    for kind, port, flag in (
        ("MultiheadAttention", "query", "is_causal"),
        ("TransformerEncoderLayer", "src", "is_causal"),
        ("TransformerEncoder", "src", "is_causal"),
        ("TransformerDecoderLayer", "tgt", "tgt_is_causal"),
        ("TransformerDecoder", "tgt", "tgt_is_causal"),
        ("Transformer", "tgt", "tgt_is_causal"),
    ):
        params: dict[str, Any] = {} if kind == "MultiheadAttention" else dict(SMALL)
        params |= {"num_layers": 2} if kind in ("TransformerEncoder", "TransformerDecoder") else {}
        params |= {"num_encoder_layers": 1, "num_decoder_layers": 2} if kind == "Transformer" else {}
        mask = {"MultiheadAttention": "attn_mask", "TransformerEncoder": "mask"}.get(kind, f"{port}_mask")
        other = {"TransformerDecoder": "memory", "TransformerDecoderLayer": "memory", "Transformer": "src"}.get(kind)
        links = [f"x > n.{port}", "n > y", *([f"m > n.{other}"] if other else [])]
        nodes = (given("T", 16), *([given("S", 16, name="m")] if other else []), layer("y", "Output"))
        with_flag = net((*nodes, layer("n", kind, **params, **{flag: True})), *links)
        masked = (*nodes, layer("n", kind, **params), layer("mask", "CausalMask"))
        with_mask = net(masked, *links, "x > mask.sequence", f"mask > n.{mask}")
        yield pytest.param(with_flag, bool(other), id=f"{kind}-{flag}")
        yield pytest.param(with_mask, bool(other), id=f"{kind}-{mask}")


@pytest.mark.parametrize(("project", "two"), list(_causal_projects()))
@pytest.mark.parametrize("training", [True, False])
def test_what_comes_later_changes_nothing_before_it(project: Project, two: bool, training: bool) -> None:
    assert check(project).problems == ()
    module = build(project).module.train(training)
    for part in module.modules():
        part.__dict__.update({"p": 0.0} if isinstance(part, nn.Dropout) else {})
        part.__dict__.update({"dropout": 0.0} if isinstance(part, nn.MultiheadAttention) else {})
    sequence, memory = torch.randn(2, 6, 16), torch.randn(2, 4, 16)
    changed = torch.cat([sequence[:, :4], torch.randn(2, 2, 16)], dim=1)
    with torch.no_grad():
        first, second = (module(**{"x": each, **({"m": memory} if two else {})}) for each in (sequence, changed))
    assert torch.allclose(first[:, :4], second[:, :4], atol=1e-5)
    assert not torch.allclose(first[:, 4:], second[:, 4:], atol=1e-2)


@pytest.mark.parametrize("kind", ["MultiheadAttention", "ScaledDotProductAttention"])
def test_a_mask_beside_the_causal_one_is_refused_with_both_ways_out(kind: str) -> None:
    tensors = {**QUERY, "key": QUERY["query"], "value": QUERY["query"], "attn_mask": torch.zeros(5, 5).bool()}
    text = checked(kind, tensors, is_causal=True).troubles[0].text
    assert "set is_causal to False, or remove the link to attn_mask" in text


def test_a_causal_mask_is_square_and_marks_what_is_later_or_what_is_allowed() -> None:
    sequence = {"sequence": torch.randn(2, 3, 4)}
    blocked = run("CausalMask", sequence)["output"]
    assert blocked.tolist() == [[False, True, True], [False, False, True], [False, False, False]]
    assert torch.equal(run("CausalMask", sequence, true_marks="allowed")["output"], ~blocked)
    assert run("CausalMask", sequence, dim=-1)["output"].shape == (4, 4)
    assert shape(net((given("T", 8), layer("m", "CausalMask")), "x > m.sequence"), "m") == ("T", "T")


# --- transformers -----------------------------------------------------------------------------------------------------


def test_stacks_are_written_with_the_layer_that_they_repeat() -> None:
    encoder = made("TransformerEncoder", {"src": torch.randn(2, 5, 16)}, num_layers=2, norm_first=True, final_norm=True)
    assert encoder == (
        "self.n = nn.TransformerEncoder(nn.TransformerEncoderLayer(d_model=16, nhead=8, norm_first=True, "
        "batch_first=True), num_layers=2, norm=nn.LayerNorm(16), enable_nested_tensor=False)"
    )
    decoder = made("TransformerDecoder", BOTH, activation="gelu", bias=False, final_norm=True, layer_norm_eps=1e-6)
    assert decoder == (
        'self.n = nn.TransformerDecoder(nn.TransformerDecoderLayer(d_model=16, nhead=8, activation="gelu", '
        "layer_norm_eps=1e-06, bias=False, batch_first=True), num_layers=6, "
        "norm=nn.LayerNorm(16, eps=1e-06, bias=False))"
    )
    assert made("Transformer", PAIR, nhead=2, num_decoder_layers=1) == (
        "self.n = nn.Transformer(d_model=16, nhead=2, num_decoder_layers=1, batch_first=True)"
    )
    assert made("TransformerEncoderLayer", {"src": torch.randn(2, 5, 16)}) == (
        "self.n = nn.TransformerEncoderLayer(d_model=16, nhead=8, batch_first=True)"
    )


def test_masks_are_written_by_name_and_not_compared_with_a_causal_one_at_every_call() -> None:
    masks = {"src": "x", "mask": "m", "src_key_padding_mask": "p"}
    assert line("TransformerEncoder", masks) == "y = self.n(x, mask=m, src_key_padding_mask=p, is_causal=False)"
    layers = {"src": "x", "src_mask": "m"}
    assert line("TransformerEncoderLayer", layers) == "y = self.n(x, src_mask=m)"
    causal = "torch.ones(t.shape[-2], t.shape[-2], dtype=torch.bool, device=t.device).triu(1)"
    assert line("Transformer", {"src": "s", "tgt": "t"}, tgt_is_causal=True) == (
        f"y = self.n(s, t, tgt_mask={causal}, tgt_is_causal=True)"
    )


def test_a_deep_stack_is_checked_like_a_shallow_one_and_costs_its_full_depth() -> None:
    def project(depth: int) -> Project:
        return net((given("T", 16), layer("n", "TransformerEncoder", num_layers=depth, **SMALL)), "x > n.src")

    one, many = project(1), project(9)
    assert shape(many, "n") == shape(one, "n") == ("N", "T", 16)
    assert cost(many, check(many)).parameters == 9 * cost(one, check(one)).parameters
    wrong = net((given("T", 15), layer("n", "TransformerEncoder", num_layers=9, **SMALL)), "x > n.src")
    assert only(wrong).parameter == "nhead"


@pytest.mark.parametrize("params", [{"norm_first": True}, {"nhead": 1}, {"bias": False}])
def test_nothing_is_said_of_pytorchs_own_speed(params: dict[str, Any]) -> None:
    nodes = (given("S", 16, name="s"), given("T", 16), layer("n", "Transformer", **params))
    assert check(net(nodes, "s > n.src", "x > n.tgt")).problems == ()


def test_the_check_of_a_transformer_leaves_the_random_numbers_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    checked("Transformer", PAIR, dropout=0.3)
    checked("MultiheadAttention", QUERY, dropout=0.3)
    assert torch.equal(torch.get_rng_state(), before)


def test_padding_of_the_source_reaches_encoder_and_decoder_in_training_and_in_prediction() -> None:
    nodes = (
        given("S", 16, name="s"),
        given(1, name="n", dtype="int64"),
        given("T", 16),
        layer("mask", "MaskFromLengths"),
    )
    links = ("n > mask.lengths", "s > mask.sequence", "s > model.src", "x > model.tgt", "model > y")
    both_masks = ("mask > model.src_key_padding_mask", "mask > model.memory_key_padding_mask")
    model = layer("model", "Transformer", num_encoder_layers=1, num_decoder_layers=1, dropout=0.0, **SMALL)
    project = net((*nodes, model, layer("y", "Output")), *links, *both_masks)
    assert check(project).problems == ()
    module = build(project).module
    source, target, lengths = torch.randn(2, 6, 16), torch.randn(2, 5, 16), torch.tensor([[4], [6]])
    longer = torch.cat([source[:1], source[1:]])
    longer[0, 4:] = 7.0
    for training in (True, False):
        module.train(training)
        first, second = (module(n=lengths, s=each, x=target) for each in (source, longer))
        assert torch.allclose(first, second, atol=1e-5)


def _random_transformers() -> Iterator[tuple[str, dict[str, torch.Tensor], dict[str, Any]]]:
    chosen = random.Random(2)
    kinds = {
        "TransformerEncoderLayer": ("src", "", "src_mask", "src_key_padding_mask"),
        "TransformerEncoder": ("src", "", "mask", "src_key_padding_mask"),
        "TransformerDecoder": ("tgt", "memory", "tgt_mask", "tgt_key_padding_mask"),
        "Transformer": ("tgt", "src", "tgt_mask", "tgt_key_padding_mask"),
        "MultiheadAttention": ("query", "key", "attn_mask", "key_padding_mask"),
    }
    for number in range(100):
        kind = list(kinds)[number % len(kinds)]
        sequence, other, mask, padding = kinds[kind]
        batch, length, width = chosen.choice(((3,), (3,), ())), chosen.choice((1, 5)), chosen.choice((8, 8, 12, 6))
        heads = "num_heads" if kind == "MultiheadAttention" else "nhead"
        params = {heads: chosen.choice((1, 2, 4)), "bias": chosen.random() < 0.7}
        params |= {"num_layers": 2} if kind in ("TransformerEncoder", "TransformerDecoder") else {}
        tensors = {sequence: torch.randn(*batch, length, width)}
        if other:
            tensors[other] = torch.randn(*batch, length, width if chosen.random() < 0.8 else 8)
        if chosen.random() < 0.5:
            tensors[mask] = torch.zeros(length, length if chosen.random() < 0.8 else 2).bool()
        if chosen.random() < 0.5:
            tensors[padding] = torch.zeros(*batch, length if chosen.random() < 0.8 else 2).bool()
        yield kind, tensors, params


def test_random_transformers_and_masks_fit_exactly_where_they_fit_pytorch() -> None:
    outcomes = [both(kind, tensors, **params) is not None for kind, tensors, params in _random_transformers()]
    assert 20 < sum(outcomes) < 90


# --- attention without weights ----------------------------------------------------------------------------------------


def test_scaled_dot_product_attention_is_its_formula() -> None:
    query, key, value = torch.randn(2, 4, 5, 8), torch.randn(2, 4, 7, 8), torch.randn(2, 4, 7, 6)
    found = run("ScaledDotProductAttention", {"query": query, "key": key, "value": value})["output"]
    expected = (query @ key.mT / 8**0.5).softmax(-1) @ value
    assert torch.allclose(found, expected, atol=1e-5)


def test_scaled_dot_product_attention_writes_only_what_is_set() -> None:
    inputs = {"query": "q", "key": "k", "value": "v"}
    assert line("ScaledDotProductAttention", inputs) == "y = F.scaled_dot_product_attention(q, k, v)"
    written = line("ScaledDotProductAttention", {**inputs, "attn_mask": "m"}, scale=0.5, enable_gqa=True)
    assert written == "y = F.scaled_dot_product_attention(q, k, v, attn_mask=m, scale=0.5, enable_gqa=True)"


@pytest.mark.parametrize(
    ("query", "key", "mask", "params"),
    [
        ((2, 4, 5, 8), (2, 2, 7, 8), None, {"enable_gqa": True}),
        ((2, 4, 5, 8), (2, 2, 7, 8), None, {}),
        ((2, 4, 5, 8), (2, 3, 7, 8), None, {"enable_gqa": True}),
        ((2, 5, 8), (2, 7, 8), (5, 7), {}),
        ((2, 5, 8), (2, 7, 8), (2, 1, 7), {}),
        ((2, 5, 8), (2, 7, 8), (4, 2, 5, 7), {}),
        ((2, 5, 8), (2, 7, 8), (5, 6), {}),
        ((2, 4, 1, 8), (2, 4, 7, 8), (2, 4, 3, 7), {}),
        ((2, 4, 5, 8), (2, 4, 7, 8), (7,), {}),
        ((5, 8), (7, 8), (5, 7), {}),
        ((2, 5, 8), (2, 7, 6), None, {}),
        ((2, 5, 8), (2, 7, 8), None, {"is_causal": True, "scale": 2.0}),
    ],
)
def test_scaled_dot_product_attention_fits_where_it_fits_pytorch(
    query: tuple[int, ...], key: tuple[int, ...], mask: tuple[int, ...] | None, params: dict[str, Any]
) -> None:
    tensors = {"query": torch.randn(query), "key": torch.randn(key), "value": torch.randn(key)}
    for dtype in (torch.bool, torch.float32, torch.float64, torch.int64):
        both(
            "ScaledDotProductAttention",
            {**tensors, **({"attn_mask": torch.ones(mask).to(dtype)} if mask else {})},
            **params,
        )
    assert refusal("ScaledDotProductAttention", {**tensors, "key": tensors["key"].double()}, **params)


# --- positions --------------------------------------------------------------------------------------------------------


def test_the_sinusoidal_positions_are_those_of_the_paper() -> None:
    found = PositionalEncoding()(torch.zeros(1, 50, 6))[0]
    for time in (0, 1, 7, 49):
        for pair in range(3):
            angle = torch.tensor(time / 10000 ** (2 * pair / 6))
            expected = torch.stack([angle.sin(), angle.cos()])
            assert torch.allclose(found[time, 2 * pair : 2 * pair + 2], expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["PositionalEncoding", "LearnedPositionalEncoding", "RotaryEmbedding"])
def test_positions_keep_shape_dtype_and_an_open_length(kind: str) -> None:
    for dtype in (torch.float32, torch.float16):
        both(kind, {"input": torch.randn(2, 5, 8).to(dtype)})
    assert run(kind, {"input": torch.randn(5, 8)})["output"].shape == (5, 8)
    project = chain(given("T", 8), layer("n", kind), layer("y", "Output"))
    assert shape(project, "n") == ("N", "T", 8)
    module = build(project).module
    assert [module(torch.randn(2, length, 8)).shape[1] for length in (1, 3, 300)] == [1, 3, 300]


def test_an_odd_number_of_features_gets_sinusoidal_but_no_rotary_positions() -> None:
    assert run("PositionalEncoding", {"input": torch.randn(2, 5, 7)})["output"].shape == (2, 5, 7)
    text = checked("RotaryEmbedding", {"input": torch.randn(2, 5, 7)}).troubles[0].text
    assert "must be even: 7 arrive" in text


def test_learned_positions_are_added_and_their_number_limits_the_length() -> None:
    module = LearnedPositionalEncoding(embed_dim=4, max_length=6)
    assert torch.equal(module(torch.zeros(2, 5, 4))[1], module.positions.weight[:5])
    problem = only(chain(given(7, 4), layer("n", "LearnedPositionalEncoding", max_length=6)))
    assert "max_length is 6, but a sequence of 7 steps arrives" in problem.message
    assert refusal("LearnedPositionalEncoding", {"input": torch.randn(2, 7, 4)}, max_length=6)
    assert not errors(chain(given("T", 4), layer("n", "LearnedPositionalEncoding", max_length=6)))


def test_turned_queries_and_keys_agree_by_their_distance_alone() -> None:
    module = RotaryEmbedding()
    query, key = (module(torch.randn(8).expand(1, 12, 8))[0] for _ in range(2))
    scores = query @ key.T
    for distance in (-3, 0, 4):
        diagonal = scores.diagonal(distance)
        assert torch.allclose(diagonal, diagonal[0].expand_as(diagonal), atol=1e-4)
    assert torch.allclose(query.norm(dim=-1), query[0].norm().expand(12), atol=1e-5)
