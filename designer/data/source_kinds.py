"""How sources are sorted and drawn: what a kind does not say of itself follows from its options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication

from core.data.source import SourceKind
from core.data.sources import sources
from core.kinds import Value

PATH = "path"
Group = Literal["files", "folders", "bundled", "generated", "hub"]
GROUPS: tuple[Group, ...] = ("files", "folders", "bundled", "generated", "hub")
_ICONS: Mapping[Group, str] = {
    "files": "table",
    "folders": "folder",
    "bundled": "data",
    "generated": "chart",
    "hub": "link",
}
_OWN_ICONS: Mapping[str, str] = {
    "images": "meaning_image",
    "image_masks": "meaning_mask",
    "audio": "meaning_audio",
    "text_files": "meaning_text",
    "idx": "meaning_image",
    "npy": "meaning_array",
    "npz": "meaning_array",
    "hdf5": "meaning_array",
    "digits": "meaning_image",
    "digit_pairs": "meaning_image",
}


def group_title(group: Group) -> str:
    """Return the heading of a group."""
    told = QCoreApplication.translate
    return {
        "files": told("SourceChoice", "Files"),
        "folders": told("SourceChoice", "Folders"),
        "bundled": told("SourceChoice", "Bundled sets"),
        "generated": told("SourceChoice", "Generated"),
        "hub": told("SourceChoice", "Hugging Face"),
    }[group]


def group_of(kind: SourceKind) -> Group:
    """Return where a source is listed."""
    names = {each.name for each in kind.parameters}
    if kind.id.startswith("hub"):
        return "hub"
    if PATH in names:
        return "folders" if takes_folder(kind) else "files"
    return "generated" if names - {"seed"} else "bundled"


def grouped_sources() -> tuple[tuple[Group, tuple[SourceKind, ...]], ...]:
    """Return all sources by group."""
    groups: dict[Group, list[SourceKind]] = {group: [] for group in GROUPS}
    for kind in sources:
        groups[group_of(kind)].append(kind)
    return tuple((group, tuple(kinds)) for group, kinds in groups.items() if kinds)


def _path_help(kind: SourceKind) -> str:
    return next((each.help.split(";")[0].lower() for each in kind.parameters if each.name == PATH), "")


def takes_folder(kind: SourceKind) -> bool:
    """Say whether a source reads a folder (or a folder as well as a file): its path's help says so first."""
    return "folder" in _path_help(kind)


def takes_file(kind: SourceKind) -> bool:
    """Say whether a source reads a file."""
    return "file" in _path_help(kind)


def has_path(kind: SourceKind) -> bool:
    """Say whether a source reads a file or folder of the user's."""
    return any(each.name == PATH for each in kind.parameters)


def icon_of(kind: SourceKind) -> str:
    """Return the name of a source's icon."""
    return _OWN_ICONS.get(kind.id, _ICONS[group_of(kind)])


def lacking(kind: SourceKind, options: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the names of the options without which a source cannot be read and which are not set."""
    needed = (each.name for each in kind.parameters if each.required)
    return tuple(name for name in needed if options.get(name) in (None, ""))


def shown_path(path: Path, base: Path | None) -> str:
    """Return the path as it goes into the project: relative to the project's folder where it lies within it."""
    if base is not None and path.is_relative_to(base):
        return str(path.relative_to(base))
    return str(path)
