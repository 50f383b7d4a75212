"""Losses for numbers: how far the prediction is from the target."""

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
        "huber",
        "Huber",
        "Squared below a distance of 1, absolute above it: outliers count less. Also called smooth L1.",
        "torch.nn.HuberLoss",
        target="number",
        expects="one number",
    ),
)
