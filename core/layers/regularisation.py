"""Regularisation: layers that make learning by heart harder, so that the network has to generalise."""

from __future__ import annotations

from core.kinds import LayerKind, Parameter

_DROPOUT = LayerKind(
    "Dropout",
    "Regularisation",
    "Sets randomly chosen values to zero while training, so that the network does not learn by heart.",
    "torch.nn.Dropout",
    parameters=(Parameter("p", "float", 0.5, "The share of values that is set to zero while training."),),
    hidden=("inplace",),
    face=("p",),
    keywords=("overfitting", "regularization", "random", "drop"),
    samples=(((2, 10),), ((2, 3, 8, 8),)),
)

KINDS = (_DROPOUT,)
