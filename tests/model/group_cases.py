"""Projects with groups, each the smallest that shows one thing; with the networks of ``grouping`` in one table."""

from __future__ import annotations

from dataclasses import replace

from core.graph.project import Node, Project, PythonLayer
from tests.model.building import given, layer
from tests.model.grouping import (
    BLOCK,
    dense_block,
    dense_net,
    group,
    inception,
    nested,
    out,
    port,
    project,
    residual_stages,
    siamese,
    unet,
    uneven_row,
    use,
)


def two_streams(tied: bool = False) -> Project:
    """A repeated group with two inputs that take turns, and one that stays."""
    exchange = group(
        "Exchange",
        (
            port("a"),
            port("b"),
            port("mask"),
            layer("fc1", "Linear", out_features="width"),
            layer("fc2", "Linear", out_features="width"),
            layer("gate", "Multiply"),
            layer("sum", "Add"),
            out("u"),
            out("v"),
        ),
        *("a > fc1", "b > fc2", "fc1 > gate.inputs.0", "mask > gate.inputs.1", "gate > u"),
        *("fc1 > sum.inputs.0", "fc2 > sum.inputs.1", "sum > v"),
        width=5,
    )
    return project(
        (exchange,),
        (
            given(5, name="p"),
            given(5, name="q"),
            given(5, name="weight"),
            use("steps", "Exchange", 3, tied, width=5),
            out("z"),
        ),
        *("p > steps.a", "q > steps.b", "weight > steps.mask", "steps.v > z"),
    )


def tied_repeat() -> Project:
    """One set of weights, applied again and again."""
    block = group(
        "Refine", (port(), layer("fc", "Linear", out_features=6, activation="tanh"), out()), "x > fc", "fc > y"
    )
    return project(
        (block,),
        (given(6), use("refine", "Refine", 3, True), out("z")),
        *("x > refine.x", "refine.y > z"),
    )


def with_options() -> Project:
    """Initialisers, penalties and constraints, in a group and beside it."""
    block = group(
        "Head",
        (
            port(),
            layer("fc", "Linear", out_features="width", weight_init="he_normal", bias_init="zeros", l2=0.01),
            layer("fc2", "Linear", out_features=3, weight_init="normal", weight_init_value="spread", l1="decay"),
            out(),
        ),
        *("x > fc", "fc > fc2", "fc2 > y"),
        width=4,
        spread=0.1,
        decay=0.001,
    )
    return project(
        (block,),
        (
            given("T", 4),
            layer("lstm", "LSTM", hidden_size=6, weight_init="orthogonal", bias_init="constant", bias_init_value=1.0),
            layer("last", "LastStep"),
            layer("fc", "Linear", out_features=6, weight_constraint="max_norm", max_norm_value=1.0, l1=0.5),
            layer("fc3", "Linear", out_features=6, weight_constraint="unit_norm", weight_init="identity"),
            use("heads", "Head", 1, width=4, decay=0.5),
            use("more", "Head", 2, width=8),
            out("z"),
        ),
        *("x > lstm", "lstm > last", "last > fc", "fc > fc3", "fc3 > heads.x", "heads.y > more.x", "more.y > z"),
    )


def frozen() -> Project:
    """A frozen group and a frozen layer before a head."""
    return project(
        (BLOCK,),
        (
            given(3, 8, 8),
            use("backbone", "BasicBlock", 2, channels=4, frozen=True),
            layer("norm", "BatchNorm2d", frozen=True),
            layer("conv", "Conv2d", out_channels=2),
            out("z"),
        ),
        *("x > backbone.x", "backbone.y > norm", "norm > conv", "conv > z"),
    )


SWISH = '''"""Swish with a slope of its own."""

import math

import torch
from torch import nn


class Swish(nn.Module):
    """x times the sigmoid of beta x."""

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(beta * math.cos(0.0)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.beta * x)
'''


def python_layer() -> Project:
    """A Python layer, inside a group and beside it."""
    block = group(
        "Bend",
        (port(), layer("fc", "Linear", out_features="width"), Node("swish", "python:Swish"), out()),
        *("x > fc", "fc > swish.x", "swish > y"),
        width=3,
    )
    return replace(
        project(
            (block,),
            (given(5), use("bend1", "Bend", width=4), use("bend2", "Bend"), Node("swish", "python:Swish"), out("z")),
            *("x > bend1.x", "bend1.y > bend2.x", "bend2.y > swish.x", "swish > z"),
        ),
        code={"Swish": PythonLayer("Swish", SWISH)},
    )


