"""PyTorch's own module database in the catalogue's terms: which sample is which kind, arguments and inputs."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from core.errors import ModelError
from core.importers._torch.translations import NoWords
from core.kinds import LayerKind, Value
from core.layers import catalogue
from core.model.probe import TORCH_ERRORS
from core.model.specs import Dim, TensorSpec
from core.parameters import parameters_of, resolve
from core.signatures import constructor as read_constructor
from core.signatures import editable_arguments
from tests.model.databases import Inexpressible, Sample, spec_of

if TYPE_CHECKING:
    from torch.testing._internal.common_modules import ModuleInfo, ModuleInput

_SAMPLED = "_random_samples"
"""Where a fractional pooling reads: it changes no shape, and the database gives it in another dtype."""
_PLAIN = (bool, int, float, str, type(None))
_Call = tuple[tuple[Any, ...], Mapping[str, Any]]


@cache
def _database() -> list[ModuleInfo]:
    """Return the database. Loading it takes seconds, which whoever only collects tests does not wait for."""
    with warnings.catch_warnings():  # at import it advises packages that are not needed here
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_modules import module_db
    return module_db


def samples(training: bool) -> Iterator[Sample | Inexpressible]:
    """Yield all samples of the database that are made for one mode."""
    for info in _database():
        drawn = info.module_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=False, training=training)
        yield from (_sample(info, each, number) for number, each in enumerate(drawn))


def error_samples(training: bool) -> Iterator[Sample | Inexpressible]:
    """Yield the database's samples of wrong use."""
    for info in _database():
        if info.module_error_inputs_func is not None:
            drawn = info.module_error_inputs_func(
                info, device="cpu", dtype=torch.float32, requires_grad=False, training=training
            )
            yield from (_sample(info, each.module_error_input, number) for number, each in enumerate(drawn))


def _calls(module: type[nn.Module], constructor: _Call, forward: _Call) -> tuple[Callable[[], Any], ...]:
    """Return the real module's run in prediction and while training."""

    def call(training: bool) -> Any:
        made = module(*constructor[0], **constructor[1]).train(training)
        return made(*forward[0], **forward[1])

    return partial(call, False), partial(call, True)


def _sample(info: ModuleInfo, drawn: ModuleInput, number: int) -> Sample | Inexpressible:
    module = info.module_cls
    name = f"{module.__name__}[{number}] {drawn.desc}"
    given = drawn.constructor_input.kwargs
    constructor = drawn.constructor_input.args, {name: each for name, each in given.items() if name != _SAMPLED}
    call = drawn.forward_input  # none where the constructor already refuses
    forward = (call.args, call.kwargs) if call else ((), {})
    arguments = _bound(read_constructor(module), constructor)
    kind = catalogue.find(module.__name__ + ("WithIndices" if arguments.get("return_indices") else ""))
    if kind is None:
        return Inexpressible(name, "a loss" if module.__name__.endswith("Loss") else f"no kind {module.__name__}")
    constructor, forward = _batch_first(module, constructor, forward)
    try:
        arguments = _bound(read_constructor(module), constructor)
        inputs = dict(_inputs(kind, _bound(_without_self(module.forward), forward))) or _usual_inputs(kind)
        parameters = _parameters(kind, module, arguments, inputs)
    except NoWords as error:
        return Inexpressible(name, str(error))
    return Sample(name, _calls(module, constructor, forward), kind, parameters, inputs)


_SEQUENCES = ("input", "query", "key", "value", "src", "tgt", "memory")


def _batch_first(module: type[nn.Module], constructor: _Call, forward: _Call) -> tuple[_Call, _Call]:
    """Return the same sample with the batch in front, as Layerwright has it always.

    Where there is no batch, batch_first says nothing.
    """
    arguments, inputs = _bound(read_constructor(module), constructor), _bound(_without_self(module.forward), forward)
    layer = arguments.get("encoder_layer")
    takes = "batch_first" in read_constructor(module).parameters or issubclass(module, nn.RNNBase)
    sequences = [value for name, value in inputs.items() if name in _SEQUENCES and isinstance(value, torch.Tensor)]
    first = layer.self_attn.batch_first if layer is not None else arguments.get("batch_first", not takes)
    if first or not sequences:
        return constructor, forward
    if layer is None:
        arguments["batch_first"] = True
    else:
        arguments["encoder_layer"] = deepcopy(layer)
        arguments["encoder_layer"].self_attn.batch_first = True
    turned = {
        name: value.transpose(0, 1) if any(value is each for each in sequences) and value.dim() == 3 else value
        for name, value in inputs.items()
    }
    return ((), arguments), ((), turned)


