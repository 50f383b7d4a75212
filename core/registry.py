"""Finds what a kind package offers by walking its folder, so that nobody keeps a list by hand.

Every module of the package whose name has no leading underscore declares ``KINDS``, a tuple of entries with an ``id``.
Third parties add entries through the entry-point group ``layerwright.<package's last name>``: the entry point names
such a tuple. One that fails to load is kept in ``failures`` for the application to report; it stops nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import Generic, Protocol, TypeVar

from core.errors import UnknownKindError, did_you_mean


class HasId(Protocol):
    """What every registered entry has."""

    @property
    def id(self) -> str:
        """The entry's unique name within its registry."""
        ...


K = TypeVar("K", bound=HasId)


@dataclass(frozen=True)
class LoadFailure:
    """A plug-in that could not be loaded: where it came from and what it raised."""

    entry_point: str
    error: str


class Registry(Generic[K]):
    """The entries of one kind package, by id, in the order of the files and within them."""

    def __init__(self, package: str, entry_type: type[K], noun: str) -> None:
        self.package = package
        self.entry_type = entry_type
        self.noun = noun
        self.failures: list[LoadFailure] = []

    @cached_property
    def entries(self) -> dict[str, K]:
        """All entries by id; the folder is walked the first time this is read."""
        found: dict[str, K] = {}
        folder = importlib.import_module(self.package)
        for module in sorted(pkgutil.iter_modules(folder.__path__), key=lambda each: each.name):
            if not module.name.startswith("_"):
                path = f"{self.package}.{module.name}"
                self._add(found, importlib.import_module(path).KINDS, path)
        for point in metadata.entry_points(group=f"layerwright.{self.package.rpartition('.')[2]}"):
            # A foreign package may fail in any way at import; the report is the handling.
            try:
                self._add(found, point.load(), point.value)
            except Exception as error:
                self.failures.append(LoadFailure(point.value, f"{type(error).__name__}: {error}"))
        return found

    def _add(self, found: dict[str, K], entries: object, origin: str) -> None:
        if not isinstance(entries, tuple) or not all(isinstance(each, self.entry_type) for each in entries):
            raise TypeError(f"{origin} must give a tuple of {self.entry_type.__name__}")
        for entry in entries:
            if entry.id in found:
                raise ValueError(f"{origin} declares the {self.noun} '{entry.id}' a second time")
        found.update({entry.id: entry for entry in entries})

    def __iter__(self) -> Iterator[K]:
        return iter(self.entries.values())

    def __contains__(self, entry_id: str) -> bool:
        return entry_id in self.entries

    def find(self, entry_id: str) -> K | None:
        """Return the entry, or None where there is none of that id."""
        return self.entries.get(entry_id)

    def __getitem__(self, entry_id: str) -> K:
        """Return the entry.

        Raises:
            UnknownKindError: there is none of that id; the message offers the nearest.
        """
        entry = self.entries.get(entry_id)
        if entry is None:
            hint = did_you_mean(entry_id, self.entries)
            raise UnknownKindError(f"There is no {self.noun} '{entry_id}'.{hint}")
        return entry
