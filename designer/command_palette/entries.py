"""What the command palette lists: commands with keys and the reason where they cannot be run, and nodes to go to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.names import natural_key
from core.graph.project import Node
from designer import actions
from designer.command import Command
from designer.command_palette.matching import match
from designer.keys.keymap import keymap
from designer.keys.table import CANVAS, written

if TYPE_CHECKING:
    from designer.canvas.find import Place
    from designer.window import Window

_MOST_NODES = 200
_NO_PROJECT = "Open or begin a project first."
_SELECT = "Select a node first."
_SELECT_GROUP = "Select one group first."
_EMPTY = "There is no node yet."
_REASONS = {
    "undo": "There is nothing to take back.",
    "redo": "Nothing was taken back.",
    "group": "Select layers first (inputs and outputs stay outside).",
    "ungroup": "Select a group first.",
    "open_group": _SELECT_GROUP,
    "repeat": _SELECT_GROUP,
    "save_block": _SELECT_GROUP,
    "leave_group": "You are not inside a group.",
    "share": "Select several layers of one kind with weights first.",
    "separate": "Select a node that uses another one's weights first.",
    "duplicate_shared": "Select a layer with weights first.",
    "pause": "Nothing is being trained.",
    "resume": "No training is paused.",
    "stop": "Nothing is being trained.",
    "close_view": "There is one view only.",
    "next_view": "There is one view only.",
    "fit_frame": "Select a frame first.",
    "forget_bookmarks": "There is no bookmark yet.",
    "export": _EMPTY,
    "select_all": _EMPTY,
    "zoom_fit": _EMPTY,
    "layout": _EMPTY,
}
_ON_SELECTION = frozenset(
    """cut copy duplicate delete delete_and_bridge bypass mute straighten link_by_key select_upstream
    select_downstream change_type colour collapse""".split()
)
_SELECT_SEVERAL = "Select several nodes first."
_NO_BOOKMARK = "No place is kept under this digit yet."
_WORKING = "A training is under way."


@dataclass(frozen=True)
class Entry:
    """One line: what it does, where it is found otherwise, its key, and why it cannot be run now (else "")."""

    id: str
    text: str
    where: str
    run: Callable[[], object]
    key: str = ""
    why_not: str = ""
    enabled: bool = True
    checked: bool = False
    icon: str = ""


def commands(window: Window) -> list[Entry]:
    """Return all commands of the menus, then what only the canvas's keys do."""
    found = [_entry(window, command) for command in actions.COMMANDS if command.id != "command_palette"]
    if window.workspace is not None:
        keys = window.canvas.keys
        listed = {command.id for command in actions.COMMANDS}
        for row in keymap.bindings():
            if row.id and row.place == CANVAS and row.id not in listed and row.id in keys.known:
                shown = written(row.keys[0]) if row.keys else ""
                found.append(Entry(row.id, row.text, row.section, _on_canvas(window, row.id), shown))
    return found


def _entry(window: Window, command: Command) -> Entry:
    action = window.actions_by_id[command.id]
    action.setEnabled(command.when(window))
    keys = keymap.keys(command.id)
    return Entry(
        id=command.id,
        text=actions.plain(command),
        where=actions.menus_of(command),
        run=action.trigger,
        key=written(keys[0]) if keys else "",
        why_not="" if action.isEnabled() else _reason(window, command),
        enabled=action.isEnabled(),
        checked=action.isChecked(),
        icon=command.icon,
    )


def _reason(window: Window, command: Command) -> str:
    """Return why a command cannot be run now, as far as that is known."""
    text = _REASONS.get(command.id, "")
    if window.workspace is None:
        text = _NO_PROJECT
    elif command.id == "train":
        text = _WORKING if window.workspace.runner.active else _EMPTY
    elif command.id.startswith("go_bookmark_"):
        text = _NO_BOOKMARK
    elif command.id.startswith(("align_", "distribute_")):
        text = _SELECT_SEVERAL
    elif not text and command.id in _ON_SELECTION:
        text = _SELECT
    return QCoreApplication.translate("CommandPalette", text) if text else ""


def _on_canvas(window: Window, name: str) -> Callable[[], object]:
    def run() -> None:
        window.canvas.setFocus()
        window.canvas.keys.run(name)

    return run


def nodes(window: Window) -> list[Entry]:
    """Return all nodes, frames and notes of the project, those inside groups too, each to be gone to."""
    if window.workspace is None:
        return []
    from designer.canvas.find import places

    session, found = window.workspace.session, []
    for place in places(session.project):

        def go(place: Place = place) -> None:
            session.reveal(place.name, place.path, drawn=bool(place.drawn))
            window.canvas.setFocus()

        found.append(Entry(f"@{place.written}", place.written, _what(place), go, icon=place.drawn or "enter"))
    return found


def _what(place: Place) -> str:
    if place.drawn:
        return QCoreApplication.translate("CommandPalette", "Frame" if place.drawn == "frame" else "Note")
    assert isinstance(place.thing, Node)
    return place.kind.display if place.kind else place.thing.kind


def ranked(entries: Iterable[Entry], query: str, recent: tuple[str, ...] = ()) -> list[Entry]:
    """Return the entries that match, best first; without a query all of them, those run last before the others."""
    place = {name: at for at, name in enumerate(recent)}
    found = []
    for at, entry in enumerate(entries):
        rank = match(query, entry.text, f"{entry.where} {entry.id.replace('_', ' ')}")
        if rank is None and query.strip() and entry.key.casefold() == query.strip().casefold():
            rank = (0, 0)
        if rank is not None:
            way = rank[0] if query.strip() else 0
            latest = place.get(entry.id, len(place))
            found.append(((way, not entry.enabled, latest, rank[1] if query.strip() else at, at), entry))
    return [entry for _key, entry in sorted(found, key=lambda each: each[0])]


def ranked_nodes(entries: Iterable[Entry], query: str) -> list[Entry]:
    """Return the nodes that match, best first."""
    found = []
    for entry in entries:
        rank = match(query, entry.text.rpartition(" / ")[2], f"{entry.text} {entry.where}")
        if rank is not None:
            found.append(((*rank, natural_key(entry.text)), entry))
    return [entry for _key, entry in sorted(found, key=lambda each: each[0])][:_MOST_NODES]
