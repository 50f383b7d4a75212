"""Files that a project names, when the project's own file goes to another folder: they must still be found.

Data sources, and the weights that the network or a group starts from, are in files whose relative paths start from the
folder of the project's file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.data.source import no_files
from core.data.sources import sources
from core.errors import DataError
from core.graph.project import DataBinding, Project
from core.kinds import Value

_HOME = "~"


def relocated(project: Project, old: Path | None, new: Path) -> Project:
    """Return the project with relative paths written so that from the folder ``new`` they lead to the same files.

    They stay relative where the folders have more in common than the disk, else they become absolute. ``old`` is the
    folder that they started from; None: the project was in no file, and they started from the current folder. A path
    that led nowhere stays as it is where there is such a file beside the new one, and where there was no old folder.
    """
    start = Path.cwd() if old is None else old
    if os.path.realpath(start) == os.path.realpath(new):
        return project
    move = _Move(Path(os.path.realpath(start)), Path(os.path.realpath(new)), certain=old is not None)
    groups = {
        name: replace(group, weights=path) if (path := move.path(group.weights)) != group.weights else group
        for name, group in project.groups.items()
    }
    if any(group is not project.groups[name] for name, group in groups.items()):
        project = replace(project, groups=groups)
    if (path := move.path(project.weights)) != project.weights:
        project = replace(project, weights=path)
    options = _moved(project.data, move)
    return project if options == project.data.options else replace(project, data=replace(project.data, options=options))


class _Move:
    """From one folder to another. ``certain``: paths that led nowhere did start from the old folder."""

    def __init__(self, old: Path, new: Path, *, certain: bool) -> None:
        self.old, self.new = old, new
        self._certain = certain

    def path(self, text: str) -> str:
        """Return how a path is written in the new folder."""
        if not text.strip() or Path(text).is_absolute() or text.startswith(_HOME):
            return text
        meant, there = self.old / text, self.new / text
        if not meant.exists():
            return text if not self._certain or there.exists() else self._written(meant)
        return text if there.exists() and there.samefile(meant) else self._written(meant)

    def _written(self, meant: Path) -> str:
        folder = Path(os.path.normpath(meant)).parent
        try:
            near = Path(os.path.commonpath([folder, self.new])) != Path(self.new.anchor)
        except ValueError:  # on another disk
            near = False
        found = Path(os.path.relpath(meant, self.new)) if near else meant
        if meant.exists() and not (self.new / found).exists():  # ".." after a link to a folder leads elsewhere
            found = meant
        return found.as_posix()


def _moved(data: DataBinding, move: _Move) -> Mapping[str, Value]:
    """Return the options of the data's source with those that name its files, or the folder of them, rewritten."""
    kind = sources.find(data.source)
    if kind is None or kind.files is no_files:
        return data.options
    options = {each.name: "" if each.required else each.default for each in kind.parameters} | dict(data.options)
    texts = {each.name for each in kind.parameters if each.type == "text"} & data.options.keys()
    try:
        read = kind.files(options, move.old)
    except DataError:  # it names no file: reading it says why
        return data.options
    named = {path for file in read for path in (file, *file.parents)}
    return {
        name: move.path(value) if name in texts and isinstance(value, str) and move.old / value in named else value
        for name, value in data.options.items()
    }
