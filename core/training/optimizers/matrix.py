"""Optimizers that treat the weights of a layer together: as a matrix, or by the curvature of the loss."""

from core.kinds import Parameter
from core.training.kinds import OptimizerKind

KINDS = (
    OptimizerKind(
        "Muon",
        "Muon",
        "Steps of equal size in every direction of a hidden layer's weight matrix. Embeddings, the last layers, "
        "convolutions, biases and normalisation are left to AdamW.",
        "torch.optim.Muon",
        learning_rate=1e-3,
        gradients="matrices",
        parameters=(
            Parameter(
                "adjust_lr_fn",
                "choice",
                "match_rms_adamw",
                "How the rate follows a matrix's shape: 'match_rms_adamw' makes steps as large as AdamW's, so that "
                "one learning rate suits both; 'original' wants a rate of about 0.02.",
                choices=("match_rms_adamw", "original"),
            ),
            Parameter(
                "ns_coefficients",
                "floats",
                (3.4445, -4.775, 2.0315),
                "The three coefficients of the Newton–Schulz iteration that evens out the directions.",
                length=3,
            ),
            Parameter(
                "ns_steps",
                "int",
                5,
                "How many Newton–Schulz iterations a step makes.",
                minimum=1,
                maximum=99,
                unit="iterations",
            ),
        ),
    ),
    OptimizerKind(
        "LBFGS",
        "L-BFGS",
        "Estimates the curvature of the loss and runs the network several times a step. For small networks whose "
        "batch is the whole training set.",
        "torch.optim.LBFGS",
        learning_rate=1.0,
        closure=True,
        grouped=False,
        parameters=(
            Parameter("max_iter", "int", 20, "The most iterations of a step.", minimum=1, unit="iterations"),
            Parameter(
                "max_eval",
                "int",
                None,
                "The most evaluations of the loss in a step; empty: five for every four iterations.",
                minimum=1,
                optional=True,
                unit="evaluations",
            ),
            Parameter("history_size", "int", 100, "How many earlier steps are kept.", minimum=1, unit="steps"),
            Parameter(
                "line_search_fn",
                "choice",
                None,
                "How far to go along a direction: empty, by the learning rate; 'strong_wolfe' searches for it.",
                choices=("strong_wolfe",),
                optional=True,
            ),
        ),
    ),
)
