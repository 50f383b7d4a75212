"""Rows of the table of commands: one for each panel that shares a dock with others, to bring it to the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.command import EDIT, VIEW, Command
from designer.conditions import is_open

if TYPE_CHECKING:
    from designer.window import Window

_SUBMENU = "Sho&w panel"


def _panel(name: str, text: str, key: str) -> Command:
    """Return the command that shows the workspace's panel of that name."""

    def show(window: Window) -> None:
        workspace = window.workspace
        if workspace is not None:
            panel = getattr(workspace, name)
            workspace.show_panel(panel)
            panel.setFocus()

    return Command(f"panel_{name}", VIEW, text, show, key, "", is_open, submenu=_SUBMENU)


def _edit_source(window: Window) -> None:
    workspace = window.workspace
    if workspace is not None:
        workspace.show_panel(workspace.source)
        workspace.source.edit()


PANEL_COMMANDS = (
    _panel("samples", "Show &samples", "Alt+7"),
    _panel("curves", "Show &curves", "Alt+8"),
    _panel("runs", "Show &runs", "Alt+9"),
    _panel("sweep", "Show s&weep", "Ctrl+F10"),
    _panel("outcome", "Show res&ults", "Alt+0"),
    _panel("trial", "&Try the network", "Ctrl+F9"),
    _panel("source", "Show s&ource", "Ctrl+U"),
    Command("edit_source", EDIT, "Edit the network as P&ython", _edit_source, "Ctrl+Shift+U", "family_python", is_open),
)
