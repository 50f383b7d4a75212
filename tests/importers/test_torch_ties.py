"""Tensors that several layers have together stay one, in what comes out and in training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import trust
from core.importers._kind import Imported, ImportRequest
from core.importers._source.parts import Given
from core.importers._source.taking import from_source
from core.importers._verify import built
from core.importers.pytorch import module_to_draft
from core.importers.torch_export import KINDS

WORDS = (5,)


class Language(nn.Module):
    def __init__(self, filler: int | None = None) -> None:
        super().__init__()
        self.tok = nn.Embedding(11, 6, padding_idx=filler)
        self.mid = nn.Linear(6, 6)
        self.head = nn.Linear(6, 11)
        self.head.weight = self.tok.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.mid(self.tok(x))))


class Called(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tok = nn.Embedding(11, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.tok(x).mean(1) @ self.tok.weight.T


class Mirror(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc = nn.Linear(5, 3)
        self.bias = nn.Parameter(torch.zeros(5))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(torch.relu(self.enc(x)), self.enc.weight.t(), self.bias)


class Biases(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(5, 5), nn.Linear(5, 5)
        self.two.weight = self.one.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.two(torch.relu(self.one(x)))


class Dilated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv1d(1, 1, 3, padding=1), nn.Conv1d(1, 1, 3, padding=2, dilation=2)
        self.two.weight = self.one.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(x.unsqueeze(1)))


NETWORKS = {"head": Language, "called": Called, "mirror": Mirror, "biases": Biases}


def sample(module: nn.Module) -> Tensor:
    whole = any(isinstance(each, nn.Embedding) for each in module.modules())
    return torch.randint(0, 11, (4, *WORDS)) if whole else torch.randn(4, *WORDS)


def trained(module: nn.Module, given: Tensor) -> Tensor:
    """Return what a network gives after two steps of training."""
    steps = torch.optim.SGD(module.parameters(), lr=0.5)
    for _step in range(2):
        steps.zero_grad()
        module(given).square().mean().backward()
        steps.step()
    return module(given)


def opened(module: nn.Module, path: Path, given: Tensor) -> Imported:
    program = torch.export.export(module.eval(), (given,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, path)
    return KINDS[0].read(ImportRequest(str(path)))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("file", [False, True], ids=["module", "pt2"])
def test_what_is_tied_is_trained_as_one(name: str, file: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = NETWORKS[name]()
    given = sample(module)
    imported = opened(module, tmp_path / "n.pt2", given) if file else module_to_draft(module, [given])
    assert not imported.opaque
    made, _inputs, _outputs = built(imported)
    numbers = sum(each.numel() for each in module.parameters())
    assert sum(each.numel() for each in made.parameters()) == numbers
    assert torch.allclose(trained(made, given), trained(module, given), atol=1e-5)


def test_the_report_says_what_stays_one() -> None:
    assert (
        "'tok' and 'head' have one tensor together. It stays one"
        in module_to_draft(Language(), [sample(Language())]).notes[0]
    )
    notes = module_to_draft(Language(filler=0), [sample(Language())]).notes
    assert any("Row 0 of 'tok', the filler, is not learned here" in each for each in notes)


def test_the_report_says_what_does_not_stay_one() -> None:
    (note,) = module_to_draft(Dilated(), [WORDS]).notes
    assert note.startswith("'one' and 'two' had one tensor together. Here 'one' and 'two' have one apart")


SOURCE = """
import torch
from torch import nn

class Language(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(11, 6)
        self.head = nn.Linear(6, 11, bias=False)
        self.head.weight = self.tok.weight

    def forward(self, x):
        return self.head(self.tok(x))
"""
APART = """
class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(11, 6)
        self.mid = nn.Linear(6, 6)

    def forward(self, x):
        return torch.tanh(self.mid(self.tok(x)))

class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Body()
        self.head = nn.Linear(6, 11)
        self.head.weight = self.body.tok.weight

    def forward(self, x):
        return self.head(self.body(x))
"""


def test_a_text_that_ties_a_head_is_drawn_tied_or_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    trust.trust(SOURCE)
    found = from_source(SOURCE, [Given("x", WORDS, "int64")])
    assert found.project.graph.nodes["tok_table"].shares == "tok"
    assert "It stays one" in found.notes[0]
    trust.trust(SOURCE + APART)
    (note,) = from_source(SOURCE + APART, [Given("x", WORDS, "int64")]).notes
    assert "'body.tok.weight' and 'head.weight' are one tensor, but stand in different classes" in note
