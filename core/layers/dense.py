"""The core layers: every input to every output, look-up tables, distances, and nothing at all."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value, axis
from core.layers._dtypes import beside_weights

_FAMILY = "Core"
_RANKS = (2, 3, 4, 5, 6, 7, 8)
_OUT_FEATURES = Parameter("out_features", "int", 64, "How many values come out: the number of neurons.")
_BIAS = Parameter("bias", "bool", True, "Whether a bias is learned beside the weights.")

_LINEAR = LayerKind(
    "Linear",
    _FAMILY,
    "Connects every input value to every output value: a weighted sum plus a bias, along the last dimension.",
    "torch.nn.Linear",
    inputs=(Port("input", "Features in the last dimension.", ranks=_RANKS, unbatched=(1,)),),
    parameters=(_OUT_FEATURES, _BIAS),
    derived={"in_features": axis("input", -1)},
    face=("out_features",),
    keywords=("dense", "fully connected", "fc", "perceptron", "mlp", "neurons", "affine"),
    samples=(((2, 20),), ((2, 5, 7),)),
    dtype_rules=(beside_weights(),),
    formula="y = x·Wᵀ + b",
    weights=("weight", "bias"),
    activates=True,
)

_BILINEAR = LayerKind(
    "Bilinear",
    _FAMILY,
    "Combines two inputs: every output is a weighted sum of all products of a value of one with one of the other.",
    "torch.nn.Bilinear",
    inputs=(
        Port("input1", "Features in the last dimension.", ranks=_RANKS, unbatched=(1,)),
        Port(
            "input2",
            "Features in the last dimension; other sizes as in input1.",
            ranks=_RANKS,
            unbatched=(1,),
        ),
    ),
    parameters=(_OUT_FEATURES, _BIAS),
    derived={"in1_features": axis("input1", -1), "in2_features": axis("input2", -1)},
    face=("out_features",),
    keywords=("two inputs", "product", "interaction", "similarity", "quadratic"),
    samples=(((2, 6), (2, 4)), ((2, 5, 6), (2, 5, 4))),
    dtype_rules=(beside_weights(),),
    formula="y = x₁ᵀ·A·x₂ + b, with a matrix A for every output",
    weights=("weight", "bias"),
    activates=True,
)

_ROWS = Parameter("num_embeddings", "int", 1000, "How many different numbers there are: rows of the table.")
_WIDTH = Parameter("embedding_dim", "int", 64, "How long the vector of each number is.")
_TABLE = (
    Parameter(
        "max_norm",
        "float",
        None,
        "Vectors longer than this are shortened to it whenever they are looked up; empty: never.",
        optional=True,
    ),
    Parameter("norm_type", "float", 2.0, "Which norm max_norm means: 2 is the usual length, 1 the sum of amounts."),
    Parameter(
        "scale_grad_by_freq", "bool", False, "Whether numbers that are frequent in a batch learn in smaller steps."
    ),
)

_EMBEDDING = LayerKind(
    "Embedding",
    _FAMILY,
    "Turns whole numbers such as words or categories into learned vectors: a table with one row for each number.",
    "torch.nn.Embedding",
    inputs=(Port("input", "Whole numbers from 0 to num_embeddings - 1.", dtype="int"),),
    parameters=(
        _ROWS,
        _WIDTH,
        Parameter(
            "padding_idx",
            "int",
            None,
            "A number whose vector starts at zero and is never trained, such as the filler behind short texts.",
            optional=True,
        ),
        *_TABLE,
    ),
    hidden=("sparse",),
    face=("num_embeddings", "embedding_dim"),
    keywords=("lookup", "table", "words", "tokens", "categories", "vocabulary", "vector"),
    samples=(((2, 5),), ((2,),)),
    formula="y = W[x], the row of the table with number x",
    weights=("weight",),
)


def _call_bag(call: Call) -> str:
    """Write ``bag1 = self.bag1(words)``, or ``bag1 = self.bag1(words, per_sample_weights=shares)``."""
    (numbers,) = call.inputs["input"]
    weights = call.optional("per_sample_weights")
    rest = "" if weights == "None" else f", per_sample_weights={weights}"
    return f"{call.output} = {call.module}({numbers}{rest})"


def _weights_only_with_sum(shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> str:
    if "per_sample_weights" not in shapes or parameters["mode"] == "sum":
        return ""
    return f"per_sample_weights needs mode 'sum', not '{parameters['mode']}': only a sum can be weighted."


_EMBEDDING_BAG = LayerKind(
    "EmbeddingBag",
    _FAMILY,
    "Looks up the vectors of several numbers and returns their sum, mean or maximum: a text as a bag of words.",
    "torch.nn.EmbeddingBag",
    stem="bag",
    inputs=(
        Port("input", "Batch × positions: whole numbers from 0 to num_embeddings - 1.", dtype="int", ranks=(2,)),
        Port("per_sample_weights", "How much each position counts (mode sum); same shape.", ranks=(2,), optional=True),
    ),
    parameters=(
        _ROWS,
        _WIDTH,
        Parameter(
            "mode",
            "choice",
            "mean",
            "What becomes of the vectors of a sample: their sum, mean, or the largest value of each entry.",
            choices=("sum", "mean", "max"),
        ),
        Parameter("padding_idx", "int", None, "A number that is left out, such as the filler.", optional=True),
        *_TABLE,
    ),
    hidden=("sparse", "include_last_offset"),
    face=("num_embeddings", "embedding_dim", "mode"),
    keywords=("bag of words", "lookup", "table", "words", "tokens", "categories", "text", "average"),
    call=_call_bag,
    samples=(((2, 5),),),
    rules=(_weights_only_with_sum,),
    dtype_rules=(beside_weights(),),
    formula="y = Σᵢ wᵢ·W[xᵢ] (sum), the mean of the rows W[xᵢ] (mean), or their largest entries (max)",
    weights=("weight",),
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
    formula="y = x",
)


def _one_of_fractions(dtypes: Mapping[str, str], _parameters: Mapping[str, Value]) -> str:
    if any(dtype.startswith("float") for dtype in dtypes.values()):
        return ""
    return "At least one of the inputs must hold fractions (float32): a cosine is one."


_COSINE_SIMILARITY = LayerKind(
    "CosineSimilarity",
    _FAMILY,
    "Compares the directions of two vectors: 1 is the same direction, 0 a right angle, -1 the opposite.",
    "torch.nn.CosineSimilarity",
    title="Cosine similarity",
    stem="cosine",
    inputs=(
        Port("input1", "Vectors, by default in dimension 1.", dtype="any"),
        Port("input2", "Vectors of the same size.", dtype="any"),
    ),
    parameters=(
        Parameter("dim", "int", 1, "The dimension of the vectors; it is gone afterwards."),
        Parameter("eps", "float", 1e-8, "The least value of the product of the lengths, which is divided by."),
    ),
    face=("dim",),
    keywords=("distance", "angle", "similarity", "siamese", "metric learning", "dot product"),
    samples=(((2, 10), (2, 10)), ((2, 3, 8, 8), (2, 3, 8, 8))),
    dtype_rules=(_one_of_fractions,),
    formula="y = x₁·x₂/max(‖x₁‖·‖x₂‖, eps)",
)

_PAIRWISE_DISTANCE = LayerKind(
    "PairwiseDistance",
    _FAMILY,
    "Measures how far apart two vectors are, along the last dimension.",
    "torch.nn.PairwiseDistance",
    title="Pairwise distance",
    stem="distance",
    inputs=(
        Port("input1", "Vectors in the last dimension.", dtype="any", refuses=("bool",)),
        Port("input2", "Vectors of the same size.", dtype="any", refuses=("bool",)),
    ),
    parameters=(
        Parameter("p", "float", 2.0, "Which norm: 2 is the usual (Euclidean) distance, 1 the sum of differences."),
        Parameter("eps", "float", 1e-6, "A small number added to every difference, which keeps gradients finite."),
        Parameter("keepdim", "bool", False, "Whether the last dimension stays, with size 1."),
    ),
    face=("p",),
    keywords=("euclidean", "manhattan", "norm", "siamese", "metric learning", "similarity"),
    samples=(((2, 10), (2, 10)), ((2, 5, 7), (2, 5, 7))),
    formula="y = (Σᵢ |x₁ᵢ − x₂ᵢ + eps|ᵖ)^(1/p)",
)

KINDS = (_LINEAR, _BILINEAR, _EMBEDDING, _EMBEDDING_BAG, _IDENTITY, _COSINE_SIMILARITY, _PAIRWISE_DISTANCE)
