"""Shape: layers that rearrange or pick values without computing anything."""

from __future__ import annotations

from core.kinds import Call, LayerKind, Parameter, Port

_FAMILY = "Shape"
_ANY = Port("output", dtype="any")


def _call_reshape(call: Call) -> str:
    """Write ``reshape1 = x.reshape(x.shape[0], 32, 8, 8)``."""
    sizes = ", ".join((f"{call.input}.shape[0]", *(str(size) for size in call.arguments["shape"])))
    return f"{call.output} = {call.input}.reshape({sizes})"


def _call_last_step(call: Call) -> str:
    """Write ``last1 = x[:, -1]``."""
    return f"{call.output} = {call.input}[:, -1]"


_FLATTEN = LayerKind(
    "Flatten",
    _FAMILY,
    "Lays out all values of a sample in one row, as a Linear layer wants them after convolutions.",
    "torch.nn.Flatten",
    inputs=(Port("input", dtype="any", ranks=(2, 3, 4, 5, 6)),),
    outputs=(_ANY,),
    parameters=(
        Parameter("start_dim", "int", 1, "The first dimension that is laid out; 0 would be the batch."),
        Parameter("end_dim", "int", -1, "The last dimension that is laid out; -1 is the last of all."),
    ),
    keywords=("vector", "unroll", "view", "row", "1d"),
    samples=(((2, 3, 4, 5),), ((2, 10),)),
)

_RESHAPE = LayerKind(
    "Reshape",
    _FAMILY,
    "Arranges the values of a sample in a new shape; their number and order stay the same.",
    inputs=(Port("input", dtype="any"),),
    outputs=(_ANY,),
    parameters=(
        Parameter(
            "shape",
            "ints",
            (-1,),
            "The new shape of one sample, without the batch. One size may be -1: it is worked out from the others.",
            minimum=1,
            wildcard="-1",
        ),
    ),
    face=("shape",),
    keywords=("view", "unflatten", "rearrange", "resize"),
    call=_call_reshape,
    samples=(((2, 3, 4, 5),), ((2, 12),)),
    sample_parameters={"shape": (-1, 6)},
)

_LAST_STEP = LayerKind(
    "LastStep",
    _FAMILY,
    "Keeps only the last time step of a sequence: what a recurrent layer knows after reading all of it.",
    title="Last time step",
    stem="last",
    inputs=(Port("input", "Batch × time × features.", dtype="any", ranks=(3,)),),
    outputs=(_ANY,),
    keywords=("sequence", "final", "select", "slice", "recurrent", "lstm", "gru"),
    call=_call_last_step,
    samples=(((2, 5, 7),),),
)

KINDS = (_FLATTEN, _RESHAPE, _LAST_STEP)
