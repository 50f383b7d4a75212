"""The commonest mistakes: each is named in our own words, and every way out that is offered really is one.

Each mistake is made in the project's own graph, and again inside a group.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from core import trust
from core.graph.document import Document
from core.graph.project import End, Graph, Group, Node, Project, PythonLayer
from core.model.problems import Problem
from core.model.shapes import check
from tests.model.building import chain, given, layer, net


class Mistake(NamedTuple):
    """A project, what is said of it and the fixes that are offered (inside a group, where they differ)."""

    project: Project
    severity: str
    words: str
    labels: tuple[str, ...]
    inside: tuple[str, ...] = ()


def _pair(
    kind: str, one: tuple[Any, ...], two: tuple[Any, ...], ports: str = "inputs.0 inputs.1", **params: Any
) -> Project:
    first, second = ports.split()
    nodes = (given(*one, name="a"), given(*two, name="b"), layer("m", kind, **params))
    return net(nodes, f"a > m.{first}", f"b > m.{second}")


def _residual(**last: Any) -> Project:
    nodes = (
        given(16, 8, 8),
        layer("conv1", "Conv2d", out_channels=32, padding=1),
        layer("relu", "ReLU"),
        layer("conv2", "Conv2d", **{"out_channels": 32, "padding": 1, **last}),
        layer("add", "Add"),
    )
    return net(nodes, "x > conv1", "conv1 > relu", "relu > conv2", "conv2 > add.inputs.0", "x > add.inputs.1")


def _unet(**pool: Any) -> Project:
    nodes = (
        given(4, 9, 9),
        layer("down", "MaxPool2d"),
        layer("up", "Upsample"),
        layer("joined", "Concatenate"),
    )
    return net(nodes, "x > down", "down > up", "up > joined.inputs.0", "x > joined.inputs.1")


def _attention(width: int = 10, **params: Any) -> Project:
    nodes = (given("T", 6), layer("dense", "Linear", out_features=width), layer("att", "MultiheadAttention", **params))
    return net(nodes, "x > dense", "dense > att.query")


def _grouped(kind: str, channels: int, **params: Any) -> Project:
    conv = layer("conv", "Conv2d", out_channels=channels, padding=1)
    return chain(given(3, 8, 8), conv, layer("relu", "ReLU"), layer("n", kind, **params))


def _shared(first: tuple[Node, ...], kind: str, **params: Any) -> Project:
    nodes = (*first, layer("one", kind, **params), Node("two", kind, shares="one"))
    return chain(*nodes)


_SOURCE = """
import torch
from torch import nn


class Narrow(nn.Module):
    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)
