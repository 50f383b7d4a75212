"""Losses for masks: how far predicted areas overlap with the true ones, however small those are."""

from core.kinds import Parameter
from core.training.kinds import LossKind

_SMOOTH = Parameter("smooth", "float", 1.0, "Added above and below, so that an empty area has a loss too.", minimum=0)

KINDS = (
    LossKind(
        "dice",
        "Dice",
        "How little the predicted area overlaps with the true one: areas count alike, however small.",
        "core.training.loss_modules.overlap.DiceLoss",
        target="class",
        form="class",
        gives="scores",
        also=("binary",),
        meanings=("mask",),
        expects="one score per class and pixel",
        activation="Softmax",
        formula="1 − 2 Σ p·y / (Σ p + Σ y)",
        weight="weight",
        options=(_SMOOTH,),
    ),
    LossKind(
        "tversky",
        "Tversky",
        "Dice in which pixels that are missed count more than pixels that are claimed wrongly, or less.",
        "core.training.loss_modules.overlap.TverskyLoss",
        target="class",
        form="class",
        gives="scores",
        also=("binary",),
        meanings=("mask",),
        expects="one score per class and pixel",
        activation="Softmax",
        formula="1 − Σ p·y / (Σ p·y + α Σ p·(1−y) + β Σ (1−p)·y)",
        weight="weight",
        options=(
            Parameter("alpha", "float", 0.3, "How much pixels count that are claimed wrongly.", minimum=0),
            Parameter("beta", "float", 0.7, "How much pixels count that are missed.", minimum=0),
            _SMOOTH,
        ),
    ),
)
