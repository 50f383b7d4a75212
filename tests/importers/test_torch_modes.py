"""Functions that are told whether the network learns do the same in training and in prediction once imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.importers._verify import built
from core.importers.pytorch import module_to_draft

SHAPE = (3, 4, 4)


class Calling(nn.Module):
    """A network of one function, with what a normalisation keeps."""

    def __init__(self, function: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.function = function
        self.learning_calls = 0
        self.register_buffer("mean", torch.randn(3))
        self.register_buffer("var", torch.rand(3) + 0.5)
        self.weight, self.bias = nn.Parameter(torch.randn(3)), nn.Parameter(torch.randn(3))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.learning_calls += 1
        return self.function(self, x)


CASES: dict[str, tuple[Callable[[Any, Tensor], Tensor], set[str]]] = {
    "never dropped": (lambda s, x: F.dropout(x, 0.5, training=False) * 2, {"ScalarExpression"}),
    "never dropped, by place": (lambda s, x: F.dropout2d(x, 0.5, False) * 2, {"ScalarExpression"}),
    "dropped of nothing": (lambda s, x: F.dropout(x, 0.0) * 2, {"ScalarExpression"}),
    "quiet by default": (lambda s, x: F.alpha_dropout(x, 0.5) + F.feature_alpha_dropout(x), {"Add"}),
    "never at random": (lambda s, x: F.rrelu(x, 0.1, 0.3), {"LeakyReLU"}),
    "fixed batch norm": (
        lambda s, x: F.batch_norm(x, s.mean, s.var, s.weight, s.bias),
        {"Constant", "Reshape", "ScalarExpression", "FreeParameter", "Multiply", "Add"},
    ),
    "batch's own": (lambda s, x: F.batch_norm(x, s.mean, s.var, s.weight, s.bias, True), {"BatchNorm2d"}),
    "batch's own, by name": (lambda s, x: F.batch_norm(x, None, None, training=True, eps=1e-3), {"BatchNorm2d"}),
    "sample's own": (lambda s, x: F.instance_norm(x, s.mean, s.var), {"InstanceNorm2d"}),
    "fixed instance norm": (
        lambda s, x: F.instance_norm(x, s.mean, s.var, use_input_stats=False),
        {"Constant", "Reshape", "ScalarExpression"},
    ),
    "as the network": (
        lambda s, x: F.batch_norm(x, s.mean, s.var, s.weight, s.bias, s.training, 0.2),
        {"BatchNorm2d"},
    ),
    "as the network, sample's": (
        lambda s, x: F.instance_norm(x, s.mean, s.var, use_input_stats=s.training),
        {"InstanceNorm2d"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_does_the_same_in_training_and_in_prediction(name: str) -> None:
    function, kinds = CASES[name]
    module = Calling(function)
    imported = module_to_draft(module, [SHAPE])
    assert not imported.opaque
    assert {node.kind for node in imported.project.graph.nodes.values()} - {"Input", "Output"} == kinds
    made, _inputs, _outputs = built(imported)
    given = torch.randn(6, *SHAPE)
    for learning in (True, False):
        module.train(learning)
        made.train(learning)
        assert torch.allclose(module(given), made(given), atol=1e-5), learning


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda s, x: F.dropout(x, 0.4, s.training), "Dropout"),
        (lambda s, x: F.dropout(x, p=0.4 if s.training else 0.0), "Dropout"),
        (lambda s, x: F.alpha_dropout(x, 0.4, training=s.training), "AlphaDropout"),
        (lambda s, x: F.rrelu(x, training=s.training), "RReLU"),
    ],
)
def test_what_the_network_does_while_training_only_is_a_layer(
    function: Callable[[Any, Tensor], Tensor], kind: str
) -> None:
    module = Calling(function)
    imported = module_to_draft(module, [SHAPE])
    (node,) = imported.project.graph.of_kind(kind)
    assert node.params.get("p", 0.4) == 0.4
    assert module.learning_calls == 0  # nothing of the module was run as in training


@pytest.mark.parametrize(
    "function", [lambda s, x: F.dropout(x, 0.4), lambda s, x: F.rrelu(x, training=True)], ids=["dropout", "rrelu"]
)
def test_what_is_random_in_prediction_too_is_told(function: Callable[[Any, Tensor], Tensor]) -> None:
    imported = module_to_draft(Calling(function), [SHAPE])
    assert imported.opaque
    assert any("also" in note or "too" in note for note in imported.notes), imported.notes


def test_attention_that_drops_weights_while_training_says_what_is_lost() -> None:
    def attend(s: Any, x: Tensor) -> Tensor:
        rows = x.flatten(2)
        return F.scaled_dot_product_attention(rows, rows, rows, dropout_p=0.1 if s.training else 0.0)

    imported = module_to_draft(Calling(attend), [SHAPE])
    assert any("drops 0.1 of its weights while training" in note for note in imported.notes)
