"""How the families of operations write their lines and say which dtypes they take, so that each is declared briefly."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.kinds import Call, Parameter, Port, Shape, Value

ANY_INPUT = (Port("input", dtype="any"),)
ANY_OUTPUT = (Port("output", dtype="any"),)
NUMBERS = (Port("input", "Whole numbers or fractions.", dtype="any", refuses=("bool",)),)
BRANCHES = (Port("inputs", "Any number of branches.", dtype="any", variadic=True),)


def pair(first: str, second: str, refuses: tuple[str, ...] = ()) -> tuple[Port, Port]:
    """Return the ports ``a`` and ``b`` of an operation on two tensors."""
    return Port("a", first, dtype="any", refuses=refuses), Port("b", second, dtype="any", refuses=refuses)


def dim(default: int, text: str) -> Parameter:
    """Return the parameter for one dimension."""
    return Parameter("dim", "int", default, text)


def written(value: Value) -> str:
    """Write a value as Python; a tuple of one number as that number, a text in double quotes where it can be."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    text = repr(value)
    plain = isinstance(value, str) and text.startswith("'") and '"' not in text and "\\" not in text
    return f'"{text[1:-1]}"' if plain else text


def function(name: str, *always: str, **defaults: Value) -> Callable[[Call], str]:
    """Return the writer of ``y = torch.roll(x, shifts=1, dims=1)``.

    The arguments in ``always`` are written, those in ``defaults`` where they differ from the default.
    """

    def write(call: Call) -> str:
        given = [f"{key}={written(call.arguments[key])}" for key in always]
        given += [f"{key}={written(call.arguments[key])}" for key in defaults if call.arguments[key] != defaults[key]]
        return f"{call.output} = {name}({', '.join((*arriving(call), *given))})"

    return write


def method(name: str, argument: str) -> Callable[[Call], str]:
    """Return the writer of ``y = x.expand(-1, 4)``: a method of the tensor, whose sizes are one of the arguments."""

    def write(call: Call) -> str:
        return f"{call.output} = {call.input}.{name}({', '.join(map(str, call.arguments[argument])) or '()'})"

    return write


def operator(symbol: str) -> Callable[[Call], str]:
    """Return the writer of ``y = a + b + c``."""

    def write(call: Call) -> str:
        return f"{call.output} = {f' {symbol} '.join(arriving(call))}"

    return write


def nested(name: str) -> Callable[[Call], str]:
    """Return the writer of ``y = torch.maximum(torch.maximum(a, b), c)``; one branch alone passes as it is."""

    def write(call: Call) -> str:
        first, *others = arriving(call)
        text = first
        for other in others:
            text = f"{name}({text}, {other})"
        return f"{call.output} = {text}"

    return write


def arriving(call: Call) -> list[str]:
    """Return the variables of all inputs in the order of the ports."""
    return [variable for variables in call.inputs.values() for variable in variables]


def index_along(axis: int, index: str) -> str:
    """Write the index that takes ``index`` along one dimension and everything along the others: ``:, 2:4``."""
    if axis < 0:
        return ", ".join(("...", index, *(":",) * (-axis - 1)))
    return ", ".join((*(":",) * axis, index))


def each_once(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Say what is wrong where ``dim`` names a dimension twice."""
    rank, axes = len(shapes["input"]), values["dim"] or ()
    places = [axis % rank if -rank <= axis < rank else axis for axis in axes]
    twice = next((axis for axis in places if places.count(axis) > 1), None)
    return "" if twice is None else f"dim names dimension {twice} more than once."


def one_dtype(dtypes: Mapping[str, str], _values: Mapping[str, Value]) -> str:
    """Say what is wrong where the inputs are of different dtypes."""
    if len(set(dtypes.values())) < 2:
        return ""
    found = ", ".join(f"{slot} is {dtype}" for slot, dtype in dtypes.items())
    return f"All inputs must be of one dtype, but {found}. Put a Cast in between."
