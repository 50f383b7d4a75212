"""The kinds of problem that textbooks name, and what they recommend for each: loss, last layer, metrics, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProblemType:
    """A kind of problem.

    ``help`` says which problems are of this kind, ``head`` what the network ends in. ``why`` is the reason for the
    recommendation: ``{target}`` and ``{count}`` (classes, labels, values or symbols) are filled in. ``metrics`` are
    those recommended, as far as they suit.
    """

    id: str
    title: str
    help: str
    loss: str
    head: str
    metrics: tuple[str, ...]
    why: str


TWO_CLASSES = ProblemType(
    "two_classes",
    "Two classes",
    "Yes or no: each sample is one of two.",
    "bce_with_logits",
    "Linear with 1 output, no sigmoid",
    ("accuracy", "auroc"),
    "'{target}' is one of two: a single score says which, and binary cross-entropy turns it into a probability itself, "
    "exactly even where it is close to 0 or 1. So no sigmoid stands before it.",
)
MANY_CLASSES = ProblemType(
    "many_classes",
    "Many classes",
    "Each sample is exactly one of several classes.",
    "cross_entropy",
    "Linear with one output per class, no softmax",
    ("accuracy", "balanced_accuracy"),
    "'{target}' is exactly one of {count} classes: one score for each, which cross-entropy itself turns into "
    "probabilities that add up to 1. So no softmax stands before it.",
)
MANY_LABELS = ProblemType(
    "many_labels",
    "Many labels",
    "Any number of labels may hold for a sample at once.",
    "bce_with_logits",
    "Linear with one output per label, no sigmoid",
    ("f1", "hamming"),
    "Each of the {count} labels of '{target}' holds or not, whatever the others do: one score for each, and binary "
    "cross-entropy for each. Softmax would make them exclude one another.",
)
NUMBER = ProblemType(
    "number",
    "Number",
    "Something measured, of any size and sign.",
    "mse",
    "Linear with 1 output, no activation",
    ("mae", "r2"),
    "'{target}' is a number: one output without an activation can reach any value, and the mean squared error makes it "
    "the mean of what is likely. Where outliers spoil it, take Huber.",
)
SEVERAL_NUMBERS = ProblemType(
    "several_numbers",
    "Several numbers",
    "Several numbers at once: coordinates, a series, an image from another one.",
    "mse",
    "one output per value, no activation",
    ("mae", "r2"),
    "'{target}' holds {count} values: one output without an activation for each can reach any value, and the mean "
    "squared error compares them one by one.",
)
COUNT = ProblemType(
    "count",
    "Count",
    "How often something happens: 0, 1, 2 and so on.",
    "poisson_nll",
    "Linear with 1 output, no activation: the logarithm of the rate",
    ("mae", "poisson_deviance"),
    "'{target}' counts events, which spread more the more there are: the network gives the logarithm of their rate, so "
    "that the rate is above 0, and the Poisson loss knows the spread. The target stays in its own units.",
)
WITHOUT_ALIGNMENT = ProblemType(
    "without_alignment",
    "Sequence without alignment",
    "A text of which nobody says where in the input each symbol stands: speech, handwriting.",
    "ctc",
    "Linear with one output per symbol at every step, no softmax",
    ("cer", "exact_match"),
    "Nobody says where in the input each symbol of '{target}' stands: CTC sums over all ways in which the steps could "
    "spell it, with a blank between symbols. It needs {count} scores at every step, and applies log-softmax itself.",
)
EACH_TOKEN = ProblemType(
    "each_token",
    "Token at every step",
    "A text in which every token belongs to one step of the input: tags of words, letters to be copied.",
    "cross_entropy",
    "Linear with one output per token at every step, no softmax",
    ("token_accuracy", "perplexity"),
    "The network gives as many steps as '{target}' has tokens, so that each token has its step: it is one of {count}, "
    "with a score for each, and cross-entropy at every step; padding does not count.",
)
NEXT_TOKEN = ProblemType(
    "next_token",
    "Next token",
    "A language model: what comes next in a text.",
    "cross_entropy",
    "Linear with one output per token of the vocabulary at every step, no softmax",
    ("perplexity", "token_accuracy"),
    "At every step the next token is one of the {count} in the vocabulary: one score for each, and cross-entropy at "
    "every step; padding does not count. Attention must not look ahead.",
)
PIXELS = ProblemType(
    "pixels",
    "Pixels",
    "A class for every pixel of an image.",
    "cross_entropy",
    "1 × 1 convolution with one channel per class, as large as the mask, no softmax",
    ("iou", "pixel_accuracy"),
    "Every pixel of '{target}' is one of {count} classes: one channel of scores for each, and cross-entropy at every "
    "pixel. Where the areas looked for are small, take Dice.",
)
SIMILARITY = ProblemType(
    "similarity",
    "Similarity",
    "Whether two samples are alike, such as two photographs of one person.",
    "cosine_embedding",
    "the vectors of both branches in a Stack along dimension 1",
    ("accuracy", "auroc"),
    "'{target}' says whether two samples are alike: both branches give a vector, and the loss turns the vectors of "
    "pairs the same way where they are alike, else apart. New samples can then be compared by their vectors alone.",
)
ORDERING = ProblemType(
    "ordering",
    "Ordering",
    "Which of two comes first.",
    "margin_ranking",
    "a score from each branch, the two side by side",
    ("accuracy", "auroc"),
    "'{target}' says whether the first of two comes before the second: each gets a score, and only their difference "
    "counts, so that the scores put any number of samples into order.",
)
AUTOENCODER = ProblemType(
    "autoencoder",
    "Autoencoder",
    "The network gives back what it was given, through something narrower.",
    "mse",
    "as many values as enter, no activation",
    ("mae", "r2"),
    "The network is to give back '{target}' itself: no label is needed, and the mean squared error compares it with "
    "what entered, value by value.",
)

PROBLEM_TYPES = (
    TWO_CLASSES,
    MANY_CLASSES,
    MANY_LABELS,
    NUMBER,
    SEVERAL_NUMBERS,
    COUNT,
    WITHOUT_ALIGNMENT,
    EACH_TOKEN,
    NEXT_TOKEN,
    PIXELS,
    SIMILARITY,
    ORDERING,
    AUTOENCODER,
)
"""All of them, in the order in which they are listed."""
