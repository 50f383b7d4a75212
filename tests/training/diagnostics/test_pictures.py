"""Pictures show what the network makes of the chosen sample."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.errors import TrainingError
from core.graph.project import Node
from core.training.diagnostics.pictures import SIDE, Picture, event_of, filters_of, map_of, picture_of
from core.training.events import event_from_json
from tests.training.building import digits
from tests.training.diagnostics.watching import Watched, attentive, encoder, grouped, sequence, watched


def _values(picture: Picture) -> np.ndarray:
    """Return a picture's values, to half a grey level."""
    return picture.low + picture.values.astype(float) * (picture.high - picture.low) / 255


def _close(picture: Picture, part: np.ndarray, wanted: Tensor) -> bool:
    return bool(np.abs(part - wanted.numpy()).max() <= (picture.high - picture.low) / 255 * 0.51)


def _sample(run: Watched, index: int) -> list[Tensor]:
    assert run.session.validation is not None
    return run.session.validation.take(torch.tensor([index])).inputs


def test_a_feature_map_is_that_of_the_chosen_sample_in_evaluation() -> None:
    run = watched(digits(), 2, pinned=("conv1", "norm", "head"))
    assert run.observer is not None
    run.observer.set_sample(7)
    run.observer.obey("pin", '["conv1", "norm", "head"]')
    module = run.session.network.module.eval()
    with torch.no_grad():
        conv = module.get_submodule("conv1")(*_sample(run, 7))
        norm = module.get_submodule("norm")(conv)
        head = module(*_sample(run, 7))
    pictures = run.pictures()
    for name, wanted in (("conv1", conv), ("norm", norm)):
        picture = pictures[name, "map"]
        assert picture.values.shape == (35, 35)  # 16 channels of 8 by 8, a line between
        for channel in range(16):
            top, left = channel // 4 * 9, channel % 4 * 9
            assert _close(picture, _values(picture)[top : top + 8, left : left + 8], wanted[0, channel])
    assert _close(pictures["head", "map"], _values(pictures["head", "map"]), head)


def test_filters_are_tiles_and_in_colour_where_they_read_colours() -> None:
    run = watched(digits(), 1)
    weight = run.session.network.module.get_parameter("conv1.weight").detach()
    picture = run.pictures()["conv1", "filters"]  # the first convolution is pinned at the start
    assert picture.values.shape == (15, 15)
    assert _close(picture, _values(picture)[4:7, 8:11], weight[6, 0])
    coloured = filters_of("conv", torch.randn(5, 3, 7, 7))
    assert coloured.values.shape == (15, 23, 3)


@pytest.mark.parametrize(
    ("shape", "channels_first", "pixels"),
    [
        ((10,), False, (1, 10)),
        ((200,), False, (3, 96)),
        ((100_000,), False, (96, 96)),
        ((20, 8), False, (8, 20)),
        ((8, 20), True, (8, 20)),
        ((500, 300), False, (96, 96)),
        ((3, 224, 224), True, (95, 95)),
        ((1000, 7, 7), True, (63, 63)),
        ((4, 9, 30, 30), True, (61, 61)),
        ((), False, (1, 1)),
    ],
)
def test_every_shape_becomes_a_small_picture(
    shape: tuple[int, ...], channels_first: bool, pixels: tuple[int, int]
) -> None:
    picture = map_of("node", torch.randn(shape), channels_first=channels_first)
    assert picture.values.shape == pixels
    assert max(pixels) <= SIDE
    assert picture.values.dtype == np.uint8


def test_values_that_are_not_finite_do_not_spoil_the_rest() -> None:
    picture = map_of("node", torch.tensor([0.0, float("nan"), 2.0, float("inf"), 1.0]), channels_first=False)
    assert picture.values.tolist() == [[0, 0, 255, 0, 128]]
    assert (picture.low, picture.high) == (0, 2)


def test_a_sequence_is_a_heat_map_with_time_across() -> None:
    run = watched(sequence(Node("lstm", "LSTM", {"hidden_size": 12})), 1, pinned=("lstm",))
    module = run.session.network.module.eval()
    with torch.no_grad():
        wanted = module.get_submodule("lstm")(_sample(run, 0)[0].squeeze(1))[0][0]
    picture = run.pictures()["lstm", "map"]
    assert picture.values.shape == (12, 8)
    assert _close(picture, _values(picture), wanted.T)


@pytest.mark.parametrize("inside", [False, True])
def test_attention_is_how_much_each_query_took_of_each_key(inside: bool) -> None:
    run = watched(encoder() if inside else attentive(), 1, pinned=("attention",))
    module = run.session.network.module.eval()
    attention = module.get_submodule("attention.self_attn" if inside else "attention")
    assert isinstance(attention, nn.MultiheadAttention)
    rows = _sample(run, 0)[0].squeeze(1)
    with torch.no_grad():
        wanted = attention(rows, rows, rows, average_attn_weights=False)[1][0]
    picture = run.pictures()["attention", "attention"]
    assert picture.values.shape == (8, 17)  # two heads of 8 by 8
    assert _close(picture, _values(picture)[:, :8], wanted[0])
    assert _close(picture, _values(picture)[:, 9:], wanted[1])


def test_pictures_survive_json() -> None:
    for values in (np.arange(64, dtype=np.uint16) * 1000, np.arange(12, dtype=np.uint8).reshape(3, 4)):
        event = event_of(Picture("conv1", "weights", values, -0.5, 0.5), 3, 1)
        again = event_from_json(json.loads(json.dumps(event.to_json(), allow_nan=False)))
        assert again == event
        found = picture_of(event)
        assert np.array_equal(found.values, values)
        assert (found.node, found.kind, found.low, found.high) == ("conv1", "weights", -0.5, 0.5)


def test_what_cannot_be_pinned_is_said() -> None:
    observer = watched(digits(), 1).observer
    assert observer is not None
    with pytest.raises(TrainingError, match="no node 'nowhere'"):
        observer.set_pinned(["nowhere"])
    with pytest.raises(TrainingError, match="no sample 5000 in the validation part"):
        observer.set_sample(5000)


def test_more_than_sixteen_nodes_are_not_watched_at_once() -> None:
    observer = watched(grouped(repeat=6), 1).observer
    assert observer is not None
    with pytest.raises(TrainingError, match="at most 16"):
        observer.set_pinned(observer.paths[:17])
    observer.set_pinned(observer.paths[:16])
    assert observer.pinned == observer.paths[:16]
