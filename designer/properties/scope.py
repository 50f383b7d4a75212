"""What a form edits: the selected nodes, the parameters they have in common, and what these are set to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from core.graph.edits import DEFAULT, SetParameters
from core.graph.project import INPUT, OUTPUT, Project
from core.kinds import REQUIRED, LayerKind, Parameter, Value
from core.parameters import parameters_of, resolve
from designer.properties.editors.base import Shown, Special
from designer.session import Session


@dataclass(frozen=True)
class Scope:
    """These nodes, each with its kind; None stands for a kind that is not installed.

    A further call of another node's layer has that node's parameters: ``targets`` are the nodes that hold them.
    """

    session: Session
    names: tuple[str, ...]
    kinds: tuple[LayerKind | None, ...]

    @property
    def view(self) -> Project:
        """The project as it looks from where the nodes are."""
        return self.session.view

    @property
    def variables(self) -> Iterable[str]:
        """The names that expressions may use."""
        return self.view.variables

    def store(self, name: str, values: Mapping[str, Value]) -> None:
        """Set a parameter on each node; what follows at once on the same parameter is part of the same undo step."""
        self.session.apply_here(self._edit(name, values))

    def _edit(self, name: str, values: Mapping[str, Value]) -> SetParameters:
        return SetParameters({node: {name: value} for node, value in values.items()}, f"{self.names}.{name}")

    @property
    def kind(self) -> LayerKind | None:
        """The kind of all of them; None where they are of several."""
        return self.kinds[0] if len(set(self.kinds)) == 1 else None

    @property
    def exists(self) -> bool:
        """False once one of the nodes is gone."""
        return all(name in self.view.graph.nodes for name in self.names)

    @property
    def is_port(self) -> bool:
        """True where one is an input or output of the group that is looked at: it takes nothing from the data."""
        return bool(self.session.group) and any(kind is not None and kind.id in (INPUT, OUTPUT) for kind in self.kinds)

    @property
    def shares(self) -> bool:
        """True where one node is selected that has no parameters of its own: it is another call of a layer."""
        return len(self.names) == 1 and bool(self.view.graph.nodes[self.names[0]].shares)

    @property
    def targets(self) -> dict[str, LayerKind]:
        """The nodes that hold the parameters, with their kinds."""
        nodes = self.view.graph.nodes
        pairs = zip(self.names, self.kinds, strict=True)
        return {nodes[name].shares or name: kind for name, kind in pairs if kind is not None}

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that all of them have."""
        if self.is_port or self.shares or None in self.kinds:
            return ()
        return common([parameters_of(kind) for kind in dict.fromkeys(self.kinds) if kind is not None])

    def params(self) -> list[Mapping[str, Value]]:
        """Return what is set on each target."""
        return [self.view.graph.nodes[name].params for name in self.targets]

    def stored(self, name: str) -> dict[str, Value]:
        """Return what each target has for a parameter, DEFAULT where nothing is set."""
        return {node: params.get(name, DEFAULT) for node, params in zip(self.targets, self.params(), strict=True)}

    def effective(self, name: str) -> dict[str, Value]:
        """Return what a parameter comes to for each target, by default where nothing is set (REQUIRED: it has none)."""
        defaults = self._defaults(name)
        return {node: defaults[node] if value is DEFAULT else value for node, value in self.stored(name).items()}

    def shown(self, name: str) -> Shown:
        """Return the common value of a parameter, UNSET where it is the default, MIXED where the nodes differ."""
        values = list(self.effective(name).values())
        if not all(_same(value, values[0]) for value in values):
            return Special.MIXED
        return Special.UNSET if all(value is DEFAULT for value in self.stored(name).values()) else values[0]

    def changed(self, name: str) -> dict[str, Value]:
        """Return the targets on which a parameter differs from its default, each with DEFAULT to set it back."""
        defaults = self._defaults(name)
        set_to = {node: value for node, value in self.stored(name).items() if value is not DEFAULT}
        differs = (
            node for node in set_to if defaults[node] is not REQUIRED and not _same(set_to[node], defaults[node])
        )
        return dict.fromkeys(differs, DEFAULT)

    def assigned(self, name: str, value: Value) -> dict[str, Value]:
        """Return what a value is stored as on each target: DEFAULT where it is that."""
        defaults = self._defaults(name)
        return {node: DEFAULT if _same(value, default) else value for node, default in defaults.items()}

    def check(self, name: str, value: Value) -> str:
        """Return what is wrong with a value in this project, expressions evaluated, or an empty string."""
        kinds = set(self.targets.values())
        for kind in kinds:
            _values, problems = resolve(kind, {name: value}, self.view.variables)
            for each in problems:
                if each.name == name:
                    return f"{kind.display}: {each.message}" if len(kinds) > 1 else each.message
        return ""

    def value_of(self, name: str, value: Value) -> Value:
        """Return what a value comes to where the user is, expressions evaluated; None where it comes to nothing."""
        kind = next(iter(self.targets.values()))
        values, _problems = resolve(kind, {name: value}, self.view.variables)
        return values.get(name)

    def _defaults(self, name: str) -> dict[str, Value]:
        return {node: _named(parameters_of(kind), name).default for node, kind in self.targets.items()}