def variadic_outputs() -> Project:
    """Parts whose number is a parameter of the group: the uses need different lines."""
    parts = group(
        "Halves",
        (
            port(),
            layer("parts", "Chunk", chunks=2),
            layer("fc", "Linear", out_features="width"),
            layer("both", "Concatenate"),
            out(),
        ),
        *("x > parts", "parts.outputs.0 > fc", "fc > both.inputs.0", "parts.outputs.1 > both.inputs.1", "both > y"),
        width=2,
    )
    return project(
        (parts,),
        (given(8), use("one", "Halves", width=6), use("two", "Halves", width=3), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > z"),
    )


def optional_inputs() -> Project:
    """Attention in a group: the mask stays free."""
    block = group(
        "Attend",
        (
            port(),
            layer("attention", "MultiheadAttention", num_heads="heads"),
            layer("add", "Add"),
            layer("norm", "LayerNorm"),
            out(),
        ),
        *("x > attention.query", "x > attention.key", "x > attention.value", "x > add.inputs.0"),
        *("attention > add.inputs.1", "add > norm", "norm > y"),
        heads=2,
    )
    return project(
        (block,),
        (
            given("T", 8),
            use("blocks", "Attend", 2, heads=4),
            layer("wide", "Linear", out_features=12),
            use("last", "Attend", heads=3),
            layer("end", "LastStep"),
            out("z"),
        ),
        *("x > blocks.x", "blocks.y > wide", "wide > last.x", "last.y > end", "end > z"),
    )


def free_values() -> Project:
    """A learned token and a constant inside a group, their sizes expressions."""
    block = group(
        "Shift",
        (
            port(),
            layer("shift", "FreeParameter", shape=("width",)),
            layer("scale", "Constant", values=(2.0,)),
            layer("sum", "Add"),
            layer("scaled", "Multiply"),
            layer("widen", "Linear", out_features="2*width"),
            out(),
        ),
        *("x > sum.inputs.0", "shift > sum.inputs.1", "sum > scaled.inputs.0", "scale > scaled.inputs.1"),
        *("scaled > widen", "widen > y"),
        width=3,
    )
    return project(
        (block,),
        (given(3), use("one", "Shift"), use("two", "Shift", width=6), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > z"),
    )


def switched_off() -> Project:
    """A bypassed layer, a muted branch, and a branch that reaches no output, inside a group."""
    base = group(
        "Branches",
        (
            port(),
            layer("fc1", "Linear", out_features="width"),
            replace(layer("drop", "Dropout"), mode="bypass"),
            replace(layer("fc2", "Linear", out_features=7), mode="mute"),
            layer("both", "Concatenate"),
            layer("lost", "ReLU"),
            out(),
        ),
        *("x > fc1", "fc1 > drop", "x > fc2", "drop > both.inputs.0", "fc2 > both.inputs.1", "x > lost", "both > y"),
        width=3,
    )
    return project(
        (base,),
        (given(4), use("one", "Branches", width=5), use("two", "Branches"), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > z"),
    )


def reshaping() -> Project:
    """Parameters in the lines of ``forward``: they are kept as attributes."""
    block = group(
        "Fold",
        (port(), layer("fold", "Reshape", shape=("rows", "columns * 2")), layer("flat", "Flatten"), out()),
        *("x > fold", "fold > flat", "flat > y"),
        rows=2,
        columns=3,
    )
    return project(
        (block,),
        (given(12), use("one", "Fold"), use("two", "Fold", rows=3, columns=2), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > z"),
    )


def uneven_parts() -> Project:
    """A group that splits into as many parts as a parameter says: no single class could write that line."""
    parts = group(
        "Parts",
        (port(), layer("parts", "Chunk", chunks="count"), layer("fc", "Linear", out_features=4), out()),
        *("x > parts", "parts.outputs.0 > fc", "fc > y"),
        count=2,
    )
    return project(
        (parts,),
        (given(8), use("one", "Parts"), use("two", "Parts", count=4), use("three", "Parts", count=4), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > three.x", "three.y > z"),
    )


def tied_streams() -> Project:
    """A tied group with two inputs that take turns."""
    return two_streams(tied=True)


def own_module() -> Project:
    """A module that PyTorch lacks, whose source is copied, in a row whose widths grow."""
    block = group(
        "Branch",
        (port(), layer("fc", "Linear", out_features="width"), layer("scale", "LayerScale"), layer("sum", "Add"), out()),
        *("x > fc", "fc > scale", "scale > sum.inputs.0", "fc > sum.inputs.1", "sum > y"),
        width=3,
    )
    return project(
        (block,),
        (given(5), use("one", "Branch", width=4), use("two", "Branch", "depth", width="n/2"), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > z"),
        variables={"n": 8, "depth": 2},
    )


PROJECTS = {
    function.__name__: function
    for function in (
        residual_stages,
        uneven_row,
        dense_block,
        dense_net,
        inception,
        unet,
        siamese,
        two_streams,
        tied_repeat,
        nested,
        with_options,
        frozen,
        python_layer,
        variadic_outputs,
        optional_inputs,
        free_values,
        switched_off,
        reshaping,
        uneven_parts,
        tied_streams,
        own_module,
    )
}
