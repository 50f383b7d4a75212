"""Ways out of a problem, each an ordinary edit: insert a layer, change the kind, set a parameter."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from core.graph.binding import bound_fields
from core.graph.edits import Connect, InsertOnLink, RemoveNodes, SetField, SetKind, SetParameters, Together
from core.graph.kinds import kind_of
from core.graph.layout import LAYER_GAP, NODE_SIZE
from core.graph.names import unique_name
from core.graph.project import INPUT, End, Field, Graph, Node, Project
from core.kinds import Value
from core.layers import catalogue
from core.model.case import Case
from core.model.problems import Fix
from core.model.specs import TensorSpec
from core.parameters import check_value, parameters_of

_KEEPING = ("Activation", "Regularisation", "Normalisation")
"""Families of layers that give what they get in the same shape."""


def insert(
    project: Project, kind_id: str, target: End, params: Mapping[str, Value] | None = None, what: str = ""
) -> Fix:
    """Return the fix that puts a new node into the link that ends at ``target``; ``what`` ends its label."""
    label = f"Insert {catalogue[kind_id].display}{what and f' {what}'}"
    return Fix(label, insertion(project.graph, kind_id, target, params))


def insertion(
    graph: Graph, kind_id: str, target: End, params: Mapping[str, Value] | None = None, at: float = 0.5
) -> InsertOnLink:
    """Return the edit that puts a new node into the link that ends at ``target``, at that part of the way."""
    before = graph.nodes[graph.links[target].node].position
    after = graph.nodes[target.node].position
    place = (before[0] + at * (after[0] - before[0]), before[1] + at * (after[1] - before[1]))
    name = unique_name(catalogue[kind_id].name_stem, graph.nodes)
    return InsertOnLink(Node(name, kind_id, params or {}, position=place), target, NODE_SIZE[1] + LAYER_GAP)


def set_parameter(node: str, name: str, value: Value, shown: str = "") -> Fix:
    """Return the fix "Set kernel_size to 3"."""
    return Fix(f"Set {name} to {shown or value}", SetParameters({node: {name: value}}))


def remove(case: Case) -> Fix:
    """Return the fix that takes a node out; what fed it feeds what it fed."""
    return Fix(f"Remove {case.node.name}", RemoveNodes(frozenset({case.node.name}), bridge=True))


def link_instead(case: Case, slot: str, other: str) -> Fix:
    """Return the fix that feeds a slot with what feeds another one of the node."""
    return Fix(f"Link {case.sources[other]} to {slot}", Connect(case.sources[other], End(case.node.name, slot)))


def nearest_divisors(case: Case, name: str, count: int) -> tuple[Fix, ...]:
    """Return the fixes that set a parameter to the divisors of ``count`` next to its value: below it and above it."""
    value = case.arguments[name]
    found = [each for each in range(1, count + 1) if count % each == 0]
    below, above = [each for each in found if each < value][-1:], [each for each in found if each > value][:1]
    return tuple(set_parameter(case.node.name, name, each) for each in (*below, *above))


def nearest_multiples(case: Case, slot: str, axis: int, factor: int) -> tuple[Fix, ...]:
    """Return the fixes that make the size of an axis at a slot a multiple of ``factor``, at the layer it comes from."""
    size = case.inputs[slot].dims[axis].a
    wanted = [each for each in (size // factor * factor, -(-size // factor) * factor) if each > 0]
    return tuple(fix for each in dict.fromkeys(wanted) for fix in resize(case, slot, axis, each))


def resize(case: Case, slot: str, axis: int, size: int) -> tuple[Fix, ...]:
    """Return the fix that lets the layer which decides the size of an axis give that size, where there is one."""
    graph, source = case.project.graph, case.sources[slot]
    rank = case.inputs[slot].rank
    for _ in graph.nodes:
        node = graph.nodes.get(source.node)
        kind = kind_of(case.project, node) if node else None
        readers = {target.node for target, feeding in graph.links.items() if feeding.node == source.node}
        if node is None or kind is None or len(readers) > 1 or node.shares:
            return ()
        name = _sizing(kind.id, axis % rank, rank)
        if name:
            typed = node.params.get(name)
            groups = node.params.get("groups", 1)
            if isinstance(typed, str) or not isinstance(groups, int) or size % groups:
                return ()
            label = f"Set {name} of {node.name} to {size}"
            return (Fix(label, SetParameters({node.name: {name: size}})),)
        if kind.family not in _KEEPING or kind.id == "GLU" or End(node.name, kind.inputs[0].name) not in graph.links:
            return ()
        source = graph.links[End(node.name, kind.inputs[0].name)]
    return ()


def _sizing(kind: str, axis: int, rank: int) -> str:
    """Return the parameter of a kind that says how large an axis of its output is."""
    if kind == "Linear" and axis == rank - 1:
        return "out_features"
    if kind == "Embedding" and axis == rank - 1:
        return "embedding_dim"
    return "out_channels" if re.fullmatch(r"Conv(Transpose)?[123]d", kind) and axis == 1 else ""


def for_length(case: Case) -> tuple[Fix, ...]:
    """Return the fix that lets a layer with a limited number of positions take what arrives."""
    length = case.spec.dims[-2]
    return (set_parameter(case.node.name, "max_length", length.a),) if length.fixed else ()


def fewer_dimensions(case: Case) -> tuple[Fix, ...]:
    """Return the fix that lets a layer work along as many of the last dimensions as there are besides the batch."""
    most = case.spec.rank - case.spec.starts_with_batch
    fits = "trailing_dims" in case.arguments and most > 0
    return (set_parameter(case.node.name, "trailing_dims", most),) if fits else ()


# --- the number of dimensions -----------------------------------------------------------------------------------------


def for_rank(case: Case, slot: str) -> tuple[Fix, ...]:
    """Return what helps where the number of dimensions is wrong."""
    spec, target = case.inputs[slot], End(case.node.name, slot)
    port = case.kind.input_port(slot)
    ranks = port.ranks if port else ()
    fixed = all(dim.fixed for dim in spec.dims[1:])
    found = []
    twin = _twin(case, spec.rank)
    if twin:
        found.append(twin)
    found += _without_flatten(case, slot, ranks)
    if 2 in ranks and spec.rank > 2 and fixed:
        found.append(insert(case.project, "Flatten", target))
    if spec.rank == 4 and ranks == (3,) and fixed and case.kind.family in ("Attention", "Recurrent"):
        found.append(_positions_as_steps(case, target))
    if spec.starts_with_batch and fixed:
        for shape in _arrangements(case, spec, ranks):
            what = f"to {' × '.join(map(str, shape))}"
            found.append(insert(case.project, "Reshape", target, {"shape": shape}, what))
    return tuple(found)


def _without_flatten(case: Case, slot: str, ranks: tuple[int, ...]) -> list[Fix]:
    """Offer to take out a Flatten that laid out what the layer needs as it was."""
    graph, source = case.project.graph, case.sources[slot]
    node = graph.nodes.get(source.node)
    readers = sum(feeding.node == source.node for feeding in graph.links.values())
    if node is None or node.kind != "Flatten" or readers > 1 or node.params or case.rank_before(node.name) not in ranks:
        return []
    return [Fix(f"Remove {node.name}", RemoveNodes(frozenset({node.name}), bridge=True))]


def _positions_as_steps(case: Case, target: End) -> Fix:
    """Turn a feature map into a sequence with a step for each position, as vision transformers do."""
    label = "Insert Flatten and Transpose: a step for each position"
    flatten = insertion(case.project.graph, "Flatten", target, {"start_dim": 2}, at=1 / 3)
    turn = insertion(case.project.graph, "Transpose", target, at=2 / 3)
    return Fix(label, Together((flatten, turn), label))


def _arrangements(case: Case, spec: TensorSpec, ranks: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shapes of a sample, one dimension or two up, that a layer could take without losing anything."""
    sizes = tuple(dim.a for dim in spec.dims[1:])
    if case.kind.short_axis and spec.rank == 2 and 3 in ranks:
        return [(sizes[0], 1)]
    if spec.rank + 1 in ranks and spec.rank + 1 > 2 and spec.rank <= 3:
        return [(1, *sizes)]
    if spec.rank == 2 and 4 in ranks:
        squares = [(channels, math.isqrt(sizes[0] // channels)) for channels in (1, 3) if sizes[0] % channels == 0]
        return [(channels, side, side) for channels, side in squares if channels * side * side == sizes[0] and side > 1]
    return []


def _twin(case: Case, rank: int) -> Fix | None:
    """Return the change to the kind of the same name for another number of dimensions: Conv2d → Conv1d."""
    match = re.fullmatch(r"(\w*\D)([1-3])d", case.kind.id)
    twin = catalogue.find(f"{match[1]}{rank - 2}d") if match else None
    if twin is None or twin is case.kind or rank not in twin.inputs[0].ranks:
        return None
    known = {parameter.name: parameter for parameter in parameters_of(twin)}
    keep = frozenset(
        name for name, value in case.node.params.items() if name in known and not check_value(known[name], value)
    )
    return Fix(f"Change to {twin.display}", SetKind(case.node.name, twin.id, keep))


# --- whole numbers, fractions, yes and no -----------------------------------------------------------------------------


def for_dtype(case: Case, slot: str, wanted: str) -> tuple[Fix, ...]:
    """Return what helps where numbers of another kind are needed ("float32", "int64" or "bool")."""
    target = End(case.node.name, slot)
    cast = (insert(case.project, "Cast", target, {"dtype": wanted}, f"to {wanted}"),)
    source = case.project.graph.nodes.get(case.sources[slot].node)
    if source is None or source.kind != INPUT or case.inside or wanted == "bool":
        return cast
    bound = [field for name in bound_fields(source) if (field := case.project.data.field(name))]
    if not bound:
        return (set_parameter(source.name, "dtype", wanted),)
    if not all(field.meaning == "category" for field in bound):
        return cast if wanted == "float32" else ()
    if wanted == "int64":
        return (_encode(bound, "Use category indices", "index"),)
    rows = max(len(field.categories) for field in bound)
    embedding = insert(case.project, "Embedding", target, {"num_embeddings": rows})
    port = case.kind.input_port(slot)
    fits = port is None or not port.ranks or case.inputs[slot].rank + 1 in port.ranks
    return (_encode(bound, "Use one-hot", "one-hot"), *((embedding,) if fits else ()))


def _encode(fields: list[Field], label: str, encoding: str) -> Fix:
    edits = tuple(SetField(replace(field, encoding="index" if encoding == "index" else "one-hot")) for field in fields)
    label = f"{label} for {', '.join(field.name for field in fields)}"
    return Fix(label, edits[0] if len(edits) == 1 else Together(edits, label))