class RootScope(Scope):
    """The same for nodes of the project's own graph, wherever the user looks."""

    @property
    def view(self) -> Project:
        """The whole project."""
        return self.session.project

    @property
    def is_port(self) -> bool:
        """They take what they take from the data."""
        return False

    def store(self, name: str, values: Mapping[str, Value]) -> None:
        """Set a parameter on each node, as in every scope."""
        self.session.apply(self._edit(name, values))


class Values(Protocol):
    """What a row needs to know of where its value is kept: one place or several, by name (``names``)."""

    @property
    def session(self) -> Session:
        """The session of the project."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The places."""
        ...

    @property
    def exists(self) -> bool:
        """False once a place is gone."""
        ...

    @property
    def variables(self) -> Iterable[str]:
        """The names that expressions may use."""
        ...

    def stored(self, name: str) -> dict[str, Value]:
        """Return what each place has, DEFAULT where nothing is set."""
        ...

    def effective(self, name: str) -> dict[str, Value]:
        """Return what a parameter comes to in each place."""
        ...

    def shown(self, name: str) -> Shown:
        """Return the common value, UNSET where it is the default, MIXED where places differ."""
        ...

    def changed(self, name: str) -> dict[str, Value]:
        """Return the places that differ from the default, each with DEFAULT."""
        ...

    def assigned(self, name: str, value: Value) -> dict[str, Value]:
        """Return what a value is stored as in each place."""
        ...

    def check(self, name: str, value: Value) -> str:
        """Return what is wrong with a value, or an empty string."""
        ...

    def value_of(self, name: str, value: Value) -> Value:
        """Return what an expression comes to."""
        ...

    def store(self, name: str, values: Mapping[str, Value]) -> None:
        """Set a parameter in each place; one undo step with what follows on the same parameter."""
        ...


def common(kinds: Sequence[Sequence[Parameter]]) -> tuple[Parameter, ...]:
    """Return the parameters that are in every list under the same name and with a compatible type."""
    tables = [{each.name: each for each in parameters} for parameters in kinds]
    found = []
    for first in kinds[0] if kinds else ():
        alike = [table[first.name] for table in tables if first.name in table]
        merged = _merged(alike)
        if len(alike) == len(tables) and merged is not None:
            found.append(merged)
    return tuple(found)


def _merged(alike: Sequence[Parameter]) -> Parameter | None:
    """Return one parameter that takes what all of these take, or None where their types do not fit."""
    first = alike[0]
    if any((each.type, each.wildcard, bool(each.length)) != _form(first) for each in alike):
        return None
    choices = tuple(word for word in first.choices if all(word in each.choices for each in alike))
    if first.type == "choice" and not choices:
        return None
    lows = [each.minimum for each in alike if each.minimum is not None]
    highs = [each.maximum for each in alike if each.maximum is not None]
    return replace(
        first,
        default=REQUIRED if any(each.required for each in alike) else first.default,
        optional=all(each.optional for each in alike),
        choices=choices,
        minimum=max(lows, default=None),
        maximum=min(highs, default=None),
        exclusive=any(each.exclusive for each in alike),
    )


def _form(parameter: Parameter) -> tuple[str, str, bool]:
    return parameter.type, parameter.wildcard, bool(parameter.length)


def _named(parameters: Iterable[Parameter], name: str) -> Parameter:
    return next(each for each in parameters if each.name == name)


def _same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and bool(one == other)