def _without_self(function: Any) -> inspect.Signature:
    signature = inspect.signature(function)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _bound(signature: inspect.Signature, call: _Call) -> dict[str, Any]:
    bound = signature.bind_partial(*call[0], **call[1]).arguments
    found: dict[str, Any] = {}
    for name, value in bound.items():
        shape = signature.parameters[name].kind
        if shape is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif shape is inspect.Parameter.VAR_POSITIONAL:
            found.update({f"{name}{index}": each for index, each in enumerate(value)})
        else:
            found[name] = value
    return found


def _inputs(kind: LayerKind, arguments: Mapping[str, Any]) -> Iterator[tuple[str, TensorSpec]]:
    values = [(name, value) for name, value in arguments.items() if value is not None]
    ports = {port.name: port for port in kind.inputs}
    free = [port.name for port in kind.inputs]
    for name, value in values:
        parts = value if isinstance(value, tuple | list) else (value,)
        for part in parts:
            slot = name if name in ports and len(parts) == 1 else (free[0] if free else "")
            if not slot or slot not in free:
                raise NoWords(f"no port for {name}")
            free.remove(slot)
            yield (f"{slot}.0" if ports[slot].variadic else slot), spec_of(name, part)


def _usual_inputs(kind: LayerKind) -> dict[str, TensorSpec]:
    """Return inputs for a sample of a constructor that is refused, which has none."""
    return {
        port.name: TensorSpec("int64" if port.dtype == "int" else "float32", tuple(Dim(size, size) for size in shape))
        for port, shape in zip(kind.inputs, kind.samples[0], strict=False)
    }


def _parameters(
    kind: LayerKind, module: type[nn.Module], arguments: Mapping[str, Any], inputs: Mapping[str, TensorSpec]
) -> dict[str, Value]:
    known = {each.name for each in parameters_of(kind)}
    defaults = {name: each.default for name, each in editable_arguments(module).items()}
    found = {name: _plain(value) for name, value in defaults.items() if name in known}
    found = {name: value for name, value in found.items() if value is not inspect.Parameter.empty}
    for name, given in _own_words(arguments).items():
        value = _plain(given)
        items = value if isinstance(value, tuple) else (value,)
        if name in ("device", "dtype"):
            continue
        if not all(isinstance(each, _PLAIN) for each in items):
            raise NoWords(f"{name} is a {type(given).__name__}")
        if name in known:
            found[name] = value
        elif name in kind.derived:
            continue
        elif value != defaults.get(name):
            raise NoWords(f"{name}={value!r} cannot be chosen")
    _require_equal(kind, arguments, found, inputs)
    return found


def _own_words(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Say in the catalogue's words what PyTorch takes as sizes or as a layer to be copied."""
    found = dict(arguments)
    sizes = arguments.get("normalized_shape")
    if sizes is not None:
        found["trailing_dims"] = len(sizes) if isinstance(sizes, tuple | list) else 1
    if arguments.get("num_parameters", 1) != 1:
        found["slopes"] = "channels"
    layer = found.pop("encoder_layer", None)
    if layer is not None:
        found |= {"final_norm": found.pop("norm", None) is not None}
        found |= {"nhead": layer.self_attn.num_heads, "dim_feedforward": layer.linear1.out_features}
        found |= {"dropout": layer.dropout.p, "activation": layer.activation, "norm_first": layer.norm_first}
        found |= {"layer_norm_eps": layer.norm1.eps, "bias": layer.linear1.bias is not None}
    return found


def _plain(value: Any) -> Any:
    """Return a value as a project writes it: tuples, and functions of torch.nn.functional by name."""
    if isinstance(value, list):
        return tuple(value)
    return value.__name__ if inspect.isfunction(value) or inspect.isbuiltin(value) else value


def _require_equal(
    kind: LayerKind, arguments: Mapping[str, Any], found: Mapping[str, Value], inputs: Mapping[str, TensorSpec]
) -> None:
    """Leave out samples whose sizes are not those that follow from the inputs: in Layerwright they always do."""
    values, _problems = resolve(kind, found, {})
    shapes = {slot: spec.probe(0) for slot, spec in inputs.items()}
    unbatched = kind.short_axis is not None and next(iter(inputs.values())).rank == 2
    for name, derive in kind.derived.items():
        if name == "batch_first" and unbatched:
            continue  # it says nothing there
        try:
            wanted = derive(shapes, values)
        except (*TORCH_ERRORS, KeyError, ModelError):
            continue  # what cannot be derived is refused by the check, as the comparison will show
        given = arguments.get(name, wanted)
        if given is not None and (tuple(given) if isinstance(given, list) else given) != wanted:
            raise NoWords(f"{name}={given!r} does not follow from the input")
