"""The parameters of a layer kind: which there are, what may be typed into them, and what they come to in a project."""

from __future__ import annotations

import ast
import csv
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from core.errors import ExpressionError, ModelError, did_you_mean, reason_of
from core.expressions import LONGEST, Number, evaluate, is_expression
from core.kinds import LayerKind, Parameter, ParameterType, Value
from core.signatures import bounds_of, editable_arguments, import_class, read_parameter
from core.weights import options_of

NUMERIC = ("int", "float", "ints", "floats")
"""The types of parameters that hold numbers, and so may be written as expressions."""
_SIZES = ("ints", "floats")
_FRACTIONS = ("float", "floats")
_LARGEST = 2**53
_YES = ("true", "yes", "on", "1")
_NO = ("false", "no", "off", "0")


@dataclass(frozen=True)
class ParameterProblem:
    """What is wrong with one parameter, in plain words."""

    name: str
    message: str


# --- which parameters there are ---------------------------------------------------------------------------------------


def torch_class(kind: LayerKind) -> type:
    """Import and return the module's class.

    Raises:
        ModelError: the kind is an operation, or its class cannot be imported.
    """
    if not kind.torch_class:
        raise ModelError(f"{kind.display} is an operation and has no module class.")
    try:
        return import_class(kind.torch_class)
    except (ImportError, AttributeError) as error:
        reason = reason_of(error)
        raise ModelError(f"{kind.display} needs {kind.torch_class}, which cannot be imported: {reason}.") from error


@cache
def parameters_of(kind: LayerKind) -> tuple[Parameter, ...]:
    """Return what can be set on a kind: the constructor's arguments in their order, then declared ones of our own.

    A declared parameter decides its type, default and whether it is optional; help, bounds, choices and length that it
    leaves empty are those of the constructor.
    """
    declared = {each.name: each for each in kind.parameters}
    found: dict[str, Parameter] = {}
    if kind.torch_class:
        module = torch_class(kind)
        for name in editable_arguments(module):
            if name not in kind.hidden and name not in kind.derived:
                found[name] = _read(module, name, declared.get(name))
    for name, parameter in declared.items():
        found[name] = _merged(parameter, found.get(name))
    found.update({each.name: each for each in options_of(kind)})
    return tuple(found.values())


@cache
def derived_of(kind: LayerKind) -> tuple[str, ...]:
    """Return the names of the parameters that are filled in from what arrives, in the order of the constructor.

    Last come those that only the kind's own ``construct`` takes.
    """
    order = tuple(editable_arguments(torch_class(kind))) if kind.torch_class else ()
    return tuple(sorted(kind.derived, key=lambda name: order.index(name) if name in order else len(order)))


@cache
def torch_defaults(kind: LayerKind) -> Mapping[str, Value]:
    """Return PyTorch's own defaults: an argument needs to be written only where it differs. Empty for an operation."""
    if not kind.torch_class:
        return {}
    arguments = editable_arguments(torch_class(kind)).values()
    return {each.name: each.default for each in arguments if each.default is not each.empty}


def _read(module: type, name: str, declared: Parameter | None) -> Parameter:
    try:
        return read_parameter(module, name)
    except TypeError:
        if declared is None:
            raise
        return declared


def _merged(declared: Parameter, read: Parameter | None) -> Parameter:
    if read is None:
        bounds = bounds_of(declared.name)
        read = replace(declared, **bounds._asdict())
    unbounded = declared.minimum is None and declared.maximum is None
    bounded = read if unbounded else declared
    return replace(
        declared,
        default=read.default if declared.required else declared.default,
        help=declared.help or read.help,
        minimum=bounded.minimum,
        maximum=bounded.maximum,
        exclusive=bounded.exclusive,
        choices=declared.choices or read.choices,
        length=declared.length or read.length,
        unit=declared.unit or read.unit,
    )


# --- what they come to in a project -----------------------------------------------------------------------------------


