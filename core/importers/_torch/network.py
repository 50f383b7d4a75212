"""A module as a project: traced, read, folded, and compared with the module itself."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx, nn

from core.errors import ImportFailed
from core.graph.project import End
from core.importers._draft import Draft
from core.importers._folding import Scope, folded
from core.importers._kind import Imported
from core.importers._torch.calls import translate
from core.importers._torch.graph import Reader
from core.importers._torch.modules import dtype_name, kind_of_module, tensors_in
from core.importers._torch.packed import lengths_in, packs, read_packed
from core.importers._torch.parametrised import copied, made_of, worked_in
from core.importers._torch.python import as_python
from core.importers._torch.records import ChangedInPlace, LeafCall, StaysPacked, reads_packed
from core.importers._torch.sampling import with_samplers
from core.importers._torch.ties import Ties, read_tied
from core.importers._torch.tracing import MORE, WHOLE, Untraceable, around, exported, traced
from core.importers._torch.translations import NoWords
from core.importers._verify import verified
from core.model.probe import quietly
from core.progress import report

BATCHES = (2, 3)
_MOST_TRIES = 50
_MOST_SHOWN = 5
"""Names that a note lists at most."""
_SIZES = (32, 64, 224)
"""Images that a network is tried with whose first layer says how many channels it takes, but not how large they are."""


@dataclass
class Plan:
    """Which modules are taken whole: ``inlined`` as graphs of operators, ``python`` as layers in Python.

    ``whole`` is the network as one graph of operators, ``renewed`` if nothing in it is changed in its place.
    """

    inlined: frozenset[str] = frozenset()
    python: frozenset[str] = frozenset()
    whole: bool = False
    renewed: bool = False


@dataclass(frozen=True)
class Found:
    """A network that was read: where its inputs enter, its outputs come from, and what it gave for both batches."""

    reader: Reader
    ends: list[End]
    outputs: list[End]
    given: tuple[Any, Any]


def imported(
    module: nn.Module, inputs: Sequence[Any], dtypes: Sequence[str], name: str, verify: bool = True
) -> Imported:
    """Return a module as a project; see ``core.importers.pytorch.module_to_draft``."""
    module, notes = _plain(module)
    modes = {each: each.training for each in module.modules()}
    module.eval()
    try:
        with torch.no_grad(), quietly():
            batches = _examples(module, inputs, dtypes)
            wanted = [_run(module, each) for each in batches]
            found = _imported(module, batches, wanted, name, verify)
            return replace(found, notes=(*notes, *_unused(module, found), *found.notes))
    except NoWords as error:
        raise ImportFailed(f"The network holds what cannot be expressed: {error}.") from error
    finally:
        for each, mode in modes.items():
            each.training = mode


def _plain(module: nn.Module) -> tuple[nn.Module, tuple[str, ...]]:
    """Return a module on the CPU whose fractions are of 32 bits, and whose weights are there as they are used.

    That is the module itself, or a copy with what is to be told.
    """
    tensors = [*module.parameters(), *module.buffers()]
    other = {dtype_name(each.dtype) for each in tensors if each.is_floating_point()} - {"float32"}
    notes = []
    if other or any(each.device.type != "cpu" for each in tensors):
        module = copied(module).to("cpu").float()
    if other:
        said = " and ".join(sorted(other))
        notes.append(f"Its weights were {said}; here they are float32, as in all networks of Layerwright.")
    if any(made_of(each) for each in module.modules()):
        module = copied(module)
        found = worked_in(module)
        notes.append(
            f"{', '.join(found)}: these weights were computed of others (weight norm, spectral norm or the like). Here "
            "they are weights like any other, with the values that came out, and are trained as such."
        )
    return module, tuple(notes)


def _unused(module: nn.Module, imported: Imported) -> tuple[str, ...]:
    """Say which weights of the module have no part in predictions."""
    state = module.state_dict()
    used = {state[name].data_ptr() for name in imported.names.values() if name in state}
    left = [name for name, each in state.items() if each.data_ptr() not in used and name not in imported.names.values()]
    left = [name for name in left if not name.endswith("num_batches_tracked")]
    if not left or imported.opaque:
        return ()
    shown = ", ".join(left[:_MOST_SHOWN]) + (" and others" if len(left) > _MOST_SHOWN else "")
    return (f"These weights have no part in what the network predicts and were left out: {shown}.",)


def _imported(
    module: nn.Module, batches: Sequence[list[Tensor]], wanted: Sequence[Any], name: str, verify: bool
) -> Imported:
    found = _read(module, batches, name, wanted)
    return finished(found, output_names(wanted[0]), batches, verify)


def finished(found: Found, labels: Sequence[str], batches: Sequence[Sequence[Tensor]], verify: bool = True) -> Imported:
    """Return what was read with its outputs called so, folded and compared with what the source gave for each batch."""
    reader = found.reader
    inputs = [end.node for end in found.ends]
    outputs = [reader.draft.output(label, end) for label, end in zip(labels, found.outputs, strict=True)]
    reader.draft.prune()
    flat = reader.draft.finished()
    result = folded(flat, reader.scopes)
    if not verify:
        return result
    report(0, 0, "Comparing with the source")
    pairs = [(batch, list(tensors_in(each))) for batch, each in zip(batches, found.given, strict=True)]
    try:
        return verified(result, pairs, inputs, outputs, must_build=bool(result.project.groups))
    except ImportFailed:
        return verified(flat, pairs, inputs, outputs, reader.values)


# --- inputs -----------------------------------------------------------------------------------------------------------


def _examples(module: nn.Module, inputs: Sequence[Any], dtypes: Sequence[str]) -> tuple[list[Tensor], list[Tensor]]:
    """Return random inputs for both batches that the module takes."""
    if inputs and all(isinstance(each, Tensor) for each in inputs):
        shapes = [tuple(each.shape[1:]) for each in inputs]
        kinds = [dtype_name(each.dtype) for each in inputs]
        most = [int(each.max()) + 1 if not each.is_floating_point() and each.numel() else 2 for each in inputs]
        return drawn(shapes, kinds, most)
    shapes = [tuple(int(size) for size in each) for each in inputs]
    if shapes:
        kinds = [*dtypes, *["float32"] * len(shapes)][: len(shapes)]
        return _drawn_fitting(module, shapes, kinds)
    return _guessed(module)


def _drawn_fitting(
    module: nn.Module, shapes: Sequence[tuple[int, ...]], dtypes: Sequence[str]
) -> tuple[list[Tensor], list[Tensor]]:
    """Return random inputs; whole numbers are as large as all tables take, or smaller where the module adds to them."""
    most = _rows(module)
    batches = drawn(shapes, dtypes, [most] * len(shapes))
    if packs(module):
        draw = torch.Generator().manual_seed(0)
        batches = (lengths_in(batches[0], shapes, draw), lengths_in(batches[1], shapes, draw))
    while most > 1 and any(each.startswith("int") for each in dtypes):
        try:
            for batch in batches:
                _run(module, batch)
            break
        except ImportFailed as error:
            if not isinstance(error.__cause__, IndexError):
                break
        most //= 2
        batches = drawn(shapes, dtypes, [most] * len(shapes))
    return batches


def drawn(
    shapes: Sequence[tuple[int, ...]],
    dtypes: Sequence[str],
    most: Sequence[int],
    batches: Sequence[int] = BATCHES,
) -> tuple[list[Tensor], list[Tensor]]:
    """Return random inputs of these shapes (without the batch) for two batches; whole numbers are below ``most``."""
    draw = torch.Generator().manual_seed(0)
    found: list[list[Tensor]] = []
    for batch in batches:
        row = []
        for shape, dtype, limit in zip(shapes, dtypes, most, strict=True):
            sizes = (batch, *shape)
            if dtype == "bool":
                row.append(torch.rand(sizes, generator=draw) > 0.5)
            elif dtype.startswith("int"):
                row.append(torch.randint(0, max(limit, 1), sizes, generator=draw))
            else:
                row.append(torch.randn(sizes, generator=draw))
        found.append(row)
    return found[0], found[1]


def _rows(module: nn.Module) -> int:
    """Return the least number of rows of the embeddings: whole numbers below it are taken by all of them."""
    rows = [each.num_embeddings for each in module.modules() if isinstance(each, nn.Embedding | nn.EmbeddingBag)]
    return min(rows, default=2)


def _guessed(module: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Return inputs such as the first layer takes.

    Raises:
        ImportFailed: the module runs on none of them.
    """
    for shape, dtype in _guesses(module):
        batches = drawn([shape], [dtype], [_rows(module)])
        try:
            _run(module, batches[0])
            return batches
        except ImportFailed:
            continue
    raise ImportFailed(
        "What the network takes is not known: give the shape of one sample for each input, without the batch, such as "
        "3, 32, 32."
    )


