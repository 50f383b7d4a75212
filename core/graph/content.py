"""From what a project file says to a project and back: all that is wrong is found at once, nothing unknown is lost.

What this version does not know goes into ``extra``: of a node into the node's own, all other into the project's, under
the same keys as in the file (of fields and links: by the field's name and the link's input end). Of a group and of
its links and parameters it goes into the group's own, of a Python layer into the layer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from functools import partial
from typing import TYPE_CHECKING, Any

from core.errors import EditError, did_you_mean
from core.graph.groups import recursion_problem
from core.graph.jsontext import place, short
from core.graph.names import check_class_name, check_name, natural_key
from core.graph.order import execution_order, slot_key
from core.graph.project import (
    Bookmark,
    DataBinding,
    Dimension,
    End,
    Field,
    Frame,
    Graph,
    Group,
    GroupParameter,
    Node,
    Note,
    Project,
    PythonLayer,
    Search,
    Split,
    TrainingSettings,
    Window,
)
from core.graph.sharing import check_sharing
from core.loading import load
from core.weights import TRAINING_NAMES

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from core.graph.schema import DataModel, GraphModel, GroupModel, ProjectModel, SearchModel

FORMAT = 4
Content = dict[str, Any]
Location = tuple[str | int, ...]


def problems_of(content: Content) -> list[str]:
    """Return everything that is wrong with a file's content, one line each with its place; types first, then sense."""
    load("core.graph.schema")
    from pydantic import ValidationError

    from core.graph.schema import ProjectModel

    try:
        model = ProjectModel.model_validate(content)
    except ValidationError as error:
        errors = [each for each in error.errors(include_url=False) if each["type"] != "string_unicode"]  # a doubt
        return list(dict.fromkeys(_in_plain_words(each, content) for each in errors))
    return [*_variable_problems(model), *_definition_problems(model), *_all_graph_problems(model)]


_EXPECTED = {
    "missing": "is missing",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "repeat_type": "must be a whole number or an expression",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
}


def _in_plain_words(error: ErrorDetails, content: Content) -> str:
    location, kind, value = error["loc"], error["type"], error["input"]
    if location[-2:] in (("repeat", "int"), ("repeat", "str")):  # every member of a union complains
        location, kind = location[:-1], "repeat_type"
    elif location[-1:] in (("int",), ("float",)) and (location[0] == "variables" or location[-2] == "default"):
        location, kind = location[:-1], "float_type"
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
    for key in ("nodes", "fields"):
        if key in location[1:-2]:
            entry: Any = content
            for part in location[: location.index(key, 1) + 2]:
                entry = entry[part]
            name = entry.get("name") if isinstance(entry, Mapping) else None
            if isinstance(name, str) and name.isprintable():
                return f"{place(location)} ({name})"
    return place(location)


def _variable_problems(model: ProjectModel) -> Iterable[str]:
    for name in model.variables:
        yield from _name_problem(name, set(), ("variables", name))
    for index, group in enumerate(model.groups):
        seen: set[str] = set()
        for number, each in enumerate(group.parameters):
            where = ("groups", index, "parameters", number, "name")
            yield from _name_problem(each.name, set(), where)
            if each.name in seen or each.name in TRAINING_NAMES:
                yield f"{place(where)}: There is already a parameter named '{each.name}'. Names are unique."
            seen.add(each.name)


def _definition_problems(model: ProjectModel) -> Iterable[str]:
    """Yield what is wrong with definitions; kinds that no definition has can be loaded: the check finds them."""
    seen: set[str] = set()
    named = {"groups": [each.name for each in model.groups], "code": [each.name for each in model.code]}
    for key, names in named.items():
        for index, name in enumerate(names):
            yield from _refused(partial(check_class_name, name, seen), (key, index, "name"))
            seen.add(name)
    problem = recursion_problem({each.name: Group(each.name, _graph(each)) for each in model.groups})
    if problem:
        yield f"groups: {problem}"


