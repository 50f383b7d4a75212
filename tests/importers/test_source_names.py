"""Networks that a text has without a class of their own, and under whatever names PyTorch was imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import trust
from core.errors import ImportFailed
from core.graph.project import Project
from core.importers._source.parts import Given
from core.importers._source.taking import from_source
from core.importers._source.text import default_network, networks, obstacle_of, open_choice

BLOCK = """
class Block({base}):
    def __init__(self, width):
        super().__init__()
        self.inner = {linear}(width, width)

    def forward(self, x):
        return self.inner(x) + x

"""
NN = "from torch import nn\n" + BLOCK.format(base="nn.Module", linear="nn.Linear")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def read(text: str, network: str = "") -> Project:
    trust.trust(text)
    return from_source(text, [Given("x", (4,))], network).project


def kinds(project: Project) -> list[str]:
    return [node.kind for node in project.graph.nodes.values()]


ROWS = {
    "value": "net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))\n",
    "typed value": "net: nn.Module = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).eval()\n",
    "function": "def make(width=8):\n    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2))\n",
    "list": (
        "def make():\n    layers = [nn.Linear(4, 8), nn.ReLU()]\n    layers.append(nn.Linear(8, 2))\n"
        "    net = nn.Sequential(*layers)\n    return net\n"
    ),
    "both": (
        "def make(width):\n    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2))\n"
        "model = make(8)\n"
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_without_a_class_is_a_network(name: str) -> None:
    project = read("from torch import nn\n" + ROWS[name])
    assert list(project.graph.nodes) == ["input", "linear1", "relu1", "linear2", "output"]
    assert project.graph.nodes["linear1"].params == {"out_features": 8}


@pytest.mark.parametrize(
    ("imports", "base", "linear", "row"),
    [
        ("import torch.nn as N", "N.Module", "N.Linear", "N.Sequential"),
        ("from torch.nn import *", "Module", "Linear", "Sequential"),
        ("import torch as T", "T.nn.Module", "T.nn.Linear", "T.nn.Sequential"),
        ("from torch.nn import Module as M, Linear, Sequential as S", "M", "Linear", "S"),
    ],
)
def test_names_of_pytorch_are_known_however_they_were_imported(imports: str, base: str, linear: str, row: str) -> None:
    text = f"{imports}\n" + BLOCK.format(base=base, linear=linear) + f"net = {row}(Block(4), {linear}(4, 2))\n"
    assert [(each.name, each.kind, each.used) for each in networks(text)] == [
        ("Block", "class", True),
        ("net", "value", False),
    ]
    assert kinds(read(text)) == ["Input", "group:Block", "Linear", "Output"]


def test_what_is_built_of_a_class_with_arguments_is_the_network() -> None:
    assert kinds(read(NN + "net = Block(4)\n")) == ["Input", "Linear", "Add", "Output"]
    assert kinds(read(NN + "def build():\n    return Block(width=4)\n")) == ["Input", "Linear", "Add", "Output"]
    whole = NN.replace("Block", "Net") + "model = Net(4)\n"
    assert default_network(networks(whole)) == "model"


def test_a_class_that_lacks_arguments_says_how_to_give_them() -> None:
    trust.trust(NN)
    with pytest.raises(ImportFailed) as caught:
        read(NN)
    assert "Line 3: Block cannot be built without width. Give each a default" in caught.value.message
    assert "net = Block(width=…)" in caught.value.message
    with pytest.raises(ImportFailed, match="make cannot be called without width"):
        read("from torch import nn\ndef make(width):\n    return nn.Sequential(nn.Linear(4, width))\n")


def test_what_is_no_network_is_not_taken_for_one() -> None:
    text = "from torch import nn, optim\nact = nn.ReLU()\ndef helper():\n    return 3\nrate = helper()\n"
    assert networks(text) == ()
    with pytest.raises(ImportFailed, match=r"no nn\.Sequential that has a name"):
        read(text)
    lying = "from torch import nn\ndef nn_sequential():\n    net = nn.Sequential()\n    net = 3\n    return net\n"
    assert networks(lying) == ()


def test_a_choice_is_open_where_nothing_says_which() -> None:
    two = "from torch import nn\nclass A(nn.Module):\n    pass\nclass B(nn.Module):\n    pass\n"
    assert default_network(networks(two)) == "B"
    assert open_choice(networks(two))
    assert not open_choice(networks(two + "net = nn.Sequential(A(), B())\n"))
    assert not open_choice(networks(two.replace("class B", "class Net")))
    assert not open_choice(networks(NN))


def test_what_lies_beside_the_text_is_asked_for_with_its_line() -> None:
    text = "from torch import nn\nfrom ..parts.blocks import Block, Stem\nnet = nn.Sequential(Block())\n"
    found = obstacle_of(text)
    assert found is not None
    assert found.line == 2
    assert found.message.startswith("'..parts.blocks' lies beside the file")
    assert "Block, Stem" in found.message
    trust.trust(text)
    with pytest.raises(ImportFailed, match=r"Line 2: '\.\.parts\.blocks' lies beside"):
        read(text)


def test_a_class_that_stays_in_python_keeps_its_imports_under_other_names() -> None:
    text = """import torch as T
import torch.nn as N

class Odd(N.Module):
    def __init__(self):
        super().__init__()
        self.inner = N.Linear(4, 4)

    def forward(self, x):
        return self.inner(x) if x.sum() > 0 else T.tanh(x)

net = N.Sequential(Odd(), N.Linear(4, 2))
"""
    project = read(text)
    assert kinds(project) == ["Input", "python:Odd", "Linear", "Output"]
    assert "import torch.nn as N" in project.code["Odd"].source