def _guesses(module: nn.Module) -> Any:
    for each in module.modules():
        if isinstance(each, nn.Linear):
            yield (each.in_features,), "float32"
            return
        if isinstance(each, nn.RNNBase):
            yield (8, each.input_size), "float32"
            return
        if isinstance(each, nn.Embedding | nn.EmbeddingBag):
            yield (8,), "int64"
            return
        rank = next((n for n, kind in ((1, nn.Conv1d), (2, nn.Conv2d), (3, nn.Conv3d)) if isinstance(each, kind)), 0)
        if rank and isinstance(each, nn.modules.conv._ConvNd):
            yield from (((each.in_channels, *(size,) * rank), "float32") for size in _SIZES)
            return


def _run(module: nn.Module, inputs: Sequence[Tensor]) -> Any:
    try:
        return module(*(each.clone() for each in inputs))
    except Exception as error:  # the user's own code, which may raise anything
        sizes = ", ".join(" × ".join(map(str, each.shape)) for each in inputs)
        raise ImportFailed(
            f"The network does not run on inputs of {sizes} (the batch first): {type(error).__name__}: {error}"
        ) from error


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(module: nn.Module, batches: Sequence[list[Tensor]], name: str, wanted: Sequence[Any]) -> Found:
    """Read the module; where a part cannot be said in layers, once more with that part as a layer in Python."""
    plan = Plan()
    for _try in range(_MOST_TRIES):
        graph, plan = _graph(module, batches[0], plan)
        samplers = with_samplers(graph)
        try:
            found = read_tied(partial(_read_as, plan, module, graph, batches, name), _note_of)
        except StaysPacked as error:
            known = not error.path or error.path in plan.inlined | plan.python
            plan = Plan(plan.inlined | {error.path} - {""}, plan.python, whole=known)
        except ChangedInPlace as error:
            if plan.renewed:
                raise ImportFailed(f"The network was not opened: {error}.") from error
            plan = Plan(whole=True, renewed=True)
        except _NeedsPython as error:
            plan = Plan(plan.inlined - {error.path}, plan.python | {error.path})
        else:
            draft = found.reader.draft
            _tell(draft, samplers, graph.meta.get(MORE, ()))
            draft.names.update({key: each.removeprefix(f"{WHOLE}.") for key, each in draft.names.items()})
            return found if samplers else replace(found, given=(wanted[0], wanted[1]))
    raise ImportFailed("The network has more parts that cannot be expressed than are tried.")