def _all_graph_problems(model: ProjectModel) -> Iterable[str]:
    yield from _graph_problems(model.graph, ("graph",))
    for index, group in enumerate(model.groups):
        yield from _graph_problems(group, ("groups", index))


def _graph_problems(graph: GraphModel, where: Location) -> Iterable[str]:
    seen: set[str] = set()
    for index, node in enumerate(graph.nodes):
        yield from _name_problem(node.name, seen, (*where, "nodes", index, "name"))
        seen.add(node.name)
    nodes = {each.name: Node(**each.known) for each in graph.nodes}
    for index, node in enumerate(graph.nodes):
        yield from _refused(partial(check_sharing, nodes, nodes[node.name]), (*where, "nodes", index, "shares"))
    yield from _drawn_problems(graph, where)
    yield from _link_problems(graph, where)


def _drawn_problems(graph: GraphModel, where: Location) -> Iterable[str]:
    """Yield the frames and notes that have the name of another one: each must be known by its own."""
    seen: dict[str, str] = {}
    names = {"frames": [each.name for each in graph.frames], "annotations": [each.name for each in graph.annotations]}
    for key, of_kind in names.items():
        for index, name in enumerate(of_kind):
            own = place((*where, key, index, "name"))
            if name in seen:
                yield f"{own}: {seen[name]} is named '{name}' already. Give each frame and note its own name."
            seen.setdefault(name, place((*where, key, index)))


def _name_problem(name: str, taken: set[str], location: Location) -> Iterable[str]:
    yield from _refused(partial(check_name, name, taken), location)


def _refused(check: Callable[[], None], location: Location) -> Iterable[str]:
    try:
        check()
    except EditError as error:
        yield f"{place(location)}: {error.message}"


def _link_problems(graph: GraphModel, place_of_graph: Location) -> Iterable[str]:
    """Yield what is impossible; loops and ports that a kind does not have can be loaded: the check finds them."""
    names = {node.name for node in graph.nodes}
    taken: dict[str, int] = {}
    for index, link in enumerate(graph.links):
        for key, text in (("from", link.source), ("to", link.target)):
            where = place((*place_of_graph, "links", index, key))
            end = _end(text)
            if not end.node or not end.port:
                yield f"{where}: must name a node and its port, such as 'conv1.output', not {short(text)}."
            elif end.node not in names:
                yield f"{where}: there is no node '{end.node}'.{did_you_mean(end.node, names)}"
        if link.target in taken:
            first = taken[link.target]
            where = place((*place_of_graph, "links", index, "to"))
            yield f"{where}: '{link.target}' is fed by links[{first}] already; an input takes one link."
        taken.setdefault(link.target, index)


def from_content(content: Content) -> Project:
    """Return the project that a file's content without ``problems_of`` describes."""
    load("core.graph.schema")
    from core.graph.schema import ProjectModel

    model = ProjectModel.model_validate(content)
    return Project(
        name=model.name,
        notes=model.notes,
        variables=model.variables,
        data=_data(model.data),
        graph=_graph(model.graph),
        groups={each.name: _group(each) for each in model.groups},
        code={each.name: PythonLayer(each.name, "\n".join(each.source), each.unknown) for each in model.code},
        bookmarks={digit: Bookmark(**each.known) for digit, each in sorted(model.bookmarks.items())},
        training=TrainingSettings(**model.training.known),
        weights=model.weights,
        search=_search(model.search),
        extra=_joined(
            model.unknown,
            data=_data_extra(model.data),
            graph=_graph_extra(model.graph),
            training=model.training.unknown,
            search=_search_extra(model.search),
        ),
    )


def _joined(unknown: dict[str, Any], **parts: dict[str, Any]) -> dict[str, Any]:
    return unknown | {key: part for key, part in parts.items() if part}


