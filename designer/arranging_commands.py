"""Rows of the table of commands: what puts the selected nodes in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.command import NETWORK, Command

if TYPE_CHECKING:
    from designer.window import Window

_ALIGN = "A&lign"


def _at_least(count: int, window: Window) -> bool:
    return window.workspace is not None and len(window.workspace.session.selection) >= count


def _row(name: str, text: str, key: str, least: int, *, separated: bool = False) -> Command:
    """Return the row of a command that the canvas knows by its name."""

    def run(window: Window) -> None:
        window.canvas.placing.commands[name]()

    def when(window: Window) -> bool:
        return _at_least(least, window)

    return Command(name, NETWORK, text, run, key, "", when, separated=separated, canvas=True, submenu=_ALIGN)


ARRANGING: tuple[Command, ...] = (
    _row("align_left", "&Left edges", "Shift+Left", 2),
    _row("align_centre", "&Centres below each other", "", 2),
    _row("align_right", "&Right edges", "Shift+Right", 2),
    _row("align_top", "&Top edges", "Shift+Up", 2),
    _row("align_middle", "&Middles beside each other", "", 2),
    _row("align_bottom", "&Bottom edges", "Shift+Down", 2),
    _row("distribute_across", "Equal distances &across", "", 3),
    _row("distribute_down", "Equal distances &down", "", 3),
    _row("straighten", "&Straighten the wires", "Q", 1),
)
