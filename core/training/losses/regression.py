"""Losses for numbers: how far the prediction is from the target."""

from core.kinds import Parameter
from core.training.kinds import LossKind

_ARRAYS = ("array", "image", "audio")

KINDS = (
    LossKind(
        "mse",
        "Mean squared error",
        "The mean of the squared distances: large errors count most.",
        "torch.nn.MSELoss",
        target="number",
        expects="one number",
        automatic=True,
        formula="(z − y)²",
    ),
    LossKind(
        "l1",
        "Mean absolute error",
        "The mean of the distances: outliers count little.",
        "torch.nn.L1Loss",
        target="number",
        expects="one number",
        formula="|z − y|",
    ),
    LossKind(
        "huber",
        "Huber",
        "Squared up to a distance of delta, absolute above it: outliers count less.",
        "torch.nn.HuberLoss",
        target="number",
        expects="one number",
        formula="½ (z − y)² up to δ, δ · (|z − y| − ½ δ) above",
        options=(
            Parameter(
                "delta", "float", 1.0, "The distance above which errors are absolute.", minimum=0, exclusive=True
            ),
        ),
    ),
    LossKind(
        "smooth_l1",
        "Smooth L1",
        "Huber divided by beta: absolute above a distance of beta, squared below it.",
        "torch.nn.SmoothL1Loss",
        target="number",
        expects="one number",
        formula="½ (z − y)² / β below β, |z − y| − ½ β above",
        options=(Parameter("beta", "float", 1.0, "The distance above which errors are absolute.", minimum=0),),
    ),
    LossKind(
        "log_cosh",
        "Log-cosh",
        "Squared for small errors, absolute for large ones, and smooth everywhere.",
        "core.training.loss_modules.distance.LogCoshLoss",
        target="number",
        expects="one number",
        formula="log cosh(z − y)",
    ),
    LossKind(
        "mape",
        "Mean absolute percentage error",
        "The distance in percent of the target: for targets far from zero.",
        "core.training.loss_modules.distance.PercentageLoss",
        target="number",
        expects="one number",
        formula="100 · |z − y| / |y|",
        unscaled=True,
        options=(
            Parameter("eps", "float", 1e-6, "The smallest divisor, for targets of zero.", minimum=0, exclusive=True),
        ),
    ),
    LossKind(
        "cosine",
        "Cosine similarity",
        "The angle between prediction and target; their lengths do not matter.",
        "core.training.loss_modules.distance.CosineLoss",
        target="number",
        meanings=_ARRAYS,
        expects="values of the target's shape",
        formula="1 − z · y / (‖z‖ ‖y‖)",
    ),
)
