"""Networks of PyTorch come in as they are: layers, wiring, sharing, settings and weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from core.errors import ImportFailed, ModelError
from core.graph.project import End
from core.graph.python_layer import python_kind, source_problems
from core.importers import Imported
from core.importers._draft import Draft
from core.importers._opaque import opaque
from core.importers._verify import built, verified
from core.importers.pytorch import module_to_draft
from core.model.build import build
from core.model.shapes import check
from tests.importers import networks

_IMAGE = ((3, 32, 32),)
_GREY = ((1, 32, 32),)
CLASSIC: dict[str, tuple[Callable[[], nn.Module], tuple[tuple[int, ...], ...], tuple[str, ...]]] = {
    "LeNet": (networks.LeNet, _GREY, ()),
    "AlexNet": (networks.AlexNet, _IMAGE, ()),
    "VGG-11": (networks.vgg11, _IMAGE, ()),
    "ResNet-18": (networks.ResNet18, _IMAGE, ()),
    "DenseNet": (networks.DenseNet, ((3, 16, 16),), ()),
    "MobileNetV2": (networks.MobileNetV2, _IMAGE, ()),
    "SqueezeNet": (networks.SqueezeNet, _IMAGE, ()),
    "GoogLeNet": (networks.GoogLeNet, _IMAGE, ()),
    "U-Net": (networks.UNet, ((1, 18, 18),), ()),
    "LSTM": (networks.LSTMClassifier, ((5,),), ("int64",)),
    "vision transformer": (networks.VisionTransformer, _IMAGE, ()),
    "siamese": (networks.Siamese, ((5,), (5,)), ()),
}


def made(name: str) -> tuple[nn.Module, Imported]:
    """Make a network and import it."""
    factory, shapes, dtypes = CLASSIC[name]
    torch.manual_seed(0)
    module = factory()
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            nn.init.uniform_(each.running_mean)
            nn.init.uniform_(each.running_var, 0.5, 1.5)
    return module, module_to_draft(module, shapes, dtypes)


def kinds(imported: Imported, group: str = "") -> Counter[str]:
    """Count the layers by kind, those inside groups as often as they are used."""
    graph = imported.project.groups[group].graph if group else imported.project.graph
    found: Counter[str] = Counter()
    for node in graph.nodes.values():
        if node.group and not node.shares:
            assert isinstance(node.repeat, int)
            found += Counter({kind: count * node.repeat for kind, count in kinds(imported, node.group).items()})
        elif node.kind not in ("Input", "Output") and not node.group and not node.shares:
            found[node.kind] += 1
    return found


@pytest.mark.parametrize("name", CLASSIC)
def test_a_classic_network_has_the_same_layers_weights_and_outputs(name: str) -> None:
    module, imported = made(name)
    assert not imported.opaque
    notes = [note for note in imported.notes if not note.startswith("While training, the source does more")]
    assert all("aux.weight, aux.bias" in note for note in notes)
    assert len(notes) == (name == "GoogLeNet")
    state = module.state_dict()
    unused = {key for key in state if key.startswith("aux.")}  # GoogLeNet's second head is not there for prediction
    assert {imported.names[key]: tensor.shape for key, tensor in imported.weights.items()} == {
        key: tensor.shape for key, tensor in state.items() if key not in unused
    }
    assert all(torch.equal(tensor, state[imported.names[key]]) for key, tensor in imported.weights.items())
    leaves = Counter(
        type(each).__name__
        for path, each in module.named_modules()
        if each.state_dict() and not list(each.children()) and not path.startswith(("aux", "encoder"))
    )
    assert leaves.items() <= kinds(imported).items()
    network, inputs, outputs = built(imported)
    batch = [
        torch.randint(0, 20, (4, *shape)) if CLASSIC[name][2] else torch.randn(4, *shape) for shape in CLASSIC[name][1]
    ]
    with torch.no_grad():
        wanted, found = module.eval()(*batch), network(*batch)
    pairs = [(wanted[key], found[key]) for key in outputs] if isinstance(wanted, dict) else [(wanted, found)]
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in pairs)
    assert len(inputs) == len(batch)


def test_names_are_those_of_the_source() -> None:
    _module, imported = made("ResNet-18")
    assert imported.names["layer2_0.conv1.weight"] == "layer2.0.conv1.weight"
    assert imported.names["layer2_0.downsample_1.running_var"] == "layer2.0.downsample.1.running_var"
    assert list(imported.weights)[:2] == ["conv1.weight", "bn1.weight"]


def test_blocks_of_one_class_become_uses_of_one_group_that_differ_in_its_parameter() -> None:
    _module, imported = made("ResNet-18")
    nodes = imported.project.graph.nodes
    assert [node.group for node in nodes.values() if node.group] == [
        "BasicBlock", *("BasicBlock2", "BasicBlock") * 3,
    ]  # fmt: skip
    assert nodes["layer4_1"].params == {"out_channels": 64}
    assert (nodes["layer1"].params, nodes["layer1"].repeat) == ({}, 2)
    assert imported.names["layer1.1.conv2.weight"] == "layer1.1.conv2.weight"
    assert list(imported.project.groups["BasicBlock2"].graph.nodes)[:3] == ["input", "conv1", "bn1"]


def test_equal_blocks_in_a_row_become_one_that_is_repeated() -> None:
    class Block(nn.Module):
        def __init__(self, width: int, last: nn.Module) -> None:
            super().__init__()
            self.norm, self.up, self.down, self.last = (
                nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.Linear(2 * width, width), last,
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(x + self.down(torch.relu(self.up(self.norm(x)))))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            lasts = [nn.Tanh(), nn.Tanh(), nn.Tanh(), nn.Sigmoid(), nn.Sigmoid(), nn.Tanh(), nn.Tanh()]
            self.blocks = nn.ModuleList(Block(6, last) for last in lasts)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for number, block in enumerate(self.blocks):
                x = block(x) + x if number == 5 else block(x)
            return x

    module = Net()
    imported = module_to_draft(module, [(6,)])
    graph = imported.project.graph
    uses = [(node.name, node.group, node.repeat) for node in graph.nodes.values() if node.group]
    assert uses == [
        ("blocks", "Block", 3),
        ("blocks_3", "Block2", 2),
        ("blocks_5", "Block", 1),
        ("blocks_6", "Block", 1),
    ]
    assert graph.links[End("blocks_3", "input")] == End("blocks", "output")
    state = module.state_dict()
    assert all(torch.equal(tensor, state[imported.names[key]]) for key, tensor in imported.weights.items())
    assert imported.names["blocks_3.1.up.weight"] == "blocks.4.up.weight"


def test_blocks_in_a_row_may_all_take_one_thing_more() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.own, self.other = nn.Linear(4, 4), nn.Linear(3, 4)

        def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
            return torch.tanh(self.own(x) + self.other(context))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(Block() for _ in range(3))

        def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
            for block in self.blocks:
                x = block(x, context)
            return x

    imported = module_to_draft(Net(), [(4,), (3,)])
    (row,) = imported.project.graph.of_kind("group:Block")
    assert (row.name, row.repeat) == ("blocks", 3)
    assert imported.names["blocks.2.other.weight"] == "blocks.2.other.weight"


def test_containers_that_are_alike_become_a_group_named_by_their_place() -> None:
    _module, imported = made("U-Net")
    assert list(imported.project.groups) == ["Down"]
    assert [node.name for node in imported.project.graph.of_kind("group:Down")] == [
        "bottom", "down1", "down2", "join1", "join2",
    ]  # fmt: skip
    assert imported.names["down1.layer_0.weight"] == "down1.0.weight"


def test_a_module_that_is_called_twice_is_shared() -> None:
    module, imported = made("siamese")
    nodes = imported.project.graph.nodes
    assert nodes["tower1"].shares == "tower"
    assert [node.name for node in nodes.values() if node.kind == "Output"] == ["distance", "same"]
    assert len(imported.weights) == len(module.state_dict())


def test_only_what_differs_from_the_defaults_is_set() -> None:
    _module, imported = made("AlexNet")
    nodes = imported.project.graph.nodes
    assert nodes["features_0"].params == {"out_channels": 8, "kernel_size": 5, "stride": 2, "padding": 2}
    assert nodes["features_4"].params == {"out_channels": 12, "padding": 1, "groups": 4}
    assert nodes["classifier_0"].params == {}


def test_functional_dropout_comes_back_while_training() -> None:
    module, imported = made("LeNet")
    (dropout,) = imported.project.graph.of_kind("Dropout")
    assert dropout.params == {"p": 0.3}
    module.eval()
    assert not module.training
    module_to_draft(module.train(), [(1, 32, 32)])
    assert module.training


def test_a_table_that_is_the_head_too_stays_one_beside_repeated_blocks() -> None:
    torch.manual_seed(0)
    module = networks.GPT()
    imported = module_to_draft(module, [(8,)], ["int64"])
    assert [note for note in imported.notes if "'wte' and 'head' have one tensor together" in note]
    assert imported.project.graph.nodes["wte_table"].shares == "wte"
    assert {"Attention", "Block"} == set(imported.project.groups)
    assert kinds(imported)["Softmax"] == 2


def test_layers_that_were_tied_share() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 4)
            self.two.weight, self.two.bias = self.one.weight, self.one.bias

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.two(torch.tanh(self.one(x)))

    imported = module_to_draft(Tied(), [(4,)])
    assert imported.project.graph.nodes["two"].shares == "one"


def test_a_loop_over_steps_falls_back_to_torch_export() -> None:
    imported = module_to_draft(networks.Steps(), [(3, 5)])
    assert not imported.opaque
    assert [node.shares for node in imported.project.graph.of_kind("Linear")] == ["", *["step"] * 4]
    assert imported.names["step.weight"] == "step.weight"


@pytest.mark.parametrize(
    ("module", "shape", "layer", "names"),
    [
        (networks.Listening(), (16,), "Spectrum", {"spectrum.scale", "out.weight", "out.bias"}),
        (networks.Gated(), (8,), "Gate", {"before.weight", "before.bias", "after.weight", "after.bias"}),
    ],
)
def test_a_class_without_a_kind_becomes_a_layer_in_python(
    module: nn.Module, shape: tuple[int, ...], layer: str, names: set[str]
) -> None:
    imported = module_to_draft(module, [shape])
    assert not imported.opaque
    assert list(imported.project.code) == [layer]
    assert "class " + layer in imported.project.code[layer].source
    assert set(imported.weights) == names
    assert {node.kind for node in imported.project.graph.nodes.values()} >= {f"python:{layer}", "Linear"}


def test_what_nothing_does_keeps_its_place_and_shape_and_is_refused_when_built() -> None:
    imported = module_to_draft(networks.Plain(), [(8,)])
    assert imported.opaque == ("fft_rfft",)
    assert "cannot be run" in imported.notes[0]
    report = check(imported.project)
    assert not [each for each in report.problems if each.severity == "error"]
    assert report.nodes["fft_rfft"].outputs["output"].shape == ("N", 5)
    with pytest.raises(ModelError, match="fft_rfft of PyTorch has no layer here, so that it cannot be run"):
        build(imported.project)


def test_an_opaque_node_keeps_its_weights_and_several_outputs() -> None:
    draft = Draft("odd")
    source = draft.input("x", (4, 6))
    tensors = {"table.weight": torch.ones(3, 2), "count": torch.tensor(3)}
    first, second = opaque(draft, "Odd of ONNX", [source], [("N", 7), ((0, 1),)], ["float32", "int64"], "odd", tensors)
    draft.output("y", first)
    imported = draft.finished()
    report = check(imported.project)
    assert report.nodes[first.node].outputs["output1"].shape == ("N", 7)
    assert report.nodes[second.node].outputs["output2"].dtype == "int64"
    assert imported.names == {"odd.table_weight": "table.weight", "odd.count": "count"}


def test_an_opaque_node_without_inputs_is_there_too() -> None:
    draft = Draft("odd")
    (made_of_nothing,) = opaque(draft, "Random of Keras", [], [(1, 4)])
    draft.output("y", draft.add("Add", {}, [draft.input("x", (4,)), made_of_nothing], name="add"))
    assert check(draft.finished().project).nodes["add"].outputs["output"].shape == ("N", 4)


def test_weights_of_other_precision_become_float32() -> None:
    imported = module_to_draft(networks.Tower().double(), [(5,)])
    assert imported.notes == ("Its weights were float64; here they are float32, as in all networks of Layerwright.",)
    assert {str(each.dtype) for each in imported.weights.values()} == {"torch.float32"}


def test_a_difference_is_refused_with_the_first_node_that_differs() -> None:
    module = networks.Tower().eval()
    imported = module_to_draft(module, [(5,)])
    wrong = replace(imported, weights={**imported.weights, "two.bias": imported.weights["two.bias"] + 1})
    batch = torch.randn(2, 5)
    with torch.no_grad():
        one, result = module.one(batch), module(batch)
    batches = [([batch], [result])]
    values = {"one.output": one, "relu.output": one.relu(), "two.output": result}
    with pytest.raises(ImportFailed, match="The first that differs is 'two'") as caught:
        verified(wrong, batches, ["x"], ["output"], values)
    assert caught.value.node == "two"


def test_wrong_inputs_are_said_to_be() -> None:
    with pytest.raises(ImportFailed, match="does not run on inputs of 2 × 7"):
        module_to_draft(nn.Linear(4, 2), [(7,)])


def test_inputs_are_guessed_from_the_first_layer() -> None:
    imported = module_to_draft(networks.LeNet())
    assert imported.project.graph.nodes["x"].params["shape"] == (1, 32, 32)


@pytest.mark.parametrize(("what", "key"), [("None", "lambda"), ("x²y", "²"), ("import os\n", "a\nb"), ('"""', "'")])
def test_an_opaque_layer_of_any_name_is_sound_python(what: str, key: str) -> None:
    draft = Draft("net")
    opaque(draft, what, [draft.input("x", (3,))], [("N", 3)], ["float32"], "odd", {key: torch.zeros(2)})
    (layer,) = draft.project.code.values()
    compile(layer.source, "layer", "exec")
    assert not source_problems(python_kind(layer))
