"""Reads a PyTorch module's constructor (names, types, defaults, help lines), so that nobody keeps a copy by hand."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable
from typing import Any, Literal

from core.kinds import REQUIRED, Parameter, ParameterType, Value
from core.loading import load

_UNIVERSAL = frozenset({"device", "dtype"})


class _Bounds(typing.NamedTuple):
    minimum: float | None = None
    maximum: float | None = None
    exclusive: bool = False
    unit: str = ""


_POSITIVE = _Bounds(0, exclusive=True)
_AT_LEAST_0 = _Bounds(0)
_AT_LEAST_1 = _Bounds(1)
_SHARE = _Bounds(0, 1, unit="0–1")
_WIDTH = _Bounds(1, unit="features")

_BOUNDS: dict[str, _Bounds] = {
    "dilation": _AT_LEAST_1,
    "divisor_override": _AT_LEAST_1,
    "dropout": _SHARE,
    "embedding_dim": _WIDTH,
    "eps": _POSITIVE,
    "groups": _AT_LEAST_1,
    "hidden_size": _WIDTH,
    "kernel_size": _AT_LEAST_1,
    "max_norm": _POSITIVE,
    "momentum": _SHARE,
    "norm_type": _POSITIVE,
    "num_embeddings": _Bounds(1, unit="rows"),
    "num_layers": _Bounds(1, 256),
    "out_channels": _AT_LEAST_1,
    "out_features": _AT_LEAST_1,
    "output_padding": _AT_LEAST_0,
    "output_size": _AT_LEAST_1,
    "padding": _AT_LEAST_0,
    "proj_size": _Bounds(0, unit="features"),
    "start_dim": _AT_LEAST_1,
    "stride": _AT_LEAST_1,
}
"""What PyTorch's own documentation asks of a parameter of that name, in whatever module.

Two are ours: dimension 0 (``start_dim``) is the batch, whose samples must not be mixed; and every one of ``num_layers``
costs time at each check.
"""

_WORDS = {"padding": ("valid", "same")}
"""Words that a parameter annotated as ``str`` or a size takes, where the annotation does not list them."""


def import_class(path: str) -> type[Any]:
    """Import the class of that dotted path; raise ImportError or AttributeError where there is none."""
    module, _, name = path.rpartition(".")
    found: type[Any] = getattr(load(module), name)
    return found


def constructor(module: type) -> inspect.Signature:
    """Return the signature of a module's constructor without ``self``, the first overload where there are several."""
    function = _constructor_function(module)
    signature = inspect.signature(function)
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    arguments = [each for each in signature.parameters.values() if each.kind in named and each.name != "self"]
    return signature.replace(parameters=arguments)


def editable_arguments(module: type) -> dict[str, inspect.Parameter]:
    """Return a constructor's arguments by name, without ``device``, ``dtype`` and private ones."""
    arguments = constructor(module).parameters.values()
    return {each.name: each for each in arguments if each.name not in _UNIVERSAL and not each.name.startswith("_")}


def read_parameter(module: type, name: str) -> Parameter:
    """Return one constructor argument as a parameter: type, default, bounds, choices and help line.

    Raises:
        TypeError: the annotation is of no type that a parameter can have.
    """
    argument = constructor(module).parameters[name]
    hint = typing.get_type_hints(_constructor_function(module)).get(name, type(argument.default))
    default: Value = REQUIRED if argument.default is inspect.Parameter.empty else argument.default
    members = _members(hint)
    kind, words = _parameter_type(members)
    if not kind:
        raise TypeError(f"{module.__name__}({name}: {hint}) is of no known type: declare the parameter or hide it.")
    words = words or (_WORDS.get(name, ()) if str in members else ())
    bounds = bounds_of(name)
    return Parameter(
        name,
        "choice" if kind == "text" and words else kind,
        default,
        argument_help(module).get(name, ""),
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        exclusive=bounds.exclusive,
        choices=words,
        length=_length(module, members) if kind == "ints" else 0,
        optional=type(None) in members or default is None,
        unit=bounds.unit,
    )


