"""Losses for what is counted, and for predictions that say how sure they are."""

from core.kinds import Parameter
from core.training.kinds import LossKind

KINDS = (
    LossKind(
        "poisson_nll",
        "Poisson",
        "For counts: the network gives the logarithm of the rate at which something happens.",
        "torch.nn.PoissonNLLLoss",
        target="number",
        gives="log-rates",
        expects="the logarithm of one rate",
        unscaled=True,
        formula="exp(z) − y · z",
        options=(
            Parameter(
                "log_input",
                "bool",
                True,
                "Whether the output is the logarithm of the rate; else it is the rate, which must be above 0.",
            ),
            Parameter("full", "bool", False, "Add Stirling's approximation of log(y!), which changes no gradient."),
        ),
    ),
    LossKind(
        "gaussian_nll",
        "Gaussian",
        "The network gives a mean and how unsure it is. Makes the variance positive by softplus itself.",
        "core.training.loss_modules.gaussian.GaussianLoss",
        target="number",
        form="two",
        gives="mean",
        expects="two numbers, the mean and (before softplus) the variance",
        formula="½ (log v + (z − y)² / v),  v = softplus(second value)",
        options=(Parameter("full", "bool", False, "Add the constant ½ log 2π, which changes no gradient."),),
        aliases=("GaussianNLLLoss",),
    ),
    LossKind(
        "kl_div",
        "Kullback–Leibler divergence",
        "How far the predicted distribution is from the target's; the output is the logarithm of probabilities.",
        "torch.nn.KLDivLoss",
        target="number",
        gives="log-probabilities",
        meanings=("array",),
        expects="the logarithm of one probability for each of the target's",
        needs="LogSoftmax",
        mean="batchmean",
        unscaled=True,
        formula="Σ y · (log y − z)",
        options=(Parameter("log_target", "bool", False, "Whether the target holds logarithms of probabilities too."),),
    ),
)
