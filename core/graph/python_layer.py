"""Python layers as kinds: ports and parameters are read from the source's syntax tree; nothing of it is run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

from core.errors import ModelError
from core.graph.names import snake_case
from core.graph.project import PYTHON_PREFIX, PythonLayer
from core.graph.python_source import Argument, PythonSource, SourceProblem, read_source
from core.kinds import Call, Derive, LayerKind, Shape, Value
from core.weights import TRAINING_OPTIONS

_ON_THE_FACE = 3
_PLAIN = (bool, int, float, str, type(None))


def python_kind(layer: PythonLayer) -> LayerKind:
    """Return a Python layer as a kind; where the source has problems, with the ports that could be read."""
    return _python_kind(layer.name, layer.source)


def source_problems(kind: LayerKind) -> tuple[SourceProblem, ...]:
    """Return what is wrong in the source of a Python layer's kind."""
    return _read(kind.id.removeprefix(PYTHON_PREFIX), kind.code).problems


_read = lru_cache(maxsize=1024)(read_source)


@lru_cache(maxsize=1024)
def _python_kind(name: str, source: str) -> LayerKind:
    read = _read(name, source)
    own = [each.parameter for each in read.arguments if each.axis is None]
    return LayerKind(
        PYTHON_PREFIX + name,
        "Python",
        read.help or "A layer written in Python.",
        title=name,
        stem=snake_case(name),
        inputs=read.inputs,
        outputs=read.outputs,
        parameters=(*own, *TRAINING_OPTIONS),
        derived={each.parameter.name: _size(each, read) for each in read.arguments if each.axis is not None},
        face=tuple(each.name for each in own[:_ON_THE_FACE]),
        construct=_construct(read),
        call=_call(read),
        mode="both",
        code=source,
    )


def _size(argument: Argument, read: PythonSource) -> Derive:
    """Derive an argument from the shape at the first input."""
    name, axis, port = argument.parameter.name, argument.axis or 0, read.inputs[0].name

    def derive(shapes: Mapping[str, Shape], _values: Mapping[str, Value]) -> Value:
        shape = next((each for slot, each in shapes.items() if slot.partition(".")[0] == port), ())
        wanted = "the last dimension" if axis < 0 else f"dimension {axis}"
        if not -len(shape) <= axis < len(shape) or len(shape) < 2:
            raise ModelError(
                f"{name} is filled in from {wanted} of the first input, but that has {len(shape)} dimensions. "
                f"Give {name} a default in the code to set it yourself."
            )
        return shape[axis]

    return derive


def _construct(read: PythonSource) -> Callable[[Mapping[str, Value]], str]:
    """Write ``MyLayer(in_features=4, width=8)``: what differs from the defaults, and all sizes."""

    def construct(values: Mapping[str, Value]) -> str:
        written = []
        for each in read.arguments:
            name, default = each.parameter.name, each.parameter.default
            if name not in values:
                continue
            value = values[name]
            if each.spread and isinstance(value, int | float) and not isinstance(value, bool):
                value = (value,) * each.spread
            if each.parameter.required or not _same(value, default):
                written.append(f"{name}={_literal(value)}")
        return f"{read.class_name}({', '.join(written)})"

    return construct


def _same(value: Value, default: Value) -> bool:
    """True where a value is a default's; a number that stands for an expression never is."""
    if isinstance(value, tuple) and isinstance(default, tuple):
        return len(value) == len(default) and all(map(_same, value, default))
    return type(value) in _PLAIN and value == default and isinstance(value, bool) == isinstance(default, bool)


def _literal(value: Value) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    written = repr(value)
    plain = isinstance(value, str) and written.startswith("'") and '"' not in written and "\\" not in written
    return f'"{written[1:-1]}"' if plain else written


def _call(read: PythonSource) -> Callable[[Call], str]:
    """Write ``y = self.layer(x, mask=mask)``: inputs that may stay free go by name, those before ``*args`` by place."""
    variadic = any(port.variadic for port in read.inputs)

    def call(call: Call) -> str:
        rest = any(port.variadic and call.inputs.get(port.name) for port in read.inputs)
        written = []
        for port in read.inputs:
            given = call.inputs.get(port.name, ())
            if port.name in read.keywords or (port.optional and not port.variadic and not (variadic and rest)):
                written += [f"{port.name}={variable}" for variable in given]
            else:
                written += given or ([] if port.variadic else ["None"])
        return f"{', '.join(call.outputs.values())} = {call.module}({', '.join(written)})"

    return call
