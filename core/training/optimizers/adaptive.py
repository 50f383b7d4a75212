"""Optimizers that keep a step size of its own for every weight."""

from core.training.kinds import OptimizerKind

KINDS = (
    OptimizerKind(
        "Adam",
        "Adam",
        "Adapts the step of every weight to its gradients. A good first choice.",
        "torch.optim.Adam",
        learning_rate=1e-3,
        fused=True,
    ),
    OptimizerKind(
        "AdamW",
        "AdamW",
        "Adam with weight decay kept apart from the gradients. The usual choice for transformers.",
        "torch.optim.AdamW",
        learning_rate=1e-3,
        fused=True,
    ),
    OptimizerKind(
        "RMSprop",
        "RMSprop",
        "Divides each step by the recent size of the gradients. Used with recurrent networks.",
        "torch.optim.RMSprop",
        learning_rate=1e-3,
    ),
)
