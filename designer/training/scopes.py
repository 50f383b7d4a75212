"""Where the rows of the training panel keep their values: in the training settings, or in options among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.graph.edits import DEFAULT, Edit, SetParameters, SetTraining
from core.kinds import Parameter, Value
from designer.properties.editors.base import Shown, Special
from designer.properties.editors.options import check_plain, named_options
from designer.session import Session

Read = Callable[[], Mapping[str, Value]]
Write = Callable[[str, Value, str], Edit | None]
"""Takes a parameter's name, its value or DEFAULT, and the merge key of the undo step; returns the edit."""


class OneScope:
    """Values in one place, as plain numbers: no expressions. ``key`` names the place in the history's merging."""

    def __init__(self, session: Session, key: str, read: Read, write: Write) -> None:
        self.session = session
        self._key, self._read, self._write = key, read, write
        self._parameters: dict[str, Parameter] = {}

    def offer(self, parameters: Sequence[Parameter]) -> None:
        """Say which parameters there are now."""
        self._parameters = {each.name: each for each in parameters}

    @property
    def names(self) -> tuple[str, ...]:
        """The one place."""
        return (self._key,)

    @property
    def exists(self) -> bool:
        """It is always there."""
        return True

    @property
    def variables(self) -> Iterable[str]:
        """There are no expressions."""
        return ()

    def stored(self, name: str) -> dict[str, Value]:
        """Return what is set, DEFAULT where nothing is."""
        value = self._read().get(name, DEFAULT)
        return {self._key: DEFAULT if _same(value, self._parameters[name].default) else value}

    def effective(self, name: str) -> dict[str, Value]:
        """Return what the parameter comes to."""
        value = self.stored(name)[self._key]
        return {self._key: self._parameters[name].default if value is DEFAULT else value}

    def shown(self, name: str) -> Shown:
        """Return the value, or UNSET."""
        value = self.stored(name)[self._key]
        return Special.UNSET if value is DEFAULT else value

    def changed(self, name: str) -> dict[str, Value]:
        """Return DEFAULT where the value differs from it."""
        value = self.stored(name)[self._key]
        return {} if value is DEFAULT or self._parameters[name].required else {self._key: DEFAULT}

    def assigned(self, name: str, value: Value) -> dict[str, Value]:
        """Return what the value is stored as."""
        return {self._key: DEFAULT if _same(value, self._parameters[name].default) else value}

    def check(self, name: str, value: Value) -> str:
        """Return what is wrong with a value, or an empty string."""
        return check_plain(self._parameters[name], value)

    def value_of(self, name: str, value: Value) -> Value:
        """There are no expressions: a value is what it is."""
        return value

    def store(self, name: str, values: Mapping[str, Value]) -> None:
        """Set the value."""
        edit = self._write(name, values[self._key], f"{self._key}.{name}") if values else None
        if edit is not None:
            self.session.apply(edit)

    def default(self, name: str) -> Value:
        """Return a parameter's default."""
        return self._parameters[name].default


def options_scope(session: Session, place: str) -> OneScope:
    """Return the scope of a mapping of options in the training settings: "optimizer_options", "schedule_options"."""

    def read() -> Mapping[str, Value]:
        found: Mapping[str, Value] = getattr(session.project.training, place)
        return found

    def write(name: str, value: Value, key: str) -> Edit:
        options = {each: kept for each, kept in {**read(), name: value}.items() if kept is not DEFAULT}
        changes: dict[str, Any] = {place: options}
        return SetTraining(replace(session.project.training, **changes), merge_key=key)

    return OneScope(session, f"training.{place}", read, write)


def loss_scope(session: Session, output: str) -> OneScope:
    """Return the scope of the options of an Output's loss."""

    def read() -> Mapping[str, Value]:
        node = session.project.graph.nodes.get(output)
        return named_options(node.params.get("loss_options", ())) if node is not None else {}

    def write(name: str, value: Value, key: str) -> Edit | None:
        if output not in session.project.graph.nodes:
            return None
        options = tuple((each, kept) for each, kept in {**read(), name: value}.items() if kept is not DEFAULT)
        return SetParameters({output: {"loss_options": options or DEFAULT}}, merge_key=key)

    return OneScope(session, f"{output}.loss_options", read, write)


def _same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and bool(one == other)
