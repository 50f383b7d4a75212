"""Gradient descent with one learning rate for all weights."""

from core.training.kinds import OptimizerKind

KINDS = (
    OptimizerKind(
        "SGD",
        "SGD",
        "Plain gradient descent, with momentum where you ask for it. Often generalises best when tuned.",
        "torch.optim.SGD",
        learning_rate=0.05,
        fused=True,
    ),
)
