"""The menu bar of a window and what its tool bars show, built from the table of commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from designer.actions import COMMANDS, SUBMENUS, make_action, name_rows
from designer.command import GO, MENUS, Command

if TYPE_CHECKING:
    from designer.window import Window


def make_menus(window: Window) -> dict[str, QAction]:
    """Give a window its menus; return the actions by the ids of their commands."""
    made: dict[str, QAction] = {}
    menus = {name: window.menuBar().addMenu(_tr(name)) for name in MENUS}
    menus[GO].aboutToShow.connect(lambda: _list_rows(made, menus, window))
    groups: dict[str, QActionGroup] = {}
    for command in COMMANDS:
        action = made[command.id] = make_action(command, window)
        if command.separated:
            menus[command.menu].addSeparator()
        if command.group:
            if command.group not in groups:
                groups[command.group] = QActionGroup(window)
            groups[command.group].addAction(action)
        _menu_of(command, menus).addAction(action)
        if command.canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    return made


def _menu_of(command: Command, menus: dict[str, QMenu]) -> QMenu:
    """Return the menu that a command stands in, made where it is the first."""
    name = SUBMENUS.get(command.group, command.submenu)
    if not name:
        return menus[command.menu]
    if name not in menus:
        menus[name] = menus[command.menu].addMenu(_tr(name))
    return menus[name]


def _list_rows(made: Mapping[str, QAction], menus: dict[str, QMenu], window: Window) -> None:
    """Let the menus that are about to open list, by name, what can be gone to now."""
    name_rows(made, GO, window)
    for command in COMMANDS:
        if command.shown:
            menu = _menu_of(command, menus)
            menu.removeAction(made[command.id])
            if command.when(window):
                menu.addAction(made[command.id])
    for command in COMMANDS:
        if command.shown:
            menu = _menu_of(command, menus)
            menu.setEnabled(bool(menu.actions()))


def tool_bar_actions(made: Mapping[str, QAction]) -> list[QAction | None]:
    """Return what is on the tool bar of a workspace, in the order of the menus; None stands for a line."""
    shown: list[QAction | None] = []
    menu = ""
    for command in COMMANDS:
        if command.tool_bar:
            if shown and command.menu != menu:
                shown.append(None)
            menu = command.menu
            shown.append(made[command.id])
    return shown


def _tr(text: str) -> str:
    return QCoreApplication.translate("Actions", text)
