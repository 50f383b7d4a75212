"""What the designer remembers about a user: recent projects, theme, window layout. Kept in one ini file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

RECENT_LIMIT = 12
"""How many recent projects are remembered."""


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
        """The chosen theme: "system", "light" or "dark"."""
        choice = str(self._store.value("theme", "system"))
        return choice if choice in ("system", "light", "dark") else "system"

    @theme.setter
    def theme(self, choice: str) -> None:
        self._store.setValue("theme", choice)

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

    def sync(self) -> None:
        """Write the file now."""
        self._store.sync()

    def _write_recent(self, projects: list[RecentProject]) -> None:
        entries = [{"path": str(each.path), "name": each.name, "opened": each.opened.isoformat()} for each in projects]
        self._store.setValue("recent", json.dumps(entries))
