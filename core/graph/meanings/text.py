"""Texts, cut into bytes, characters, words or pieces of words, each of which has an index."""

from __future__ import annotations

from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import LENGTH, OPEN, values
from core.graph.project import Field
from core.kinds import Parameter

SPECIAL = ("<pad>", "<unknown>")
"""The first two indices: padding (also the blank of CTC), and what is not in the vocabulary."""
MARKS = ("<start>", "<end>")
"""The next two, where they are wanted."""

OPTIONS = (
    Parameter(
        "vocabulary",
        "int",
        5000,
        "How many different indices there are, those for padding and unknown included; bytes always have 256 and "
        "those.",
        minimum=3,
        maximum=1_000_000,
        unit="tokens",
    ),
    LENGTH,
    Parameter("lower", "bool", True, "Turn capitals into small letters first (never for bytes)."),
    Parameter("rare", "int", 1, "A token that is in the training rows fewer times counts as unknown.", minimum=1),
    Parameter("marks", "bool", False, "Put a token before the first and one behind the last."),
)


def vocabulary(field: Field) -> int:
    """Return the number of different indices of a text, whatever the split; the network's Embedding needs as many."""
    chosen = values(field, OPTIONS)
    if field.encoding == "byte":
        return 256 + len(SPECIAL) + len(MARKS) * bool(chosen["marks"])
    return int(chosen["vocabulary"])


def _tokens(field: Field) -> Sample:
    return Sample("int64", (values(field, OPTIONS)["length"] or OPEN,))


_TOKENS = ("word", "character", "byte", "bpe")

KINDS = (
    MeaningKind(
        "text",
        "Text",
        "Words and sentences, cut into tokens: words, characters, bytes, or pieces of words (byte pair encoding).",
        _TOKENS,
        ("empty", "drop row"),
        _tokens,
        _tokens,
        _TOKENS,
        OPTIONS,
        ("input", "target", "group", "split", "ignore"),
        ("length", "mask"),
        vocabulary,
    ),
)