def bounds_of(name: str) -> _Bounds:
    """Return the bounds and the unit that every parameter of that name has; none where the table has none."""
    return _BOUNDS.get(name, _Bounds())


def argument_help(module: type) -> dict[str, str]:
    """Return the help lines of a module's arguments, as plain text, from the ``Args`` of its docstring."""
    return described_arguments(inspect.getdoc(module) or "")


def described_arguments(docstring: str) -> dict[str, str]:
    """Return the help lines by argument, as plain text, from the ``Args`` of a docstring (indentation cleaned)."""
    lines = docstring.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip() == "Args:"), len(lines))
    entries: dict[str, list[str]] = {}
    current: list[str] = []
    indent = 0
    for line in lines[start + 1 :]:
        margin = len(line) - len(line.lstrip())
        if line.strip() and not margin:
            break
        indent = indent or margin
        entry = re.match(r"\s*(\w+)\s*(?:\([^)]*\))?\s*:(.*)", line)
        if entry and margin == indent:
            current = entries.setdefault(entry[1], [])
            line = entry[2]
        current.append(line)
    return {name: plain_text("\n".join(text)) for name, text in entries.items()}


def plain_text(text: str) -> str:
    """Return the first two sentences of a docstring's entry without its markup, formulas and stated default."""
    text = re.sub(r"\.\. math::.*?(?=\n\s*\n\s*\S|\Z)(?:\n\s*\n\s+\[.*?(?=\n\s*\n|\Z))?", "", text, flags=re.DOTALL)
    default = r"\(?\bdefault\s*(?:[:=]\s*(?:``[^`]*``|[-\w.']*[\w'])|``[^`]*``)\)?\.?"
    text = re.sub(default, "", text, flags=re.IGNORECASE)
    text = re.sub(r"\s*:math:`[^`]*`", "", text)
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?([^`]*)`", r"\1", text).replace("`", "")
    text = re.sub(r"\s+([.,;)])", r"\1", " ".join(text.split()))
    sentences = [
        each for each in re.split(r"(?<=[.!?])\s+(?=[A-Z'])", text) if not each.startswith(("See ", "Useful "))
    ]
    line = re.sub(r"\.{2,}$", ".", " ".join(sentences[:2]).rstrip(" ,;"))
    if not line:
        return ""
    return line[0].upper() + line[1:] + ("" if line.endswith((".", "!", "?")) else ".")


def _constructor_function(module: type) -> Callable[..., Any]:
    initialiser: Callable[..., Any] = module.__init__  # type: ignore[misc]  # read, never called
    overloads = typing.get_overloads(initialiser)
    return overloads[0] if overloads else initialiser


def _members(hint: object) -> tuple[object, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _parameter_type(members: tuple[object, ...]) -> tuple[ParameterType | Literal[""], tuple[str, ...]]:
    """Return the parameter type for the members of a union, and the words of a ``Literal`` among them."""
    words = tuple(str(word) for each in members if typing.get_origin(each) is Literal for word in typing.get_args(each))
    if any(typing.get_origin(each) in (tuple, list) for each in members):
        return "ints", words
    if words:
        return "choice", words
    order: tuple[tuple[type, ParameterType], ...] = ((bool, "bool"), (float, "float"), (int, "int"), (str, "text"))
    return next((name for python, name in order if python in members), ""), ()


def _length(module: type, members: tuple[object, ...]) -> int:
    """Return how many numbers a size takes: what the tuple says, else the dimensions in the class's name."""
    for each in members:
        arguments = typing.get_args(each)
        if typing.get_origin(each) is tuple and Ellipsis not in arguments:
            return len(arguments)
    dimensions = re.search(r"(\d)d$", module.__name__)
    return int(dimensions[1]) if dimensions else 0
