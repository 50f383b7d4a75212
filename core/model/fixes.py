"""Ways out of a problem, each an ordinary edit: insert a layer, change the kind, set a parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from core.graph.binding import bound_fields
from core.graph.edits import InsertOnLink, SetField, SetKind, SetParameters, Together
from core.graph.names import unique_name
from core.graph.project import INPUT, End, Field, Graph, Node, Project
from core.kinds import Value
from core.layers import catalogue
from core.model.case import Case
from core.model.problems import Fix
from core.parameters import check_value, parameters_of


def insert(project: Project, kind_id: str, target: End, params: Mapping[str, Value] | None = None) -> Fix:
    """Return the fix that puts a new node into the link that ends at ``target``."""
    return Fix(f"Insert {catalogue[kind_id].display}", insertion(project.graph, kind_id, target, params))


def insertion(graph: Graph, kind_id: str, target: End, params: Mapping[str, Value] | None = None) -> InsertOnLink:
    """Return the edit that puts a new node into the link that ends at ``target``, half way between its two nodes."""
    before = graph.nodes[graph.links[target].node].position
    after = graph.nodes[target.node].position
    middle = ((before[0] + after[0]) / 2, (before[1] + after[1]) / 2)
    name = unique_name(catalogue[kind_id].name_stem, graph.nodes)
    return InsertOnLink(Node(name, kind_id, params or {}, position=middle), target)


def set_parameter(node: str, name: str, value: Value, shown: str = "") -> Fix:
    """Return the fix "Set kernel_size to 3"."""
    return Fix(f"Set {name} to {shown or value}", SetParameters({node: {name: value}}))


def for_rank(case: Case, slot: str) -> tuple[Fix, ...]:
    """Return what helps where the number of dimensions is wrong."""
    spec, target = case.inputs[slot], End(case.node.name, slot)
    port = case.kind.input_port(slot)
    ranks = port.ranks if port else ()
    found = []
    twin = _twin(case, spec.rank)
    if twin:
        found.append(twin)
    if 2 in ranks and spec.rank > 2 and all(dim.fixed for dim in spec.dims[1:]):
        found.append(insert(case.project, "Flatten", target))
    if 4 in ranks and spec.rank == 3 and all(dim.fixed for dim in spec.dims[1:]):
        shape = (1, *(dim.a for dim in spec.dims[1:]))
        fix = insert(case.project, "Reshape", target, {"shape": shape})
        found.append(replace(fix, label=f"Insert Reshape to {' × '.join(map(str, shape))}"))
    return tuple(found)


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


def for_dtype(case: Case, slot: str, wanted: str) -> tuple[Fix, ...]:
    """Return what helps where whole numbers meet a layer for fractions, or the other way round."""
    source = case.project.graph.nodes.get(case.sources[slot].node)
    if source is None or source.kind != INPUT:
        return ()
    bound = [field for name in bound_fields(source) if (field := case.project.data.field(name))]
    if not bound:
        return (set_parameter(source.name, "dtype", wanted),)
    if not all(field.meaning == "category" for field in bound):
        return ()
    if wanted == "int64":
        return (_encode(bound, "Use category indices", "index"),)
    rows = max(len(field.categories) for field in bound)
    embedding = insert(case.project, "Embedding", End(case.node.name, slot), {"num_embeddings": rows})
    port = case.kind.input_port(slot)
    fits = port is None or not port.ranks or case.inputs[slot].rank + 1 in port.ranks
    return (_encode(bound, "Use one-hot", "one-hot"), *((embedding,) if fits else ()))


def _encode(fields: list[Field], label: str, encoding: str) -> Fix:
    edits = tuple(SetField(replace(field, encoding="index" if encoding == "index" else "one-hot")) for field in fields)
    label = f"{label} for {', '.join(field.name for field in fields)}"
    return Fix(label, edits[0] if len(edits) == 1 else Together(edits, label))