def _data(model: DataModel) -> DataBinding:
    made = tuple(Field(**each.known) for each in model.fields)
    split, window = Split(**model.split.known), Window(**model.window.known)
    return DataBinding(model.source, model.options, made, split, window, model.sampling)


def _data_extra(model: DataModel) -> dict[str, Any]:
    of_fields = {each.name: each.unknown for each in model.fields if each.unknown}
    return _joined(model.unknown, fields=of_fields, split=model.split.unknown, window=model.window.unknown)


def _search(model: SearchModel) -> Search:
    return Search(**model.known | {"dimensions": tuple(Dimension(**each.known) for each in model.dimensions)})


def _search_extra(model: SearchModel) -> dict[str, Any]:
    of_dimensions = {each.place: each.unknown for each in model.dimensions if each.unknown}
    return _joined(model.unknown, dimensions=of_dimensions)


def _graph(model: GraphModel) -> Graph:
    nodes = {each.name: Node(**each.known, extra=each.unknown) for each in model.nodes}
    return Graph(
        nodes,
        {_end(each.target): _end(each.source) for each in model.links},
        {each.name: Frame(**each.known) for each in model.frames},
        {each.name: Note(**each.known) for each in model.annotations},
        {_end(each.target): each.route for each in model.links if each.route},
    )


def _graph_extra(model: GraphModel) -> dict[str, Any]:
    return _joined(
        model.unknown,
        links={each.target: each.unknown for each in model.links if each.unknown},
        frames={each.name: each.unknown for each in model.frames if each.unknown},
        annotations={each.name: each.unknown for each in model.annotations if each.unknown},
    )


def _group(model: GroupModel) -> Group:
    parameters = tuple(GroupParameter(**each.known) for each in model.parameters)
    of_parameters = {each.name: each.unknown for each in model.parameters if each.unknown}
    extra = _joined(_graph_extra(model), parameters=of_parameters)
    return Group(model.name, _graph(model), parameters, model.help, model.weights, extra)


def _end(text: str) -> End:
    node, _dot, port = text.partition(".")
    return End(node, port)


def to_content(project: Project) -> Content:
    """Return what a file says of a project; equal projects give the same, whatever their history."""
    extra = dict(project.extra)
    data, graph, training = (extra.pop(key, {}) for key in ("data", "graph", "training"))
    search = _search_content(project.search, dict(extra.pop("search", {})))
    bookmarks = {digit: _written(each) for digit, each in sorted(project.bookmarks.items())}
    return {
        "format": FORMAT,
        "application": "Layerwright",
        "name": project.name,
        "notes": project.notes,
        "variables": _sorted(project.variables),
        "data": _data_content(project.data, dict(data)),
        "graph": _graph_content(project.graph, dict(graph)),
        "groups": [_group_content(project.groups[name]) for name in sorted(project.groups, key=natural_key)],
        "code": [_code_content(project.code[name]) for name in sorted(project.code, key=natural_key)],
        **({"bookmarks": bookmarks} if bookmarks else {}),
        "training": _plain(project.training) | training,
        **({"weights": project.weights} if project.weights else {}),
        **({"search": search} if search else {}),
        **extra,
    }


def _data_content(binding: DataBinding, extra: dict[str, Any]) -> Content:
    of_fields, of_split, of_window = (extra.pop(key, {}) for key in ("fields", "split", "window"))
    return {
        "source": binding.source,
        "options": _sorted(binding.options),
        "fields": [_plain(each) | of_fields.get(each.name, {}) for each in binding.fields],
        "split": _plain(binding.split) | of_split,
        **_beside(binding, of_window),
        **extra,
    }


def _beside(binding: DataBinding, of_window: Content) -> Content:
    """Return what few bindings have: a window, another way to draw samples."""
    found: Content = {}
    if binding.window != Window() or of_window:
        found["window"] = _plain(binding.window) | of_window
    if binding.sampling != "shuffle":
        found["sampling"] = binding.sampling
    return found


