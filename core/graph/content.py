"""From what a project file says to a project and back: all that is wrong is found at once, nothing unknown is lost.

What this version does not know goes into ``extra``: of a node into the node's own, all other into the project's, under
the same keys as in the file (of fields and links: by the field's name and the link's input end).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from core.errors import EditError, did_you_mean
from core.graph.jsontext import place, short
from core.graph.names import check_name, natural_key
from core.graph.order import execution_order, slot_key
from core.graph.project import DataBinding, End, Field, Graph, Node, Project, Split, TrainingSettings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from core.graph.schema import DataModel, GraphModel, ProjectModel

FORMAT = 1
Content = dict[str, Any]
Location = tuple[str | int, ...]


def problems_of(content: Content) -> list[str]:
    """Return everything that is wrong with a file's content, one line each with its place; types first, then sense."""
    from pydantic import ValidationError

    from core.graph.schema import ProjectModel

    try:
        model = ProjectModel.model_validate(content)
    except ValidationError as error:
        errors = [each for each in error.errors(include_url=False) if each["type"] != "string_unicode"]  # a doubt
        return list(dict.fromkeys(_in_plain_words(each, content) for each in errors))
    return [*_name_problems(model), *_link_problems(model.graph)]


_EXPECTED = {
    "missing": "is missing",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
}


def _in_plain_words(error: ErrorDetails, content: Content) -> str:
    location, kind, value = error["loc"], error["type"], error["input"]
    if location[:1] == ("variables",) and len(location) == 3:
        location, kind = location[:2], "float_type"  # both members of "int or float" complain
    if kind == "missing" and isinstance(location[-1], int):
        return f"{_where(location[:-1], content)}: has too few items."
    where = _where(location, content)
    if kind == "literal_error":
        choices = error["ctx"]["expected"]
        hint = did_you_mean(value, choices.split("'")[1::2]) if isinstance(value, str) else ""
        return f"{where}: must be {choices}, not {short(value)}.{hint}"
    if kind == "too_long":
        return f"{where}: has {error['ctx']['actual_length']} items, {error['ctx']['max_length']} are expected."
    expected = _EXPECTED.get(kind, error["msg"])
    return f"{where}: {expected}." if kind == "missing" else f"{where}: {expected}, not {short(value)}."


def _where(location: Location, content: Content) -> str:
    """Write a place such as ``graph.nodes[3].kind``, with the name of the node or field that it is in."""
    if len(location) > 3 and location[:2] in (("graph", "nodes"), ("data", "fields")):
        entry = content[str(location[0])][location[1]][location[2]]
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if isinstance(name, str) and name.isprintable():
            return f"{place(location)} ({name})"
    return place(location)


def _name_problems(model: ProjectModel) -> Iterable[str]:
    for name in model.variables:
        yield from _name_problem(name, set(), ("variables", name))
    seen: set[str] = set()
    for index, node in enumerate(model.graph.nodes):
        yield from _name_problem(node.name, seen, ("graph", "nodes", index, "name"))
        seen.add(node.name)


def _name_problem(name: str, taken: set[str], location: Location) -> Iterable[str]:
    try:
        check_name(name, taken)
    except EditError as error:
        yield f"{place(location)}: {error.message}"


def _link_problems(graph: GraphModel) -> Iterable[str]:
    """Yield what is impossible; loops and ports that a kind does not have can be loaded: the check finds them."""
    names = {node.name for node in graph.nodes}
    taken: dict[str, int] = {}
    for index, link in enumerate(graph.links):
        for key, text in (("from", link.source), ("to", link.target)):
            where = place(("graph", "links", index, key))
            end = _end(text)
            if not end.node or not end.port:
                yield f"{where}: must name a node and its port, such as 'conv1.output', not {short(text)}."
            elif end.node not in names:
                yield f"{where}: there is no node '{end.node}'.{did_you_mean(end.node, names)}"
        if link.target in taken:
            first = taken[link.target]
            yield f"graph.links[{index}].to: '{link.target}' is fed by links[{first}] already; an input takes one link."
        taken.setdefault(link.target, index)


