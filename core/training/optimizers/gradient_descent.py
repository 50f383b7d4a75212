"""Gradient descent with one learning rate for all weights."""

from core.kinds import Parameter
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
    OptimizerKind(
        "ASGD",
        "Averaged SGD",
        "Gradient descent with a falling rate that also keeps the mean of the weights. For long, noisy training.",
        "torch.optim.ASGD",
        learning_rate=1e-2,
        parameters=(
            Parameter("alpha", "float", 0.75, "The power with which the rate falls.", minimum=0, maximum=1, unit="0–1"),
            Parameter("t0", "float", 1e6, "The step from which on the weights are averaged.", minimum=0, unit="steps"),
        ),
    ),
    OptimizerKind(
        "Rprop",
        "Rprop",
        "Looks only at the sign of the gradient. For batches that hold the whole training set.",
        "torch.optim.Rprop",
        learning_rate=1e-2,
        parameters=(
            Parameter(
                "eta_minus",
                "float",
                0.5,
                "What a step is multiplied by where the sign changed.",
                minimum=0,
                maximum=1,
                exclusive=True,
                unit="0–1",
            ),
            Parameter(
                "eta_plus",
                "float",
                1.2,
                "What a step is multiplied by where the sign stayed.",
                minimum=1,
                exclusive=True,
            ),
            Parameter("step_min", "float", 1e-6, "The smallest step of a weight.", minimum=0),
            Parameter("step_max", "float", 50.0, "The largest step of a weight.", minimum=0, exclusive=True),
        ),
    ),
)
