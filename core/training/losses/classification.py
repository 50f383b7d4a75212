"""Losses for one of many classes: the network gives a score for each."""

from core.kinds import Parameter
from core.training.kinds import LossKind

_SINGLE = ("category", "flag")

KINDS = (
    LossKind(
        "cross_entropy",
        "Cross-entropy",
        "How surprised the network is by the right class. Applies softmax itself.",
        "torch.nn.CrossEntropyLoss",
        target="class",
        form="class",
        gives="scores",
        expects="one score per class",
        activation="Softmax",
        automatic=True,
        formula="−log softmax(z)[y]",
        weight="weight",
        options=(
            Parameter(
                "label_smoothing",
                "float",
                0.0,
                "Share of the certainty that is taken from the right class and spread over all of them.",
                minimum=0,
                maximum=1,
                unit="0–1",
            ),
        ),
        aliases=("LinearCrossEntropyLoss",),
    ),
    LossKind(
        "nll",
        "Negative log-likelihood",
        "How surprised the network is by the right class, where it ends in log-softmax itself.",
        "torch.nn.NLLLoss",
        target="class",
        form="class",
        gives="log-probabilities",
        expects="the logarithm of one probability per class",
        needs="LogSoftmax",
        formula="−z[y]",
        weight="weight",
        aliases=("NLLLoss2d",),
    ),
    LossKind(
        "focal",
        "Focal",
        "Cross-entropy in which classes that are predicted well already count little: for rare classes.",
        "core.training.loss_modules.focal.FocalLoss",
        target="class",
        form="class",
        gives="scores",
        expects="one score per class",
        activation="Softmax",
        formula="−(1 − p)^γ · log p,  p = softmax(z)[y]",
        weight="weight",
        options=(
            Parameter(
                "gamma",
                "float",
                2.0,
                "How much less a sample counts that is predicted well; 0 is cross-entropy.",
                minimum=0,
            ),
        ),
    ),
    LossKind(
        "multi_margin",
        "Multi-class hinge",
        "The right class shall score higher than every other by a margin; beyond it nothing is learned.",
        "torch.nn.MultiMarginLoss",
        target="class",
        form="class",
        gives="scores",
        expects="one score per class",
        meanings=_SINGLE,
        formula="Σ over c ≠ y of max(0, margin − z[y] + z[c])^p / C",
        options=(
            Parameter("p", "int", 1, "The power of what is missing to the margin: 1 or 2.", minimum=1, maximum=2),
            Parameter("margin", "float", 1.0, "By how much the right class shall score higher than the others."),
        ),
    ),
)
