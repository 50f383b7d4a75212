"""Networks as textbooks and repositories write them come in whole: no opaque node, and the same numbers."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.graph.project import Graph
from core.importers._kind import Imported
from core.importers._verify import built
from core.importers.pytorch import module_to_draft


class Autoencoder(nn.Module):
    """The example that draws in prediction, too, and returns a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(12, 8), nn.Linear(8, 3), nn.Linear(8, 3)
        self.fc3 = nn.Linear(3, 12)

    def reparameterize(self, mu: Tensor, logvar: Tensor) -> Tensor:
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.relu(self.fc1(x.view(-1, 12)))
        mu, logvar = self.fc21(h), self.fc22(h)
        return torch.sigmoid(self.fc3(self.reparameterize(mu, logvar))), mu, logvar


class Parts(NamedTuple):
    mean: Tensor
    spread: Tensor


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Parts:
        return Parts(mean=self.a(x), spread=F.softplus(self.b(x)) + 1e-4)


class Steps(nn.Module):
    """A cell that is called step by step, with fresh states."""

    def __init__(self, cell: type[nn.Module]) -> None:
        super().__init__()
        self.cell = cell(4, 6)
        self.fc = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        zeros = torch.zeros(x.size(0), 6)
        state = (zeros, zeros) if isinstance(self.cell, nn.LSTMCell) else zeros
        outputs = []
        for step in range(x.size(1)):
            state = self.cell(x[:, step], state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return self.fc(torch.stack(outputs, dim=1))


class Assigned(nn.Module):
    """Parts of tensors that are written over, and a view that is changed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x).clone()
        y[:, 1:3] = y[:, 1:3] * 2
        y[:, 0] = 0
        z = torch.zeros_like(y)
        z[..., 3] = y[..., 1]
        return y + z


class Aliased(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        first = y[:, :2]
        first.add_(1.0)
        return y * 2


class Biased(nn.Module):
    """Relative positions looked up in a learned table by a fixed index."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(9, 1))
        self.register_buffer("places", torch.tensor([[0, 1], [2, 8]]))

    def forward(self, x: Tensor) -> Tensor:
        flat = self.table[self.places.view(-1)].view(2, 2)
        return x @ flat + x @ self.table[self.places].squeeze(-1)


class Normed(nn.Module):
    """Weights that are computed of others, in the new way and in the old one."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.utils.parametrizations.weight_norm(nn.Linear(4, 6))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.b = nn.utils.weight_norm(nn.Linear(6, 5))
        self.c = nn.utils.spectral_norm(nn.Linear(5, 3))

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.c(torch.relu(self.b(torch.relu(self.a(x))))), 0.2)


class Offset(nn.Module):
    """Whole numbers that are added to before they are looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(20, 3)
        self.register_buffer("offsets", torch.tensor([0, 5, 10]))

    def forward(self, x: Tensor) -> Tensor:
        e = self.emb(x + self.offsets.unsqueeze(0))
        return 0.5 * torch.sum(torch.sum(e, dim=1) ** 2 - torch.sum(e**2, dim=1), dim=1, keepdim=True)


class Heads(nn.Module):
    """Attention from scratch with einsum, a mask of the words and shapes that are unpacked."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.q, self.k = nn.Embedding(11, 8), nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        mask = (x != 0).unsqueeze(1).unsqueeze(2)
        e = self.emb(x)
        rows, length, width = e.shape
        q, k = (each(e).reshape(rows, length, 2, width // 2) for each in (self.q, self.k))
        energy = torch.einsum("nqhd,nkhd->nhqk", [q, k]).masked_fill(mask == 0, float("-1e20"))
        weights = torch.softmax(energy / math.sqrt(width), dim=3)
        return torch.einsum("nhql,nlhd->nqhd", [weights, e.reshape(rows, length, 2, -1)]).reshape(rows, length, -1)


CASES: dict[str, tuple[nn.Module, list[tuple[int, ...]], list[str]]] = {
    "named": (Named(), [(4,)], []),
    "gru steps": (Steps(nn.GRUCell), [(5, 4)], []),
    "lstm steps": (Steps(nn.LSTMCell), [(3, 4)], []),
    "rnn steps": (Steps(nn.RNNCell), [(3, 4)], []),
    "assigned": (Assigned(), [(4,)], []),
    "aliased": (Aliased(), [(4,)], []),
    "biased": (Biased(), [(3, 2)], []),
    "offset": (Offset(), [(3,)], ["int64"]),
    "heads": (Heads(), [(5,)], ["int64"]),
}


def kinds(imported: Imported) -> Counter[str]:
    graphs: list[Graph] = [imported.project.graph, *(each.graph for each in imported.project.groups.values())]
    return Counter(node.kind for graph in graphs for node in graph.nodes.values())


@pytest.mark.parametrize("name", CASES)
def test_it_is_expressed_in_layers_and_gives_the_same_numbers(name: str) -> None:
    module, shapes, dtypes = CASES[name]
    imported = module_to_draft(module, shapes, dtypes)
    assert not imported.opaque
    assert not any(kind.startswith("python:") for kind in kinds(imported))
    assert all(note.startswith("These weights have no part") for note in imported.notes)
    made, _inputs, outputs = built(imported)
    given = [torch.randint(0, 5, (4, *shape)) if dtypes else torch.randn(4, *shape) for shape in shapes]
    wanted, found = module.eval()(*given), made(*given)
    pairs = zip(wanted, found.values(), strict=True) if len(outputs) > 1 else [(wanted, found)]
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in pairs)


def test_a_step_that_is_repeated_is_one_layer_that_is_shared() -> None:
    imported = module_to_draft(Steps(nn.GRUCell), [(5, 4)])
    cells = imported.project.graph.of_kind("GRUCell")
    assert [each.shares for each in cells] == ["", *["cell"] * 4]


def test_where_an_autoencoder_draws_is_a_layer() -> None:
    imported = module_to_draft(Autoencoder(), [(12,)])
    assert not imported.opaque
    (sample,) = imported.project.graph.of_kind("Reparameterise")
    assert (
        imported.project.graph.links[
            next(end for end in imported.project.graph.links if end.node == sample.name and end.port == "mean")
        ].node
        == "fc21"
    )
    assert any("draws a sample while training" in note for note in imported.notes)


def test_weights_that_are_computed_of_others_become_plain_ones_and_the_module_keeps_its_own() -> None:
    torch.manual_seed(0)
    module = Normed().eval()
    before = {name: each.clone() for name, each in module.state_dict().items()}
    given = torch.randn(3, 4)
    imported = module_to_draft(module, [(4,)])
    assert kinds(imported) == {"Input": 1, "Linear": 3, "ReLU": 2, "LeakyReLU": 1, "Output": 1}
    assert imported.notes[0].startswith("a.weight, b.weight, c.weight: these weights were computed of others")
    assert torch.allclose(built(imported)[0](given), module(given), atol=1e-5)
    assert all(torch.equal(each, before[name]) for name, each in module.state_dict().items())


def test_what_is_done_while_training_alone_is_told() -> None:
    class Noisy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                x = x + 0.1 * torch.randn_like(x)
            return self.a(x)

    (note,) = module_to_draft(Noisy(), [(4,)]).notes
    assert note.startswith("While training, the source does more than in prediction: randn_like, mul, add.")
