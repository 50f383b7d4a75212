"""Normalisation layers: what they bring to mean 0 and variance 1, and what they refuse."""

from __future__ import annotations

import pytest
import torch

from core.kinds import LayerKind
from core.layers import catalogue, normalisation
from tests.layers.agreement import agrees_for_all_dtypes_and_ranks, made, really, refusal, run

F64 = torch.float64


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.id) for kind in normalisation.KINDS])
def test_the_check_takes_the_dtypes_and_ranks_that_pytorch_takes(kind: LayerKind) -> None:
    assert agrees_for_all_dtypes_and_ranks(kind) >= 1


def test_the_catalogue_has_every_normalisation_of_pytorch() -> None:
    names = {*torch.nn.modules.normalization.__all__, *torch.nn.modules.batchnorm.__all__}
    names |= set(torch.nn.modules.instancenorm.__all__)
    public = {name for name in names if not name.startswith("Lazy")}
    assert public <= {kind.id for kind in catalogue}


STANDARDISED = [
    ("BatchNorm1d", (8, 3, 5), (0, 2)),
    ("BatchNorm2d", (4, 3, 5, 5), (0, 2, 3)),
    ("BatchNorm3d", (4, 3, 5, 2, 5), (0, 2, 3, 4)),
    ("SyncBatchNorm", (4, 3, 5, 5), (0, 2, 3)),
    ("InstanceNorm1d", (4, 3, 50), (2,)),
    ("InstanceNorm1d", (3, 50), (1,)),
    ("InstanceNorm2d", (4, 3, 6, 6), (2, 3)),
    ("InstanceNorm2d", (3, 6, 6), (1, 2)),
    ("InstanceNorm3d", (4, 3, 4, 4, 4), (2, 3, 4)),
    ("LayerNorm", (4, 50), (1,)),
    ("GroupNorm", (4, 3, 5, 5), (1, 2, 3)),
]


@pytest.mark.parametrize(("kind", "shape", "axes"), STANDARDISED)
def test_while_training_values_come_out_with_mean_0_and_variance_1(
    kind: str, shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    x = torch.randn(shape) * 5 + 3
    run(kind, {"input": x})
    output = really(kind, {"input": x}, training=True)["output"]
    torch.testing.assert_close(output.mean(dim=axes), torch.zeros_like(output.mean(dim=axes)), atol=1e-4, rtol=0)
    variance = output.var(dim=axes, correction=0)
    torch.testing.assert_close(variance, torch.ones_like(variance), atol=1e-2, rtol=0)


def test_rms_norm_divides_by_the_root_mean_square() -> None:
    x = torch.randn(3, 4, 5)
    output = run("RMSNorm", {"input": x}, trailing_dims=2)["output"]
    torch.testing.assert_close(output, x / x.square().mean(dim=(1, 2), keepdim=True).sqrt())


@pytest.mark.parametrize("kind", ["LocalResponseNorm", "CrossMapLRN2d"])
def test_local_response_norm_computes_what_its_formula_says(kind: str) -> None:
    x = torch.randn(2, 4, 3, 3)
    squares = torch.nn.functional.pad(x.square(), (0, 0, 0, 0, 1, 1))
    total = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    if kind == "CrossMapLRN2d":  # PyTorch never takes the first channel out of the running sum
        total[:, 2:] += squares[:, 1:2]
    output = run(kind, {"input": x}, size=3, alpha=0.6, beta=0.5, k=2)["output"]
    torch.testing.assert_close(output, x / (2 + 0.6 / 3 * total) ** 0.5)


def test_group_norm_names_the_numbers_of_groups_that_fit() -> None:
    words = refusal("GroupNorm", {"input": torch.zeros(2, 6, 4)}, num_groups=4)
    assert words == "num_groups must divide the 6 channels that arrive, and 4 does not: use one of 1, 2, 3, 6."
    assert made("GroupNorm", {"input": torch.zeros(2, 6)}, num_groups=3) == (
        "self.n = nn.GroupNorm(num_groups=3, num_channels=6)"
    )


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("BatchNorm1d", (1, 4)),
        ("BatchNorm2d", (1, 4, 1, 1)),
        ("SyncBatchNorm", (1, 4)),
        ("InstanceNorm1d", (4, 3, 1)),
        ("InstanceNorm2d", (3, 1, 1)),
    ],
)
@pytest.mark.parametrize("track", [True, False])
def test_a_single_value_cannot_be_standardised_while_training(kind: str, shape: tuple[int, ...], track: bool) -> None:
    words = refusal(kind, {"input": torch.zeros(shape)}, track_running_stats=track)
    assert "holds a single value" in words


@pytest.mark.parametrize("kind", ["BatchNorm1d", "SyncBatchNorm"])
def test_an_average_over_all_batches_is_not_refused(kind: str) -> None:
    run(kind, {"input": torch.randn(6, 3)}, momentum=None)


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("BatchNorm1d", {"affine": False, "track_running_stats": False}),
        ("InstanceNorm1d", {"track_running_stats": True}),
        ("GroupNorm", {"affine": False}),
        ("LayerNorm", {"elementwise_affine": False}),
        ("RMSNorm", {}),
    ],
)
def test_float64_is_refused_only_beside_weights(kind: str, params: dict[str, bool]) -> None:
    x = torch.randn(4, 6, 5, dtype=F64)
    assert run(kind, {"input": x}, **params)["output"].dtype is F64
    if kind != "RMSNorm":
        affine = {"elementwise_affine" if kind == "LayerNorm" else "affine": True}
        assert "weights are float32, but float64 arrives" in refusal(kind, {"input": x}, **{**params, **affine})


def test_the_shift_can_be_left_out() -> None:
    x = torch.zeros(2, 3, 4)
    assert made("BatchNorm1d", {"input": x}, bias=False) == "self.n = nn.BatchNorm1d(num_features=3, bias=False)"
    assert made("LayerNorm", {"input": x}, bias=False) == "self.n = nn.LayerNorm(normalized_shape=(4,), bias=False)"


@pytest.mark.parametrize("kind", ["LayerNorm", "RMSNorm"])
def test_a_tensor_without_a_batch_can_be_normalised_as_a_whole(kind: str) -> None:
    x = {"input": torch.randn(3, 4)}
    assert run(kind, x, trailing_dims=2)["output"].shape == (3, 4)
    assert refusal(kind, x, trailing_dims=3).startswith("trailing_dims must be at most 2 for an input of 2 dimensions")
