"""Histograms count every value once, at its place, and those of different ranges can be laid on one axis."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.training.diagnostics.histograms import BINS, histogram, values_of, widened
from tests.training.building import digits
from tests.training.diagnostics.watching import watched


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 0.7, 40.0, 1e12])
def test_counts_are_those_of_numpy_over_a_range_that_fits(scale: float) -> None:
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(1)) * scale
    counts, reach = histogram(values)
    assert math.log2(reach).is_integer()
    assert 4 <= reach / float(values.square().mean().sqrt()) <= 8
    edges = np.linspace(-reach, reach, BINS + 1)
    assert counts.sum() == len(values)
    assert np.abs(counts.astype(int) - np.histogram(values.numpy().clip(-reach, reach), edges)[0]).sum() <= 2


def test_what_lies_beyond_is_counted_at_the_ends_and_what_is_not_finite_nowhere() -> None:
    values = torch.cat([torch.ones(1000), torch.tensor([1e3, -1e3, math.nan, math.inf, -math.inf])])
    counts, _reach = histogram(values)
    assert counts.sum() == 1002
    assert (counts[0], counts[-1]) == (1, 1)


def test_a_tensor_of_zeros_has_one_full_bin() -> None:
    counts, reach = histogram(torch.zeros(50))
    assert (counts[BINS // 2], reach) == (50, 1.0)


def test_a_wider_range_merges_bins_without_error() -> None:
    values = torch.randn(5000, generator=torch.Generator().manual_seed(2)) * 0.1
    counts, reach = histogram(values)
    for wider in (reach, reach * 2, reach * 16):
        direct = torch.histc(values.clamp(-reach, reach), BINS, -wider, wider).long().numpy()
        assert np.array_equal(widened(counts, reach, wider), direct)
    with pytest.raises(ValueError, match="cut"):
        widened(counts, reach, reach / 2)


def test_a_large_tensor_is_counted_by_evenly_spaced_values() -> None:
    values = values_of([torch.arange(1_000_000.0)])
    assert 16_000 <= len(values) <= 16_400
    assert len(set(values.diff().tolist())) == 1


def test_the_histogram_of_a_node_is_that_of_its_weights_and_gradients() -> None:
    run = watched(digits(), 2, pinned=("conv1",))
    conv = run.session.network.module.get_submodule("conv1")
    weights = list(conv.parameters())
    for kind, tensors in (("weights", weights), ("gradients", [each.grad for each in weights])):
        found = run.pictures()["conv1", kind]
        values = torch.cat([each.detach().flatten() for each in tensors if each is not None])
        counts, reach = histogram(values)
        assert np.array_equal(found.values, counts)
        assert (found.low, found.high) == (-reach, reach)
