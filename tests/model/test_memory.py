"""Training memory, held against what autograd really keeps of the built network."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.graph.project import Group, GroupParameter, Node, Project, TrainingSettings
from core.model.build import build
from core.model.cost import cost
from core.model.memory import MemoryReport, training_memory
from core.model.shapes import check
from core.training.budget import budget, states_per_weight
from tests.model.building import chain, given, layer, net
from tests.model.grouping import group, out, port, project, use

_BATCH = 8


def _report(made: Project, states: int = 2) -> MemoryReport:
    shapes = check(made)
    assert shapes.ok, [problem.sentence for problem in shapes.problems]
    return training_memory(made, shapes, cost(made, shapes), states)


def _kept(made: Project, *shape: int) -> int:
    """Run the built network in training mode; return the bytes that backward needs besides weights and buffers."""
    module = build(made).module.train()
    saved: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda each: each):
        module(torch.randn(_BATCH, *shape))
    own = {each.untyped_storage().data_ptr() for each in (*module.parameters(), *module.buffers())}
    return sum(each.untyped_storage().nbytes() for storage, each in saved.items() if storage not in own)


def _convolutional(**of_first: object) -> Project:
    nodes = (
        given(3, 16, 16),
        layer("conv", "Conv2d", out_channels=8, padding=1, **of_first),
        layer("norm", "BatchNorm2d"),
        layer("relu", "ReLU"),
        layer("skip", "Conv2d", out_channels=8, kernel_size=1),
        layer("add", "Add"),
        layer("pool", "MaxPool2d"),
        layer("flat", "Flatten"),
        layer("drop", "Dropout"),
        layer("fc", "Linear", out_features=10),
        layer("probabilities", "Softmax"),
        layer("y", "Output"),
    )
    links = "x > conv|conv > norm|norm > relu|x > skip|relu > add.inputs.0|skip > add.inputs.1|add > pool|pool > flat"
    rest = "|flat > drop|drop > fc|fc > probabilities|probabilities > y"
    return net(nodes, *(links + rest).split("|"))


def _repeated(tied: bool) -> Project:
    inside = chain(
        layer("a", "Input"), layer("fc", "Linear", out_features="width"), layer("act", "GELU"), layer("b", "Output")
    )
    block = Group("Block", inside.graph, (GroupParameter("width", 4),))
    blocks = Node("blocks", "group:Block", {"width": 32}, repeat=3, tied=tied)
    nodes = (given(32), blocks, layer("head", "Linear", out_features=2), layer("y", "Output"))
    return net(nodes, "x > blocks.a", "blocks.b > head", "head > y", groups={"Block": block})


@pytest.mark.parametrize(
    ("made", "shape"),
    [(_convolutional(), (3, 16, 16)), (_repeated(False), (32,)), (_repeated(True), (32,))],
    ids=["convolutional", "repeated", "tied"],
)
def test_what_backward_needs_is_what_autograd_keeps(made: Project, shape: tuple[int, ...]) -> None:
    assert _report(made).per_sample * _BATCH == pytest.approx(_kept(made, *shape), rel=0.01)


def test_frozen_layers_need_no_gradients_and_keep_less() -> None:
    free, frozen = _report(_convolutional()), _report(_convolutional(frozen=True))
    assert frozen.gradients < free.gradients
    assert frozen.optimizer == 2 * frozen.gradients
    assert frozen.weights == free.weights


def test_every_byte_belongs_to_the_node_that_made_it() -> None:
    report = _report(_convolutional())
    assert report.nodes["conv",] == 8 * 16 * 16 * 4  # the norm needs it
    assert ("flat",) not in report.nodes  # a view of the pool's output
    assert report.per_sample == pytest.approx(sum(report.nodes.values()))
    assert ("blocks", "fc") in _report(_repeated(False)).nodes


def test_the_largest_batch_just_fits() -> None:
    report = _report(_convolutional())
    memory = 64 * 2**20
    batch = report.largest_batch(memory)
    assert report.at(batch) <= memory
    assert report.at(round(batch * 1.2)) > memory
    assert report.largest_batch(report.fixed // 2) == 0


@pytest.mark.parametrize(
    ("optimizer", "options", "states"), [("Adam", {}, 2), ("SGD", {}, 0), ("SGD", {"momentum": 0.9}, 1)]
)
def test_the_optimizers_state_is_counted(optimizer: str, options: dict[str, float], states: int) -> None:
    assert states_per_weight(TrainingSettings(optimizer, optimizer_options=options)) == states


def test_the_budget_is_for_the_chosen_batch_on_the_chosen_device() -> None:
    made = replace(_convolutional(), training=TrainingSettings(batch_size=64, device="cpu"))
    shapes = check(made)
    found = budget(made, shapes, cost(made, shapes))
    assert found.device == "cpu"
    assert found.needed == found.memory.at(64)
    assert found.fits
    assert found.largest_batch is not None
    assert found.largest_batch > 64


def test_an_empty_network_fits() -> None:
    empty = Project()
    shapes = check(empty)
    found = budget(empty, shapes, cost(empty, shapes))
    assert found.fits
    assert found.largest_batch is None


def test_a_frozen_group_keeps_as_little_as_its_layers_frozen_one_by_one() -> None:
    def made(**of_group: object) -> Project:
        block = group(
            "Block",
            (port(), layer("conv", "Conv2d", out_channels=4, padding=1), layer("pool", "MaxPool2d"), out()),
            *("x > conv", "conv > pool", "pool > y"),
        )
        nodes = (given(3, 8, 8), use("block", "Block", **of_group), layer("last", "Conv2d", out_channels=2), out("z"))
        return project((block,), nodes, "x > block.x", "block.y > last", "last > z")

    frozen, free = made(frozen=True), made()
    assert round(_report(frozen).per_sample) * _BATCH == _kept(frozen, 3, 8, 8)
    assert _report(frozen).per_sample < _report(free).per_sample
