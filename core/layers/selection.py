"""Selection: layers that take parts of a tensor, or say where its largest values are."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value
from core.layers._writing import ANY_INPUT, ANY_OUTPUT, NUMBERS, dim, function, index_along

_FAMILY = "Selection"
_PARTS = (Port("outputs", "The parts, in their order.", dtype="any", variadic=True),)
_INDEX = (Port("output", "Whole numbers (int64).", dtype="int"),)


def _call_parts(call: Call, made: str) -> str:
    names = list(call.outputs.values())
    return f"({names[0]},) = {made}" if len(names) == 1 else f"{', '.join(names)} = {made}"


def _call_split(call: Call) -> str:
    """Write ``split1, split1_1 = torch.split(x, [3, 4], dim=1)``."""
    sizes, axis = list(call.arguments["sizes"]), call.arguments["dim"]
    return _call_parts(call, f"torch.split({call.input}, {sizes}, dim={axis})")


def _call_chunk(call: Call) -> str:
    """Write ``chunk1, chunk1_1 = torch.chunk(x, 2, dim=1)``."""
    return _call_parts(call, f"torch.chunk({call.input}, {call.arguments['chunks']}, dim={call.arguments['dim']})")


def _call_slice(call: Call) -> str:
    """Write ``slice1 = x[:, 2:8]``."""
    start, stop, step = (call.arguments[name] for name in ("start", "stop", "step"))
    text = f"{start or ''}:{'' if stop is None else stop}{f':{step}' if step != 1 else ''}"
    return f"{call.output} = {call.input}[{index_along(call.arguments['dim'], text)}]"


def _call_select(call: Call) -> str:
    """Write ``select1 = x[:, 3]``."""
    index = index_along(call.arguments["dim"], str(call.arguments["index"]))
    return f"{call.output} = {call.input}[{index}]"


def _call_index_select(call: Call) -> str:
    """Write ``pick1 = x[:, [0, 2, 5]]``."""
    index = index_along(call.arguments["dim"], str(list(call.arguments["index"])))
    return f"{call.output} = {call.input}[{index}]"


def _call_gather(call: Call) -> str:
    """Write ``gather1 = torch.gather(x, 1, index)``."""
    tensor, index = call.inputs["input"][0], call.inputs["index"][0]
    return f"{call.output} = torch.gather({tensor}, {call.arguments['dim']}, {index})"


def _call_top(call: Call) -> str:
    """Write ``topk1, topk1_indices = torch.topk(x, 5)``."""
    k, axis, largest = (call.arguments[name] for name in ("k", "dim", "largest"))
    rest = (f", dim={axis}" if axis != -1 else "") + ("" if largest else ", largest=False")
    return f"{', '.join(call.outputs.values())} = torch.topk({call.input}, {k}{rest})"


def _call_one_hot(call: Call) -> str:
    """Write ``onehot1 = F.one_hot(x, 10).float()``."""
    fractions = ".float()" if call.arguments["as_float"] else ""
    return f"{call.output} = F.one_hot({call.input}, {call.arguments['num_classes']}){fractions}"


def _size(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> int | None:
    """Return the size along ``dim``; None where there is no such dimension, which is reported elsewhere."""
    shape, axis = shapes["input"], values["dim"]
    return shape[axis] if -len(shape) <= axis < len(shape) else None


def _sizes_add_up(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    size, total = _size(shapes, values), sum(values["sizes"])
    if not values["sizes"]:
        return "sizes needs at least one number: how long each part is."
    if size is None or size == total:
        return ""
    return f"sizes must add up to the {size} entries of dimension {values['dim']}, but they add up to {total}."


def _enough_chunks(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    size, wanted = _size(shapes, values), values["chunks"]
    if size is None:
        return ""
    each = -(-size // wanted)
    found = -(-size // each)
    if found == wanted:
        return ""
    return (
        f"{size} entries cannot be cut into {wanted} parts of equal length: parts of {each} make only {found}. "
        "Choose another number of chunks, or Split, where every part has its own size."
    )


def _within(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    size = _size(shapes, values)
    index = values["index"] if isinstance(values["index"], tuple) else (values["index"],)
    if not index:
        return "index needs at least one number: which entries are taken."
    wrong = next((each for each in index if size is not None and not -size <= each < size), None)
    if wrong is None or size is None:
        return ""
    return f"There is no entry {wrong} along dimension {values['dim']}: it has the entries 0 to {size - 1}."


_SPLIT = LayerKind(
    "Split",
    _FAMILY,
    "Cuts a tensor into parts of chosen sizes along a dimension, one output for each.",
    inputs=ANY_INPUT,
    outputs=_PARTS,
    parameters=(
        Parameter("sizes", "ints", (1, 1), "How long each part is; together all of the dimension.", minimum=1),
        dim(1, "The dimension that is cut; 1 is features or channels, -1 the last."),
    ),
    face=("sizes", "dim"),
    keywords=("divide", "parts", "branches", "separate", "unstack"),
    call=_call_split,
    output_count=lambda values: len(values["sizes"]),
    samples=(((2, 2),), ((2, 2, 8, 8),)),
    rules=(_sizes_add_up,),
    docs="torch.split",
)

_CHUNK = LayerKind(
    "Chunk",
    _FAMILY,
    "Cuts a tensor into equal parts along a dimension, such as the two halves of a gated layer.",
    inputs=ANY_INPUT,
    outputs=_PARTS,
    parameters=(
        Parameter("chunks", "int", 2, "How many parts; the last may be shorter.", minimum=1, maximum=256),
        dim(1, "The dimension that is cut; 1 is features or channels, -1 the last."),
    ),
    face=("chunks", "dim"),
    keywords=("split", "halves", "parts", "equal", "gate", "query key value"),
    call=_call_chunk,
    output_count=lambda values: int(values["chunks"]),
    samples=(((2, 10),), ((2, 6, 8, 8),)),
    sample_parameters={"chunks": 2},
    rules=(_enough_chunks,),
    docs="torch.chunk",
)

_SLICE = LayerKind(
    "Slice",
    _FAMILY,
    "Takes a range of entries along a dimension, such as the first ten steps or every second one.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        dim(1, "The dimension that is cut; 1 is right after the batch, -1 the last."),
        Parameter("start", "int", 0, "The first entry that is taken; -2 is the second last."),
        Parameter(
            "stop", "int", None, "The first entry that is left out again; empty for all to the end.", optional=True
        ),
        Parameter("step", "int", 1, "2 takes every second entry, and so on.", minimum=1),
    ),
    face=("dim", "start", "stop", "step"),
    keywords=("crop", "range", "cut", "narrow", "subsequence", "stride", "cropping"),
    call=_call_slice,
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    sample_parameters={"start": 1, "stop": -1},
    docs="torch.narrow",
)

_SELECT = LayerKind(
    "Select",
    _FAMILY,
    "Takes one entry along a dimension, which vanishes: such as the class token or the first step.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        dim(1, "The dimension along which the entry is taken."),
        Parameter("index", "int", 0, "Which entry; 0 is the first, -1 the last."),
    ),
    face=("dim", "index"),
    keywords=("index", "item", "class token", "first", "pick", "getitem"),
    call=_call_select,
    samples=(((2, 5, 7),), ((2, 3, 8, 8),)),
    rules=(_within,),
    docs="torch.select",
)

_INDEX_SELECT = LayerKind(
    "IndexSelect",
    _FAMILY,
    "Takes several chosen entries along a dimension, in any order: such as some of the features.",
    title="Select several",
    stem="pick",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        dim(1, "The dimension along which entries are taken."),
        Parameter("index", "ints", (0,), "Which entries, in their new order; 0 is the first, -1 the last."),
    ),
    face=("dim", "index"),
    keywords=("pick", "columns", "choose", "subset", "reorder", "take"),
    call=_call_index_select,
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    sample_parameters={"index": (2, 0)},
    rules=(_within,),
    docs="torch.index_select",
)

_GATHER = LayerKind(
    "Gather",
    _FAMILY,
    "Takes along a dimension the entry that a second input names for every place.",
    inputs=(
        Port("input", "Where values are taken from.", dtype="any"),
        Port("index", "Which entry is taken at every place: whole numbers, with as many dimensions.", dtype="int"),
    ),
    outputs=ANY_OUTPUT,
    parameters=(dim(1, "The dimension along which the index counts."),),
    face=("dim",),
    keywords=("lookup", "take along axis", "pick", "index"),
    call=_call_gather,
    samples=(((2, 10), (2, 3)),),
    docs="torch.gather",
)


def _arg(name: str, which: str, word: str) -> LayerKind:
    return LayerKind(
        name,
        _FAMILY,
        f"Says which entry along a dimension is the {which}, as a whole number; nothing is learned through it.",
        inputs=NUMBERS,
        outputs=_INDEX,
        parameters=(
            dim(-1, "The dimension along which entries are compared; -1 is the last."),
            Parameter("keepdim", "bool", False, "Whether the dimension stays, with size 1."),
        ),
        face=("dim",),
        keywords=("index", which, word, "class", "decision"),
        call=function(f"torch.{name.lower()}", "dim", keepdim=False),
        samples=(((2, 10),), ((2, 5, 7),)),
        docs=f"torch.{name.lower()}",
    )


_ARGMAX = _arg("ArgMax", "largest", "predicted class")
_ARGMIN = _arg("ArgMin", "smallest", "nearest")

_TOPK = LayerKind(
    "TopK",
    _FAMILY,
    "Keeps the k largest entries along a dimension, in order, and says which they were.",
    inputs=NUMBERS,
    outputs=(Port("output", "The values.", dtype="any"), Port("indices", "Where they were (int64).", dtype="int")),
    parameters=(
        Parameter("k", "int", 1, "How many entries are kept.", minimum=1),
        dim(-1, "The dimension along which entries are compared; -1 is the last."),
        Parameter("largest", "bool", True, "Whether the largest are kept, not the smallest."),
    ),
    face=("k", "dim"),
    keywords=("largest", "best", "k max pooling", "sort", "mixture of experts", "routing"),
    call=_call_top,
    samples=(((2, 10),), ((2, 5, 7),)),
    sample_parameters={"k": 3},
    docs="torch.topk",
)

_ONE_HOT = LayerKind(
    "OneHot",
    _FAMILY,
    "Turns each class number into a row with a single 1 at its place, as a new last dimension.",
    inputs=(Port("input", "Class numbers from 0 (int64).", dtype="int"),),
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("num_classes", "int", 10, "How many classes there are: the length of a row.", minimum=1),
        Parameter("as_float", "bool", True, "Whether it gives fractions (float32), as most layers want, or int64."),
    ),
    face=("num_classes",),
    keywords=("category", "encoding", "dummy", "class", "indicator", "categorical"),
    call=_call_one_hot,
    samples=(((2, 10),), ((2, 5, 7),)),
    docs="torch.nn.functional.one_hot",
)

KINDS = (
    _SPLIT,
    _CHUNK,
    _SLICE,
    _SELECT,
    _INDEX_SELECT,
    _GATHER,
    _ARGMAX,
    _ARGMIN,
    _TOPK,
    _ONE_HOT,
)
