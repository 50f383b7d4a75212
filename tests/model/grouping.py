"""Words in which projects with groups are written, and small versions of well-known networks in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.graph.project import Group, GroupParameter, Node, Project
from tests.model.building import given, layer, net


def group(name: str, nodes: tuple[Node, ...], *links: str, **own: int | float) -> Group:
    """Return a group with parameters of these defaults."""
    parameters = tuple(GroupParameter(each, default) for each, default in own.items())
    return Group(name, net(nodes, *links).graph, parameters)


def use(name: str, kind: str, repeat: int | str = 1, tied: bool = False, **params: Any) -> Node:
    """Return a node that uses a group."""
    return Node(name, f"group:{kind}", params, repeat=repeat, tied=tied)


def project(groups: tuple[Group, ...], nodes: tuple[Node, ...], *links: str, **parts: Any) -> Project:
    """Return a project with groups."""
    return replace(net(nodes, *links), groups={each.name: each for each in groups}, **parts)


def out(name: str = "y") -> Node:
    """Return an Output."""
    return Node(name, "Output")


def port(name: str = "x") -> Node:
    """Return an Input of a group."""
    return Node(name, "Input")


BLOCK = group(
    "BasicBlock",
    (
        port(),
        layer("conv1", "Conv2d", out_channels="channels", stride="stride", padding=1, bias=False),
        layer("norm1", "BatchNorm2d"),
        layer("relu1", "ReLU"),
        layer("conv2", "Conv2d", out_channels="channels", padding=1, bias=False),
        layer("norm2", "BatchNorm2d"),
        layer("shortcut", "Conv2d", out_channels="channels", kernel_size=1, stride="stride", bias=False),
        layer("add1", "Add"),
        layer("relu2", "ReLU"),
        out(),
    ),
    *("x > conv1", "conv1 > norm1", "norm1 > relu1", "relu1 > conv2", "conv2 > norm2", "x > shortcut"),
    *("norm2 > add1.inputs.0", "shortcut > add1.inputs.1", "add1 > relu2", "relu2 > y"),
    channels=64,
    stride=1,
)


def residual_stages() -> Project:
    """Two stages of residual blocks, of which the first block of the second one differs from the others."""
    return project(
        (BLOCK,),
        (
            given(3, 16, 16, name="image"),
            layer("stem", "Conv2d", out_channels=8, padding=1),
            use("layer1", "BasicBlock", 2, channels=8),
            use("down", "BasicBlock", channels=16, stride=2),
            use("layer2", "BasicBlock", 3, channels=16),
            layer("pool", "AdaptiveAvgPool2d", output_size=1),
            layer("flat", "Flatten"),
            layer("head", "Linear", out_features=4),
            out("kind"),
        ),
        *("image > stem", "stem > layer1.x", "layer1.y > down.x", "down.y > layer2.x", "layer2.y > pool"),
        *("pool > flat", "flat > head", "head > kind"),
    )


def uneven_row() -> Project:
    """A row of blocks whose first widens what arrives."""
    return project(
        (BLOCK,),
        (given(3, 8, 8), use("layer1", "BasicBlock", 4, channels=16), out("z")),
        *("x > layer1.x", "layer1.y > z"),
    )


DENSE_LAYER = group(
    "DenseLayer",
    (
        port(),
        layer("norm1", "BatchNorm2d"),
        layer("relu1", "ReLU"),
        layer("conv1", "Conv2d", out_channels="4*growth", kernel_size=1),
        layer("conv2", "Conv2d", out_channels="growth", padding=1),
        layer("joined", "Concatenate"),
        out(),
    ),
    *("x > norm1", "norm1 > relu1", "relu1 > conv1", "conv1 > conv2"),
    *("x > joined.inputs.0", "conv2 > joined.inputs.1", "joined > y"),
    growth=32,
)


def dense_block() -> Project:
    """A dense block in which every layer sees more channels than the one before."""
    return project(
        (DENSE_LAYER,),
        (
            given(3, 8, 8),
            layer("stem", "Conv2d", out_channels=12, padding=1),
            use("dense", "DenseLayer", 6, growth=4),
            layer("last", "Conv2d", out_channels=2),
            out("z"),
        ),
        *("x > stem", "stem > dense.x", "dense.y > last", "last > z"),
    )


def dense_net() -> Project:
    """Dense blocks of different length, each a group that repeats another, told apart by parameters."""
    block = group(
        "DenseBlock",
        (port(), use("layers", "DenseLayer", "depth", growth="rate"), out()),
        *("x > layers.x", "layers.y > y"),
        depth=2,
        rate=4,
    )
    return project(
        (DENSE_LAYER, block),
        (
            given(3, 8, 8),
            use("block1", "DenseBlock", depth=3, rate="growth"),
            layer("shrink", "Conv2d", out_channels=8, kernel_size=1),
            use("block2", "DenseBlock", depth=4, rate="growth"),
            out("z"),
        ),
        *("x > block1.x", "block1.y > shrink", "shrink > block2.x", "block2.y > z"),
        variables={"growth": 4},
    )


def inception() -> Project:
    """Parallel branches, joined, in two widths."""
    block = group(
        "Inception",
        (
            port(),
            layer("a", "Conv2d", out_channels="c1", kernel_size=1),
            layer("b1", "Conv2d", out_channels="c3/2", kernel_size=1),
            layer("b2", "Conv2d", out_channels="c3", padding=1),
            layer("pool", "MaxPool2d", kernel_size=3, stride=1, padding=1),
            layer("c", "Conv2d", out_channels=4, kernel_size=1),
            layer("joined", "Concatenate"),
            layer("norm", "BatchNorm2d"),
            out(),
        ),
        *("x > a", "x > b1", "b1 > b2", "x > pool", "pool > c", "a > joined.inputs.0", "b2 > joined.inputs.1"),
        *("c > joined.inputs.2", "joined > norm", "norm > y"),
        c1=8,
        c3=8,
    )
    return project(
        (block,),
        (given(3, 8, 8), use("one", "Inception", c1=4, c3=6), use("two", "Inception", c3=12), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > z"),
    )


def unet() -> Project:
    """A small U-Net: the way up joins what came down."""
    double = group(
        "DoubleConv",
        (
            port(),
            layer("conv1", "Conv2d", out_channels="channels", padding=1, activation="relu"),
            layer("conv2", "Conv2d", out_channels="channels", padding=1, activation="relu"),
            out(),
        ),
        *("x > conv1", "conv1 > conv2", "conv2 > y"),
        channels=8,
    )
    up = group(
        "Up",
        (
            port(),
            port("skip"),
            layer("upconv", "ConvTranspose2d", out_channels="channels"),
            layer("joined", "Concatenate"),
            use("convs", "DoubleConv", channels="channels"),
            out(),
        ),
        *("x > upconv", "skip > joined.inputs.0", "upconv > joined.inputs.1", "joined > convs.x", "convs.y > y"),
        channels=8,
    )
    return project(
        (double, up),
        (
            given(1, 16, 16),
            use("down1", "DoubleConv", channels=4),
            layer("pool1", "MaxPool2d", kernel_size=2),
            use("down2", "DoubleConv", channels=8),
            layer("pool2", "MaxPool2d", kernel_size=2),
            use("bottom", "DoubleConv", channels=16),
            use("up2", "Up", channels=8),
            use("up1", "Up", channels=4),
            layer("head", "Conv2d", out_channels=2, kernel_size=1),
            out("mask"),
        ),
        *("x > down1.x", "down1.y > pool1", "pool1 > down2.x", "down2.y > pool2", "pool2 > bottom.x"),
        *("bottom.y > up2.x", "down2.y > up2.skip", "up2.y > up1.x", "down1.y > up1.skip", "up1.y > head"),
        "head > mask",
    )


def siamese() -> Project:
    """Two pictures through one encoder."""
    encoder = group(
        "Encoder",
        (
            port(),
            layer("fc1", "Linear", out_features=8, activation="relu"),
            layer("fc2", "Linear", out_features=4),
            out(),
        ),
        *("x > fc1", "fc1 > fc2", "fc2 > y"),
    )
    return project(
        (encoder,),
        (
            given(6, name="left"),
            given(6, name="right"),
            use("encoder", "Encoder"),
            Node("again", "group:Encoder", shares="encoder"),
            layer("distance", "Subtract"),
            layer("head", "Linear", out_features=1),
            out("alike"),
        ),
        *("left > encoder.x", "right > again.x", "encoder.y > distance.a", "again.y > distance.b"),
        *("distance > head", "head > alike"),
    )


def nested() -> Project:
    """Groups in groups, parameters passed down, a variable that becomes a constant."""
    stage = group(
        "Stage",
        (
            port(),
            use("first", "BasicBlock", channels="2*width", stride="stride"),
            use("rest", "BasicBlock", "depth", channels="2*width"),
            out(),
        ),
        *("x > first.x", "first.y > rest.x", "rest.y > y"),
        width=4,
        depth=2,
        stride=1,
    )
    return project(
        (BLOCK, stage),
        (
            given(3, 8, 8),
            use("stage1", "Stage", width="base", depth=2),
            use("stage2", "Stage", width="2*base", depth=1, stride=2),
            layer("pool", "AdaptiveAvgPool2d", output_size=1),
            layer("flat", "Flatten"),
            layer("fc", "Linear", out_features="base"),
            out("z"),
        ),
        *("x > stage1.x", "stage1.y > stage2.x", "stage2.y > pool", "pool > flat", "flat > fc", "fc > z"),
        variables={"base": 4, "unused": 7},
    )