class _NeedsPython(Exception):
    """No layers say what the module at ``path`` does, which may be a layer in Python."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def _read_as(
    plan: Plan, module: nn.Module, graph: fx.GraphModule, batches: Sequence[list[Tensor]], name: str, ties: Ties
) -> Found:
    """Read the module's graph once."""
    reader = Reader(Draft(name), translate, python=_parts(plan), ties=ties)
    ends, out = reader.read_whole(graph, _input_names(module, len(batches[0])), batches)
    outputs = [reader.end(each) for each in tensors_in(out[0])]
    part = next((each.path for each in reader.unsaid if _may_be_python(module, each.path, plan)), None)
    if part is not None and not plan.whole:
        raise _NeedsPython(part)
    return Found(reader, ends, outputs, out)


def _note_of(found: Found) -> Callable[[str], object]:
    return found.reader.draft.note


def _tell(draft: Draft, samplers: Sequence[str], more: Sequence[str]) -> None:
    """Say where training and prediction are not what they were."""
    for each in samplers:
        draft.note(
            f"'{each}' draws a sample while training. In prediction it gives the mean, and with that outputs were "
            "compared; the source draws in prediction, too."
        )
    if more:
        draft.note(
            f"While training, the source does more than in prediction: {', '.join(more[:_MOST_SHOWN])}. A network here "
            "does the same in both, but for layers such as Dropout: add what is to be there while training."
        )


