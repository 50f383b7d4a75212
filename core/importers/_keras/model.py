"""Walks through a Keras model in the order of its calls and has every layer turned into nodes.

A model inside the model becomes a group; a layer called again shares the node of its first call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.errors import ImportFailed
from core.graph.groups import DEEPEST
from core.graph.kinds import kind_named
from core.graph.names import free_class_name
from core.graph.project import GROUP_PREFIX, End, Group
from core.importers._draft import Draft
from core.importers._keras import activation as _activation
from core.importers._keras import attention as _attention
from core.importers._keras import conv_recurrent as _conv_recurrent
from core.importers._keras import convolution as _convolution
from core.importers._keras import core as _core
from core.importers._keras import masks as _masks
from core.importers._keras import merge as _merge
from core.importers._keras import normalisation as _normalisation
from core.importers._keras import operation as _operation
from core.importers._keras import pooling as _pooling
from core.importers._keras import preprocessing as _preprocessing
from core.importers._keras import recurrent as _recurrent
from core.importers._keras.config import Layer, Model, Ref, read_layer, read_model, refs_in, refs_of, shape_of
from core.importers._keras.file import Json, Store
from core.importers._keras.flow import (
    Flow,
    Handler,
    Scope,
    Step,
    Unsupported,
    flows_in,
    natural,
    tensors_in,
)
from core.kinds import LayerKind
from core.model.specs import MAX_NAMES, input_spec
from core.progress import report

_HANDLERS: Mapping[str, Handler] = {
    **_core.LAYERS,
    **_activation.LAYERS,
    **_convolution.LAYERS,
    **_pooling.LAYERS,
    **_normalisation.LAYERS,
    **_recurrent.LAYERS,
    **_conv_recurrent.LAYERS,
    **_preprocessing.LAYERS,
    **_merge.LAYERS,
    **_attention.LAYERS,
    **_operation.LAYERS,
}
_SPATIAL = ("Conv", "Pooling", "UpSampling", "ZeroPadding", "Cropping", "SpatialDropout")
_STEPWISE = ("Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "Dropout", "LayerNormalization", "Embedding")
_STEPWISE_TOO = ("Rescaling", "Identity", "UnitNormalization", "GaussianNoise", "GaussianDropout")
_Key = tuple[str, int]
"""A call: the name of its layer and its number."""
_LETTERS = ("T", "T2", "T3", "T4", "H", "W", "D", "L")


def images_of(model: Model) -> frozenset[int]:
    """Return the ranks (batch included) of the tensors that come and go channels-first: those that are images here."""
    found = set()
    for layer in _every(model.layers.values(), 0):
        for dimensions in (2, 3):
            name = layer.cls
            spatial = f"{dimensions}D" in name and any(word in name for word in _SPATIAL)
            spatial = spatial or (dimensions == 2 and name in ("Resizing", "CenterCrop"))
            if spatial and layer.config.get("data_format", "channels_last") != "channels_first":
                found.add(dimensions + 2)
    return frozenset(found)


def _every(layers: Sequence[Layer] | Iterator[Layer] | Json, depth: int) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        if layer.is_model and depth < DEEPEST:
            yield from _every(_inner(layer).layers.values(), depth + 1)


def _inner(layer: Layer) -> Model:
    return read_model({"class_name": layer.cls, "config": layer.config})


def read_network(draft: Draft, model: Model, store: Store) -> None:
    """Turn a whole model into the nodes of a draft.

    Raises:
        ImportFailed: it holds what cannot be, or its weights are missing or of another shape.
        Cancelled: whoever watches wants it to end.
    """
    images = images_of(model)
    scope = Scope(draft, (), images)
    inputs, scope.names = _open(model)
    given: dict[str, Flow] = {}
    for ref in model.inputs:
        shape, dtype = inputs[ref.layer]
        order = scope.border(len(shape) + 1)
        turned = tuple(shape[axis - 1] for axis in order[1:])
        end = draft.input(ref.layer, turned, dtype)
        given[ref.layer] = Flow(end, input_spec(dtype, turned, scope.names), order)
    if any(flow.order != natural(flow.rank) for flow in given.values()):
        draft.note(
            "Keras has channels last, PyTorch first: images are given as channels × height × width here, and weights "
            "were turned to match."
        )
    results = _Walk(scope, model, store, 0, given).run()
    for name, flow in results:
        if flow.order != natural(flow.rank):
            draft.note("Images come out as channels × height × width, where Keras has channels last.")
        if flow.mask is not None:
            draft.note(_masks.COUNTED)
        draft.output(name, flow.end)
    draft.prune()


def _open(model: Model) -> tuple[dict[str, tuple[tuple[int | str, ...], str]], tuple[str, ...]]:
    """Return shape and dtype of every input, with names for lengths that stay open, and these names."""
    found: dict[str, tuple[tuple[int | str, ...], str]] = {}
    names: list[str] = []
    for ref in model.inputs:
        layer = model.layers[ref.layer]
        shape = shape_of(layer.config.get("batch_shape")) or shape_of(layer.config.get("batch_input_shape"))
        if layer.cls != "InputLayer" or not shape:
            raise ImportFailed(f"The file does not say what shape the model's input '{layer.name}' has.")
        sizes: list[int | str] = []
        for axis, size in enumerate(shape[1:]):
            if size is not None:
                sizes.append(size)
                continue
            free = [each for each in _LETTERS if each not in names]
            wanted = ("H", "W", "L")[axis] if len(shape) >= 4 and axis < 3 else next(iter(free), "T")
            names += [wanted] if wanted not in names else []
            sizes.append(wanted)
        if 0 in sizes:
            raise ImportFailed(f"The model's input '{layer.name}' has a size of 0.")
        found[ref.layer] = (tuple(sizes), _dtype(layer, model))
    return found, tuple(sorted(names[:MAX_NAMES]))


def _dtype(layer: Layer, model: Model) -> str:
    dtype = layer.config.get("dtype", "float32")
    dtype = dtype if isinstance(dtype, str) else "float32"
    if dtype.startswith(("int", "uint")):
        return "int64"
    if dtype == "bool":
        return "bool"
    users = [each for each in model.layers.values() if any(_uses(call, layer.name) for call in each.calls)]
    classes = {each.cls for each in users}
    return "int64" if "Embedding" in classes and classes <= {"Embedding", "NotEqual"} else "float32"


def _given(call: Json) -> list[Ref]:
    return list(refs_in([*call.args, dict(call.kwargs)]))


@dataclass
class _Walk:
    """One model, on its way to one graph; ``given`` are its inputs by the names of their layers."""

    scope: Scope
    model: Model
    store: Store
    depth: int
    given: Mapping[str, Flow]

    def run(self) -> list[tuple[str, Flow]]:
        """Return the model's outputs with their names, in the order in which they leave."""
        self.stores = self.store.layers(
            [(each.name, each.cls) for each in self.model.layers.values() if not _operation.is_operation(each.module)]
        )
        self.shapes: dict[tuple[str, int], tuple[tuple[int | None, ...], str]] = {}
        for ref in refs_of(self.model):
            if ref.shape is not None:
                self.shapes[ref.layer, ref.tensor] = (ref.shape, ref.dtype)
        made: dict[tuple[str, int, int], Flow] = {}
        for name, flow in self.given.items():
            made[name, 0, 0] = flow
        steps = self._ordered()
        for number, (layer, at) in enumerate(steps):
            report(number, len(steps), f"reading '{layer.name}'")
            call = layer.calls[at]
            args = [tensors_in(each, made) for each in call.args]
            kwargs = {key: tensors_in(each, made) for key, each in call.kwargs.items()}
            for index, flow in enumerate(self._made(layer, args, kwargs)):
                made[layer.name, at, index] = flow
            if layer.cls in _masks.TAKE and layer.module:  # before Keras 3, files name no module
                for ref in _given(call):
                    key = ref.layer, ref.call, ref.tensor
                    made[key] = replace(made[key], mask=None)
        return self._results(made)

    def _results(self, made: Mapping[tuple[str, int, int], Flow]) -> list[tuple[str, Flow]]:
        results = []
        count = len(self.model.outputs)
        for number, (name, ref) in enumerate(self.model.outputs):
            flow = made.get((ref.layer, ref.call, ref.tensor))
            if flow is None:
                raise ImportFailed(f"The model's output comes from '{ref.layer}', which does not give it.")
            stem = name or ("output" if count == 1 else f"output_{ref.layer}")
            border = self.scope.border(flow.rank)
            results.append((f"{stem}{number}" if self.depth else stem, self.scope.turn(flow, border)))
        return results

    def _ordered(self) -> list[tuple[Layer, int]]:
        """Return every call after those whose tensors it takes.

        Raises:
            ImportFailed: calls wait for each other, or for one that there is not.
        """
        waiting: dict[_Key, set[_Key]] = {}
        for layer in self.model.layers.values():
            for at, call in enumerate(layer.calls):
                waiting[layer.name, at] = {(ref.layer, ref.call) for ref in _given(call)}
        known = {(name, 0) for name in self.given}
        for key, needs in waiting.items():
            missing = next((need for need in needs if need not in waiting and need not in known), None)
            if missing is not None:
                raise ImportFailed(f"'{key[0]}' takes a tensor of '{missing[0]}', which is never made.")
        users: dict[_Key, list[_Key]] = {}
        for key, needs in waiting.items():
            for need in needs:
                users.setdefault(need, []).append(key)
        left = {key: len(needs - known) for key, needs in waiting.items()}
        ready = [key for key, count in left.items() if not count]
        order = []
        for key in ready:  # grows while it is read
            order.append(key)
            for user in users.get(key, ()):
                left[user] -= 1
                if not left[user]:
                    ready.append(user)
        if len(order) < len(waiting):
            stuck = sorted(key[0] for key, count in left.items() if count)
            raise ImportFailed(f"The layers of the model wait for each other in a circle: {', '.join(stuck[:5])}.")
        return [(self.model.layers[name], at) for name, at in self._as_keras(order, users)]

    def _as_keras(self, order: Sequence[_Key], users: Mapping[_Key, Sequence[_Key]]) -> list[_Key]:
        """Return calls in the order in which Keras runs them, where that matters.

        It takes the farthest from the end first, and among equals the one that a search from the outputs, depth first,
        comes to last.
        """
        if not any(layer.cls in _masks.TAKE for layer in self.model.layers.values()):
            return list(order)
        far: dict[_Key, int] = {}
        for key in reversed(order):
            far[key] = max((far[user] + 1 for user in users.get(key, ())), default=0)
        found: dict[_Key, int] = {}
        todo: list[tuple[_Key, bool]] = [((ref.layer, ref.call), False) for _n, ref in reversed(self.model.outputs)]
        seen = set()
        while todo:
            key, done = todo.pop()
            if done:
                found[key] = len(found)
            elif key in far and key not in seen:
                seen.add(key)
                todo.append((key, True))
                refs = _given(self.model.layers[key[0]].calls[key[1]])
                todo += [((ref.layer, ref.call), False) for ref in reversed(refs)]
        return sorted(order, key=lambda key: (-far[key], -found.get(key, 0)))

    def _made(self, layer: Layer, args: Sequence[Json], kwargs: Mapping[str, Json]) -> list[Flow]:
        """Turn one call into nodes; where there is no equal, into an opaque one."""
        flows = flows_in([*args, dict(kwargs)])
        step = Step(
            *(self.scope, layer, self.stores.get(layer.name) or _NoStore(), args, kwargs, flows),
            shared=len(layer.calls) > 1,
            rows_fit=self._rows_fit(layer),
        )
        draft, scope = self.scope.draft, self.scope
        before = draft.project, dict(draft.weights), dict(draft.names), list(draft.notes)
        memory = dict(scope.owners), dict(scope.turned), dict(scope.casts), dict(scope.learned)
        try:
            found = self._turned(step)
        except Unsupported as reason:
            draft.project, draft.weights, draft.names, draft.notes = before
            scope.owners, scope.turned, scope.casts, scope.learned = memory
            return self._opaque(step, str(reason))
        return _masks.with_masks(step, [found] if isinstance(found, Flow) else found)

    def _turned(self, step: Step) -> Flow | list[Flow]:
        layer = step.layer
        if layer.is_custom:
            raise Unsupported("its class is code of its own")
        if layer.is_model:
            return self._group(step)
        if _operation.is_operation(layer.module):
            return _operation.operation(step)
        if layer.cls == "TimeDistributed":
            return self._over_time(step)
        if layer.cls == "SpectralNormalization":
            return self._spectral(step)
        handler = _HANDLERS.get(layer.cls)
        if handler is None:
            raise Unsupported("there is no such layer")
        return handler(step)

    def _opaque(self, step: Step, reason: str) -> list[Flow]:
        layer = step.layer
        known = sorted((at, shape) for (name, at), shape in self.shapes.items() if name == layer.name)
        if known and [at for at, _shape in known] == list(range(len(known))):
            shapes, dtypes = [shape for _at, (shape, _d) in known], [_kind(dtype) for _at, (_s, dtype) in known]
        else:
            x = step.x
            shapes = [tuple(s if isinstance(s, int) else None for s in (x.size(axis) for axis in range(x.rank)))]
            dtypes = [x.spec.dtype]
            step.note(f"The file does not say what shape '{layer.name}' gives: it is taken to be that of its input.")
        step.note(f"'{layer.name}' ({layer.cls}) has no equal here: {reason}.")
        return step.opaque(f"{layer.cls} of Keras", shapes, dtypes)

    def _rows_fit(self, layer: Layer) -> bool:
        """Return True where all that follows takes a row of features in any order."""
        todo, seen = [layer.name], {layer.name}
        while todo:
            name = todo.pop()
            if any(ref.layer == name for _name, ref in self.model.outputs):
                return False
            users = [each for each in self.model.layers.values() if any(_uses(call, name) for call in each.calls)]
            for user in users:
                fits = user.cls in _core.ROWS_FIT and len(user.calls) == 1 and not _operation.is_operation(user.module)
                if not fits or user.is_custom:
                    return False
                if user.cls in _core.ROWS_PASS and user.name not in seen:
                    seen.add(user.name)
                    todo.append(user.name)
        return True

    # Models inside, and layers over time

    def _group(self, step: Step) -> list[Flow]:
        """Turn a model inside this one into a group, or use the group of an earlier call again."""
        if self.depth >= DEEPEST:
            raise ImportFailed(f"Models are nested more than {DEEPEST} deep.")
        inner = _inner(step.layer)
        flows = flows_in(list(step.args)) or list(step.flows)
        if len(flows) != len(inner.inputs):
            raise Unsupported(f"it takes {len(inner.inputs)} tensors and is given {len(flows)}")
        flows = [replace(self.scope.turn(flow, self.scope.border(flow.rank)), mask=flow.mask) for flow in flows]
        draft = self.scope.draft
        sub = Draft(step.layer.name)
        sub.project = replace(sub.project, groups=draft.project.groups, code=draft.project.code)
        inside = Scope(sub, self.scope.names, self.scope.images)
        ports = {f"in{number}": flow for number, flow in enumerate(flows, 1)}
        ports |= {f"mask{number}": flow.mask for number, flow in enumerate(flows, 1) if flow.mask is not None}
        entered = {}
        for name, flow in ports.items():
            end = sub.input(name, tuple(dim.a for dim in flow.spec.dims[1:]), flow.spec.dtype)
            entered[name] = replace(flow, end=end, mask=None)
        given = {
            ref.layer: replace(entered[f"in{number}"], mask=entered.get(f"mask{number}"))
            for number, ref in enumerate(inner.inputs, 1)
        }
        results = _Walk(inside, inner, step.store, self.depth + 1, given).run()
        numbered = [(f"out{number}", flow) for number, (_name, flow) in enumerate(results, 1)]
        numbered += [(f"mask_{name}", flow.mask) for name, flow in numbered if flow.mask is not None]
        for name, flow in numbered:
            sub.output(name, flow.end)
        sub.prune()
        owner = self.scope.owners.get((step.layer.name, "group"), "")
        kind = draft.graph.nodes[owner].kind if owner else self._defined(step, sub)
        if owner and set(ports) != {each.name for each in _known(draft, kind).inputs}:
            raise Unsupported("it is called with a mask in one place, and without one in another")
        inputs = {name: flow.end for name, flow in ports.items()}
        frozen = step.config.get("trainable") is False and not owner
        end = draft.add(kind, {"frozen": True} if frozen else {}, inputs, name=step.layer.name, shares=owner)
        if not owner:
            self.scope.owners[step.layer.name, "group"] = end.node
            draft.weights.update({f"{end.node}.{key}": value for key, value in sub.weights.items()})
            draft.names.update({f"{end.node}.{key}": value for key, value in sub.names.items()})
            draft.opaque += [f"{end.node}.{path}" for path in sub.opaque]
        for note in sub.notes:
            draft.note(note)
        made = {name: replace(flow, end=End(end.node, name), mask=None) for name, flow in numbered}
        return [replace(made[name], mask=made.get(f"mask_{name}")) for name, _flow in numbered[: len(results)]]

    def _defined(self, step: Step, sub: Draft) -> str:
        """Add what was read to the project as a group and return its kind."""
        draft = self.scope.draft
        words = "".join(part[:1].upper() + part[1:] for part in _words(step.layer.name))
        stem = words if words[:1].isalpha() and words.isascii() else f"Model{words}"
        taken = {*sub.project.groups, *sub.project.code, "Net", "F"}
        name = free_class_name(stem[:60], taken)
        graph = sub.finished().project.graph
        groups = {**sub.project.groups, name: Group(name, graph)}
        draft.project = replace(draft.project, groups=groups, code=sub.project.code)
        return GROUP_PREFIX + name

    def _spectral(self, step: Step) -> Flow | list[Flow]:
        """Take the layer inside as it is: predictions in Keras use the weights that training has normalised."""
        step.note(
            f"'{step.layer.name}' is divided by its spectral norm at every step of training in Keras. Its weights are "
            "those after the last one, so that predictions are the same; trained further here, it is a plain layer."
        )
        return self._turned(_wrapped(step))

    def _over_time(self, step: Step) -> list[Flow]:
        """Apply a layer to every step: as it is where it works along the last axis, else with time in the batch."""
        inner = replace(_wrapped(step), kwargs={key: each for key, each in step.kwargs.items() if key != "mask"})
        layer = inner.layer
        if layer.cls in (*_STEPWISE, *_STEPWISE_TOO) and not layer.is_custom:
            made = self._turned(inner)
            return [made] if isinstance(made, Flow) else made
        x = step.scope.plain(step.x)
        steps = x.fixed(1)
        rest = tuple(x.fixed(axis) for axis in range(2, x.rank))
        (folded,) = step.scope.add(
            "Reshape", {"shape": (-1, *rest), "keep_batch": False}, [x], name=f"{step.layer.name}_steps"
        )
        _masks.tell_of_inner(step, layer)
        made = self._turned(replace(inner, flows=[folded], args=[folded]))
        one = step.scope.plain(made if isinstance(made, Flow) else made[0])
        shape = (-1, steps, *(one.fixed(axis) for axis in range(1, one.rank)))
        (back,) = step.scope.add(
            "Reshape", {"shape": shape, "keep_batch": False}, [one], name=f"{step.layer.name}_sequence"
        )
        return [back]


