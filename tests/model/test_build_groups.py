"""Building networks with groups: weights from files, errors in the user's code, names of what fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core import trust
from core.errors import ModelError
from core.graph.project import Node, Project, PythonLayer
from core.model.build import build
from tests.model.building import given, layer
from tests.model.grouping import group, nested, out, port, project, siamese, use


def encoders(path: Path) -> Project:
    """Return two uses of a group that starts from a file, the second a row."""
    block = group("Encoder", (port(), layer("fc", "Linear", out_features=4), out()), "x > fc", "fc > y")
    return project(
        (replace(block, weights=str(path)),),
        (given(4), use("one", "Encoder"), use("two", "Encoder", 2), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > z"),
    )


def test_every_use_of_a_group_starts_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    wanted = {"fc.weight": torch.randn(4, 4), "fc.bias": torch.randn(4)}
    save_file(wanted, path)
    built = build(encoders(path))
    weights = built.module.state_dict()
    for prefix in ("one", "two.0", "two.1"):
        assert torch.equal(weights[f"{prefix}.fc.weight"], wanted["fc.weight"])
        assert torch.equal(weights[f"{prefix}.fc.bias"], wanted["fc.bias"])
    assert "# Every use starts from the weights in encoder.safetensors." in built.source
    assert str(tmp_path) not in built.source


def test_weights_that_do_not_fit_are_named_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    save_file({"fc.weight": torch.zeros(5, 4), "extra": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match=r"The weights of 'Encoder' in .* do not fit") as caught:
        build(encoders(path))
    assert caught.value.problems == (
        "'extra' is in the file, but not in the network.",
        "'fc.bias' is missing in the file.",
        "'fc.weight' is 5 × 4 in the file; the network needs 4 × 4.",
    )


@pytest.mark.parametrize("content", [None, b"no weights at all"])
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "encoder.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="The weights of 'Encoder' cannot be read from"):
        build(encoders(path))


def test_the_file_of_a_group_outranks_those_of_groups_inside_it(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.safetensors", tmp_path / "outer.safetensors"
    save_file({"fc.weight": torch.ones(4, 4), "fc.bias": torch.ones(4)}, inner)
    save_file({"part.fc.weight": torch.zeros(4, 4), "part.fc.bias": torch.zeros(4)}, outer)
    part = group("Part", (port(), layer("fc", "Linear", out_features=4), out()), "x > fc", "fc > y")
    whole = group("Whole", (port(), use("part", "Part"), out()), "x > part.x", "part.y > y")
    made = project(
        (replace(part, weights=str(inner)), replace(whole, weights=str(outer))),
        (given(4), use("alone", "Part"), use("whole", "Whole"), out("z")),
        *("x > alone.x", "alone.y > whole.x", "whole.y > z"),
    )
    weights = build(made).module.state_dict()
    assert torch.equal(weights["alone.fc.bias"], torch.ones(4))
    assert torch.equal(weights["whole.part.fc.bias"], torch.zeros(4))


def test_layers_with_shared_weights_are_one_module() -> None:
    module = build(siamese()).module
    assert sorted(name for name, _child in module.named_children()) == ["encoder", "head"]
    assert len(list(module.parameters())) == 6


def test_lines_of_groups_lead_to_the_group() -> None:
    built = build(nested())
    assert {group for group, _node in built.group_lines.values()} == {"BasicBlock", "Stage"}
    assert not built.group_lines.keys() & built.nodes_by_line.keys()
    lines = built.source.splitlines()
    for number, (_group, node) in built.group_lines.items():
        if lines[number - 1].startswith("        self."):
            assert f"self.{node} = " in lines[number - 1]


def test_what_a_python_layer_raises_while_it_is_made_names_its_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    source = (
        "import torch\nfrom torch import nn\n\n\nclass Picky(nn.Module):\n    def __init__(self) -> None:\n"
        "        super().__init__()\n        self.weight = nn.Parameter(torch.ones(3))\n"
        '        if self.weight.device.type == "cpu":\n            raise LookupError("not on this machine")\n\n'
        "    def forward(self, x: torch.Tensor) -> torch.Tensor:\n        return x * self.weight\n"
    )
    trust.trust(source)
    made = replace(
        project((), (given(3), Node("picky", "python:Picky"), out("z")), "x > picky.x", "picky > z"),
        code={"Picky": PythonLayer("Picky", source)},
    )
    with pytest.raises(ModelError, match="'picky' could not be constructed: not on this machine") as caught:
        build(made)
    assert caught.value.node == "picky"
