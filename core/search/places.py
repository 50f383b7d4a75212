"""What may be searched: the places of a project by name, what stands there now, and what else might."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, get_args, get_origin, get_type_hints

from core.data.augment import augmentations
from core.errors import LayerwrightError, SearchError, did_you_mean
from core.graph.groups import group_id
from core.graph.kinds import kind_named, kind_of
from core.graph.project import Node, Project, TrainingSettings
from core.kinds import LayerKind, Parameter, Value
from core.layers import catalogue
from core.parameters import check_value, format_value, parameters_of, parse_value, resolve
from core.training.optimizers import optimizers
from core.training.options import options_of
from core.training.schedules import schedules

VARIABLE, NODE, TRAINING, DATA = "variable", "node", "training", "data"
KIND, MODE, REPEAT = "kind", "mode", "repeat"
_STRUCTURE = (KIND, MODE, REPEAT)
_NODE_OWN = "node."
"""Stands before these where the layer has a parameter of that name: ``node/pad1/node.mode``."""
RUNS = "run"
"""How the mode of a node that runs as ever is written, where an empty word cannot be seen."""
_NOT_SEARCHED = frozenset(
    "optimizer_options schedule_options loggers logger_options monitor device process compile diagnostics".split()
)
_SETTINGS = {name: kind for name, kind in get_type_hints(TrainingSettings).items() if name not in _NOT_SEARCHED}
_LEAST = {"batch_size": 1, "epochs": 1, "accumulate": 1, "patience": 0, "seed": 0, "min_delta": 0}
_ABOVE = ("learning_rate", "clip_at")
_SHARES = ("average_decay", "average_start")
_WORDS: dict[str, Callable[[], tuple[str, ...]]] = {
    "optimizer": lambda: tuple(each.id for each in optimizers),
    "schedule": lambda: tuple(each.id for each in schedules),
}
_MOST_REPEATS = 1000


@dataclass(frozen=True)
class Spot:
    """A place that may be searched. ``value`` stands there now; ``check`` says what is wrong with another.

    ``structure`` is "kind", "mode" or "repeat" where the place is about a node itself, "" for all parameters.
    """

    place: str
    title: str
    parameter: Parameter
    value: Value
    check: Callable[[Value], str]
    structure: str = ""

    @property
    def draws(self) -> Literal["int", "float", "choice"]:
        """What a range gives here; "choice" where there is none, because values are no numbers."""
        whole, fraction = ("int", "ints"), ("float", "floats")
        return "int" if self.parameter.type in whole else "float" if self.parameter.type in fraction else "choice"

    def read(self, text: str) -> Value:
        """Return the value that a text stands for.

        Raises:
            SearchError: it stands for none that fits; the message says why.
        """
        if self.structure == MODE and text.strip() == RUNS:
            return ""
        try:
            value = parse_value(self.parameter, text)
        except ValueError as error:
            raise SearchError(f"{self.place}: {error}") from error
        if message := self.check(value):
            raise SearchError(f"{self.place}: {message}")
        return value

    def text(self, value: Value) -> str:
        """Return a value as the user reads it."""
        if self.structure == MODE and value == "":
            return RUNS
        return f"{value:.4g}" if isinstance(value, float) else format_value(value) or "none"


def node_place(group: str, node: str, name: str) -> str:
    """Return the place of a parameter (or "kind", "mode", "repeat") of a node of the network ("") or of a group."""
    return f"{NODE}/{group}:{node}/{name}" if group else f"{NODE}/{node}/{name}"


def structure_place(project: Project, group: str, node: str, what: str) -> str:
    """Return the place of the "kind", "mode" or "repeat" of a node itself, told apart from a parameter of that name."""
    plain = node_place(group, node, what)
    view = project.inside(group) if group else project
    taken = any(what in _named(kind) for kind in _kinds(project, plain, view, view.graph.nodes[node]))
    return node_place(group, node, _NODE_OWN + what) if taken else plain


def node_of_place(place: str) -> tuple[str, str, str]:
    """Return the group ("" : the network), the node and the parameter that a place of a node names.

    Raises:
        SearchError: it is no such place.
    """
    parts = place.split("/", 2)
    if len(parts) != 3 or parts[0] != NODE:
        raise SearchError(f"'{place}' is no place of a node: it is written node/NAME/PARAMETER.")
    group, _, name = parts[1].rpartition(":")
    return group, name, parts[2]


def spot(project: Project, place: str) -> Spot:
    """Return what stands at a place.

    Raises:
        SearchError: there is no such place, or nothing there can be searched; the message says why.
    """
    head, _, rest = place.partition("/")
    finders = {VARIABLE: _variable, NODE: _node, TRAINING: _training, DATA: _data}
    if head not in finders or not rest:
        raise SearchError(
            f"There is no place '{place}'. Places are variable/NAME, node/NAME/PARAMETER (inside of a group "
            "node/GROUP:NAME/PARAMETER), node/NAME/kind, …/mode or …/repeat (…/node.mode where the layer has a "
            "parameter of that name) and training/SETTING."
        )
    return finders[head](project, place, rest)


def places(project: Project) -> Iterator[str]:
    """Yield the numbers and choices of the variables, the training and the network that may be searched."""
    yield from (f"{VARIABLE}/{name}" for name in project.variables)
    yield from (f"{TRAINING}/{name}" for name in _SETTINGS)
    for group, view in [("", project), *((name, project.inside(name)) for name in sorted(project.groups))]:
        for node in view.graph.nodes.values():
            kind = kind_of(view, node)
            if kind is not None and not node.shares:
                yield from (node_place(group, node.name, each.name) for each in parameters_of(kind))


def _unknown(what: str, name: str, known: Any) -> SearchError:
    return SearchError(f"There is no {what} '{name}' to be searched.{did_you_mean(name, known)}")


def _variable(project: Project, place: str, name: str) -> Spot:
    if name not in project.variables:
        raise _unknown("variable", name, project.variables)
    value = project.variables[name]
    parameter = Parameter(name, "int" if isinstance(value, int) else "float", value)
    return Spot(place, name, parameter, value, partial(check_value, parameter))


# --- nodes ------------------------------------------------------------------------------------------------------------


def _node(project: Project, place: str, _rest: str) -> Spot:
    group, name, what = node_of_place(place)
    if group and group not in project.groups:
        raise _unknown("group", group, project.groups)
    view = project.inside(group) if group else project
    node = view.graph.nodes.get(name)
    if node is None:
        raise _unknown("node", f"{group}:{name}" if group else name, view.graph.nodes)
    called = what.replace(_NODE_OWN, "node ")
    title = f"{group} / {name} · {called}" if group else f"{name} · {called}"
    own = what.removeprefix(_NODE_OWN)
    if node.shares and own != MODE:
        raise SearchError(f"'{name}' is another call of the layer of '{node.shares}': search that one's {own}.")
    kinds = _kinds(project, place, view, node)
    if own in _STRUCTURE and (own != what or not any(own in _named(kind) for kind in kinds)):
        return _structure(view, node, place, title, own, kinds)
    for kind in kinds:
        parameter = _named(kind).get(what)
        if parameter is not None:
            value = node.params.get(what, None if parameter.required else parameter.default)
            return Spot(place, title, parameter, value, partial(_check, view, kind, what))
    known = (*_STRUCTURE, *(each for kind in kinds for each in _named(kind)))
    raise SearchError(f"'{name}' has no parameter '{what}' to be searched.{did_you_mean(what, known)}")


def _kinds(project: Project, place: str, view: Project, node: Node) -> list[LayerKind]:
    """Return the kind of a node and, where its kind is searched, all that it may become."""
    found = [kind_of(view, node)]
    head = place.rsplit("/", 1)[0]
    for dimension in project.search.dimensions:
        if dimension.place in (f"{head}/{KIND}", f"{head}/{_NODE_OWN}{KIND}"):
            found += [kind_named(view, str(each)) for each in dimension.choices]
    return [each for each in found if each is not None]


def _named(kind: LayerKind) -> dict[str, Parameter]:
    return {each.name: each for each in parameters_of(kind)}


def _check(view: Project, kind: LayerKind, name: str, value: Value) -> str:
    _values, problems = resolve(kind, {name: value}, view.variables)
    return next((each.message for each in problems if each.name == name), "")


def _structure(view: Project, node: Node, place: str, title: str, what: str, kinds: Sequence[LayerKind]) -> Spot:
    if what == KIND:
        return Spot(place, title, Parameter(KIND, "text", node.kind), node.kind, partial(_check_kind, view), KIND)
    if what == MODE:
        parameter = Parameter(MODE, "choice", "", choices=("bypass", "mute"))
        return Spot(place, title, parameter, node.mode, _check_mode, MODE)
    if not any(kind.group for kind in kinds):
        raise SearchError(f"Only a group can be repeated, and '{node.name}' is of kind {node.kind}: group it first.")
    parameter = Parameter(REPEAT, "int", 1, minimum=1, maximum=_MOST_REPEATS)
    return Spot(place, title, parameter, node.repeat, partial(check_value, parameter), REPEAT)


def _check_kind(view: Project, value: Value) -> str:
    if isinstance(value, str) and kind_named(view, value) is not None:
        return ""
    return f"There is no layer kind '{value}'."


def alternatives(project: Project, place: str) -> tuple[str, ...]:
    """Return the kinds that a node might as well be, its own first: of its family (or groups where it is one), with
    as many inputs and outputs, and needing no parameter that the node does not have."""
    group, name, _what = node_of_place(place)
    view = project.inside(group) if group else project
    node = view.graph.nodes[name]
    own = kind_of(view, node)
    if own is None:
        return (node.kind,)
    groups = [group_id(each) for each in project.groups if each != group]
    names = groups if own.group else [kind.id for kind in catalogue]
    found = [kind for each in names if (kind := kind_named(view, each)) is not None and kind.id != own.id]
    alike = [kind for kind in found if kind.family == own.family and _ports(kind) == _ports(own)]
    needed = {kind.id: {each.name for each in parameters_of(kind) if each.required} for kind in alike}
    return (node.kind, *(kind for kind, names_ in needed.items() if names_ <= node.params.keys()))


def _ports(kind: LayerKind) -> tuple[list[tuple[bool, bool]], int]:
    return [(port.optional, port.variadic) for port in kind.inputs], len(kind.outputs)


def _check_mode(value: Value) -> str:
    return "" if value in ("", "bypass", "mute") else f"mode is run, bypass or mute, not '{value}'."


# --- training and data ------------------------------------------------------------------------------------------------


def _training(project: Project, place: str, rest: str) -> Spot:
    training = project.training
    name, _, option = rest.partition("/")
    if name in ("optimizer_options", "schedule_options"):
        return _option(project, place, name, option)
    if name not in _SETTINGS or option:
        raise _unknown("training setting", rest, _SETTINGS)
    parameter = _setting(name)
    return Spot(place, name, parameter, getattr(training, name), partial(check_value, parameter))


def _setting(name: str) -> Parameter:
    """Return a training setting as a parameter: its type, and its bounds."""
    kind, default = _SETTINGS[name], getattr(TrainingSettings(), name)
    if name in _WORDS or get_origin(kind) is Literal:
        words = _WORDS[name]() if name in _WORDS else get_args(kind)
        return Parameter(name, "choice", default, choices=words)
    if kind is bool:
        return Parameter(name, "bool", default)
    parameter = Parameter(name, "int" if kind is int else "float", default)
    if name in _ABOVE:
        return replace(parameter, minimum=0, exclusive=True)
    if name in _SHARES:
        return replace(parameter, minimum=0, maximum=1)
    return replace(parameter, minimum=_LEAST.get(name))


def _option(project: Project, place: str, held: str, option: str) -> Spot:
    """Return an option of the optimizer or the schedule; where that is searched, of any that it may become."""
    whose = held.removesuffix("_options")
    chosen = [getattr(project.training, whose)]
    for dimension in project.search.dimensions:
        if dimension.place == f"{TRAINING}/{whose}":
            chosen += [str(each) for each in dimension.choices]
    known = {each.name: each for name in reversed(chosen) for each in options(whose, name)}
    if option not in known:
        raise _unknown(f"option of the {whose}", option, known)
    parameter = known[option]
    value = getattr(project.training, held).get(option, parameter.default)
    return Spot(place, f"{whose} · {option}", parameter, value, partial(check_value, parameter))


def options(whose: str, chosen: str) -> tuple[Parameter, ...]:
    """Return the options of an optimizer or a schedule, none where there is no such."""
    if whose == "schedule":
        schedule = schedules.find(chosen)
        return schedule.options if schedule is not None else ()
    optimizer = optimizers.find(chosen)
    return options_of(optimizer) if optimizer is not None else ()


def _data(project: Project, place: str, rest: str) -> Spot:
    """Return an option of an augmentation that a field has: ``data/FIELD/AUGMENTATION/OPTION``."""
    parts = rest.rsplit("/", 2)
    field = project.data.field(parts[0])
    if len(parts) != 3 or field is None:
        raise SearchError(f"There is no place '{place}': it is written data/FIELD/AUGMENTATION/OPTION.")
    _field, augmentation, option = parts
    kind = augmentations.find(augmentation)
    if kind is None or augmentation not in field.augment:
        raise _unknown(f"augmentation of '{field.name}'", augmentation, field.augment)
    parameter = next((each for each in kind.options if each.name == option), None)
    if parameter is None:
        raise _unknown(f"option of {kind.title}", option, [each.name for each in kind.options])
    value = field.augment[augmentation].get(option, parameter.default)
    title = f"{field.name} · {kind.title} · {option}"
    return Spot(place, title, parameter, value, partial(check_value, parameter))


def title_of(project: Project, place: str) -> str:
    """Return what a place is called; of one that there is not, the place as it is written."""
    try:
        return spot(project, place).title
    except LayerwrightError:
        return place