def from_content(content: Content) -> Project:
    """Return the project that a file's content without ``problems_of`` describes."""
    from core.graph.schema import ProjectModel

    model = ProjectModel.model_validate(content)
    return Project(
        name=model.name,
        notes=model.notes,
        variables=model.variables,
        data=_data(model.data),
        graph=_graph(model.graph),
        training=TrainingSettings(**model.training.known),
        extra=_joined(
            model.unknown,
            data=_data_extra(model.data),
            graph=_graph_extra(model.graph),
            training=model.training.unknown,
        ),
    )


def _joined(unknown: dict[str, Any], **parts: dict[str, Any]) -> dict[str, Any]:
    return unknown | {key: part for key, part in parts.items() if part}


def _data(model: DataModel) -> DataBinding:
    made = tuple(Field(**each.known) for each in model.fields)
    return DataBinding(model.source, model.options, made, Split(**model.split.known))


def _data_extra(model: DataModel) -> dict[str, Any]:
    of_fields = {each.name: each.unknown for each in model.fields if each.unknown}
    return _joined(model.unknown, fields=of_fields, split=model.split.unknown)


def _graph(model: GraphModel) -> Graph:
    nodes = {each.name: Node(**each.known, extra=each.unknown) for each in model.nodes}
    return Graph(nodes, {_end(each.target): _end(each.source) for each in model.links})


def _graph_extra(model: GraphModel) -> dict[str, Any]:
    return _joined(model.unknown, links={each.target: each.unknown for each in model.links if each.unknown})


def _end(text: str) -> End:
    node, _dot, port = text.partition(".")
    return End(node, port)


def to_content(project: Project) -> Content:
    """Return what a file says of a project; equal projects give the same, whatever their history."""
    extra = dict(project.extra)
    data, graph, training = (extra.pop(key, {}) for key in ("data", "graph", "training"))
    return {
        "format": FORMAT,
        "application": "Layerwright",
        "name": project.name,
        "notes": project.notes,
        "variables": _sorted(project.variables),
        "data": _data_content(project.data, dict(data)),
        "graph": _graph_content(project.graph, dict(graph)),
        "training": _plain(project.training) | training,
        **extra,
    }


def _data_content(binding: DataBinding, extra: dict[str, Any]) -> Content:
    of_fields, of_split = extra.pop("fields", {}), extra.pop("split", {})
    return {
        "source": binding.source,
        "options": _sorted(binding.options),
        "fields": [_plain(each) | of_fields.get(each.name, {}) for each in binding.fields],
        "split": _plain(binding.split) | of_split,
        **extra,
    }


def _graph_content(graph: Graph, extra: dict[str, Any]) -> Content:
    of_links = extra.pop("links", {})
    order = execution_order(graph)
    order += tuple(sorted(graph.nodes.keys() - set(order), key=natural_key))
    rank = {name: index for index, name in enumerate(order)}
    links = sorted(graph.links.items(), key=lambda link: (rank[link[0].node], slot_key(link[0].port)))
    return {
        "nodes": [_node_content(graph.nodes[name]) for name in order],
        "links": [{"from": str(source), "to": str(target)} | of_links.get(str(target), {}) for target, source in links],
        **extra,
    }


def _node_content(node: Node) -> Content:
    content = {"name": node.name, "kind": node.kind, "label": node.label, "params": _sorted(node.params)}
    if not node.label:
        del content["label"]
    position = [round(float(each), 1) + 0.0 for each in node.position]
    return {**content, "position": position, **node.extra}


def _sorted(values: Mapping[str, Any]) -> Content:
    return {key: values[key] for key in sorted(values, key=str)}


def _plain(part: Field | Split | TrainingSettings) -> Content:
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    return {key: _plain_value(key, value) for key, value in values.items()}


_FLOATS = frozenset({"learning_rate", "validation", "test"})


def _plain_value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _sorted(value)
    return float(value) if key in _FLOATS else value
