"""Convolutions, and the blocks of Fold and Unfold."""

from __future__ import annotations

import pytest
import torch

from core.layers import catalogue
from core.model.lines import call_line, constructor
from core.model.probe import run_layer
from core.model.shapes import check, forget
from core.model.specs import Dim, TensorSpec
from core.parameters import resolve
from tests.model.building import chain, errors, given, layer, only, shape


def message(*nodes: object) -> str:
    """Return the only error of a row of nodes."""
    (problem,) = errors(chain(*nodes))  # type: ignore[arg-type]
    return problem.message


@pytest.mark.parametrize(("sizes", "kind"), [((4, 9), "Conv1d"), ((4, 9, 9), "Conv2d"), ((4, 9, 9, 9), "Conv3d")])
def test_channels_follow_from_what_arrives_with_or_without_a_batch(sizes: tuple[int, ...], kind: str) -> None:
    values, _ = resolve(catalogue[kind], {"out_channels": 6}, {})
    dims = tuple(Dim(size, size) for size in sizes)
    for spec in (TensorSpec("float32", dims), TensorSpec("float32", (Dim(53, 59, "N"), *dims))):
        outcome = run_layer(catalogue[kind], values, {"input": spec}, ())
        assert outcome.derived == {"in_channels": 4}
        assert outcome.outputs["output"].shape == (*spec.shape[: -len(sizes)], 6, *(size - 2 for size in sizes[1:]))


@pytest.mark.parametrize("name", ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose3d"])
@pytest.mark.parametrize("params", [{"dilation": 0}, {"padding": -1}, {"stride": 0}, {"groups": 0}])
def test_numbers_that_pytorchs_dry_run_lets_pass_are_refused(name: str, params: dict[str, int]) -> None:
    _, problems = resolve(catalogue[name], params, {})
    assert [problem.name for problem in problems] == list(params)


def test_an_activation_is_written_around_the_call() -> None:
    kind = catalogue["Conv3d"]
    values, _ = resolve(kind, {"activation": "relu", "padding": "same"}, {})
    arguments = {**values, "in_channels": 2}

    written = constructor(kind, arguments)
    line = call_line(kind, "conv1", {"input": ("x",)}, {"output": "conv1"}, arguments)

    assert written == 'nn.Conv3d(in_channels=2, out_channels=32, kernel_size=3, padding="same")'
    assert line == "conv1 = F.relu(self.conv1(x))"


def test_an_even_kernel_that_keeps_the_size_is_warned_of_each_time() -> None:
    project = chain(given(3, 8, 8), layer("conv1", "Conv2d", kernel_size=4, padding="same"))
    for _ in range(2):
        forget()
        problem = only(project)
        assert (problem.severity, problem.parameter) == ("warning", "kernel_size")
        assert "one zero more at the end than at the start" in problem.message
    assert shape(project, "conv1") == ("N", 32, 8, 8)


@pytest.mark.parametrize("params", [{"kernel_size": 3}, {"dilation": 2}, {"padding_mode": "reflect"}])
def test_a_kernel_that_pads_alike_on_both_sides_is_not_warned_of(params: dict[str, object]) -> None:
    settings = {"kernel_size": 4, "padding": "same", **params}
    assert check(chain(given(3, 8, 8), layer("conv1", "Conv2d", **settings))).problems == ()


def test_output_padding_settles_the_size_of_a_transposed_convolution() -> None:
    for extra, length in ((0, 13), (1, 14)):
        node = layer("up", "ConvTranspose1d", kernel_size=3, padding=1, output_padding=extra)
        assert shape(chain(given(4, 7), node), "up") == ("N", 32, length)


def test_fold_puts_back_what_unfold_cut_up() -> None:
    project = chain(
        given(3, 8, 6),
        layer("cut", "Unfold", kernel_size=2, stride=2),
        layer("join", "Fold", output_size=(8, 6), kernel_size=2, stride=2),
    )
    image = torch.randn(2, 3, 8, 6)
    report = check(project)

    assert report.nodes["cut"].outputs["output"].shape == ("N", 12, 12)
    assert report.nodes["join"].outputs["output"].shape == ("N", 3, 8, 6)
    cut, join = (
        eval(constructor(catalogue[name], report.nodes[node].arguments), {"nn": torch.nn})
        for name, node in (("Unfold", "cut"), ("Fold", "join"))
    )
    assert torch.equal(join(cut(image)), image)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((11, 49), r"the rows that arrive (11) must be a multiple of 4"),
        ((12, 50), r"made of 7 × 7 = 49 blocks"),
    ],
)
def test_fold_says_which_blocks_it_needs(sizes: tuple[int, int], said: str) -> None:
    assert said in message(given(*sizes), layer("join", "Fold"))


def test_unfold_and_fold_say_that_a_block_is_too_large() -> None:
    assert "A block is larger than the image" in message(given(3, 8, 8), layer("cut", "Unfold", kernel_size=9))
    assert "A block does not fit into output_size" in message(given(81, 1), layer("join", "Fold", kernel_size=9))