"""


def _python() -> Project:
    trust.trust(_SOURCE)
    project = net((given(3, 8, 8), layer("own", "python:Narrow")), "x > own.x")
    return replace(project, code={"Narrow": PythonLayer("Narrow", _SOURCE)})


def _loose(*nodes: Node) -> Project:
    """The last node has no link; the others are a row."""
    row = chain(*nodes[:-1])
    placed = [replace(node, position=(0.0, 100.0 * index)) for index, node in enumerate(nodes)]
    return Project(graph=Graph({node.name: node for node in placed}, row.graph.links))


MISTAKES: dict[str, Mistake] = {
    # 1 the number of dimensions
    "conv on a flat vector": Mistake(
        chain(given(64), layer("conv", "Conv2d")),
        "error",
        "'conv' (Conv2d) needs 4 dimensions (N × channels × height × width), but 'x' gives 2: N × 64.",
        ("Insert Reshape to 1 × 8 × 8",),
    ),
    "conv after flatten": Mistake(
        chain(given(3, 8, 8), layer("flat", "Flatten"), layer("conv", "Conv2d")),
        "error",
        "but 'flat' gives 2: N × 192.",
        ("Remove flat", "Insert Reshape to 3 × 8 × 8"),
    ),
    "conv1d on a flat vector": Mistake(
        chain(given(64), layer("conv", "Conv1d")), "error", "needs 3 dimensions", ("Insert Reshape to 1 × 64",)
    ),
    "recurrence on a flat vector": Mistake(
        chain(given(12), layer("rnn", "GRU")), "error", "needs 3 dimensions", ("Insert Reshape to 12 × 1",)
    ),
    "attention on a feature map": Mistake(
        net((given(8, 4, 4), layer("att", "MultiheadAttention", num_heads=2)), "x > att.query"),
        "error",
        "needs 3 dimensions (N × time × features)",
        ("Insert Flatten and Transpose: a step for each position",),
    ),
    "twin": Mistake(
        chain(given(3, 8, 8), layer("conv", "Conv1d")), "error", "needs 3 dimensions", ("Change to Conv2d",)
    ),
    "linear after maps": Mistake(
        chain(given(3, 8, 8), layer("dense", "Linear")), "warning", "along the last dimension only", ("Insert Flatten",)
    ),
    # 2 channels
    "shared convolution of other channels": Mistake(
        _shared((given(3, 8, 8),), "Conv2d", out_channels=16, padding=1),
        "error",
        "which are made for N × 3 × 8 × 8; here arrives N × 16 × 8 × 8",
        ("Give it weights of its own", "Insert Conv2d 1×1 with 3 channels"),
    ),
    "python layer for other channels": Mistake(
        _python(),
        "error",
        "'own' (Narrow) was made for 8 channels, but 'x' gives 3: N × 3 × 8 × 8.",
        ("Set channels to 3", "Insert Conv2d 1×1 with 8 channels"),
    ),
    "groups of a convolution": Mistake(
        chain(given(4, 8, 8), layer("conv", "Conv2d", out_channels=8, groups=3)),
        "error",
        "groups of 'conv' must divide both the 4 channels",
        ("Set groups to 2", "Set groups to 4"),
    ),
    # 3 features
    "matrix product": Mistake(
        _pair("MatMul", (5, 10), (6, 10), "a b"),
        "error",
        "'a' gives N × 5 × 10 and 'b' gives N × 6 × 10",
        ("Insert Transpose of 'b'", "Insert Linear with 6 outputs after 'a'"),
    ),
    "matrices of other batches": Mistake(
        _pair("MatMul", (4, 5, 10), (3, 10, 5), "a b"),
        "error",
        "all dimensions before the last two must match: 'a' gives N × 4 × 5 × 10 but 'b' gives N × 3 × 10 × 5.",
        (),
    ),
    "bilinear": Mistake(
        _pair("Bilinear", (5, 10), (4, 10), "input1 input2"),
        "error",
        "all but the last dimension must match: 'a' gives N × 5 × 10 but 'b' gives N × 4 × 10.",
        (),
    ),
    "shared linear of other features": Mistake(
        _shared((given(4),), "Linear", out_features=7),
        "error",
        "made for N × 4; here arrives N × 7",
        ("Give it weights of its own", "Insert Linear with 4 outputs"),
    ),
    "queries and keys": Mistake(
        net(
            (given(5, 10, name="q"), given(5, 12, name="k"), layer("att", "ScaledDotProductAttention")),
            *("q > att.query", "k > att.key", "k > att.value"),
        ),
        "error",
        "both must be equally wide: 'q' gives N × 5 × 10 but 'k' gives N × 5 × 12",
        ("Insert Linear with 10 outputs after 'k'",),
    ),
    "keys and values": Mistake(
        net(
            (given(5, 8, name="q"), given(4, 8, name="k"), given(6, 8, name="v"), layer("att", "MultiheadAttention")),
            *("q > att.query", "k > att.key", "v > att.value"),
        ),
        "error",
        "one value for each key, so both must be equally long: 'k' gives N × 4 × 8 but 'v' gives N × 6 × 8",
        ("Link k.output to value",),
    ),
    # 4 heads
    "heads": Mistake(
        _attention(num_heads=4),
        "error",
        "num_heads of 'att' must divide the width of what arrives, because each head takes an equal part",
        (
            "Set num_heads to 2",
            "Set num_heads to 5",
            "Set out_features of dense to 8",
            "Set out_features of dense to 12",
        ),
    ),
    "heads of an encoder": Mistake(
        net((given(5, 10), layer("enc", "TransformerEncoderLayer", nhead=3)), "x > enc.src"),
        "error",
        "nhead of 'enc' must divide the width",
        ("Set nhead to 2", "Set nhead to 5"),
    ),
    # 5 kernels
    "kernel larger than its input": Mistake(
        chain(given(3, 4, 4), layer("conv", "Conv2d", kernel_size=7)),
        "error",
        "The window of 'conv' (kernel_size 7) is larger than what arrives: 'x' gives N × 3 × 4 × 4.",
        ("Set kernel_size to 4", "Set padding to 3"),
    ),
    "spread kernel": Mistake(
        chain(given(3, 6, 6), layer("conv", "Conv2d", kernel_size=5, dilation=2, padding=1)),
        "error",
        "spread by dilation 2) is larger than what arrives (padding included)",
        ("Set kernel_size to 4", "Set padding to 4"),
    ),
    # 6 nothing is left
    "one pooling too many": Mistake(
        chain(given(3, 2, 2), layer("pool1", "MaxPool2d"), layer("pool2", "MaxPool2d")),
        "error",
        "larger than what arrives: 'pool1' gives N × 3 × 1 × 1. Nothing is left to be summarised",
        ("Set kernel_size to 1", "Remove pool2"),
    ),
    "average pooling of a short signal": Mistake(
        chain(given(3, 2), layer("pool", "AvgPool1d", kernel_size=3)),
        "error",
        "'x' gives N × 3 × 2",
        ("Set kernel_size to 2", "Remove pool"),
    ),
    "cropped to nothing": Mistake(
        chain(given(3), layer("pad", "Pad", pad=(-2, -2))),
        "error",
        "Nothing would be left after 'pad'",
        ("Remove pad",),
    ),
    "shrunk to nothing": Mistake(
        chain(given(3, 2, 2), layer("small", "Interpolate", scale_factor=(0.1,))),
        "error",
        "Nothing would be left after 'small'",
        ("Remove small",),
    ),
    # 7 merges
    "residual of other channels": Mistake(
        _residual(),
        "error",
        "'add' (Add) works value by value, so its inputs must have the same shape: 'conv2' gives N × 32 × 8 × 8 but "
        "'x' gives N × 16 × 8 × 8.",
        ("Insert Conv2d 1×1 with 32 channels after 'x'", "Set out_channels of conv2 to 16"),
    ),
    "residual with a stride": Mistake(
        _residual(stride=2),
        "error",
        "'conv2' gives N × 32 × 4 × 4 but 'x' gives N × 16 × 8 × 8",
        ("Insert Conv2d 1×1 with 32 channels and stride 2 after 'x'",),
    ),
    "residual that lost its border": Mistake(
        _residual(out_channels=16, padding=0),
        "error",
        "'conv2' gives N × 16 × 6 × 6 but 'x' gives N × 16 × 8 × 8",
        ("Insert Pad that crops to 6 × 6 after 'x'", "Insert Interpolate to 8 × 8 after 'conv2'"),
    ),
    "vectors of other widths": Mistake(
        _pair("Subtract", (10,), (4,), "a b"),
        "error",
        "'a' gives N × 10 but 'b' gives N × 4",
        ("Insert Linear with 10 outputs after 'b'",),
    ),
    "skip connection of a u-net": Mistake(
        _unet(),
        "error",
        "joins along dimension 1; all other dimensions must be the same: 'up' gives N × 4 × 8 × 8 but 'x' gives",
        ("Insert Pad that crops to 8 × 8 after 'x'", "Insert Interpolate to 9 × 9 after 'up'"),
    ),
    "other axis": Mistake(_pair("Concatenate", (3, 8), (3, 5)), "error", "joins along dimension 1", ("Set dim to 2",)),
    "map and vector": Mistake(
        _pair("Concatenate", (3, 4, 4), (5,)), "error", "joins along dimension 1", ("Insert Flatten after 'a'",)
    ),
    "gate": Mistake(
        _pair("Multiply", (16, 8, 8), (16,)),
        "error",
        "'a' gives N × 16 × 8 × 8 but 'b' gives N × 16",
        ("Insert Reshape to 16 × 1 × 1 after 'b'",),
    ),
    "context for every step": Mistake(
        _pair("Add", ("T", 7), (7,)),
        "error",
        "'a' gives N × T × 7 but 'b' gives N × 7",
        ("Insert Unsqueeze to N × 1 × 7 after 'b'",),
    ),
    "stack": Mistake(
        _pair("Stack", (3, 8, 8), (5, 8, 8)),
        "error",
        "puts its inputs side by side, so they must have the same shape: 'a' gives N × 3 × 8 × 8 but 'b' gives",
        ("Insert Conv2d 1×1 with 3 channels after 'b'",),
    ),
    "where": Mistake(
        net(
            (given(5, name="a"), given(4, name="b"), layer("mask", "Compare"), layer("m", "Where")),
            *("a > mask.a", "mask > m.condition", "a > m.a", "b > m.b"),
        ),
        "error",
        "'a' gives N × 5 but 'b' gives N × 4",
        ("Insert Linear with 5 outputs after 'b'",),
    ),
    # 8 whole numbers and fractions
    "whole numbers into a linear layer": Mistake(
        chain(given(4, dtype="int64"), layer("dense", "Linear")),
        "error",
        "computes with fractions (float32), but 'x' gives whole numbers (int64)",
        ("Set dtype to float32",),
        ("Insert Cast to float32",),
    ),
    "fractions into an embedding": Mistake(
        chain(given(4), layer("relu", "ReLU"), layer("look", "Embedding")),
        "error",
        "looks up whole numbers (int64), such as category indices, but 'relu' gives float32",
        ("Insert Cast to int64",),
    ),
    "fractions into one-hot": Mistake(
        chain(given(4), layer("hot", "OneHot")),
        "error",
        "looks up whole numbers",
        ("Set dtype to int64",),
        ("Insert Cast to int64",),
    ),
    "a mask into a linear layer": Mistake(
        net((given(4), layer("mask", "Compare"), layer("dense", "Linear")), "x > mask.a", "mask > dense"),
        "error",
        "'mask' gives yes and no (bool). Put a Cast in between.",
        ("Insert Cast to float32",),
    ),
    "fractions where a mask is wanted": Mistake(
        _pair("Where", (4,), (4,), "condition a"),
        "error",
        "takes a mask of yes and no (bool) here, but 'a' gives float32",
        ("Insert Cast to bool",),
    ),
    # 12 one value against many
    "each sample with every other": Mistake(
        net(
            (given(1), layer("picked", "Select"), layer("error", "Subtract")),
            *("x > picked", "x > error.a", "picked > error.b"),
        ),
        "warning",
        "combines every sample with every other one: 'x' gives N × 1, 'picked' gives N.",
        ("Insert Squeeze after 'x'", "Insert Unsqueeze after 'picked'"),
    ),
    # 15 time first
    "time before batch": Mistake(
        chain(given("T", 4), layer("turned", "Transpose", dim0=0, dim1=1), layer("rnn", "LSTM")),
        "warning",
        "'rnn' (LSTM) takes the first dimension as the batch and the second as time, but 'turned' gives T × N × 4",
        ("Insert Transpose",),
    ),
    "final states as a sequence": Mistake(
        net((given("T", 4), layer("rnn", "GRU"), layer("rnn2", "GRU")), "x > rnn", "rnn.hidden > rnn2"),
        "warning",
        "'rnn.hidden' gives 1 × N × 64: it would mix the samples of a batch with each other",
        ("Insert Transpose",),
    ),
    "time first in attention": Mistake(
        net(
            (given("T", 8), layer("turned", "Transpose", dim0=0, dim1=1), layer("att", "MultiheadAttention")),
            *("x > turned", "turned > att.query"),
        ),
        "warning",
        "'turned' gives T × N × 8",
        ("Insert Transpose",),
    ),
    # 16 even kernels
    "even kernel that keeps the size": Mistake(
        chain(given(3, 8, 8), layer("conv", "Conv2d", kernel_size=(4, 3), padding="same")),
        "warning",
        "has an even kernel_size, so padding 'same' puts one zero more at the end than at the start",
        ("Set kernel_size to 5, 3", "Set kernel_size to 3"),
    ),
    # 17 free inputs
    "unlinked": Mistake(
        _loose(given(4), layer("dense", "Linear"), layer("free", "ReLU")),
        "error",
        "Nothing is linked to 'free'",
        ("Link to dense",),
    ),
    # 21 what must divide what
    "groups of a normalisation": Mistake(
        _grouped("GroupNorm", 10, num_groups=4),
        "error",
        "num_groups must divide the 10 channels that arrive, and 4 does not",
        (
            "Set num_groups to 2",
            "Set num_groups to 5",
            "Set out_channels of conv to 8",
            "Set out_channels of conv to 12",
        ),
    ),
    "channels to shuffle": Mistake(
        chain(given(10, 4, 4), layer("n", "ChannelShuffle", groups=4)),
        "error",
        "groups must divide the 10 channels that arrive: 4 does not.",
        ("Set groups to 2", "Set groups to 5"),
    ),
    "pixels to shuffle": Mistake(
        _grouped("PixelShuffle", 10),
        "error",
        "what arrives must have a multiple of 4 channels, not 10.",
        ("Set out_channels of conv to 8", "Set out_channels of conv to 12"),
    ),
    "pixels to shuffle without a convolution": Mistake(
        chain(given(18, 4, 4), layer("n", "PixelShuffle", upscale_factor=4)),
        "error",
        "a multiple of 16 channels, not 18.",
        ("Set upscale_factor to 3", "Insert Conv2d 1×1 with 32 channels"),
    ),
    "pixels to unshuffle": Mistake(
        chain(given(1, 9, 9), layer("n", "PixelUnshuffle", downscale_factor=4)),
        "error",
        "Height and width must be multiples of downscale_factor 4",
        ("Set downscale_factor to 3", "Set downscale_factor to 9"),
    ),
    "an odd number to halve": Mistake(
        chain(given(4), layer("dense", "Linear", out_features=7), layer("glu", "GLU")),
        "error",
        "multiplies one half of dimension 1 by the other, so its size must be even, not 7: 'dense' gives N × 7.",
        ("Set out_features of dense to 6", "Set out_features of dense to 8", "Insert Linear with 8 outputs"),
    ),
    # 22 loops
    "loop": Mistake(
        net((given(4), layer("a", "Add"), layer("b", "ReLU")), "x > a.inputs.0", "a > b", "b > a.inputs.1"),
        "error",
        "is a loop. A network runs from inputs to outputs",
        ("Disconnect a",),
    ),
}


def _in_a_group(project: Project) -> Project:
    """Return a project that uses the graph of another as a group: its Inputs are ports, its last node gives it all."""
    nodes, links = dict(project.graph.nodes), dict(project.graph.links)
    outside, into = dict[str, Node](), dict[End, End]()
    for node in project.graph.of_kind("Input"):
        outside[node.name] = node
        nodes[node.name] = Node(node.name, "Input", position=node.position)
        into[End("g", node.name)] = End(node.name, "output")
    group = Group("Inside", Graph(nodes, links))
    graph = Graph({**outside, "g": Node("g", "group:Inside")}, into)
    return replace(project, graph=graph, groups={"Inside": group})


def _said(project: Project, mistake: Mistake) -> list[Problem]:
    return [problem for problem in check(project).problems if mistake.words in problem.message]


@pytest.mark.parametrize("where", ["root", "group"])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_and_every_way_out_is_one(name: str, where: str) -> None:
    mistake = MISTAKES[name]
    project = mistake.project if where == "root" else _in_a_group(mistake.project)
    problems = _said(project, mistake)
    assert len(problems) == 1, [problem.message for problem in check(project).problems]
    (problem,) = problems
    assert problem.severity == mistake.severity
    assert problem.path == (() if where == "root" else ("g",))
    wanted = (mistake.inside or mistake.labels) if where == "group" else mistake.labels
    assert tuple(fix.label for fix in problem.fixes) == wanted
    before = check(project).problems
    for fix in problem.fixes:
        document = Document(project)
        document.apply(fix.edit)
        after = check(document.project).problems
        assert not _said(document.project, mistake), fix.label
        assert len([each for each in after if each.severity == "error"]) <= len(
            [each for each in before if each.severity == "error"]
        ) - (problem.severity == "error"), (fix.label, [each.message for each in after])
        document.undo()
        assert document.project == project


def test_tied_repetitions_that_need_different_weights_are_refused() -> None:
    inside = chain(Node("x", "Input"), layer("conv", "Conv2d", out_channels=8, padding=1), Node("y", "Output"))
    use = Node("row", "group:Row", repeat=3, tied=True)
    project = replace(net((given(3, 8, 8), use), "x > row.x"), groups={"Row": Group("Row", inside.graph)})
    (problem,) = check(project).problems
    assert "what arrives changes on the way, from N × 3 × 8 × 8 to N × 8 × 8 × 8" in problem.message
    document = Document(project)
    document.apply(problem.fixes[0].edit)
    assert check(document.project).ok
    document.undo()
    assert document.project == project
