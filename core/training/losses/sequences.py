"""Losses for texts of which nobody says where in the input each symbol stands."""

from core.kinds import Parameter
from core.training.kinds import LossKind

KINDS = (
    LossKind(
        "ctc",
        "CTC",
        "For a text without alignment: sums over all ways to spell it in the steps given. Applies log-softmax itself.",
        "torch.nn.CTCLoss",
        target="text",
        form="steps",
        gives="scores",
        expects="for every step one score per symbol, symbol 0 being the blank",
        activation="Softmax",
        automatic=True,
        formula="−log Σ over alignments of Π p[step, symbol] / length of the text",
        options=(
            Parameter(
                "zero_infinity",
                "bool",
                True,
                "Leave out samples whose text is too long for the steps, in place of a loss that is infinite.",
            ),
        ),
    ),
)
