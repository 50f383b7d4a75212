"""Optimizers that keep a step size of its own for every weight."""

from core.kinds import Parameter
from core.training.kinds import OptimizerKind

KINDS = (
    OptimizerKind(
        "Adam",
        "Adam",
        "Adapts the step of every weight to its gradients. A good first choice.",
        "torch.optim.Adam",
        learning_rate=1e-3,
        fused=True,
        hidden=("decoupled_weight_decay",),
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
        "NAdam",
        "NAdam",
        "Adam that looks ahead along its momentum, as Nesterov's method does.",
        "torch.optim.NAdam",
        learning_rate=2e-3,
    ),
    OptimizerKind(
        "RAdam",
        "RAdam",
        "Adam that holds back while it knows few gradients, so that it needs no warm-up.",
        "torch.optim.RAdam",
        learning_rate=1e-3,
    ),
    OptimizerKind(
        "Adamax",
        "Adamax",
        "Adam that divides by the largest recent gradient in place of the mean square. Calm where gradients jump.",
        "torch.optim.Adamax",
        learning_rate=2e-3,
    ),
    OptimizerKind(
        "Adafactor",
        "Adafactor",
        "Keeps sums over rows and columns in place of a number for every weight: little memory for large networks.",
        "torch.optim.Adafactor",
        learning_rate=1e-2,
        parameters=(
            Parameter(
                "eps1",
                "float",
                None,
                "Added to the squared gradients; empty: the smallest step of the number's type.",
                minimum=0,
                optional=True,
            ),
            Parameter("eps2", "float", 1e-3, "The least size of a weight that a step is measured by.", minimum=0),
            Parameter(
                "beta2_decay",
                "float",
                -0.8,
                "How fast the memory of the squared gradients grows with the steps: step to this power.",
                maximum=0,
            ),
            Parameter("d", "float", 1.0, "Steps larger than this are cut.", minimum=0, exclusive=True),
        ),
    ),
    OptimizerKind(
        "Adagrad",
        "Adagrad",
        "Divides each step by all gradients so far: rare features learn fast, all steps shrink. For sparse data.",
        "torch.optim.Adagrad",
        learning_rate=1e-2,
        fused=True,
    ),
    OptimizerKind(
        "Adadelta",
        "Adadelta",
        "Adagrad that forgets, and finds its own step size: the learning rate may stay at 1.",
        "torch.optim.Adadelta",
        learning_rate=1.0,
    ),
    OptimizerKind(
        "RMSprop",
        "RMSprop",
        "Divides each step by the recent size of the gradients. Used with recurrent networks.",
        "torch.optim.RMSprop",
        learning_rate=1e-3,
    ),
    OptimizerKind(
        "SparseAdam",
        "Sparse Adam",
        "Adam for gradients that name only the rows that were used, as large embeddings can give them.",
        "torch.optim.SparseAdam",
        learning_rate=1e-3,
        gradients="sparse",
    ),
)
