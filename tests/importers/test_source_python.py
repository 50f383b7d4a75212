"""What a text does that cannot be drawn stays in Python: as little of it as possible, and it runs as it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import trust
from core.errors import ImportFailed
from core.graph.adopting import described
from core.graph.project import Project
from core.importers._source.parts import Given
from core.importers._source.python import extract
from core.importers._source.taking import from_source, taken_back
from core.training.check import check_project

HEAD = "import math\n\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n"
ODD = """
SCALE = 2.0


def scaled(x):
    return x * SCALE


class Odd(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.linear = nn.Linear(size, size)

    def forward(self, x):
        if x.abs().mean() > 0.5:
            x = scaled(self.linear(x))
        return x


class Even(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        return F.relu(self.linear(x))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.even = Even()
        self.one = Odd(4)
        self.wide = nn.Linear(4, 6)
        self.two = Odd(6)

    def forward(self, data):
        return self.two(self.wide(self.one(self.even(data))))
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def read(text: str, *shapes: tuple[int, ...]) -> Project:
    trust.trust(text)
    return from_source(text, [Given(f"x{index}", shape) for index, shape in enumerate(shapes)]).project


def test_only_the_class_that_is_at_fault_stays_in_python() -> None:
    project = read(HEAD + ODD, (4,))
    kinds = {node.name: node.kind for node in project.graph.nodes.values()}
    assert kinds["even"] == "group:Even"
    assert kinds["one"] == kinds["two"] == "python:Odd"
    assert kinds["wide"] == "Linear"
    assert [project.graph.nodes[name].params["size"] for name in ("one", "two")] == [4, 6]
    source = project.code["Odd"].source
    assert "size: int" in source
    assert "def scaled" in source
    assert "class Even" not in source
    assert trust.is_trusted(source)
    found = check_project(project).shapes.nodes["two"].outputs["output"]
    assert [dim.at(5, 1) for dim in found.dims] == [5, 6]


def test_the_preview_says_what_stays_in_python_and_why() -> None:
    text = HEAD + ODD
    trust.trust(text)
    lines = list(described(taken_back(Project("Empty"), text, [Given("data", (4,))])))
    line = text.splitlines().index("        if x.abs().mean() > 0.5:") + 1
    assert lines[0] == (
        f"Odd cannot be drawn as layers and stays in Python: Line {line}: which way it goes depends on what arrives."
    )
    assert "Added: Python layer Odd" in lines


def test_a_network_that_is_at_fault_itself_becomes_one_layer() -> None:
    text = HEAD + ODD.replace("class Model", "class Net").replace(
        "        return self.two(", "        if data.sum() > 0:\n            data = -data\n        return self.two("
    )
    project = read(text, (4,))
    assert [node.kind for node in project.graph.nodes.values()] == ["Input", "python:WholeNet", "Output"]
    assert list(project.code) == ["WholeNet"]
    assert not project.groups
    assert "class Odd" in project.code["WholeNet"].source
    assert not [each for each in check_project(project).shapes.problems if each.node == "network"]


@pytest.mark.parametrize("change", ["y.select(1, 0).fill_(0.0)", "y[:, 0] = 0"])
def test_a_class_that_changes_part_of_what_it_gives_stays_in_python(change: str) -> None:
    text = HEAD + (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = nn.Linear(4, 4)\n\n"
        f"    def forward(self, x):\n        y = torch.relu(self.a(x))\n        {change}\n        return y\n"
    )
    trust.trust(text)
    imported = from_source(text, [Given("x", (4,))])
    assert [node.kind for node in imported.project.graph.nodes.values()] == ["Input", "python:WholeNet", "Output"]
    assert (
        "Net cannot be drawn as layers and stays in Python: what 'relu' gives is changed in part" in imported.notes[0]
    )


def test_a_class_that_looks_at_sizes_is_drawn_with_all_that_it_uses() -> None:
    text = HEAD + ODD.replace("x.abs().mean() > 0.5", "x.shape[1] == 4").replace(
        "        return self.two(", "        if data.shape[1] > 3:\n            data = -data\n        return self.two("
    )
    project = read(text, (4,))
    kinds = [node.kind for node in project.graph.nodes.values()]
    assert not project.code
    assert not project.groups
    assert kinds.count("Linear") == 3


def test_what_can_neither_be_drawn_nor_be_a_layer_is_refused_with_its_line() -> None:
    text = HEAD + ODD.replace("def forward(self, data):", "def forward(self, data, /):").replace(
        "        return self.two(", "        if data.sum() > 0:\n            return {}\n        return self.two("
    )
    trust.trust(text)
    with pytest.raises(ImportFailed, match=r"Model cannot be drawn: Line \d+: which way it goes"):
        read(text, (4,))


def test_an_extract_holds_what_is_needed_and_nothing_else() -> None:
    text = extract(HEAD + ODD, "Odd")
    assert text.startswith("from torch import nn\n")
    assert "math" not in text
    assert text.index("SCALE") < text.index("def scaled") < text.index("class Odd")
    assert "Model" not in text
