"""Rows of the table of commands: what is on the canvas for the eye alone, and the bookmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.graph.edits.drawing import DIGITS
from designer.command import GO, NETWORK, Command, When
from designer.conditions import anything_selected, drawn_selected, is_open, nodes_selected

if TYPE_CHECKING:
    from designer.window import Window

_SET = "&Set bookmark"
_KEPT = "&Bookmarks"
_DRAWN = "&Frames and notes"
_LOOK = "Loo&k of nodes"


def _any_bookmark(window: Window) -> bool:
    return window.workspace is not None and bool(window.workspace.session.project.bookmarks)


def _row(name: str, text: str, key: str, icon: str, when: When, submenu: str) -> Command:
    """Return the row of a command that the canvas knows by its name."""

    def run(window: Window) -> None:
        window.canvas.drawn.commands[name]()

    return Command(name, NETWORK, text, run, key, icon, when, canvas=True, submenu=submenu)


DRAWING: tuple[Command, ...] = (
    _row("frame", "&Frame", "C", "frame", is_open, _DRAWN),
    _row("note", "N&ote", "Shift+P", "note", is_open, _DRAWN),
    _row("fit_frame", "F&it to content", "", "", drawn_selected, _DRAWN),
    _row("colour", "Co&lour…", "", "palette", anything_selected, _LOOK),
    _row("collapse", "Collapse or e&xpand", "H", "collapse", nodes_selected, _LOOK),
    Command(
        "pin",
        NETWORK,
        "Show or hide a li&ve picture",
        lambda w: w.canvas.pin_selected(),
        "Shift+V",
        "pin",
        nodes_selected,
        canvas=True,
        submenu=_LOOK,
    ),
    _row("hide_unused", "Hide or show unused por&ts", "Ctrl+H", "", is_open, _LOOK),
)


def _go(digit: str) -> Command:
    """Return the row that goes to a bookmark; it says where that is."""

    def run(window: Window) -> None:
        window.canvas.bookmarks.go(digit)

    def there_is_one(window: Window) -> bool:
        return window.workspace is not None and window.canvas.bookmarks.has(digit)

    def name(window: Window) -> str:
        return window.canvas.bookmarks.name(digit)

    text, key = f"Bookmark &{digit}", f"Ctrl+{digit}"
    return Command(
        f"go_bookmark_{digit}",
        GO,
        text,
        run,
        key,
        "bookmark",
        there_is_one,
        canvas=True,
        submenu=_KEPT,
        shown=name,
    )


def _set(digit: str) -> Command:
    """Return the row that keeps the place that is seen as a bookmark."""

    def run(window: Window) -> None:
        window.canvas.bookmarks.set(digit)

    text, key = f"Set bookmark &{digit}", f"Ctrl+Shift+{digit}"
    return Command(f"set_bookmark_{digit}", GO, text, run, key, "", is_open, canvas=True, submenu=_SET)


def _forget_all(window: Window) -> None:
    window.canvas.bookmarks.forget_all()


BOOKMARKS: tuple[Command, ...] = (
    *map(_go, DIGITS),
    *map(_set, DIGITS),
    Command("forget_bookmarks", GO, "&Remove all bookmarks", _forget_all, "", "", _any_bookmark, separated=True),
)
