"""Dropout and its relatives, stochastic depth and layer scale."""

from __future__ import annotations

import pytest
import torch

from core.kinds import LayerKind
from core.layers import catalogue, regularisation
from core.modules.layer_scale import LayerScale
from core.modules.stochastic_depth import StochasticDepth
from core.parameters import check_value, parameters_of
from tests.layers.agreement import agrees_for_all_dtypes_and_ranks, made, really, refusal, run

OWN = ("StochasticDepth", "LayerScale")
DROPOUTS = [pytest.param(kind, id=kind.id) for kind in regularisation.KINDS if kind.id not in OWN]


@pytest.mark.parametrize("kind", DROPOUTS)
def test_the_check_takes_the_dtypes_and_ranks_that_pytorch_takes(kind: LayerKind) -> None:
    assert agrees_for_all_dtypes_and_ranks(kind) >= 4


def test_the_catalogue_has_every_dropout_of_pytorch() -> None:
    assert set(torch.nn.modules.dropout.__all__) <= {kind.id for kind in catalogue}


@pytest.mark.parametrize("kind", ["Dropout", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout"])
def test_whole_numbers_can_only_be_kept_or_dropped_altogether(kind: str) -> None:
    x = {"input": torch.ones(2, 3, 4, 4, dtype=torch.int64)}
    assert "needs fractions (float32), not int64" in refusal(kind, x, p=0.5)
    for p in (0, 1):
        assert run(kind, x, p=p)["output"].dtype is torch.int64


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("Dropout1d", (40, 5, 6)),
        ("Dropout2d", (40, 5, 6, 6)),
        ("Dropout3d", (40, 5, 3, 3, 3)),
        ("FeatureAlphaDropout", (40, 5, 6)),
    ],
)
def test_channels_are_dropped_as_a_whole(kind: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    output = really(kind, {"input": torch.ones(shape)}, training=True)["output"].flatten(2)
    assert torch.equal(output, output[:, :, :1].expand_as(output))
    assert 0.3 < (output[:, :, 0] == output.min()).float().mean() < 0.7


@pytest.mark.parametrize("kind", [*(case.values[0].id for case in DROPOUTS), "StochasticDepth"])
def test_p_is_a_share(kind: str) -> None:
    p = next(each for each in parameters_of(catalogue[kind]) if each.name == "p")
    assert [check_value(p, value) == "" for value in (-0.1, 0, 0.5, 1, 1.1)] == [False, True, True, True, False]


# --- stochastic depth -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["row", "batch"])
@pytest.mark.parametrize("shape", [(2000,), (2000, 3), (2000, 2, 2, 2)])
def test_stochastic_depth_leaves_samples_out_and_keeps_the_mean(mode: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    layer = StochasticDepth(0.25, mode).train()
    samples = torch.stack([layer(torch.ones(shape)) for _ in range(200)]).reshape(200, 2000, -1)
    assert torch.equal(samples, samples[:, :, :1].expand_as(samples)), "a sample stays or goes as a whole"
    decisions = samples[:, :, 0]
    assert set(decisions.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert abs(decisions.mean() - 1) < (0.01 if mode == "row" else 0.1)
    together = (decisions == decisions[:, :1]).all(dim=1)
    assert together.all() if mode == "batch" else not together.any()


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_stochastic_depth_does_nothing_in_prediction_or_with_p_0(mode: str) -> None:
    x = torch.randn(5, 4)
    assert torch.equal(StochasticDepth(0.9, mode).eval()(x), x)
    assert torch.equal(StochasticDepth(0, mode).train()(x), x)


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_stochastic_depth_with_p_1_leaves_everything_out_and_gradients_stay_finite(mode: str) -> None:
    x = torch.randn(5, 4, requires_grad=True)
    output = StochasticDepth(1, mode).train()(x)
    output.sum().backward()
    assert torch.equal(output, torch.zeros(5, 4))
    assert x.grad is not None
    assert torch.equal(x.grad, torch.zeros(5, 4))


def test_stochastic_depth_takes_a_single_number_and_keeps_float64() -> None:
    for mode in ("row", "batch"):
        assert StochasticDepth(0.5, mode).train()(torch.tensor(2.0)).shape == ()
    assert StochasticDepth().train()(torch.ones(3, 2, dtype=torch.float64)).dtype is torch.float64


def test_stochastic_depth_refuses_what_is_no_probability_or_mode() -> None:
    with pytest.raises(ValueError, match=r"p must be from 0 to 1, not 1\.5"):
        StochasticDepth(1.5)
    with pytest.raises(ValueError, match="mode must be 'row' or 'batch', not 'col'"):
        StochasticDepth(0.1, "col")


def test_stochastic_depth_is_written_and_printed_by_its_class_name() -> None:
    written = made("StochasticDepth", {"input": torch.zeros(2, 3)}, p=0.2, mode="batch")
    assert written == 'self.n = StochasticDepth(p=0.2, mode="batch")'
    assert str(StochasticDepth(0.2, "batch")) == "StochasticDepth(p=0.2, mode='batch')"


# --- layer scale ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dim", "features"), [(-1, 5), (1, 3), (-3, 3), (2, 4)])
def test_layer_scale_has_a_factor_for_every_feature_along_a_dimension(dim: int, features: int) -> None:
    x = torch.randn(2, 3, 4, 5)
    written = made("LayerScale", {"input": x}, dim=dim, init=0.1)
    along = "" if dim == -1 else f", dim={dim}"
    assert written == f"self.n = LayerScale(features={features}, init=0.1{along})"
    torch.testing.assert_close(run("LayerScale", {"input": x}, dim=dim, init=0.1)["output"], 0.1 * x)


def test_layer_scale_learns_its_factors() -> None:
    layer = LayerScale(3, 1e-5, dim=1)
    layer(torch.ones(2, 3, 4)).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [8, 8, 8]
    assert str(layer) == "LayerScale(3, dim=1)"


def test_whole_channels_can_only_be_replaced_where_there_are_channels() -> None:
    x = {"input": torch.ones(5)}
    assert "it needs batch × channels at least" in refusal("FeatureAlphaDropout", x, p=0.5)
    for p in (0, 1):
        assert run("FeatureAlphaDropout", x, p=p)["output"].shape == (5,)


def test_layer_scale_says_which_dimensions_there_are() -> None:
    assert refusal("LayerScale", {"input": torch.zeros(2, 3)}, dim=2) == "axis"
