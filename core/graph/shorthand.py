"""A node's main parameters in the field's shorthand: 32 filters, kernel 3×3, stride 2."""

from __future__ import annotations

from collections.abc import Mapping

from core import units
from core.kinds import LayerKind, Parameter, Value

_SHORT = {"stride": "s", "padding": "p", "dilation": "d", "groups": "g"}
_PLAIN = frozenset(
    """out_features out_channels kernel_size output_size hidden_size num_embeddings embedding_dim
    shape fields target""".split()
)
_MOST_FIELDS = 2
"""How many fields are named on a node; of more, which would widen it, the number stands there."""
_TIMES = "\N{MULTIPLICATION SIGN}"


def main_parameters(kind: LayerKind | None, params: Mapping[str, Value], arguments: Mapping[str, Value]) -> str:
    """Return the line of main parameters; ``arguments`` are the values last resolved, for whatever was not set."""
    if kind is None:
        return " · ".join(f"{name} {written(value)}" for name, value in list(params.items())[:3])
    declared = {parameter.name: parameter for parameter in kind.parameters}
    values = {name: _value(name, declared.get(name), params, arguments) for name in kind.face}
    if values.get("fields"):
        values.pop("shape", None)
    long, short = [], []
    for name, value in values.items():
        if value is None or value == () or value in ("", "auto") or (name.startswith("num_layers") and value == 1):
            continue
        if name in _SHORT:
            short.append(_named(_SHORT[name], value) if isinstance(value, str) else f"{_SHORT[name]}{written(value)}")
        elif not isinstance(value, bool):
            long.append(_term(kind, name, value))
        elif value:
            long.append(name.replace("_", " "))
    return " · ".join((*long, " ".join(short)) if short else long)


def _value(
    name: str, parameter: Parameter | None, params: Mapping[str, Value], arguments: Mapping[str, Value]
) -> Value:
    if name in params:
        return params[name]
    if name in arguments:
        return arguments[name]
    return parameter.default if parameter and not parameter.required else None


def _term(kind: LayerKind, name: str, value: Value) -> str:
    if name == "fields" and isinstance(value, tuple):
        many = len(value) > _MOST_FIELDS
        return units.plural(len(value), "field") if many else ", ".join(map(str, value))
    if name == "kernel_size" or (name == "output_size" and kind.torch_class):
        digits = kind.torch_class[-2:-1]
        if isinstance(value, int) and digits.isdecimal():
            value = (value,) * int(digits)
    return written(value) if name in _PLAIN else _named(name.replace("_", " "), value)


def _named(name: str, value: Value) -> str:
    """Return ``blocks 3``; of an expression ``blocks = 2*depth``, or the one word where it is called the same."""
    if not isinstance(value, str):
        return f"{name} {written(value)}"
    if value in (name.replace(" ", "_"), *(long for long, letter in _SHORT.items() if letter == name)):
        return value
    return f"{name} {value}" if value in ("same", "valid") else f"{name} = {value}"


def written(value: Value) -> str:
    """Return a value as it is read on a node: ``3×3``, ``0.5``, ``same``."""
    if isinstance(value, list | tuple):
        words = any(isinstance(each, str) and len(each) > 1 for each in value)
        return (", " if words else _TIMES).join(map(written, value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
