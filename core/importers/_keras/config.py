"""What a Keras configuration says: layers, how often and with what each is called, and the model's ends.

Sequential models, functional ones of Keras 3 (``__keras_tensor__``) and of Keras 2 (``inbound_nodes`` as lists) come to
the same here. Names of modules and classes are words to compare, nothing is imported by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from core.errors import ImportFailed
from core.importers._keras.file import Json

_MOST_LAYERS = 20_000
_DEEPEST_VALUE = 50
_MODELS = ("Sequential", "Functional", "Model")
_CONSTANT = "_CONSTANT_VALUE"


@dataclass(frozen=True)
class Ref:
    """A tensor: the output ``tensor`` of call ``call`` of a layer; ``shape`` as the file gives it, batch included."""

    layer: str
    call: int = 0
    tensor: int = 0
    shape: tuple[int | None, ...] | None = None
    dtype: str = ""


@dataclass(frozen=True)
class Call:
    """One use of a layer: what it is given, as nested lists and dictionaries with Refs in them."""

    args: tuple[Json, ...] = ()
    kwargs: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """A layer as the file describes it. ``input_shape`` is what it was built for, batch included, if that is told."""

    name: str
    cls: str
    module: str
    config: Mapping[str, Json]
    calls: tuple[Call, ...] = ()
    input_shape: tuple[int | None, ...] | None = None

    @property
    def is_model(self) -> bool:
        """True where the layer is a model itself."""
        return isinstance(self.config.get("layers"), list)

    @property
    def is_custom(self) -> bool:
        """True where the layer's class is not one of Keras itself."""
        return bool(self.module) and self.module.split(".")[0] not in ("keras", "tensorflow", "tf_keras")


@dataclass(frozen=True)
class Model:
    """A model: layers by name, and which tensors come in and go out (named where the file names them)."""

    name: str
    layers: Mapping[str, Layer]
    inputs: tuple[Ref, ...]
    outputs: tuple[tuple[str, Ref], ...]


def read_model(found: Json) -> Model:
    """Return the model that a configuration describes (``{"class_name": …, "config": …}``).

    Raises:
        ImportFailed: it describes none, or one that says the impossible.
    """
    if not isinstance(found, dict) or not isinstance(found.get("config"), (dict, list)):
        raise ImportFailed("The configuration describes no model.")
    cls, config = str(found.get("class_name", "")), found["config"]
    if isinstance(config, list):  # Sequential models of the first versions
        config = {"name": "sequential", "layers": config}
    if not isinstance(config.get("layers"), list):
        raise ImportFailed(
            f"The model is of the class '{cls}', which is written in Python: the file says nothing about its layers. "
            "Only Sequential and functional models can be read; build it as one of these, or export it as ONNX."
        )
    layers = [read_layer(each) for each in config["layers"]]
    if len(layers) > _MOST_LAYERS:
        raise ImportFailed(f"The model has {len(layers):,} layers; at most {_MOST_LAYERS:,} are read.")
    counted = Counter(each.name for each in layers)
    twice = next((name for name, count in counted.items() if count > 1), "")
    if twice:
        raise ImportFailed(f"Two layers of the model are named '{twice}'.")
    name = str(config.get("name", cls)) or cls
    if cls == "Sequential" or "input_layers" not in config:
        return _sequential(name, config, layers)
    return _functional(name, config, layers, config["layers"])


def read_layer(found: Json) -> Layer:
    """Return one layer of a configuration, without its calls."""
    if not isinstance(found, dict) or not isinstance(found.get("class_name"), str):
        raise ImportFailed("The configuration lists something that is no layer.")
    config = found.get("config")
    if isinstance(config, list):
        config = {"name": found.get("name", "sequential"), "layers": config}
    config = config if isinstance(config, dict) else {}
    name = found.get("name") or config.get("name") or found["class_name"].lower()
    built = found.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    registered = found.get("registered_name")
    module = str(found.get("module") or "")
    if isinstance(registered, str) and ">" in registered and not registered.startswith(("Custom>keras", "keras")):
        module = module if module and not module.startswith("keras") else registered
    return Layer(str(name), found["class_name"], module, config, (), shape_of(shape))


def shape_of(found: Json) -> tuple[int | None, ...] | None:
    """Return a shape as the file gives it, None where it gives none."""
    if not isinstance(found, (list, tuple)):
        return None
    if not all(size is None or (isinstance(size, int) and 0 <= size < 2**31) for size in found):
        return None
    return tuple(found)


def _sequential(name: str, config: Mapping[str, Json], layers: Sequence[Layer]) -> Model:
    if not layers:
        raise ImportFailed("The model has no layers.")
    first = layers[0]
    if first.cls != "InputLayer":
        shape = (
            shape_of(config.get("build_input_shape"))
            or shape_of(first.config.get("batch_shape"))
            or shape_of(first.config.get("batch_input_shape"))
            or first.input_shape
        )
        if shape is None:
            raise ImportFailed(
                "The file does not say what shape the model's input has: it was saved before it was built. Add "
                "keras.Input(shape) as its first layer, and save it again."
            )
        taken = {each.name for each in layers}
        made = next(each for each in ("input", "input_layer", "the_input") if each not in taken)
        dtype = "int64" if first.cls == "Embedding" else "float32"
        first = Layer(made, "InputLayer", "keras.layers", {"batch_shape": list(shape), "dtype": dtype})
        layers = [first, *layers]
    chained = [first]
    for before, layer in pairwise(layers):
        call = Call((Ref(before.name, 0, 0, layer.input_shape),))
        chained.append(replace(layer, calls=(call,)))
    return Model(name, {each.name: each for each in chained}, (Ref(first.name),), (("", Ref(chained[-1].name)),))