def resolve(
    kind: LayerKind, params: Mapping[str, Value], variables: Mapping[str, Number]
) -> tuple[dict[str, Value], tuple[ParameterProblem, ...]]:
    """Return every parameter's value (defaults, then ``params`` with expressions evaluated) and all problems.

    A parameter with a problem is absent from the values. Derived parameters are not among them.

    Raises:
        ModelError: the kind's module class cannot be imported.
    """
    values, parameters = dict(_defaults(kind)), {each.name: each for each in parameters_of(kind)}
    problems = []
    for name, value in params.items():
        values.pop(name, None)
        parameter = parameters.get(name)
        if parameter is None:
            problems.append(ParameterProblem(name, _unknown(kind, name, parameters)))
            continue
        try:
            found, message = _evaluated(parameter, value, variables)
        except ExpressionError as error:
            is_word = parameter.choices and isinstance(value, str) and value.isidentifier()
            message = _check_choice(parameter, value) if is_word else f"{name}: {error.message}"
        if message:
            problems.append(ParameterProblem(name, message))
        else:
            values[name] = found
    missing = [name for name, parameter in parameters.items() if parameter.required and name not in params]
    problems += [ParameterProblem(name, f"{name} needs a value.") for name in missing]
    return values, tuple(problems)


@cache
def _defaults(kind: LayerKind) -> Mapping[str, Value]:
    return {each.name: each.default for each in parameters_of(kind) if not each.required}


def _unknown(kind: LayerKind, name: str, known: Mapping[str, Parameter]) -> str:
    if name in kind.derived:
        return f"{name} is filled in from what arrives at {kind.display}: remove it."
    return f"{kind.display} has no parameter '{name}'.{did_you_mean(name, known)}"


def _evaluated(parameter: Parameter, value: Value, variables: Mapping[str, Number]) -> tuple[Value, str]:
    """Return a parameter's value with its expressions evaluated, and the problem with it or an empty string."""
    found = tuple(value) if isinstance(value, list) else value
    if parameter.type in _SIZES:
        found = _evaluated_sizes(parameter, found, variables)
    elif parameter.type in NUMERIC and isinstance(found, str):
        found = evaluate(found, variables)
    message = check_value(parameter, found)
    if message and format_value(found) != format_value(value) and parameter.type in NUMERIC:
        message += f" ({format_value(value)} is {format_value(found)}.)"
    if parameter.type in _FRACTIONS and not message:
        found = _as_fractions(found)
    return found, message


