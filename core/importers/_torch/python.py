"""Layers in Python for modules that have no kind: their own source, where it stands by itself and does the same."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap
import types
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import reason_of
from core.graph.names import free_class_name
from core.graph.project import PythonLayer
from core.graph.python_layer import python_kind, source_problems
from core.importers._draft import trust_own
from core.importers._torch.graph import Reader
from core.importers._torch.modules import arguments, derived_values, tensors_in
from core.importers._torch.records import LeafCall
from core.importers._torch.translations import NoWords
from core.importers._verify import alike
from core.kinds import LayerKind, Value
from core.model.lines import constructor
from core.model.python_code import CodeError, construct
from core.parameters import parameters_of, resolve

_PLAIN = (bool, int, float, str, type(None))
_GIVEN = ("torch", "nn")


def as_python(reader: Reader, call: LeafCall) -> bool:
    """Add a module as a layer in Python; False where its source does not stand by itself, or does something else."""
    try:
        source = standalone(type(call.module))
        name = _name(reader, type(call.module).__name__, source)
        layer = PythonLayer(name, source)
        kind = python_kind(layer)
        if source_problems(kind):
            return False
        given = arguments(kind, call.module, call.args, call.kwargs)
        params = _params(kind, call.module)
        trust_own(source, reader.draft.note)
        tensors = _same(kind, params, given, call)
    except (NoWords, OSError, TypeError, SyntaxError):
        return False
    reader.draft.define(layer)
    ends = {slot: reader.end(each) for slot, each in given.items()}
    end = reader.layer(kind, params, ends, tensors, call.path)
    reader.results(kind, params, end.node, call.out)
    return True


def _name(reader: Reader, wanted: str, source: str) -> str:
    name = wanted if wanted[:1].isupper() and wanted not in ("Net", "F") else f"Layer{wanted}"
    taken = {key for key, each in reader.draft.project.code.items() if each.source != source}
    return free_class_name(name, taken)


def _params(kind: LayerKind, module: nn.Module) -> dict[str, Value]:
    """Return what the constructor was given, as far as the module kept it under the same names."""
    found: dict[str, Value] = {}
    for parameter in parameters_of(kind):
        if parameter.section:
            continue
        value = getattr(module, parameter.name, None if parameter.required else parameter.default)
        value = tuple(value) if isinstance(value, list) else value
        plain = all(isinstance(each, _PLAIN) for each in (value if isinstance(value, tuple) else (value,)))
        if not plain or (parameter.required and value is None):
            raise NoWords(f"what {parameter.name} was")
        if parameter.required or value != parameter.default:
            found[parameter.name] = value
    return found


def _same(
    kind: LayerKind, params: Mapping[str, Value], given: Mapping[str, Tensor], call: LeafCall
) -> dict[str, Tensor]:
    """Return a module's tensors by the names of the layer's, once that gave the same numbers."""
    values, problems = resolve(kind, params, {})
    if problems:
        raise NoWords(problems[0].message)
    values |= derived_values(kind, params, {slot: tuple(each.shape) for slot, each in given.items()})
    try:
        made = construct(kind.code, constructor(kind, values), False, "cpu")
        state = call.module.state_dict(keep_vars=True)
        if {key: each.shape for key, each in made.state_dict().items()} != {k: v.shape for k, v in state.items()}:
            raise NoWords("a constructor that was given something else")
        made.load_state_dict(state)
        with torch.no_grad():
            found = made(*call.args, **call.kwargs)
    except CodeError as error:
        raise NoWords(reason_of(error)) from error
    except Exception as error:  # the module's own code, which may raise anything
        raise NoWords(reason_of(error)) from error
    pairs = zip(tensors_in(found), tensors_in(call.out), strict=True)
    if not all(alike(one, other) for one, other in pairs):
        raise NoWords("other numbers")
    return dict(state)


# --- source that stands by itself -------------------------------------------------------------------------------------


def standalone(cls: type) -> str:
    """Return the source of a class with all that it needs: imports, constants, classes and functions beside it.

    Raises:
        NoWords: it needs what cannot be written down, such as an object that was made elsewhere.
        OSError: there is no source.
    """
    parts: dict[str, str] = {}
    imports: dict[str, str] = {}
    _collect(cls, parts, imports)
    head = sorted(imports.values())
    return "\n\n\n".join(["\n".join(head), *parts.values()] if head else parts.values()) + "\n"


def _collect(thing: Any, parts: dict[str, str], imports: dict[str, str]) -> None:
    if thing.__name__ in parts:
        return
    text = textwrap.dedent(inspect.getsource(thing)).rstrip()
    space = vars(sys.modules[thing.__module__])
    pending = [name for name in _free_names(text) if name != thing.__name__]
    for name in pending:
        if name in space:
            _need(name, space[name], thing.__module__, parts, imports)
        elif not hasattr(builtins, name):
            raise NoWords(f"'{name}' is not known where {thing.__name__} stands")
    parts[thing.__name__] = text


def _need(name: str, value: Any, module: str, parts: dict[str, str], imports: dict[str, str]) -> None:
    if isinstance(value, types.ModuleType):
        if value.__name__.partition(".")[0] == module.partition(".")[0] != "torch":
            raise NoWords(f"'{name}' is a module beside it")
        path, _, last = value.__name__.rpartition(".")
        if name == value.__name__:
            imports[name] = f"import {name}"
        else:
            imports[name] = (
                f"from {path} import {last}" + (f" as {name}" if name != last else "")
                if path
                else (f"import {last} as {name}")
            )
    elif isinstance(value, type | types.FunctionType) and value.__module__ == module:
        _collect(value, parts, imports)
    elif isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        origin = value.__module__ or ""
        if not hasattr(sys.modules.get(origin), getattr(value, "__name__", "")):
            raise NoWords(f"where '{name}' comes from")
        alias = f" as {name}" if name != value.__name__ else ""
        imports[name] = f"from {origin} import {value.__name__}{alias}"
    elif getattr(value, "__module__", "") == "typing" or value is Tensor:
        imports[name] = f"from typing import {name}"
    elif isinstance(value, (*_PLAIN, tuple)) and repr(value) == repr(ast.literal_eval(repr(value))):
        parts[name] = f"{name} = {value!r}"
    else:
        raise NoWords(f"'{name}' is an object that was made elsewhere")


def _free_names(text: str) -> list[str]:
    """Return the names that a source reads and does not define itself."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    stored = {each.id for each in nodes if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    stored |= {each.arg for each in nodes if isinstance(each, ast.arg)}
    stored |= {each.name for each in nodes if isinstance(each, ast.FunctionDef | ast.ClassDef)}
    stored |= {each.name for each in nodes if isinstance(each, ast.ExceptHandler) and each.name}
    loaded = (each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load))
    return [name for name in dict.fromkeys(loaded) if name not in stored]
