"""Blocks in a row become one that repeats, through whichever of their inputs the row runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.graph.names import natural_key
from core.importers._kind import Imported, ImportRequest
from core.importers._verify import built
from core.importers.pytorch import module_to_draft
from core.importers.torch_export import KINDS


class Mix(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 4)

    def forward(self, skip: Tensor, x: Tensor, scale: Tensor) -> Tensor:
        return torch.tanh(skip) * torch.relu(self.a(x)) + scale


class Second(nn.Module):
    """The row runs through the second of three inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Mix() for _ in range(4))
        self.scale = nn.Parameter(torch.rand(4))

    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        for block in self.blocks:
            y = block(x, y, self.scale)
        return y


class Both(nn.Module):
    """Two rows of one class: through the second input, then through the first."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = (nn.ModuleList(Mix() for _ in range(3)) for _ in range(2))
        self.scale = nn.Parameter(torch.rand(4))

    def forward(self, x: Tensor) -> Tensor:
        y, first = x * 2, x + 1
        for block in self.one:
            y = block(first, y, self.scale)
        for block in self.two:
            y = block(y, first, self.scale)
        return y


class Other(nn.Module):
    """What enters besides is another thing in each block, so that they are no row."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Mix() for _ in range(3))
        self.scale = nn.Parameter(torch.rand(4))

    def forward(self, x: Tensor) -> Tensor:
        y, others = x * 2, (x, x + 1, x + 2)
        for block, other in zip(self.blocks, others, strict=True):
            y = block(other, y, self.scale)
        return y


def opened(module: nn.Module, file: bool, path: Path) -> Imported:
    if not file:
        return module_to_draft(module, [(4,)])
    program = torch.export.export(
        module.eval(), (torch.randn(2, 4),), dynamic_shapes=({0: torch.export.Dim("batch")},), strict=False
    )
    torch.export.save(program, path)
    return KINDS[0].read(ImportRequest(str(path)))


def same(imported: Imported, module: nn.Module) -> bool:
    given = torch.randn(5, 4)
    made, _inputs, _outputs = built(imported)
    return torch.allclose(made(given), module(given), atol=1e-5)


@pytest.mark.parametrize("file", [False, True], ids=["module", "pt2"])
def test_a_row_through_another_input_is_one_that_repeats(file: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Second()
    imported = opened(module, file, tmp_path / "n.pt2")
    uses = [node for node in imported.project.graph.nodes.values() if node.group]
    assert [(node.name, node.repeat) for node in uses] == [("blocks", 4)]
    group = imported.project.groups["Mix"]
    first = min((node.name for node in group.graph.of_kind("Input")), key=natural_key)
    assert [end.node for end, source in group.graph.links.items() if source.node == first] == ["a"]
    assert imported.weights["blocks.3.a.weight"].equal(module.blocks[3].a.weight)
    assert same(imported, module)


def test_two_rows_through_different_inputs_give_the_same_numbers() -> None:
    torch.manual_seed(0)
    module = Both()
    imported = module_to_draft(module, [(4,)])
    repeats = sorted(node.repeat for node in imported.project.graph.nodes.values() if node.group)
    assert repeats == [1, 1, 1, 3]
    assert same(imported, module)


def test_blocks_that_take_different_things_besides_are_left_as_they_are() -> None:
    module = Other()
    imported = module_to_draft(module, [(4,)])
    assert [node.repeat for node in imported.project.graph.nodes.values() if node.group] == [1, 1, 1]
    assert same(imported, module)