def _functional(name: str, config: Mapping[str, Json], layers: Sequence[Layer], raw: Sequence[Json]) -> Model:
    names = frozenset(each.name for each in layers)
    called = []
    for layer, entry in zip(layers, raw, strict=True):
        nodes = entry.get("inbound_nodes") or []
        if not isinstance(nodes, list):
            raise ImportFailed(f"The inbound_nodes of '{layer.name}' are no list.")
        calls = tuple(_call(each, names) for each in nodes)
        called.append(replace(layer, calls=calls))
    inputs = tuple(ref for _name, ref in _ends(config.get("input_layers"), names))
    outputs = tuple(_ends(config.get("output_layers"), names))
    if not inputs or not outputs:
        raise ImportFailed("The configuration names no inputs or no outputs of the model.")
    model = Model(name, {each.name: each for each in called}, inputs, outputs)
    return _renumbered(model)


def _renumbered(model: Model) -> Model:
    """Count the calls of every layer from 0: those of a functional model inside another begin at 1 in some files."""
    least: dict[str, int] = {}
    most: dict[str, int] = {}
    for ref in refs_of(model):
        least[ref.layer] = min(least.get(ref.layer, ref.call), ref.call)
        most[ref.layer] = max(most.get(ref.layer, 0), ref.call)
    shifted = {
        name: 1
        for name, layer in model.layers.items()
        if layer.calls and most.get(name, 0) >= len(layer.calls) and least.get(name, 0) >= 1
    }
    if not shifted:
        return model

    def move(value: Json) -> Json:
        if isinstance(value, Ref):
            return replace(value, call=value.call - shifted.get(value.layer, 0))
        if isinstance(value, list):
            return [move(each) for each in value]
        if isinstance(value, dict):
            return {key: move(each) for key, each in value.items()}
        return value

    layers = {
        name: replace(
            layer,
            calls=tuple(
                Call(tuple(map(move, call.args)), {key: move(each) for key, each in call.kwargs.items()})
                for call in layer.calls
            ),
        )
        for name, layer in model.layers.items()
    }
    outputs = tuple((name, move(ref)) for name, ref in model.outputs)
    return Model(model.name, layers, model.inputs, outputs)


def refs_of(model: Model) -> Iterator[Ref]:
    """Yield every tensor that a call or an output of the model names."""
    for layer in model.layers.values():
        for call in layer.calls:
            yield from refs_in([*call.args, dict(call.kwargs)])
    for _name, ref in model.outputs:
        yield ref


def refs_in(value: Json) -> Iterator[Ref]:
    """Yield the tensors in nested lists and dictionaries, in their order."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from refs_in(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from refs_in(each)


def _call(found: Json, names: frozenset[str]) -> Call:
    if isinstance(found, dict):
        args = _value(found.get("args", []), 0)
        kwargs = _value(found.get("kwargs", {}), 0)
        return Call(tuple(args), kwargs if isinstance(kwargs, dict) else {})
    entries = found if isinstance(found, list) else []
    if entries and isinstance(entries[0], str):  # one tensor, not in a list
        entries = [entries]
    tensors, kwargs = [], {}
    for entry in entries:
        if not isinstance(entry, list) or len(entry) < 3:
            raise ImportFailed("A call in the configuration is no list of layer, call and tensor.")
        tensors.append(entry[2] if entry[0] == _CONSTANT else _named(entry, names))
        more = entry[3] if len(entry) > 3 and isinstance(entry[3], dict) else {}
        kwargs.update({key: _old_value(each, names) for key, each in more.items()})
    return Call((tensors[0] if len(tensors) == 1 else tensors,) if tensors else (), kwargs)


def _named(entry: Sequence[Json], names: frozenset[str]) -> Ref:
    layer, call, tensor = entry[:3]
    if layer not in names or not isinstance(call, int) or not isinstance(tensor, int) or call < 0 or tensor < 0:
        raise ImportFailed(f"The configuration names the output of a layer that there is not: {str(entry[:3])[:200]}.")
    return Ref(layer, call, tensor)


def _old_value(value: Json, names: frozenset[str]) -> Json:
    if isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and value[0] in names and isinstance(value[1], int):
            return _named(value, names)
        return [_old_value(each, names) for each in value]
    return value


def _value(value: Json, depth: int) -> Json:
    """Return what a call is given, with tensors as Refs."""
    if depth > _DEEPEST_VALUE:
        raise ImportFailed("A call in the configuration is nested too deeply.")
    if isinstance(value, list):
        return [_value(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    inner = value.get("config")
    if value.get("class_name") == "__keras_tensor__" and isinstance(inner, dict):
        history = inner.get("keras_history")
        if not isinstance(history, list) or len(history) != 3 or not isinstance(history[0], str):
            raise ImportFailed("A tensor in the configuration does not say where it comes from.")
        if not isinstance(history[1], int) or not isinstance(history[2], int) or min(history[1:]) < 0:
            raise ImportFailed("A tensor in the configuration does not say where it comes from.")
        return Ref(history[0], history[1], history[2], shape_of(inner.get("shape")), str(inner.get("dtype", "")))
    return {key: _value(each, depth + 1) for key, each in value.items()}


def _ends(found: Json, names: frozenset[str], name: str = "") -> Iterator[tuple[str, Ref]]:
    """Yield name and tensor of a model's ends, which may be one, a list or a dictionary of them, in any nesting."""
    if isinstance(found, list) and len(found) == 3 and isinstance(found[0], str) and isinstance(found[1], int):
        yield name, _named(found, names)
    elif isinstance(found, list):
        for each in found:
            yield from _ends(each, names, name)
    elif isinstance(found, dict):
        for key, each in found.items():
            yield from _ends(each, names, str(key))