def _as_fractions(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(_as_fractions(item) for item in value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _evaluated_sizes(parameter: Parameter, value: Value, variables: Mapping[str, Number]) -> Value:
    def entry(item: Value) -> Value:
        if not isinstance(item, str):
            return item
        is_open = parameter.wildcard == "name" and item not in variables and item.isidentifier()
        return item if is_open else evaluate(item, variables)

    if isinstance(value, tuple):
        return tuple(entry(item) for item in value)
    if value is None or value in parameter.choices:
        return value
    return entry(value) if parameter.length else (entry(value),)  # one size stands for a shape of one dimension


def check_named(owner: str, parameters: Iterable[Parameter], values: Mapping[str, Value]) -> list[ParameterProblem]:
    """Return what is wrong with the options of a source or an optimizer: unknown ones, and values that do not fit.

    Unlike in ``resolve`` a number is written as a number, never as an expression.
    """
    known = {each.name: each for each in parameters}
    problems = []
    for name, value in values.items():
        if name not in known:
            message = f"{owner} has no option '{name}'.{did_you_mean(name, known)}"
        elif known[name].type in NUMERIC and isinstance(value, str):
            message = f"{name} must be a number, not '{value}'."
        else:
            message = check_value(known[name], value)
        if message:
            problems.append(ParameterProblem(name, message))
    return problems


# --- what may be typed into them --------------------------------------------------------------------------------------


def check_value(parameter: Parameter, value: Value) -> str:
    """Return what is wrong with a value in plain words, or an empty string.

    An expression is only checked to be one: what it comes to depends on the project (see ``resolve``).
    """
    if value is None:
        return "" if parameter.optional else f"{parameter.name} needs a value."
    return _CHECKS[parameter.type](parameter, value)


def _check_number(parameter: Parameter, value: Value) -> str:
    name, noun = parameter.name, "a number" if parameter.type in _FRACTIONS else "a whole number"
    if isinstance(value, str):
        return "" if is_expression(value) else f"{name} must be {noun} or an expression such as 2*width, not '{value}'."
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name} must be {noun}, not {value!r}."
    if isinstance(value, int) and abs(value) > _LARGEST:
        return f"{name} must stay within ±2**53."
    if not math.isfinite(value):
        return f"{name} must be a finite number, not {value}."
    if isinstance(value, float) and parameter.type not in _FRACTIONS:
        return f"{name} must be a whole number, not {value}."
    return _check_bounds(parameter, value)


def _check_bounds(parameter: Parameter, value: float) -> str:
    low, high = parameter.minimum, parameter.maximum
    too_low = low is not None and (value <= low if parameter.exclusive else value < low)
    too_high = high is not None and (value >= high if parameter.exclusive else value > high)
    if not too_low and not too_high:
        return ""
    if low is not None and high is not None:
        wanted = f"between {low:g} and {high:g}" + (", both excluded" if parameter.exclusive else "")
    elif low is not None:
        wanted = f"greater than {low:g}" if parameter.exclusive else f"at least {low:g}"
    else:
        wanted = f"less than {high:g}" if parameter.exclusive else f"at most {high:g}"
    return f"{parameter.name} must be {wanted}, not {value}."


def _check_sizes(parameter: Parameter, value: Value) -> str:
    name = parameter.name
    if isinstance(value, str) and value in parameter.choices:
        return ""
    if not isinstance(value, tuple | list):
        if isinstance(value, str) and parameter.choices and not is_expression(value):
            return _check_choice(parameter, value)
        return _check_entry(parameter, value)
    if parameter.length and len(value) != parameter.length:
        wanted = ("one number" if parameter.type == "floats" else "one whole number") + (
            f", or {parameter.length} of them" if parameter.length > 1 else ""
        )
        return f"{name} takes {wanted}, not {len(value)}: {format_value(tuple(value))}."
    if parameter.wildcard == "-1" and value.count(-1) > 1:
        return f"{name} may hold -1 only once: only one size can be worked out from the others."
    return next((message for item in value if (message := _check_entry(parameter, item))), "")


def _check_entry(parameter: Parameter, value: Value) -> str:
    if parameter.wildcard == "name" and value == "N":
        return f"{parameter.name} is the shape of one sample: N stands for the batch and is left out."
    if parameter.wildcard == "-1" and value == -1 and not isinstance(value, bool):
        return ""
    if parameter.wildcard == "None" and value is None:
        return ""
    return _check_number(parameter, value)


def _check_bool(parameter: Parameter, value: Value) -> str:
    return "" if isinstance(value, bool) else f"{parameter.name} must be True or False, not {value!r}."


def _check_choice(parameter: Parameter, value: Value) -> str:
    if isinstance(value, str) and value in parameter.choices:
        return ""
    hint = did_you_mean(value, parameter.choices) if isinstance(value, str) else ""
    words = " or ".join(f"'{word}'" for word in parameter.choices)
    return f"{parameter.name} must be {'a number, ' if parameter.type in _SIZES else ''}{words}, not {value!r}.{hint}"


def _check_text(parameter: Parameter, value: Value) -> str:
    return "" if isinstance(value, str) else f"{parameter.name} must be a text, not {value!r}."


def _check_texts(parameter: Parameter, value: Value) -> str:
    if isinstance(value, tuple | list) and all(isinstance(item, str) for item in value):
        return ""
    return f"{parameter.name} must be a list of names, not {value!r}."


def _check_options(parameter: Parameter, value: Value) -> str:
    """What each option may be is for the loss that has them to say."""
    if isinstance(value, tuple | list) and all(
        isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str) for pair in value
    ):
        return ""
    return f"{parameter.name} must be pairs of a name and a value, not {value!r}."


_CHECKS: dict[ParameterType, Callable[[Parameter, Value], str]] = {
    "int": _check_number,
    "float": _check_number,
    "ints": _check_sizes,
    "floats": _check_sizes,
    "bool": _check_bool,
    "choice": _check_choice,
    "text": _check_text,
    "target": _check_text,
    "loss": _check_text,
    "fields": _check_texts,
    "metrics": _check_texts,
    "options": _check_options,
}


