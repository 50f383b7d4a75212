"""Classic networks written by hand as their authors describe them, small, to be imported."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LeNet(nn.Module):
    """LeCun and others, 1998, with the functions of today."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), (2, 2))
        x = x.view(x.size(0), -1)
        x = F.dropout(F.relu(self.fc1(x)), 0.3, training=self.training)
        return self.fc3(F.relu(self.fc2(x)))


class AlexNet(nn.Module):
    """Krizhevsky and others, 2012, narrower."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=2, padding=2),
            nn.ReLU(inplace=True),
            nn.LocalResponseNorm(5),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(8, 12, 3, padding=1, groups=4),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((2, 2))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(48, 16), nn.ReLU(inplace=True), nn.Linear(16, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def vgg11() -> nn.Module:
    """Simonyan and Zisserman, 2014, configuration A, narrower."""
    layers: list[nn.Module] = []
    before = 3
    for width in (4, 0, 8, 0, 16, 16, 0, 16, 16, 0, 16, 16, 0):
        if width:
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        else:
            layers.append(nn.MaxPool2d(2, 2))
        before = width or before
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Dropout(), nn.Linear(12, 10))


class BasicBlock(nn.Module):
    """He and others, 2015: two convolutions and a shortcut."""

    def __init__(self, before: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or before != width:
            self.downsample = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet18(nn.Module):
    """Table 1 of the paper, 18 layers, narrower."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._stage(width, width, 1)
        self.layer2 = self._stage(width, 2 * width, 2)
        self.layer3 = self._stage(2 * width, 4 * width, 2)
        self.layer4 = self._stage(4 * width, 8 * width, 2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8 * width, 10)

    def _stage(self, before: int, width: int, stride: int) -> nn.Sequential:
        return nn.Sequential(BasicBlock(before, width, stride), BasicBlock(width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class DenseLayer(nn.Module):
    """Huang and others, 2016: one layer of a dense block, which is given all found so far."""

    def __init__(self, before: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(before), nn.Conv2d(before, 2 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(2 * growth), nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)

    def forward(self, found: list[Tensor]) -> Tensor:
        x = self.conv1(F.relu(self.norm1(torch.cat(found, 1))))
        return F.dropout(self.conv2(F.relu(self.norm2(x))), p=0.1, training=self.training)


class DenseNet(nn.Module):
    """Two dense blocks and a transition."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 8, 3, padding=1)
        self.block1 = nn.ModuleList(DenseLayer(8 + 4 * number, 4) for number in range(3))
        self.transition = nn.Conv2d(20, 10, 1)
        self.block2 = nn.ModuleList(DenseLayer(10 + 4 * number, 4) for number in range(2))
        self.classifier = nn.Linear(18, 10)

    def forward(self, x: Tensor) -> Tensor:
        found = [self.conv0(x)]
        for layer in self.block1:
            found.append(layer(found))
        found = [F.avg_pool2d(self.transition(torch.cat(found, 1)), 2)]
        for layer in self.block2:
            found.append(layer(found))
        return self.classifier(F.adaptive_avg_pool2d(torch.cat(found, 1), (1, 1)).flatten(1))


class InvertedResidual(nn.Module):
    """Sandler and others, 2018: wide inside, joined where both ends are alike."""

    def __init__(self, before: int, after: int, stride: int, expand: int) -> None:
        super().__init__()
        wide = before * expand
        self.joined = stride == 1 and before == after
        self.conv = nn.Sequential(
            nn.Conv2d(before, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
            nn.Conv2d(wide, after, 1, bias=False), nn.BatchNorm2d(after),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.joined else self.conv(x)


class MobileNetV2(nn.Module):
    """A few blocks of the paper's table 2."""

    def __init__(self) -> None:
        super().__init__()
        table = ((8, 8, 1, 2), (8, 12, 2, 2), (12, 12, 1, 2), (12, 12, 1, 2))
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(inplace=True),
                                      *(InvertedResidual(*each) for each in table))  # fmt: skip
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(12, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean([2, 3]))


class Fire(nn.Module):
    """Iandola and others, 2016: squeeze, then expand in two ways."""

    def __init__(self, before: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(before, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.squeeze(x))
        return torch.cat([torch.relu(self.expand1x1(x)), torch.relu(self.expand3x3(x))], dim=1)


class SqueezeNet(nn.Module):
    """Fire modules between poolings."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(8, 4, 6), Fire(12, 4, 6),
            nn.MaxPool2d(3, 2, ceil_mode=True), Fire(12, 6, 8),
        )  # fmt: skip
        self.classifier = nn.Conv2d(16, 10, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(self.classifier(self.features(x)), 1).squeeze(-1).squeeze(-1)


class Inception(nn.Module):
    """Szegedy and others, 2014: four ways side by side."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.branch1 = nn.Conv2d(before, width, 1)
        self.branch2 = nn.Sequential(nn.Conv2d(before, width, 1), nn.ReLU(), nn.Conv2d(width, 2 * width, 3, padding=1))
        self.branch3 = nn.Sequential(nn.Conv2d(before, 4, 1), nn.ReLU(), nn.Conv2d(4, width, 5, padding=2))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), nn.Conv2d(before, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1))


class GoogLeNet(nn.Module):
    """Two blocks, and a second classifier that is there only while training."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2)
        self.inception3a, self.inception3b = Inception(8, 4), Inception(20, 4)
        self.aux, self.fc = nn.Linear(20, 10), nn.Linear(20, 10)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        x = self.inception3a(self.conv(x))
        extra = self.aux(x.mean((2, 3))) if self.training else None
        result = self.fc(torch.flatten(F.adaptive_avg_pool2d(self.inception3b(x), (1, 1)), 1))
        return result if extra is None else (result, extra)


def double_conv(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(after, after, 3, padding=1), nn.ReLU()
    )


class UNet(nn.Module):
    """Ronneberger and others, 2015: down and up again, with what was found on the way down."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2, self.bottom = double_conv(1, 4), double_conv(4, 8), double_conv(8, 16)
        self.up2, self.join2 = nn.ConvTranspose2d(16, 8, 2, stride=2), double_conv(16, 8)
        self.join1, self.out = double_conv(12, 4), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = self.down1(x)
        two = self.down2(F.max_pool2d(one, 2))
        x = self.up2(self.bottom(F.max_pool2d(two, 2)))
        x = F.pad(x, [0, two.shape[3] - x.shape[3], 0, two.shape[2] - x.shape[2]])
        x = self.join2(torch.cat((two, x), 1))
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        return self.out(self.join1(torch.cat((one, x), 1)))


class LSTMClassifier(nn.Module):
    """Words, a bidirectional LSTM with time in front, a GRU, and the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 8, num_layers=2, bidirectional=True, dropout=0.2)
        self.gru = nn.GRU(16, 4, batch_first=True)
        self.fc = nn.Linear(4, 2)

    def forward(self, words: Tensor) -> Tensor:
        start = torch.zeros(4, words.size(0), 8)
        steps, (_hidden, _cell) = self.lstm(self.embedding(words).permute(1, 0, 2), (start, start))
        _steps, last = self.gru(steps.permute(1, 0, 2))
        return self.fc(F.dropout(last[-1], 0.5, training=self.training))


class VisionTransformer(nn.Module):
    """Dosovitskiy and others, 2020, with PyTorch's own encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 8, 8)
        self.token, self.position = nn.Parameter(torch.randn(1, 1, 16)), nn.Parameter(torch.randn(1, 17, 16))
        layer = nn.TransformerEncoderLayer(16, 4, 32, activation="gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.position
        return F.log_softmax(self.head(self.encoder(x)[:, 0]), dim=-1)


class Attention(nn.Module):
    """Several heads by hand, masked so that none looks ahead."""

    def __init__(self, width: int, heads: int, length: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.register_buffer("mask", torch.tril(torch.ones(length, length)).view(1, 1, length, length))

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.size()
        q, k, v = self.qkv(x).split(width, dim=2)
        q, k, v = (each.view(batch, time, self.heads, width // self.heads).transpose(1, 2) for each in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) * (1.0 / (width // self.heads) ** 0.5)
        scores = scores.masked_fill(self.mask[:, :, :time, :time] == 0, float("-inf"))
        mixed = F.softmax(scores, dim=-1) @ v
        return self.proj(mixed.transpose(1, 2).contiguous().view(batch, time, width))


class Block(nn.Module):
    """One block of a decoder."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.ln1, self.attn = nn.LayerNorm(width), Attention(width, 2, length)
        self.ln2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class GPT(nn.Module):
    """Radford and others, 2019, small; the last layer has the embedding's table."""

    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(20, 16), nn.Embedding(8, 16)
        self.blocks = nn.ModuleList(Block(16, 8) for _ in range(2))
        self.ln_f, self.head = nn.LayerNorm(16), nn.Linear(16, 20, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, words: Tensor) -> Tensor:
        places = torch.arange(words.size(1), device=words.device)
        x = self.wte(words) + self.wpe(places)
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln_f(x))


class Tower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(5, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(F.relu(self.one(x)))


class Siamese(nn.Module):
    """One tower for two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.tower, self.out = Tower(), nn.Linear(8, 1)

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Tensor]:
        one, two = self.tower(left), self.tower(right)
        return {"distance": (one - two).abs().sum(1, keepdim=True), "same": torch.sigmoid(self.out(one * two))}


class Steps(nn.Module):
    """A loop over what arrives, which only ``torch.export`` can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.step = nn.Conv1d(3, 4, 3, padding=1), nn.Linear(4, 4)
        self.drop = nn.Dropout(0.3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).transpose(1, 2)
        return torch.stack([self.drop(self.step(x[:, number])) for number in range(x.shape[1])], 1)


class Spectrum(nn.Module):
    """What no layer of ours does, in a class that stands by itself."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.width = width
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.rfft(x, dim=-1).abs()[..., : self.width] * self.scale


class Listening(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.spectrum, self.out = Spectrum(5), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.spectrum(x))


class Gate(nn.Module):
    """Looks at the numbers, as nothing can that only traces."""

    def forward(self, x: Tensor) -> Tensor:
        return -x if x.sum() > 1e9 else x * 2


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before, self.gate, self.after = nn.Linear(8, 8), Gate(), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.gate(self.before(x)))


class Plain(nn.Module):
    """An operation that no layer does, in the network's own forward."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.rfft(self.linear(x)).abs()
