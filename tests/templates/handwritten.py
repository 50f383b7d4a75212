"""Networks written by hand in PyTorch, to hold the templates against: modules in the order in which they are called."""

from __future__ import annotations

import math

import torch
from torch import nn


def lenet5() -> nn.Module:
    """Return LeCun and others, 1998, as textbooks give it, behind what enlarges the digits."""
    return nn.Sequential(
        nn.Upsample(size=(32, 32), mode="bilinear"),
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def _double(before: int, after: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    for width in (before, after):
        parts += [nn.Conv2d(width, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*parts)


class UNet(nn.Module):
    """Ronneberger and others, 2015, padded and with batch normalisation: 3 channels to 2 classes, width 64."""

    def __init__(self) -> None:
        super().__init__()
        widths = (64, 128, 256, 512, 1024)
        self.down = nn.ModuleList(_double(a, b) for a, b in zip((3, *widths), widths, strict=False))
        self.up = nn.ModuleList(
            nn.ModuleList([nn.ConvTranspose2d(2 * width, width, 2, 2), _double(2 * width, width)])
            for width in widths[-2::-1]
        )
        self.scores = nn.Conv2d(64, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, 2, height, width) of images (N, 3, height, width)."""
        found: list[torch.Tensor] = []
        for level in self.down:
            found.append(level(nn.functional.max_pool2d(found[-1], 2) if found else x))
        x = found.pop()
        for level in self.up:
            enlarge, convolve = level.children()
            x = convolve(torch.cat([found.pop(), enlarge(x)], 1))
        result: torch.Tensor = self.scores(x)
        return result


def _mean_of_words(features: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    return torch.stack([row[words != 0].mean(0) for row, words in zip(features, tokens, strict=True)])


class TextLSTM(nn.Module):
    """Embedding, LSTM in both directions, mean over the words, classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(20_000, 100, padding_idx=0)
        self.lstm = nn.LSTM(100, 128, bidirectional=True, batch_first=True)
        self.scores = nn.Linear(256, 4)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return (N, 4) of tokens (N, T)."""
        read, _state = self.lstm(self.words(tokens))
        result: torch.Tensor = self.scores(_mean_of_words(read, tokens))
        return result


class CRNN(nn.Module):
    """Shi and others, 2015, table 1, for 36 characters and the blank; normalised in four of its convolutions."""

    def __init__(self) -> None:
        super().__init__()

        def normalised(before: int, after: int) -> list[nn.Module]:
            return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]

        self.features = nn.Sequential(
            *(nn.Conv2d(1, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(*normalised(128, 256), *normalised(256, 256), nn.MaxPool2d((2, 1))),
            *(*normalised(256, 512), *normalised(512, 512), nn.MaxPool2d((2, 1))),
            *(nn.Conv2d(512, 512, (2, 1)), nn.ReLU()),
        )
        self.lstm = nn.LSTM(512, 256, num_layers=2, bidirectional=True, batch_first=True)
        self.scores = nn.Linear(512, 37)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, width // 4, 37) of images (N, 1, 32, width)."""
        read, _state = self.lstm(self.features(x)[:, :, 0].permute(0, 2, 1))
        return torch.as_tensor(self.scores(read))


class Block(nn.Module):
    """PyTorch's own encoder block, its parts in the order in which they are called. For evaluation."""

    def __init__(self) -> None:
        super().__init__()
        whole = nn.TransformerEncoderLayer(128, 4, 512, batch_first=True).eval()
        self.parts = nn.ModuleList([whole.self_attn, whole.norm1, whole.linear1, whole.linear2, whole.norm2])
        self.whole = (whole,)

    def forward(self, x: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        """Return (N, T, 128)."""
        result: torch.Tensor = self.whole[0](x, src_key_padding_mask=padding)
        return result


class Encoder(nn.Module):
    """Vaswani and others, 2017: embedding, positions, four blocks; mean over the words, classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(20_000, 128, padding_idx=0)
        self.blocks = nn.ModuleList(Block() for _ in range(4))
        self.scores = nn.Linear(128, 4)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return (N, 4) of tokens (N, T)."""
        x = self.words(tokens)
        for place in range(x.shape[1]):
            for pair in range(64):
                angle = place / 10_000 ** (2 * pair / 128)
                x[:, place, 2 * pair] += math.sin(angle)
                x[:, place, 2 * pair + 1] += math.cos(angle)
        for block in self.blocks:
            x = block(x, tokens == 0)
        result: torch.Tensor = self.scores(_mean_of_words(x, tokens))
        return result


class Siamese(nn.Module):
    """One encoder for both images; the squared differences are weighed."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Dropout(0.3), nn.Linear(512, 32)),
        )
        self.score = nn.Linear(32, 1)

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Return (N, 1) of two batches of images (N, 1, 8, 8)."""
        result: torch.Tensor = self.score((self.encoder(first) - self.encoder(second)) ** 2)
        return result


class TwoTask(nn.Module):
    """A trunk of two layers, a head for a number and one for classes."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.number = nn.Linear(32, 1)
        self.scores = nn.Linear(32, 3)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return both predictions of measurements (N, 3)."""
        found = self.trunk(x)
        return {"petal_width": self.number(found), "species": self.scores(found)}


class VAE(nn.Module):
    """Kingma and Welling, 2014: in evaluation the code is the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU())
        self.log_variance = nn.Linear(128, 8)
        self.mean = nn.Linear(128, 8)
        self.decoder = nn.Sequential(nn.Linear(8, 128), nn.ReLU(), nn.Linear(128, 64), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return images (N, 1, 8, 8)."""
        result: torch.Tensor = self.decoder(self.mean(self.encoder(x))).reshape(x.shape)
        return result