def parse_value(parameter: Parameter, text: str) -> Value:
    """Return the value that a text typed by the user stands for; its range is for ``check_value`` to judge.

    Sizes are written ``3``, ``3, 5``, ``(3, 5)`` or ``3x5``, options ``gamma=2, full=True``. In a number, anything with
    names or operators is an expression and stays a text. Nothing (or ``None``) is None where the parameter is optional.

    Raises:
        ValueError: the text stands for no value of this type; the message says so in plain words.
    """
    text = text.strip()
    if len(text) > LONGEST and parameter.type in NUMERIC:
        raise ValueError(f"{parameter.name} takes at most {LONGEST} characters.")
    if parameter.optional and text in ("", "None"):
        return None
    if parameter.type in ("text", "target", "loss"):
        return text
    if parameter.type in ("fields", "metrics"):
        rows = list(csv.reader([text], skipinitialspace=True))
        return tuple(item.strip() for row in rows for item in row if item.strip())
    if parameter.type == "options":
        return _parse_options(parameter, text)
    if not text:
        raise ValueError(f"{parameter.name} needs a value.")
    if parameter.type == "bool":
        return _parse_bool(parameter, text)
    word = next((word for word in parameter.choices if word.lower() == text.strip("'\"").lower()), None)
    if word is not None:
        return word
    if parameter.type == "choice":
        raise ValueError(_check_choice(parameter, text))
    return _parse_sizes(parameter, text) if parameter.type in _SIZES else _parse_number(parameter, text)


def _parse_options(parameter: Parameter, text: str) -> Value:
    """Read ``name=value`` pairs; what a value means beyond numbers, yes or no, and words is for its owner to say."""
    if not text:
        return ()
    try:
        call = ast.parse(f"_({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    pairs = call.keywords if isinstance(call, ast.Call) and not call.args else []
    if not pairs or any(each.arg is None for each in pairs):
        raise ValueError(f"{parameter.name} takes options such as gamma=2, full=True, not '{text}'.")
    return tuple((each.arg, _option_value(each.value)) for each in pairs)


def _option_value(node: ast.expr) -> Value:
    if isinstance(node, ast.Name):
        return node.id
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _parse_bool(parameter: Parameter, text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError(_check_bool(parameter, text))
    return text.lower() in _YES


def _parse_sizes(parameter: Parameter, text: str) -> Value:
    text = re.sub(r"(?<=\d)\s*[x×]\s*(?=\d)", ", ", text)
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(_no_number(parameter, text)) from error
    if isinstance(tree, ast.Tuple | ast.List):
        return tuple(_parse_entry(parameter, ast.get_source_segment(text, item) or "") for item in tree.elts)
    value = _parse_number(parameter, ast.get_source_segment(text, tree) or "")
    return value if parameter.length else (value,)


def _parse_entry(parameter: Parameter, text: str) -> Value:
    return None if parameter.wildcard == "None" and text == "None" else _parse_number(parameter, text)


def _parse_number(parameter: Parameter, text: str) -> Value:
    try:
        number = float(text)
    except ValueError as error:
        if not is_expression(text):
            raise ValueError(_no_number(parameter, text)) from error
        return text
    if not math.isfinite(number):
        raise ValueError(f"{parameter.name} must be a finite number, not {text}.")
    if parameter.type in _FRACTIONS:
        return number
    if not number.is_integer():
        raise ValueError(f"{parameter.name} must be a whole number, not {text}.")
    return int(text) if text.lstrip("+-").isdecimal() else int(number)


def _no_number(parameter: Parameter, text: str) -> str:
    nouns = {"float": "a number", "int": "a whole number", "floats": "a number such as 0.5 or 0.5, 1.5"}
    noun = nouns.get(parameter.type, "a size such as 3 or 3, 5")
    return f"'{text}' is neither {noun} nor an expression such as 2*width."


def format_value(value: Value) -> str:
    """Return a value as the user reads and types it: ``3, 3`` for a tuple, ``gamma=2.0`` for options, "" for None."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        if value and all(isinstance(item, tuple | list) and len(item) == 2 for item in value):
            return ", ".join(f"{name}={option!r}" for name, option in value)
        return ", ".join("None" if item is None else _quoted(format_value(item)) for item in value)
    return str(value)


def _quoted(text: str) -> str:
    """Quote an item of a list where it would otherwise be read as two."""
    return '"' + text.replace('"', '""') + '"' if re.search(r'[,"]|^\s|\s$', text) else text
