"""Losses for categories: the network gives scores, the loss turns them into probabilities itself."""

from core.training.kinds import LossKind

KINDS = (
    LossKind(
        "cross_entropy",
        "Cross-entropy",
        "How surprised the network is by the right class. Applies softmax itself.",
        "torch.nn.CrossEntropyLoss",
        target="class",
        expects="one score per class",
        activation="Softmax",
        automatic=True,
    ),
    LossKind(
        "bce_with_logits",
        "Binary cross-entropy",
        "How surprised the network is by a yes or no. Applies the sigmoid itself.",
        "torch.nn.BCEWithLogitsLoss",
        target="binary",
        expects="one score",
        activation="Sigmoid",
        automatic=True,
    ),
)