def _may_be_python(module: nn.Module, path: str, plan: Plan) -> bool:
    return (
        bool(path) and path not in plan.python and not type(module.get_submodule(path)).__module__.startswith("torch.")
    )


def _graph(module: nn.Module, inputs: list[Tensor], plan: Plan) -> tuple[fx.GraphModule, Plan]:
    """Return the module's graph, and which parts had to be left whole for that."""
    while not plan.whole:
        try:
            return traced(module, plan.inlined | plan.python, len(inputs)), plan
        except Untraceable as error:
            if not error.path or error.path in plan.inlined | plan.python:
                plan = Plan(plan.inlined, plan.python, whole=True)
            else:
                plan = Plan(plan.inlined | {error.path}, plan.python)
    try:
        return exported(module, inputs, renewed=plan.renewed), plan
    except Untraceable:
        kind = kind_of_module(module)
        if kind is not None:
            raise
        return around(module, len(inputs)), plan


def _parts(plan: Plan) -> Callable[[Reader, LeafCall], bool]:
    """Return what is done with a module that has no kind: its graph of operators, else a layer in Python."""

    calls: Counter[str] = Counter()

    def add(reader: Reader, call: LeafCall) -> bool:
        if reads_packed(call):
            read_packed(reader, call)
            return True
        scope = Scope(call.path, type(call.module).__name__, calls[call.path])
        calls[call.path] += 1
        if call.path not in plan.python and not call.kwargs:
            try:
                graph = exported(call.module, call.args, call.path, (*reader.scope, scope))
                inner = reader.read(graph, call.args, call.other_args, call.path)[0]
                for one, other in zip(tensors_in(inner), tensors_in(call.out), strict=True):
                    reader.give(other, reader.end(one))
                return True
            except (Untraceable, NoWords):
                pass
        return as_python(reader, call)

    return add


def _input_names(module: nn.Module, count: int) -> list[str]:
    """Return names for so many inputs: those of the arguments, then numbers."""
    names = [each for each in inspect.signature(module.forward).parameters if each not in ("args", "kwargs")]
    return [*names, *(f"input{number}" for number in range(len(names) + 1, count + 1))]


def output_names(value: Any, stem: str = "output") -> list[str]:
    """Return a name for each tensor that a module returns: the keys of a dictionary, else numbers."""
    if isinstance(value, dict):
        return [name for key, each in value.items() for name in output_names(each, str(key))]
    if isinstance(value, tuple | list):
        held = [each for each in value if any(True for _ in tensors_in(each))]
        if len(held) == 1:
            return output_names(held[0], stem)
        fields = getattr(value, "_fields", ())
        labels = fields or [f"{stem}{number}" for number in range(1, len(value) + 1)]
        return [name for label, each in zip(labels, value, strict=True) for name in output_names(each, label)]
    return [stem] if isinstance(value, Tensor) else []
