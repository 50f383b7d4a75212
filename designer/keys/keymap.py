"""Which key does what now: the table's defaults with the user's own choice over them, kept in the settings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence

from designer.keys.table import Binding, bindings
from designer.settings import Settings


class Keymap(QObject):
    """Holds the keys in use; views take them again on ``changed``. Without settings the choice lasts for this run."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._settings: Settings | None = None
        self._own: dict[str, tuple[str, ...]] = {}

    def use(self, settings: Settings | None) -> None:
        """Take the user's keys from these settings, and keep them there from now on (None: the usual, for a run)."""
        self._settings = settings
        known = {each.id for each in bindings()}
        chosen = settings.keys if settings is not None else {}
        own = {name: keys for name, keys in chosen.items() if name in known}
        if own != self._own:
            self._own = own
            self.changed.emit()

    # --- what is bound ------------------------------------------------------------------------------------------------

    def bindings(self) -> tuple[Binding, ...]:
        """Return the table with the keys that are in use."""
        rows = bindings()
        return tuple(
            Binding(row.id, row.text, row.place, row.section, self._own[row.id]) if row.id in self._own else row
            for row in rows
        )

    def keys(self, name: str) -> tuple[str, ...]:
        """Return the keys (portable text) of a command, the first of which is shown in menus."""
        if name in self._own:
            return self._own[name]
        return next((row.keys for row in bindings() if row.id == name), ())

    def sequences(self, name: str) -> list[QKeySequence]:
        """Return the keys of a command that the user has chosen anew; see ``is_own``."""
        return [QKeySequence(key) for key in self.keys(name)]

    def is_own(self, name: str) -> bool:
        """True where the user has chosen the keys of a command."""
        return name in self._own

    @property
    def own(self) -> Mapping[str, tuple[str, ...]]:
        """The user's own keys by command."""
        return dict(self._own)

    def in_place_of(self, key: str, place: str) -> str:
        """Return the key that now does what a key does by default in a place; empty where none does."""
        for row in bindings():
            if key in row.keys and row.place == place and row.id in self._own:
                return next(iter(self._own[row.id]), "")
        return key

    def holders(self, key: str, name: str) -> list[Binding]:
        """Return the other commands that a key does already where this command acts."""
        rows = self.bindings()
        place = next(row.place for row in rows if row.id == name)
        return [row for row in rows if row.id and row.id != name and key in row.keys and _meet(row.place, place)]

    # --- changing it --------------------------------------------------------------------------------------------------

    def give(self, name: str, keys: Iterable[str]) -> None:
        """Bind a command to exactly these keys; whatever else had one of them, where they meet, loses it."""
        keys = tuple(dict.fromkeys(keys))
        own = dict(self._own)
        for key in keys:
            for row in self.holders(key, name):
                own[row.id] = tuple(each for each in own.get(row.id, row.keys) if each != key)
        own[name] = keys
        self._keep(own)

    def reset(self, name: str) -> None:
        """Give a command its default keys back, and take them from what has them now."""
        default = next(row.keys for row in bindings() if row.id == name)
        self.give(name, default)

    def reset_all(self) -> None:
        """Forget every choice of the user's."""
        self._keep({})

    def _keep(self, own: Mapping[str, Collection[str]]) -> None:
        defaults = {row.id: row.keys for row in bindings()}
        self._own = {name: tuple(keys) for name, keys in own.items() if tuple(keys) != defaults.get(name)}
        if self._settings is not None:
            self._settings.keys = self._own
        self.changed.emit()


def _meet(first: str, second: str) -> bool:
    return first == second or not first or not second


keymap = Keymap()
"""The keys of this application."""
