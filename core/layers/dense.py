"""The core layers: every input to every output, look-up tables, and nothing at all."""

from __future__ import annotations

from core.kinds import LayerKind, Parameter, Port, axis

_FAMILY = "Core"

_LINEAR = LayerKind(
    "Linear",
    _FAMILY,
    "Connects every input value to every output value: a weighted sum plus a bias, along the last dimension.",
    "torch.nn.Linear",
    inputs=(Port("input", "Features in the last dimension.", ranks=(2, 3, 4, 5, 6)),),
    parameters=(Parameter("out_features", "int", 64, "How many values come out: the number of neurons."),),
    derived={"in_features": axis("input", -1)},
    face=("out_features",),
    keywords=("dense", "fully connected", "fc", "perceptron", "mlp", "neurons", "affine"),
    samples=(((2, 20),), ((2, 5, 7),)),
)

_EMBEDDING = LayerKind(
    "Embedding",
    _FAMILY,
    "Turns whole numbers such as words or categories into learned vectors: a table with one row for each number.",
    "torch.nn.Embedding",
    inputs=(Port("input", "Whole numbers from 0 to num_embeddings - 1.", dtype="int"),),
    parameters=(
        Parameter("num_embeddings", "int", 1000, "How many different numbers there are: rows of the table."),
        Parameter("embedding_dim", "int", 64, "How long the vector of each number is."),
        Parameter(
            "padding_idx",
            "int",
            None,
            "A number whose vector starts at zero and is never trained, such as the filler behind short texts.",
            optional=True,
        ),
    ),
    hidden=("sparse",),
    face=("num_embeddings", "embedding_dim"),
    keywords=("lookup", "table", "words", "tokens", "categories", "vocabulary", "vector"),
    samples=(((2, 5),), ((2,),)),
)

_IDENTITY = LayerKind(
    "Identity",
    _FAMILY,
    "Passes its input on unchanged: a named place in the network, or a stand-in for a layer.",
    "torch.nn.Identity",
    inputs=(Port("input", dtype="any"),),
    outputs=(Port("output", dtype="any"),),
    keywords=("pass", "nothing", "placeholder", "skip", "residual"),
    samples=(((2, 3, 8, 8),), ((2, 10),)),
)

KINDS = (_LINEAR, _EMBEDDING, _IDENTITY)
