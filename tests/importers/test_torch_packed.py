"""Sequences that are packed before a recurrent layer and laid out behind it come in as one layer that takes lengths."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from core.importers._verify import built
from core.importers.pytorch import module_to_draft

STEPS = 7


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 6)
        self.lstm = nn.LSTM(6, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        packed = pack_padded_sequence(self.table(x), y.cpu(), batch_first=True, enforce_sorted=False)
        _, (hidden, _) = self.lstm(packed)
        return self.head(hidden[-1])


class BothWays(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(6, 5, num_layers=2, bidirectional=True)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(x.transpose(0, 1), y, enforce_sorted=False)
        given, _ = self.gru(packed)
        laid, _ = nn.utils.rnn.pad_packed_sequence(given, total_length=x.shape[1])
        return laid.mean(0)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.RNN(6, 5, batch_first=True, nonlinearity="relu"), nn.RNN(5, 4, batch_first=True)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        packed = pack_padded_sequence(x, y, batch_first=True, enforce_sorted=False)
        given, _ = self.first(packed)
        laid, _ = pad_packed_sequence(self.second(given)[0], batch_first=True)
        return laid


class LastOfEach(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 5, batch_first=True)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        packed = pack_padded_sequence(x, y, batch_first=True, enforce_sorted=False)
        laid, lengths = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return laid[torch.arange(x.shape[0]), lengths - 1] + laid[torch.arange(x.shape[0]), lengths * 0]


CASES = {LastOfEach: ["PackedLSTM"], Words: ["PackedLSTM"], BothWays: ["PackedGRU"], Twice: ["PackedRNN", "PackedRNN"]}


@pytest.mark.parametrize("cls", list(CASES))
def test_it_gives_the_same_numbers_before_and_after_training(cls: type[nn.Module]) -> None:
    torch.manual_seed(0)
    source = cls()
    shape, kind = ((STEPS,), "int64") if cls is Words else ((STEPS, 6), "float32")
    imported = module_to_draft(source, (shape, ()), (kind, "int64"))
    nodes = imported.project.graph.nodes.values()
    assert [each.python for each in nodes if each.python] == CASES[cls]
    assert not imported.opaque
    assert any("zeros behind the end" in note for note in imported.notes) == (cls in (Twice, LastOfEach))
    network, _, _ = built(imported)
    for batch in (1, 4):
        x = torch.randint(0, 10, (batch, STEPS)) if cls is Words else torch.randn(batch, STEPS, 6)
        y = torch.randint(1, STEPS + 1, (batch,))
        y[-1] = STEPS
        for each in (source, network):
            optimiser = torch.optim.SGD(each.parameters(), 0.1)
            for _step in range(2):
                optimiser.zero_grad()
                each.train()(x, y).square().mean().backward()
                optimiser.step()
        with torch.no_grad():
            assert torch.allclose(network.eval()(x, y), source.eval()(x, y), atol=1e-6)


def test_values_of_a_packed_sequence_are_never_taken_for_a_tensor_of_batches() -> None:
    class Packed(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return pack_padded_sequence(x, y, batch_first=True, enforce_sorted=False).data.relu().sum() + x.sum((1, 2))

    imported = module_to_draft(Packed(), ((STEPS, 6), ()), ("float32", "int64"))
    assert {each.kind for each in imported.project.graph.nodes.values()}.isdisjoint({"ReLU", "Sum"}) or imported.opaque
