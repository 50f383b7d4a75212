"""Losses for numbers: how far the prediction is from the target."""

from core.kinds import Parameter
from core.training.kinds import LossKind

KINDS = (
    LossKind(
        "mse",
        "Mean squared error",
        "The mean of the squared distances: large errors count most.",
        "torch.nn.MSELoss",
        target="number",
        expects="one number",
        automatic=True,
    ),
    LossKind(
        "l1",
        "Mean absolute error",
        "The mean of the distances: outliers count little.",
        "torch.nn.L1Loss",
        target="number",
        expects="one number",
    ),
    LossKind(
        "smooth_l1",
        "Smooth L1",
        "Squared below beta, absolute above it, scaled so that the slope far out is 1.",
        "torch.nn.SmoothL1Loss",
        target="number",
        expects="one number",
        parameters=(Parameter("beta", "float", 1.0, "Distance at which squared becomes absolute.", minimum=0.0),),
    ),
    LossKind(
        "huber",
        "Huber",
        "Squared below delta, absolute above it.",
        "torch.nn.HuberLoss",
        target="number",
        expects="one number",
        parameters=(
            Parameter(
                "delta", "float", 1.0, "Distance at which squared becomes absolute.", minimum=0.0, exclusive=True
            ),
        ),
    ),
)