def _search_content(search: Search, extra: dict[str, Any]) -> Content:
    """Return what differs from a search for nothing."""
    of_dimensions = extra.pop("dimensions", {})
    dimensions = [_written(each) | of_dimensions.get(each.place, {}) for each in search.dimensions]
    return {**_written(search), **({"dimensions": dimensions} if dimensions else {}), **extra}


def _graph_content(graph: Graph, extra: dict[str, Any]) -> Content:
    of_links, of_frames, of_notes = (dict(extra.pop(key, {})) for key in ("links", "frames", "annotations"))
    order = execution_order(graph)
    order += tuple(sorted(graph.nodes.keys() - set(order), key=natural_key))
    rank = {name: index for index, name in enumerate(order)}
    links = sorted(graph.links.items(), key=lambda link: (rank[link[0].node], slot_key(link[0].port)))
    return {
        "nodes": [node_content(graph.nodes[name]) for name in order],
        "links": [
            {"from": str(source), "to": str(target)} | _route(graph, target) | of_links.get(str(target), {})
            for target, source in links
        ],
        **_listed("frames", graph.frames, of_frames),
        **_listed("annotations", graph.notes, of_notes),
        **extra,
    }


def _route(graph: Graph, target: End) -> Content:
    points = graph.routes.get(target, ())
    return {"route": [[round(float(x), 1), round(float(y), 1)] for x, y in points]} if points else {}


def _listed(key: str, parts: Mapping[str, Frame] | Mapping[str, Note], extra: Mapping[str, Any]) -> Content:
    """Return the frames or notes of a graph under their key; nothing where there are none."""
    found = [_written(parts[name]) | extra.get(name, {}) for name in sorted(parts, key=natural_key)]
    return {key: found} if found else {}


def _group_content(group: Group) -> Content:
    extra = dict(group.extra)
    of_parameters = extra.pop("parameters", {})
    parameters = [_written(each) | of_parameters.get(each.name, {}) for each in group.parameters]
    head = {"name": group.name, "help": group.help, "weights": group.weights, "parameters": parameters}
    return {**head, **_graph_content(group.graph, extra)}


def _code_content(layer: PythonLayer) -> Content:
    return {"name": layer.name, "source": layer.source.split("\n"), **layer.extra}


def _written(part: Node | GroupParameter | Frame | Note | Bookmark | Dimension | Search) -> Content:
    """Return the fields of a part that differ from their defaults, besides those that have none."""
    return {
        each.name: getattr(part, each.name)
        for each in fields(part)
        if each.default is MISSING or getattr(part, each.name) != each.default
    }


def node_content(node: Node) -> Content:
    """Return what a file says of a node: besides parameters and place only what differs from the defaults."""
    position = [round(float(each), 1) + 0.0 for each in node.position]
    content = {**_written(node), "params": _sorted(node.params), "position": position}
    del content["extra"]
    return {key: content[key] for key in _NODE_KEYS if key in content} | dict(node.extra)


_NODE_KEYS = tuple("name kind label params repeat tied shares mode colour collapsed weights position".split())


def _sorted(values: Mapping[str, Any]) -> Content:
    return {key: values[key] for key in sorted(values, key=str)}


def _plain(part: Field | Split | Window | TrainingSettings) -> Content:
    """Return all values of a part, but those of the rarer ones that were left at their default."""
    usual = {each.name: each.default for each in fields(part) if each.default is not MISSING}
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    values = {key: value for key, value in values.items() if key not in _RARE or value != usual.get(key, {})}
    return {key: _plain_value(key, value) for key, value in values.items()}


_RARE = frozenset(
    """options augment folds fold decay schedule schedule_options accumulate combine monitor patience min_delta clip
    clip_at average average_decay average_start precision compile process diagnostics loggers logger_options""".split()
)
_FLOATS = frozenset("learning_rate validation test min_delta clip_at average_decay average_start".split())


def _plain_value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _sorted(value)
    return float(value) if key in _FLOATS else value
