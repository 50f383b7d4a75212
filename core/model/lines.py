"""The one place that writes a node's line of ``forward`` and its constructor, for the source and the shape probe."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.errors import ModelError
from core.kinds import Call, LayerKind, Value
from core.parameters import derived_of, torch_class, torch_defaults
from core.signatures import editable_arguments
from core.weights import ACTIVATIONS, option_names

_LITERALS = (bool, int, float, str, type(None))


class Written:
    """A number that is written as an expression: it counts as its value and reads as its text.

    So the kinds' own writers of lines need not know of it: ``f"dim={value}"`` gives ``dim=self.axis``.
    """

    text: str

    def __repr__(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text

    def __format__(self, _specification: str) -> str:
        return self.text


class _WrittenInt(Written, int):
    """A whole number written as an expression."""


class _WrittenFloat(Written, float):
    """A fraction written as an expression."""


def written(value: float, text: str) -> Value:
    """Return a number that is written as ``text``."""
    found = _WrittenInt(value) if isinstance(value, int) else _WrittenFloat(value)
    found.text = text
    return found


_NN = "torch.nn."
OWN_MODULES = "core.modules."
"""Modules that PyTorch lacks: their source is copied into the written network, where they go by their class name."""


def literal(value: Value) -> str:
    """Write a parameter's value as Python.

    Raises:
        ModelError: it is not None, a bool, a number, a text, or a tuple of these.
    """
    if isinstance(value, tuple):
        items = ", ".join(map(literal, value))
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, Written):
        return value.text
    if type(value) not in _LITERALS:
        raise ModelError(f"A value of type {type(value).__name__} cannot be written into the source.")
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    """Write a text as Python, in double quotes where that needs no escape."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written.startswith("'") and '"' not in written and "\\" not in written else written


def constructor_arguments(kind: LayerKind, arguments: Mapping[str, Value]) -> dict[str, Value]:
    """Return what the module's constructor takes, in its order: all values but the kind's own and the options."""
    order = [name for name in editable_arguments(torch_class(kind)) if name in arguments]
    order += [name for name in arguments if name not in order]
    options = option_names(kind)
    return {name: arguments[name] for name in order if name not in kind.own and name not in options}


def constructor(kind: LayerKind, arguments: Mapping[str, Value]) -> str:
    """Write ``nn.Conv2d(in_channels=1, …)``: what differs from PyTorch's defaults, and all sizes."""
    if kind.construct:
        return kind.construct(arguments)
    defaults, derived = torch_defaults(kind), derived_of(kind)
    written = [
        f"{argument}={literal(value)}"
        for argument, value in constructor_arguments(kind, arguments).items()
        if (argument in derived and value is not None)
        or argument not in defaults
        or _differs(value, defaults[argument])
    ]
    return f"{class_path(kind)}({', '.join(written)})"


def class_path(kind: LayerKind) -> str:
    """Return how the written source names a kind's class: ``nn.Conv2d``, ``LayerScale``, ``package.module.Class``."""
    if kind.torch_class.startswith(_NN):
        return f"nn.{kind.torch_class.removeprefix(_NN)}"
    return kind.torch_class.rpartition(".")[2] if kind.torch_class.startswith(OWN_MODULES) else kind.torch_class


def import_line(kind: LayerKind) -> str:
    """Return the import that the constructor needs besides torch's, or an empty string."""
    foreign = kind.torch_class and not kind.torch_class.startswith((_NN, OWN_MODULES))
    return f"import {kind.torch_class.rpartition('.')[0]}" if foreign else ""


def call_line(
    kind: LayerKind,
    name: str,
    inputs: Mapping[str, tuple[str, ...]],
    outputs: Mapping[str, str],
    arguments: Mapping[str, Value],
) -> str:
    """Write a node's line of ``forward``.

    ``inputs`` are the variables at each port (one per link), ``outputs`` the variable that each output port assigns.
    """
    for value in arguments.values():
        literal(value)
    line = kind.call(Call(f"self.{name}" if kind.has_module else "", inputs, outputs, arguments))
    return activated(line, arguments.get("activation", "none")) if kind.activates else line


def activated(line: str, activation: Value) -> str:
    """Put the activation that is a property of a layer around its call: ``x = F.relu(self.fc1(x))``."""
    if activation == "none":
        return line
    target, _, call = line.partition(" = ")
    return f"{target} = {ACTIVATIONS[activation].format(call)}"


def by_port(kind: LayerKind, slots: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Gather what arrives at each slot by port, in the order of the ports; unlinked ports are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for port in kind.inputs:
        variables = tuple(variable for slot, variable in slots.items() if slot.partition(".")[0] == port.name)
        if variables:
            found[port.name] = variables
    return found


def _differs(value: Value, default: Value) -> bool:
    parts = value if isinstance(value, tuple) else (value,)
    if any(isinstance(part, Written) for part in parts):
        return True
    return value != default or isinstance(value, bool) != isinstance(default, bool)
