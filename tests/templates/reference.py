"""Three classic networks written by hand, module by module from their papers, to hold the templates against."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


class Residual(nn.Module):
    """Two 3 × 3 convolutions and a shortcut, which is a convolution wherever the shape changes."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        changes = stride > 1 or before != after
        self.shortcut = (
            nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
            if changes
            else nn.Identity()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return both ways added."""
        result: torch.Tensor = torch.relu(self.path(x) + self.shortcut(x))
        return result


def resnet18() -> nn.Module:
    """Return He and others, "Deep Residual Learning for Image Recognition", 2015, table 1, 18 layers."""
    widths = (64, 64, 128, 256, 512)
    blocks: list[nn.Module] = []
    for before, after in pairwise(widths):
        blocks += [Residual(before, after, stride=1 if before == after else 2), Residual(after, after, stride=1)]
    return nn.Sequential(*_stem(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


def _stem() -> list[nn.Module]:
    return [
        nn.Conv2d(3, 64, 7, 2, padding=3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, padding=1),
    ]


class DenseBlock(nn.Module):
    """Layers that are given everything found so far, kept as a list as the paper puts it."""

    def __init__(self, before: int, layers: int, growth: int = 32) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(before + number * growth),
                nn.ReLU(),
                nn.Conv2d(before + number * growth, 4 * growth, 1, bias=False),
                nn.BatchNorm2d(4 * growth),
                nn.ReLU(),
                nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False),
            )
            for number in range(layers)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what came in and what each layer found."""
        found = [x]
        for layer in self.layers:
            found.append(layer(torch.cat(found, 1)))
        return torch.cat(found, 1)


def densenet121() -> nn.Module:
    """Return Huang and others, "Densely Connected Convolutional Networks", 2016, table 1, DenseNet-121."""
    parts, width = _stem(), 64
    for layers in (6, 12, 24, 16):
        parts.append(DenseBlock(width, layers))
        width += 32 * layers
        parts += [nn.BatchNorm2d(width), nn.ReLU()]
        if layers != 16:
            parts += [nn.Conv2d(width, width // 2, 1, bias=False), nn.AvgPool2d(2)]
            width //= 2
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000))


class Inverted(nn.Module):
    """Wide inside, narrow at both ends, which are joined where they are alike."""

    def __init__(self, before: int, after: int, expand: int, stride: int) -> None:
        super().__init__()
        wide = before * expand
        widen = [] if expand == 1 else [nn.Conv2d(before, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()]
        self.path = nn.Sequential(
            *widen,
            nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            nn.Conv2d(wide, after, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.joined = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the path's result, added to what came in where that is possible."""
        result: torch.Tensor = self.path(x)
        return x + result if self.joined else result


def mobilenet_v2() -> nn.Module:
    """Return Sandler and others, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018, table 2."""
    parts: list[nn.Module] = [nn.Conv2d(3, 32, 3, 2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()]
    before = 32
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expand, after, blocks, first in table:
        for number in range(blocks):
            parts.append(Inverted(before, after, expand, first if number == 0 else 1))
            before = after
    head = [nn.Conv2d(before, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6(), nn.AdaptiveAvgPool2d(1)]
    return nn.Sequential(*parts, *head, nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 1000))
