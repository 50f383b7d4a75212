"""Modules of PyTorch (and of plug-ins) as layers: which kind, which parameters, where their tensors enter and leave."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import LayerwrightError
from core.importers._torch.translations import NoWords
from core.kinds import LayerKind, Value
from core.layers import catalogue
from core.model.probe import construct
from core.parameters import derived_of, parameters_of, resolve, torch_class
from core.weights import option_names

_PLAIN = (bool, int, float, str, type(None))
_TRANSFORMERS = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
_STACKS = (nn.TransformerEncoder, nn.TransformerDecoder)
_IGNORED = frozenset({"need_weights", "average_attn_weights", "is_causal", "tgt_is_causal", "memory_is_causal"})
"""What a call may say besides tensors: it shows in what is read of the outputs, or repeats what a mask says."""


@cache
def _by_class() -> dict[type, LayerKind]:
    found: dict[type, LayerKind] = {}
    for kind in catalogue:
        if kind.torch_class and not kind.id.endswith("WithIndices"):
            try:
                found.setdefault(torch_class(kind), kind)
            except LayerwrightError:
                continue  # a plug-in whose package is gone
    return found


def kind_of_module(module: nn.Module) -> LayerKind | None:
    """Return the kind of layer that a module is, None where there is none that does all that it does."""
    kind = _by_class().get(type(module))
    if kind is None or (isinstance(module, _STACKS) and not _even_stack(module)):
        return None
    if isinstance(module, nn.Transformer) and not (_even_stack(module.encoder) and _even_stack(module.decoder)):
        return None
    if isinstance(module, nn.Softmax | nn.LogSoftmax | nn.Softmin) and module.dim is None:
        return None
    if getattr(module, "return_indices", False):
        return catalogue.find(f"{kind.id}WithIndices")
    return kind


def _even_stack(stack: nn.Module) -> bool:
    """True where all blocks of a stack are set alike, as one kind says it, and any norm behind is the usual one."""
    layers = list(stack.layers)  # type: ignore[arg-type]
    if not layers or type(layers[0]) not in _TRANSFORMERS:
        return False
    said = [_transformer(each) for each in layers]
    norm = stack.norm
    usual = norm is None or (
        type(norm) is nn.LayerNorm and norm.elementwise_affine and norm.eps == said[0]["layer_norm_eps"]
    )
    return usual and all(type(each) is type(layers[0]) for each in layers) and all(each == said[0] for each in said)


def _transformer(layer: Any) -> dict[str, Value]:
    activation = layer.activation
    return {
        "nhead": layer.self_attn.num_heads,
        "dim_feedforward": layer.linear1.out_features,
        "dropout": layer.dropout.p,
        "activation": activation if isinstance(activation, str) else getattr(activation, "__name__", "?"),
        "layer_norm_eps": layer.norm1.eps,
        "norm_first": layer.norm_first,
        "bias": layer.linear1.bias is not None,
    }


def parameters_of_module(kind: LayerKind, module: nn.Module) -> dict[str, Value]:
    """Return what differs from a kind's defaults.

    Raises:
        NoWords: the module is set in a way that the kind cannot be.
    """
    said = _said(module)
    options = option_names(kind)
    own = {each.name: each for each in parameters_of(kind) if each.name not in options}
    found = {
        name: _plain(said[name] if name in said else _attribute(module, name))
        for name in own
        if name in said or hasattr(module, name)
    }
    if own.get("stride") and own["stride"].default is None and found.get("stride") == found.get("kernel_size"):
        found["stride"] = None  # as PyTorch takes it where nothing is said
    return different(kind, found)


def different(kind: LayerKind, found: Mapping[str, Value]) -> dict[str, Value]:
    """Return the parameters that differ from the kind's defaults; equal numbers for every dimension become one.

    Raises:
        NoWords: a value is none that the kind takes.
    """
    known = {each.name: each for each in parameters_of(kind)}
    result: dict[str, Value] = {}
    for name, value in found.items():
        parameter = known[name]
        if isinstance(value, tuple) and parameter.length > 1 and len(value) == parameter.length:
            value = value[0] if len(set(value)) == 1 else value
        if parameter.type == "ints" and parameter.length == 1 and isinstance(value, tuple) and len(value) == 1:
            value = value[0]
        if name == "padding" and isinstance(value, tuple) and len(set(value)) == 1:
            value = value[0]
        default = parameter.default
        if isinstance(default, tuple) and len(default) == 1 and value == default[0] and not isinstance(value, tuple):
            continue
        if value != default or isinstance(value, bool) != isinstance(default, bool):
            result[name] = float(value) if parameter.type == "float" and type(value) is int else value
    _values, problems = resolve(kind, result, {})
    if problems:
        raise NoWords(problems[0].message)
    return result


def _attribute(module: nn.Module, name: str) -> Any:
    value = getattr(module, name)
    return value is not None if isinstance(value, Tensor) else value


def _said(module: nn.Module) -> dict[str, Any]:
    """Say what a module does not keep under the name that its constructor takes it by."""
    found: dict[str, Any] = {}
    if "bias" in inspect.signature(type(module)).parameters and not isinstance(module, nn.RNNBase | nn.RNNCellBase):
        found["bias"] = getattr(module, "bias", None) is not None or not getattr(module, "affine", True)
        if isinstance(module, nn.LayerNorm) and not module.elementwise_affine:
            found["bias"] = True
    if isinstance(module, nn.LayerNorm | nn.RMSNorm):
        found["trailing_dims"] = len(module.normalized_shape)
    if isinstance(module, nn.PReLU):
        found |= {"slopes": "channels" if module.num_parameters > 1 else "shared", "init": 0.25}
    if isinstance(module, nn.PairwiseDistance):
        found["p"] = module.norm
    if isinstance(module, nn.Upsample):
        found |= {"align_corners": bool(module.align_corners), "size": module.size}
        found["recompute_scale_factor"] = bool(module.recompute_scale_factor)
        for name in ("size", "scale_factor"):
            value = getattr(module, name)
            found[name] = (value,) if isinstance(value, int | float) else value
    if isinstance(module, nn.MultiheadAttention):
        found |= {"bias": module.in_proj_bias is not None, "add_bias_kv": module.bias_k is not None}
    if isinstance(module, _TRANSFORMERS):
        found |= _transformer(module)
    if isinstance(module, _STACKS):
        found |= _transformer(module.layers[0]) | {"final_norm": module.norm is not None}
        found["num_layers"] = len(module.layers)
    if isinstance(module, nn.Transformer):
        found |= _transformer(module.encoder.layers[0]) | {"nhead": module.nhead}
        found |= {"num_encoder_layers": len(module.encoder.layers), "num_decoder_layers": len(module.decoder.layers)}
    return found


def _plain(value: Any) -> Value:
    value = tuple(value) if isinstance(value, list | torch.Size) else value
    for each in value if isinstance(value, tuple) else (value,):
        if not isinstance(each, _PLAIN):
            raise NoWords(f"a setting that is a {type(each).__name__}")
    return value


def tensors_of_module(
    kind: LayerKind, module: nn.Module, params: Mapping[str, Value], derived: Mapping[str, Value]
) -> dict[str, Tensor]:
    """Return a module's tensors by the names that the kind's own module has for them.

    Raises:
        NoWords: the kind's module has others, or of other shapes.
    """
    if not module.state_dict() and not list(module.parameters()):
        return {}
    values, _problems = resolve(kind, params, {})
    wanted = construct(kind, {**values, **derived})
    if not isinstance(wanted, nn.Module):
        return {}
    found: dict[str, Tensor] = {}
    for name, tensor in wanted.state_dict().items():
        value = _inner(module, name)
        if not isinstance(value, Tensor) or value.shape != tensor.shape:
            raise NoWords(f"weights of another form ({name})")
        found[name] = value
    return found


def _inner(module: nn.Module, path: str) -> Any:
    found: Any = module
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def derived_values(
    kind: LayerKind, params: Mapping[str, Value], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Value]:
    """Return what a kind fills in for what arrives, by slot and with the batch."""
    values, _problems = resolve(kind, params, {})
    return {name: kind.derived[name](shapes, values) for name in derived_of(kind)}


def arguments(kind: LayerKind, module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the tensors of a call by the slots of the kind where they arrive.

    Raises:
        NoWords: the call says something that the kind has no port for.
    """
    given = inspect.signature(type(module).forward).bind(module, *args, **kwargs).arguments
    found: dict[str, Tensor] = {}
    free = list(kind.inputs)
    for name, value in list(given.items())[1:]:
        if value is None or name in _IGNORED:
            continue
        for part in value if isinstance(value, tuple | list) else (value,):
            if not isinstance(part, Tensor):
                raise NoWords(f"a call with {name}")
            port = next((each for each in free if each.name == name), None) or (free[0] if free else None)
            if port is None:
                raise NoWords(f"a call with {name}")
            free.remove(port)
            found[f"{port.name}.0" if port.variadic else port.name] = part
    return found


def dtype_name(dtype: torch.dtype) -> str:
    """Return what a kind of number is called ("float32")."""
    return str(dtype).removeprefix("torch.")


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in nested tuples, lists and dictionaries, in their order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from tensors_in(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from tensors_in(each)


def time_first(module: nn.Module) -> bool:
    """True where a layer takes sequences with time in front, as PyTorch does unless it is told."""
    if isinstance(module, nn.TransformerEncoderLayer | nn.TransformerDecoderLayer):
        return not module.self_attn.batch_first
    if isinstance(module, _STACKS):
        return not module.layers[0].self_attn.batch_first
    return not getattr(module, "batch_first", True)