def _wrapped(step: Step) -> Step:
    """Return the step of the layer inside a wrapper, under the wrapper's name.

    Raises:
        Unsupported: there is none.
    """
    found = step.config.get("layer")
    if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
        raise Unsupported("it wraps no layer")
    layer = replace(read_layer(found), name=step.layer.name, calls=step.layer.calls)
    return replace(step, layer=layer, store=step.store.inside("layer"), rows_fit=False)


def _known(draft: Draft, kind: str) -> LayerKind:
    found = kind_named(draft.project, kind)
    if found is None:
        raise KeyError(kind)
    return found


def _words(name: str) -> list[str]:
    return [word for word in "".join(char if char.isalnum() else " " for char in name).split() if word]


def _uses(call: Json, name: str) -> bool:
    return any(ref.layer == name for ref in _given(call))


def _kind(dtype: str) -> str:
    return "int64" if dtype.startswith(("int", "uint")) else "bool" if dtype == "bool" else "float32"


class _NoStore(Store):
    """The store of a layer without weights."""

    def layers(self, layers: Sequence[tuple[str, str]]) -> dict[str, Store]:
        return {}

    def inside(self, part: str) -> Store:
        return self

    def own(self) -> list[tuple[str, Json]]:
        return []

    def everything(self) -> list[tuple[str, Json]]:
        return []
