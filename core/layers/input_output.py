"""Where data enters the network and where its predictions leave; both are written by the source writer itself."""

from __future__ import annotations

from core.kinds import LayerKind, Parameter, Port

_FAMILY = "Input & output"

_INPUT = LayerKind(
    "Input",
    _FAMILY,
    "Where samples enter the network: bind it to one or more fields of your data.",
    inputs=(),
    outputs=(Port("output", "The samples, batch first.", dtype="any"),),
    parameters=(
        Parameter("fields", "fields", (), "The fields of the data that enter here, in this order."),
        Parameter(
            "shape",
            "ints",
            (1,),
            "Shape of one sample, without the batch, while no field is chosen. A name such as T stands for a length "
            "that may differ from batch to batch.",
            minimum=1,
            wildcard="name",
        ),
        Parameter(
            "dtype",
            "choice",
            "float32",
            "Kind of number while no field is chosen: int64 for indices such as words, bool for masks, float32 for "
            "everything else.",
            choices=("float32", "int64", "bool"),
        ),
    ),
    face=("fields", "shape"),
    keywords=("data", "source", "features", "start", "x"),
    samples=((),),
    sample_parameters={"shape": (3, 8, 8)},
)

_OUTPUT = LayerKind(
    "Output",
    _FAMILY,
    "Where a prediction leaves the network: choose the target it should learn and how its error is measured.",
    inputs=(Port("input", "The prediction, batch first.", dtype="any"),),
    outputs=(),
    parameters=(
        Parameter(
            "target",
            "target",
            "",
            "The field of the data that this output learns to predict; an input field makes an autoencoder.",
        ),
        Parameter("loss", "loss", "auto", "How the error is measured; automatic goes by the kind of target."),
        Parameter("loss_options", "options", (), "What was set of the loss's own options."),
        Parameter(
            "class_weights",
            "floats",
            "none",
            "How much each class counts in the loss: balanced gives rare classes more, or one number a class.",
            minimum=0,
            choices=("none", "balanced"),
        ),
        Parameter(
            "loss_weight",
            "float",
            1.0,
            "How much this output counts in the total loss, beside other outputs.",
            minimum=0,
        ),
        Parameter("metrics", "metrics", ("auto",), "What else is measured; automatic goes by the kind of target."),
    ),
    face=("target", "loss"),
    keywords=("head", "prediction", "target", "label", "loss", "end", "y"),
    samples=(((2, 10),), ((2, 1),)),
)

KINDS = (_INPUT, _OUTPUT)
