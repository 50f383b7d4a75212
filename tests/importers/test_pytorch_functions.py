"""Calls of PyTorch's functions, methods and operators become layers that give the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.importers.pytorch import module_to_draft

Function = Callable[[Any, Tensor], Tensor]
_ROWS, _IMAGE = (4, 8), (3, 8, 8)


class Calling(nn.Module):
    """A network of one function, with tensors that it may use."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.function = function
        self.w, self.b, self.g = (nn.Parameter(torch.randn(shape)) for shape in ((5, 8), (5,), (8,)))
        self.cw, self.tw = nn.Parameter(torch.randn(6, 3, 3, 3)), nn.Parameter(torch.randn(3, 4, 2, 2))
        self.emb = nn.Parameter(torch.randn(7, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


CASES: dict[str, tuple[Function, tuple[int, ...]]] = {
    "scal": (lambda s, x: 2 - x * 3 + 1 / (x.abs() + 1) - (-x) / 2, _ROWS),
    "pow": (lambda s, x: x**2 + x.abs() ** 0.5 + 2**x, _ROWS),
    "alpha": (lambda s, x: torch.add(x, x, alpha=2) - torch.sub(x, 1, alpha=3), _ROWS),
    "lin": (lambda s, x: F.linear(x, s.w, s.b), _ROWS),
    "lin2": (lambda s, x: x @ s.w.t() + s.b, _ROWS),
    "lin3": (lambda s, x: F.linear(x, s.w * 2), _ROWS),
    "conv": (lambda s, x: F.conv2d(x, s.cw, None, 2, 1), _IMAGE),
    "convT": (lambda s, x: F.conv_transpose2d(x, s.tw, stride=2), _IMAGE),
    "ln": (lambda s, x: F.layer_norm(x, (8,), s.g, s.g), _ROWS),
    "gn": (lambda s, x: F.group_norm(x, 3), _IMAGE),
    "in": (lambda s, x: F.instance_norm(x), _IMAGE),
    "idx": (lambda s, x: x[:, 0] + x[:, -1] + x[..., 1:2].sum(-1, keepdim=True)[:, 0] - x[:, None][:, 0, 0], _ROWS),
    "idx2": (lambda s, x: x[:, [0, 2]] * x[:, ::2], _ROWS),
    "none": (lambda s, x: x[:, :, None] * x[:, None], _ROWS),
    "chunk": (lambda s, x: (lambda a, b: a * torch.sigmoid(b))(*x.chunk(2, -1)), _ROWS),
    "split": (lambda s, x: torch.cat(torch.split(x, 3, -1)[::-1], -1), _ROWS),
    "unbind": (lambda s, x: torch.stack(x.unbind(1), 2), _ROWS),
    "mm": (lambda s, x: torch.matmul(x, x.transpose(1, 2)).softmax(-1), _ROWS),
    "bmm": (lambda s, x: torch.bmm(x, x.mT), _ROWS),
    "ein": (lambda s, x: torch.einsum("nij,nkj->nik", x, x), _ROWS),
    "sdpa": (lambda s, x: F.scaled_dot_product_attention(x, x, x, is_causal=True), _ROWS),
    "max": (
        lambda s, x: x.max(1)[0] + x.max(dim=-1, keepdim=True).values[:, 0] + x.amax(1) + torch.min(x, dim=1)[0],
        _ROWS,
    ),
    "arg": (lambda s, x: x.argmax(-1).float(), _ROWS),
    "topk": (lambda s, x: x.topk(2, -1)[0], _ROWS),
    "mean": (
        lambda s, x: (
            x.mean((1, 2), keepdim=True)
            + x.std(2, keepdim=True)
            + x.var(-1, unbiased=False, keepdim=True)
            + x.norm(dim=1, keepdim=True)
        ),
        _ROWS,
    ),
    "where": (
        lambda s, x: (
            torch.where(x > 0, x, torch.zeros_like(x)) + torch.where(x < 0, x, 0.5) + x.masked_fill(x > 1, -2.0)
        ),
        _ROWS,
    ),
    "clamp": (lambda s, x: x.clamp(min=0) + torch.clamp(x, -1, 1) + x.clamp_(max=3.0), _ROWS),
    "cmp": (lambda s, x: ((x > 0) & (x < 1)).float() + (~(x == 0)).float() + (x != 0).to(x.dtype), _ROWS),
    "shape": (
        lambda s, x: (
            x.reshape(x.shape[0], 2, 2, -1)
            .permute(0, 3, 1, 2)
            .contiguous()
            .view(x.size(0), 8, -1)
            .flatten(2)
            .unsqueeze(1)
            .squeeze(1)
        ),
        _ROWS,
    ),
    "flat0": (lambda s, x: x.reshape(-1, 8).view(-1, 4, 8), _ROWS),
    "bt": (lambda s, x: x.view(-1, 8).relu().view(x.size(0), 4, 8), _ROWS),
    "exp": (lambda s, x: s.g.expand(x.size(0), 4, 8) + x + s.g.repeat(x.size(0), 4, 1), _ROWS),
    "exp2": (
        lambda s, x: (
            x.mean(1, keepdim=True).expand(-1, 4, -1) + x.sum(1, keepdim=True).expand_as(x) + x[:, :1].repeat(1, 4, 1)
        ),
        _ROWS,
    ),
    "pool": (
        lambda s, x: (
            F.max_pool2d(x, 2) + F.avg_pool2d(x, 2, 2) + F.adaptive_avg_pool2d(x, 4) + F.adaptive_max_pool2d(x, (4, 4))
        ),
        _IMAGE,
    ),
    "interp": (lambda s, x: F.interpolate(F.interpolate(x, size=(5, 7)), scale_factor=2, mode="nearest"), _IMAGE),
    "interp2": (lambda s, x: F.interpolate(x, size=x.shape[-2:], mode="bilinear", align_corners=False), _IMAGE),
    "pad": (lambda s, x: F.pad(F.pad(x, (1, 2)), (1, 1, 1, 1), mode="reflect"), _IMAGE),
    "pad2": (lambda s, x: F.pad(x, (0, 1), value=2.0), _IMAGE),
    "act": (
        lambda s, x: (
            F.leaky_relu(x, 0.2)
            + F.elu(x)
            + F.gelu(x, approximate="tanh")
            + F.silu(x)
            + F.hardtanh(x, -2, 2)
            + F.softplus(x)
            + F.hardswish(x)
            + F.relu6(x, inplace=False)
            + torch.relu_(x.clone())
            + F.glu(x, -1).repeat(1, 1, 2)
        ),
        _ROWS,
    ),
    "norm": (lambda s, x: F.normalize(x, dim=-1) + F.normalize(x, p=1, dim=1), _ROWS),
    "drop": (lambda s, x: F.dropout(F.dropout2d(x, 0.2, s.training), training=s.training), _IMAGE),
    "inplace": (lambda s, x: (lambda y: (y.add_(1), y.mul_(x), y)[2])(x * 1), _ROWS),
    "cum": (lambda s, x: x.cumsum(1) + x.flip(1) + x.roll(1, 2) + torch.roll(x, (1,), (1,)), _ROWS),
    "ps": (lambda s, x: F.pixel_unshuffle(x, 2), _IMAGE),
    "unf": (lambda s, x: F.unfold(x, 3, padding=1), _IMAGE),
    "log": (lambda s, x: torch.log(x.abs() + 1).exp().sqrt().rsqrt().log1p().sin().cos().floor(), _ROWS),
    "loss": (lambda s, x: F.log_softmax(x, dim=-1).logsumexp(-1), _ROWS),
    "pixel": (lambda s, x: x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, 3), _IMAGE),
    "win": (
        lambda s, x: (
            x.view(x.shape[0], 3, 2, 4, 2, 4)
            .permute(0, 2, 4, 3, 5, 1)
            .reshape(-1, 16, 3)
            .mul(2)
            .view(x.shape[0], 4, 16, 3)
        ),
        _IMAGE,
    ),
    "emb": (lambda s, x: F.embedding((x[:, :, 0].abs()).long().clamp(0, 6), s.emb), _ROWS),
    "zeros": (lambda s, x: torch.cat([torch.zeros(x.size(0), 1, 8), x], 1), _ROWS),
    "ones": (lambda s, x: x * torch.ones_like(x) + torch.full((8,), 0.5), _ROWS),
    "tri": (
        lambda s, x: (
            (x @ x.transpose(1, 2)).masked_fill(torch.triu(torch.ones(4, 4), 1).bool(), float("-inf")).softmax(-1)
        ),
        _ROWS,
    ),
    "T": (lambda s, x: (s.w.T.mean(0)).sum() + x, _ROWS),
    "sumall": (lambda s, x: x / x.sum(-1, keepdim=True).clamp_min(1e-6), _ROWS),
    "minmax": (lambda s, x: torch.maximum(x, -x) + torch.minimum(x, x * 2), _ROWS),
    "movedim": (lambda s, x: x.movedim(1, -1), _IMAGE),
    "swap": (lambda s, x: x.swapaxes(1, 2), _ROWS),
    "addmm": (lambda s, x: torch.addmm(s.b, x[:, 0], s.w.t()), _ROWS),
    "lerp": (lambda s, x: torch.lerp(x, x * 2, 0.5), _ROWS),
    "outer": (lambda s, x: x.unsqueeze(-1) @ x.unsqueeze(-2), _ROWS),
    "float": (lambda s, x: x.double().float().type_as(x), _ROWS),
    "tile": (lambda s, x: x.tile(1, 2, 1), _ROWS),
    "ri": (lambda s, x: x.repeat_interleave(2, 1), _ROWS),
}


@pytest.mark.parametrize("name", CASES)
def test_a_function_becomes_layers_that_give_the_same(name: str) -> None:
    function, shape = CASES[name]
    imported = module_to_draft(Calling(function), [shape])
    assert not imported.opaque
    assert all(note.startswith("These weights have no part") for note in imported.notes)
