"""What the designer remembers about a user: recent projects, theme, window layout. Kept in one ini file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

RECENT_LIMIT = 12
"""How many recent projects are remembered."""
PINS_LIMIT = 40
"""Of how many projects pinned nodes are remembered."""


@dataclass(frozen=True)
class RecentProject:
    """A project that was open before: its file, its name then, and when it was last opened or saved."""

    path: Path
    name: str
    opened: datetime


def default_path() -> Path:
    """Return the ini file in the user's configuration folder."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
    return Path(folder) / "designer.ini"


class Settings:
    """Typed access to the ini file; what is missing or unreadable in it counts as not set."""

    def __init__(self, path: Path | None = None) -> None:
        self._store = QSettings(str(path or default_path()), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """The chosen theme: "system", "light", "dark" or "contrast"."""
        return self._choice("theme", ("system", "light", "dark", "contrast"))

    @theme.setter
    def theme(self, choice: str) -> None:
        self._store.setValue("theme", choice)

    @property
    def motion(self) -> str:
        """Whether things may move by themselves: "system", "reduced" or "full"."""
        return self._choice("motion", ("system", "reduced", "full"))

    @motion.setter
    def motion(self, choice: str) -> None:
        self._store.setValue("motion", choice)

    @property
    def tour_done(self) -> bool:
        """True once the tour was taken or skipped."""
        return str(self._store.value("tour_done", "")).lower() == "true"

    @tour_done.setter
    def tour_done(self, done: bool) -> None:
        self._store.setValue("tour_done", "true" if done else "")

    @property
    def folder(self) -> Path:
        """The folder in which the last project was opened or saved, else the user's documents."""
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        folder = Path(str(self._store.value("folder", documents)))
        return folder if folder.is_dir() else Path.home()

    @property
    def blocks(self) -> Path:
        """The folder of the user's own blocks: groups kept for other projects."""
        return Path(self._store.fileName()).parent / "blocks"

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """The user's own keys (as ``Ctrl+K``) by command, only of the commands whose keys were changed."""
        try:
            stored = json.loads(str(self._store.value("keys", "{}")))
            return {str(name): tuple(map(str, keys)) for name, keys in stored.items() if isinstance(keys, list)}
        except (ValueError, AttributeError):
            return {}

    @keys.setter
    def keys(self, keys: Mapping[str, Sequence[str]]) -> None:
        self._store.setValue("keys", json.dumps({name: list(each) for name, each in keys.items()}))

    @property
    def recent_commands(self) -> tuple[str, ...]:
        """Ids of the commands last run from the command palette, the latest first."""
        return tuple(name for name in str(self._store.value("recent_commands", "")).split(" ") if name)

    @recent_commands.setter
    def recent_commands(self, names: Sequence[str]) -> None:
        self._store.setValue("recent_commands", " ".join(names))

    @property
    def folds(self) -> dict[str, bool]:
        """Which sections of the panels were opened or closed, by their keys."""
        try:
            stored = json.loads(str(self._store.value("folds", "{}")))
            return {str(key): bool(shown) for key, shown in stored.items()}
        except (ValueError, AttributeError):
            return {}

    @folds.setter
    def folds(self, folds: Mapping[str, bool]) -> None:
        self._store.setValue("folds", json.dumps(dict(folds)))

    @property
    def minimap(self) -> bool:
        """True where the overview is shown in the canvas's corner."""
        return str(self._store.value("minimap", "false")) == "true"

    @minimap.setter
    def minimap(self, shown: bool) -> None:
        self._store.setValue("minimap", "true" if shown else "false")

    @property
    def run_list(self) -> dict[str, object]:
        """How the list of runs is shown: its columns, their order and widths, and what it is sorted by."""
        try:
            stored = json.loads(str(self._store.value("run_list", "{}")))
        except ValueError:
            return {}
        return stored if isinstance(stored, dict) else {}

    @run_list.setter
    def run_list(self, shown: Mapping[str, object]) -> None:
        self._store.setValue("run_list", json.dumps(dict(shown)))

    @property
    def picture(self) -> dict[str, object]:
        """What the last picture of a network was like, by the names of the choices."""
        try:
            stored = json.loads(str(self._store.value("picture", "{}")))
        except ValueError:
            return {}
        return stored if isinstance(stored, dict) else {}

    @picture.setter
    def picture(self, choices: Mapping[str, object]) -> None:
        self._store.setValue("picture", json.dumps(dict(choices)))

    def pins(self, file: str) -> tuple[str, ...]:
        """Return the pinned nodes of a project's file, as ``group/node``."""
        return tuple(self._all_pins().get(file, ()))

    def set_pins(self, file: str, nodes: Sequence[str]) -> None:
        """Remember the pinned nodes of a project's file, and those of the latest other ones."""
        others = [(each, names) for each, names in self._all_pins().items() if each != file]
        kept = dict(others[-PINS_LIMIT + 1 :])
        self._store.setValue("pins", json.dumps(kept | {file: list(nodes)} if nodes else kept))

    def _all_pins(self) -> dict[str, list[str]]:
        try:
            stored = json.loads(str(self._store.value("pins", "{}")))
            return {str(file): [str(each) for each in names] for file, names in stored.items()}
        except (ValueError, AttributeError, TypeError):
            return {}

    def recent(self) -> tuple[RecentProject, ...]:
        """Return the recent projects, the latest first; files that are gone are still listed."""
        try:
            entries = json.loads(str(self._store.value("recent", "[]")))
            return tuple(
                RecentProject(Path(entry["path"]), str(entry["name"]), datetime.fromisoformat(entry["opened"]))
                for entry in entries
            )
        except (ValueError, KeyError, TypeError):
            return ()

    def add_recent(self, path: Path, name: str) -> None:
        """Put a project at the top of the recent ones, and remember its folder."""
        path = path.resolve()
        newest = RecentProject(path, name, datetime.now().astimezone())
        others = [each for each in self.recent() if each.path != path]
        self._write_recent([newest, *others][:RECENT_LIMIT])
        self._store.setValue("folder", str(path.parent))

    def forget_recent(self, path: Path) -> None:
        """Take a project off the recent ones; its file is left alone."""
        self._write_recent([each for each in self.recent() if each.path != path])

    def layout(self, key: str) -> QByteArray | None:
        """Return what ``set_layout`` stored under this key ("window", "workspace"), or None."""
        value = self._store.value(f"layout/{key}")
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def set_layout(self, key: str, state: QByteArray) -> None:
        """Remember the geometry or the dock state of a window."""
        self._store.setValue(f"layout/{key}", state)

    def _choice(self, key: str, choices: tuple[str, ...]) -> str:
        """Return a setting that is one of a few, by default the first."""
        choice = str(self._store.value(key, choices[0]))
        return choice if choice in choices else choices[0]

    def sync(self) -> None:
        """Write the file now."""
        self._store.sync()

    def _write_recent(self, projects: list[RecentProject]) -> None:
        entries = [{"path": str(each.path), "name": each.name, "opened": each.opened.isoformat()} for each in projects]
        self._store.setValue("recent", json.dumps(entries))
